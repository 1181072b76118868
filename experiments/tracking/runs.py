"""Runs in MLflow: begun before the work, filled in few requests, ended as the work ended."""

from __future__ import annotations

import math
import os
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from employment_forecast.data.errors import ForecastError
from employment_forecast.experiments.tracking.names import PARENT_TAG
from employment_forecast.experiments.tracking.tracker import Tracker

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

Status = Literal["FINISHED", "FAILED", "KILLED"]

PROCESS_TAG = "process"
END_TAG = "ended_because"
_NAME_TAG = "mlflow.runName"
INTERRUPTED = "用户中断（Ctrl-C）"
# What every MLflow server accepts in one request.
_PARAMS_PER_BATCH = 100
_METRICS_PER_BATCH = 800
_LONGEST_TAG = 5000
_LONGEST_PARAM = 500


@dataclass(frozen=True)
class Figures:
    """What is logged to a run.

    Attributes
    ----------
    params : dict
        Settings, as text.
    metrics : dict
        One figure per name; None and non-finite figures are left out.
    series : dict
        Figures by months ahead: element i is logged at step i + 1.
    tags : dict
        Facts to search and show.
    """

    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    series: Mapping[str, Sequence[float]] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)

    def points(self) -> list[tuple[str, float, int]]:
        """Every finite figure with its name and step."""
        single = [(name, value, 0) for name, value in self.metrics.items() if value is not None]
        stepped = [
            (name, value, step)
            for name, values in self.series.items()
            for step, value in enumerate(values, start=1)
        ]
        return [point for point in single + stepped if math.isfinite(point[1])]


@dataclass(frozen=True)
class Run:
    """A run that this process began.

    Attributes
    ----------
    tracker : Tracker
        Where it is.
    id, experiment_id : str
        As MLflow names them.
    artifact_uri : str
        Where its files go.
    """

    tracker: Tracker
    id: str
    experiment_id: str
    artifact_uri: str

    def log(self, figures: Figures, name: str = "") -> None:
        """Log parameters, metrics, tags and a new name in as few requests as MLflow allows."""
        from mlflow.entities import Metric, Param, RunTag

        now = int(time.time() * 1000)
        params = iter([Param(k, v[:_LONGEST_PARAM]) for k, v in figures.params.items()])
        named = {**({_NAME_TAG: name} if name else {}), **figures.tags}
        tags = iter([RunTag(k, v[:_LONGEST_TAG]) for k, v in named.items()])
        metrics = iter([Metric(n, float(v), now, s) for n, v, s in figures.points()])
        while True:
            some_metrics = list(islice(metrics, _METRICS_PER_BATCH))
            some_params = list(islice(params, _PARAMS_PER_BATCH))
            some_tags = list(islice(tags, _PARAMS_PER_BATCH))
            if not (some_metrics or some_params or some_tags):
                return
            send = partial(
                self._log_batch, metrics=some_metrics, params=some_params, tags=some_tags
            )
            self.tracker.call("记录结果", send, about="run")

    def _log_batch(self, client: MlflowClient, **batch: Any) -> None:
        client.log_batch(self.id, **batch)

    def log_files(self, folder: Path, inside: str | None = None) -> None:
        """Copy the files of a folder to the run's artifacts."""
        self.tracker.call(
            "保存文件", lambda c: c.log_artifacts(self.id, str(folder), inside), about="run"
        )

    def rename(self, name: str) -> None:
        """Give the run another name."""
        self.tracker.call("命名运行", lambda c: c.update_run(self.id, name=name))

    def end(self, status: Status, reason: str = "") -> None:
        """End the run, saying why if it did not finish."""
        if reason:
            self.log(Figures(tags={END_TAG: reason}))
        self.tracker.call("结束运行", lambda c: c.set_terminated(self.id, status), about="run")
        self.tracker.ended(self.id)

    def end_after(self, error: BaseException) -> None:
        """End the run after an error, which is about to be raised again.

        Ctrl-C counts as killed, anything else as failed. Should MLflow fail as well, the run stays
        open for a later command to sweep: the first error is the one to report.
        """
        killed = isinstance(error, KeyboardInterrupt)
        if isinstance(error, ForecastError):
            reason = str(error)
        else:
            reason = INTERRUPTED if killed else f"{type(error).__name__}: {error}"
        with suppress(ForecastError):
            self.end("KILLED" if killed else "FAILED", reason)


def begin(
    tracker: Tracker,
    experiment_id: str,
    name: str,
    tags: Mapping[str, str],
    parent: str | None = None,
    started: int | None = None,
) -> Run:
    """Begin a run, which shows as running from now on.

    Parameters
    ----------
    tracker : Tracker
        Where.
    experiment_id : str
        From `Tracker.experiment`.
    name : str
        As the UI shows it.
    tags : mapping
        Facts known at the start.
    parent : str, optional
        Id of the run this one belongs to.
    started : int, optional
        Milliseconds since 1970; now by default.

    Returns
    -------
    Run

    Raises
    ------
    StorageError
        If MLflow cannot be reached.
    """
    tracker.show_life()
    given = {k: v[:_LONGEST_TAG] for k, v in tags.items()}
    given.setdefault(PROCESS_TAG, tracker.process)
    given.setdefault("host", socket.gethostname())
    given.setdefault("pid", str(os.getpid()))
    if parent is not None:
        given[PARENT_TAG] = parent
    made = tracker.call(
        "开始运行", lambda c: c.create_run(experiment_id, started, given, name), about="run"
    )
    tracker.started(made.info.run_id)
    return Run(tracker, made.info.run_id, experiment_id, made.info.artifact_uri)


def reopened(tracker: Tracker, run_id: str) -> Run:
    """A run that another process began, to read from and add files to.

    Raises
    ------
    NotFoundError
        If there is no such run.
    StorageError
        If MLflow cannot be reached.
    """
    logged = tracker.call("读取运行", lambda c: c.get_run(run_id))
    return Run(tracker, run_id, logged.info.experiment_id, logged.info.artifact_uri)


@contextmanager
def running(
    tracker: Tracker,
    experiment_id: str,
    name: str,
    tags: Mapping[str, str],
    parent: str | None = None,
) -> Iterator[Run]:
    """A run that ends as its block does: finished, failed, or killed by Ctrl-C."""
    run = begin(tracker, experiment_id, name, tags, parent)
    try:
        yield run
    except BaseException as error:
        run.end_after(error)
        raise
    run.end("FINISHED")
