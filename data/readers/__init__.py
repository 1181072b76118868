"""Office files of every layout, read into observations with their sheet, row and column."""

from employment_forecast.data.readers.process import read_apart, start_reading
from employment_forecast.data.readers.reader import read_bytes, read_file

__all__ = [
    "read_apart",
    "read_bytes",
    "read_file",
    "start_reading",
]
