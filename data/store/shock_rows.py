"""Read declared events inside a transaction."""

from __future__ import annotations

from dataclasses import fields

from sqlalchemy import Connection, select

from employment_forecast.data.clock import key_month
from employment_forecast.data.records import Shock
from employment_forecast.data.store.schema import shocks as table

# Columns that are fields of the same name.
FIELDS = tuple(f.name for f in fields(Shock) if f.name not in ("month", "number"))


def shocks_of(
    connection: Connection, region: str | None = None, indicator: str | None = None
) -> list[Shock]:
    """Events on record, withdrawn ones too, in the order they were entered."""
    query = select(table).order_by(table.c.id)
    if region is not None:
        query = query.where(table.c.region == region)
    if indicator is not None:
        query = query.where(table.c.indicator.in_(("", indicator)))
    return [
        Shock(
            **{name: row[name] for name in FIELDS}, month=key_month(row["month"]), number=row["id"]
        )
        for row in connection.execute(query).mappings()
    ]
