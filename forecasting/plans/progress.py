"""Where a region stands on every target of its plans: at the end, at mid-term and year by year.

A period that is over is settled from published months alone; one that runs is assessed on the
champion's paths. What cannot be assessed is listed with what is missing. After the plans come
caps and yearly targets that were announced otherwise, as far as they are in force.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import pandas as pd

from employment_forecast.data.catalogue import Catalogue, Floats, Indicator, Region
from employment_forecast.data.errors import DataError
from employment_forecast.data.records import Vintages
from employment_forecast.data.targets import (
    TIER_NAMES,
    Target,
    in_force,
    in_force_ahead,
    limit_at,
)
from employment_forecast.data.targets.plans import (
    DIRECTION_NAMES,
    Plan,
    PlanTarget,
    as_targets,
)
from employment_forecast.features.history import History, from_known
from employment_forecast.forecasting.assessment import (
    BASES,
    AppliedTo,
    Assessments,
    assess_all,
    reaches,
)
from employment_forecast.forecasting.assessment.events import above
from employment_forecast.models.paths import SamplePaths

NO_DATA = "没有“{}”的月度数据"
OTHER_UNIT = "单位“{}”与指标目录的单位不同，无法对照"
NOT_SET = "控制数由{}下达，尚未登记（可用 forecast caps set 登记）"
NOT_ANNOUNCED = "截至 {} 规划尚未公布（{}）"
REGISTERED = "另行登记的控制数和目标"
OUTSIDE = "数据为 {} 至 {}，不含该时期"

# Months ahead within which a period to come is listed, as a run looks for them.
AHEAD = 12

Forecast = Callable[[Region, Indicator, Sequence[Target]], tuple[History, SamplePaths, int]]


@dataclass(frozen=True)
class YearView:
    """One calendar year of a target.

    Attributes
    ----------
    year : int
        Calendar year.
    value : float or None
        Target of that year; None where only the whole period has one.
    months : int
        Published months.
    figure : float or None
        Total so far of a flow, highest month of a cap on single months, mean of one on the average,
        else the last month; None without data.
    months_above : int or None
        Of a cap on single months: published months above.
    met : bool or None
        Whether the year's own target was met; None where it has none or the year is not over.
    """

    year: int
    value: float | None
    months: int
    figure: float | None
    months_above: int | None
    met: bool | None


@dataclass(frozen=True)
class MidTerm:
    """Where a target stood half-way (中期评估).

    Attributes
    ----------
    month : pandas.Period
        Last month of the first half.
    figure : float or None
        As in `YearView`, over the months up to then; None if some are missing.
    progress : float or None
        Of a total: share of the period's value reached, to be held against one half.
    """

    month: pd.Period
    figure: float | None
    progress: float | None


@dataclass(frozen=True)
class PlanRow:
    """One entry of a plan.

    Attributes
    ----------
    plan, target : Plan, PlanTarget
        Where it stands and what it says.
    missing : str
        Why it is not assessed, in Chinese; empty if it is.
    targets : tuple of Target
        What was held against the data: one for each year or tier.
    assessments : Assessments
        Period end.
    midterm : MidTerm or None
        Half-way view of a period of two years and more.
    years : tuple of YearView
        Year by year, of the months published.
    reported : float or None
        Of an achieved figure: what the data give for the same period, as in `YearView`.
    history : History or None
        Data it rests on.
    """

    plan: Plan
    target: PlanTarget
    missing: str = ""
    targets: tuple[Target, ...] = ()
    assessments: Assessments = field(default_factory=Assessments)
    midterm: MidTerm | None = None
    years: tuple[YearView, ...] = ()
    reported: float | None = None
    history: History | None = None


def plan_rows(
    region: Region,
    plans: Sequence[Plan],
    catalogue: Catalogue,
    day: date,
    on_file: Sequence[Target],
    vintages_of: Callable[[str, str], Vintages],
    forecast: Forecast,
    gaps: str = "fill",
    tolerant: Callable[[Sequence[Target]], Sequence[Target]] = list,
) -> list[PlanRow]:
    """Assess every entry of plans, and what is in force besides.

    Parameters
    ----------
    region : Region
        Whose targets on file are in force.
    plans : sequence of Plan
        Its plans.
    catalogue : Catalogue
        Knows the indicators.
    day : datetime.date
        Nothing published or announced later is looked at.
    on_file : sequence of Target
        Targets on file: numbers that a plan leaves to another government, and those in force
        that no plan names.
    vintages_of : callable
        Series by region and indicator code.
    forecast : callable
        History, calibrated paths and tested horizon of a series, for periods that still run.
    gaps : {"fill", "refuse", "after"}
        As in `features.history.from_known`.
    tolerant : callable
        Gives targets of an approximate value their tolerance.

    Returns
    -------
    list of PlanRow
        In the order of the plans.
    """
    known: dict[tuple[str, str], History | str] = {}
    futures: dict[tuple[str, str], tuple[History, SamplePaths, int]] = {}

    def history_of(region: Region, indicator: Indicator) -> History | str:
        key = (region.code, indicator.code)
        if key not in known:
            known[key] = _history(region, indicator, day, vintages_of, gaps)
        return known[key]

    prepared = [
        _prepared(plan, entry, catalogue, day, on_file, tolerant)
        for plan in plans
        for entry in plan.targets
    ]
    named = {_about(t) for row in prepared for t in row.targets}
    prepared += [
        row
        for row in _registered(region, catalogue, day, on_file, history_of)
        if not {_about(t) for t in row.targets} <= named
    ]
    reach: dict[str, list[Target]] = {}
    for row in prepared:
        for target in row.targets:
            reach.setdefault(target.indicator, []).append(target)
    rows = []
    for row in prepared:
        if row.missing:
            rows.append(row)
            continue
        indicator = catalogue.indicator(row.target.indicator)
        history = history_of(region, indicator)
        if isinstance(history, str):
            rows.append(replace(row, missing=history))
            continue
        row = _reviewed(row, history, on_file, day)
        if row.missing or not row.targets:
            rows.append(row)
            continue
        key = (region.code, indicator.code)
        running = any(t.last_month > history.origin for t in row.targets)
        if running and key not in futures:
            ahead = [t for t in reach[indicator.code] if t.last_month > history.origin]
            futures[key] = forecast(region, indicator, ahead)
        settled = (history, _settled(history), 0)
        rows.append(_assessed(row, futures[key] if running else settled, on_file, day))
    return rows


def _about(target: Target) -> tuple[object, ...]:
    """What a target is about, whichever document it is from."""
    return (target.indicator, target.basis, *target.announced[:3])


def _registered(
    region: Region,
    catalogue: Catalogue,
    day: date,
    on_file: Sequence[Target],
    history_of: Callable[[Region, Indicator], History | str],
) -> list[PlanRow]:
    """Numbers in force for the newest month, as a bulletin shows them, and those within reach."""
    source = Plan(region.code, REGISTERED, str(day.year), day, False, ())
    rows = []
    for code in dict.fromkeys(t.indicator for t in on_file if t.region == region.code):
        indicator = catalogue.indicator(code)
        history = history_of(region, indicator)
        if isinstance(history, str):
            month, demo = pd.Period(day, "M") - 1, False
        else:
            month, demo = history.origin, history.demo
        numbers = in_force(on_file, region.code, code, month, day, demo=demo)
        numbers += in_force_ahead(on_file, region.code, code, month, AHEAD, day, demo=demo)
        for target in dict.fromkeys(t for t in numbers if t.assessable):
            entry = _entry(target, indicator)
            rows.append(PlanRow(source, entry, targets=(target,)))
    return rows


def _entry(target: Target, indicator: Indicator) -> PlanTarget:
    """A target on file in the form of a plan's entry."""
    kind = f"{TIER_NAMES[target.tier]}{DIRECTION_NAMES[target.direction]}"
    return PlanTarget(
        region=target.region,
        plan=REGISTERED,
        key=f"{target.indicator}.{target.tier}.{target.direction}.{target.basis}.{target.period}",
        indicator=target.indicator,
        name=f"{indicator.name}（{kind}，{BASES[target.basis].words}）",
        catalogued=True,
        period=target.period,
        period_name=f"{target.period}（沿用上期）" if target.carried else target.period,
        direction=target.direction,
        basis=target.basis,
        qualifier=target.qualifier,
        value=target.value,
        unit=target.unit,
        attribute=target.attribute,  # type: ignore[arg-type]  # free text in targets
        quote=target.quote or target.source,
        note=target.note,
    )


def _history(
    region: Region,
    indicator: Indicator,
    day: date,
    vintages_of: Callable[[str, str], Vintages],
    gaps: str,
) -> History | str:
    """History of a series, or what is missing."""
    known = vintages_of(region.code, indicator.code).as_of(day)
    if known.values.empty:
        return NO_DATA.format(indicator.name)
    try:
        return from_known(known, region, indicator, day, gaps)
    except DataError as error:
        return error.message


def _prepared(
    plan: Plan,
    entry: PlanTarget,
    catalogue: Catalogue,
    day: date,
    on_file: Sequence[Target],
    tolerant: Callable[[Sequence[Target]], Sequence[Target]],
) -> PlanRow:
    """The numbers to be held against data, or why there are none."""
    review = entry.direction in ("achieved", "achieved_cap")
    if review:
        if not entry.catalogued:
            return PlanRow(plan, entry, missing=entry.not_assessed)
        return PlanRow(plan, entry)
    numberless = entry.value is None and bool(entry.set_by) and entry.catalogued
    if entry.not_assessed and not numberless:
        return PlanRow(plan, entry, missing=entry.not_assessed)
    announced, _ = plan.announced(entry)
    if announced > day:
        return PlanRow(plan, entry, missing=NOT_ANNOUNCED.format(day, announced))
    converted = list(tolerant(as_targets([replace(plan, targets=(entry,))], catalogue)))
    if not converted:
        return PlanRow(plan, entry, missing=OTHER_UNIT.format(entry.unit))
    if numberless:
        converted = [t for c in converted for t in _on_file(c, on_file, day)]
        if not converted:
            return PlanRow(plan, entry, missing=NOT_SET.format("、".join(_who(entry))))
    return PlanRow(plan, entry, targets=tuple(converted))


def _who(entry: PlanTarget) -> list[str]:
    names: Mapping[str, str] = {"municipal": "市", "district": "区", "national": "国家"}
    return [names.get(tier, tier) for tier in entry.set_by]


def _on_file(wanted: Target, on_file: Sequence[Target], day: date) -> list[Target]:
    """The number that was announced elsewhere for a tier and period, the latest of each basis."""
    by_basis: dict[str, Target] = {}
    for t in sorted(on_file, key=lambda t: t.announced_on):
        same = (t.region, t.indicator, t.tier, t.direction, t.period) == (
            wanted.region, wanted.indicator, wanted.tier, wanted.direction, wanted.period
        )  # fmt: skip
        if same and t.value is not None and t.known_on(day):
            by_basis[t.basis] = t
    return list(by_basis.values())


def _settled(history: History) -> SamplePaths:
    """Paths that no settled period looks at: one month after the data, the last value repeated."""
    return SamplePaths(history.values[-1:][None, :].copy(), history.origin)


def _reviewed(row: PlanRow, history: History, on_file: Sequence[Target], day: date) -> PlanRow:
    """The views that rest on published months alone."""
    entry = row.target
    ahead = bool(row.targets) and entry.plan == REGISTERED
    if (history.origin < entry.first_month and not ahead) or history.start > entry.last_month:
        return replace(
            row, missing=OUTSIDE.format(history.start, history.origin), targets=(), history=history
        )
    # A demonstration number is not held against real data, nor a real number of elsewhere unseen.
    targets = tuple(t for t in row.targets if history.demo or not t.demo)
    if row.targets and not targets:
        return replace(row, missing=NOT_SET.format("、".join(_who(entry))), targets=())
    reported = None
    if entry.direction in ("achieved", "achieved_cap"):
        inside = _inside(history, entry.first_month, entry.last_month)
        if len(inside) == (entry.last_month - entry.first_month).n + 1:
            reported = _figure(entry, history.kind, inside)
    return replace(
        row,
        targets=targets,
        history=history,
        years=_years(entry, targets, history, lambda t, m: limit_at(t, on_file, m, day)),
        midterm=_midterm(entry, history),
        reported=reported,
    )


def _assessed(
    row: PlanRow,
    future: tuple[History, SamplePaths, int],
    on_file: Sequence[Target],
    day: date,
) -> PlanRow:
    history, paths, tested = future
    assessments = assess_all(
        row.targets,
        history,
        paths,
        tested,
        lambda target, month: limit_at(target, on_file, month, day),
    )
    return replace(row, assessments=assessments)


def _inside(history: History, first: pd.Period, last: pd.Period) -> Floats:
    published = history.series
    inside = np.asarray((published.index >= first) & (published.index <= last), dtype=bool)
    return np.asarray(published[inside], dtype=float)


def _figure(entry: PlanTarget, kind: str, values: Floats) -> float | None:
    if not len(values):
        return None
    if kind == "flow":
        return float(values.sum())
    functional = BASES[entry.basis].functional
    if functional == "mean":
        return float(values.mean())
    capped = entry.direction in ("cap", "achieved_cap") and functional == "each"
    return float(values.max() if capped else values[-1])


def _years(
    entry: PlanTarget, targets: Sequence[Target], history: History, applied: AppliedTo
) -> tuple[YearView, ...]:
    """Calendar years of a target; a cap changed within one is held against month by month."""
    views = []
    capped = entry.direction in ("cap", "achieved_cap")
    for year in range(entry.first_month.year, entry.last_month.year + 1):
        first = max(pd.Period(f"{year}-01", "M"), entry.first_month)
        last = min(pd.Period(f"{year}-12", "M"), entry.last_month)
        values = _inside(history, first, last)
        own = [t.limit for t in targets if t.period == str(year) and t.limit is not None]
        limit = min(own) if own and capped else max(own, default=None)
        if limit is None and capped:
            limit = entry.value
        figure = _figure(entry, history.kind, values)
        over: int | None = None
        met: bool | None = None
        whole = len(values) == (last - first).n + 1
        if capped and limit is not None and BASES[entry.basis].functional != "each":
            if whole and figure is not None:
                met = not above(np.array([figure]), limit, history.precision)[0]
        elif capped and limit is not None:
            months = [m for m in history.series.index if first <= m <= last]
            caps = [_lowest(targets, m, applied, limit) for m in months]
            over = int(above(values, np.array(caps, dtype=float), history.precision).sum())
            met = False if over else (True if whole else None)
        elif own and figure is not None and whole and limit is not None:
            met = bool(reaches(np.array([figure]), limit, history.precision)[0])
        views.append(YearView(year, limit, len(values), figure, over, met))
    return tuple(views)


def _lowest(
    targets: Sequence[Target], month: pd.Period, applied: AppliedTo, otherwise: float
) -> float:
    """Lowest of the caps that applied to a month."""
    return min((applied(t, month) for t in targets if t.covers(month)), default=otherwise)


def _midterm(entry: PlanTarget, history: History) -> MidTerm | None:
    length = (entry.last_month - entry.first_month).n + 1
    if length < 24:
        return None
    month = entry.first_month + (length // 2 - 1)
    values = _inside(history, entry.first_month, month)
    if len(values) < length // 2:
        return MidTerm(month, None, None)
    figure = _figure(entry, history.kind, values)
    whole = (
        entry.repeat == "period" and BASES[entry.basis].functional == "sum" and bool(entry.value)
    )
    progress = None
    if whole and figure is not None and entry.value:
        progress = figure / entry.value
    return MidTerm(month, figure, progress)
