"""The threshold feed as files: sealed, replaced whole, read without heavy imports."""

from employment_forecast.data.feed.meaning import likely_meaning, plausible_range
from employment_forecast.data.feed.reading import (
    check,
    demand_plausible,
    demand_usable,
    find,
    state_on,
)
from employment_forecast.data.feed.shape import schema_text

__all__ = [
    "check",
    "demand_plausible",
    "demand_usable",
    "find",
    "likely_meaning",
    "plausible_range",
    "schema_text",
    "state_on",
]
