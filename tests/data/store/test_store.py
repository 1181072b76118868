"""The store appends, never overwrites, and does all of a command or nothing."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import func, select

from employment_forecast.data.errors import (
    BusyError,
    DataError,
    NotFoundError,
    SettingsError,
    StorageError,
    UnknownNameError,
)
from employment_forecast.data.records.observation import Observation
from employment_forecast.data.store import store as stores
from employment_forecast.data.store.schema import batches, observations
from employment_forecast.data.store.store import Store

REGION, INDICATOR = "310114", "registered_unemployed"
END = date(2026, 12, 31)


def row(month="2024-01", value=100.0, published=date(2024, 2, 10), **changes) -> Observation:
    given = {"region": REGION, "indicator": INDICATOR, "source": "测试"}
    return Observation(
        **{**given, **changes}, month=pd.Period(month, "M"), value=value, published_on=published
    )


def count(store: Store, table=observations) -> int:
    with store.reading() as connection:
        return connection.scalar(select(func.count()).select_from(table))


def known(store: Store, day: date = END) -> list[float]:
    return list(store.as_of(day, REGION, INDICATOR).values)


def test_a_revision_is_a_new_row_and_the_old_one_stays(store, catalogue):
    store.append([row()], catalogue, command="first")
    store.append([row(value=120.0, published=date(2024, 5, 1))], catalogue, command="revised")
    assert count(store) == 2
    assert known(store, date(2024, 4, 30)) == [100.0]
    assert known(store) == [120.0]


def test_a_steady_store_reads_a_series_once_and_sees_its_own_rows(store, catalogue, monkeypatch):
    store.append([row()], catalogue, command="first")
    asked = []
    read = store.recorded
    monkeypatch.setattr(store, "recorded", lambda *a: asked.append(a) or read(*a))
    with store.steady():
        assert known(store) == known(store) == [100.0]
        assert len(asked) == 1
        store.append([row(value=120.0, published=date(2024, 5, 1))], catalogue, command="revised")
        assert known(store) == [120.0]
    assert known(store) == [120.0]
    assert len(asked) == 3


def test_the_same_rows_again_change_no_answer(store, catalogue):
    first = store.append([row()], catalogue, command="a")
    second = store.append([row()], catalogue, command="b")
    assert second > first
    assert count(store) == 2
    assert known(store) == [100.0]


def test_names_and_aliases_are_stored_as_codes(store, catalogue):
    store.append([row(region="嘉定", indicator="城镇登记失业人数")], catalogue, command="x")
    assert known(store) == [100.0]
    assert store.series() == [(REGION, INDICATOR, False)]


def test_an_unknown_day_is_estimated_and_flagged(store, catalogue):
    store.append([row(published=None)], catalogue, command="x")
    assert known(store, date(2024, 2, 9)) == []
    series = store.as_of(date(2024, 2, 10), REGION, INDICATOR)
    assert list(series.values) == [100.0]
    assert series.estimated
    store.append([row(value=101.0, published=date(2024, 3, 1))], catalogue, command="y")
    assert not store.as_of(END, REGION, INDICATOR).estimated


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (row("2024-02", -1.0), "为负数"),
        (row("2024-02", float("nan")), "不是有限的数"),
        (row("2024-02", float("inf")), "不是有限的数"),
        (row("2024-02", 100.5, indicator="registered_unemployment_rate"), "超过100%"),
        (row("2024-01", 99.0), "出现两次"),
        (row("2024-01", 99.0, region="嘉定"), "出现两次"),
    ],
)
def test_one_bad_row_and_nothing_is_stored(store, catalogue, bad, words):
    with pytest.raises(DataError, match=words) as caught:
        store.append([row(), bad], catalogue, command="x")
    assert caught.value.exit_code == 4
    assert caught.value.hint
    assert count(store) == count(store, batches) == 0


def test_an_estimated_day_and_the_same_day_in_words_are_one_month_twice(store, catalogue):
    with pytest.raises(DataError, match="出现两次"):
        store.append([row(published=None), row(value=7.0)], catalogue, command="x")


def test_large_values_are_named_in_full(store, catalogue):
    with pytest.raises(DataError, match="-12,345,678人"):
        store.append([row(value=-12_345_678.0)], catalogue, command="x")


def test_a_flow_may_be_negative(store, catalogue):
    store.append([row(value=-30_981.0, indicator="new_jobs")], catalogue, command="x")
    assert list(store.as_of(END, REGION, "new_jobs").values) == [-30_981.0]


def test_an_unknown_region_stores_nothing(store, catalogue):
    with pytest.raises(UnknownNameError):
        store.append([row(), row("2024-02", region="999999")], catalogue, command="x")
    assert count(store, batches) == 0


def test_a_failure_while_writing_rolls_everything_back(store, catalogue, monkeypatch):
    store.append([row()], catalogue, command="before")

    def fail(_: object) -> int:
        raise RuntimeError("power cut")

    monkeypatch.setattr(stores.clock, "month_key", fail)
    with pytest.raises(RuntimeError):
        store.append([row("2024-02", source="新来源")], catalogue, command="during")
    monkeypatch.undo()
    assert count(store) == count(store, batches) == 1
    assert known(store) == [100.0]


def test_demonstration_data_give_way_and_are_never_spliced(store, catalogue):
    demo = [row(f"2024-{m:02d}", 500.0 + m, date(2024, m + 1, 10)) for m in range(1, 7)]
    store.append(demo, catalogue, command="demo", demo=True)
    assert store.as_of(END, REGION, INDICATOR).demo
    assert store.series() == [(REGION, INDICATOR, True)]
    real = store.append([row("2024-06", 100.0, date(2024, 7, 10))], catalogue, command="real")
    series = store.as_of(END, REGION, INDICATOR)
    assert (list(series.values), series.demo) == ([100.0], False)
    assert store.series() == [(REGION, INDICATOR, False)]
    # Before the real value was known there is nothing: not a mixture.
    assert known(store, date(2024, 7, 9)) == []
    store.withdraw(real)
    assert store.as_of(END, REGION, INDICATOR).demo


def test_demonstration_data_of_one_indicator_outlive_real_data_of_another(store, catalogue):
    store.append([row(indicator="new_jobs")], catalogue, command="demo", demo=True)
    store.append([row()], catalogue, command="real")
    assert store.as_of(END, REGION, "new_jobs").demo
    assert store.series() == [(REGION, "new_jobs", True), (REGION, INDICATOR, False)]


def test_a_withdrawn_batch_leaves_a_record_and_no_trace(store, catalogue):
    store.append([row()], catalogue, command="keep")
    batch = store.append([row(value=999.0, published=date(2024, 3, 1))], catalogue, command="typo")
    store.withdraw(batch)
    assert known(store) == [100.0]
    with store.reading() as connection:
        record = connection.execute(select(batches).where(batches.c.id == batch)).one()
    assert record.command == "typo"
    assert record.withdrawn_at is not None
    assert count(store) == 2  # the rows themselves are still there


@pytest.mark.parametrize("number", [0, 4711])
def test_withdrawing_what_is_not_there(store, number):
    with pytest.raises(NotFoundError, match=str(number)) as caught:
        store.withdraw(number)
    assert caught.value.exit_code == 8


def test_withdrawing_twice_is_refused(store, catalogue):
    batch = store.append([row()], catalogue, command="x")
    store.withdraw(batch)
    with pytest.raises(NotFoundError):
        store.withdraw(batch)


def test_bundled_data_are_replaced_once_per_fingerprint(store, catalogue):
    def bring(rows, fingerprint):
        return store.replace_bundled("demo", rows, catalogue, demo=True, fingerprint=fingerprint)

    assert bring([row(), row("2024-02", 110.0)], "v1")
    assert not bring([row(value=7.0)], "v1")
    assert known(store) == [100.0, 110.0]
    assert bring([row(value=200.0)], "v2")
    assert known(store) == [200.0]
    assert bring([row(), row("2024-02", 110.0)], "v1")  # a downgrade is a change too
    assert known(store) == [100.0, 110.0]
    with store.reading() as connection:
        live = select(func.count()).select_from(batches).where(batches.c.withdrawn_at.is_(None))
        assert connection.scalar(live) == 1


def test_a_bad_bundle_leaves_the_old_one(store, catalogue):
    store.replace_bundled("demo", [row()], catalogue, demo=True, fingerprint="v1")
    with pytest.raises(DataError):
        store.replace_bundled("demo", [row(value=-1.0)], catalogue, demo=True, fingerprint="v2")
    assert known(store) == [100.0]


def test_two_bundles_do_not_touch_each_other(store, catalogue):
    other = row(indicator="new_jobs")
    store.replace_bundled("one", [row()], catalogue, demo=True, fingerprint="1")
    store.replace_bundled("two", [other], catalogue, demo=True, fingerprint="1")
    store.replace_bundled("one", [row(value=3.0)], catalogue, demo=True, fingerprint="2")
    assert known(store) == [3.0]
    assert len(store.as_of(END, REGION, "new_jobs").values) == 1


def test_a_faster_process_is_noticed_before_writing(store, catalogue, monkeypatch):
    other = Store(f"sqlite:///{store._engine.url.database}")
    check = stores.check_observations

    def interrupted(rows, given_catalogue):
        """Another process brings the same bundle between our look and our write."""
        monkeypatch.setattr(stores, "check_observations", check)
        other.replace_bundled("demo", [row()], catalogue, demo=True, fingerprint="v1")

    monkeypatch.setattr(stores, "check_observations", interrupted)
    try:
        assert not store.replace_bundled("demo", [row()], catalogue, demo=True, fingerprint="v1")
        assert count(store) == count(store, batches) == 1
    finally:
        other.close()


WRITER = """
import sys, time
from datetime import date
from pathlib import Path
import pandas as pd
from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.records.observation import Observation
from employment_forecast.data.store.store import Store

url, name, folder = sys.argv[1:]
catalogue = load_catalogue()
rows = [Observation("310114", "registered_unemployed", pd.Period("2024-01", "M"), 1.0,
                    date(2024, 2, 10), name)]
Path(folder, name).touch()
while len(list(Path(folder).iterdir())) < 2:
    time.sleep(0.001)
store = Store(url)
print(store.replace_bundled("shared", rows, catalogue, demo=True, fingerprint="v1"))
for _ in range(25):
    store.append(rows, catalogue, command=name)
"""


@pytest.mark.soak
def test_two_processes_open_bundle_and_write_at_once(tmp_path):
    url = f"sqlite:///{tmp_path / 'o.db'}"
    meeting = tmp_path / "ready"
    meeting.mkdir()
    running = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, url, name, str(meeting)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("甲", "乙")
    ]
    said = [p.communicate(timeout=600) for p in running]
    assert [p.returncode for p in running] == [0, 0], said
    assert sorted(out.strip() for out, _ in said) == ["False", "True"]
    store = Store(url)
    try:
        assert count(store, batches) == 1 + 2 * 25
        assert count(store) == 1 + 2 * 25
    finally:
        store.close()


def test_a_busy_database_is_said_to_be_busy(tmp_path, catalogue, monkeypatch):
    monkeypatch.setattr(stores, "BUSY_SECONDS", 0)
    store = Store(f"sqlite:///{tmp_path / 'o.db'}")
    other = sqlite3.connect(tmp_path / "o.db", isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(BusyError, match="占用") as caught:
            store.append([row()], catalogue, command="x")
        assert caught.value.exit_code == 10
        assert known(store) == []  # readers are not held up
        other.execute("ROLLBACK")
        store.append([row()], catalogue, command="x")
        assert known(store) == [100.0]
    finally:
        other.close()
        store.close()


def test_a_file_that_is_no_database(tmp_path):
    (tmp_path / "o.db").write_bytes(b"this is not a database, it is a letter" * 50)
    with pytest.raises(StorageError, match=r"o\.db") as caught:
        Store(f"sqlite:///{tmp_path / 'o.db'}")
    assert caught.value.exit_code == 6
    assert (tmp_path / "o.db").read_bytes().startswith(b"this is not")


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(StorageError):
        Store(f"sqlite:///{tmp_path / 'nowhere' / 'o.db'}")


@pytest.mark.parametrize(
    "url", ["no address", "oracel://u:geheim@h/db", "mssql+nodriver://u:geheim@h/d"]
)
def test_a_bad_address_is_a_settings_error_without_the_password(url):
    with pytest.raises(SettingsError, match=r"store\.url") as caught:
        Store(url)
    assert caught.value.exit_code == 5
    assert "geheim" not in str(caught.value)


def test_messages_show_a_chinese_path_as_it_is(tmp_path):
    folder = tmp_path / "就业局"
    folder.mkdir()
    store = Store(f"sqlite:///{folder / 'o.db'}")
    store.close()
    assert "就业局" in store.url


def test_reopening_finds_what_was_written(tmp_path, catalogue):
    url = f"sqlite:///{tmp_path / 'o.db'}"
    first = Store(url)
    first.append([row()], catalogue, command="x")
    first.close()
    second = Store(url)
    try:
        assert known(second) == [100.0]
        assert Path(tmp_path / "o.db").stat().st_size > 0
    finally:
        second.close()
