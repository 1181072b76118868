"""Regions and indicators, looked up by code, name or alias, and how their figures are printed."""

from employment_forecast.data.catalogue.divisions import (
    division_above,
    divisions,
    divisions_below,
    find_divisions,
    full_name,
    how_to_register,
    namesakes,
    region_table,
)
from employment_forecast.data.catalogue.figures import (
    DEMO_MARK,
    TOLERANCE,
    Floats,
    figure,
    phrase,
    printed,
    sources_phrase,
)
from employment_forecast.data.catalogue.lookup import Catalogue, load_catalogue
from employment_forecast.data.catalogue.schema import Break, Group, Indicator, Region
from employment_forecast.data.catalogue.series import Series

__all__ = [
    "Break",
    "Catalogue",
    "DEMO_MARK",
    "Floats",
    "Group",
    "Indicator",
    "Region",
    "Series",
    "TOLERANCE",
    "division_above",
    "divisions",
    "divisions_below",
    "figure",
    "find_divisions",
    "full_name",
    "how_to_register",
    "load_catalogue",
    "namesakes",
    "phrase",
    "printed",
    "region_table",
    "sources_phrase",
]
