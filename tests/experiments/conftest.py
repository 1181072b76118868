"""A real competition on a short generated series, and workspaces with a database ready to use."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from support.competitions import make_competition, make_vintages
from support.paths import TESTS
from support.processes import Processes
from support.shared import tracking_uri

from employment_forecast.data.catalogue import Series
from employment_forecast.data.records.vintages import Vintages
from employment_forecast.data.workspace.folders import Workspace
from employment_forecast.experiments.recording.record import recorded
from employment_forecast.experiments.registry.versions import Version
from employment_forecast.experiments.tracking.tracker import Tracker, open_tracker
from employment_forecast.forecasting.competition.choice import LeaderboardRow
from employment_forecast.forecasting.competition.result import Competition
from employment_forecast.models.paths import Failure

REASON = "估计结果不是有限的数"


@pytest.fixture(scope="session")
def vintages() -> Vintages:
    """What the competition was held on."""
    return make_vintages()


@pytest.fixture(scope="session")
def competition() -> Competition:
    return make_competition()


@pytest.fixture(scope="session")
def reason() -> str:
    """Why the failed model of `with_failure` failed."""
    return REASON


@pytest.fixture(scope="session")
def with_failure(competition: Competition) -> Competition:
    """The same, but one model gave no forecast."""
    loser = next(e for e in reversed(competition.entries) if e.model != competition.choice.model)
    entries = [
        LeaderboardRow(e.model, e.label, e.floor, failure=REASON) if e is loser else e
        for e in competition.entries
    ]
    forecasts = {**competition.forecasts, loser.model: Failure(REASON)}
    return replace(competition, entries=entries, forecasts=forecasts)


@pytest.fixture(scope="session")
def series(competition: Competition) -> Series:
    return Series(competition.region, competition.indicator)


@pytest.fixture(scope="session")
def template(databases: Path) -> Workspace:
    """Databases as the program makes them."""
    return Workspace(databases)


@pytest.fixture(scope="session")
def migrated(template: Workspace) -> Path:
    """MLflow's database, empty."""
    return template.mlruns / "mlflow.db"


@pytest.fixture
def empty(tmp_path: Path) -> Workspace:
    """A workspace without a database, at a path with Chinese characters and a blank."""
    workspace = Workspace(tmp_path / "工作 区")
    workspace.create()
    return workspace


@pytest.fixture
def workspace(empty: Workspace, template: Workspace) -> Workspace:
    """A workspace with the bundled data and without a run."""
    shutil.copytree(template.root, empty.root, dirs_exist_ok=True)
    return empty


@pytest.fixture
def uri(empty: Workspace) -> str:
    """Tracking URI of the test's workspace."""
    return tracking_uri(empty)


@pytest.fixture
def tracker(workspace: Workspace, uri: str) -> Tracker:
    return open_tracker(uri, workspace)


def recorder(workspace: Workspace) -> Callable[..., tuple[str, Version]]:
    def call(
        result: Competition, chart: bytes | None = None, **files: bytes
    ) -> tuple[str, Version]:
        with recorded(tracking_uri(workspace), workspace, result.series) as recording:
            version = recording.register(result, chart, files)
        return recording.run_id, version

    return call


@pytest.fixture
def record(workspace: Workspace) -> Callable[..., tuple[str, Version]]:
    """Record a competition; gives the run's id and the registered version."""
    return recorder(workspace)


@pytest.fixture(scope="module")
def shared_tracker(template: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Tracker:
    """Of a workspace for the tests of a module that only read what one of them records."""
    place = Workspace(tmp_path_factory.mktemp("shared") / "工作区")
    shutil.copytree(template.root, place.root)
    return open_tracker(tracking_uri(place), place)


@pytest.fixture(scope="module")
def shared_record(shared_tracker: Tracker) -> Callable[..., tuple[str, Version]]:
    """As `record`, there."""
    return recorder(shared_tracker.workspace)


@dataclass(frozen=True)
class Python:
    """Starts Python processes that see our packages and the test's workspace."""

    workspace: Workspace
    processes: Processes

    def start(self, code: str, *arguments: str) -> subprocess.Popen[str]:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "PYTHONPATH": str(TESTS),  # for `support`; the packages are installed
            "PYTHONUTF8": "1",
            "WORKSPACE": str(self.workspace.root),
        }
        return self.processes.start(
            [sys.executable, "-c", code, *arguments],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @staticmethod
    def finish(process: subprocess.Popen[str]) -> str:
        """Standard output of a process that must succeed without a word on standard error."""
        out, err = process.communicate(timeout=600)
        assert (process.returncode, err) == (0, "")
        return out

    def json(self, code: str, *arguments: str) -> Any:
        """What a process printed, as JSON."""
        return json.loads(self.finish(self.start(code, *arguments)))


@pytest.fixture
def python(empty: Workspace) -> Iterator[Python]:
    processes = Processes()
    yield Python(empty, processes)
    processes.end()
