"""Processes killed outright while they record: nothing dangles, the next run is a normal one."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.campaigns import tries

from employment_forecast.data.catalogue.series import Series
from employment_forecast.experiments.registry.versions import stored_paths, versions
from employment_forecast.experiments.tracking.tracker import Tracker

KILLS = tries(20)

RECORD_WHEN_TOLD = """
import os, sys
from pathlib import Path
from support.competitions import make_competition
from employment_forecast.data.workspace.folders import Workspace
from employment_forecast.experiments.recording.record import recorded
workspace = Workspace(Path(os.environ["WORKSPACE"]))
result = make_competition()
address = f"sqlite:///{workspace.mlruns / 'mlflow.db'}"
print("ready", flush=True)
with recorded(address, workspace, result.series) as recording:
    recording.run_id
    print("begun", flush=True)
    recording.register(result, b"chart")
    print("registered", flush=True)
print("ended", flush=True)
"""


def killed(python, after: str, delay: float, begun: Callable[[], bool] = lambda: True) -> list[str]:
    """What a recording process had printed when it was killed some time after a word and a sign."""
    process = python.start(RECORD_WHEN_TOLD)
    while process.stdout.readline().strip() != after:
        assert process.poll() is None
    while not begun():
        assert process.poll() is None
    time.sleep(delay)
    process.kill()
    out, err = process.communicate()
    assert err == ""
    return out.split()


def seconds_of_a_recording(python) -> float:
    """How long writes are open on this machine today."""
    process = python.start(RECORD_WHEN_TOLD)
    while process.stdout.readline().strip() != "begun":
        assert process.poll() is None
    since = time.monotonic()
    assert python.finish(process).split()[-1] == "ended"
    return time.monotonic() - since


@pytest.mark.soak
def test_kills_leave_mlflow_usable(tracker: Tracker, series: Series, python) -> None:
    chance = random.Random(1)
    usual = seconds_of_a_recording(python)
    cut_short = 0
    for _ in range(KILLS):
        printed = killed(python, "begun", chance.uniform(0.0, 0.7 * usual))
        cut_short += "ended" not in printed
    assert cut_short >= KILLS // 3

    process = python.start(RECORD_WHEN_TOLD)
    assert python.finish(process).split()[-1] == "ended"
    everything = [e.experiment_id for e in tracker.open().search_experiments()]
    runs = tracker.open().search_runs(everything, max_results=5000)
    parents = [r for r in runs if "mlflow.parentRunId" not in r.data.tags]
    states = [r.info.status for r in parents]
    assert set(states) <= {"FINISHED", "KILLED"}
    assert states.count("KILLED") >= cut_short // 2
    assert len(parents) == KILLS + 2
    assert "RUNNING" not in {r.info.status for r in runs}

    listed = versions(tracker, series)
    assert [v.version for v in listed if "candidate" in v.aliases] == [listed[0].version]
    for version in listed:
        assert stored_paths(tracker, version).n_paths == 200
        assert (Path(version.source) / "MLmodel").exists()
    assert list(tracker.signs.glob("*.alive")) == []


@pytest.mark.soak
def test_kills_while_the_database_is_made_leave_a_fresh_start(
    tmp_path: Path, empty, uri: str, python
) -> None:
    chance = random.Random(2)
    database = empty.mlruns / "mlflow.db"
    half_made = 0

    def begin_anew() -> None:
        database.unlink(missing_ok=True)
        shutil.rmtree(empty.mlruns / "artifacts", ignore_errors=True)

    def making() -> bool:
        return any(empty.mlruns.glob(".mlflow.db.new*"))

    for kill in range(KILLS // 2):
        begin_anew()
        killed(python, "ready", chance.uniform(0.0, 0.2 * kill), making)
        half_made += not database.exists() and making()
    assert half_made > 0
    begin_anew()
    assert python.finish(python.start(RECORD_WHEN_TOLD)).split()[-1] == "ended"


@pytest.mark.soak
def test_eight_processes_on_a_fresh_workspace_all_succeed(
    empty, uri: str, series: Series, python
) -> None:
    processes = [python.start(RECORD_WHEN_TOLD) for _ in range(8)]
    for process in processes:
        assert python.finish(process).split()[-1] == "ended"
    tracker = Tracker(uri, empty.mlruns)
    assert [v.version for v in versions(tracker, series)] == [str(n) for n in range(8, 0, -1)]
