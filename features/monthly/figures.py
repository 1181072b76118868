"""Stored figures as monthly figures: year-to-date totals become the flows of their months."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from employment_forecast.data.catalogue import Indicator
from employment_forecast.data.records import Known
from employment_forecast.features.monthly.cumulative import MonthlyFlows, to_monthly

_MOST_LISTED = 6


def listed(months: Iterable[object]) -> str:
    """Months joined for a message, abridged after the sixth."""
    texts = [str(month) for month in months]
    return "、".join(texts[:_MOST_LISTED]) + ("等" if len(texts) > _MOST_LISTED else "")


def monthly_figures(known: Known, indicator: Indicator) -> tuple[Known, tuple[str, ...]]:
    """What was known of a series, month by month.

    Parameters
    ----------
    known : Known
        As stored, not empty.
    indicator : Indicator
        Says whether the figures are totals since January.

    Returns
    -------
    Known
        Unchanged for monthly figures. For year-to-date figures the flows of
        `features.monthly.to_monthly`, whose sums are the published totals; a month counts as
        known from the day its total, or the total it was published with, appeared. A month whose
        flow cannot be told is NaN; the result is empty if that is every month.
    tuple of str
        What was estimated, in Chinese.

    Raises
    ------
    DataError
        As `to_monthly`.
    """
    if indicator.reporting != "year_to_date":
        return known, ()
    flows = to_monthly(known.values, published_on=known.published_on)
    stored = pd.PeriodIndex(known.values.index)
    at = np.searchsorted(stored.asi8, pd.PeriodIndex(flows.values.index).asi8)
    return (
        replace(known, values=flows.values, published_on=known.published_on[at]),
        _notes(flows, stored[-1]),
    )


def _notes(flows: MonthlyFlows, last: pd.Period) -> tuple[str, ...]:
    """A sentence for each kind of estimate; a series of many years has one every January."""
    marked = {mark: flows.marks.index[flows.marks == mark] for mark in set(flows.marks)}
    notes = []
    if "split" in marked:
        months = marked["split"]
        notes.append(
            f"{len(months)} 个月的累计数与邻月合并公布（{listed(months)}），"
            "当月数按工作日拆分估计，合计不变"
        )
    if "correction" in marked:
        notes.append(f"{listed(marked['correction'])} 的当月数疑含年内更正，未改动")
    if "unsynchronised" in marked:
        notes.append(
            f"{listed(marked['unsynchronised'])} 公布之后上月累计数又有修订，当月数可能含修订差额"
        )
    if len(flows.values) and flows.values.index[-1] < last:
        notes.append(f"{flows.values.index[-1] + 1} 至 {last} 累计数为 0，按未公布处理")
    return tuple(notes)
