"""From sample paths to statements about a cap: every probability is a share of the same paths.

Paths are rounded to the published precision before an event is counted: a rate printed to 0.1 is
above 5.5 only from 5.6 on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.targets import Target
from features.history import History
from models.paths import SamplePaths

Floats = npt.NDArray[np.float64]
CapAt = Callable[[pd.Period], float]

NOT_AVERAGE = "目标不按全年平均考核"
NOT_MONTHLY = "目标按全年平均考核，不按月考核"
ONLY_AT_END = "目标只考核期末，不考核其间各月"
NO_MONTH_LEFT = "考核期内各月数据均已公布"
BEYOND_HORIZON = "考核期末超出预测期"
MISSING_MONTHS = "考核期内已过月份的数据不全"


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


def printed(values: Floats, precision: float) -> Floats:
    """Values as they would be published: rounded half up to the last printed digit.

    Parameters
    ----------
    values : numpy.ndarray
        Any shape.
    precision : float
        Last printed digit.

    Returns
    -------
    numpy.ndarray
        Same shape. The small shift keeps 5.55, stored just below itself, from rounding down.
    """
    return np.asarray(np.floor(values / precision + 0.5 + 1e-6) * precision, dtype=float)


def above(values: Floats, cap: float | Floats, precision: float) -> npt.NDArray[np.bool_]:
    """Whether the published form of each value exceeds the cap, same shape."""
    return np.asarray(printed(values, precision) > cap + 1e-6 * precision, dtype=bool)


def _months(target: Target) -> pd.PeriodIndex:
    return pd.period_range(target.first_month, target.last_month, freq="M")


def _published(history: History, period: pd.PeriodIndex) -> pd.Series[float]:
    known = history.series
    return known[(known.index >= period[0]) & (known.index <= period[-1])]


def _ahead(paths: SamplePaths, period: pd.PeriodIndex) -> npt.NDArray[np.bool_]:
    return np.asarray((paths.months >= period[0]) & (paths.months <= period[-1]), dtype=bool)


def _last_month_above(
    last: pd.Period, cap: float, history: History, paths: SamplePaths
) -> tuple[float | None, str]:
    """Probability that one month is above the cap, or None and the reason."""
    if last < history.start:
        return None, MISSING_MONTHS
    if last > paths.months[-1]:
        return None, BEYOND_HORIZON
    step = (last - history.origin).n
    values = history.values[[step - 1]] if step <= 0 else paths.values[:, step - 1]
    return float(above(values, cap, history.precision).mean()), ""


def _monthly(
    target: Target,
    cap: float,
    history: History,
    paths: SamplePaths,
    tested: int,
    applied: CapAt | None,
) -> Assessment:
    period = _months(target)
    known = _published(history, period)
    then = np.array([cap if applied is None else applied(m) for m in known.index], dtype=float)
    over_known = above(np.asarray(known, dtype=np.float64), then, history.precision)
    inside = _ahead(paths, period)
    over = above(paths.values[:, inside], cap, history.precision)
    breached = bool(over_known.any())
    reasons = {"p_average": NOT_AVERAGE}
    reached = paths.months[-1] >= period[-1]

    p_remaining: float | None = None
    if period[-1] <= history.origin:
        reasons["p_any_remaining"] = NO_MONTH_LEFT
    elif not reached:
        reasons["p_any_remaining"] = BEYOND_HORIZON
    else:
        p_remaining = float(over.any(axis=1).mean())

    p_any: float | None = None
    elapsed = pd.period_range(period[0], min(period[-1], history.origin), freq="M")
    if breached:
        p_any = 1.0
    elif len(known) < len(elapsed):
        reasons["p_any"] = MISSING_MONTHS
    elif not reached:
        reasons["p_any"] = BEYOND_HORIZON
    else:
        p_any = p_remaining or 0.0

    p_end, why = _last_month_above(period[-1], cap, history, paths)
    if p_end is None:
        reasons["p_end"] = why

    first: pd.Period | None = None
    if breached:
        first = known.index[int(np.argmax(over_known))]
    elif inside.any():
        crossed = np.maximum.accumulate(over, axis=1).mean(axis=0)
        if crossed[-1] >= 0.5:
            first = paths.months[inside][int(np.argmax(crossed >= 0.5))]
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
        untested=bool(period[-1] > history.origin + tested),
    )


def _at_end(
    target: Target, cap: float, history: History, paths: SamplePaths, tested: int
) -> Assessment:
    """A cap on the period's last month alone: a month above it before then breaks nothing."""
    last = target.last_month
    reasons = {"p_any": ONLY_AT_END, "p_any_remaining": ONLY_AT_END, "p_average": NOT_AVERAGE}
    p_end, why = _last_month_above(last, cap, history, paths)
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
    )


def _average(
    target: Target, cap: float, history: History, paths: SamplePaths, tested: int
) -> Assessment:
    period = _months(target)
    known = _published(history, period)
    inside = _ahead(paths, period)
    reasons = dict.fromkeys(("p_any", "p_any_remaining", "p_end"), NOT_MONTHLY)
    p_average: float | None = None
    if len(known) + int(inside.sum()) == len(period):
        past = printed(np.asarray(known, dtype=np.float64), history.precision).sum()
        ahead = printed(paths.values[:, inside], history.precision).sum(axis=1)
        means = (past + ahead) / len(period)
        p_average = float(above(means, cap, history.precision).mean())
    else:
        beyond = paths.months[-1] < period[-1]
        reasons["p_average"] = BEYOND_HORIZON if beyond else MISSING_MONTHS
    return Assessment(
        target=target,
        p_any=None,
        p_any_remaining=None,
        p_end=None,
        p_average=p_average,
        already_breached=period[-1] <= history.origin and p_average == 1.0,
        first_breach_month=None,
        headroom=cap - float(history.values[-1]),
        reasons=reasons,
        untested=bool(period[-1] > history.origin + tested),
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
    if target.direction != "cap" or target.value is None or not target.unit_confirmed:
        return None
    if target.unit != history.unit:
        return None
    if target.basis == "period_average":
        return _average(target, target.value, history, paths, tested)
    if target.basis == "period_end":
        return _at_end(target, target.value, history, paths, tested)
    if target.basis in ("any_month", "point"):
        return _monthly(target, target.value, history, paths, tested, applied)
    return None
