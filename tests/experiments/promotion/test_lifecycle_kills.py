"""Killed with a write open, anywhere in the life of a champion: nothing dangles, a rerun finishes.

The failpoint is MLflow's own commit: the process dies with the n-th transaction still open.
"""

from __future__ import annotations

import random
from typing import Any

import pytest
from support.campaigns import tries

from employment_forecast.data.catalogue.series import Series
from employment_forecast.experiments.registry.versions import (
    CANDIDATE,
    CHAMPION,
    PREVIOUS,
    find,
    stored_paths,
    versions,
)
from employment_forecast.experiments.tracking.tracker import Tracker

KILLS = tries(50)

# Imports once, then one forked process per line of input: `commit to die at, revision of the data`.
LIVES = """
import os, signal, sys, warnings
# Libraries leave idle threads behind; none of them holds a lock while the lives are begun.
warnings.filterwarnings("ignore", message=".*fork", category=DeprecationWarning)
from dataclasses import replace
from pathlib import Path
from support.competitions import make_competition
from employment_forecast.data.workspace.folders import Workspace
from employment_forecast.experiments.promotion import lifecycle
from employment_forecast.experiments.registry import registry
from employment_forecast.experiments.tracking.prune import prune
from employment_forecast.experiments.tracking.quiet import silence
from employment_forecast.experiments.recording.record import recorded
from employment_forecast.data.catalogue.series import Series
from employment_forecast.experiments.tracking.tracker import open_tracker
from employment_forecast.forecasting.competition.issuing import rechosen

silence()
import mlflow.pyfunc
from mlflow.tracking import MlflowClient
from sqlalchemy import event
from sqlalchemy.orm import Session

workspace = Workspace(Path(os.environ["WORKSPACE"]))
address = f"sqlite:///{workspace.mlruns / 'mlflow.db'}"
first = make_competition()
series = Series(first.region, first.indicator)
other = next(e.model for e in first.entries if e.model != first.choice.model)

def arm(stop_at):
    seen = 0
    @event.listens_for(Session, "before_commit")
    def count(session):
        nonlocal seen
        seen += 1
        if seen == stop_at:
            print("killed", flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
    return lambda: seen

def life(stop_at, revised):
    values = first.history.values.copy()
    values[-1] += revised
    result = replace(first, history=replace(first.history, values=values))
    with recorded(address, workspace, result.series) as recording:
        recording.run_id
        commits = arm(stop_at)
        recording.register(result)
        lifecycle.promote_if_passed(recording.run.tracker, series, result, recording.run)
    with recorded(address, workspace, result.series) as recording:
        recording.register(rechosen(result, other, "x"))
    with open_tracker(address, workspace) as tracker:
        registry.promote(tracker, series, why="kill")
        registry.rollback(tracker, series, "kill")
        prune(tracker, workspace, keep=3)
    print("ended", commits(), flush=True)

for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        life(*map(int, line.split()))
        os._exit(0)
    os.waitpid(pid, 0)
    print("over", flush=True)
"""


def run(process: Any, stop_at: int, revised: int) -> list[str]:
    """What one life printed before it ended or was killed."""
    process.stdin.write(f"{stop_at} {revised}\n")
    process.stdin.flush()
    words: list[str] = []
    while (line := process.stdout.readline()) != "over\n":
        assert line, process.stderr.read()
        words += line.split()
    return words


def sound(tracker: Tracker, series: Series) -> None:
    """Every alias points to one version that is there, whole, and can be served."""
    known = versions(tracker, series)
    numbers = {v.version for v in known}
    if known:
        model = tracker.call("读取", lambda c: c.get_registered_model(series.registered_name))
        aliases = {alias: str(number) for alias, number in model.aliases.items()}
        assert set(aliases) <= {CANDIDATE, CHAMPION, PREVIOUS}
        assert set(aliases.values()) <= numbers
        for number in aliases.values():
            assert stored_paths(tracker, find(tracker, series, number)).n_paths == 200
        assert sum("champion" in v.aliases for v in known) <= 1


def campaign(python, tracker: Tracker, series: Series, kills: int) -> int:
    """How many lives ended with a transaction open."""
    process = python.start(LIVES)
    try:
        died = lives(process, tracker, series, kills)
    finally:
        process.stdin.close()
        process.wait(timeout=600)
        said = process.stderr.read()
        for stream in (process.stdout, process.stderr):
            stream.close()
    assert said == ""
    return died


def lives(process: Any, tracker: Tracker, series: Series, kills: int) -> int:
    ended = run(process, 0, 0)
    assert ended[0] == "ended"
    commits = int(ended[1])
    assert commits > 20
    points = [1 + round(i * (commits - 1) / max(1, kills - 1)) for i in range(kills)]
    random.Random(4).shuffle(points)
    died = 0
    for number, point in enumerate(points, start=1):
        died += run(process, point, number)[-1] == "killed"
        sound(tracker, series)
    assert run(process, 0, kills + 1)[0] == "ended"
    sound(tracker, series)
    listed = versions(tracker, series)
    assert [v.version for v in listed if CANDIDATE in v.aliases] == [listed[0].version]
    everything = [e.experiment_id for e in tracker.open().search_experiments()]
    runs = tracker.open().search_runs(everything, max_results=5000)
    assert "RUNNING" not in {r.info.status for r in runs}
    assert list(tracker.signs.glob("*.alive")) == []
    return died


@pytest.mark.soak
def test_kills_leave_one_champion(tracker: Tracker, series: Series, python) -> None:
    assert campaign(python, tracker, series, KILLS) >= 0.9 * KILLS
