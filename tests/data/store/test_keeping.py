"""Targets, inventory, export, schema upgrade, backup and restore, on SQLite and PostgreSQL."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from employment_forecast.data.bundled.loader import sync
from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.errors import DataError, NotFoundError, RefusedError, StorageError
from employment_forecast.data.files.tables import as_csv, as_xlsx, neutralised
from employment_forecast.data.records.observation import Observation
from employment_forecast.data.store import migrate
from employment_forecast.data.store.inventory import (
    export_table,
    inventory,
    revisions,
    series_status,
)
from employment_forecast.data.store.schema import metadata
from employment_forecast.data.store.store import Store
from employment_forecast.data.store.targets import add_targets, stored_targets
from employment_forecast.data.targets.file import read_targets
from employment_forecast.data.targets.target import Target
from employment_forecast.data.targets.validity import in_force
from employment_forecast.data.workspace import restore_backup, write_backup
from employment_forecast.data.workspace.folders import Workspace

CATALOGUE = load_catalogue()
JIADING = CATALOGUE.region("嘉定")
COUNT = CATALOGUE.indicator("registered_unemployed")
TODAY = date(2026, 11, 20)
FIRST_TABLES = ("batches", "sources", "observations")


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = Store(url)
    yield opened
    opened.close()


def cap(value: float, announced: date, **other: object) -> Target:
    fields = {
        "region": "310114", "indicator": COUNT.code, "tier": "municipal", "direction": "cap",
        "basis": "any_month", "qualifier": "以内", "period": "2026", "value": value, "unit": "人",
        "announced_on": announced, "announced_estimated": False, "source": "测试文号",
    }  # fmt: skip
    return Target(**{**fields, **other})  # type: ignore[arg-type]


def row(month: str, value: float, published: date | None, source: str = "表") -> Observation:
    return Observation("310114", COUNT.code, pd.Period(month, "M"), value, published, source)


def test_schema_is_what_the_revisions_make(store: Store) -> None:
    with store.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert migrate.current(connection) == migrate.HEAD
    script = ScriptDirectory(str(Path(migrate.__file__).parent / "migrations"))
    assert script.get_current_head() == migrate.HEAD


def test_older_database_is_upgraded_in_place_with_its_rows(url: str) -> None:
    first = Store(url)
    first.append([row("2026-10", 100.0, TODAY)], CATALOGUE, command="old")
    with first.writing() as connection:
        newer = [t.name for t in reversed(metadata.sorted_tables) if t.name not in FIRST_TABLES]
        for table in newer:
            connection.execute(text(f"DROP TABLE {table}"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    first.close()
    again = Store(url)
    assert list(again.as_of(TODAY, "310114", COUNT.code).values) == [100.0]
    assert add_targets(again, [cap(10.0, TODAY)], CATALOGUE) == 1
    again.close()


def test_newer_database_is_refused(url: str) -> None:
    opened = Store(url)
    with opened.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    opened.close()
    with pytest.raises(StorageError, match="9999"):
        Store(url)


def test_cap_changed_in_july_applies_from_then(store: Store) -> None:
    add_targets(store, [cap(14000, date(2026, 3, 1))], CATALOGUE)
    add_targets(store, [cap(14500, date(2026, 7, 15))], CATALOGUE)
    month = pd.Period("2026-12", "M")

    def at(day: date) -> list[float | None]:
        return [t.value for t in in_force(stored_targets(store), "310114", COUNT.code, month, day)]

    assert at(date(2026, 2, 28)) == []
    assert at(date(2026, 7, 14)) == [14000]
    assert at(date(2026, 7, 15)) == [14500]


def test_target_in_another_unit_is_refused(store: Store) -> None:
    with pytest.raises(DataError, match="万人"):
        add_targets(store, [cap(1.4, TODAY, unit="万人"), cap(1, TODAY)], CATALOGUE)
    assert stored_targets(store) == []


def test_target_file_names_the_line_at_fault(tmp_path: Path) -> None:
    aliases = {"tier": {"市": "municipal"}, "basis": {"各月": "any_month"}, "direction": {}}
    file = tmp_path / "控制数.csv"
    head = "地区,指标,层级,考核,时期,数值,公布日,来源\n"
    file.write_bytes(
        (head + '嘉定,登记失业人数,市,各月,2026,"14,300",2026-03-01,某号\n').encode("gb18030")
    )
    (target,) = read_targets(file, CATALOGUE, aliases)
    assert (target.value, target.tier, target.direction) == (14300, "municipal", "cap")
    file.write_text(head + "嘉定,登记失业人数,市,各月,2026,很多,2026-03-01,某号\n", "utf-8")
    with pytest.raises(DataError, match=r"第 2 行.*很多"):
        read_targets(file, CATALOGUE, aliases)
    file.write_text("地区,数值\n", "utf-8")
    with pytest.raises(DataError, match="缺少列"):
        read_targets(file, CATALOGUE, aliases)
    with pytest.raises(NotFoundError):
        read_targets(tmp_path / "无.csv", CATALOGUE, aliases)


def test_status_counts_gaps_revisions_and_overdue_months(store: Store) -> None:
    rows = [
        row("2026-05", 100, date(2026, 6, 9)),
        row("2026-07", 120, date(2026, 8, 9)),
        row("2026-07", 121, date(2026, 9, 1), "修订"),
        row("2026-08", 122, date(2026, 9, 9)),
    ]
    store.append(rows, CATALOGUE, command="t")
    state = series_status(store, JIADING, COUNT, date(2026, 10, 20))
    assert state is not None
    assert (str(state.first), str(state.last), state.months, state.gaps) == (
        "2026-05",
        "2026-08",
        3,
        1,
    )
    assert (state.vintages, state.last_published) == (4, date(2026, 9, 9))
    assert str(state.overdue) == "2026-09"
    early = series_status(store, JIADING, COUNT, date(2026, 10, 10))
    assert early is not None
    assert early.overdue is None
    assert series_status(store, JIADING, COUNT, date(2026, 1, 1)) is None
    moved = revisions(store, JIADING, COUNT, TODAY)
    assert moved["month"].tolist() == ["2026-07", "2026-07"]
    assert moved["change"].tolist()[1] == 1


def test_inventory_lists_every_series_once(filled: Store) -> None:
    states = inventory(filled, CATALOGUE, TODAY)
    keys = [(s.region.code, s.indicator.code) for s in states]
    assert len(keys) == len(set(keys)) == len(filled.series())
    assert {s.demo for s in states if s.region.code == "100000"} == {False}


def test_export_opens_in_a_spreadsheet_and_runs_no_formula(store: Store) -> None:
    store.append([row("2026-10", -0.0, TODAY, "=HYPERLINK(1)")], CATALOGUE, command="t")
    table = export_table(store, JIADING, COUNT, TODAY)
    assert neutralised(table)["source"].tolist() == ["'=HYPERLINK(1)"]
    assert table["source"].tolist() == ["=HYPERLINK(1)"]
    raw = as_csv(table)
    assert raw.startswith(b"\xef\xbb\xbf")
    assert b"\r\n" in raw
    back = pd.read_csv(io.BytesIO(raw), encoding="utf-8-sig", dtype={"region": str})
    assert back["region"].tolist() == ["310114"]
    assert as_xlsx(table).startswith(b"PK")


def _rows(store: Store) -> dict[str, list[tuple[object, ...]]]:
    with store.reading() as connection:
        return {
            t.name: [tuple(r) for r in connection.execute(t.select().order_by(t.c.id))]
            for t in metadata.sorted_tables
        }


def test_backup_and_restore_keep_every_row(store: Store, tmp_path: Path) -> None:
    sync(store, CATALOGUE)
    add_targets(store, [cap(14000, date(2026, 3, 1))], CATALOGUE)
    store.withdraw(1)
    old = Workspace(tmp_path / "old")
    old.create()
    old.settings_file.write_text("[run]\nhorizon = 18\n", "utf-8")
    (old.mlruns / "artifacts" / "x").mkdir(parents=True)
    (old.mlruns / "artifacts" / "x" / "表.csv").write_text("1\n", "utf-8")
    published = ("thresholds/history/a.json", "bulletins/310114/2026-10/月报.md", "monthly/j.json")
    for name in (*published, "thresholds/.lock", "monthly/cycle.lock"):
        (old.root / name).parent.mkdir(parents=True, exist_ok=True)
        (old.root / name).write_text(name, "utf-8")
    file = tmp_path / "备份.zip"
    counts = write_backup(old, store, file)
    assert counts["targets"] == 1
    assert counts["files"] == 1
    new = Workspace(tmp_path / "new")
    new.create()
    fresh = Store(f"sqlite:///{new.database}")
    restore_backup(new, fresh, file)
    assert _rows(fresh) == _rows(store)
    assert new.settings_file.read_text("utf-8") == "[run]\nhorizon = 18\n"
    assert (new.mlruns / "artifacts" / "x" / "表.csv").read_text("utf-8") == "1\n"
    assert [(new.root / name).read_text("utf-8") for name in published] == list(published)
    assert not (new.root / "monthly" / "cycle.lock").exists()
    fresh.append([row("2026-10", 5, TODAY)], CATALOGUE, command="after")
    with pytest.raises(RefusedError):
        restore_backup(new, fresh, file)
    fresh.close()


@pytest.mark.soak
def test_restore_into_the_same_kind_of_database(url: str, tmp_path: Path) -> None:
    here = Workspace(tmp_path / "here")
    here.create()
    source = Store(f"sqlite:///{here.database}")
    sync(source, CATALOGUE)
    write_backup(here, source, tmp_path / "b.zip")
    target = Store(url)
    there = Workspace(tmp_path / "there")
    there.create()
    restore_backup(there, target, tmp_path / "b.zip")
    assert _rows(target) == _rows(source)
    # New rows get numbers of their own after a restore.
    target.append([row("2026-10", 5, TODAY)], CATALOGUE, command="after")
    assert list(target.as_of(TODAY, "310114", COUNT.code).values) == [5]
    source.close()
    target.close()


@pytest.mark.parametrize("damage", ["cut", "changed", "none", "foreign"])
def test_damaged_backup_changes_nothing(tmp_path: Path, damage: str) -> None:
    here = Workspace(tmp_path / "here")
    here.create()
    source = Store(f"sqlite:///{here.database}")
    source.append([row("2026-10", 100.0, TODAY)], CATALOGUE, command="told")
    file = tmp_path / "b.zip"
    write_backup(here, source, file)
    source.close()
    if damage == "cut":
        content = file.read_bytes()
        file.write_bytes(content[: len(content) // 2])
    elif damage == "changed":
        with zipfile.ZipFile(file) as whole:
            members = {n: whole.read(n) for n in whole.namelist()}
        members["store/batches.csv"] = members["store/batches.csv"].replace(b"told", b"tolx")
        with zipfile.ZipFile(file, "w") as changed:
            for name, content in members.items():
                changed.writestr(name, content)
    elif damage == "foreign":
        with zipfile.ZipFile(file, "w") as other:
            other.writestr("readme.txt", "hello")
    else:
        file.unlink()
    there = Workspace(tmp_path / "there")
    there.create()
    empty = Store(f"sqlite:///{there.database}")
    with pytest.raises((StorageError, NotFoundError)):
        restore_backup(there, empty, file)
    assert empty.series() == []
    assert not there.settings_file.exists()
    empty.close()
