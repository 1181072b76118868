"""Which columns of a table label its rows and which hold values."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Literal

from employment_forecast.data.readers.formats import text_of
from employment_forecast.data.readers.tables.axis import days_are_months, decimal_habit, settled
from employment_forecast.data.readers.tables.facts import Facts, facts_of
from employment_forecast.data.readers.tables.layout import Headed, LocatedTable, when_like
from employment_forecast.data.readers.tables.regions import is_office
from employment_forecast.data.readers.vocabulary import (
    Dimension,
    Label,
    Vocabulary,
    bare_when,
    fold,
    looks_like_value,
    parse_units,
    unit_note,
)
from employment_forecast.data.records import shown

# Label columns that say what a value is about; others only describe it or are left out.
ATTRIBUTES = ("region", "indicator", "group", "month", "year", "any")

# Rows that decide what a column holds.
_SAMPLE = 3000
_MOST_TOLD = 8
_PLACE = re.compile(r"[一-鿿]{2,12}(?:省|市|区|县|旗|镇|乡|街道)")

Kind = Literal["region", "indicator", "group", "when", "none"]


@dataclass
class Columns:
    """Roles of the columns of one table.

    Attributes
    ----------
    labels : dict of int to str
        Columns that label rows: their dimension, `any` if the content has to tell.
    kinds : dict of int to str
        What the labels of such a column mostly are.
    values : dict of int to Facts
        Columns of values and what their heads say.
    unknown : dict of int to Headed
        Columns with a head that nothing explains.
    unread : list of str
        Heads of columns of texts that nothing explains.
    headless : list of int
        Columns with values and no head.
    bare : set of int
        Label columns in which a bare number is a month.
    unit_cells : list of str
        Texts that state a unit in columns without values: beside the table.
    dated : int
        First column whose head is a day that only dates its month; 0 if there is none.
    """

    labels: dict[int, Dimension] = field(default_factory=dict)
    kinds: dict[int, Kind] = field(default_factory=dict)
    values: dict[int, Facts] = field(default_factory=dict)
    unknown: dict[int, Headed] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    headless: list[int] = field(default_factory=list)
    bare: set[int] = field(default_factory=set)
    unit_cells: list[str] = field(default_factory=list)
    dated: int = 0

    def notes(self) -> list[str]:
        """The note on texts that are left out: they may say that figures are of a part."""
        if not self.unread:
            return []
        heads = "”“".join(map(shown, self.unread[:_MOST_TOLD]))
        return [f"没有认出“{heads}”一栏的意思，略去；若各行只是其中一部分的数，请勿导入。"]


@dataclass(frozen=True)
class _Content:
    """What the data rows of a column hold."""

    texts: int
    values: int
    times: int
    units: tuple[str, ...]
    kind: Kind
    known: int
    places: int
    offices: int

    @property
    def filled(self) -> int:
        """Cells that are not empty."""
        return self.texts + self.values


def kind_of(label: Label) -> Kind:
    """The one thing a row label states first of all."""
    if label.region is not None:
        return "region"
    if label.indicator is not None:
        return "indicator"
    if label.group is not None:
        return "group"
    return "when" if label.when is not None else "none"


def _content(table: LocatedTable, column: int, vocabulary: Vocabulary) -> _Content:
    texts = values = times = places = offices = 0
    units: list[str] = []
    kinds: Counter[Kind] = Counter()
    for row in table.rows[:_SAMPLE]:
        value = table.sheet.value(row, column)
        if value is None:
            continue
        text = text_of(value)
        label = vocabulary.classify(text)
        if unit_note(text) or parse_units(text):
            units.append(text)
        if kind_of(label) != "none" and label.known:
            kinds[kind_of(label)] += 1
        elif not label.known and _PLACE.fullmatch(fold(text)):
            places += 1
        offices += is_office(text)
        if when_like(value):
            times += 1
        if not looks_like_value(value) or (isinstance(value, str) and label.region is not None):
            texts += 1
        else:
            values += 1
    kind: Kind = kinds.most_common(1)[0][0] if kinds else "none"
    return _Content(texts, values, times, tuple(units), kind, sum(kinds.values()), places, offices)


def roles(table: LocatedTable, vocabulary: Vocabulary) -> Columns:
    """Tell the columns of a table apart."""
    columns = Columns()
    corner = Facts()
    for column in table.columns:
        heads = [replace(h, label=_timed(h.label)) for h in _telling(table.heads[column])]
        content = _content(table, column, vocabulary)
        labels = [h.label for h in heads]
        dimension = next((x.dimension for x in labels if x.dimension), None)
        if not content.values and dimension is None:
            stated = (h.label.text for h in heads if h.label.units and not h.label.states)
            columns.unit_cells += [*stated, *content.units]
        if not columns.labels and not columns.values and _is_corner(labels, content):
            corner = facts_of(labels)  # 2025年 above the names of indicators, 1月, 2月 … beside it
            columns.labels[column] = "any"
        elif any(x.states for x in labels) and dimension in (None, "value", "any", "ignore"):
            _put_value(columns, column, heads)
        elif dimension == "group" and content.values > content.texts:
            columns.unknown[column] = heads[-1]  # 年龄段 1, 2, …
        elif dimension is not None:
            _put_dimension(columns, column, dimension, content)
        elif dimension is None and content.texts and content.offices == content.filled:
            columns.labels[column] = "ignore"  # 单位名称 is the name of a firm elsewhere
        elif not heads:
            _put_headless(columns, column, content, table.is_headed)
        elif all(x.known for x in labels):
            _put_value(columns, column, heads)
        elif content.texts > content.values:
            columns.labels[column] = _untitled(content)
            if columns.labels[column] == "ignore":
                columns.unread.append(heads[-1].label.text)
        else:
            columns.unknown[column] = next(h for h in heads if not h.label.known)
        if column in columns.labels:
            columns.kinds[column] = content.kind
            if content.times and content.times >= content.filled - content.known:
                _note_bare(columns, table, column)
    _leave_out_codes(columns, table)
    columns.values = {c: facts.over(corner) for c, facts in columns.values.items()}
    _complete_parts(columns)
    _settle_times(columns, table)
    return columns


def _leave_out_codes(columns: Columns, table: LocatedTable) -> None:
    """Leave out codes that nobody knows beside the names that they stand for: A01, 登记失业人数."""
    named = [c for c, d in columns.labels.items() if d == "indicator"]
    if any(columns.kinds[c] != "none" for c in named):
        for column in (c for c in named if columns.kinds[c] == "none"):
            # 35岁以下 beside 登记失业人数 is no code: the figure is of those alone.
            if all(table.sheet.text(row, column).isascii() for row in table.rows):
                columns.labels[column] = "ignore"


def _is_corner(labels: list[Label], content: _Content) -> bool:
    """True for the time or indicator of a whole table that stands above the labels of its rows."""
    if content.values or not any(x.when is not None or x.indicator is not None for x in labels):
        return False
    plain = all(x == Label(x.text, when=x.when) for x in labels)
    named = content.kind in ("region", "indicator", "group") and content.known * 2 > content.texts
    # 2025年 or 登记失业人数 above 1月, 2月, …: the months are not its figures.
    undated = all(x.when is None or x.when.last is None for x in labels)
    stated = undated and all(x.known and x.dimension is None for x in labels)
    return (plain and named) or (stated and 0 < content.texts == content.times)


def _telling(heads: list[Headed]) -> list[Headed]:
    """Heads without those of blocks that say nothing beyond the last one: 失业率, 登记失业率."""
    last = heads[-1].label if heads else Label("")
    if last.indicator is None or not last.known:
        return heads
    said = set(fold(last.text))
    return [h for h in heads if h.label.known or not said.issuperset(h.label.residue)]


def _timed(label: Label) -> Label:
    """A bare number in a header is a month."""
    when = bare_when(label.text) if not label.known else None
    return label if when is None else Label(label.text, when=when)


def _put_dimension(columns: Columns, column: int, dimension: Dimension, content: _Content) -> None:
    if dimension == "value":
        columns.values[column] = Facts()
    elif dimension == "unit" and len(content.units) * 2 < content.texts:
        columns.labels[column] = "any"  # 单位 also heads columns of offices
    elif dimension == "any" and content.values > content.texts and not content.times:
        columns.values[column] = Facts()
    elif dimension == "ignore" and content.kind == "region" and content.known == content.filled:
        columns.labels[column] = "region"  # 代码 beside 地区: the two have to agree
    elif _heads_the_other_axis(dimension, content):
        columns.labels[column] = "any"
    else:
        columns.labels[column] = dimension


def _untitled(content: _Content) -> Dimension:
    """What a column of texts is whose head nothing explains."""
    if content.known * 2 > content.texts:
        return "any"
    # Left out, places that are not in the catalogue would lend their figures to the title's region.
    return "region" if content.places * 2 > content.texts else "ignore"


def _heads_the_other_axis(dimension: Dimension, content: _Content) -> bool:
    """True for a corner word that names what runs to the right: 月份 above a column of regions."""
    if dimension in ("month", "year"):
        return not content.times and content.known * 2 > content.texts
    return (
        dimension in ("region", "indicator")
        and content.kind == "when"
        and content.times == content.filled
    )


def _put_value(columns: Columns, column: int, heads: list[Headed]) -> None:
    unknown = next((h for h in heads if not h.label.known), None)
    if unknown is not None:
        columns.unknown[column] = unknown
    else:
        columns.values[column] = facts_of(h.label for h in heads)


def _put_headless(columns: Columns, column: int, content: _Content, is_headed: bool) -> None:
    times_only = content.times and content.times == content.filled
    labels = content.texts > content.values or times_only
    if labels and not columns.values:
        columns.labels[column] = "any"
    elif not is_headed:
        columns.values[column] = Facts()
    else:
        columns.headless.append(column)


def _note_bare(columns: Columns, table: LocatedTable, column: int) -> None:
    values = [table.sheet.value(row, column) for row in table.rows]
    texts = [text_of(v) for v in values if v is not None]
    numbers = [t for t in texts if bare_when(t) is not None]
    if columns.labels[column] == "month" or len(numbers) == len(texts):
        columns.bare.add(column)


def _complete_parts(columns: Columns) -> None:
    """Give a 其中 column the indicator of the column it is part of."""
    main: Facts | None = None
    for column in sorted(columns.values):
        facts = columns.values[column]
        if facts.indicator is not None and not facts.part:
            main = facts
        elif facts.indicator is None and facts.group is not None and main is not None:
            whole = replace(main, total=None, region=None)
            columns.values[column] = facts.over(whole)


def _settle_times(columns: Columns, table: LocatedTable) -> None:
    """Carry years to the right, and tell 2021.1 from 2021.10."""
    habit = decimal_habit(h.label.text for c in columns.values for h in table.heads[c])
    whole_months = days_are_months(f.when for f in columns.values.values() if f.when is not None)
    previous = Facts()
    for column in sorted(columns.values):
        facts = columns.values[column]
        same = all(
            getattr(facts, n) == getattr(previous, n) for n in ("region", "indicator", "group")
        )
        if facts.when is not None and facts.when.day is not None and whole_months:
            facts = replace(facts, when=replace(facts.when, day=None))
            columns.dated = columns.dated or column
        if facts.when is not None and facts.when.last is not None:
            facts = replace(facts, when=settled(facts.when, previous.when if same else None, habit))
            columns.values[column] = facts
        previous = facts


def side_by_side(columns: Columns) -> list[Columns]:
    """Split a table whose label columns repeat to the right, as 月份 人数 月份 人数 does."""
    starts, seen, has_values = [0], set[str](), False
    for column in sorted((*columns.labels, *columns.values)):
        if column in columns.values:
            has_values = True
            continue
        dimension = columns.labels[column]
        if dimension not in ATTRIBUTES:
            continue
        key = columns.kinds.get(column, "none") if dimension == "any" else str(dimension)
        if has_values and key in seen:
            starts.append(column)
            seen, has_values = set(), False
        seen.add(key)
    if len(starts) == 1:
        return [columns]
    blocks: list[Columns] = []
    for start, end in pairwise([*starts, max((*columns.labels, *columns.values)) + 1]):
        own = {c: d for c, d in columns.labels.items() if start <= c < end}
        left = blocks[-1].labels if blocks else {}
        kept = {c: d for c, d in left.items() if d in ATTRIBUTES and d not in own.values()}
        values = {c: f for c, f in columns.values.items() if start <= c < end}
        blocks.append(replace(columns, labels=kept | own, values=values))
    return blocks
