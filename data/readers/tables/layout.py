"""Where the tables of a sheet are: titles and notes, header rows, data rows, sections."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

from employment_forecast.data.readers.formats import LIMITS, Sheet, Value, text_of, too_large
from employment_forecast.data.readers.vocabulary import (
    Label,
    Vocabulary,
    bare_when,
    fold,
    looks_like_value,
    parse_amount,
    parse_when,
    unit_note,
)

_KEY = re.compile(r"^(?!其中|#)[^:,。]{1,10}:")
_NOTE = re.compile(
    r"^\(?(?:注|说明|备注|附注|资料来源|数据来源|来源|填表说明|指标解释)(?:\d|[一二三])?[:、.)]"
)
# A table that goes on from the one above it: 续表, 续表1, 登记失业情况（续）.
_CONTINUED = re.compile(
    r"\(?(?:续表?|接上表)[\d一二三四五六七八九]{0,2}\)?:?|.*\(续[表\d一二三]?\)"
)
_KEY_CHARS = 60
_MOST_TABLES = 1000
_MOST_SECTIONS = 8
_MOST_HEADER_ROWS = 20
_MOST_BANNERS = 20
_INDEX_WORDS = {*"甲乙丙丁戊己", "栏次", "行次", "序号", *"abcd"}


@dataclass(frozen=True)
class Headed:
    """One header cell over a column."""

    row: int
    column: int
    label: Label


@dataclass
class LocatedTable:
    """A located table.

    Attributes
    ----------
    sheet : Sheet
        Where it stands.
    banners : list of int
        Title, unit and date rows above it; of a table that goes on also those of the one before.
    own_banners : list of int
        Those between the table before and this one.
    sheet_banners : list of int
        Those of the sheet's first table: its region and year hold for later tables too.
    header, rows : list of int
        Header rows and data rows.
    sections : dict of int to list of int
        For a data row, the one-cell rows (a region, a year) that head it since the last header.
    heads : dict of int to list of Headed
        Header cells over each used column, top down, merged areas resolved.
    remarks : list of int
        Rows with remarks inside the table or under it.
    """

    sheet: Sheet
    banners: list[int]
    header: list[int]
    sheet_banners: list[int] = field(default_factory=list)
    own_banners: list[int] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    sections: dict[int, list[int]] = field(default_factory=dict)
    heads: dict[int, list[Headed]] = field(default_factory=dict)
    remarks: list[int] = field(default_factory=list)

    @property
    def columns(self) -> list[int]:
        """Used columns, left to right."""
        return sorted(self.heads)

    @property
    def is_headed(self) -> bool:
        """True if the table has a header at all."""
        return bool(self.header)


def when_like(value: Value) -> bool:
    """True if a cell could be a year or month in a header."""
    if isinstance(value, date):
        return True
    text = text_of(value)
    return parse_when(text) is not None or bare_when(text) is not None


def is_note(text: str) -> bool:
    """True for remarks such as `注：…` or `资料来源：…`."""
    return bool(_NOTE.match(fold(text[:_KEY_CHARS])))


class _Locator:
    """Walks down a sheet and cuts it into tables."""

    def __init__(self, sheet: Sheet, vocabulary: Vocabulary, header_rows: tuple[int, ...]) -> None:
        self.sheet, self.vocabulary, self.fixed = sheet, vocabulary, header_rows
        self.tables: list[LocatedTable] = []
        self._pending: list[int] = []
        self._table: LocatedTable | None = None
        self._shown: dict[int, list[int]] = {}
        self._first_of: tuple[tuple[int, int], int] | None = None

    def run(self) -> list[LocatedTable]:
        """Locate every table, top down."""
        for row in sorted(self.sheet.rows):
            cells = self.anchors(row)
            if cells:
                self._take(row, cells)
        if self._table is not None:
            self._table.remarks += self._pending
        for table in self.tables:
            self._set_heads(table)
        return [t for t in self.tables if t.rows]

    def anchors(self, row: int) -> dict[int, Value]:
        """Cells of a row that are not hidden under a merged area."""
        covered = self.sheet.covered
        cells = self.sheet.rows.get(row, {})
        return {c: v for c, v in sorted(cells.items()) if (row, c) not in covered}

    def _take(self, row: int, cells: dict[int, Value]) -> None:
        if self.fixed:
            self._take_fixed(row)
            return
        table = self._table
        if table is None:
            if self._is_banner(row, cells):
                self._pending.append(row)
            else:
                self._open(row, cells)
        elif table.rows and self._has_values(row, cells):
            self._add(table, row)
        elif not table.rows and self._completes_times(table, cells):
            table.header.append(row)
        elif self._is_banner(row, cells):
            if all(is_note(text_of(v)) for v in cells.values()):
                table.remarks.append(row)
            else:
                self._pending.append(row)
        elif not table.rows and self._is_index(table, cells):
            return
        elif not table.rows and self._continues_header(table, row, cells):
            table.header.append(row)
            table.banners.extend(self._pending[:_MOST_BANNERS])
            self._pending = []
        elif table.rows and self._starts_header(table, row, cells):
            self._open(row, cells)
        else:
            self._add(table, row)

    def _take_fixed(self, row: int) -> None:
        if self._table is None:
            self._table = LocatedTable(self.sheet, [], list(self.fixed))
            self.tables.append(self._table)
        if row < self.fixed[0] and row not in self.fixed:
            self._table.banners.append(row)
        elif row > self.fixed[-1]:
            self._table.rows.append(row)

    def _open(self, row: int, cells: dict[int, Value]) -> None:
        previous = self._table
        own, self._pending = self._pending, []
        banners = own
        if previous is not None and all(map(self._continues, own)):
            banners = [*previous.banners, *own]  # or a header repeated for the next printed page
        above = self.tables[0].banners if self.tables else []
        if len(self.tables) >= _MOST_TABLES:
            raise too_large(f"一张工作表里的表格超过 {_MOST_TABLES} 个")
        if len(banners) > 2 * _MOST_BANNERS:
            banners = [*banners[:_MOST_BANNERS], *banners[-_MOST_BANNERS:]]
        table = LocatedTable(self.sheet, banners, [], above, own)
        self._table = table
        self.tables.append(table)
        if not self._has_values(row, cells):
            table.header.append(row)
            return
        # No header row: a lone label right above the values heads its column.
        if banners and previous is None:
            last = self.anchors(banners[-1])
            ((column, value),) = list(last.items())[:1]
            label = self.vocabulary.classify(text_of(value))
            if len(last) == 1 and column > 1 and column in cells and label.states:
                table.header.append(banners.pop())
        self._add(table, row)

    def _continues(self, row: int) -> bool:
        texts = (fold(text_of(v)[:_KEY_CHARS]) for v in self.anchors(row).values())
        return any(map(_CONTINUED.fullmatch, texts))

    def _add(self, table: LocatedTable, row: int) -> None:
        """Add a data row; what was pending heads it, together with earlier heads of other kinds."""
        if self._pending:
            before = table.sections.get(table.rows[-1], []) if table.rows else []
            table.sections[row] = [*before, *self._pending][-_MOST_SECTIONS:]
            self._pending = []
        elif table.rows and table.rows[-1] in table.sections:
            table.sections[row] = table.sections[table.rows[-1]]
        table.rows.append(row)

    def _is_banner(self, row: int, cells: dict[int, Value]) -> bool:
        texts = [text_of(v) for v in cells.values()]
        if len(cells) == 1:
            (value,) = cells.values()
            # Beside a cell merged downwards a lone label is a row of the table.
            return row not in self.sheet.hanging and (
                isinstance(value, date) or not looks_like_value(value)
            )
        if any(self._has_values(row, {c: v}) for c, v in cells.items()):
            return False
        noted = [t for t in texts if _KEY.match(fold(t[:_KEY_CHARS])) or is_note(t) or unit_note(t)]
        labels = [self.vocabulary.classify(t) for t in texts if t not in noted]
        if any(_KEY.match(fold(t[:_KEY_CHARS])) or is_note(t) for t in noted):
            heads = [x for x in labels if x.dimension or x.firm or x.indicator]
            return not heads
        # An indicator with something unknown behind it (登记失业人数（季均）) heads a column.
        odd = (x.text for x in labels if x.residue and not x.heading)
        if self._table is not None or any(map(self.vocabulary.find_indicator, odd)):
            return False
        return not any(x.states or x.dimension or x.firm for x in labels) and not noted

    def _has_values(self, row: int, cells: dict[int, Value]) -> bool:
        """True if a row holds numbers or marks for missing ones that are no years or months."""
        numeric: dict[int, Value] = {}
        for column, value in cells.items():
            if isinstance(value, date) or not looks_like_value(value):
                continue
            if not when_like(value):
                # A slash in the corner is drawn, not a missing value.
                if column > min(cells) or not parse_amount(value).missing:
                    return True
                continue
            numeric[column] = value
        return bool(numeric) and not self._is_time_axis(numeric, cells)

    def _is_time_axis(self, numeric: dict[int, Value], cells: dict[int, Value]) -> bool:
        """True if the numbers of a row run on like years or months do."""
        texts = [fold(text_of(v)) for v in numeric.values()]
        if len(texts) == 1:
            rest = [v for c, v in cells.items() if c not in numeric]
            labels = [self.vocabulary.classify(text_of(v)) for v in rest]
            return parse_when(texts[0]) is not None and any(
                x.dimension or x.derived or x.when for x in labels
            )
        if all(bare_when(t) is not None for t in texts):
            months = [int(t.split("-")[-1]) for t in texts if t.split("-")[-1].isdecimal()]
            return len(months) == len(texts) and all(
                later == (before % 12) + 1 or later == 1 for before, later in pairwise(months)
            )
        if any(bare_when(t) is not None for t in texts):
            return False
        lengths = {len(t.partition(".")[0]) for t in texts}
        return len(lengths) == 1 and len(set(texts)) == len(texts)

    def _completes_times(self, table: LocatedTable, cells: dict[int, Value]) -> bool:
        """True for a row of nothing but months right under heads that name no month yet."""
        if not table.header or min(cells) <= self._first(table):
            return False
        for column, value in cells.items():
            _, text = self._filled(table.header, column + 1)
            when = self.vocabulary.classify(text).when if text else None
            if not text or not when_like(value) or (when is not None and when.last is not None):
                return False
            # A bare number is a month only under a year; under an indicator it is a value.
            if when is None and parse_when(text_of(value)) is None:
                return False
        return True

    def _first(self, table: LocatedTable) -> int:
        """First column that a header row or one of the first data rows uses."""
        rows = (*table.header, *table.rows[:_MOST_HEADER_ROWS])
        if self._first_of is None or self._first_of[0] != (id(table), len(rows)):
            column = min(min(self.anchors(r)) for r in rows)
            self._first_of = ((id(table), len(rows)), column)
        return self._first_of[1]

    def _is_index(self, table: LocatedTable, cells: dict[int, Value]) -> bool:
        """True for the row 甲 乙 1 2 3 that numbers the columns of official forms."""
        texts = [fold(text_of(v)).strip("()") for v in cells.values()]
        numbers = [int(t) for t in texts if t.isdecimal() and len(t) < 4]
        words = [t for t in texts if not t.isdecimal()]
        if len(numbers) < 2 or any(w not in _INDEX_WORDS for w in words):
            return False
        if numbers != list(range(numbers[0], numbers[0] + len(numbers))) or numbers[0] > 2:
            return False
        return bool(words) or all(self._is_complete(table, c) for c in cells)

    def _is_complete(self, table: LocatedTable, column: int) -> bool:
        """True if the header over a column already says what the column holds."""
        for row in table.header:
            at = self.sheet.anchor(row, column)
            merged = self.sheet.anchor(row, column + 1) == at or (
                self.sheet.anchor(row, column - 1) == at
            )
            text = self.sheet.text(row, column)
            label = self.vocabulary.classify(text) if text else None
            if label and not merged and not (label.when and label.when.last is None):
                return True
        return False

    def _continues_header(self, table: LocatedTable, row: int, cells: dict[int, Value]) -> bool:
        if len(table.header) >= _MOST_HEADER_ROWS or self._has_values(row, cells):
            return False
        # The corner may be blank above: an indicator over regions, months from the next row on.
        first = min(self._first(table), min(cells))
        for column, value in cells.items():
            plain = isinstance(value, float) or (isinstance(value, str) and looks_like_value(value))
            if plain and self._is_complete(table, column):
                return False
        corner = cells.get(first)
        if corner is None:
            return True
        label = self.vocabulary.classify(text_of(corner))
        return bool(label.dimension or label.firm or label.units) and not label.states

    def _starts_header(self, table: LocatedTable, row: int, cells: dict[int, Value]) -> bool:
        if len(cells) < 2 or self._has_values(row, cells):
            return False
        labels = [self.vocabulary.classify(text_of(v)) for v in cells.values()]
        first = self._first(table)
        if min(cells) <= first:
            return bool(labels[0].dimension or labels[0].firm == "firm")
        detached = row - 1 not in self.sheet.rows or bool(self._pending)
        return detached and len(labels) > 1 and all(x.states for x in labels)

    def _set_heads(self, table: LocatedTable) -> None:
        used = {c for r in (*table.header, *table.rows) for c in self.anchors(r)}
        for row in table.rows:
            used.update(self.sheet.columns_from_above.get(row, ()))
        if len(used) * len(table.rows) > LIMITS.table_cells:
            raise too_large(f"表格有 {len(table.rows)} 行 {len(used)} 列，绝大多数是空格")
        fill = self.sheet.merged_rows.isdisjoint(table.header)
        for column in used:
            table.heads[column] = self._heads(table.header, column, fill)

    def _heads(self, header: list[int], column: int, fill: bool) -> list[Headed]:
        heads: dict[tuple[int, int], Headed] = {}
        for level, row in enumerate(header):
            at = self.sheet.anchor(row, column)
            text = self.sheet.text(row, column)
            below = any(self.sheet.text(r, column) for r in header[level + 1 :])
            if not text and fill and below:
                at, text = self._filled(header[: level + 1], column)
            if text and at not in heads:
                heads[at] = Headed(*at, self.vocabulary.classify(text))
        return list(heads.values())

    def _filled(self, levels: list[int], column: int) -> tuple[tuple[int, int], str]:
        """Head that a file without merged cells leaves blank: the nearest one to the left.

        A head that begins on a level above ends the reach of what stands left of it.
        """
        row = levels[-1]
        left = self._nearest(row, column - 1)
        if not left or any(self._nearest(r, column) > left + 1 for r in levels[:-1]):
            return (row, column), ""
        text = self.sheet.text(row, left)
        dimension = self.vocabulary.classify(text).dimension
        return ((row, column), "") if dimension else ((row, left), text)

    def _nearest(self, row: int, column: int) -> int:
        """Last column up to `column` that shows text in a row; 0 if there is none."""
        columns = self._shown.get(row)
        if columns is None:
            shown = {c for c in self.sheet.rows.get(row, {}) if self.sheet.text(row, c)}
            if row in self.sheet.merged_rows:
                shown |= {c for c in range(1, self.sheet.width + 1) if self.sheet.text(row, c)}
            columns = self._shown[row] = sorted(shown)
        at = bisect_right(columns, column)
        return columns[at - 1] if at else 0


def locate(
    sheet: Sheet, vocabulary: Vocabulary, header_rows: tuple[int, ...] = ()
) -> list[LocatedTable]:
    """Find the tables of a sheet."""
    return _Locator(sheet, vocabulary, header_rows).run()
