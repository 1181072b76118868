"""Long tables as files that Excel and WPS open as they are."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from employment_forecast.data.files.visible import visible

if TYPE_CHECKING:
    import pandas as pd

# A text cell that begins like this would be run as a formula by a spreadsheet program.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def neutralised(table: pd.DataFrame) -> pd.DataFrame:
    """Text cells that look like formulas get an apostrophe; control characters are written out.

    References
    ----------
    OWASP, CSV Injection.
    """
    from pandas.api.types import is_numeric_dtype

    safe = table.copy()
    for name in safe.columns:
        if is_numeric_dtype(safe[name]):
            continue
        cells = safe[name].tolist()
        written = [
            visible(f"'{v}" if v.startswith(_FORMULA) else v, lines=True)
            if isinstance(v, str)
            else v
            for v in cells
        ]
        if written != cells:
            safe[name] = written
    return safe


def as_csv(table: pd.DataFrame) -> bytes:
    """CSV in UTF-8 with a byte order mark and CRLF line ends."""
    text = neutralised(table).to_csv(index=False, lineterminator="\r\n")
    return text.encode("utf-8-sig")


def as_xlsx(table: pd.DataFrame) -> bytes:
    """One worksheet; numbers as numbers, texts never as formulas."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("数据")
    sheet.append(list(table.columns))
    for row in neutralised(table).itertuples(index=False):
        sheet.append(list(row))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()
