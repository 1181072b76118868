"""Checks of parts against totals, and of rates against counts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import pandas as pd

from employment_forecast.data.catalogue import Region, load_catalogue
from employment_forecast.data.errors import UnknownNameError
from employment_forecast.data.imports.checks.batch import (
    Batch,
    CheckedSeries,
    finding,
    median_without,
    month_text,
)
from employment_forecast.data.records import Finding, Reading

_RATE, _UNEMPLOYED = "registered_unemployment_rate", "registered_unemployed"
_RATIO, _OPENINGS, _SEEKERS = "openings_to_seekers", "job_openings", "job_seekers"
_NEW_JOBS = ("new_jobs", "newly_employed", "natural_attrition")
_EMPLOYED = ("期末从业人员", "从业人员", "城镇从业人员", "期末从业人员数")
# The labour force of a district moves slowly; a quarter more or less is a contradiction.
_LABOUR_FORCE_SLACK = 0.25
_FEWEST_IMPLIED = 3
# Smaller figures are not written in 万 with three decimals.
_IN_WAN = 1_000


def region_parts(batch: Batch) -> list[Finding]:
    """Parts that do not make up the region they belong to, on every level.

    Parts that exceed their whole contradict it. Where the catalogue lists every part and all are
    known, parts that fall short are doubtful: people whom no part counts are possible. Sums stand
    in for a region without a figure of its own. Figures may differ by what rounding explains.
    """
    findings: list[Finding] = []
    reported: set[tuple[str, str, int]] = set()
    for series in batch.series:
        code, indicator, group = series.key
        if group is not None or series.indicator.aggregation != "sum":
            continue
        if not _has_relatives(batch, code, indicator):
            continue
        for month, reading in series.new.items():
            whole = _whole_above(batch, code, indicator, month)
            if whole is None or (whole.code, indicator, month) in reported:
                continue
            reported.add((whole.code, indicator, month))
            findings += _parts_against(batch, series, whole, month, reading)
    return findings


def _has_relatives(batch: Batch, code: str, indicator: str) -> bool:
    """Whether a region has parts, or there are figures of what it ever was a part of."""
    parts = batch.catalogue.children(batch.catalogue.region(code))
    return bool(parts) or _has_figures_above(batch, code, indicator)


def _has_figures_above(batch: Batch, code: str, indicator: str) -> bool:
    above = {entry.parent for entry in batch.catalogue.region(code).entries if entry.parent}
    return any(
        batch.values(parent, indicator) or _has_figures_above(batch, parent, indicator)
        for parent in above
    )


def _whole_above(batch: Batch, code: str, indicator: str, month: int) -> Region | None:
    """The nearest region with a figure of its own that one is part of, or that region itself."""
    catalogue, when = batch.catalogue, _period(month)
    region = catalogue.region(code)
    above = catalogue.parent(region, when)
    while above is not None:
        if batch.value(above.code, indicator, month) is not None:
            return above
        above = catalogue.parent(above, when)
    return region if catalogue.children(region, when) else None


@lru_cache(maxsize=4096)
def _period(month: int) -> pd.Period:
    return pd.Period(ordinal=month, freq="M")


def _parts_against(
    batch: Batch, series: CheckedSeries, whole: Region, month: int, reading: Reading
) -> list[Finding]:
    """What is wrong with the parts of one whole in one month."""
    indicator = series.key[1]
    total = batch.value(whole.code, indicator, month)
    parts = batch.catalogue.children(whole, _period(month))
    values = {p.code: _made_up(batch, p, indicator, month) for p in parts}
    known = {c: v for c, v in values.items() if v is not None}
    if total is None or not known:
        return []
    grains = [
        _rounded_to(batch.reading(c, indicator, month), v)
        for c, v in {whole.code: total, **known}.items()
    ]
    slack = sum(g for g in grains if g > series.indicator.precision) / 2 + 1e-9 * total
    summed = sum(known.values())
    name = f"“{series.indicator.name}”{month_text(month)}"
    if summed > total + slack:
        return [
            finding(
                "region_parts",
                "error",
                reading,
                f"{name}各地区之和 {summed:.12g} 超过{whole.name}的 {total:.12g}",
                "请核对分地区数与总数，以及两者的单位。",
            )
        ]
    every = len(known) == len(parts) and batch.catalogue.lists_parts(whole)
    if every and summed < total - slack:
        return [
            finding(
                "region_parts",
                "warning",
                reading,
                f"{name}{whole.name}的 {total:.12g} 比各下级之和 {summed:.12g} 多 "
                f"{total - summed:.12g}",
                "若有不属于任何下级的人员，无需处理；不一致的月份不以汇总补缺。",
            )
        ]
    return []


def _rounded_to(reading: Reading | None, value: float) -> float:
    """What the last digit of a figure is worth; a stored one may be of 0.812万."""
    if reading is not None:
        return _grain(reading)
    grains = (10_000.0, 1_000.0, 100.0) + ((10.0,) if value >= _IN_WAN else ())
    return next((g for g in grains if value and value % g == 0), 0.0)


def _made_up(batch: Batch, region: Region, indicator: str, month: int) -> float | None:
    """A region's own figure, else the sum of its parts where all are known."""
    own = batch.value(region.code, indicator, month)
    if own is not None or not batch.catalogue.lists_parts(region):
        return own
    parts = batch.catalogue.children(region, _period(month))
    values = [_made_up(batch, p, indicator, month) for p in parts]
    known = [v for v in values if v is not None]
    return sum(known) if known and len(known) == len(values) else None


def group_parts(batch: Batch) -> list[Finding]:
    """Groups (困难人员 …) larger than everybody."""
    findings = []
    for series in batch.series:
        region, indicator, group = series.key
        if group is None or series.indicator.kind not in ("stock", "flow"):
            continue
        for month, reading in series.new.items():
            whole, part = batch.value(region, indicator, month), reading.observation.value
            if whole is not None and part > whole + series.indicator.precision / 2:
                findings.append(
                    finding(
                        "group_parts",
                        "error",
                        reading,
                        f"{month_text(month)}其中项 {part:.12g} 超过总数 {whole:.12g}",
                        "请核对其中项与总数。",
                    )
                )
    return findings + _partitions(batch)


def _partitions(batch: Batch) -> list[Finding]:
    """Divisions (sexes, industries) all of whose groups a month has, and no total like it.

    Groups that exceed the total contradict it; where they fall short, people of whom nobody
    recorded it are possible.
    """
    findings = []
    by_key = batch.by_key
    for name in batch.catalogue.partitions:
        groups = batch.catalogue.partition(name)
        codes, named = [g.code for g in groups], "、".join(g.name for g in groups)
        for region, indicator in {k[:2] for k in by_key if k[2] in codes}:
            if batch.catalogue.indicator(indicator).aggregation != "sum":
                continue  # rates of men and women do not add up
            parts = [by_key.get((region, indicator, code)) for code in codes]
            complete = [p.new for p in parts if p is not None]
            if len(complete) < len(codes):
                continue
            for month in sorted(set.intersection(*(set(new) for new in complete))):
                whole = batch.value(region, indicator, month)
                rows = [new[month] for new in complete]
                summed = sum(r.observation.value for r in rows)
                if whole is None:
                    continue
                total = _rounded_to(batch.reading(region, indicator, month), whole)
                slack = sum(g for g in (total, *map(_grain, rows)) if g > 1) / 2
                stated = f"{month_text(month)}{named}之和 {summed:.12g}"
                if summed > whole + slack:
                    findings.append(
                        finding(
                            "group_parts",
                            "error",
                            rows[0],
                            f"{stated} 超过总数 {whole:.12g}",
                            _remedy(name),
                        )
                    )
                elif summed < whole - slack:
                    findings.append(
                        finding(
                            "group_parts",
                            "warning",
                            rows[0],
                            f"{stated} 比总数 {whole:.12g} 少 {whole - summed:.12g}",
                            "若有未登记该项的人员，无需处理；否则请核对各项与总数。",
                        )
                    )
    return findings


def _remedy(partition: str) -> str:
    """What to do about groups that exceed the total; shipped ones are nobody's to change."""
    if partition in load_catalogue().partitions:
        return "请核对各项与总数。"
    return "请核对各项与总数；若各项互有重叠，请去掉 [[groups]] 的 partition。"


def rate_against_counts(batch: Batch) -> list[Finding]:
    """Registered rates and 求人倍率 that do not go with the counts.

    登记失业率 = 期末登记失业人数 / (期末从业人员 + 期末登记失业人数). Where the employed are known
    the rate must follow to its printed digit; where they are not, the labour force it implies
    must not move by more than a quarter against the series' own median. 求人倍率 must be 招聘人数
    over 求职人数 to its printed digit.
    """
    findings: list[Finding] = []
    for series in batch.series:
        if series.key[2] is None and series.key[1] == _RATE:
            findings += _against_employed(batch, series) or _against_itself(batch, series)
        elif series.key[2] is None and series.key[1] == _RATIO:
            findings += _against_openings(batch, series)
    for series in batch.series:
        rated = (series.key[0], _RATE, None) in batch.by_key
        if series.key[1:] == (_UNEMPLOYED, None) and not rated:
            findings += _against_itself(batch, series)
    return findings


def new_jobs_identity(batch: Batch) -> list[Finding]:
    """城镇新增就业 that is not 累计新就业 less 自然减员, to the last printed digit."""
    findings = []
    for series in batch.series:
        region, indicator, group = series.key
        if indicator not in _NEW_JOBS or group is not None:
            continue
        for month, reading in series.new.items():
            net, hired, left = (batch.value(region, code, month) for code in _NEW_JOBS)
            if net is None or hired is None or left is None:
                continue
            if indicator != _first_new(batch, region, month):
                continue
            new = (batch.reading(region, code, month) for code in _NEW_JOBS)
            grains = [_grain(each) for each in new if each is not None]
            slack = sum(grains) if max(grains) > 1 else 0.0
            if abs(hired - left - net) > slack:
                findings.append(
                    finding(
                        "new_jobs_identity",
                        "error",
                        reading,
                        f"{month_text(month)}城镇新增就业 {net:.12g} 不等于累计新就业 {hired:.12g} "
                        f"减自然减员 {left:.12g}",
                        "请核对三个数及其单位；三者都是1月起的累计数。",
                    )
                )
    return findings


def _first_new(batch: Batch, region: str, month: int) -> str:
    """Of the three indicators of new jobs the first that this batch brings for a month."""
    return next(code for code in _NEW_JOBS if batch.reading(region, code, month) is not None)


def _employed(batch: Batch) -> str | None:
    for name in _EMPLOYED:
        try:
            return batch.catalogue.indicator(name).code
        except UnknownNameError:
            continue
    return None


def _against_employed(batch: Batch, series: CheckedSeries) -> list[Finding]:
    employed_code = _employed(batch)
    if employed_code is None:
        return []
    findings = []
    region = series.key[0]
    for month, reading in series.new.items():
        employed = batch.value(region, employed_code, month)
        unemployed = batch.value(region, _UNEMPLOYED, month)
        if not employed or unemployed is None:
            continue
        exact = 100 * unemployed / (employed + unemployed)
        # As printed: 3.2 goes with anything that rounds to it.
        if abs(exact - reading.observation.value) > max(
            series.indicator.precision, _grain(reading)
        ):
            findings.append(_contradiction(reading, month, f"按人数计算应为 {exact:.2f}%"))
    return findings


def _grain(reading: Reading) -> float:
    """What the last digit of a number as typed is worth, in the unit of its indicator."""
    typed = reading.raw.strip().rstrip("%万千人户个").replace(",", "")
    digits = typed.partition(".")[2]
    try:
        scale = reading.observation.value / float(typed)
    except (ValueError, ZeroDivisionError):
        return 0.0
    return float(scale * 10.0 ** -min(len(digits), 9))


def _against_openings(batch: Batch, series: CheckedSeries) -> list[Finding]:
    findings = []
    region = series.key[0]
    for month, reading in series.new.items():
        openings = batch.value(region, _OPENINGS, month)
        seekers = batch.value(region, _SEEKERS, month)
        if openings is None or not seekers:
            continue
        exact = openings / seekers
        if abs(exact - reading.observation.value) > series.indicator.precision:
            findings.append(
                finding(
                    "rate_against_counts",
                    "error",
                    reading,
                    f"{month_text(month)}求人倍率与招聘人数、求职人数对不上："
                    f"按人数计算应为 {exact:.2f}",
                    "请核对三个数及其统计范围。",
                )
            )
    return findings


def _against_itself(batch: Batch, series: CheckedSeries) -> list[Finding]:
    region = series.key[0]
    implied = dict(_labour_force(batch, region))
    if len(implied) < _FEWEST_IMPLIED:
        return []
    findings, ascending = [], sorted(implied.values())
    for month, reading in series.new.items():
        usual = median_without(ascending, implied[month]) if month in implied else None
        if usual is None:
            continue
        if abs(implied[month] / usual - 1) > _LABOUR_FORCE_SLACK:
            detail = f"两者推算的劳动力为 {implied[month]:.0f} 人，平常约 {usual:.0f} 人"
            findings.append(_contradiction(reading, month, detail))
    return findings


def _labour_force(batch: Batch, region: str) -> Iterator[tuple[int, float]]:
    """Labour force that count and rate imply, by month."""
    months: set[int] = set()
    for code in (_RATE, _UNEMPLOYED):
        months |= set(batch.values(region, code))
    for month in sorted(months):
        rate = batch.value(region, _RATE, month)
        count = batch.value(region, _UNEMPLOYED, month)
        if rate and count:
            yield month, 100 * count / rate


def _contradiction(reading: Reading, month: int, detail: str) -> Finding:
    return finding(
        "rate_against_counts",
        "error",
        reading,
        f"{month_text(month)}登记失业率与登记失业人数对不上：{detail}",
        "请核对失业率、失业人数及其单位与地区口径。",
    )
