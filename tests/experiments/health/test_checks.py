from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from collections import namedtuple
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from employment_forecast.data.errors import SettingsError, StorageError
from employment_forecast.data.workspace.cell_cache import FileCellCache
from employment_forecast.data.workspace.folders import Workspace
from employment_forecast.experiments.health import checks as doctor_checks
from employment_forecast.experiments.health import growth as health_growth
from employment_forecast.experiments.health.growth import growth, size_of
from employment_forecast.experiments.health.report import (
    Diagnosis,
    Examined,
    Installation,
    examine,
    worst,
)

TODAY = date(2026, 11, 20)
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(Workspace(tmp_path), TODAY)
    yield made
    made.close()


def by_code(examined: list[Examined]) -> dict[str, Diagnosis]:
    return {each.code: each.diagnosis for each in examined}


def test_a_fresh_workspace_has_nothing_to_mend_but_data(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FORECAST_TODAY", raising=False)
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    skipped = ("environment", "machine", "office", "fonts")
    checks = by_code(
        examine(installation, [c for c in doctor_checks.CHECKS if c[0] not in skipped])
    )
    assert {code for code, f in checks.items() if f.state != "ok"} == {"store"}
    assert checks["store"].remedy


def test_every_bad_finding_says_what_to_do(installation: Installation) -> None:
    installation.workspace.settings_file.write_text("x = [", "utf-8")
    for each in examine(installation, doctor_checks.CHECKS):
        if each.diagnosis.state != "ok":
            assert each.diagnosis.remedy, each


def test_broken_settings_are_told_once(installation: Installation) -> None:
    installation.workspace.settings_file.write_text("[run]\nhorizont = 3\n", "utf-8")
    checks = by_code(examine(installation, doctor_checks.CHECKS))
    assert checks["settings"].state == "fail"
    assert "run.horizont" in checks["settings"].message
    assert {checks[c].state for c in ("store", "tracking", "freshness")} == {"skipped"}


def test_one_broken_check_hides_no_other(installation: Installation) -> None:
    def raises(error: Exception):
        def check(_: Installation) -> Diagnosis:
            raise error

        return check

    checks = [
        ("a", "甲", raises(StorageError("磁盘满。", "请清理。"))),
        ("b", "乙", raises(ValueError("odd"))),
        ("c", "丙", lambda _: Diagnosis("ok", "好")),
        ("d", "丁", raises(SettingsError("配置坏。", "请改。"))),
    ]
    diagnoses = by_code(examine(installation, checks))
    assert diagnoses["a"] == Diagnosis("fail", "磁盘满。", "请清理。")
    assert diagnoses["b"].state == "fail"
    assert "ValueError：odd" in diagnoses["b"].message
    assert diagnoses["c"].state == "ok"
    # No check of the settings failed before: this one is told in full.
    assert diagnoses["d"] == Diagnosis("fail", "配置坏。", "请改。")


@pytest.mark.parametrize(
    ("states", "expected"),
    [((), "ok"), (("ok", "warn"), "warn"), (("warn", "fail", "ok"), "fail")],
)
def test_worst(states: tuple[str, ...], expected: str) -> None:
    assert worst([Examined("x", "x", Diagnosis(s, "")) for s in states]) == expected


def test_an_unusable_store_is_told_once(installation: Installation) -> None:
    installation.workspace.database.mkdir()
    checks = by_code(examine(installation, doctor_checks.CHECKS))
    assert checks["store"].state == "fail"
    assert "权限" in checks["store"].remedy
    for code in ("clock", "freshness"):
        assert checks[code].state == "skipped"
        assert "观测数据库" in checks[code].remedy
    assert checks["settings"].state == "ok"


def test_a_file_that_is_no_database_is_to_be_restored(installation: Installation) -> None:
    installation.workspace.database.write_bytes(b"noise" * 1000)
    checks = by_code(examine(installation, doctor_checks.CHECKS))
    assert checks["store"].state == "fail"
    assert "not a database" in checks["store"].message
    assert "forecast restore" in checks["store"].remedy
    # It is put aside, not overwritten.
    assert installation.workspace.database.read_bytes() == b"noise" * 1000


def test_a_damaged_store_is_found(installation: Installation) -> None:
    installation.store.close()
    file = installation.workspace.database
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(file.read_bytes())
    page = 4096
    for start in range(2 * page, len(content), page):
        content[start : start + 64] = b"\xff" * 64
    file.write_bytes(bytes(content))
    checks = by_code(examine(Installation(installation.workspace, TODAY), doctor_checks.CHECKS))
    assert checks["store"].state == "fail"


@pytest.mark.parametrize(("free", "state"), [(100, "fail"), (1000, "warn"), (50_000, "ok")])
def test_free_space(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, free: int, state: str
) -> None:
    usage = Usage(0, 0, free * doctor_checks.MEGABYTE)
    monkeypatch.setattr(doctor_checks.shutil, "disk_usage", lambda _: usage)
    assert doctor_checks.disk(installation).state == state


def _written(root: Path, name: str, size: int) -> None:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(bytes(size))


def test_a_year_of_disk_by_what_a_region_takes_a_month(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = installation.workspace.root
    assert growth(installation.workspace) is None
    # Three region-months of two regions, one of them given up; 6 MB in all.
    for name in ("310104/2026-09", "310104/2026-10", "310114/2026-09"):
        _written(root, f"bulletins/{name}/月报.docx", 1_000_000)
    _written(root, "mlruns/1/a/b/table.csv", 3_000_000)
    _written(root, "cache/cells.db", 9_000_000)
    before = size_of(root / "mlruns")
    grown = growth(installation.workspace)
    assert grown is not None
    assert grown.regions == 1
    assert grown.bytes_per_month == pytest.approx((3_000_000 + before) / 3, rel=0.01)
    assert grown.year == 12 * grown.bytes_per_month
    usage = Usage(0, 0, 50_000 * doctor_checks.MEGABYTE)
    monkeypatch.setattr(doctor_checks.shutil, "disk_usage", lambda _: usage)
    told = doctor_checks.disk(installation)
    assert told.state == "ok"
    assert "1 个地区一年约 2" in told.message
    _written(root, "mlruns/1/a/b/more.csv", 1)
    monkeypatch.setattr(health_growth, "_size", lambda _: 10**12)
    assert "不够用一年" in doctor_checks.disk(installation).remedy


def test_a_sample_stands_for_many_folders(tmp_path: Path) -> None:
    for number in range(120):
        _written(tmp_path, f"{number:03d}/{number % 3}/a", 1000)
    assert size_of(tmp_path) == pytest.approx(120_000)
    assert size_of(tmp_path / "nothing") == 0


def test_a_quota_that_is_used_up(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    monkeypatch.setattr(doctor_checks.os, "fsync", full)
    diagnosis = doctor_checks.disk(installation)
    assert diagnosis.state == "fail"
    assert os.strerror(errno.EDQUOT) in diagnosis.message
    assert "配额" in diagnosis.remedy


def test_series_that_stopped_long_ago_are_not_late(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def known(last: str) -> SimpleNamespace:
        name = SimpleNamespace(name=last)
        month = pd.Period(last, "M")
        return SimpleNamespace(
            region=name, indicator=name, last=month, overdue=month + 1, demo=False
        )

    series = [known("2023-06")]
    monkeypatch.setattr("employment_forecast.data.store.inventory.inventory", lambda *_: series)
    only_gone = doctor_checks.freshness(installation)
    assert only_gone.state == "ok"
    assert "1 个序列停更" in only_gone.message
    series.append(known("2026-08"))
    late = doctor_checks.freshness(installation)
    assert late.state == "warn"
    assert "2026-09" in late.message
    assert "2023-07" not in late.message


def test_fonts(monkeypatch: pytest.MonkeyPatch, installation: Installation, tmp_path: Path) -> None:
    installed = {"仿宋", "KaiTi", "SimHei"}
    monkeypatch.setattr(doctor_checks, "_font_families", lambda: frozenset(installed))
    monkeypatch.setattr(doctor_checks, "_office_program", lambda: "/usr/bin/soffice")
    diagnosis = doctor_checks.fonts(installation)
    assert diagnosis.state == "warn"
    assert "方正小标宋简体" in diagnosis.message
    assert "仿宋_GB2312" not in diagnosis.message
    installed.add("小标宋")
    assert doctor_checks.fonts(installation).state == "ok"
    monkeypatch.setattr(doctor_checks.resources, "files", lambda _: tmp_path)
    diagnosis = doctor_checks.fonts(installation)
    assert diagnosis.state == "fail"
    assert "重新安装" in diagnosis.remedy


@pytest.mark.parametrize(
    ("version", "said", "remedy"),
    [("deadbeef1234", "更新的 MLflow", "较新的程序版本"), ("1bd49d398cd23", "旧版", "db upgrade")],
)
def test_an_mlflow_database_of_another_version(
    installation: Installation, migrated: Path, version: str, said: str, remedy: str
) -> None:
    file = installation.workspace.mlruns / "mlflow.db"
    file.parent.mkdir(parents=True)
    shutil.copy(migrated, file)
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (version,))
    diagnosis = doctor_checks_of(installation, "tracking")
    assert diagnosis.state == "fail"
    assert said in diagnosis.message
    assert remedy in diagnosis.remedy


def test_a_workspace_that_was_copied_keeps_its_files_elsewhere(
    installation: Installation, migrated: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = installation.workspace.mlruns / "mlflow.db"
    file.parent.mkdir(parents=True)
    shutil.copy(migrated, file)

    def kept_in(folder: Path) -> Diagnosis:
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.execute("DELETE FROM experiments WHERE experiment_id = 7")
            connection.execute(
                "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage)"
                " VALUES (7, 'x', ?, 'active')",
                (str(folder / "artifacts" / "x"),),
            )
        return doctor_checks_of(installation, "tracking")

    assert kept_in(installation.workspace.mlruns).state == "ok"
    copied = kept_in(tmp_path_factory.mktemp("original"))
    assert copied.state == "warn"
    assert "original" in copied.message
    assert "forecast restore" in copied.remedy


def doctor_checks_of(installation: Installation, code: str) -> Diagnosis:
    (check,) = [c for c in doctor_checks.CHECKS if c[0] == code]
    return by_code(examine(installation, [check]))[code]


def test_a_clock_behind_the_last_import_is_a_fault(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FORECAST_TODAY", raising=False)
    monkeypatch.setattr("employment_forecast.data.store.last_entry", lambda _: date(2026, 11, 22))
    assert doctor_checks.system_clock(installation).state == "ok"
    monkeypatch.setattr("employment_forecast.data.store.last_entry", lambda _: date(2026, 11, 23))
    assert doctor_checks.system_clock(installation).state == "fail"


def test_a_day_fixed_by_hand_is_noticed(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORECAST_TODAY", "2020-01-01")
    assert doctor_checks.system_clock(installation).state == "warn"


def test_missing_package_is_named(
    monkeypatch: pytest.MonkeyPatch, installation: Installation
) -> None:
    monkeypatch.setattr(
        doctor_checks.metadata, "requires", lambda _: ["no-such-thing>=1", 'x; extra == "test"']
    )
    diagnosis = doctor_checks.environment(installation)
    assert diagnosis.state == "fail"
    assert "no-such-thing" in diagnosis.message
    assert "、" not in diagnosis.message


def test_no_table_entry_twice() -> None:
    codes = [code for code, _, _ in doctor_checks.CHECKS]
    assert len(codes) == len(set(codes))


def test_files_with_secrets_are_for_their_owner_alone(
    installation: Installation, tmp_path: Path
) -> None:
    secret = tmp_path / "口令"
    installation.workspace.settings_file.write_text(
        f'[store]\nurl = "sqlite:///{tmp_path}/a@b.db"\n[smtp]\npassword_file = "{secret}"\n'
        f'[compute]\ncertificates = "{tmp_path}"\n',
        "utf-8",
    )
    key = tmp_path / "key.pem"
    key.write_text("x", "utf-8")
    key.chmod(0o600)
    installation.workspace.settings_file.chmod(0o600)
    assert doctor_checks.secrets(installation).state == "fail"
    secret.write_text("x", "utf-8")
    secret.chmod(0o640)
    diagnosis = doctor_checks.secrets(installation)
    assert diagnosis.state == "fail"
    assert f"chmod 600 {secret}" in diagnosis.remedy or "chmod 600" in diagnosis.remedy
    secret.chmod(0o600)
    assert doctor_checks.secrets(installation).state == "ok"
    key.chmod(0o644)
    assert "key.pem" in doctor_checks.secrets(installation).message
    key.chmod(0o600)
    installation.workspace.settings_file.chmod(0o644)
    assert doctor_checks.secrets(installation).state == "fail"


def test_outdated_parsers_are_named(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor_checks, "SAFE_EXPAT", (99, 0, 0))
    diagnosis = doctor_checks.environment(installation)
    assert diagnosis.state == "warn"
    assert "低于 99.0.0" in diagnosis.message


def test_an_emptied_store_is_a_fault_where_forecasts_were_made(installation: Installation) -> None:
    workspace = installation.workspace
    (workspace.mlruns / "artifacts" / "x").mkdir(parents=True)
    workspace.database.write_bytes(b"")
    (examined,) = examine(installation, [c for c in doctor_checks.CHECKS if c[0] == "store"])
    assert examined.diagnosis.state == "fail"
    assert "是空的" in examined.diagnosis.message


def test_a_cache_too_small_for_the_series_is_told(installation: Installation) -> None:
    checks = {code: check for code, _, check in doctor_checks.CHECKS}
    assert checks["cache"](installation).state == "ok"
    file = installation.workspace.cells
    file.parent.mkdir(parents=True, exist_ok=True)
    for name in "ab":
        FileCellCache(file, 512, name).save({name: os.urandom(200_000)})
    assert checks["cache"](installation).state == "ok"
    FileCellCache(file, 1, "c").save({"c": os.urandom(900_000)})
    diagnosis = checks["cache"](installation)
    assert (diagnosis.state, "1 个序列每月要重新计算" in diagnosis.message) == ("warn", True)
    assert "megabytes = 2" in diagnosis.remedy
