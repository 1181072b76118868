"""One table for every form: terminal, Markdown, HTML, docx and spreadsheet show the same rows.

The cells of a result's table are values, written by the form of their column; those of a
bulletin's are texts that cite their figures.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

Align = Literal["left", "center", "right"]
C = TypeVar("C")
ABSENT = "—"
_SPECIAL = re.compile(r"([\\`*|<>\[\]#])")


@dataclass(frozen=True)
class Form:
    """How the values of a column are written.

    Attributes
    ----------
    text : callable
        A value that is there, for people.
    number_format : str
        The same in the notation of spreadsheets; empty for text.
    """

    text: Callable[[Any], str] = str
    number_format: str = ""


def number(decimals: int, *, signed: bool = False) -> Form:
    """Figures with separators at a fixed number of digits after the point."""
    digits = "0" + ("." + "0" * decimals if decimals else "")
    plain = f"#,##{digits}"
    sign = "+" if signed else ""
    return Form(
        lambda v: f"{v:{sign},.{decimals}f}",
        f"+{plain};-{plain};{plain}" if signed else plain,
    )


def likelihood(value: float) -> str:
    """Probability in words a person trusts: never 0 or 100 % from a finite number of paths."""
    if value < 0.0005:
        return "<0.1%"
    return ">99.9%" if value >= 0.9995 else f"{value:.1%}"


TEXT = Form()
PROBABILITY = Form(likelihood, '[<0.0005]"<0.1%";[>=0.9995]">99.9%";0.0%')
PERCENT = Form(lambda v: f"{v:.0%}", "0%")
TENTHS_OF_PERCENT = Form(lambda v: f"{v:.1%}", "0.0%")
SCORE = number(3)


@dataclass(frozen=True)
class Column(Generic[C]):
    """A column: its title, alignment, share of the width (0 lets the renderer choose) and form."""

    title: C
    align: Align = "left"
    width: float = 0.0
    form: Form = TEXT


@dataclass(frozen=True)
class Table(Generic[C]):
    """A table with one header row.

    Attributes
    ----------
    caption : C
        Stands above.
    columns : tuple of Column
        Left to right.
    rows : tuple of tuple of C
        Body, a cell for each column; an empty one is shown as a dash.
    notes : tuple of C
        Stand below, a line each.
    strong : frozenset of int
        Rows that stand out.
    ruled : frozenset of int
        Rows with a line below them.
    """

    caption: C
    columns: tuple[Column[C], ...]
    rows: tuple[tuple[C, ...], ...]
    notes: tuple[C, ...] = ()
    strong: frozenset[int] = frozenset()
    ruled: frozenset[int] = frozenset()


def columns(*titles: str, align: Align = "left", form: Form = TEXT) -> tuple[Column[Any], ...]:
    """Columns that differ by their title alone."""
    return tuple(Column(title, align, form=form) for title in titles)


def figures(*titles: str, form: Form) -> tuple[Column[Any], ...]:
    """Columns of numbers."""
    return columns(*titles, align="right", form=form)


def cell_text(value: Any, form: Form) -> str:
    """A cell for people; a text among numbers is shown as it is."""
    if value is None:
        return ABSENT
    return value if isinstance(value, str) else form.text(value)


def markdown_text(text: str) -> str:
    """Text in which nothing is markup, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def markdown_table(table: Table[C], text: Callable[[C, Form], str]) -> str:
    """The rows of a table in Markdown; `text` writes a cell."""

    def line(cells: list[str]) -> str:
        return f"| {' | '.join(cells)} |"

    rules = ["---:" if column.align == "right" else "---" for column in table.columns]
    rows = []
    for at, row in enumerate(table.rows):
        cells = [markdown_text(text(v, c.form)) for v, c in zip(row, table.columns, strict=True)]
        if at in table.strong:
            cells = [f"**{cell}**" if cell else cell for cell in cells]
        rows.append(line(cells))
    return "\n".join(
        [line([markdown_text(text(c.title, TEXT)) for c in table.columns]), line(rules), *rows]
    )
