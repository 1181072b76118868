"""Where tables are and what a cell means."""

from employment_forecast.data.readers.tables.collector import Collector

__all__ = [
    "Collector",
]
