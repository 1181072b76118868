"""Values whose size betrays their unit: rates written as fractions, fractions of persons."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from statistics import median, median_low

from employment_forecast.data.readers.tables.entries import ValueCell
from employment_forecast.data.readers.vocabulary import parse_unit
from employment_forecast.data.records import Findings

_WHOLE = Decimal("1e-6")
_HUNDRED = Decimal(100)


def settle_sizes(cells: Sequence[ValueCell], findings: Findings) -> list[ValueCell]:
    """Read fractions as percentages where nothing else can be meant, and question the rest.

    A rate that no unit goes with, all below what such a rate ever is, is a fraction (0.055 for
    5.5 %): it is converted, and said so. Where a unit contradicts, or only some values are that
    small, it is an error. So is a fractional number of persons (1.37) without a unit such as 万人.
    """
    series: dict[tuple[object, ...], list[ValueCell]] = defaultdict(list)
    for cell in cells:
        facts = cell.facts
        series[facts.region, facts.indicator, facts.group].append(cell)
    fractions = {id(c) for alike in series.values() for c in _fractions(alike, findings)}
    for alike in series.values():
        _report_parts_of_persons(alike, findings)
    return [_as_percentage(c) if id(c) in fractions else c for c in cells]


def _fractions(cells: Sequence[ValueCell], findings: Findings) -> Sequence[ValueCell]:
    """The cells of one series if they are fractions of a percentage."""
    first = cells[0]
    indicator = first.indicator
    if indicator is None:
        return ()
    values = [float(v) for c in cells if (v := c.converted()) is not None and v > 0]
    # A ratio may shoot up in a month; a single rate above what it ever is has lost its point. Above
    # 100 it is out of range, which the checks say.
    single = [v for v in values if v <= _HUNDRED] if indicator.kind == "rate" else []
    if values and 0 < indicator.largest < max(median_low(values), *single, 0.0):
        high = [c for c in cells if (v := c.converted()) is not None and v > indicator.largest]
        findings.add(
            "implausible_rate",
            high[0].place,
            f"“{indicator.name}”的值（{high[0].raw} 等 {len(high)} 个）大得不合常理，"
            "像是丢了小数点，或以另一单位（‰、百分数）计",
            "请在表头写明单位（如 ‰），或改成通常的写法后重新导入。",
            high[0].raw,
        )
        return ()
    if not values or median(values) >= indicator.smallest:
        return ()
    stated = next((c.unit for c in cells if c.unit is not None), None)
    shown = f"“{indicator.name}”的值（{first.raw} 等 {len(values)} 个）"
    if stated is None and max(values) < 1:
        findings.add(
            "rate_as_fraction",
            first.place,
            f"{shown}是用小数表示的百分率，已按百分数读取（{first.raw} 读作 "
            f"{float(_HUNDRED * (first.number or 0)):.10g}%）",
            "请核对；若不是，请在表头写明单位后重新导入。",
            first.raw,
        )
        return cells
    unit = stated.name if stated is not None else indicator.unit
    findings.add(
        "implausible_rate",
        first.place,
        f"{shown}按单位“{unit}”小得不合常理，像是用小数表示的百分率",
        "若 0.055 表示 5.5%，请改写成 5.5，或设为百分比格式并去掉表头的单位后重新导入。",
        first.raw,
    )
    return ()


def _as_percentage(cell: ValueCell) -> ValueCell:
    number = None if cell.number is None else cell.number * _HUNDRED
    return replace(cell, number=number, grain=cell.grain * _HUNDRED)


def _report_parts_of_persons(cells: Sequence[ValueCell], findings: Findings) -> None:
    indicator = cells[0].indicator
    unit = parse_unit(indicator.unit) if indicator is not None else None
    if indicator is None or unit is None or unit.dimension not in ("persons", "firms"):
        return
    if indicator.precision < 1:
        return
    parts = [c for c in cells if c.number is not None and _is_part(c)]
    if not parts:
        return
    raw = parts[0].raw
    thousands = len(raw.partition(".")[2]) == len("000")
    findings.add(
        "part_of_person",
        parts[0].place,
        f"“{indicator.name}”按{indicator.unit}计，却有小数（{len(parts)} 个），多半是单位没有写明",
        ("若点是千分位（如 13.600 表示 13600），请去掉；" if thousands else "")
        + "若以万人、千人为单位，请在表头或标题写明“单位：万人”后重新导入。",
        raw,
    )


def _is_part(cell: ValueCell) -> bool:
    value = cell.converted()
    return value is not None and abs(value - value.to_integral_value()) > _WHOLE
