"""Office files of every habit, read into checked observations with provenance."""

from data.readers.cells import Place
from data.readers.finding import READING_CHECKS, CheckInfo, Finding
from data.readers.limits import LIMITS, Limits
from data.readers.reader import read_bytes, read_file
from data.readers.result import FirmMonth, Reading, ReadResult

__all__ = [
    "LIMITS",
    "READING_CHECKS",
    "CheckInfo",
    "Finding",
    "FirmMonth",
    "Limits",
    "Place",
    "ReadResult",
    "Reading",
    "read_bytes",
    "read_file",
]
