"""Bundled real figures: national series and yearly targets, each with its publishing office."""

from employment_forecast.data.bundled.loader import sync

__all__ = [
    "sync",
]
