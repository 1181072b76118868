"""Regressors of declared events: pulses, temporary changes, steps."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.data.records import Shock

Floats = npt.NDArray[np.float64]

# The level before an event must be known for its effect to be told.
MONTHS_BEFORE = 2
# Share of a temporary change that is left after its stated number of months.
REMAINS = 0.1


def usable_shocks(
    shocks: Iterable[Shock], first: pd.Period, last: pd.Period
) -> tuple[tuple[Shock, ...], tuple[Shock, ...]]:
    """Events whose effect can be estimated, and those whose cannot.

    Parameters
    ----------
    shocks : iterable of Shock
        Known on the day.
    first, last : pandas.Period
        First and last month of the series.

    Returns
    -------
    usable, others : tuple of Shock
        Ordered by month. An event needs two months before it and one from it on; of several that
        look alike one is usable, and none of them is among the others.
    """
    ordered = sorted(shocks, key=lambda each: each.shape)
    alike = {each.shape: each for each in reversed(ordered)}
    usable = tuple(s for s in alike.values() if first + MONTHS_BEFORE <= s.month <= last)
    usable = tuple(sorted(usable, key=lambda each: each.shape))
    shapes = {each.shape for each in usable}
    return usable, tuple(each for each in ordered if each.shape not in shapes)


def shock_column(kind: str, start: pd.Period, length: int, months: pd.PeriodIndex) -> Floats:
    """Profile of an event of size one.

    Parameters
    ----------
    kind : {"pulse", "temporary", "step"}
        See `data.records.shocks.KIND_MEANINGS`.
    start : pandas.Period
        First month concerned.
    length : int
        As `data.records.shocks.Shock.months`.
    months : pandas.PeriodIndex
        Past and future months.

    Returns
    -------
    numpy.ndarray
        float64, shape (len(months),): zero before `start`. The additive outlier, temporary change
        and level shift of Chen and Liu (1993, JASA 88).
    """
    age = np.asarray(months.asi8 - start.ordinal, dtype=float)
    if kind == "step":
        return np.where(age >= 0, 1.0, 0.0)
    if kind == "pulse":
        return np.where((age >= 0) & (age < length), 1.0, 0.0)
    return np.where(age >= 0, REMAINS ** (np.maximum(age, 0.0) / length), 0.0)


def column_name(shock: Shock) -> str:
    """Name of an event's column, such as `shock_202203_temporary_6`."""
    return f"shock_{shock.month.strftime('%Y%m')}_{shock.kind}_{shock.months}"


def shock_regressors(shocks: Iterable[Shock], months: pd.PeriodIndex) -> pd.DataFrame:
    """A column for every event.

    Parameters
    ----------
    shocks : iterable of Shock
        With different shapes.
    months : pandas.PeriodIndex
        Past and future months.

    Returns
    -------
    pandas.DataFrame
        float64, one column per event, see `column_name` and `shock_column`.
    """
    columns = {column_name(s): shock_column(s.kind, s.month, s.months, months) for s in shocks}
    return pd.DataFrame(columns, index=months, dtype=float)
