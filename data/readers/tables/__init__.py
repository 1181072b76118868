"""Tables on a sheet: where they lie, and what each cell means."""

from employment_forecast.data.readers.tables.collector import Collector
from employment_forecast.data.readers.tables.lists import (
    SAMPLE,
    ListReader,
    ListRow,
    NotPlain,
)

__all__ = [
    "Collector",
    "ListReader",
    "ListRow",
    "NotPlain",
    "SAMPLE",
]
