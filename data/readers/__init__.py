"""Office files of every layout, read into observations with their sheet, row and column."""

from employment_forecast.data.readers.reader import read_bytes, read_file

__all__ = [
    "read_bytes",
    "read_file",
]
