from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from employment_forecast.data.errors import StorageError
from employment_forecast.data.workspace.folders import Workspace
from employment_forecast.experiments.tracking.database import prepare, shown, sqlite_file
from employment_forecast.experiments.tracking.tracker import Tracker, open_tracker

OPEN_AND_RUN = """
import os, sys
from pathlib import Path
from employment_forecast.data.workspace.folders import Workspace
from employment_forecast.experiments.tracking.runs import Figures, running
from employment_forecast.experiments.tracking.tracker import open_tracker
workspace = Workspace(Path(os.environ["WORKSPACE"]))
sys.stdin.readline()
with open_tracker(f"sqlite:///{workspace.mlruns / 'mlflow.db'}", workspace) as tracker:
    experiment = tracker.experiment("同一个实验", "same", {})
    for number in range(5):
        with running(tracker, experiment, f"{sys.argv[1]}-{number}", {}) as run:
            run.log(Figures(metrics={"wis": 0.5}, series={"horizon/wis": [0.1] * 12}))
"""


@pytest.mark.soak
def test_processes_that_start_together_without_a_database_all_succeed(
    empty: Workspace, uri: str, python
) -> None:
    half_made = empty.mlruns / ".mlflow.db.new"
    with closing(sqlite3.connect(half_made)) as connection:
        connection.execute("CREATE TABLE _alembic_tmp_runs (x)")
    (empty.mlruns / ".mlflow.db.new-journal").write_bytes(b"left by a process that was killed")

    processes = [python.start(OPEN_AND_RUN, name) for name in ("a", "b")]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        assert python.finish(process) == ""
    tracker = open_tracker(uri, empty)
    experiment = tracker.experiment("同一个实验", "same", {})
    runs = tracker.call("查找", lambda c: c.search_runs([experiment]))
    assert len(runs) == 10
    assert {r.info.status for r in runs} == {"FINISHED"}
    assert list((empty.mlruns / "running").glob("*.alive")) == []
    assert list(empty.mlruns.glob(".mlflow.db.new*")) == []


def test_readers_do_not_wait_for_a_writer(workspace: Workspace, uri: str) -> None:
    prepare(uri, workspace.mlruns / "artifacts")
    with closing(sqlite3.connect(workspace.mlruns / "mlflow.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_file_that_is_no_database_says_so_before_any_work(empty: Workspace, uri: str) -> None:
    (empty.mlruns / "mlflow.db").write_bytes(b"not a database at all" * 100)
    tracker = open_tracker(uri, empty)
    with pytest.raises(StorageError, match=r"mlflow\.db.*无法打开") as caught:
        tracker.check()
    assert "备份" in caught.value.hint
    with pytest.raises(StorageError):
        tracker.open()


@pytest.mark.parametrize("how", ["emptied", "gone"])
def test_a_lost_database_beside_artifacts_is_no_fresh_start(
    how: str, empty: Workspace, uri: str
) -> None:
    (empty.mlruns / "artifacts" / "x").mkdir(parents=True)
    if how == "emptied":
        (empty.mlruns / "mlflow.db").write_bytes(b"")
    tracker = open_tracker(uri, empty)
    for ask in (tracker.check, tracker.open):
        with pytest.raises(StorageError, match="现役模型可能已经丢失"):
            ask()
    shutil.rmtree(empty.mlruns / "artifacts")
    tracker.check()


def test_a_database_that_lost_a_table_is_named(workspace: Workspace, uri: str) -> None:
    artifacts = workspace.mlruns / "artifacts"
    prepare(uri, artifacts)
    with closing(sqlite3.connect(workspace.mlruns / "mlflow.db")) as connection:
        connection.execute("DROP TABLE latest_metrics")
        connection.commit()
    with pytest.raises(StorageError, match="缺少表 latest_metrics"):
        open_tracker(uri, workspace).check()


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    tracker = Tracker(f"sqlite:///{tmp_path}/file/mlflow.db", tmp_path / "mlruns")
    with pytest.raises(StorageError, match="锁文件"):
        tracker.check()


def test_passwords_stay_out_of_messages() -> None:
    assert shown("postgresql://u:secret@db/x") == "postgresql://***@db/x"
    assert shown("http://10.0.0.8:5000") == "http://10.0.0.8:5000"


@pytest.mark.parametrize(
    "other", ["http://h:1", "postgresql://h/x", "sqlite:///:memory:", "sqlite://"]
)
def test_only_a_sqlite_file_is_a_file(other: str) -> None:
    assert sqlite_file(other) is None


def test_a_sqlite_uri_names_its_file(tmp_path: Path) -> None:
    assert sqlite_file(f"sqlite:///{tmp_path}/工作 区/m.db") == tmp_path / "工作 区" / "m.db"


def test_a_server_that_is_down_is_a_storage_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(StorageError) as caught:
        Tracker("http://user:secret@127.0.0.1:9", tmp_path).open()
    assert caught.value.message.startswith("MLflow（http://***@127.0.0.1:9）打开失败")
    assert "secret" not in caught.value.message
    assert "MLflow 服务" in caught.value.hint
