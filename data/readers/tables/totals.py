"""合计 rows and columns: checked against their parts, then taken for the whole or left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial

import pandas as pd

from employment_forecast.data.catalogue import Catalogue, Region
from employment_forecast.data.readers.tables.columns import Columns
from employment_forecast.data.readers.tables.entries import ValueCell
from employment_forecast.data.readers.tables.facts import Facts
from employment_forecast.data.readers.tables.regions import is_whole
from employment_forecast.data.readers.tables.rows import TableRow
from employment_forecast.data.records import Findings

_Labels = tuple[tuple[int, str], ...]


def settle_totals(
    entries: Sequence[ValueCell],
    columns: Columns,
    findings: Findings,
    catalogue: Catalogue | None = None,
    wholes_beside: Collection[int] = (),
    strange_places: bool = False,
) -> tuple[list[ValueCell], int, tuple[str, ...]]:
    """Check totals and take them out.

    A total over regions, or over the months of a flow, is compared with its parts; a total beside
    其中 groups, or one that stands alone, is the value itself and stays. So does a total over all
    parts of a region that the catalogue lists: it is that region's own figure. What a column in
    `wholes_beside` (全市) holds is only compared with a single district; without those, a total
    beside `strange_places`, which the catalogue has not, is of nobody knows how many of them.

    Returns
    -------
    list of ValueCell
        What stays.
    int
        How many totals were taken out.
    tuple of str
        Names of regions whose own figures are totals.
    """
    whole = partial(_whole, catalogue)
    values, row_totals = _settle_rows(entries, findings, whole)
    values, column_totals = _settle_columns(
        values, columns, findings, whole, wholes_beside, strange_places
    )
    wholes = dict.fromkeys(
        e.facts.region.name
        for e in values
        if e.facts.region is not None and (e.row.total_column or e.column.total)
    )
    return [e for e in values if not e.row.bad], row_totals + column_totals, tuple(wholes)


_Whole = Callable[[ValueCell, Sequence[Region | None]], ValueCell | None]


def _whole(
    catalogue: Catalogue | None, total: ValueCell, parts: Sequence[Region | None]
) -> ValueCell | None:
    """The total as the own figure of the region that its parts make up; None if they do not."""
    when, known = total.facts.when, {r.code: r for r in parts if r is not None}
    subtotal = total.facts.total == "subtotal"
    if catalogue is None or subtotal or not known or len(known) < len(parts):
        return None
    month = None
    if when is not None and when.year is not None and when.last is not None:
        month = pd.Period(year=when.year, month=when.last, freq="M")
    first = next(iter(known.values()))
    entry = first if month is None else first.entry_in(month)
    if entry is None or entry.parent is None:
        return None
    region = catalogue.region(entry.parent)
    # A total under the name of another region, or over some of the parts, is nobody's figure.
    every = {r.code for r in catalogue.children(region, month)} == set(known)
    named = total.facts.region in (None, region)
    if not (every and named and catalogue.lists_parts(region)):
        return None
    return replace(total, facts=replace(total.facts, region=region, total=None))


def _settle_rows(
    entries: Sequence[ValueCell], findings: Findings, whole: _Whole
) -> tuple[list[ValueCell], int]:
    rows = {e.row.number: e.row for e in entries}
    by_cell = {(e.place.row, e.place.column): e for e in entries}
    parts_of = _part_rows(list(rows.values()))
    values: list[ValueCell] = []
    left_out, monthly = 0, set[int]()
    for entry in entries:
        row = entry.row
        if row.total_column is None:
            values.append(entry)
            continue
        numbers = parts_of.get(row.number, [])
        if not numbers or row.total_over in ("group", "none"):
            if row.facts.total == "total":
                values.append(replace(entry, facts=replace(entry.facts, total=None)))
            continue
        parts = [by_cell.get((n, entry.place.column)) for n in numbers]
        if row.total_over == "region" or (row.total_over == "when" and _adds_up(entry)):
            # 全市 above a single district is there to compare with.
            beside = len(parts) == 1 and row.labels.get(row.total_column, "")[:1] == "全"
            compare(entry, parts, findings, beside)
        elif row.total_over == "when":
            monthly |= _months_summed(entry, parts)
        own = None
        if row.total_over == "region":
            own = whole(entry, [rows[n].facts.region for n in numbers])
            own = own or _own_whole(entry, parts)
        if own is None:
            left_out += 1
        else:
            values.append(own)
    return [_as_monthly(e) if id(e) in monthly else e for e in values], left_out


def _own_whole(total: ValueCell, parts: Sequence[ValueCell | None]) -> ValueCell | None:
    """全区合计 over streets that nobody knows, as the figure of the district behind the table."""
    assert total.row.total_column is not None
    region, label = total.facts.region, total.row.labels.get(total.row.total_column, "")
    strange = all(p is None or p.row.bad for p in parts)
    several = len(parts) > 1 and all(p is not None and p.number is not None for p in parts)
    if region is None or not (strange and several and is_whole(label, region)):
        return None
    return replace(total, facts=replace(total.facts, total=None))


def _part_rows(rows: list[TableRow]) -> dict[int, list[int]]:
    """Rows that each 合计 row adds up: equal in every other label the total row states."""
    totals = [r for r in rows if r.total_column is not None]
    parts = [r for r in rows if r.total_column is None and not r.facts.part]
    indexes: dict[tuple[int, tuple[int, ...]], dict[tuple[_Labels, tuple[int, ...]], list[int]]]
    indexes = {}
    part_rows: dict[int, list[int]] = {}
    last_total = 0
    for total in totals:
        assert total.total_column is not None
        shared = tuple(c for c in total.labels if c != total.total_column)
        index = indexes.get((total.total_column, shared))
        if index is None:
            index = defaultdict(list)
            for part in parts:
                if total.total_column in part.labels and all(c in part.labels for c in shared):
                    labels = tuple((c, part.labels[c]) for c in shared)
                    index[labels, part.sections].append(part.number)
            indexes[total.total_column, shared] = index
        numbers = index.get((tuple((c, total.labels[c]) for c in shared), total.sections), [])
        if total.facts.total == "subtotal":
            numbers = [n for n in numbers if last_total < n < total.number]
        part_rows[total.number] = numbers
        last_total = total.number
    return part_rows


def _adds_up(entry: ValueCell) -> bool:
    """True for flows of single months, which may be added over time."""
    indicator = entry.facts.indicator
    return (
        indicator is not None
        and indicator.kind == "flow"
        and entry.facts.form != "cumulative"
        and (indicator.reporting == "monthly" or entry.facts.form == "monthly")
    )


def _months_summed(total: ValueCell, parts: Sequence[ValueCell | None]) -> set[int]:
    """Identities of plain months that add up to their total, and so are 当月数."""
    known = [p for p in parts if p is not None and p.number]
    indicator = total.facts.indicator or (known[0].facts.indicator if known else None)
    plain = all(p.facts.form is None and p.when and not p.when.is_range for p in known)
    if len(known) < 2 or not plain or indicator is None or indicator.kind != "flow":
        return set()
    summed = sum((p.number for p in known if p.number is not None), Decimal(0))
    return {id(p) for p in parts if p is not None} if summed == total.number else set()


def _as_monthly(entry: ValueCell) -> ValueCell:
    return replace(
        entry,
        facts=replace(entry.facts, form="monthly"),
        column=replace(entry.column, form="monthly"),
    )


def _settle_columns(
    entries: Sequence[ValueCell],
    columns: Columns,
    findings: Findings,
    whole: _Whole,
    wholes_beside: Collection[int],
    strange_places: bool,
) -> tuple[list[ValueCell], int]:
    siblings = {c: _siblings(c, columns) for c, head in columns.values.items() if head.total}
    by_cell = {(e.place.row, e.place.column): e for e in entries}
    values: list[ValueCell] = []
    left_out, monthly = 0, set[int]()
    for entry in entries:
        over, columns_added = siblings.get(entry.place.column, ("", []))
        column = entry.place.column
        of_strangers = strange_places and not columns_added and column in siblings
        if of_strangers and column not in wholes_beside:
            left_out += 1
            continue
        if not columns_added or over == "group":
            values.append(entry)
            continue
        parts = [by_cell.get((entry.place.row, c)) for c in columns_added]
        known = [e for e in parts if e is not None]
        if over == "region" or (known and _adds_up(known[0])):
            beside = len(parts) == 1 and entry.place.column in wholes_beside
            compare(entry, parts, findings, beside)
        elif over == "when":
            monthly |= _months_summed(entry, parts)
        own = None
        if over == "region":
            own = whole(entry, [columns.values[c].region for c in columns_added])
        if own is None:
            left_out += 1
        else:
            values.append(own)
    return [_as_monthly(e) if id(e) in monthly else e for e in values], left_out


def _siblings(column: int, columns: Columns) -> tuple[str, list[int]]:
    """What a 合计 column adds up, and the columns that hold it."""
    total = columns.values[column]
    best: tuple[str, list[int]] = ("", [])
    for over in ("region", "when", "group"):
        alike = [
            c
            for c, head in columns.values.items()
            if not head.total
            and not head.skip
            and getattr(head, over) is not None
            and _same_but(total, head, over)
        ]
        if len(alike) > len(best[1]):
            best = (over, alike)
    return best


def _same_but(total: Facts, part: Facts, over: str) -> bool:
    for name in ("region", "indicator", "group"):
        if name != over and getattr(total, name) != getattr(part, name):
            return False
    if over != "when":
        return total.when == part.when
    if part.when is None or part.when.is_range:
        return False
    return total.when is None or total.when.year == part.when.year


def compare(
    total: ValueCell, parts: Sequence[ValueCell | None], findings: Findings, beside: bool
) -> None:
    """Report a total that differs from the sum of its parts by more than rounding can explain.

    Where a part is missing, or the total only stands `beside` one district, it just has to be no
    smaller than the rest. Indicators that do not add up over regions (rates, indices) are not
    compared.
    """
    indicator = total.facts.indicator
    if total.number is None or (indicator is not None and indicator.aggregation != "sum"):
        return
    known = [p for p in parts if p is not None and p.number is not None]
    complete = len(known) == len(parts) and not beside
    sum_of_parts = sum((p.number for p in known if p.number is not None), Decimal(0))
    scaled = any(e.unit is not None and e.unit.factor != 1 for e in (total, *known))
    grain = min(e.grain for e in (total, *known))
    exact = grain == 1 and not scaled
    slack = Decimal(0) if exact else grain * (len(known) + 1) / 2
    short = sum_of_parts - total.number > slack
    if short or (complete and abs(sum_of_parts - total.number) > slack):
        findings.add(
            "total_mismatch",
            total.place,
            f"合计 {total.number:f} 与各分项之和 {sum_of_parts:f} 不符",
            "请核对分项或合计，改正后重新导入。",
            total.raw,
        )
