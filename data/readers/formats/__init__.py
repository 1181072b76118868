"""File formats: from bytes to sheets of cells, within limits."""

from employment_forecast.data.readers.formats.cells import (
    FORMULA_WITHOUT_RESULT,
    Sheet,
    Value,
    text_of,
)
from employment_forecast.data.readers.formats.limits import LIMITS, Limits, too_large
from employment_forecast.data.readers.formats.opening import load, open_sheets

__all__ = [
    "FORMULA_WITHOUT_RESULT",
    "LIMITS",
    "Limits",
    "Sheet",
    "Value",
    "load",
    "open_sheets",
    "text_of",
    "too_large",
]
