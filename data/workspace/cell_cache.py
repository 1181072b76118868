"""Cache of back-test cells: one SQLite file, bounded, safe under concurrent runs.

Losing it costs time and nothing else, so every fault of the file is answered by computing anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path

BUSY_SECONDS = 30.0
_BATCH = 500
# Torn pages, another format, another layout. A busy, full or read-only file is not damaged.
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)


class FileCellCache:
    """Cells in one file, least recently used first to go.

    Parameters
    ----------
    file : pathlib.Path
        Created when missing; a damaged file is replaced. Where it cannot be used, nothing is kept.
    megabytes : int
        Upper bound of what is kept.
    """

    def __init__(self, file: Path, megabytes: int) -> None:
        self._file = file
        self._bytes = megabytes * 1_000_000
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._mend(error)

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
                connection.execute(
                    "CREATE TABLE IF NOT EXISTS cells "
                    "(key TEXT PRIMARY KEY, used INTEGER NOT NULL, result BLOB NOT NULL)"
                )
                connection.execute("CREATE INDEX IF NOT EXISTS by_use ON cells (used)")
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
                    query = f"SELECT key, result FROM cells WHERE key IN ({marks})"
                    blobs.update(connection.execute(query, part).fetchall())
                if blobs:
                    tick = self._tick(connection)
                    connection.executemany(
                        "UPDATE cells SET used = ? WHERE key = ?", [(tick, k) for k in blobs]
                    )
        except sqlite3.Error as error:
            self._mend(error)
        return blobs

    def save(self, results: Mapping[str, bytes]) -> None:
        """Keep results and drop the least recently used beyond the bound."""
        try:
            with closing(self._connect()) as connection, connection:
                tick = self._tick(connection)
                connection.executemany(
                    "INSERT OR REPLACE INTO cells VALUES (?, ?, ?)",
                    [(key, tick, blob) for key, blob in results.items()],
                )
                self._evict(connection)
        except sqlite3.Error as error:
            self._mend(error)

    @staticmethod
    def _tick(connection: sqlite3.Connection) -> int:
        last = connection.execute("SELECT COALESCE(MAX(used), 0) FROM cells").fetchone()[0]
        return int(last) + 1

    def _evict(self, connection: sqlite3.Connection) -> None:
        query = "SELECT COALESCE(SUM(LENGTH(result)), 0) FROM cells"
        excess = int(connection.execute(query).fetchone()[0]) - self._bytes
        if excess <= 0:
            return
        gone = []
        for key, size in connection.execute(
            "SELECT key, LENGTH(result) FROM cells ORDER BY used, key"
        ):
            gone.append((key,))
            excess -= size
            if excess <= 0:
                break
        connection.executemany("DELETE FROM cells WHERE key = ?", gone)
