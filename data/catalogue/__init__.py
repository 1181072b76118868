"""Regions and indicators: read from TOML, found by code, name or alias."""

from employment_forecast.data.catalogue.figures import (
    DEMO_MARK,
    TOLERANCE,
    Floats,
    figure,
    phrase,
    printed,
)
from employment_forecast.data.catalogue.lookup import Catalogue, load_catalogue
from employment_forecast.data.catalogue.schema import Break, Indicator, Region
from employment_forecast.data.catalogue.series import Series

__all__ = [
    "Break",
    "Catalogue",
    "DEMO_MARK",
    "Floats",
    "Indicator",
    "Region",
    "Series",
    "TOLERANCE",
    "figure",
    "load_catalogue",
    "phrase",
    "printed",
]
