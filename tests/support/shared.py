"""What is made once for all workers of a session."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
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
    """Databases as the program makes them; migrating and filling takes seconds, copying none.

    They are complete and nobody's: a journal that its process still holds would vanish in the
    middle of a test's copy.
    """
    from employment_forecast.experiments.tracking.tracker import open_tracker

    made, shared = Workspace(folder.with_name(f"{folder.name}.made")), Workspace(folder)
    for workspace in (made, shared):
        workspace.create()
    with open_tracker(tracking_uri(made), made) as tracker:
        tracker.open()
    Session(made, Settings()).store.close()
    for file in made.root.rglob("*.db"):
        copy = shared.root / file.relative_to(made.root)
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)


def files_of(folder: Path) -> set[Path]:
    """Every file below a folder."""
    return {file for file in folder.rglob("*") if file.is_file()}
