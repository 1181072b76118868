"""What the store holds: span, gaps, vintages, freshness and revisions of every series."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

import pandas as pd
from sqlalchemy import func, select

from employment_forecast.data.catalogue import Catalogue, Indicator, Region
from employment_forecast.data.store.schema import batches, metadata
from employment_forecast.data.store.store import Store

EXPORT_COLUMNS = ("region", "indicator", "month", "value", "unit", "published_on", "source", "demo")


@dataclass(frozen=True)
class SeriesStatus:
    """State of one series on a day.

    Attributes
    ----------
    region, indicator : Region, Indicator
        What it is.
    first, last : pandas.Period
        Span of the months published by then.
    months, gaps : int
        Months published, and months missing inside the span.
    vintages : int
        Stored rows; more than `months` means revisions.
    last_published : datetime.date
        Day the newest row became known.
    overdue : pandas.Period or None
        First month whose usual publication day has passed without a value.
    demo, estimated : bool
        Demonstration data; some publication days are estimates.
    """

    region: Region
    indicator: Indicator
    first: pd.Period
    last: pd.Period
    months: int
    gaps: int
    vintages: int
    last_published: date
    overdue: pd.Period | None
    demo: bool
    estimated: bool


def series_status(
    store: Store, region: Region, indicator: Indicator, as_of: date
) -> SeriesStatus | None:
    """State of one series on a day; None if nothing of it was known."""
    vintages = store.vintages(region.code, indicator.code)
    known = vintages.as_of(as_of)
    if known.values.empty:
        return None
    first, last = known.values.index[0], known.values.index[-1]
    rows = vintages.rows
    seen = rows[rows["published_on"] <= pd.Timestamp(as_of)]
    return SeriesStatus(
        region=region,
        indicator=indicator,
        first=first,
        last=last,
        months=len(known.values),
        gaps=int((last - first).n) + 1 - len(known.values),
        vintages=len(seen),
        last_published=seen["published_on"].max().date(),
        overdue=overdue_month(indicator, last, as_of),
        demo=known.demo,
        estimated=known.estimated,
    )


def overdue_month(indicator: Indicator, last: pd.Period, as_of: date) -> pd.Period | None:
    """First month whose usual publication day has passed without a value; None if there is none.

    Parameters
    ----------
    indicator : Indicator
        Knows when its months usually appear.
    last : pandas.Period
        Last month known.
    as_of : datetime.date
        Last day of publication to look at.
    """
    expected = last + 1
    # A flow published as a cumulative figure has no January of its own: February brings both.
    if indicator.reporting == "year_to_date" and expected.month == 1:
        expected += 1
    return expected if as_of > indicator.usually_published(expected) else None


def inventory(store: Store, catalogue: Catalogue, as_of: date) -> list[SeriesStatus]:
    """State of every stored series on a day, in catalogue order of regions."""
    regions = {r.code: r for r in catalogue.regions}
    indicators = {i.code: i for i in catalogue.indicators}
    states = []
    for region, indicator, _ in store.series():
        if region in regions and indicator in indicators:
            state = series_status(store, regions[region], indicators[indicator], as_of)
            if state is not None:
                states.append(state)
    order = {code: position for position, code in enumerate(regions)}
    return sorted(states, key=lambda s: (order[s.region.code], s.indicator.code))


def last_entry(store: Store) -> date | None:
    """Day the newest batch was entered; None before the first."""
    with store.reading() as connection:
        moment: datetime | None = connection.scalar(select(func.max(batches.c.created_at)))
    return None if moment is None else moment.date()


def export_table(store: Store, region: Region, indicator: Indicator, as_of: date) -> pd.DataFrame:
    """One series as a long table.

    Returns
    -------
    pandas.DataFrame
        Columns `EXPORT_COLUMNS`, one row per month known on the day, in order.
    """
    vintages = store.vintages(region.code, indicator.code)
    rows = vintages.rows[vintages.rows["published_on"] <= pd.Timestamp(as_of)]
    rows = rows.drop_duplicates("month", keep="last")
    return pd.DataFrame(
        {
            "region": region.code,
            "indicator": indicator.code,
            "month": [f"{k // 100}-{k % 100:02d}" for k in rows["month"]],
            "value": rows["value"].to_numpy(),
            "unit": indicator.unit,
            "published_on": rows["published_on"].dt.strftime("%Y-%m-%d").to_numpy(),
            "source": rows["source"].to_numpy(),
            "demo": rows["demo"].to_numpy(),
        },
        columns=list(EXPORT_COLUMNS),
    )


def revisions(store: Store, region: Region, indicator: Indicator, as_of: date) -> pd.DataFrame:
    """How published values moved.

    Returns
    -------
    pandas.DataFrame
        Columns `month`, `published_on`, `value`, `change` (from the vintage before), `source`;
        only months published more than once with different values, oldest first.
    """
    rows = store.vintages(region.code, indicator.code).rows
    rows = rows[rows["published_on"] <= pd.Timestamp(as_of)].copy()
    rows["change"] = rows.groupby("month")["value"].diff()
    moved = rows.groupby("month")["value"].transform("nunique") > 1
    rows = rows[moved & (rows["change"].isna() | (rows["change"] != 0))]
    return pd.DataFrame(
        {
            "month": [f"{k // 100}-{k % 100:02d}" for k in rows["month"]],
            "published_on": rows["published_on"].dt.strftime("%Y-%m-%d").to_numpy(),
            "value": rows["value"].to_numpy(),
            "change": rows["change"].to_numpy(),
            "source": rows["source"].to_numpy(),
        }
    )


@dataclass(frozen=True)
class BatchRecord:
    """One command that brought numbers in."""

    id: int
    created_at: datetime
    kind: str
    command: str
    rows: int
    demo: bool
    withdrawn_at: datetime | None


def batch_records(store: Store) -> list[BatchRecord]:
    """Every batch, withdrawn ones included, oldest first."""
    query = select(
        batches.c.id,
        batches.c.created_at,
        batches.c.kind,
        batches.c.command,
        batches.c.demo,
        batches.c.withdrawn_at,
    ).order_by(batches.c.id)
    rows: Counter[int] = Counter()
    with store.reading() as connection:
        # Whatever a batch brought: observations, targets, sample firms, groups.
        for table in (t for t in metadata.sorted_tables if "batch_id" in t.c):
            counted = select(table.c.batch_id, func.count()).group_by(table.c.batch_id)
            for batch, count in connection.execute(counted):
                rows[batch] += count
        records = connection.execute(query).all()
    return [
        BatchRecord(number, made, kind, command, rows[number], demo, withdrawn)
        for number, made, kind, command, demo, withdrawn in records
    ]
