"""Files on disk: written whole or not at all, locked, or as CSV and XLSX tables."""

from employment_forecast.data.files.atomic import demand_writable, to_json, write_atomically
from employment_forecast.data.files.locks import ProcessMarker, abandoned_signs, lock, try_lock
from employment_forecast.data.files.tables import as_csv, as_xlsx
from employment_forecast.data.files.visible import visible

__all__ = [
    "ProcessMarker",
    "abandoned_signs",
    "as_csv",
    "as_xlsx",
    "demand_writable",
    "try_lock",
    "lock",
    "to_json",
    "visible",
    "write_atomically",
]
