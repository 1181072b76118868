"""Office files of every layout, read into observations with their sheet, row and column."""

from employment_forecast.data.readers.large import is_large
from employment_forecast.data.readers.process import read_apart, read_in_pieces, start_reading
from employment_forecast.data.readers.reader import read_bytes, read_file

__all__ = [
    "is_large",
    "read_apart",
    "read_bytes",
    "read_file",
    "read_in_pieces",
    "start_reading",
]
