"""The observation store: append-only, remembers when a number became known.

SQLite by default, any SQLAlchemy URL by setting. Every write is one transaction.
"""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from datetime import date
from typing import Any, TypeVar
from urllib.parse import unquote

import pandas as pd
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Table,
    create_engine,
    event,
    func,
    select,
    text,
    update,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from employment_forecast.data import clock
from employment_forecast.data.catalogue import Catalogue, Indicator, Region
from employment_forecast.data.errors import BusyError, NotFoundError, SettingsError, StorageError
from employment_forecast.data.files import visible
from employment_forecast.data.records import (
    COLUMNS,
    Known,
    Observation,
    Vintages,
    check_observations,
)
from employment_forecast.data.store import migrate
from employment_forecast.data.store.batches import add_observations, open_batch
from employment_forecast.data.store.schema import batches, group_observations, observations, sources
from employment_forecast.data.store.shock_rows import shocks_of
from employment_forecast.data.store.sums import added_up_to, sums_of_parts, wholes_of, with_sums

Read = TypeVar("Read")

BUSY_SECONDS = 30
_WRITERS = 7_205_117  # any constant: the advisory lock of writers on PostgreSQL


def _shown(url: str) -> str:
    """An address as messages may show it: no password, Chinese file names readable."""
    try:
        return unquote(make_url(url).render_as_string(hide_password=True))
    except (ArgumentError, ValueError):
        return "store.url"


def _engine(url: str) -> Engine:
    try:
        engine = create_engine(url)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError, ValueError) as error:
        raise SettingsError(
            f"数据库地址“{_shown(url)}”无法使用（{error}）。",
            "请检查 forecast.toml 的 store.url；PostgreSQL 需另装 postgres 附加包。",
        ) from error
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _prepare(connection: Any, _record: Any) -> None:
            # SQLAlchemy, not the driver, opens transactions, so that BEGIN IMMEDIATE is possible.
            connection.isolation_level = None
            connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
            # Two first runs at once: SQLite refuses the change of mode without waiting; the next
            # connection makes it. Any other fault shows at the first query.
            with suppress(sqlite3.OperationalError):
                connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA foreign_keys = ON")

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            immediate = connection.get_execution_options().get("writes", False)
            connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


def _as_table(records: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
    """Rows of one series as `Vintages` holds them; demonstration rows only where no real."""
    rows = pd.DataFrame(records, columns=list(COLUMNS))
    rows["published_on"] = pd.to_datetime(rows["published_on"]).astype("datetime64[s]")
    rows["demo"] = rows["demo"].astype(bool)
    if not rows["demo"].all():
        rows = rows[~rows["demo"]]
    return rows.reset_index(drop=True)


class Store:
    """Observations with their vintages.

    Parameters
    ----------
    url : str
        SQLAlchemy URL.
    expected : bool
        There must be a store already: an empty database is not made into a new one.
    catalogue : Catalogue, optional
        Regions and their parts; without it no figure is added up.

    Raises
    ------
    SettingsError
        If the URL names no usable database.
    StorageError
        If the database does not answer, has lost a table, or is empty and a store is expected.
    BusyError
        As from every method: another process has been writing for longer than `BUSY_SECONDS`.
    """

    def __init__(
        self, url: str, *, expected: bool = False, catalogue: Catalogue | None = None
    ) -> None:
        self._engine = _engine(url)
        # Python 3.13 warns of each connection that its owner leaves open when it is forgotten.
        weakref.finalize(self, self._engine.dispose).atexit = False
        self.url = _shown(url)
        self.catalogue = catalogue
        self._remembered: dict[Hashable, Any] | None = None
        try:
            with self.reading() as connection:
                revision = migrate.current(connection)
                lost = migrate.missing_tables(connection) if revision == migrate.HEAD else []
            if lost or (expected and revision is None):
                raise self._lost(lost)
            if revision != migrate.HEAD:
                with self.writing() as connection:
                    migrate.upgrade(connection)
        except BaseException:
            self.close()
            raise

    def _lost(self, tables: Sequence[str]) -> StorageError:
        fault = f"缺少表 {'、'.join(tables)}" if tables else "是空的，而工作区里已有预测记录"
        return StorageError(
            f"观测数据库“{self.url}”{fault}，数据可能已经丢失。",
            "请先把工作区另存一份，再用 forecast restore 从最近的备份恢复到另一个空的工作区。",
        )

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
            if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise BusyError(
                    f"数据库“{self.url}”正被另一进程占用，等候 {BUSY_SECONDS} 秒未果。",
                    "请等那个进程结束后重试；已有数据未被改动。",
                ) from error
            reason = visible(str(error.orig).partition("\n")[0])
            raise StorageError(
                f"数据库“{self.url}”无法读写（{reason}）。",
                "请检查文件权限、磁盘空间或数据库服务，然后重试；已有数据未被改动。",
            ) from error

    @contextmanager
    def writing(self, *, series: bool = True) -> Iterator[Connection]:
        """One writing transaction: all or nothing; raises StorageError if the database fails.

        Parameters
        ----------
        series : bool
            Whether it may change what a `steady` block remembers.
        """
        if series and self._remembered is not None:
            self._remembered = {}
        with (
            self._translated(),
            self._engine.connect().execution_options(writes=True) as connection,
            connection.begin(),
        ):
            if connection.dialect.name == "postgresql":
                # One writer at a time, as SQLite has it: what was checked stays true until written.
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITERS})
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One reading transaction; raises StorageError if the database fails."""
        with self._translated(), self._engine.connect() as connection:
            yield connection

    def close(self) -> None:
        """Release the connections."""
        self._engine.dispose()

    def append(
        self,
        rows: Iterable[Observation],
        catalogue: Catalogue,
        *,
        command: str,
        kind: str = "import",
        demo: bool = False,
        fingerprint: str = "",
    ) -> int:
        """Add a batch of observations, all or nothing.

        Parameters
        ----------
        rows : iterable of Observation
            A value already stored for the same month is revised by a later `published_on`.
        catalogue : Catalogue
            Knows the codes, the limits of values and the publication lags.
        command : str
            What brought the rows in, for the record.
        kind : str
            `import`, `bundled` or whatever else names the door.
        demo : bool
            True for demonstration data (演示数据).
        fingerprint : str
            Content hash of the input, if the caller has one.

        Returns
        -------
        int
            Batch number.

        Raises
        ------
        DataError
            If a row is impossible; nothing is stored.
        StorageError
            If the database cannot be written; nothing is stored.
        """
        checked = list(rows)
        check_observations(checked, catalogue)
        with self.writing() as connection:
            batch = open_batch(
                connection, kind=kind, command=command, demo=demo, fingerprint=fingerprint
            )
            add_observations(connection, batch, checked, catalogue)
            return batch

    def replace_bundled(
        self,
        name: str,
        rows: Sequence[Observation],
        catalogue: Catalogue,
        *,
        demo: bool,
        fingerprint: str,
    ) -> bool:
        """Bring a bundled data set up to the shipped version, once.

        Parameters
        ----------
        name : str
            Name of the data set.
        rows : sequence of Observation
            Its content.
        catalogue : Catalogue
            As for `append`.
        demo : bool
            True for demonstration data.
        fingerprint : str
            Content hash; the same hash again changes nothing.

        Returns
        -------
        bool
            True if rows were written.
        """
        kind = f"bundled:{name}"
        with self.reading() as connection:
            if self._bundled_fingerprint(connection, kind) == fingerprint:
                return False
        check_observations(rows, catalogue)
        with self.writing() as connection:
            if self._bundled_fingerprint(connection, kind) == fingerprint:
                return False  # another process was faster
            connection.execute(
                update(batches)
                .where(batches.c.kind == kind, batches.c.withdrawn_at.is_(None))
                .values(withdrawn_at=clock.now().replace(tzinfo=None))
            )
            batch = open_batch(
                connection, kind=kind, command="随程序附带", demo=demo, fingerprint=fingerprint
            )
            add_observations(connection, batch, rows, catalogue)
        return True

    @staticmethod
    def _bundled_fingerprint(connection: Connection, kind: str) -> str | None:
        return connection.scalar(
            select(batches.c.fingerprint).where(
                batches.c.kind == kind, batches.c.withdrawn_at.is_(None)
            )
        )

    def withdraw(self, batch: int) -> None:
        """Take a batch back: later `as_of` answers do not see it, the record of it stays.

        Raises
        ------
        NotFoundError
            If there is no such batch in force.
        """
        with self.writing() as connection:
            updated = connection.execute(
                update(batches)
                .where(batches.c.id == batch, batches.c.withdrawn_at.is_(None))
                .values(withdrawn_at=clock.now().replace(tzinfo=None))
            )
            if updated.rowcount == 0:
                raise NotFoundError(f"没有编号为 {batch} 的有效批次。", "请核对批次编号。")

    def vintages(self, region: str, indicator: str) -> Vintages:
        """Every row of one series and its declared events; demonstration rows only where no real.

        With a catalogue, months for which a region has no figure of its own are the sums of its
        parts; see `data.store.sums`.

        Parameters
        ----------
        region, indicator : str
            Catalogue codes.

        Returns
        -------
        Vintages
        """
        return self.once(
            (region, indicator),
            lambda: (
                self.recorded([region], indicator)[region]
                if self.catalogue is None
                else with_sums(self.recorded, self.catalogue, region, indicator)
            ),
        )

    def once(self, key: Hashable, read: Callable[[], Read]) -> Read:
        """What is read under a key; in a `steady` block what was read of it before."""
        if self._remembered is None:
            return read()
        if key not in self._remembered:
            self._remembered[key] = read()
        known: Read = self._remembered[key]
        return known

    @contextmanager
    def steady(self) -> Iterator[None]:
        """Within the block `once` reads once: what others bring in meanwhile is not seen."""
        self._remembered = {}
        try:
            yield
        finally:
            self._remembered = None

    def sums(self, region: Region, indicator: Indicator) -> Vintages:
        """Sums of a region's parts alone (汇总), whatever figures of its own it has.

        Parameters
        ----------
        region, indicator : Region, Indicator
            Of the store's catalogue; empty where the indicator does not add up, some part is not
            in the catalogue, or a part has never told a month.

        Returns
        -------
        Vintages
            A row for the day on which the last part told a month, and for each revision since.
        """
        if self.catalogue is None or indicator.aggregation != "sum":
            own = self.recorded([region.code], indicator.code)[region.code]
            return replace(own, rows=own.rows.iloc[:0])
        return sums_of_parts(self.recorded, self.catalogue, region, indicator)

    def recorded(self, regions: Sequence[str], indicator: str) -> dict[str, Vintages]:
        """Series of one indicator as they were brought in, by region: nothing is added up."""
        table, chosen = self._rows_of(indicator)
        query = (
            select(
                table.c.region,
                table.c.month,
                table.c.value,
                table.c.published_on,
                table.c.published_estimated,
                sources.c.text.label("source"),
                batches.c.demo,
                table.c.id,
            )
            .join(batches, batches.c.id == table.c.batch_id)
            .join(sources, sources.c.id == table.c.source_id)
            .where(table.c.region.in_(regions), *chosen, batches.c.withdrawn_at.is_(None))
            .order_by(table.c.month, table.c.published_on, table.c.id)
        )
        records: dict[str, list[tuple[Any, ...]]] = {region: [] for region in regions}
        with self.reading() as connection:
            for region, *row in connection.execute(query):
                records[region].append(tuple(row))
            events = shocks_of(connection, None if len(regions) > 1 else regions[0], indicator)
        return {
            region: Vintages(
                region,
                indicator,
                _as_table(rows),
                tuple(event for event in events if event.region == region),
            )
            for region, rows in records.items()
        }

    def latest(
        self,
        regions: Sequence[str],
        indicator: str,
        day: date,
        connection: Connection | None = None,
    ) -> dict[str, dict[int, tuple[float, date]]]:
        """Newest real figures as brought in, by region and month ordinal, each with its day.

        Of each month the value published last by the end of `day`; regions without one are absent.
        Inside a writing transaction its `connection` shows what that has already written.
        """
        table, chosen = self._rows_of(indicator)
        query = (
            select(table.c.region, table.c.month, table.c.value, table.c.published_on)
            .join(batches, batches.c.id == table.c.batch_id)
            .where(
                table.c.region.in_(regions),
                *chosen,
                batches.c.withdrawn_at.is_(None),
                batches.c.demo.is_(False),
                table.c.published_on <= day,
            )
            .order_by(table.c.month, table.c.published_on, table.c.id)
        )
        figures: dict[str, dict[int, tuple[float, date]]] = {}
        with self.reading() if connection is None else nullcontext(connection) as source:
            for region, month, value, published_on in source.execute(query):
                ordinal = (month // 100 - 1970) * 12 + month % 100 - 1
                figures.setdefault(region, {})[ordinal] = (value, published_on)
        return figures

    def _rows_of(self, indicator: str) -> tuple[Table, tuple[ColumnElement[bool], ...]]:
        """Table and condition of an indicator's rows: a group of people has a table of its own."""
        pair = None if self.catalogue is None else self.catalogue.group_of(indicator)
        if pair is None:
            return observations, (observations.c.indicator == indicator,)
        table, (base, group) = group_observations, pair
        return table, (table.c.indicator == base.code, table.c.people == group.code)

    def as_of(self, day: date, region: str, indicator: str) -> Known:
        """One series as it was known at the end of a day. See `Vintages.as_of`."""
        return self.vintages(region, indicator).as_of(day)

    def holding(self, indicator: str, regions: Sequence[str]) -> set[str]:
        """Which of some regions have any row of an indicator in force."""
        table, chosen = self._rows_of(indicator)
        query = (
            select(table.c.region)
            .join(batches, batches.c.id == table.c.batch_id)
            .where(table.c.region.in_(regions), *chosen, batches.c.withdrawn_at.is_(None))
            .distinct()
        )
        with self.reading() as connection:
            return set(connection.scalars(query))

    def indicators_of(self, region: str) -> set[str]:
        """Indicators of which a region has any row of its own in force; groups of people apart."""
        query = (
            select(observations.c.indicator)
            .join(batches, batches.c.id == observations.c.batch_id)
            .where(observations.c.region == region, batches.c.withdrawn_at.is_(None))
            .distinct()
        )
        with self.reading() as connection:
            return set(connection.scalars(query))

    def series(self, region: Region | None = None) -> list[tuple[str, str, bool]]:
        """Stored (region, indicator, demo) triples in force, and those of wholes, sorted.

        Of one region only it and its parts are looked up.
        """
        query = (
            select(
                observations.c.region,
                observations.c.indicator,
                func.min(batches.c.demo.cast(observations.c.month.type)),
            )
            .join(batches, batches.c.id == observations.c.batch_id)
            .where(batches.c.withdrawn_at.is_(None))
            .group_by(observations.c.region, observations.c.indicator)
            .order_by(observations.c.region, observations.c.indicator)
        )
        if region is not None:
            parts = {region.code} if self.catalogue is None else added_up_to(self.catalogue, region)
            query = query.where(observations.c.region.in_(parts))
        with self.reading() as connection:
            demo_of = {(r, i): bool(d) for r, i, d in connection.execute(query)}
        if self.catalogue is not None:
            demo_of |= dict.fromkeys(wholes_of(self.catalogue, demo_of), False)
        wanted = demo_of if region is None else (key for key in demo_of if key[0] == region.code)
        return sorted((*key, demo_of[key]) for key in wanted)
