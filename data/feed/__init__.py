"""The threshold feed as files: sealed, replaced whole, read without heavy imports."""

from employment_forecast.data.feed.reading import check, demand_usable, find, state_on

__all__ = [
    "check",
    "demand_usable",
    "find",
    "state_on",
]
