"""Office files into the store: read, checked against what it holds, all files or none."""

from employment_forecast.data.imports.importing import (
    ImportOptions,
    ImportReport,
    Pieces,
    import_files,
    import_pieces,
    import_results,
    large_file,
    read_files,
)
from employment_forecast.data.imports.preview import SeriesPreview, preview, preview_rows

__all__ = [
    "ImportOptions",
    "ImportReport",
    "Pieces",
    "SeriesPreview",
    "import_files",
    "import_pieces",
    "import_results",
    "large_file",
    "preview",
    "preview_rows",
    "read_files",
]
