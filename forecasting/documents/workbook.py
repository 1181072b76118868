"""A workbook of tables for Excel, WPS and LibreOffice: real numbers, native charts, ready to print.

Texts are never taken for formulas or links; formulas bear the value they have as long as nobody
types, so that a viewer that does not calculate shows it too.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from math import floor, log10
from typing import TYPE_CHECKING, Any

from employment_forecast.data.catalogue import DEMO_MARK
from employment_forecast.forecasting.documents.pictures import (
    CAP_COLOURS,
    FAN_COLOUR,
    PUBLISHED_COLOUR,
)
from employment_forecast.forecasting.documents.tables import ABSENT, Column, Table

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

FONT = "宋体"
TITLE_SIZE, TEXT_SIZE = 14, 10.5
_A4 = 9
WIDEST, NARROWEST, WIDEST_TITLE, DEFAULT_WIDTH = 46, 9, 15, 8.4
# Text above and below narrow tables goes over as many columns.
LEAST_TEXT_WIDTH = 78.0
LINE_HEIGHT = 16.5
CHART_PIXELS, CHART_CELLS = (980, 520), (28, 14)
# Tables that are wider are printed across.
UPRIGHT_COLUMNS = 7
LIGHT_BLUE = "#9dbfe3"
INPUT_FILL, HEAD_FILL, STRONG_FILL = "#fff4c2", "#e8eef6", "#eef6ea"


@dataclass(frozen=True)
class Formula:
    """A live cell: its formula with `{row}` for its own row, and its value until somebody types."""

    text: str
    value: Any


@dataclass(frozen=True)
class Input:
    """A cell that waits for a figure to be typed in, with what it holds until then."""

    value: float | None = None


@dataclass(frozen=True)
class Lines:
    """A native line chart of the columns of a table, by title; the first column is the axis.

    Attributes
    ----------
    title, unit : str
        Above the chart, and along its values.
    source : str
        Name of the sheet whose only table is drawn.
    published, median, inner, outer, caps : tuple of str
        Titles of the columns that are drawn as such.
    """

    title: str
    unit: str
    source: str
    published: tuple[str, ...] = ()
    median: tuple[str, ...] = ()
    inner: tuple[str, ...] = ()
    outer: tuple[str, ...] = ()
    caps: tuple[str, ...] = ()

    def styled(self) -> list[tuple[str, dict[str, Any]]]:
        """Columns in the order in which they are drawn, each with its line."""
        styles: list[tuple[str, dict[str, Any]]] = []
        styles += [(t, {"color": LIGHT_BLUE, "width": 1.0}) for t in self.outer]
        styles += [(t, {"color": FAN_COLOUR, "width": 1.0}) for t in self.inner]
        dash = {"color": FAN_COLOUR, "width": 2.25, "dash_type": "dash"}
        styles += [(t, dash) for t in self.median]
        styles += [(t, {"color": PUBLISHED_COLOUR, "width": 2.0}) for t in self.published]
        styles += [
            (t, {"color": CAP_COLOURS[at % len(CAP_COLOURS)], "width": 1.75})
            for at, t in enumerate(self.caps)
        ]
        return styles


@dataclass(frozen=True)
class WorkbookSheet:
    """A page of a workbook: a title, lines of text, tables one below the other, and a chart."""

    name: str
    title: str
    tables: tuple[Table[Any], ...] = ()
    lines: tuple[str, ...] = ()
    chart: Lines | None = None


@dataclass(frozen=True)
class _Formats:
    book: Workbook
    known: dict[frozenset[tuple[str, Any]], Format] = field(default_factory=dict)

    def get(self, **properties: Any) -> Format:
        key = frozenset(properties.items())
        if key not in self.known:
            base = {"font_name": FONT, "font_size": TEXT_SIZE, "valign": "vcenter"}
            self.known[key] = self.book.add_format({**base, **properties})
        return self.known[key]


# A text is measured for its column and for its row, and many stand in several tables.
@lru_cache(maxsize=4096)
def _width(text: str) -> float:
    """Columns that a text takes: Chinese characters take two."""
    return sum(1.1 if c.isascii() else 2.1 for c in text) + 1.5


class _Page:
    """Writes one sheet; where its columns came to lie is known afterwards."""

    def __init__(self, sheet: WorkbookSheet, written: Worksheet, formats: _Formats) -> None:
        self.sheet, self.written, self.formats = sheet, written, formats
        self.row = 0
        self.widths = _widths(sheet.tables)
        # Column, first and last row of the body by title.
        self.body: dict[str, tuple[int, int, int]] = {}

    def write(self) -> None:
        for column, width in enumerate(self.widths):
            self.written.set_column(column, column, width)
        self.text(self.sheet.title, bold=True, font_size=TITLE_SIZE)
        for line in self.sheet.lines:
            self.text(line)
        heads = [self.table(table) for table in self.sheet.tables]
        if len(heads) == 1:
            self.written.freeze_panes(heads[0] + 1, 1)
            self.written.repeat_rows(heads[0])
        self.print_setup()

    def text(self, words: str, **look: Any) -> None:
        """A line of text across all columns, as high as it needs."""
        room = max(sum(self.widths), LEAST_TEXT_WIDTH)
        size = look.get("font_size", TEXT_SIZE)
        lines = _lines(words, room * TEXT_SIZE / size)
        shown = self.formats.get(text_wrap=True, **look)
        last = max(len(self.widths) - 1, _columns_for(room, self.widths))
        self.written.merge_range(self.row, 0, self.row, last, "", shown)
        self.written.write_string(self.row, 0, words, shown)
        self.written.set_row(self.row, LINE_HEIGHT * lines * size / TEXT_SIZE)
        self.row += 1

    def table(self, table: Table[Any]) -> int:
        """Write a table; the row of its header."""
        self.row += 1
        self.text(table.caption, bold=True)
        head_row = self.row
        head = self.formats.get(
            bold=True, border=1, bg_color=HEAD_FILL, align="center", text_wrap=True
        )
        for at, column in enumerate(table.columns):
            self.written.write_string(self.row, at, column.title, head)
            self.body[column.title] = (at, self.row + 1, self.row + len(table.rows))
        titles = [(c.title, w) for c, w in zip(table.columns, self.widths, strict=False)]
        self.written.set_row(self.row, LINE_HEIGHT * max(_lines(t, w) for t, w in titles))
        for number, cells in enumerate(table.rows):
            self.row += 1
            lines = 1
            for at, (value, column) in enumerate(zip(cells, table.columns, strict=True)):
                strong = number in table.strong
                self.cell(at, value, column.align, column.form.number_format, strong=strong)
                if isinstance(value, str):
                    lines = max(lines, _lines(value, self.widths[at]))
            self.written.set_row(self.row, LINE_HEIGHT * lines)
        self.row += 1
        for note in table.notes:
            self.text(note, italic=True)
        return head_row

    def cell(self, at: int, value: Any, align: str, number_format: str, *, strong: bool) -> None:
        look: dict[str, Any] = {"border": 1, "align": align}
        if number_format:
            look["num_format"] = number_format
        if strong:
            look |= {"bold": True, "bg_color": STRONG_FILL}
        if isinstance(value, Input):
            self.input(at, value, self.formats.get(**look, bg_color=INPUT_FILL, locked=False))
        elif isinstance(value, Formula):
            text = value.text.replace("{row}", str(self.row + 1))
            self.written.write_formula(self.row, at, text, self.formats.get(**look), value.value)
        elif value is None:
            self.written.write_string(self.row, at, ABSENT, self.formats.get(**look))
        elif value == "":
            self.written.write_blank(self.row, at, None, self.formats.get(**look))
        elif isinstance(value, str):
            self.written.write_string(self.row, at, value, self.formats.get(**look, text_wrap=True))
        else:
            self.written.write_number(self.row, at, value, self.formats.get(**look))

    def input(self, at: int, value: Input, look: Format) -> None:
        if value.value is None:
            self.written.write_blank(self.row, at, None, look)
        else:
            self.written.write_number(self.row, at, value.value, look)
        self.written.data_validation(
            self.row, at, self.row, at,
            {"validate": "decimal", "criteria": ">=", "value": 0, "input_title": "试填",
             "input_message": "填入该月的数值", "error_title": "数值无效",
             "error_message": "请填入不小于零的数。"},
        )  # fmt: skip

    def chart(self, lines: Lines, source: _Page) -> None:
        """A chart of another sheet's columns, below the text of this one."""
        chart: Any = self.formats.book.add_chart({"type": "line"})
        axis = next(iter(source.body.values()))
        for title, style in lines.styled():
            at, first, last = source.body[title]
            chart.add_series(
                {
                    "name": title,
                    "line": style,
                    "categories": [source.sheet.name, first, axis[0], last, axis[0]],
                    "values": [source.sheet.name, first, at, last, at],
                }
            )
        font = {"name": FONT, "size": 10}
        chart.set_title({"name": lines.title, "name_font": {**font, "size": 13}, "overlay": False})
        chart.set_x_axis({"num_font": {**font, "rotation": -45}, "interval_unit": 6,
                          "interval_tick": 6, "label_position": "low"})  # fmt: skip
        chart.set_y_axis({"name": lines.unit, "name_font": font, "num_font": font,
                          "major_gridlines": {"visible": True, "line": {"color": "#dddddd"}},
                          **_ends(source.sheet.tables[0], lines)})  # fmt: skip
        chart.set_legend({"position": "bottom", "font": font})
        chart.show_blanks_as("gap")
        chart.set_size({"width": CHART_PIXELS[0], "height": CHART_PIXELS[1]})
        self.written.insert_chart(self.row + 1, 0, chart, {"description": lines.title})
        self.written.print_area(0, 0, self.row + CHART_CELLS[0], CHART_CELLS[1])
        self.written.set_landscape()

    def print_setup(self) -> None:
        self.written.set_paper(_A4)
        if any(len(table.columns) > UPRIGHT_COLUMNS for table in self.sheet.tables):
            self.written.set_landscape()
        self.written.fit_to_pages(1, 0)
        room = max(sum(self.widths), LEAST_TEXT_WIDTH)
        last = max(len(self.widths) - 1, _columns_for(room, self.widths))
        self.written.print_area(0, 0, max(self.row - 1, 1), last)
        self.written.set_footer(f'&C&"{FONT}"第 &P 页，共 &N 页')


def _widths(tables: Sequence[Table[Any]]) -> list[float]:
    """Widths that hold the figures of every table; titles and long texts are broken."""
    widths: list[float] = []
    for table in tables:
        for at, column in enumerate(table.columns):
            texts = [column_text(row[at], column) for row in table.rows]
            needed = max([_width(t) for t in texts] + [min(_width(column.title), WIDEST_TITLE)])
            if at == len(widths):
                widths.append(float(NARROWEST))
            widths[at] = max(widths[at], min(needed, WIDEST))
    return widths


def _lines(text: str, width: float) -> int:
    return max(1, -int(-(_width(text) - 1.5) // max(width - 1.0, 1.0)))


def _columns_for(room: float, widths: Sequence[float]) -> int:
    """The last column that a line of text needs where the table is narrow."""
    at, reached = -1, 0.0
    while reached < room:
        at += 1
        reached += widths[at] if at < len(widths) else DEFAULT_WIDTH
    return at


def _ends(table: Table[Any], lines: Lines) -> dict[str, float]:
    """Ends of the value axis: near the figures, which are far from zero."""
    drawn = {title for title, _ in lines.styled()}
    columns = [at for at, column in enumerate(table.columns) if column.title in drawn]
    values = [row[at] for row in table.rows for at in columns if isinstance(row[at], int | float)]
    if not values or min(values) == max(values):
        return {}
    low, high = min(values), max(values)
    step = 10.0 ** floor(log10(high - low))
    return {"min": max(0.0, low // step * step), "max": (high // step + 1) * step}


def column_text(value: Any, column: Column[Any]) -> str:
    """A value about as wide as it will be shown."""
    if isinstance(value, Input):
        value = value.value
    if value is None or isinstance(value, str):
        return value or ABSENT
    if isinstance(value, Formula):
        return value.value if isinstance(value.value, str) else column.form.text(value.value)
    return str(column.form.text(value))


def workbook(
    sheets: Iterable[WorkbookSheet],
    *,
    title: str,
    as_of: date,
    demo: bool,
    locked: Sequence[str] = (),
) -> bytes:
    """Write a workbook.

    Parameters
    ----------
    sheets : iterable of WorkbookSheet
        In their order.
    title : str
        Of the document's properties.
    as_of : datetime.date
        Day of knowledge; the only day in the file, so that the same content gives the same bytes.
    demo : bool
        Marked as demonstration data on every sheet, printed ones included.
    locked : sequence of str
        Names of sheets in which only the cells that wait for a figure can be changed.

    Returns
    -------
    bytes
        Office Open XML (ECMA-376), as Excel, WPS and LibreOffice open it.
    """
    from xlsxwriter import Workbook

    stream = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with Workbook(stream, options) as book:
        book.set_properties({"title": title, "comments": DEMO_MARK if demo else "",
                             "created": datetime(as_of.year, as_of.month, as_of.day)})  # fmt: skip
        book.set_calc_mode("auto")
        formats = _Formats(book)
        pages = {s.name: _Page(s, book.add_worksheet(s.name), formats) for s in sheets}
        for name, page in pages.items():
            page.write()
            if demo:
                page.written.set_header(f'&C&"黑体"（{DEMO_MARK}）')
            if name in locked:
                page.written.protect()
        for page in pages.values():
            if page.sheet.chart is not None:
                page.chart(page.sheet.chart, pages[page.sheet.chart.source])
    return stream.getvalue()


def tables_workbook(
    tables: Mapping[str, Sequence[Table[Any]]],
    *,
    title: str,
    lines: Sequence[str] = (),
    as_of: date,
    demo: bool,
) -> bytes:
    """A workbook with a sheet for each named group of tables; the first has the lines of text.

    Parameters
    ----------
    tables : mapping
        By name of the sheet.
    title : str
        Above each sheet.
    lines : sequence of str
        Below the title of the first.
    as_of : datetime.date
        Day of knowledge.
    demo : bool
        Marked as demonstration data.
    """
    sheets = [
        WorkbookSheet(name, f"{title}：{name}", tuple(group), tuple(lines) if at == 0 else ())
        for at, (name, group) in enumerate(tables.items())
    ]
    return workbook(sheets, title=title, as_of=as_of, demo=demo)
