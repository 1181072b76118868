"""Tables on a sheet: where they lie, and what each cell means."""

from employment_forecast.data.readers.tables.collector import Collector

__all__ = [
    "Collector",
]
