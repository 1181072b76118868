"""Runs of processes that died: planned before MLflow is loaded, marked as killed by others."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from employment_forecast.data.files import abandoned_signs
from employment_forecast.experiments.tracking.runs import PROCESS_TAG, Run, begin
from employment_forecast.experiments.tracking.tracker import Tracker, pages

if TYPE_CHECKING:
    from mlflow.entities import Run as LoggedRun
    from mlflow.tracking import MlflowClient

GONE = "进程已不存在（被强行结束或断电），由后续命令标记"


@dataclass(frozen=True)
class RunPlan:
    """A run about to begin, written into the life sign.

    Loading MLflow takes seconds; a process killed meanwhile has a plan and no run, and the run is
    then made from the plan.

    Attributes
    ----------
    experiment, folder, experiment_tags : str, str, mapping
        As for `Tracker.experiment`.
    name : str
        Of the run.
    tags : mapping
        Of the run.
    started : int
        Milliseconds since 1970.
    """

    experiment: str
    folder: str
    experiment_tags: Mapping[str, str]
    name: str
    tags: Mapping[str, str]
    started: int = field(default_factory=lambda: int(time.time() * 1000))

    def announce(self, tracker: Tracker) -> None:
        """Let other processes know of the plan and that this process is at work on it."""
        here = {"host": socket.gethostname(), "pid": str(os.getpid())}
        plan = {**asdict(self), "tags": {**self.tags, **here}}
        tracker.show_life(json.dumps(plan, ensure_ascii=False).encode())

    def begin(self, tracker: Tracker, process: str | None = None) -> Run:
        """Begin the run.

        Parameters
        ----------
        tracker : Tracker
            Where.
        process : str, optional
            Whose run it is; this process's by default.
        """
        experiment = tracker.experiment(self.experiment, self.folder, self.experiment_tags)
        whose = {PROCESS_TAG: process or tracker.process}
        return begin(tracker, experiment, self.name, {**self.tags, **whose}, started=self.started)


def close_abandoned_runs(tracker: Tracker) -> list[str]:
    """Mark as killed what processes of this workspace left running when they died.

    Parameters
    ----------
    tracker : Tracker
        Where; MLflow is not even imported unless some process died.

    Returns
    -------
    list of str
        Ids of the runs marked now.

    Raises
    ------
    StorageError
        If MLflow cannot be reached.
    """
    swept: list[str] = []
    for sign in abandoned_signs(tracker.signs):
        left = _runs_of(tracker, sign.stem)
        plan = None if left else _planned(sign)
        open_runs = [
            Run(tracker, r.info.run_id, r.info.experiment_id, r.info.artifact_uri)
            for r in left
            if r.info.status == "RUNNING"
        ]
        if plan is not None:
            open_runs.append(plan.begin(tracker, sign.stem))
        for run in open_runs:
            run.end("KILLED", GONE)
            swept.append(run.id)
        sign.unlink(missing_ok=True)
    return swept


def _planned(sign: Path) -> RunPlan | None:
    """Plan in a life sign; None if there is none, or the process died while writing it."""
    try:
        return RunPlan(**json.loads(sign.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def _runs_of(tracker: Tracker, process: str) -> list[LoggedRun]:
    condition = f"tags.{PROCESS_TAG} = '{process}'"

    def search(client: MlflowClient) -> list[LoggedRun]:
        experiments = [e.experiment_id for e in pages(client.search_experiments)]
        return pages(
            lambda page_token: client.search_runs(experiments, condition, page_token=page_token)
        )

    return tracker.call("查找运行", search)
