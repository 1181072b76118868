"""Office files of every habit, read into checked observations with provenance."""

from employment_forecast.data.readers.reader import read_bytes, read_file

__all__ = [
    "read_bytes",
    "read_file",
]
