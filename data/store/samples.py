"""Monitored sample firms (失业动态监测) and series of groups of people, in the store.

The vintage rules are those of observations: append-only, what was known on a day, demonstration
rows only where no real row exists.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy import Connection, Table, insert, select, update

from employment_forecast.data import clock
from employment_forecast.data.catalogue import Catalogue
from employment_forecast.data.errors import DataError
from employment_forecast.data.records import (
    COLUMNS,
    SEPARATION_TITLES,
    FirmMonth,
    Reading,
    Vintages,
)
from employment_forecast.data.store.batches import open_batch, source_ids
from employment_forecast.data.store.schema import batches, firm_months, group_observations, sources
from employment_forecast.data.store.store import Store

# Firm reports reach the bureau with the month's registrations.
FIRM_LAG_DAYS = 10

FIRM_COLUMNS = (
    "firm", "month", "base", "hires", "separations", "end", "dispatched", "hidden", "kinds",
    "industry", "sector", "ownership", "size", "street", "base_is",
)  # fmt: skip


@dataclass(frozen=True)
class FirmVintages:
    """Every stored report of a region's monitored firms.

    Demonstration rows are here only if there is no real row at all: the two are never spliced.

    Attributes
    ----------
    region : str
        Catalogue code.
    rows : pandas.DataFrame
        Columns `FIRM_COLUMNS` (month as YYYYMM, kinds as JSON), `published_on` (datetime64),
        `published_estimated`, `source`, `demo`, `id`; sorted by month, published_on, id.
    """

    region: str
    rows: pd.DataFrame

    def as_of(self, day: date) -> pd.DataFrame:
        """Reports known at the end of a day: of each firm and month the latest published by then.

        Parameters
        ----------
        day : datetime.date
            Last day of publication to look at.

        Returns
        -------
        pandas.DataFrame
            Columns `FIRM_COLUMNS` (month as Period[M], kinds as JSON), `published_on`,
            `published_estimated`, `source`, `demo`; empty if nothing had been reported.
        """
        rows = self.rows[self.rows["published_on"].to_numpy() <= np.datetime64(day)]
        rows = rows.drop_duplicates(["firm", "month"], keep="last").reset_index(drop=True)
        keys = rows["month"].to_numpy(dtype=np.int64)
        since_1970 = (keys // 100 - 1970) * 12 + keys % 100 - 1
        months = since_1970.astype("datetime64[M]").astype("datetime64[s]")
        rows["month"] = pd.PeriodIndex(months, freq="M")
        return rows.drop(columns="id")

    def identity(self, day: date) -> bytes:
        """Hash of the reports published by the end of a day, whatever their row numbers."""
        seen = self.rows["published_on"].to_numpy() <= np.datetime64(day)
        return hashlib.sha256(self._hashes[seen].tobytes()).digest()

    @cached_property
    def _hashes(self) -> npt.NDArray[np.uint64]:
        hashes = pd.util.hash_pandas_object(self.rows.drop(columns="id"), index=False)
        return np.asarray(hashes, dtype=np.uint64)


def add_groups(
    connection: Connection, batch: int, rows: Sequence[Reading], catalogue: Catalogue
) -> None:
    """Add group observations to a batch; unknown publication days are estimated and flagged."""
    ids = source_ids(connection, (r.observation.source for r in rows))
    records = []
    for reading in rows:
        row = reading.observation
        indicator = catalogue.indicator(row.indicator)
        records.append(
            {
                "batch_id": batch,
                "region": catalogue.region(row.region).code,
                "indicator": indicator.code,
                "people": reading.group,
                "month": clock.month_key(row.month),
                "value": float(row.value),
                "published_on": row.published_on or indicator.usually_published(row.month),
                "published_estimated": row.published_on is None,
                "source_id": ids[row.source],
            }
        )
    if records:
        connection.execute(insert(group_observations), records)


def add_firms(
    connection: Connection,
    batch: int,
    rows: Sequence[FirmMonth],
    catalogue: Catalogue,
    *,
    source: str,
    published_on: date | None = None,
    region: str | None = None,
) -> None:
    """Add firm months to a batch."""
    ids = source_ids(connection, [source] if rows else [])
    records = []
    for row in rows:
        where = row.region or region
        if where is None:
            raise DataError(
                f"企业 {row.firm} {row.month} 的月报没有写明地区。", "请用 --region 指明地区。"
            )
        usual = clock.estimated_publication(row.month, FIRM_LAG_DAYS)
        known_on = row.published_on or published_on
        records.append(
            {
                "batch_id": batch,
                "region": catalogue.region(where).code,
                "firm": row.firm,
                "month": clock.month_key(row.month),
                **{k: getattr(row, k) for k in ("base", "hires", "separations", "end")},
                "dispatched": row.dispatched,
                "hidden": row.hidden,
                "kinds": _kinds(row.by_type, row.by_cause),
                **{k: getattr(row, k) for k in FIRM_COLUMNS[9:]},
                "published_on": known_on or min(usual, clock.today()),
                "published_estimated": known_on is None,
                "source_id": ids[source],
            }
        )
    if records:
        connection.execute(insert(firm_months), records)


def _kinds(by_type: Mapping[str, int], by_cause: Mapping[str, int]) -> str:
    content = {"type": dict(by_type), "cause": dict(by_cause)}
    return json.dumps(content, ensure_ascii=False, sort_keys=True)


def _rows(store: Store, table: Table, names: Sequence[str], **key: str) -> pd.DataFrame:
    """Rows of a table in force; demonstration rows only if there is no real one."""
    query = (
        select(
            *(table.c[n] for n in names),
            table.c.published_on,
            table.c.published_estimated,
            sources.c.text.label("source"),
            batches.c.demo,
            table.c.id,
        )
        .join(batches, batches.c.id == table.c.batch_id)
        .join(sources, sources.c.id == table.c.source_id)
        .where(*(table.c[k] == v for k, v in key.items()), batches.c.withdrawn_at.is_(None))
        .order_by(table.c.month, table.c.published_on, table.c.id)
    )
    columns = [*names, "published_on", "published_estimated", "source", "demo", "id"]
    with store.reading() as connection:
        records = connection.execute(query).all()
    rows = pd.DataFrame([tuple(r) for r in records], columns=columns)
    rows["published_on"] = pd.to_datetime(rows["published_on"]).astype("datetime64[s]")
    rows["demo"] = rows["demo"].astype(bool)
    if not rows["demo"].all():
        rows = rows[~rows["demo"]]
    return rows.reset_index(drop=True)


def group_vintages(store: Store, region: str, indicator: str, people: str) -> Vintages:
    """Every row of one group's series, as `Store.vintages` gives those for everybody."""
    rows = _rows(
        store, group_observations, ("month", "value"),
        region=region, indicator=indicator, people=people,
    )  # fmt: skip
    return Vintages(region, indicator, rows[list(COLUMNS)])


def groups_of(store: Store, region: str, indicator: str) -> list[str]:
    """Groups that have a series, sorted."""
    table = group_observations
    query = (
        select(table.c.people)
        .join(batches, batches.c.id == table.c.batch_id)
        .where(
            table.c.region == region,
            table.c.indicator == indicator,
            batches.c.withdrawn_at.is_(None),
        )
        .distinct()
    )
    with store.reading() as connection:
        return sorted(row[0] for row in connection.execute(query))


def firm_vintages(store: Store, region: str) -> FirmVintages:
    """Every report of a region's monitored firms, for panels as of many days."""
    return store.once(
        (region, firm_months.name),
        lambda: FirmVintages(region, _rows(store, firm_months, FIRM_COLUMNS, region=region)),
    )


def firm_panel(store: Store, region: str, as_of: date) -> pd.DataFrame:
    """Firm months as they were known on a day.

    Parameters
    ----------
    store : Store
        Where from.
    region : str
        Catalogue code.
    as_of : datetime.date
        Last day of publication to look at.

    Returns
    -------
    pandas.DataFrame
        Columns `FIRM_COLUMNS` (month as Period[M], kinds as a dictionary), `source`, `demo`; of
        each firm and month the latest report.
    """
    rows = firm_vintages(store, region).as_of(as_of)
    rows["kinds"] = rows["kinds"].map(json.loads)
    return rows[[*FIRM_COLUMNS, "source", "demo"]]


def separation_details(panel: pd.DataFrame, kind: str = "type") -> pd.DataFrame:
    """Separations by type or by cause as a long table.

    Parameters
    ----------
    panel : pandas.DataFrame
        From `firm_panel`.
    kind : {"type", "cause"}
        Which of the two divisions.

    Returns
    -------
    pandas.DataFrame
        Columns `firm`, `month`, `kind` (the Chinese title) and `count`, as
        `features.sample.details` takes them.
    """
    rows = [
        (firm, month, SEPARATION_TITLES.get(f"{kind}:{code}", code), count)
        for firm, month, kinds in zip(panel["firm"], panel["month"], panel["kinds"], strict=True)
        for code, count in kinds[kind].items()
    ]
    return pd.DataFrame(rows, columns=["firm", "month", kind, "count"])


def replace_bundled_batch(
    store: Store,
    name: str,
    add: Callable[[Connection, int], None],
    *,
    demo: bool,
    fingerprint: str,
) -> bool:
    """Bring a shipped file of groups or firms up to date, as `Store.replace_bundled` does."""
    kind = f"bundled:{name}"
    in_force = (batches.c.kind == kind, batches.c.withdrawn_at.is_(None))
    stored = select(batches.c.fingerprint).where(*in_force)
    with store.reading() as connection:
        if connection.scalar(stored) == fingerprint:
            return False
    with store.writing() as connection:
        if connection.scalar(stored) == fingerprint:
            return False  # another process was faster
        connection.execute(
            update(batches).where(*in_force).values(withdrawn_at=clock.now().replace(tzinfo=None))
        )
        batch = open_batch(
            connection, kind=kind, command="随程序附带", demo=demo, fingerprint=fingerprint
        )
        add(connection, batch)
    return True
