"""Sheets as the readers see them: non-empty cells with addresses, merged areas resolved."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from employment_forecast.data.readers.formats.limits import LIMITS, Limits, too_large

Value = str | float | date

# What stands in for a formula whose result the writing program never stored.
FORMULA_WITHOUT_RESULT = "=（公式没有保存计算结果）"
# What stands in for a figure that is crossed out.
STRUCK_OUT = "（划了删除线）"
_FIGURE = re.compile(r"[-+()（）\s.,，%％]{0,4}\d[-+()（）\d\s.,，%％]{0,30}")


def struck_out(value: Value) -> Value:
    """A cell that is crossed out: no figure any more; a label stays what it is."""
    figure = isinstance(value, float) or (isinstance(value, str) and _FIGURE.fullmatch(value))
    return STRUCK_OUT if figure else value


def raised(text: str) -> str:
    """Raised or lowered digits as the marks of notes that they are: 13600 with ¹ is no 136001."""
    digits = text.strip()
    note = digits.isascii() and digits.isdecimal() and 1 <= int(digits[:3]) <= 20
    return chr(ord("①") + int(digits) - 1) if note and len(digits) < 3 else text


@dataclass(frozen=True, slots=True)
class Area:
    """A merged rectangle, bounds included."""

    top: int
    left: int
    bottom: int
    right: int


def text_of(value: Value | None) -> str:
    """Text of a cell as typed; numbers without float noise, dates as YYYY-MM-DD."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.15g}"
    return value.isoformat() if isinstance(value, date) else value


@dataclass
class Sheet:
    """Cells of one sheet.

    Attributes
    ----------
    name : str
        Empty for CSV.
    rows : dict of int to dict of int to value
        Non-empty cells by row and column, both from 1.
    merges : list of Area
        Merged areas.
    hidden : bool
        True if the workbook hides the sheet.
    hidden_rows : set of int
        Rows that the workbook hides.
    hidden_columns : list of (int, int)
        First and last of runs of columns that it hides.
    """

    name: str
    rows: dict[int, dict[int, Value]] = field(default_factory=dict)
    merges: list[Area] = field(default_factory=list)
    hidden: bool = False
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)

    @cached_property
    def width(self) -> int:
        """Last used column, 0 if there is none."""
        return max((max(cells) for cells in self.rows.values()), default=0)

    @cached_property
    def height(self) -> int:
        """Last used row, 0 if there is none."""
        return max(self.rows, default=0)

    @cached_property
    def covered(self) -> dict[tuple[int, int], tuple[int, int]]:
        """Anchor (top left) of every cell inside a merged area, the anchor itself left out."""
        anchors: dict[tuple[int, int], tuple[int, int]] = {}
        visited = 0  # areas of a damaged file overlap: what counts is the work, not the result
        for area in self.merges:
            bottom, right = min(area.bottom, self.height), min(area.right, self.width)
            if bottom < area.top or right < area.left:
                continue
            visited += (bottom - area.top + 1) * (right - area.left + 1)
            if visited > LIMITS.cells // 4:
                raise too_large("合并单元格覆盖的范围太大")
            for row in range(area.top, bottom + 1):
                for column in range(area.left, right + 1):
                    if (row, column) != (area.top, area.left):
                        anchors[row, column] = (area.top, area.left)
        return anchors

    @cached_property
    def merged_rows(self) -> set[int]:
        """Rows in which a merged area lies."""
        return {row for row, _ in self.covered} | {row for row, _ in self.covered.values()}

    @cached_property
    def columns_from_above(self) -> dict[int, list[int]]:
        """By row the columns into which a merged area of that one column reaches down."""
        columns: dict[int, list[int]] = {}
        for (row, column), (top, left) in self.covered.items():
            if top < row and left == column and self.covered.get((top, column + 1)) != (top, left):
                columns.setdefault(row, []).append(column)
        return columns

    @cached_property
    def hanging(self) -> set[int]:
        """Rows into which a merged area reaches down from above."""
        return {row for (row, _), (top, _) in self.covered.items() if top < row}

    def anchor(self, row: int, column: int) -> tuple[int, int]:
        """Address whose value shows at a place: itself, or the top left of its merged area."""
        return self.covered.get((row, column), (row, column))

    def value(self, row: int, column: int) -> Value | None:
        """Value that shows at a place, merged areas resolved; None if empty."""
        at = self.anchor(row, column)
        return self.rows.get(at[0], {}).get(at[1])

    def text(self, row: int, column: int) -> str:
        """Text that shows at a place; see `text_of`."""
        return text_of(self.value(row, column))

    def unhidden(self) -> tuple[Sheet, list[int], list[int]]:
        """The sheet without hidden rows and columns, and those of them that held something.

        A merged area stays with the cell that holds its value, as long as a part of it shows.
        """
        hidden_columns = {
            c
            for first, last in self.hidden_columns
            for c in range(first, min(last, self.width) + 1)
        }
        if not hidden_columns and not self.hidden_rows:
            return self, [], []
        showing = {
            (a.top, a.left)
            for a in self.merges
            if a.bottom not in self.hidden_rows and a.right not in hidden_columns
        }
        rows: dict[int, dict[int, Value]] = {}
        left_rows, left_columns = set[int](), set[int]()
        for row, cells in self.rows.items():
            for column, value in cells.items():
                hidden = row in self.hidden_rows or column in hidden_columns
                if not hidden or (row, column) in showing:
                    rows.setdefault(row, {})[column] = value
                elif row in self.hidden_rows:
                    left_rows.add(row)
                else:
                    left_columns.add(column)
        sheet = Sheet(self.name, rows, self.merges, self.hidden)
        return sheet, sorted(left_rows), sorted(left_columns)


class SheetBuilder:
    """Collects sheets under one common count of cells."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.limits = limits
        self.sheets: list[Sheet] = []
        self.remarks: list[str] = []
        self._cells = 0
        self._merged = 0

    def add_sheet(self, name: str, hidden: bool = False) -> Sheet:
        """Start a sheet; raises DataError beyond the limit."""
        if len(self.sheets) >= self.limits.sheets:
            raise too_large(f"工作表（表格）超过 {self.limits.sheets} 个")
        sheet = Sheet(name=name, hidden=hidden)
        self.sheets.append(sheet)
        return sheet

    def remark(self, text: str) -> None:
        """Keep a text that lies beside the cells: a comment, a header, a property."""
        if text.strip() and len(self.remarks) < self.limits.remarks:
            self.remarks.append(text[: self.limits.cell_chars])

    def put(self, sheet: Sheet, row: int, column: int, value: Value) -> None:
        """Store a cell; blank text is not stored."""
        if isinstance(value, str):
            if not value.strip():
                return
            if len(value) > self.limits.cell_chars:
                raise too_large(f"第{row}行第{column}列的文字超过 {self.limits.cell_chars} 个字符")
        if not 0 < row <= self.limits.rows or not 0 < column <= self.limits.columns:
            raise too_large(f"单元格位置（第{row}行第{column}列）超出电子表格的范围")
        self._cells += 1
        if self._cells > self.limits.cells:
            raise too_large(f"单元格超过 {self.limits.cells // 10000} 万个")
        sheet.rows.setdefault(row, {})[column] = value

    def hide_row(self, sheet: Sheet, row: int) -> None:
        """Record a hidden row."""
        if 0 < row <= self.limits.rows and len(sheet.hidden_rows) < self.limits.cells:
            sheet.hidden_rows.add(row)

    def hide_columns(self, sheet: Sheet, first: int, last: int) -> None:
        """Record hidden columns, bounds included; runs come from left to right."""
        before = sheet.hidden_columns[-1][1] if sheet.hidden_columns else 0
        if before < first <= last and first <= self.limits.columns:
            sheet.hidden_columns.append((first, min(last, self.limits.columns)))

    def merge(self, sheet: Sheet, area: Area) -> None:
        """Record a merged area; one that is upside down is ignored."""
        self._merged += 1 + max(0, min(area.right, self.limits.columns) - area.left)
        if self._merged > self.limits.cells:
            raise too_large("合并单元格太多")
        if 0 < area.top <= area.bottom and 0 < area.left <= area.right:
            sheet.merges.append(area)
