"""What titles, names and units beside values leave open: refused, or noted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from employment_forecast.data.readers.formats import text_of
from employment_forecast.data.readers.tables.columns import Columns
from employment_forecast.data.readers.tables.entries import ValueCell
from employment_forecast.data.readers.tables.facts import Facts, context
from employment_forecast.data.readers.tables.layout import LocatedTable
from employment_forecast.data.readers.vocabulary import Vocabulary, When, parse_unit
from employment_forecast.data.records import Findings, shown


def _turns_of_year(times: Sequence[When]) -> Iterator[int]:
    """Where times in the order of a sheet run on into another year that is not theirs: 12月, 1月.

    What was named before (1月 … 12月, 1月) is the same month again. Spans turn only behind the
    one before (三季度, 四季度, 一季度; 1—11月, 1—12月, 1—2月): 全年 may stand before 上半年.
    """
    seen: set[int | None] = set()
    for index, (before, when) in enumerate(pairwise(times), 1):
        seen.add(before.last)
        if when.last in seen or when.year != before.year:
            continue
        earlier = times[index - 2] if index > 1 else None
        alike = earlier is not None and earlier.is_range == before.is_range and when.is_range
        alike = alike and (before.first != 1 or times[index - 2].last == 11)
        single = not (before.is_range or when.is_range)
        falling = single and earlier is not None and (earlier.last, before.last) == (2, 1)
        rising = (single or alike) and before.last == 12 and when.first == 1
        if rising or (falling and when.first == 12):
            yield index


def _check_turns(
    table: LocatedTable,
    columns: Columns,
    values: Sequence[ValueCell],
    vocabulary: Vocabulary,
    findings: Findings,
) -> None:
    """Refuse a month that follows December and has the year of a title, or of a cell before."""
    series = defaultdict[tuple[object, ...], list[tuple[ValueCell, When]]](list)
    for entry in values:
        if entry.when is not None and entry.when.last is not None:
            key = (entry.region, entry.indicator, entry.facts.group)
            series[key].append((entry, entry.when))
    for dated in series.values():
        for entry, when in map(dated.__getitem__, _turns_of_year([when for _, when in dated])):
            if when.year is not None and not _states_year(table, columns, entry, vocabulary):
                findings.add(
                    "unknown_month",
                    entry.place,
                    f"各月跨了年，{when.last}月自己没有写年份，不能都算{when.year}年的",
                    "请在每个月份前写明年份，如 2025年12月、2026年1月。",
                    entry.raw,
                )
                break


def _states_year(
    table: LocatedTable, columns: Columns, entry: ValueCell, vocabulary: Vocabulary
) -> bool:
    """Whether the row or the column of a value states the year in a cell of its own."""
    cells = table.sheet.rows.get(entry.place.row, {})
    texts = (text_of(cells[c]) for c in columns.labels if c in cells)
    heads = (h for h in table.heads[entry.place.column] if h.column == entry.place.column)
    labels = [*map(vocabulary.classify, texts), *(h.label for h in heads)]
    return any(label.when is not None and label.when.year for label in labels)


def other_time(title: When | None, named: When | None, name: str) -> list[str]:
    """The note on a name of a sheet or file that speaks of another time than the title."""
    if title is None or named is None:
        return []
    pairs = ((title.year, named.year), (title.last, named.last))
    if not any(a and b and a != b for a, b in pairs):
        return []
    return [f"表题写的是{_words(title)}，{name}写的是{_words(named)}，按表题读取，请核对。"]


def _words(when: When) -> str:
    return (f"{when.year}年" if when.year else "") + (f"{when.last}月" if when.last else "")


def question(
    table: LocatedTable,
    columns: Columns,
    background: Facts,
    values: Sequence[ValueCell],
    vocabulary: Vocabulary,
    findings: Findings,
) -> list[str]:
    """Refuse months that run into a year they do not state; return notes on what is doubtful."""
    _check_turns(table, columns, values, vocabulary, findings)
    title = context(table.sheet, table.banners, vocabulary).when
    notes = _no_such_year(title, values)
    for label, indicator, unit in dict.fromkeys(
        (e.facts.label, e.indicator, e.unit) for e in values if e.number is not None
    ):
        if indicator is None:
            continue
        if indicator.kind == "stock" and vocabulary.classify(label).form == "monthly":
            name = f"“{shown(label)}”读作期末的“{indicator.name}”"
            notes.append(f"{name}；若是当月新增的人数，请改正名称。")
        counted = parse_unit(indicator.unit)
        if unit is None and background.units and counted and counted.dimension == "persons":
            said = "、".join(u.name for u in background.units)
            unfit = f"单位“{said}”不是“{indicator.name}”的单位"
            notes.append(f"{unfit}，按{indicator.unit}读取，请核对。")
    return notes


def _no_such_year(title: When | None, values: Sequence[ValueCell]) -> list[str]:
    """The note on a title with a year that no value of its table is of."""
    years = {e.when.year for e in values if e.when is not None}
    if title is None or title.year is None or not years or title.year in years:
        return []
    return [f"表题写的是{title.year}年，表中各月都不是这一年的，请核对。"]
