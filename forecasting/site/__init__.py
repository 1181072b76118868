"""The page (看板): static pages over regions, and what the browser computes from the same paths."""

from employment_forecast.forecasting.site.elements import Tile, tile_from
from employment_forecast.forecasting.site.hands_on import hands_on
from employment_forecast.forecasting.site.map import draw_map, read_map
from employment_forecast.forecasting.site.overview import index_page
from employment_forecast.forecasting.site.region import RegionPage, region_page
from employment_forecast.forecasting.site.shared import shared_files

__all__ = [
    "draw_map",
    "read_map",
    "RegionPage",
    "Tile",
    "hands_on",
    "index_page",
    "region_page",
    "shared_files",
    "tile_from",
]
