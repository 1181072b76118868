"""From sample paths to statements about a cap: every probability is a share of the same paths.

Paths are rounded to the published precision before an event is counted: a rate printed to 0.1 is
above 5.5 only from 5.6 on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from employment_forecast.data.catalogue import Floats, printed
from employment_forecast.data.targets import Target
from employment_forecast.features.history import History
from employment_forecast.forecasting.assessment.bases import basis_of
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

__all__ = [
    "Assessment",
    "Breach",
    "BreachMonth",
    "CapAt",
    "above",
    "assess",
    "assessable_cap",
    "paths_broken",
    "printed",
]

CapAt = Callable[[pd.Period], float]

NOT_AVERAGE = "目标不按全年平均考核"
NOT_MONTHLY = "目标按全年平均考核，不按月考核"
ONLY_AT_END = "目标只考核期末，不考核其间各月"
NO_MONTH_LEFT = "考核期内各月数据均已公布"
BEYOND_HORIZON = "考核期末超出预测期"
MISSING_MONTHS = "考核期内已过月份的数据不全"


@dataclass(frozen=True)
class BreachMonth:
    """A published month above the cap that applied to it.

    Attributes
    ----------
    month : pandas.Period
        The month.
    value, cap : float
        Published value, and the cap's limit as it was for that month; in the cap's unit.
    """

    month: pd.Period
    value: float
    cap: float

    @property
    def excess(self) -> float:
        """By how much."""
        return self.value - self.cap


@dataclass(frozen=True)
class Breach:
    """A cap that is broken (已突破), as a fact of what is published.

    Attributes
    ----------
    months : tuple of BreachMonth
        Published months above, oldest first; at least one. Of a cap on the average the period's
        last month with the average.
    newest_above : bool
        The newest published month is one of them.
    """

    months: tuple[BreachMonth, ...]
    newest_above: bool

    @property
    def since(self) -> pd.Period:
        """First month above."""
        return self.months[0].month

    @property
    def largest(self) -> BreachMonth:
        """The month that is above by most, the earliest of equals."""
        return max(self.months, key=lambda m: m.excess)

    @property
    def largest_month(self) -> pd.Period:
        """When it is above by most."""
        return self.largest.month

    @property
    def largest_excess(self) -> float:
        """By how much it is above at most."""
        return self.largest.excess


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
        The cap's limit less the latest published value (余量).
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
    breach : Breach or None
        The fact behind `already_breached`.
    p_ahead : float or None
        What is still to come, seen from the newest published month: 1 while that month is above;
        else the probability that a counted month after it is, or that the average will be.
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
    breach: Breach | None = None
    p_ahead: float | None = None

    @property
    def probability(self) -> float | None:
        """Probability that the cap is broken in the way it is assessed (考核)."""
        named: float | None = getattr(self, basis_of(self.target).probability)
        return named

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
        and basis_of(target).limits
    )


@dataclass(frozen=True)
class _Counted:
    """The counted months of a cap's period: which published ones are above, and on which paths."""

    seen: PeriodView
    caps: Floats
    known_above: Flags
    ahead_above: Flags

    @property
    def whole(self) -> bool:
        """Whether every counted month is published or simulated."""
        return self.seen.complete and self.seen.reached

    @property
    def broken(self) -> Flags | None:
        """On which paths some counted month is above; None where that cannot be known."""
        n = len(self.ahead_above)
        if self.known_above.any():
            return np.ones(n, dtype=bool)
        return np.asarray(self.ahead_above.any(axis=1)) if self.whole else None


def _counted(
    target: Target, history: History, paths: SamplePaths, applied: CapAt | None
) -> _Counted:
    cap = target.limit
    assert cap is not None
    seen = view_period(target, history, paths, basis_of(target).first_counted(target))
    caps = np.array([cap if applied is None else applied(m) for m in seen.known.index], dtype=float)
    return _Counted(
        seen,
        caps,
        above(seen.published, caps, history.precision),
        above(seen.ahead, cap, history.precision),
    )


def _breach(counted: _Counted, history: History) -> Breach | None:
    if not counted.known_above.any():
        return None
    known = counted.seen.known
    published = printed(counted.seen.published, history.precision)
    months = tuple(
        BreachMonth(month, float(value), float(cap))
        for month, value, cap, over in zip(
            known.index, published, counted.caps, counted.known_above, strict=True
        )
        if over
    )
    return Breach(months, bool(months[-1].month == history.origin))


def _last_month_above(
    target: Target, history: History, paths: SamplePaths
) -> tuple[float | None, str]:
    """Probability that the last month is above, or None and the reason."""
    last, cap = target.last_month, target.limit
    assert cap is not None
    if last < history.start:
        return None, MISSING_MONTHS
    if last > paths.months[-1]:
        return None, BEYOND_HORIZON
    step = (last - history.origin).n
    values = history.values[[step - 1]] if step <= 0 else paths.values[:, step - 1]
    if np.isnan(values).any():
        return None, MISSING_MONTHS
    return float(above(values, cap, history.precision).mean()), ""


def _by_month(
    target: Target,
    cap: float,
    history: History,
    paths: SamplePaths,
    tested: int,
    applied: CapAt | None,
) -> Assessment:
    """A cap on single months: all of its period, or the last alone."""
    counted = _counted(target, history, paths, applied)
    seen, over = counted.seen, counted.ahead_above
    breach = _breach(counted, history)
    reasons = {"p_average": NOT_AVERAGE}

    p_remaining: float | None = None
    if seen.period[-1] <= history.origin:
        reasons["p_any_remaining"] = NO_MONTH_LEFT
    elif not seen.reached:
        reasons["p_any_remaining"] = BEYOND_HORIZON
    else:
        p_remaining = float(over.any(axis=1).mean())

    broken = counted.broken
    p_any = None if broken is None else float(broken.mean())
    if p_any is None:
        reasons["p_any"] = BEYOND_HORIZON if seen.complete else MISSING_MONTHS
    months = excess = None
    if counted.whole:
        months = float(counted.known_above.sum()) + expected_months(over)
        past = peak_excess(seen.published[None, :], counted.caps, history.precision)
        ahead = peak_excess(seen.ahead, cap, history.precision)
        excess = float(np.maximum(past, ahead).mean())

    p_end, why = _last_month_above(target, history, paths)
    if p_end is None:
        reasons["p_end"] = why
    p_ahead = 1.0 if breach is not None and breach.newest_above else p_remaining
    if basis_of(target).functional == "last":
        # A month above it before the end breaks nothing.
        p_any = p_remaining = None
        reasons |= {"p_any": ONLY_AT_END, "p_any_remaining": ONLY_AT_END}

    first, when = _first_breach(counted, breach)
    return Assessment(
        target=target,
        p_any=p_any,
        p_any_remaining=p_remaining,
        p_end=p_end,
        p_average=None,
        already_breached=breach is not None,
        first_breach_month=first,
        headroom=cap - float(history.values[-1]),
        reasons=reasons,
        untested=bool(seen.period[-1] > history.origin + tested),
        expected_months_above=months,
        first_breach=when,
        expected_excess=excess,
        breach=breach,
        p_ahead=p_ahead,
    )


def _first_breach(
    counted: _Counted, breach: Breach | None
) -> tuple[pd.Period | None, tuple[tuple[pd.Period, float], ...]]:
    """First month above: the published one, or where half of the paths have crossed; all shares."""
    months = counted.seen.months
    if breach is not None:
        return breach.since, ((breach.since, 1.0),)
    if not len(months):
        return None, ()
    shares = first_crossings(counted.ahead_above)
    crossed = np.maximum.accumulate(counted.ahead_above, axis=1).mean(axis=0)
    first = months[int(np.argmax(crossed >= 0.5))] if crossed[-1] >= 0.5 else None
    return first, tuple(zip(months, shares.tolist(), strict=True))


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
    p_average = excess = breach = None
    if seen.complete and seen.reached:
        means = period_averages(seen, history.precision)
        p_average = float(above(means, cap, history.precision).mean())
        excess = float(peak_excess(means[:, None], cap, history.precision).mean())
        if seen.over and p_average == 1.0:
            last = seen.period[-1]
            mean = float(printed(means[:1], history.precision)[0])
            breach = Breach((BreachMonth(last, mean, cap),), bool(last == history.origin))
    else:
        reasons["p_average"] = MISSING_MONTHS if seen.reached else BEYOND_HORIZON
    return Assessment(
        target=target,
        p_any=None,
        p_any_remaining=None,
        p_end=None,
        p_average=p_average,
        already_breached=breach is not None,
        first_breach_month=None,
        headroom=cap - float(history.values[-1]),
        reasons=reasons,
        untested=bool(seen.period[-1] > history.origin + tested),
        expected_excess=excess,
        breach=breach,
        p_ahead=p_average,
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
        Limit that applied to a published month, where the cap was changed within its period.

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
    assert target.limit is not None
    if basis_of(target).by_month:
        return _by_month(target, target.limit, history, paths, tested, applied)
    return _average(target, target.limit, history, paths, tested)


def paths_broken(
    target: Target, history: History, paths: SamplePaths, applied: CapAt | None = None
) -> Flags | None:
    """On which paths a cap is broken in the way it is assessed; None where that is not known."""
    if basis_of(target).by_month:
        return _counted(target, history, paths, applied).broken
    seen = view_period(target, history, paths)
    if not (seen.complete and seen.reached):
        return None
    assert target.limit is not None
    return above(period_averages(seen, history.precision), target.limit, history.precision)
