"""Checks on units: jumps by a power of ten, and first figures held against whatever is known."""

from __future__ import annotations

import math
from collections.abc import Iterable
from statistics import median

from employment_forecast.data.catalogue import Indicator
from employment_forecast.data.imports.checks.batch import Batch, CheckedSeries, finding, month_text
from employment_forecast.data.records import Finding, Severity
from employment_forecast.data.targets import Target

# How near a ratio comes to a power of ten, in powers: the higher the power, the less a series
# gets there by itself.
_NEAR = {1: 0.07, 2: 0.25, 3: 0.3, 4: 0.5}
_TIMES = {1: "10", 2: "100", 3: "1000", 4: "1万"}
_TINY_RATE = 0.2
# Below it single persons move a count by a power of ten.
_SMALL_COUNT = 100
_PERSONS = "人"
_RATE, _UNEMPLOYED = "registered_unemployment_rate", "registered_unemployed"
# Labour forces by level, wide enough that only a wrong unit gets outside; streets have any size.
_FORCE = {
    "national": (10_000_000, 1_500_000_000),
    "province": (100_000, 150_000_000),
    "city": (5_000, 40_000_000),
    "district": (500, 10_000_000),
}
_SMALLEST_FORCE = (10, 10_000_000)
# A national count of persons below this is in 万人.
_LEAST_NATIONAL = 100_000


def unit_jump(batch: Batch) -> list[Finding]:
    """A value 10, 100, 1,000 or 10,000 times its usual size or the inverse: a wrong unit."""
    findings = []
    for series in batch.series:
        if series.indicator.kind == "index":
            continue
        if series.indicator.kind == "rate" and not series.known:
            findings += _fractions(series)
        explained = batch.explained(series)
        for month, reading in series.new.items():
            usual, value = series.reference(month), reading.observation.value
            if usual is None or value <= 0:
                continue
            jump = math.log10(value) - math.log10(usual)
            severity, power = _severity(series, month, usual, jump)
            # A merger (撤并) may make ten of one, but no thousand.
            if severity is None or (severity == "warning" and any(m <= month for m in explained)):
                continue
            times = _TIMES[power] + ("倍" if jump > 0 else "分之一")
            findings.append(
                finding(
                    "unit_jump",
                    severity,
                    reading,
                    f"“{series.indicator.name}”{month_text(month)}换算后为 {value:.12g}，"
                    f"约为平常值 {usual:.12g} 的{times}",
                    "多半是单位写错（万人、千人与人，小数、‰ 与 %）：请改正单位后重新导入。"
                    if severity == "error"
                    else "请核对单位和小数点；属实则不必处理。",
                )
            )
    return findings


def _power(jump: float) -> int:
    """The power of ten that a ratio is near to; 0 for none."""
    power = round(abs(jump))
    return power if power in _NEAR and abs(abs(jump) - power) <= _NEAR[power] else 0


def _severity(
    series: CheckedSeries, month: int, usual: float, jump: float
) -> tuple[Severity | None, int]:
    """How bad a jump is, and which power of ten it is near to."""
    power, indicator = _power(jump), series.indicator
    if not power:
        return None, 0
    if indicator.kind == "rate":
        return ("error" if power == 2 else "warning" if power == 1 else None), power
    if power == 4:
        return "error", power
    if usual < _SMALL_COUNT or (power == 1 and not series.has_alike(month)):
        return None, power
    sure = power == 3 or (power == 2 and indicator.kind == "stock")
    return ("error" if sure and usual >= 10 * _SMALL_COUNT else "warning"), power


def _fractions(series: CheckedSeries) -> list[Finding]:
    """Rates without history that are all tiny: 0.0315 for 3.15 %."""
    first = next(iter(series.new.values()))
    if not 0 < max(r.observation.value for r in series.new.values()) < _TINY_RATE:
        return []
    return [
        finding(
            "unit_jump",
            "warning",
            first,
            f"“{series.indicator.name}”全部小于 {_TINY_RATE}%，像是用小数表示的百分率",
            "若 0.0315 表示 3.15%，请改写成 3.15 或设为百分比格式后重新导入。",
        )
    ]


def first_size(batch: Batch) -> list[Finding]:
    """Figures without history against targets, the labour force they imply, and their level."""
    findings = []
    for series in batch.series:
        if series.key[2] is None and not series.known and any(_values(series)):
            findings += (
                _against_targets(series, batch.targets)
                or _against_labour_force(batch, series)
                or _against_level(batch, series)
            )
    return findings


def _values(series: CheckedSeries) -> list[float]:
    return [r.observation.value for r in series.new.values()]


def _size(series: CheckedSeries) -> float:
    """Usual size; of cumulative flows that of a whole year at the pace of each month."""
    positive = {m: r.observation.value for m, r in series.new.items() if r.observation.value > 0}
    if series.indicator.reporting == "year_to_date":
        positive = {m: v * 12 / (m % 12 + 1) for m, v in positive.items()}
    return median(positive.values()) if positive else 0.0


def _against_targets(series: CheckedSeries, targets: Iterable[Target]) -> list[Finding]:
    region, code, _ = series.key
    own = [
        t
        for t in targets
        if (t.region, t.indicator) == (region, code) and t.value and t.withdrawn_on is None
    ]
    size = _size(series)
    if not own or not size:
        return []
    nearest = min(own, key=lambda t: abs(math.log10(size / (t.value or 1))))
    assert nearest.value
    power = _power(math.log10(size / nearest.value))
    if not power:
        return []
    severity: Severity = "error" if power > 1 else "warning"
    return [
        finding(
            "first_size",
            severity,
            next(iter(series.new.values())),
            f"“{series.indicator.name}”平常约 {size:.6g}，与 {nearest.period} 年的目标 "
            f"{nearest.value:.12g}{nearest.unit} 相差约{_TIMES[power]}倍",
            "请核对表的单位；若是目标写错，请先用 forecast caps set 改正。",
        )
    ]


def _against_labour_force(batch: Batch, series: CheckedSeries) -> list[Finding]:
    """登记失业人数 over 登记失业率: the people that both together imply."""
    region, code, _ = series.key
    if code != _UNEMPLOYED:
        return []
    low, high = _FORCE.get(batch.catalogue.region(region).level, _SMALLEST_FORCE)
    for month, reading in series.new.items():
        rate, count = batch.value(region, _RATE, month), reading.observation.value
        force = 100 * count / rate if rate and count >= _SMALL_COUNT / 10 else None
        if force is not None and not low <= force <= high:
            return [
                finding(
                    "first_size",
                    "error",
                    reading,
                    f"{month_text(month)}登记失业人数 {count:.12g} 与登记失业率 {rate:.12g}% "
                    f"推算的劳动力只有 {force:.0f} 人"
                    if force < low
                    else f"{month_text(month)}登记失业人数 {count:.12g} 与登记失业率 {rate:.12g}% "
                    f"推算的劳动力多达 {force:.0f} 人",
                    "请核对两者的单位：人数是否以万人为单位，率是否用小数表示。",
                )
            ]
    return []


def _against_level(batch: Batch, series: CheckedSeries) -> list[Finding]:
    """Persons of a whole country below what any such figure is: 万人 without the word."""
    indicator: Indicator = series.indicator
    if indicator.unit != _PERSONS or indicator.kind not in ("stock", "flow"):
        return []
    level, size = batch.catalogue.region(series.key[0]).level, _size(series)
    if level != "national" or not 0 < size < _LEAST_NATIONAL:
        return []
    return [
        finding(
            "first_size",
            "error",
            next(iter(series.new.values())),
            f"全国的“{indicator.name}”只有约 {size:.6g} 人，像是以万人为单位",
            "请在表头或标题写明“单位：万人”后重新导入。",
        )
    ]
