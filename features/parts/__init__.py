"""Parts of a whole on a day: contributions to its change, ranking, breadth."""

from employment_forecast.features.parts.breadth import LOW_MONTHS, breadth_ahead, broad
from employment_forecast.features.parts.contributions import (
    LAGS,
    PartChange,
    PartRow,
    PartsView,
    parts_document,
    parts_of,
)

__all__ = [
    "LAGS",
    "LOW_MONTHS",
    "PartChange",
    "PartRow",
    "PartsView",
    "breadth_ahead",
    "broad",
    "parts_document",
    "parts_of",
]
