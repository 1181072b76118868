"""From sample paths to statements about a cap: every probability is a share of the same paths.

Paths are rounded to the published precision before an event is counted: a rate printed to 0.1 is
above 5.5 only from 5.6 on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from employment_forecast.data.catalogue import printed
from employment_forecast.data.targets import Target
from employment_forecast.features.history import History
from employment_forecast.forecasting.assessment.events import (
    Flags,
    PeriodView,
    above,
    expected_months,
    first_crossings,
    peak_excess,
    view_period,
)
from employment_forecast.models.paths import SamplePaths

__all__ = ["Assessment", "CapAt", "above", "assess", "assessable_cap", "broken", "printed"]

CapAt = Callable[[pd.Period], float]

NOT_AVERAGE = "目标不按全年平均考核"
NOT_MONTHLY = "目标按全年平均考核，不按月考核"
ONLY_AT_END = "目标只考核期末，不考核其间各月"
NO_MONTH_LEFT = "考核期内各月数据均已公布"
BEYOND_HORIZON = "考核期末超出预测期"
MISSING_MONTHS = "考核期内已过月份的数据不全"

_BASES = ("any_month", "point", "period_end", "period_average")


@dataclass(frozen=True)
class Assessment:
    """What the paths say about one cap.

    Attributes
    ----------
    target : Target
        The cap.
    p_any, p_any_remaining, p_end, p_average : float or None
        Probabilities as DESIGN defines them: some month of the period above the cap, published
        months included; some month still to come; the period's last month; the period's average.
    already_breached : bool
        A published month of the period is above the cap; of a cap on the period's end or average,
        the published end or average.
    first_breach_month : pandas.Period or None
        First month whose cumulative crossing probability reaches one half; of a cap on the
        period's end that month or none; of an average none.
    headroom : float
        Cap less latest published value (余量).
    reasons : dict
        Why a probability is None, by its name (Chinese).
    untested : bool
        The period reaches beyond the back-tested horizon (未经回测).
    expected_months_above : float or None
        Mean number of months of the period above the cap, published ones included; None if the
        cap is not on single months, or months are missing or out of reach.
    first_breach : tuple of (pandas.Period, float)
        Months that count and are simulated, each with the probability that it is the first above;
        the published first month above, with probability 1, once there is one. With the
        probability of no month above they add up to 1.
    expected_excess : float or None
        Mean over all paths of the largest amount by which a counted month (the average, for a cap
        on it) is above, 0 on paths without a breach; divided by the probability of a breach it is
        the mean excess in case of one. None as for the probability it belongs to.
    """

    target: Target
    p_any: float | None
    p_any_remaining: float | None
    p_end: float | None
    p_average: float | None
    already_breached: bool
    first_breach_month: pd.Period | None
    headroom: float
    reasons: dict[str, str] = field(default_factory=dict)
    untested: bool = False
    expected_months_above: float | None = None
    first_breach: tuple[tuple[pd.Period, float], ...] = ()
    expected_excess: float | None = None

    @property
    def probability(self) -> float | None:
        """Probability that the cap is broken in the way it is assessed (考核)."""
        if self.target.basis == "period_average":
            return self.p_average
        return self.p_end if self.target.basis == "period_end" else self.p_any

    @property
    def excess_if_broken(self) -> float | None:
        """Mean of the largest excess over the paths that break the cap; None if none does."""
        if self.expected_excess is None or not self.probability:
            return None
        return self.expected_excess / self.probability


def assessable_cap(target: Target, history: History) -> bool:
    """Whether a target is a cap that the history can be held against."""
    return (
        target.direction == "cap"
        and target.assessable
        and target.unit == history.unit
        and target.basis in _BASES
    )


def _caps_then(target: Target, known: pd.Series[float], applied: CapAt | None) -> list[float]:
    """Value of the cap in each published month."""
    assert target.value is not None
    return [target.value if applied is None else applied(m) for m in known.index]


def _last_month_above(
    target: Target, history: History, paths: SamplePaths
) -> tuple[float | None, float | None, str]:
    """Probability and expected excess of the last month, or None and the reason."""
    last, cap = target.last_month, target.value
    assert cap is not None
    if last < history.start:
        return None, None, MISSING_MONTHS
    if last > paths.months[-1]:
        return None, None, BEYOND_HORIZON
    step = (last - history.origin).n
    values = history.values[[step - 1]] if step <= 0 else paths.values[:, step - 1]
    excess = peak_excess(values[:, None], cap, history.precision)
    return float(above(values, cap, history.precision).mean()), float(excess.mean()), ""


def _monthly(
    target: Target,
    cap: float,
    history: History,
    paths: SamplePaths,
    tested: int,
    applied: CapAt | None,
) -> Assessment:
    seen = view_period(target, history, paths)
    then = np.array(_caps_then(target, seen.known, applied), dtype=float)
    over_known = above(seen.published, then, history.precision)
    over = above(seen.ahead, cap, history.precision)
    breached = bool(over_known.any())
    reasons = {"p_average": NOT_AVERAGE}

    p_remaining: float | None = None
    if seen.period[-1] <= history.origin:
        reasons["p_any_remaining"] = NO_MONTH_LEFT
    elif not seen.reached:
        reasons["p_any_remaining"] = BEYOND_HORIZON
    else:
        p_remaining = float(over.any(axis=1).mean())

    p_any = months = excess = None
    if breached:
        p_any = 1.0
    elif not seen.complete:
        reasons["p_any"] = MISSING_MONTHS
    elif not seen.reached:
        reasons["p_any"] = BEYOND_HORIZON
    else:
        p_any = p_remaining or 0.0
    if seen.complete and seen.reached:
        months = float(over_known.sum()) + expected_months(over)
        past = peak_excess(seen.published[None, :], then, history.precision)
        ahead = peak_excess(seen.ahead, cap, history.precision)
        excess = float(np.maximum(past, ahead).mean())

    p_end, _, why = _last_month_above(target, history, paths)
    if p_end is None:
        reasons["p_end"] = why

    first: pd.Period | None = None
    when: tuple[tuple[pd.Period, float], ...] = ()
    if breached:
        first = seen.known.index[int(np.argmax(over_known))]
        when = ((first, 1.0),)
    elif len(seen.months):
        shares = first_crossings(over)
        when = tuple(zip(seen.months, shares.tolist(), strict=True))
        crossed = np.maximum.accumulate(over, axis=1).mean(axis=0)
        if crossed[-1] >= 0.5:
            first = seen.months[int(np.argmax(crossed >= 0.5))]
    return Assessment(
        target=target,
        p_any=p_any,
        p_any_remaining=p_remaining,
        p_end=p_end,
        p_average=None,
        already_breached=breached,
        first_breach_month=first,
        headroom=cap - float(history.values[-1]),
        reasons=reasons,
        untested=bool(seen.period[-1] > history.origin + tested),
        expected_months_above=months,
        first_breach=when,
        expected_excess=excess,
    )


def _at_end(
    target: Target, cap: float, history: History, paths: SamplePaths, tested: int
) -> Assessment:
    """A cap on the period's last month alone: a month above it before then breaks nothing."""
    last = target.last_month
    reasons = {"p_any": ONLY_AT_END, "p_any_remaining": ONLY_AT_END, "p_average": NOT_AVERAGE}
    p_end, excess, why = _last_month_above(target, history, paths)
    if p_end is None:
        reasons["p_end"] = why
    return Assessment(
        target=target,
        p_any=None,
        p_any_remaining=None,
        p_end=p_end,
        p_average=None,
        already_breached=last <= history.origin and p_end == 1.0,
        first_breach_month=last if p_end is not None and p_end >= 0.5 else None,
        headroom=cap - float(history.values[-1]),
        reasons=reasons,
        untested=bool(last > history.origin + tested),
        expected_months_above=p_end,
        first_breach=() if p_end is None else ((last, p_end),),
        expected_excess=excess,
    )


def period_averages(
    seen: PeriodView, precision: float
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Mean of a complete period on each path, months as published, shape (n_paths,)."""
    past = printed(seen.published, precision).sum()
    ahead = printed(seen.ahead, precision).sum(axis=1)
    return np.asarray((past + ahead) / len(seen.period), dtype=float)


def _average(
    target: Target, cap: float, history: History, paths: SamplePaths, tested: int
) -> Assessment:
    seen = view_period(target, history, paths)
    reasons = dict.fromkeys(("p_any", "p_any_remaining", "p_end"), NOT_MONTHLY)
    p_average = excess = None
    if seen.complete and seen.reached:
        means = period_averages(seen, history.precision)
        p_average = float(above(means, cap, history.precision).mean())
        excess = float(peak_excess(means[:, None], cap, history.precision).mean())
    else:
        reasons["p_average"] = MISSING_MONTHS if seen.reached else BEYOND_HORIZON
    return Assessment(
        target=target,
        p_any=None,
        p_any_remaining=None,
        p_end=None,
        p_average=p_average,
        already_breached=seen.period[-1] <= history.origin and p_average == 1.0,
        first_breach_month=None,
        headroom=cap - float(history.values[-1]),
        reasons=reasons,
        untested=bool(seen.period[-1] > history.origin + tested),
        expected_excess=excess,
    )


def assess(
    target: Target,
    history: History,
    paths: SamplePaths,
    tested: int,
    applied: CapAt | None = None,
) -> Assessment | None:
    """Assess one cap.

    Parameters
    ----------
    target : Target
        With direction `cap`.
    history : History
        Published values up to the origin.
    paths : SamplePaths
        Joint paths from the same origin, in the unit of the history.
    tested : int
        Months ahead that the back-test covers.
    applied : callable, optional
        Value that applied to a published month, where the cap was changed within its period.

    Returns
    -------
    Assessment or None
        None if the target is not one to assess: no number, an unconfirmed unit or another unit
        than the series, or not a cap on monthly or average values.

    Raises
    ------
    ValueError
        If paths and history have different origins.
    """
    if paths.origin != history.origin:
        raise ValueError(f"paths start after {paths.origin}, history ends in {history.origin}")
    if not assessable_cap(target, history):
        return None
    assert target.value is not None
    if target.basis == "period_average":
        return _average(target, target.value, history, paths, tested)
    if target.basis == "period_end":
        return _at_end(target, target.value, history, paths, tested)
    return _monthly(target, target.value, history, paths, tested, applied)


def broken(
    target: Target, history: History, paths: SamplePaths, applied: CapAt | None = None
) -> Flags | None:
    """On which paths a cap is broken, in the way it is assessed."""
    assert target.value is not None
    seen = view_period(target, history, paths)
    n, precision = paths.n_paths, history.precision
    if target.basis == "period_end":
        if target.last_month <= history.origin:
            last = (history.origin - target.last_month).n
            if last >= len(history):
                return None
            over = above(history.values[[-1 - last]], target.value, precision)
            return np.repeat(over, n)
        return above(seen.ahead[:, -1], target.value, precision) if seen.reached else None
    if target.basis == "period_average":
        if not (seen.complete and seen.reached):
            return None
        return above(period_averages(seen, precision), target.value, precision)
    then = np.array(_caps_then(target, seen.known, applied), dtype=float)
    if above(seen.published, then, precision).any():
        return np.ones(n, dtype=bool)
    if not (seen.complete and seen.reached):
        return None
    return np.asarray(above(seen.ahead, target.value, precision).any(axis=1), dtype=bool)
