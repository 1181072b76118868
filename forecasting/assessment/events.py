"""Events on sample paths: what a period's months, published and simulated, do to a limit.

Every statement is a functional of the same joint paths (n_paths x horizon); values are rounded to
the published precision before an event is counted: a rate printed to 0.1 is above 5.5 only from
5.6 on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.data.catalogue import TOLERANCE, Floats, printed
from employment_forecast.data.targets import Target
from employment_forecast.features.history import History
from employment_forecast.models.paths import SamplePaths

Flags = npt.NDArray[np.bool_]


def above(values: Floats, cap: float | Floats, precision: float) -> Flags:
    """Whether the published form of each value exceeds the cap, same shape."""
    return np.asarray(printed(values, precision) > cap + TOLERANCE * precision, dtype=bool)


def reaches(values: Floats, floor: float | Floats, precision: float) -> Flags:
    """Whether the published form of each value is at least the floor, same shape."""
    return np.asarray(printed(values, precision) >= floor - TOLERANCE * precision, dtype=bool)


def smallest_above(cap: float, precision: float) -> float:
    """Smallest value that can be published and is above a cap, in the cap's unit."""
    step = np.floor(cap / precision + TOLERANCE) + 1
    return float(printed(np.array([step * precision]), precision)[0])


def first_crossings(over: Flags) -> Floats:
    """Share of paths whose first month above is each month."""
    crossed = np.maximum.accumulate(over, axis=1).mean(axis=0)
    return np.asarray(np.diff(crossed, prepend=0.0), dtype=float)


def expected_months(over: Flags) -> float:
    """Mean number of months above, from bool of shape (n_paths, months)."""
    return float(over.sum(axis=1).mean())


def peak_excess(values: Floats, cap: float | Floats, precision: float) -> Floats:
    """Largest amount by which the published months of a path are above, 0 where none is."""
    over = np.where(above(values, cap, precision), printed(values, precision) - cap, 0.0)
    return np.asarray(over.max(axis=1, initial=0.0), dtype=float)


@dataclass(frozen=True)
class PeriodView:
    """The months of a period as far as they are published or simulated.

    Attributes
    ----------
    period : pandas.PeriodIndex
        All months.
    known : pandas.Series
        Published values of the period, by month.
    ahead : numpy.ndarray
        float64, shape (n_paths, months): simulated months of the period.
    months : pandas.PeriodIndex
        Months of `ahead`.
    complete : bool
        No elapsed month of the period is missing.
    reached : bool
        The paths reach the period's end.
    """

    period: pd.PeriodIndex
    known: pd.Series[float]
    ahead: Floats
    months: pd.PeriodIndex
    complete: bool
    reached: bool

    @property
    def over(self) -> bool:
        """Whether every month of the period is past."""
        return self.reached and len(self.months) == 0

    @property
    def published(self) -> Floats:
        """Values of `known`, shape (months,)."""
        return np.asarray(self.known, dtype=np.float64)


def view_period(
    target: Target, history: History, paths: SamplePaths, first: pd.Period | None = None
) -> PeriodView:
    """Lay the period of a target over a history and its paths.

    Parameters
    ----------
    target : Target
        Its period counts.
    history : History
        Published values up to the origin.
    paths : SamplePaths
        From the same origin.
    first : pandas.Period, optional
        First month of the period that counts; its first by default.

    Returns
    -------
    PeriodView

    Raises
    ------
    ValueError
        If paths and history have different origins.
    """
    if paths.origin != history.origin:
        raise ValueError(f"paths start after {paths.origin}, history ends in {history.origin}")
    period = pd.period_range(first or target.first_month, target.last_month, freq="M")
    series, months = history.series, paths.months
    known = series[(series.index >= period[0]) & (series.index <= period[-1])]
    inside = np.asarray((months >= period[0]) & (months <= period[-1]), dtype=bool)
    elapsed = max((min(period[-1], history.origin) - period[0]).n + 1, 0)
    return PeriodView(
        period=period,
        known=known,
        ahead=paths.values[:, inside],
        months=months[inside],
        complete=len(known) == elapsed,
        reached=bool(months[-1] >= period[-1]),
    )
