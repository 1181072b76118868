"""The threshold feed as files: sealed, published whole, read without anything heavy."""

from employment_forecast.data.feed.reading import check, demand_usable, find, state_on

__all__ = [
    "check",
    "demand_usable",
    "find",
    "state_on",
]
