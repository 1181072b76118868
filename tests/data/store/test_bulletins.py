"""Bulletins are kept whole and for ever, through a backup too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import text

from employment_forecast.data.errors import BusyError, RefusedError, StorageError
from employment_forecast.data.store.bulletins import BulletinState, add, issued_files, states
from employment_forecast.data.store.store import Store
from employment_forecast.data.workspace import restore_backup, write_backup
from employment_forecast.data.workspace.folders import Workspace

DRAFT = BulletinState(
    region="310114", indicator="registered_unemployed", month=pd.Period("2026-10", "M"),
    state="draft", correction=0, as_of=date(2026, 11, 20), fingerprint="a" * 64, demo=True,
    record={"名": "嘉定区\n\"引号\"", "long": "长" * 200_000, "value": 2.54},
)  # fmt: skip
FILES = {"docx": bytes(range(256)) * 2000, "md": "月报".encode(), "html": b""}


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = Store(url)
    yield opened
    opened.close()


def issued(draft: BulletinState) -> BulletinState:
    return replace(
        draft, state="issued", number="嘉人社〔2026〕1号", addressee="区政府", signer="张三",
        issued_on=date(2026, 11, 23), changes=({"id": "x", "before": "1", "after": "2"},),
    )  # fmt: skip


def test_what_is_kept_comes_back(store: Store) -> None:
    first = add(store, DRAFT, None, {})
    second = add(store, issued(first), first, FILES)
    editions = states(store, "310114", month=DRAFT.month)
    assert [k.state for k in editions] == ["draft", "issued"]
    assert editions[0] == replace(first, changes=[])
    assert editions[1] == replace(second, changes=list(second.changes))
    assert issued_files(store, second) == FILES
    assert issued_files(store, first) == {}
    assert states(store, "310104") == []
    assert states(store, records=False) == [replace(k, record={}) for k in editions]
    assert states(store, since=DRAFT.month + 1) == []
    assert len(states(store, since=DRAFT.month)) == 2


def test_two_at_once_do_not_both_win(store: Store) -> None:
    first = add(store, DRAFT, None, {})
    with pytest.raises(BusyError):
        add(store, DRAFT, None, {})
    add(store, issued(first), first, FILES)
    with pytest.raises(BusyError):
        add(store, issued(first), first, FILES)
    assert len(states(store)) == 2


def test_a_number_is_given_once(store: Store) -> None:
    first = add(store, DRAFT, None, {})
    read = add(store, replace(first, state="reviewed", signer="李四"), first, {})
    add(store, issued(read), read, FILES)
    other = replace(DRAFT, region="310104")
    with pytest.raises(RefusedError, match="已经用于 2026 年 10 月"):
        add(store, issued(other), None, FILES)
    assert [k.state for k in states(store)] == ["draft", "reviewed", "issued"]
    add(store, replace(issued(other), number="嘉人社〔2026〕2号"), None, FILES)


def test_changed_bytes_are_noticed(store: Store) -> None:
    kept = add(store, issued(DRAFT), None, FILES)
    with store.writing() as connection:
        connection.execute(text("UPDATE bulletin_files SET content = 'AAAA' WHERE format = 'md'"))
    with pytest.raises(StorageError, match="校验和"):
        issued_files(store, kept)


def test_a_backup_holds_them(store: Store, tmp_path: Path) -> None:
    kept = add(store, issued(DRAFT), None, FILES)
    here = Workspace(tmp_path / "here")
    here.create()
    write_backup(here, store, tmp_path / "b.zip")
    there = Workspace(tmp_path / "there")
    there.create()
    fresh = Store(f"sqlite:///{there.database}")
    restore_backup(there, fresh, tmp_path / "b.zip")
    assert states(fresh) == states(store)
    assert issued_files(fresh, kept) == FILES
    fresh.close()
