"""Office files into the store: read, checked against what it holds, all files or none."""

from employment_forecast.data.imports.importing import (
    ImportOptions,
    ImportReport,
    import_files,
    import_results,
    read_files,
)
from employment_forecast.data.imports.preview import SeriesPreview, preview, preview_rows

__all__ = [
    "ImportOptions",
    "ImportReport",
    "SeriesPreview",
    "import_files",
    "import_results",
    "preview",
    "preview_rows",
    "read_files",
]
