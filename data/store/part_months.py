"""Figures of a month in progress, in the store: append-only, with the day they became known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pandas as pd
from sqlalchemy import Connection, insert, select

from employment_forecast.data.catalogue import Catalogue
from employment_forecast.data.records import PART_COLUMNS, PartMonth, PartVintages
from employment_forecast.data.store.batches import source_ids
from employment_forecast.data.store.schema import batches, part_months, sources
from employment_forecast.data.store.store import Store

# A count taken within the office on a day is on the table soon after.
PART_LAG_DAYS = 3


def usually_known(last_day: date) -> date:
    """Estimated day on which a part-month figure became known."""
    return last_day + timedelta(days=PART_LAG_DAYS)


def add_part_months(
    connection: Connection, batch: int, rows: Sequence[PartMonth], catalogue: Catalogue
) -> None:
    """Add part-month figures to a batch; unknown publication days are estimated and flagged."""
    ids = source_ids(connection, (r.source for r in rows))
    records = [
        {
            "batch_id": batch,
            "region": catalogue.region(row.region).code,
            "indicator": catalogue.indicator(row.indicator).code,
            "first_day": row.first_day,
            "last_day": row.last_day,
            "value": float(row.value),
            "published_on": row.published_on or usually_known(row.last_day),
            "published_estimated": row.published_on is None,
            "source_id": ids[row.source],
        }
        for row in rows
    ]
    if records:
        connection.execute(insert(part_months), records)


def part_vintages(store: Store, region: str, indicator: str) -> PartVintages:
    """Every part-month figure of one series; demonstration rows only where there is no real one."""
    columns = [part_months.c[name] for name in PART_COLUMNS[:5]]
    query = (
        select(
            *columns,
            sources.c.text.label("source"),
            batches.c.demo,
            part_months.c.id,
        )
        .join(batches, batches.c.id == part_months.c.batch_id)
        .join(sources, sources.c.id == part_months.c.source_id)
        .where(
            part_months.c.region == region,
            part_months.c.indicator == indicator,
            batches.c.withdrawn_at.is_(None),
        )
        .order_by(
            part_months.c.last_day,
            part_months.c.first_day,
            part_months.c.published_on,
            part_months.c.id,
        )
    )
    with store.reading() as connection:
        rows = pd.DataFrame(connection.execute(query).all(), columns=list(PART_COLUMNS))
    for name in ("first_day", "last_day", "published_on"):
        rows[name] = pd.to_datetime(rows[name])
    real = ~rows["demo"].astype(bool)
    if real.any():
        rows = rows[real].reset_index(drop=True)
    return PartVintages(region, indicator, rows)
