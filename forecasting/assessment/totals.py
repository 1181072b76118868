"""Targets on the total or average of a period: what is published, what the paths add, what is due.

A year's total is printed as published, since January (1—N月累计), and totals of several years are
sums of printed yearly totals. Progress (序时进度) is held against the share of months gone by and
against the share that the same months had in earlier years.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.data.catalogue import printed
from employment_forecast.data.targets import Target
from employment_forecast.features.history import History
from employment_forecast.features.monthly import accumulate
from employment_forecast.forecasting.assessment.bases import basis_of
from employment_forecast.forecasting.assessment.caps import (
    BEYOND_HORIZON,
    MISSING_MONTHS,
    period_averages,
)
from employment_forecast.forecasting.assessment.events import (
    PeriodView,
    above,
    reaches,
    view_period,
)
from employment_forecast.models.paths import SamplePaths

Floats = npt.NDArray[np.float64]

NOT_A_FLOOR = "上限类目标看突破概率，不看完成概率"
NOT_A_CAP = "下限类目标看完成概率，不看突破概率"
AVERAGE_HAS_NO_PROGRESS = "平均数没有进度"
TOO_FEW_YEARS = "完整的历史年份不足 3 年，得不出历年同期进度"
PERIOD_OVER = "考核期已满"
FUTURE_PERIOD = "考核期尚未开始"

FEWEST_YEARS = 3
MOST_YEARS = 5
YEAR = 12


@dataclass(frozen=True)
class TotalAssessment:
    """What the paths say about a target on a period's total or average.

    Attributes
    ----------
    target : Target
        Floor (下限), figure to arrive at (目标值), or cap on a total.
    p_reach : float or None
        Probability that the period ends at the value or above it.
    p_above : float or None
        Of a cap: probability that it ends above the value.
    published : float or None
        Total (mean, for an average) of the period's published months; None if some are missing.
    published_months, months : int
        Months published, and months of the period.
    expected, q10, q50, q90 : float or None
        Mean and quantiles of the period's total or average.
    needed : float or None
        What the published total still lacks, 0 once reached.
    needed_pace : float or None
        The same for each month to come; for an average the mean that the months to come must have.
    recent_pace : float
        Mean of the last twelve published months.
    progress, progress_time, progress_seasonal : float or None
        Share of the value reached; share of the months gone by; share of a period's total that
        its months so far had in earlier years (median).
    reach_month : pandas.Period or None
        First month by which the value is reached with probability one half.
    already_reached : bool
        The published total is at the value or above it.
    reasons : dict
        Why something is None, by its name (Chinese).
    untested : bool
        The period reaches beyond the back-tested horizon (未经回测).
    """

    target: Target
    p_reach: float | None
    p_above: float | None
    published: float | None
    published_months: int
    months: int
    expected: float | None
    q10: float | None
    q50: float | None
    q90: float | None
    needed: float | None
    needed_pace: float | None
    recent_pace: float
    progress: float | None
    progress_time: float
    progress_seasonal: float | None
    reach_month: pd.Period | None
    already_reached: bool
    reasons: dict[str, str] = field(default_factory=dict)
    untested: bool = False


def assessable_total(target: Target, history: History) -> bool:
    """Whether a target is on a total of flows, or a lower limit of an average."""
    if not target.assessable or target.unit != history.unit:
        return False
    functional = basis_of(target).functional
    if functional == "sum":
        return history.kind == "flow"
    return functional == "mean" and target.direction != "cap"


def seasonal_shares(history: History, before: int) -> Floats | None:
    """Share of each calendar month in a year's total."""
    years = np.asarray(history.months.year)
    by_year = [history.values[years == year] for year in range(years[0], before)]
    whole = [v / v.sum() for v in by_year if len(v) == YEAR and v.sum() > 0]
    if len(whole) < FEWEST_YEARS:
        return None
    middle = np.median(np.array(whole[-MOST_YEARS:]), axis=0)
    return np.asarray(middle / middle.sum(), dtype=float) if middle.sum() > 0 else None


def _running_totals(seen: PeriodView, precision: float) -> Floats:
    """Period's total after each simulated month on each path, shape (n_paths, months)."""
    years = np.asarray(pd.PeriodIndex(seen.known.index).year, dtype=np.int64)
    this_year = years == seen.months[0].year
    carried = float(seen.published[this_year].sum())
    totals = printed(accumulate(seen.ahead, seen.months[0], carried), precision)
    base = float(seen.published[~this_year].sum())
    ends = np.flatnonzero(np.asarray(seen.months.month == YEAR))
    for end, whole in zip(ends.tolist(), totals[:, ends].T.copy(), strict=True):
        totals[:, end + 1 :] += whole[:, None]
    return np.asarray(totals + printed(np.array([base]), precision)[0], dtype=float)


def _outcomes(seen: PeriodView, target: Target, precision: float) -> Floats | None:
    """Total or average of the whole period on each path; None if it cannot be formed."""
    if not (seen.complete and seen.reached):
        return None
    if basis_of(target).functional == "mean":
        return period_averages(seen, precision)
    if len(seen.months) == 0:
        return printed(np.array([seen.published.sum()]), precision)
    return _running_totals(seen, precision)[:, -1]


def _reach_month(seen: PeriodView, target: Target, precision: float) -> pd.Period | None:
    assert target.limit is not None
    reached = np.cumsum(seen.published)
    met = reaches(reached, target.limit, precision)
    if met.any():
        return seen.period[int(np.argmax(met))]
    if len(seen.months) == 0:
        return None
    share = reaches(_running_totals(seen, precision), target.limit, precision).mean(axis=0)
    return seen.months[int(np.argmax(share >= 0.5))] if share.max() >= 0.5 else None


def assess_total(
    target: Target, history: History, paths: SamplePaths, tested: int
) -> TotalAssessment | None:
    """Assess a target on a period's total or average."""
    seen = view_period(target, history, paths)
    if not assessable_total(target, history):
        return None
    assert target.limit is not None
    value, precision = target.limit, history.precision
    average = basis_of(target).functional == "mean"
    reasons: dict[str, str] = {}
    outcomes = _outcomes(seen, target, precision)
    if outcomes is None:
        why = BEYOND_HORIZON if seen.complete else MISSING_MONTHS
        reasons |= dict.fromkeys(("expected", "q10", "q50", "q90"), why)
    known, months = len(seen.known), len(seen.period)
    total = float(printed(np.array([seen.published.sum()]), precision)[0])
    published: float | None = total / known if average and known else total
    if not seen.complete:
        published = None
        reasons["published"] = MISSING_MONTHS
    elif average and not known:
        published = None
        reasons["published"] = FUTURE_PERIOD
    reached = not average and published is not None and published >= value > 0

    p_reach = p_above = None
    if target.direction == "cap":
        reasons["p_reach"] = NOT_A_FLOOR
        if outcomes is not None:
            p_above = float(above(outcomes, value, precision).mean())
        else:
            reasons["p_above"] = reasons["expected"]
    else:
        reasons["p_above"] = NOT_A_CAP
        if reached:
            p_reach = 1.0
        elif outcomes is not None:
            p_reach = float(reaches(outcomes, value, precision).mean())
        else:
            reasons["p_reach"] = reasons["expected"]

    left = months - known
    needed = pace = None
    if seen.complete and not average:
        needed = max(value - total, 0.0)
    if not seen.complete:
        reasons["needed"] = reasons["needed_pace"] = MISSING_MONTHS
    elif left == 0:
        reasons["needed_pace"] = PERIOD_OVER
    elif average:
        reasons["needed"] = AVERAGE_HAS_NO_PROGRESS
        pace = (value * months - total) / left
    else:
        assert needed is not None
        pace = needed / left

    progress = seasonal = None
    if average:
        reasons["progress"] = reasons["progress_seasonal"] = AVERAGE_HAS_NO_PROGRESS
    elif not seen.complete:
        reasons["progress"] = MISSING_MONTHS
    elif value > 0:
        progress = total / value
    if not average:
        seasonal = _seasonal_progress(seen, history)
        if seasonal is None:
            reasons["progress_seasonal"] = TOO_FEW_YEARS

    quantiles = (
        (None, None, None) if outcomes is None else tuple(np.quantile(outcomes, (0.1, 0.5, 0.9)))
    )
    return TotalAssessment(
        target=target,
        p_reach=p_reach,
        p_above=p_above,
        published=published,
        published_months=known,
        months=months,
        expected=None if outcomes is None else float(outcomes.mean()),
        q10=_float(quantiles[0]),
        q50=_float(quantiles[1]),
        q90=_float(quantiles[2]),
        needed=needed,
        needed_pace=pace,
        recent_pace=float(np.nanmean(history.values[-YEAR:])),
        progress=progress,
        progress_time=known / months if seen.complete else _elapsed(seen, history) / months,
        progress_seasonal=seasonal,
        reach_month=None if average or not seen.complete else _reach_month(seen, target, precision),
        already_reached=reached,
        reasons=reasons,
        untested=bool(seen.period[-1] > history.origin + tested),
    )


def _float(value: float | None) -> float | None:
    return None if value is None else float(value)


def _elapsed(seen: PeriodView, history: History) -> int:
    return max((min(seen.period[-1], history.origin) - seen.period[0]).n + 1, 0)


def _seasonal_progress(seen: PeriodView, history: History) -> float | None:
    shares = seasonal_shares(history, history.origin.year)
    if shares is None:
        return None
    weights = shares[np.asarray(seen.period.month) - 1]
    return float(weights[: _elapsed(seen, history)].sum() / weights.sum())
