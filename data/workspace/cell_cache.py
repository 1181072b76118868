"""Cache of back-test cells: one SQLite file, bounded, safe under concurrent runs.

Losing it costs time and nothing else, so every fault of the file is answered by computing anew.
Cells are kept by series. A cycle asks for one series after another, once a month: were the least
recently used dropped for the newest, a cache that is a little too small would hold none of what is
asked for next. So a series keeps its place until it has not been asked for in a while, what finds
no place is not kept, and `FileCellCache.shortage` tells of it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from employment_forecast.data import clock

BUSY_SECONDS = 30.0
_BATCH = 500
# Torn pages, another format, another layout. A busy, full or read-only file is not damaged.
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
# A series that was not asked for in so many days gives way to others: monthly ones stay.
_HELD_DAYS = 45
# Cells that a series did not ask for in so many openings are of origins long past.
_OPENINGS = 4
_TABLES = (
    "CREATE TABLE IF NOT EXISTS kept (series TEXT NOT NULL, key TEXT PRIMARY KEY,"
    " opening INTEGER NOT NULL, result BLOB NOT NULL)",
    "CREATE INDEX IF NOT EXISTS by_series ON kept (series, opening)",
    # Sizes are summed up as they change: no save has to look at every cell.
    "CREATE TABLE IF NOT EXISTS series (name TEXT PRIMARY KEY, opening INTEGER NOT NULL,"
    " day INTEGER NOT NULL, bytes INTEGER NOT NULL, refused INTEGER NOT NULL)",
    # As earlier releases kept them.
    "DROP TABLE IF EXISTS cells",
)


@dataclass(frozen=True)
class Shortage:
    """What a cache had no room for.

    Attributes
    ----------
    megabytes : int
        Bound.
    needed : int
        Megabytes that would hold everything.
    series : int
        Series in use.
    refused : int
        Those of them of which not everything is kept.
    """

    megabytes: int
    needed: int
    series: int
    refused: int

    @property
    def text(self) -> str:
        """Chinese sentence."""
        return (
            f"回测缓存不够大：上限 {self.megabytes} MB，{self.series} 个序列约需 {self.needed} MB；"
            f"有 {self.refused} 个序列每月要重新计算"
        )

    @property
    def remedy(self) -> str:
        """What to do."""
        return f"请在 forecast.toml 的 [cache] 中设 megabytes = {self.needed}。"


class FileCellCache:
    """Cells of one series in one file for all.

    Parameters
    ----------
    file : pathlib.Path
        Created when missing; a damaged file is replaced. Where it cannot be used, nothing is kept.
    megabytes : int
        Upper bound of what is kept.
    series : str
        Whose cells are asked for and kept.
    """

    def __init__(self, file: Path, megabytes: int, series: str = "") -> None:
        self._file = file
        self._bytes = megabytes * 1_000_000
        self._series = series
        self._opening = 0
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._mend(error)

    def of(self, series: str) -> FileCellCache:
        """The same cache for another series."""
        return FileCellCache(self._file, self._bytes // 1_000_000, series)

    def _mend(self, error: sqlite3.Error) -> None:
        """Replace the file if it is damaged; a busy or unwritable one is left to others."""
        # The low byte is the primary code; errors of the driver itself carry none.
        if getattr(error, "sqlite_errorcode", -1) & 0xFF not in _DAMAGED:
            return
        with suppress(OSError, sqlite3.Error):
            for suffix in ("", "-wal", "-shm"):
                Path(f"{self._file}{suffix}").unlink(missing_ok=True)
            self._prepare()

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._file, timeout=BUSY_SECONDS)

    def _prepare(self) -> None:
        with closing(self._connect()) as connection:
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                for table in _TABLES:
                    connection.execute(table)
                connection.execute("SELECT series, key, opening, result FROM kept LIMIT 1")
                connection.execute("SELECT name, opening, day, bytes, refused FROM series LIMIT 1")
            # Only faster; SQLite refuses at once, without waiting, while another process is there.
            with suppress(sqlite3.OperationalError):
                connection.execute("PRAGMA journal_mode = WAL")

    def load(self, keys: Sequence[str]) -> Mapping[str, bytes]:
        """Stored results by key; unknown keys are absent."""
        blobs: dict[str, bytes] = {}
        try:
            with closing(self._connect()) as connection, connection:
                for start in range(0, len(keys), _BATCH):
                    part = list(keys[start : start + _BATCH])
                    marks = ",".join("?" * len(part))
                    query = f"SELECT key, result FROM kept WHERE key IN ({marks})"
                    blobs.update(connection.execute(query, part).fetchall())
                self._open(connection)
                connection.executemany(
                    "UPDATE kept SET opening = ? WHERE key = ? AND series = ?",
                    [(self._opening, k, self._series) for k in blobs],
                )
        except sqlite3.Error as error:
            self._mend(error)
        return blobs

    def save(self, results: Mapping[str, bytes]) -> None:
        """Keep results as far as there is room, and drop what the series has long not asked for."""
        if not results:
            return
        try:
            with closing(self._connect()) as connection, connection:
                self._open(connection)
                self._keep(connection, results)
        except sqlite3.Error as error:
            self._mend(error)

    def _open(self, connection: sqlite3.Connection) -> None:
        """Note the series as in use; the first time, a new opening begins."""
        connection.execute(
            "INSERT INTO series VALUES (?, 0, ?, 0, 0) ON CONFLICT (name) DO UPDATE SET day = ?",
            (self._series, _today(), _today()),
        )
        if self._opening:
            return
        found = connection.execute(
            "UPDATE series SET opening = opening + 1, refused = 0 WHERE name = ? RETURNING opening",
            (self._series,),
        )
        self._opening = int(found.fetchone()[0])

    def _keep(self, connection: sqlite3.Connection, results: Mapping[str, bytes]) -> None:
        if self._series:
            long_past = self._opening - _OPENINGS
            self._drop(connection, "series = ? AND opening <= ?", (self._series, long_past))
        for key in results:
            self._drop(connection, "key = ?", (key,))
        wanted = sum(map(len, results.values()))
        room = self._room(connection, wanted)
        kept, refused = 0, 0
        for key, blob in results.items():
            if kept + len(blob) > room:
                refused += len(blob)
                continue
            kept += len(blob)
            connection.execute(
                "INSERT INTO kept VALUES (?, ?, ?, ?)", (self._series, key, self._opening, blob)
            )
        connection.execute(
            "UPDATE series SET bytes = bytes + ?, refused = refused + ? WHERE name = ?",
            (kept, refused, self._series),
        )

    @staticmethod
    def _drop(connection: sqlite3.Connection, condition: str, values: tuple[object, ...]) -> None:
        gone = connection.execute(
            f"DELETE FROM kept WHERE {condition} RETURNING series, LENGTH(result)", values
        ).fetchall()
        connection.executemany(
            "UPDATE series SET bytes = bytes - ? WHERE name = ?", [(n, name) for name, n in gone]
        )

    def _room(self, connection: sqlite3.Connection, wanted: int) -> int:
        """Bytes that are free, after series out of use have given way as far as need be.

        A bound that was lowered holds at once: then others give way too, ourselves last.
        """
        found = connection.execute(
            "SELECT name, bytes, day < ? FROM series ORDER BY name = ?, day, name",
            (_today() - _HELD_DAYS, self._series),
        ).fetchall()
        room: int = self._bytes - sum(size for _, size, _ in found)
        for name, size, idle in found:
            if room < 0 or (idle and room < wanted):
                connection.execute("DELETE FROM kept WHERE series = ?", (name,))
                connection.execute("UPDATE series SET bytes = 0 WHERE name = ?", (name,))
                room += size
        return room

    def shortage(self) -> Shortage | None:
        """What the series in use had no room for; None where everything is kept."""
        query = (
            "SELECT COUNT(*), COALESCE(SUM(bytes + refused), 0), COALESCE(SUM(refused > 0), 0)"
            " FROM series WHERE day >= ?"
        )
        try:
            with closing(self._connect()) as connection:
                found = connection.execute(query, (_today() - _HELD_DAYS,)).fetchone()
        except sqlite3.Error:
            return None
        series, size, refused = map(int, found)
        if not refused:
            return None
        # Some room for the months to come.
        needed = int(size * 1.1) // 1_000_000 + 1
        return Shortage(self._bytes // 1_000_000, needed, series, refused)


def _today() -> int:
    day: date = clock.today()
    return day.toordinal()
