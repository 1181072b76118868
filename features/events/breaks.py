"""Changes of definition (口径): which concern a series, their regressors, growth that keeps off."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from employment_forecast.data.catalogue import Break, Indicator

MONTH_ON_MONTH, YEAR_ON_YEAR = 1, 12
# With a single month on one side, its own noise would pass for the height of the step.
MIN_SIDE = 2
# Shorter series are too short to difference out the season with which a step would be mixed up.
MIN_SEASONAL = 27


def splitting_break(
    indicator: Indicator, region: str, demo: bool, first: pd.Period, last: pd.Period
) -> Break | None:
    """Last break that splits a series, None if none lies in (first, last]."""
    splitting = [
        b
        for b in indicator.breaks_in(region, demo)
        if b.treatment == "split" and first < b.month <= last
    ]
    return splitting[-1] if splitting else None


def marked_breaks(
    indicator: Indicator, region: str, demo: bool, first: pd.Period, last: pd.Period
) -> tuple[Break, ...]:
    """Breaks a history shows: the split it begins with, and those a step stands for."""
    return tuple(
        b
        for b in indicator.breaks_in(region, demo)
        if (b.treatment == "split" and b.month == first)
        or (b.treatment == "dummy" and first < b.month <= last)
    )


def estimable_steps(
    breaks: Iterable[Break], first: pd.Period, last: pd.Period
) -> tuple[tuple[Break, ...], tuple[Break, ...]]:
    """Breaks of treatment `dummy` whose step can be estimated, and those whose cannot.

    Parameters
    ----------
    breaks : iterable of Break
        Any treatment.
    first, last : pandas.Period
        First and last month of the series.

    Returns
    -------
    estimable, others : tuple of Break
        A step needs two months before it and two from it on.
    """
    steps = [b for b in breaks if b.treatment == "dummy"]
    estimable = tuple(b for b in steps if first + MIN_SIDE <= b.month <= last - (MIN_SIDE - 1))
    return estimable, tuple(b for b in steps if b not in estimable)


def step_regressors(breaks: Iterable[Break], months: pd.PeriodIndex) -> pd.DataFrame:
    """A step for every break of treatment `dummy`.

    Parameters
    ----------
    breaks : iterable of Break
        Any treatment.
    months : pandas.PeriodIndex
        Past and future months.

    Returns
    -------
    pandas.DataFrame
        float64, one column `break_YYYYMM` per break: 0 before its month, 1 from it on.
    """
    steps = [b.month for b in breaks if b.treatment == "dummy"]
    columns = {f"break_{m.strftime('%Y%m')}": (months >= m).astype(float) for m in steps}
    return pd.DataFrame(columns, index=months, dtype=float)


def crosses(month: pd.Period, lag: int, breaks: Iterable[Break]) -> bool:
    """Whether two months, `lag` apart, lie on different sides of a break."""
    return any(month - lag < b.month <= month for b in breaks)


def growth(
    series: pd.Series[float],
    month: pd.Period,
    lag: int,
    breaks: Iterable[Break] = (),
    *,
    kind: str = "stock",
) -> float | None:
    """Growth of a month over the month `lag` before: 环比 with 1, 同比 with 12.

    Parameters
    ----------
    series : pandas.Series
        Monthly figures (not totals since January).
    month : pandas.Period
        Month that is compared.
    lag : int
        Months back.
    breaks : iterable of Break
        Changes of definition.
    kind : {"stock", "flow", "rate", "index"}
        A rate is compared by difference.

    Returns
    -------
    float or None
        Percent, for a rate percentage points; None across a break, where one of the two months
        is unknown, or over a base that is not positive.
    """
    if crosses(month, lag, breaks):
        return None
    now, base = (float(series.get(m, np.nan)) for m in (month, month - lag))
    if not np.isfinite(now) or not np.isfinite(base):
        return None
    if kind == "rate":
        return now - base
    return 100.0 * (now / base - 1.0) if base > 0 else None
