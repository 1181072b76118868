"""What a reader must know of the data behind a bulletin: revisions, gaps, delays, failed models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd

from employment_forecast.data.catalogue import Indicator, figure
from employment_forecast.data.clock import key_month
from employment_forecast.data.records import Vintages
from employment_forecast.data.store import overdue_month
from employment_forecast.forecasting.bulletin.record.context import RecordContext
from employment_forecast.forecasting.bulletin.text import record_key
from employment_forecast.forecasting.competition import NOTHING_TO_POOL
from employment_forecast.models.families import NO_FLOWS

NOTED_MONTHS = 36
# A series that has been silent for longer is not late: it is no longer published.
STALE_MONTHS = 12
# Why a model does not apply to a series.
_NOT_APPLICABLE = (NO_FLOWS, NOTHING_TO_POOL)


def is_stale(last: pd.Period, month: pd.Period) -> bool:
    """Whether a series whose newest month is `last` is no longer told of in a month's bulletin."""
    return bool((month - last).n > STALE_MONTHS)


def _revisions(
    vintages: Vintages, indicator: Indicator, since: date, as_of: date
) -> dict[str, Any]:
    """Months whose value is another than before, by month: what was told first, what holds now.

    Steps in between, and values that were changed and changed back, are left to the store.
    """
    rows = vintages.rows[vintages.rows["published_on"] <= pd.Timestamp(as_of)]
    moved = rows[rows["published_on"] > pd.Timestamp(since)]["month"].unique()
    revised: dict[str, Any] = {}
    for key, values in rows[rows["month"].isin(moved)].groupby("month"):
        earlier = values[values["published_on"] <= pd.Timestamp(since)]
        before = values.iloc[0] if earlier.empty else earlier.iloc[-1]
        after = values.iloc[-1]
        if before["value"] == after["value"]:
            continue
        month = str(key_month(int(str(key))))
        revised[month] = {
            "month": month,
            "before": figure(float(before["value"]), indicator),
            "after": figure(float(after["value"]), indicator),
            "published_on": after["published_on"].date().isoformat(),
        }
    return revised


def _gaps(vintages: Vintages, indicator: Indicator, as_of: date) -> list[str]:
    values = vintages.as_of(as_of).values
    months = pd.PeriodIndex(values.index)
    months = months[months > months[-1] - NOTED_MONTHS]
    span = pd.period_range(months[0], months[-1], freq="M")
    if indicator.reporting == "year_to_date" or indicator.january_with_february:
        span = span[span.month != 1]  # January has no figure of its own there
    return [str(m) for m in span.difference(months)]


def data_notes(context: RecordContext) -> dict[str, Any]:
    """Revisions since the month before was published, gaps, delays and estimated days, by series.

    Parameters
    ----------
    context : RecordContext
        Region, month, day and series.

    Returns
    -------
    dict
        By indicator: `name`, `unit`, `revisions` by month, `gaps`, `overdue`, `stale` (newest month
        of a series that is no longer published), `estimated`, `breaks` (notes on changes of
        definition), `summed` (how figures were added up from parts), `demo`.
    """
    region, month, as_of = context.region, context.month, context.as_of
    notes: dict[str, Any] = {}
    for code, vintages in context.vintages.items():
        indicator = context.indicators[code]
        known = vintages.as_of(as_of)
        if known.values.empty:
            continue
        since = vintages.first_published(month - 1) or as_of
        last = known.values.index[-1]
        stale = is_stale(last, month)
        late = None if stale else overdue_month(indicator, last, as_of)
        notes[code] = {
            "name": indicator.name,
            "unit": indicator.unit,
            "decimals": indicator.decimals,
            "revisions": _revisions(vintages, indicator, since, as_of),
            "gaps": _gaps(vintages, indicator, as_of),
            "overdue": None if late is None else str(late),
            "stale": str(last) if stale else None,
            "estimated": known.estimated,
            "breaks": {
                str(b.month): {"month": str(b.month), "note": b.note}
                for b in indicator.breaks_in(region.code, known.demo)
                if known.values.index[0] < b.month <= last
            },
            "summed": [note.removeprefix("汇总：") for note in known.notes],
            "demo": known.demo,
            "source": f"观测库 {region.name}“{indicator.name}”",
        }
    return notes


def failed_models(leaderboard: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Models that were to give a forecast and gave none, by name, with the reason.

    Parameters
    ----------
    leaderboard : sequence of mapping
        Rows with `model`, `label`, `failure` and `failed_now`; a table of an earlier release has no
        `failed_now`, and each of its failures counts.

    Returns
    -------
    dict
        By model: `label`, `failure`. What is not made for such a series is no failure.
    """
    return {
        record_key(row["model"]): {"label": str(row["label"]), "failure": str(row["failure"])}
        for row in leaderboard
        if row.get("failure")
        and row["failure"] not in _NOT_APPLICABLE
        and str(row.get("failed_now", True)) == "True"
    }
