from __future__ import annotations

import json

import pytest

from employment_forecast.data.workspace.folders import Workspace
from employment_forecast.experiments.tracking.abandoned import GONE, RunPlan, close_abandoned_runs
from employment_forecast.experiments.tracking.runs import END_TAG, Run, begin
from employment_forecast.experiments.tracking.tracker import Tracker, open_tracker


@pytest.fixture
def experiment(tracker: Tracker) -> str:
    return tracker.experiment("试验", "test", {})


def read(tracker: Tracker, run: Run):
    return tracker.call("读取", lambda c: c.get_run(run.id))


def status(tracker: Tracker, run: Run) -> str:
    return read(tracker, run).info.status


BEGIN_AND_WAIT = """
import json, os, sys
from pathlib import Path
from employment_forecast.data.workspace.folders import Workspace
from employment_forecast.experiments.tracking.runs import begin
from employment_forecast.experiments.tracking.tracker import open_tracker
workspace = Workspace(Path(os.environ["WORKSPACE"]))
tracker = open_tracker(f"sqlite:///{workspace.mlruns / 'mlflow.db'}", workspace)
experiment = tracker.experiment("试验", "test", {})
parent = begin(tracker, experiment, "父", {})
child = begin(tracker, experiment, "子", {}, parent.id)
done = begin(tracker, experiment, "完", {})
done.end("FINISHED")
print(json.dumps([parent.id, child.id, done.id]), flush=True)
sys.stdin.read()
"""


@pytest.mark.soak  # a process that imports everything
def test_runs_of_a_killed_process_are_swept(
    tracker: Tracker, experiment: str, workspace: Workspace, uri: str, python
) -> None:
    mine = begin(tracker, experiment, "活", {})
    other = python.start(BEGIN_AND_WAIT)
    parent, child, done = (
        Run(tracker, run_id, "", "") for run_id in json.loads(other.stdout.readline())
    )
    assert close_abandoned_runs(tracker) == []
    assert status(tracker, parent) == "RUNNING"

    other.kill()
    other.communicate()
    assert sorted(close_abandoned_runs(tracker)) == sorted([parent.id, child.id])
    assert status(tracker, parent) == status(tracker, child) == "KILLED"
    assert status(tracker, done) == "FINISHED"
    assert status(tracker, mine) == "RUNNING"
    assert read(tracker, parent).data.tags[END_TAG] == GONE
    assert close_abandoned_runs(open_tracker(uri, workspace)) == []


PLAN_AND_WAIT = """
import os, sys
from pathlib import Path
from employment_forecast.data.workspace.folders import Workspace
from employment_forecast.experiments.tracking.abandoned import RunPlan
from employment_forecast.experiments.tracking.tracker import open_tracker
workspace = Workspace(Path(os.environ["WORKSPACE"]))
tracker = open_tracker(f"sqlite:///{workspace.mlruns / 'mlflow.db'}", workspace)
plan = RunPlan("试验", "test", {}, "未完成", {"region": "310114"}, started=1_700_000_000_000)
plan.announce(tracker)
assert "mlflow" not in sys.modules
print("planned", flush=True)
sys.stdin.read()
"""


@pytest.mark.soak  # a process that imports everything
def test_a_process_killed_before_its_run_began_shows_as_killed(
    tracker: Tracker, experiment: str, python
) -> None:
    other = python.start(PLAN_AND_WAIT)
    assert other.stdout.readline() == "planned\n"
    assert close_abandoned_runs(tracker) == []
    other.kill()
    other.communicate()
    (run_id,) = close_abandoned_runs(tracker)
    run = tracker.call("读取", lambda c: c.get_run(run_id))
    assert run.info.experiment_id == experiment
    assert (run.info.status, run.info.run_name) == ("KILLED", "未完成")
    assert run.info.start_time == 1_700_000_000_000
    assert run.data.tags["region"] == "310114"
    assert run.data.tags["pid"] == str(other.pid)
    assert run.data.tags[END_TAG] == GONE
    assert close_abandoned_runs(tracker) == []


def test_a_plan_whose_run_began_makes_no_second_run(tracker: Tracker, experiment: str) -> None:
    plan = RunPlan("试验", "test", {}, "未完成", {})
    plan.announce(tracker)
    run = plan.begin(tracker)
    run.end("FINISHED")
    sign = tracker.signs / f"{tracker.process}.alive"
    content = sign.read_bytes()
    with tracker:
        pass
    # As if the process had died after ending its run and before taking its sign back.
    sign.write_bytes(content)
    assert close_abandoned_runs(tracker) == []
    runs = tracker.call("查找", lambda c: c.search_runs([experiment]))
    assert [r.info.run_id for r in runs] == [run.id]


def test_a_sign_cut_off_while_written_is_cleared(tracker: Tracker, experiment: str) -> None:
    tracker.signs.mkdir(parents=True)
    (tracker.signs / "half.alive").write_bytes(b'{"experiment": "\xe8')
    assert close_abandoned_runs(tracker) == []
    assert list(tracker.signs.glob("*.alive")) == []
    assert tracker.call("查找", lambda c: list(c.search_runs([experiment]))) == []
