"""Which spreadsheet number formats show a date or a percentage."""

from __future__ import annotations

import re
from typing import Literal

Shown = Literal["number", "date", "percent"]

# ECMA-376 Part 1, 18.8.30: 27-36 and 50-58 are the East Asian built-in date formats, which
# Chinese editions of Excel use without writing them into the file (57 is 2021年3月).
_DATES = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
_PERCENTS = {9, 10}
_LITERAL = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')


def shown_as(identifier: int, code: str | None) -> Shown:
    """How a number format shows a number."""
    if code is None:
        return (
            "date" if identifier in _DATES else "percent" if identifier in _PERCENTS else "number"
        )
    bare = _LITERAL.sub("", code).split(";")[0].lower().replace("general", "")
    if "%" in bare:
        return "percent"
    return "date" if re.search(r"[ymd]", bare) else "number"


def percent_text(fraction: float) -> str:
    """A number as a percent format shows it, without rounding: 0.055 is `5.5%`."""
    return f"{fraction * 100:.12g}%"
