"""Checks on the course of a series: ranges, forms, zeros, gaps, outliers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import cache
from itertools import pairwise
from operator import itemgetter
from statistics import median, median_low

from employment_forecast.data.catalogue import Indicator
from employment_forecast.data.imports.checks.batch import (
    Batch,
    CheckedSeries,
    finding,
    median_without,
    month_text,
)
from employment_forecast.data.records import Finding, Reading, out_of_range

_SMALL_FALL = 0.01
_TINY = 1e-9
_FEWEST_CHANGES = 12
_FEWEST_ALIKE = 3
_OUTLYING = 8.0
_ZERO_MULTIPLE = 20


def value_range(batch: Batch) -> list[Finding]:
    """Values that cannot be: negative counts and rates, rates beyond 100; net changes may be."""
    findings = []
    indicator_of = cache(batch.catalogue.indicator)
    for reading in (*batch.readings, *batch.groups):
        row = reading.observation
        indicator = indicator_of(row.indicator)
        reason = out_of_range(row.value, indicator)
        if reason is None and row.value < 0 and not indicator.signed:
            reason = "为负数"
        if reason:
            findings.append(
                finding(
                    "value_range",
                    "error",
                    reading,
                    f"“{indicator.name}”{month_text(row.month.ordinal)}的值{reason}",
                    "请核对正负号、小数点与单位（括号里的数按负数读）；净增减这样可以为负的指标，"
                    "请在 forecast.toml 的 [[indicators]] 里写 signed = true。",
                )
            )
    return findings


def _years(series: CheckedSeries) -> Iterator[list[int]]:
    """Month ordinals of each calendar year that has a new value."""
    years = sorted({m // 12 for m in series.new})
    for year in years:
        yield [m for m in series.values if m // 12 == year]


def stock_flow(batch: Batch) -> list[Finding]:
    """Stocks that accumulate and restart in January, cumulative flows that do not accumulate."""
    findings = []
    for series in batch.series:
        kind, form = series.indicator.kind, series.indicator.reporting
        if kind in ("stock", "flow") and form == "monthly":
            findings += _restarts(series)
        elif kind == "flow" and not series.indicator.signed:
            findings += _never_accumulates(series)
    return findings


def _restarts(series: CheckedSeries) -> list[Finding]:
    values = series.values
    for earlier, later in pairwise(list(_years(series))):
        if len(earlier) < 4 or len(later) < 2 or later[0] % 12 > 1:
            continue
        rising = all(values[a] < values[b] for y in (earlier, later) for a, b in pairwise(y))
        reading = series.new.get(later[0])
        if rising and reading and values[later[0]] < values[earlier[-1]] / 2:
            form = "期末数" if series.indicator.kind == "stock" else "当月数"
            return [
                finding(
                    "stock_flow",
                    "error",
                    reading,
                    f"“{series.indicator.name}”应为{form}，数值却逐月累加、年初重新开始，像是累计数",
                    f"请改用{form}，或在表头写明“累计”。",
                )
            ]
    return []


def _never_accumulates(series: CheckedSeries) -> list[Finding]:
    values = series.values
    for months in _years(series):
        falls = [b for a, b in pairwise(months) if values[b] < values[a] - _TINY]
        new = [m for m in falls if m in series.new]
        if len(new) >= 2 and len(falls) * 3 >= len(months) - 1:
            return [
                finding(
                    "stock_flow",
                    "error",
                    series.new[new[0]],
                    f"“{series.indicator.name}”应为1月起的累计数，数值却几度下降，像是当月数",
                    '请在表头写明“当月”，或在 mapping.toml 的 [table] 里写 form = "monthly"。',
                )
            ]
    return []


def falling_year_to_date(batch: Batch) -> list[Finding]:
    """Cumulative flows that fall within a year; a fall below 1 % may be a correction."""
    findings = []
    for series in batch.series:
        if series.indicator.reporting != "year_to_date" or series.indicator.signed:
            continue
        values = series.values
        for months in _years(series):
            for before, month in pairwise(months):
                fall = values[before] - values[month]
                reading = series.new.get(month) or series.new.get(before)
                if fall <= max(_TINY, series.indicator.precision / 2) or reading is None:
                    continue
                small = fall <= _SMALL_FALL * values[before]
                findings.append(
                    finding(
                        "falling_year_to_date",
                        "warning" if small else "error",
                        reading,
                        f"“{series.indicator.name}”{month_text(month)}累计 {values[month]:.12g} "
                        f"小于{month_text(before)}的 {values[before]:.12g}",
                        "请核对两月的数；确为核减的小幅更正可以导入。"
                        if small
                        else "累计数在一年内不应下降：请核对两月的数，或写明是当月数。",
                    )
                )
    return findings


def zero_unpublished(batch: Batch) -> list[Finding]:
    """Zeros where the series is never near zero: the mark of 未公布 in some systems."""
    findings = []
    for series in batch.series:
        indicator = series.indicator
        for month, reading in series.new.items():
            if reading.observation.value != 0:
                continue
            usual = series.reference(month)
            if usual is not None and usual <= _ZERO_MULTIPLE * indicator.precision:
                continue  # small numbers do reach zero
            sure = usual is not None or indicator.kind in ("rate", "index")
            if indicator.kind == "flow" and indicator.reporting == "monthly":
                sure = False
            message = f"“{indicator.name}”{month_text(month)}为 0"
            if usual is not None:
                message += f"，而平常约为 {usual:.12g}"
            findings.append(
                finding(
                    "zero_unpublished",
                    "error" if sure else "warning",
                    reading,
                    f"{message}，多半表示未公布",
                    "未公布的请留空或写“…”；整个文件以 0 表示未公布时，"
                    '可在 mapping.toml 的 [table] 里写 zero = "missing"。',
                )
            )
    return findings


def gaps(batch: Batch) -> list[Finding]:
    """Months missing between known and new values, or inside the file."""
    findings = []
    for series in batch.series:
        if series.key[2] is not None:
            continue
        for before, month in pairwise(series.values):
            reading = series.new.get(month) or series.new.get(before)
            missing = [
                m
                for m in range(before + 1, month)
                # January is often published together with February (1—2月).
                if m % 12 != 0 or not _joins_january(series.indicator)
            ]
            if missing and reading is not None:
                span = month_text(missing[0])
                if len(missing) > 1:
                    span += f"至{month_text(missing[-1])}"
                findings.append(
                    finding(
                        "gaps",
                        "warning",
                        reading,
                        f"“{series.indicator.name}”{month_text(month)}之前缺{span}，"
                        f"共 {len(missing)} 个月",
                        "请补齐缺月后再预测；确未公布的可不补。",
                    )
                )
    return findings


def _joins_january(indicator: Indicator) -> bool:
    return indicator.january_with_february or indicator.reporting == "year_to_date"


def outliers(batch: Batch) -> list[Finding]:
    """Changes far outside the series' own history, by median and median absolute deviation.

    Month-on-month changes (year-on-year for cumulative flows), less the usual change of that
    calendar month, on the indicator's scale; a warning beyond 8 robust standard deviations
    (Rousseeuw and Croux 1993 on the scale estimate). Changes of definition and mergers (撤并) that
    the catalogue has explain theirs.
    """
    return [f for s in batch.series for f in _outliers(s, batch.explained(s))]


def _outliers(series: CheckedSeries, explained: set[int]) -> list[Finding]:
    indicator, values = series.indicator, series.values
    logs = indicator.transform == "log" and all(v > 0 for v in values.values())
    lag = 12 if indicator.reporting == "year_to_date" else 1
    scaled = {m: math.log(v) if logs else v for m, v in values.items()}
    changes = {m: v - scaled[m - lag] for m, v in scaled.items() if m - lag in scaled}
    if len(changes) < _FEWEST_CHANGES:
        return []
    surprises = changes
    if lag == 1:
        by_season: dict[int, list[float]] = {}
        for month, change in sorted(changes.items(), key=itemgetter(1)):
            by_season.setdefault(month % 12, []).append(change)
        surprises = {m: v - _usual(by_season[m % 12], v) for m, v in changes.items()}
    centre = median(surprises.values())
    spread = 1.4826 * median(abs(v - centre) for v in surprises.values())
    level = median(abs(v) for v in values.values()) or 1.0
    unit = level if logs else 1.0
    scale = max(spread, indicator.precision / unit, 0.005 if logs else 0.0)
    if all(abs(v - centre) <= _OUTLYING * scale for v in surprises.values()):
        return []
    # An office may print fewer digits than the indicator has: 3.1 is not nine steps from 3.2.
    scale = max(scale, _last_digit(values.values()) / unit)
    findings, before = [], 0.0
    for month, surprise in surprises.items():
        distance = (surprise - centre) / scale
        reading = series.new.get(month)
        returns = abs(before) > _OUTLYING and before * distance < 0
        told = any(month - lag < change <= month for change in explained)
        if abs(distance) > _OUTLYING and reading is not None and not returns and not told:
            others = max(abs(v) for m, v in changes.items() if m != month)
            findings.append(_outlier(series, month, reading, lag, abs(changes[month]) > others))
        before = distance
    return findings


def _last_digit(values: Iterable[float]) -> float:
    """Size of the last digit that an office prints of most figures: 0.1 of 3.1 and 3.2."""
    exponents = [Decimal(f"{v:.12g}").normalize().as_tuple().exponent for v in values if v]
    return 10.0 ** median_low(map(int, exponents)) if exponents else 0.0


def _usual(alike: list[float], own: float) -> float:
    """Median of the other changes of a calendar month, ascending; 0 where there are too few."""
    others = median_without(alike, own) if len(alike) > _FEWEST_ALIKE else None
    return 0.0 if others is None else others


def _outlier(
    series: CheckedSeries, month: int, reading: Reading, lag: int, largest: bool
) -> Finding:
    base = "上年同月" if lag == 12 else "上月"
    earlier = series.values[month - lag]
    how = "变动之大为该地区历史所未见" if largest else "的变动与往常相差很大"
    return finding(
        "outliers",
        "warning",
        reading,
        f"“{series.indicator.name}”{month_text(month)}为 {series.values[month]:.12g}，"
        f"较{base}的 {earlier:.12g} {how}",
        "请核对；若属实（如口径调整），请在目录里登记口径变化。",
    )
