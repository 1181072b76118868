"""Office files into the store: read, checked against what it holds, all files or none."""

from employment_forecast.data.imports.importing import ImportOptions, ImportReport, import_files

__all__ = [
    "ImportOptions",
    "ImportReport",
    "import_files",
]
