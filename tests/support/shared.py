"""What is made once for all workers of a session."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from employment_forecast.data.files.locks import lock
from employment_forecast.data.workspace.folders import Workspace
from employment_forecast.data.workspace.session import Session
from employment_forecast.data.workspace.settings import Settings


def shared_by_workers(base: Path) -> Path:
    """Folder of the whole session, from the folder for temporary files of a worker."""
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Folder that the first worker to ask for it has filled; the others wait for it."""
    base = shared_by_workers(factory.getbasetemp())
    folder, done = base / f"shared-{name}", base / f"shared-{name}.done"
    with lock(base / f"shared-{name}.lock"):
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)  # of a worker that failed at it
            folder.mkdir()
            make(folder)
            done.touch()
    return folder


def tracking_uri(workspace: Workspace) -> str:
    return f"sqlite:///{workspace.mlruns / 'mlflow.db'}"


def make_databases(folder: Path) -> None:
    """Databases as the program makes them; migrating and filling takes seconds, copying none."""
    from employment_forecast.experiments.tracking.tracker import open_tracker

    workspace = Workspace(folder)
    workspace.create()
    with open_tracker(tracking_uri(workspace), workspace) as tracker:
        tracker.open()
    Session(workspace, Settings()).store.close()
