"""Cache of what earlier months worked out: one SQLite file, bounded, safe under concurrent runs.

Losing it costs time and nothing else, so every fault of the file is answered by computing anew.
What belongs to one series is one entry, read and written whole. A cycle asks for one series after
another, once a month: were the least recently used dropped for the newest, a cache that is a little
too small would hold none of what is asked for next. So a series keeps its place until it has not
been asked for in a while, what finds no place is not kept, and `FileCellCache.shortage` tells of
it.
"""

from __future__ import annotations

import hashlib
import sqlite3
import struct
import zlib
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pyarrow import Codec

from employment_forecast.data import clock

BUSY_SECONDS = 30.0
# Torn pages, another format, another layout. A busy, full or read-only file is not damaged.
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
# A series that was not asked for in so many days gives way to others: monthly ones stay.
_HELD_DAYS = 45
# What a series did not ask for in so many openings is of origins long past.
_OPENINGS = 4
_TABLES = (
    "CREATE TABLE IF NOT EXISTS entries (series TEXT PRIMARY KEY, version INTEGER NOT NULL,"
    " opening INTEGER NOT NULL, day INTEGER NOT NULL, bytes INTEGER NOT NULL,"
    " refused INTEGER NOT NULL)",
    # Apart, so that a look at all sizes reads none of it.
    "CREATE TABLE IF NOT EXISTS packs (series TEXT PRIMARY KEY, content BLOB NOT NULL)",
)
# Of earlier releases, which kept paths, or packed otherwise.
_EARLIER = ("cells", "kept", "series", "contents")
_FACTS = "series, version, opening, day, bytes, refused"
_HASH_BYTES = 16
_PLACE = struct.Struct(f"<{_HASH_BYTES}sII")
_COUNT = struct.Struct("<I")
# Bytes and checksum of what is packed.
_SEAL = struct.Struct("<II")
# A quarter of the time of zlib at its quickest, and no more space.
_CODEC = Codec("zstd", compression_level=2)
Entries = dict[bytes, tuple[int, bytes]]


def _short(key: str) -> bytes:
    return hashlib.blake2b(key.encode(), digest_size=_HASH_BYTES).digest()


def packed(entries: Entries) -> bytes:
    """Results with the opening in which each was last asked for, as one entry of the file."""
    places = b"".join(_PLACE.pack(k, at, len(blob)) for k, (at, blob) in entries.items())
    bodies = b"".join(blob for _, blob in entries.values())
    opened = _COUNT.pack(len(entries)) + places + bodies
    sealed: bytes = _CODEC.compress(opened, asbytes=True)
    return _SEAL.pack(len(opened), zlib.crc32(opened)) + sealed


def unpacked(content: bytes) -> Entries:
    """Inverse of `packed`; empty where the entry is damaged."""
    entries: Entries = {}
    try:
        size, checksum = _SEAL.unpack_from(content)
        opened = _CODEC.decompress(content[_SEAL.size :], size, asbytes=True)
        if zlib.crc32(opened) != checksum:
            return {}
        (count,) = _COUNT.unpack_from(opened)
        end = _COUNT.size + count * _PLACE.size
        for key, opening, length in _PLACE.iter_unpack(opened[_COUNT.size : end]):
            entries[key] = opening, opened[end : end + length]
            end += length
    except (OSError, MemoryError, struct.error):
        return {}
    return entries


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
    """Results of one series in one file for all.

    Parameters
    ----------
    file : pathlib.Path
        Created when missing; a damaged file is replaced. Where it cannot be used, nothing is kept.
    megabytes : int
        Upper bound of what is kept.
    series : str
        Whose results are asked for and kept.
    """

    def __init__(self, file: Path, megabytes: int, series: str = "") -> None:
        self._file = file
        self._bytes = megabytes * 1_000_000
        self._series = series
        self._entries: Entries = {}
        self._version = -1
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
                names = {n for (n,) in connection.execute("SELECT name FROM sqlite_master")}
                earlier = names & {*_EARLIER}
                for name in earlier:
                    connection.execute(f"DROP TABLE {name}")
                connection.execute("SELECT series, content FROM packs LIMIT 1")
                connection.execute(f"SELECT {_FACTS} FROM entries LIMIT 1")
            if earlier:
                # They were most of the disk; another process may hold it, then it is used again.
                with suppress(sqlite3.OperationalError):
                    connection.execute("VACUUM")
            # Only faster; SQLite refuses at once, without waiting, while another process is there.
            with suppress(sqlite3.OperationalError):
                connection.execute("PRAGMA journal_mode = WAL")

    def load(self, keys: Sequence[str]) -> Mapping[str, bytes]:
        """Stored results by key; unknown keys are absent.

        The file is asked once: a run loads dozens of times, and what others save of the same
        series meanwhile is met when results are saved.
        """
        if self._version < 0:
            try:
                with closing(self._connect()) as connection, connection:
                    self._look(connection)
                    connection.execute(
                        "UPDATE entries SET day = ? WHERE series = ? AND day <> ?",
                        (_today(), self._series, _today()),
                    )
            except sqlite3.Error as error:
                self._mend(error)
        stored = {}
        for key in keys:
            short = _short(key)
            if short in self._entries:
                blob = stored[key] = self._entries[short][1]
                self._entries[short] = self._opening, blob
        return stored

    def save(self, results: Mapping[str, bytes]) -> None:
        """Keep results as far as there is room, and drop what the series has long not asked for."""
        if not results:
            return
        try:
            with closing(self._connect()) as connection, connection:
                connection.execute("BEGIN IMMEDIATE")
                self._look(connection)
                self._keep(connection, results)
        except sqlite3.Error as error:
            self._mend(error)

    def _look(self, connection: sqlite3.Connection) -> None:
        """Read the entry, unless it is still as we left it."""
        facts = connection.execute(
            "SELECT version, opening FROM entries WHERE series = ?", (self._series,)
        ).fetchone()
        version, opening = facts or (0, 0)
        self._opening = self._opening or opening + 1
        if version == self._version:
            return
        stored = connection.execute(
            "SELECT content FROM packs WHERE series = ?", (self._series,)
        ).fetchone()
        used = {key: at for key, (at, _) in self._entries.items()}
        self._entries = {
            key: (max(at, used.get(key, 0)), blob)
            for key, (at, blob) in unpacked(stored[0] if stored else b"").items()
        }
        self._version = version

    def _keep(self, connection: sqlite3.Connection, results: Mapping[str, bytes]) -> None:
        fresh = {_short(key): (self._opening, blob) for key, blob in results.items()}
        long_past = self._opening - _OPENINGS if self._series else -1
        wanted = {
            key: each for key, each in {**self._entries, **fresh}.items() if each[0] > long_past
        }
        content = packed(wanted)
        whole = len(content)
        room = self._room(connection, whole)
        while wanted and len(content) > room:
            # What came last finds no place.
            over, size = len(content) - max(room, 0), sum(len(blob) for _, blob in wanted.values())
            while wanted and over > 0:
                _, (_, blob) = wanted.popitem()
                over -= len(blob) * len(content) // max(size, 1) + 1
            content = packed(wanted)
        self._entries, self._version = wanted, self._version + 1
        connection.execute(
            f"INSERT OR REPLACE INTO entries ({_FACTS}) VALUES (?, ?, ?, ?, ?, ?)",
            (
                *(self._series, self._version, self._opening, _today()),
                *(len(content), whole - len(content)),
            ),
        )
        connection.execute("INSERT OR REPLACE INTO packs VALUES (?, ?)", (self._series, content))

    def _room(self, connection: sqlite3.Connection, wanted: int) -> int:
        """Bytes that are ours, after series out of use have given way as far as need be.

        A bound that was lowered holds at once: then others give way too, ourselves last.
        """
        others = connection.execute(
            "SELECT series, bytes, day < ? FROM entries WHERE series <> ? ORDER BY day, series",
            (_today() - _HELD_DAYS, self._series),
        ).fetchall()
        room: int = self._bytes - sum(size for _, size, _ in others)
        for series, size, idle in others:
            if room < 0 or (idle and room < wanted):
                connection.execute("DELETE FROM packs WHERE series = ?", (series,))
                connection.execute("DELETE FROM entries WHERE series = ?", (series,))
                room += size
        return room

    def shortage(self) -> Shortage | None:
        """What the series in use had no room for; None where everything is kept."""
        query = (
            "SELECT COUNT(*), COALESCE(SUM(bytes + refused), 0), COALESCE(SUM(refused > 0), 0)"
            " FROM entries WHERE day >= ?"
        )
        try:
            with closing(self._connect()) as connection:
                sums = connection.execute(query, (_today() - _HELD_DAYS,)).fetchone()
        except sqlite3.Error:
            return None
        series, size, refused = map(int, sums)
        if not refused:
            return None
        # Some room for the months to come.
        needed = int(size * 1.1) // 1_000_000 + 1
        return Shortage(self._bytes // 1_000_000, needed, series, refused)


def _today() -> int:
    day: date = clock.today()
    return day.toordinal()
