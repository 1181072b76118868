"""File formats: from bytes to sheets of cells, within limits."""

from employment_forecast.data.readers.formats.cells import (
    FORMULA_WITHOUT_RESULT,
    STRUCK_OUT,
    Sheet,
    Value,
    text_of,
)
from employment_forecast.data.readers.formats.delimited import (
    delimiter_of,
    has_control_characters,
    records,
    text_encoding,
)
from employment_forecast.data.readers.formats.limits import LIMITS, MEGABYTE, Limits, too_large
from employment_forecast.data.readers.formats.opening import Opened, format_of, load, open_sheets
from employment_forecast.data.readers.formats.stated import stated_units

__all__ = [
    "FORMULA_WITHOUT_RESULT",
    "LIMITS",
    "Limits",
    "MEGABYTE",
    "Opened",
    "STRUCK_OUT",
    "Sheet",
    "Value",
    "delimiter_of",
    "format_of",
    "has_control_characters",
    "load",
    "open_sheets",
    "records",
    "stated_units",
    "text_encoding",
    "text_of",
    "too_large",
]
