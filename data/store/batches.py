"""Rows of one batch: the record of the command, its sources, its observations.

Every function works inside a writing transaction that the caller holds, so that a command with
several kinds of rows is stored as a whole or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from sqlalchemy import Connection, Insert, insert, select

from employment_forecast.data import clock
from employment_forecast.data.catalogue import Catalogue
from employment_forecast.data.records import Observation
from employment_forecast.data.store.schema import batches, observations, sources


def _added(connection: Connection, row: Insert) -> int:
    """Insert one row and return its number."""
    key = connection.execute(row).inserted_primary_key
    assert key is not None
    return int(key[0])


def open_batch(
    connection: Connection, *, kind: str, command: str, demo: bool = False, fingerprint: str = ""
) -> int:
    """Record a command that brings numbers in; returns the batch number."""
    return _added(
        connection,
        insert(batches).values(
            created_at=clock.now().replace(tzinfo=None),
            kind=kind,
            command=command,
            fingerprint=fingerprint,
            demo=demo,
        ),
    )


def source_ids(connection: Connection, texts: Iterable[str]) -> dict[str, int]:
    """Numbers of sources by their text; new ones are recorded."""
    distinct = list(dict.fromkeys(texts))
    stored = connection.execute(select(sources.c.text, sources.c.id))
    known: dict[str, int] = {row[0]: row[1] for row in stored}
    for text in distinct:
        if text not in known:
            known[text] = _added(connection, insert(sources).values(text=text))
    return {text: known[text] for text in distinct}


def add_observations(
    connection: Connection, batch: int, rows: Sequence[Observation], catalogue: Catalogue
) -> None:
    """Add checked observations to a batch; unknown publication days are estimated and flagged."""
    ids = source_ids(connection, (r.source for r in rows))
    region_of, indicator_of = cache(catalogue.region), cache(catalogue.indicator)
    records = []
    for row in rows:
        indicator = indicator_of(row.indicator)
        records.append(
            {
                "batch_id": batch,
                "region": region_of(row.region).code,
                "indicator": indicator.code,
                "month": clock.month_key(row.month),
                "value": float(row.value),
                "published_on": row.published_on or indicator.usually_published(row.month),
                "published_estimated": row.published_on is None,
                "source_id": ids[row.source],
            }
        )
    if records:
        connection.execute(insert(observations), records)
