"""Where in an office file a value stood."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

_SPACE = re.compile(r"[\s\u3000]+")
_LONG_DIGITS = re.compile(r"\d{9,}[\dXx]?")
_SHOWN_CHARS = 30
_LOOKED_AT = 400


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stood.

    Attributes
    ----------
    file : str
        File name without folders.
    sheet : str
        Sheet name; empty for CSV.
    row, column : int
        From 1.
    """

    file: str
    sheet: str
    row: int
    column: int

    @property
    def address(self) -> str:
        """Address as a spreadsheet shows it, such as `C7`."""
        return f"{column_letters(self.column)}{self.row}"

    def __str__(self) -> str:
        sheet = f"工作表“{self.sheet}”" if self.sheet else ""
        return f"“{self.file}”{sheet}单元格 {self.address}（第{self.row}行第{self.column}列）"


def column_letters(column: int) -> str:
    """Spreadsheet letters of a column counted from 1: 1 is A, 27 is AA."""
    letters = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def shown(text: str) -> str:
    """Cell text fit for a message: short, on one line, long digit runs masked.

    Identity and telephone numbers must never reach a message or a log.
    """
    flat = _LONG_DIGITS.sub("***", printable(_SPACE.sub(" ", text[:_LOOKED_AT]).strip()))
    return flat if len(flat) <= _SHOWN_CHARS else flat[:_SHOWN_CHARS] + "…"


def printable(text: str) -> str:
    """Text without control characters, marks of direction and the like, which become `?`."""
    return text if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text)


def file_title(path: Path | str) -> str:
    """Name of a file, fit for messages and the store.

    Names that an archive from another system left in GB18030 are decoded; what is no text at all
    becomes question marks.
    """
    name = Path(path).name
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        raw = os.fsencode(name)
        name = raw.decode("gb18030", "replace").replace("\ufffd", "?")
    return printable(name)
