"""The cell cache is bounded, heals, and never gets in the way of a run."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta

import pytest

from employment_forecast.data import clock
from employment_forecast.data.workspace import cell_cache as cellcache
from employment_forecast.data.workspace.cell_cache import FileCellCache

LARGE = os.urandom(300_000)  # three fit into one megabyte


@pytest.fixture
def file(tmp_path):
    return tmp_path / "cells.db"


def kept(cache: FileCellCache, keys="abcdefghij") -> set[str]:
    """Keys that are there, asked without counting as a use."""
    connection = sqlite3.connect(cache._file)
    try:
        contents = connection.execute("SELECT content FROM packs").fetchall()
    finally:
        connection.close()
    stored = {key for (content,) in contents for key in cellcache.unpacked(content)}
    return {key for key in keys if cellcache._short(key) in stored}


def test_what_is_saved_is_found_and_the_rest_is_absent(file):
    cache = FileCellCache(file, 1)
    cache.save({"a": b"\x00\xff", "b": b""})
    assert cache.load(["a", "b", "c"]) == {"a": b"\x00\xff", "b": b""}
    assert FileCellCache(file, 1).load(["a"]) == {"a": b"\x00\xff"}
    assert cache.load([]) == {}
    cache.save({})
    cache.save({"a": b"new"})
    assert cache.load(["a"]) == {"a": b"new"}


def test_a_run_asks_the_file_once_and_meets_what_others_kept_when_it_saves(file, monkeypatch):
    ours, theirs = FileCellCache(file, 1, "s"), FileCellCache(file, 1, "s")
    ours.save({"a": b"1"})
    assert ours.load(["a", "b"]) == {"a": b"1"}
    theirs.save({"b": b"2"})
    with monkeypatch.context() as patch:
        patch.setattr(ours, "_connect", lambda: pytest.fail("asked again"))
        assert ours.load(["a", "b"]) == {"a": b"1"}
    ours.save({"c": b"3"})
    assert ours.load(["a", "b", "c"]) == {"a": b"1", "b": b"2", "c": b"3"}
    assert kept(ours) == {"a", "b", "c"}


def test_a_damaged_entry_is_no_entry():
    entries = {bytes([i]) * 16: (i, bytes(i)) for i in range(4)}
    content = cellcache.packed(entries)
    assert cellcache.unpacked(content) == entries
    for at in range(len(content)):
        damaged = bytearray(content)
        damaged[at] ^= 0x10
        assert cellcache.unpacked(bytes(damaged)) in ({}, entries)
    assert cellcache.unpacked(b"") == {}


def test_who_came_first_keeps_the_place_and_the_shortage_is_told(file):
    """A cycle over five series finds three of them again every month, and not none of them."""
    for _ in range(3):
        held = 0
        for name in "abcde":
            cache = FileCellCache(file, 1, name)
            held += len(cache.load([name]))
            cache.save({name: LARGE})
    assert held == 3
    assert kept(cache) == {"a", "b", "c"}
    short = cache.shortage()
    assert (short.megabytes, short.series, short.refused) == (1, 5, 2)
    # Five times 0.3 MB and a tenth.
    assert short.needed == 2
    assert "megabytes = 2" in short.remedy
    larger = FileCellCache(file, short.needed)
    for name in "abcde":
        larger.of(name).load([name])
        larger.of(name).save({name: LARGE})
    assert kept(cache) == set("abcde")
    assert larger.shortage() is None


def test_a_series_out_of_use_gives_way(file, monkeypatch):
    day = clock.today()
    monkeypatch.setattr(clock, "today", lambda: day)
    FileCellCache(file, 1, "old").save({key: os.urandom(300_000) for key in "abc"})
    monkeypatch.setattr(clock, "today", lambda: day + timedelta(days=46))
    cache = FileCellCache(file, 1, "new")
    cache.save({key: os.urandom(300_000) for key in "de"})
    assert kept(cache) == {"d", "e"}
    assert cache.shortage() is None


def test_what_a_series_has_long_not_asked_for_goes(file):
    for month in "abcdefg":
        cache = FileCellCache(file, 10, "s")
        cache.load([chr(ord(month) - 1)])
        cache.save({month: b"1"})
    # Each month asks for the one before; what was last asked for four openings ago is gone.
    assert kept(cache) == set("cdefg")
    other = FileCellCache(file, 10, "t")
    other.save({"z": b"1"})
    assert kept(cache, "cz") == {"c", "z"}


def test_the_bound_holds_even_within_one_save(file):
    cache = FileCellCache(file, 1)
    cache.save({key: os.urandom(300_000) for key in "abcdefgh"})
    assert len(kept(cache)) == 3
    cache.save({"i": os.urandom(1_000_001)})
    assert len(kept(cache)) == 3


@pytest.mark.soak
def test_the_file_does_not_grow_without_end(file):
    cache = FileCellCache(file, 1)
    for i in range(30):
        cache.save({str(i): os.urandom(300_000)})
    assert file.stat().st_size < 2_500_000


@pytest.mark.parametrize(
    "content", [b"not a database at all" * 100, b"SQLite format 3\x00" + b"z" * 99]
)
def test_a_file_of_another_kind_is_replaced(file, content):
    file.write_bytes(content)
    cache = FileCellCache(file, 1)
    cache.save({"a": b"1"})
    assert cache.load(["a"]) == {"a": b"1"}


def test_a_database_of_another_layout_is_replaced(file):
    other = sqlite3.connect(file)
    other.execute("CREATE TABLE cells (name TEXT)")
    other.commit()
    other.close()
    cache = FileCellCache(file, 1)
    cache.save({"a": b"1"})
    assert cache.load(["a"]) == {"a": b"1"}


def test_the_file_of_a_release_that_kept_paths_gives_its_place_back(file):
    """As `forecast` wrote it before evidence was kept instead of paths."""
    with closing(sqlite3.connect(file)) as other, other:
        other.executescript(
            "CREATE TABLE kept (series TEXT NOT NULL, key TEXT PRIMARY KEY,"
            " opening INTEGER NOT NULL, result BLOB NOT NULL);"
            "CREATE INDEX by_series ON kept (series, opening);"
            "CREATE TABLE series (name TEXT PRIMARY KEY, opening INTEGER NOT NULL,"
            " day INTEGER NOT NULL, bytes INTEGER NOT NULL, refused INTEGER NOT NULL);"
            "INSERT INTO series VALUES ('310114', 3, 740000, 5000000, 0);"
        )
        rows = [("310114", f"{i}", 3, bytes(500_000)) for i in range(10)]
        other.executemany("INSERT INTO kept VALUES (?, ?, ?, ?)", rows)
    assert file.stat().st_size > 5_000_000
    cache = FileCellCache(file, 1, "310114")
    assert cache.load(["1"]) == {}
    assert cache.shortage() is None
    cache.save({"1": b"evidence"})
    assert FileCellCache(file, 1, "310114").load(["1"]) == {"1": b"evidence"}
    assert sum(f.stat().st_size for f in file.parent.glob(f"{file.name}*")) < 200_000


def test_what_an_earlier_release_packed_otherwise_is_made_anew(file):
    FileCellCache(file, 1, "s").save({"a": b"1"})
    with closing(sqlite3.connect(file)) as other, other:
        other.execute("ALTER TABLE packs RENAME TO contents")
    cache = FileCellCache(file, 1, "s")
    assert cache.load(["a"]) == {}
    cache.save({"a": b"2"})
    assert FileCellCache(file, 1, "s").load(["a"]) == {"a": b"2"}
    with closing(sqlite3.connect(file)) as other:
        tables = {name for (name,) in other.execute("SELECT name FROM sqlite_master")}
    assert "contents" not in tables


def test_torn_pages_cost_the_cells_and_nothing_else(file):
    cache = FileCellCache(file, 10)
    everything = {f"{i:04d}": os.urandom(2_000) for i in range(500)}
    cache.save(everything)
    with file.open("r+b") as stream:  # all but the first page, which names the tables
        stream.seek(4096)
        stream.write(os.urandom(file.stat().st_size - 4096))
    loaded = cache.load(list(everything))
    assert all(everything[k] == v for k, v in loaded.items())
    cache.save({"a": b"1"})
    cache.save({"b": b"2"})
    assert FileCellCache(file, 10).load(["a", "b"])["b"] == b"2"


def test_a_cut_file_is_survived(file):
    cache = FileCellCache(file, 10)
    cache.save({f"{i:04d}": os.urandom(2_000) for i in range(500)})
    with file.open("r+b") as stream:
        stream.truncate(10_000)
    cache.load(["0001", "0499"])
    cache.save({"a": b"1"})
    cache.save({"a": b"1"})
    assert FileCellCache(file, 10).load(["a"]) == {"a": b"1"}


def test_a_file_that_vanishes_between_runs_is_made_again(file):
    cache = FileCellCache(file, 1)
    for suffix in ("", "-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    assert cache.load(["a"]) == {}
    cache.save({"a": b"1"})
    assert cache.load(["a"]) == {"a": b"1"}


def test_a_place_that_cannot_be_used_costs_only_time(tmp_path):
    cache = FileCellCache(tmp_path / "nowhere" / "cells.db", 1)
    cache.save({"a": b"1"})
    assert cache.load(["a"]) == {}


def test_a_busy_cache_is_left_alone(file, monkeypatch):
    cache = FileCellCache(file, 1)
    cache.save({"a": b"1"})
    monkeypatch.setattr(cellcache, "BUSY_SECONDS", 0.05)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        second = FileCellCache(file, 1)
        second.save({"b": b"2"})
        assert second.load(["a"]) == {"a": b"1"}
    finally:
        other.execute("ROLLBACK")
        other.close()
    assert kept(cache) == {"a"}  # nothing was deleted, nothing was written


WRITER = """
import random, sys, time
from pathlib import Path
from employment_forecast.data.workspace.cell_cache import FileCellCache

file, name, folder = sys.argv[1:]
Path(folder, name).touch()
while len(list(Path(folder).iterdir())) < 2:
    time.sleep(0.0005)
cache = FileCellCache(Path(file), 10)
for i in range(60):
    content = {f"{name}{i}": random.Random(f"{name}{i}").randbytes(20_000)}
    cache.save(content)
    assert cache.load([f"{name}{i}"]) == content
print("done")
"""


@pytest.mark.soak
def test_two_processes_share_one_file(file, tmp_path):
    meeting = tmp_path / "ready"
    meeting.mkdir()
    running = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(file), name, str(meeting)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in "pq"
    ]
    said = [p.communicate(timeout=600) for p in running]
    assert [out.strip() for out, _ in said] == ["done", "done"], said
    cache = FileCellCache(file, 1)
    keys = [f"{n}{i}" for n in "pq" for i in range(60)]
    assert cache.load(keys) == {key: random.Random(key).randbytes(20_000) for key in keys}
    # The bound has been lowered.
    FileCellCache(file, 1, "other").save({"last": b"x"})
    assert kept(cache, ["last", *keys]) == {"last"}
