"""Record one competition: the run is begun before the work and ends as the work ends."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from employment_forecast.data.catalogue import Series
from employment_forecast.data.errors import NotFoundError, StorageError, UnrecordedError
from employment_forecast.data.workspace import Workspace, load_settings
from employment_forecast.experiments.archive import content
from employment_forecast.experiments.recording import package
from employment_forecast.experiments.recording.spool import spool_of
from employment_forecast.experiments.registry import Version, champion_of
from employment_forecast.experiments.tracking import (
    Run,
    RunPlan,
    Tracker,
    close_abandoned_runs,
    experiment_name,
    experiment_tags,
    open_tracker,
    silence,
)
from employment_forecast.forecasting.competition import Competition
from employment_forecast.forecasting.early_warning import load_scheme


class Recording:
    """The open run of one competition.

    Parameters
    ----------
    series : Series
        What is forecast.
    plan : RunPlan
        Of the run.
    workspace : Workspace
        Keeps the result where MLflow cannot; its settings hold the warning levels.
    begun : Future of Run
        The run, still being begun perhaps.
    """

    def __init__(
        self,
        series: Series,
        plan: RunPlan,
        workspace: Workspace,
        begun: Future[Run],
    ) -> None:
        self._series = series
        self._plan = plan
        self._workspace = workspace
        self._begun = begun
        self._since = time.monotonic()

    @property
    def run(self) -> Run:
        """The run."""
        return self._begun.result()

    @property
    def run_id(self) -> str:
        """Id of the run; StorageError as for `run`."""
        return self.run.id

    def register(
        self,
        result: Competition,
        chart: bytes | None = None,
        files: Mapping[str, bytes] | None = None,
    ) -> Version:
        """Log the result and register the choice as the new candidate."""
        seconds = time.monotonic() - self._since
        settings = load_settings(self._workspace)
        scheme, each = load_scheme(settings), settings["mlflow.model_runs"] == "on"
        compared = self._in_force(result)
        with package.packaged(
            self._series, result, scheme, seconds, chart, files, model_runs=each, compared=compared
        ) as packed:
            try:
                return package.log(self.run, self._series, packed)
            except (StorageError, NotFoundError) as error:
                spooled = package.spool(packed, self._plan, self._series, spool_of(self._workspace))
                raise UnrecordedError(
                    f"预测已完成，但未能记入 MLflow（{error.message.rstrip('。')}）；"
                    f"结果已暂存于“{spooled}”。",
                    "待 MLflow 恢复后执行 forecast sync。",
                ) from error

    def _in_force(self, result: Competition) -> Collection[str]:
        """The model in force; where MLflow does not tell, any may be."""
        try:
            incumbent = champion_of(self.run.tracker, self._series)
        except (StorageError, NotFoundError):
            return result.backtest.records.keys()
        return () if incumbent is None else (incumbent.model,)


def _plan(series: Series) -> RunPlan:
    return RunPlan(
        experiment=experiment_name(series),
        folder=series.registered_name,
        experiment_tags=experiment_tags(series),
        name=content.open_name(),
        tags=content.start_tags(series),
    )


def _begin(tracker: Tracker, plan: RunPlan) -> Run:
    close_abandoned_runs(tracker)
    return plan.begin(tracker)


@contextmanager
def recorded(tracking_uri: str, workspace: Workspace, series: Series) -> Iterator[Recording]:
    """Record what is computed in a block as one MLflow run.

    MLflow is loaded and the run begun in a thread beside the block, whose own work is mostly done
    by other processes. The run ends with the block: finished, failed with the reason, or killed by
    Ctrl-C. Where MLflow does not answer the block goes on, and its result is kept on this machine.
    A process that is killed outright leaves the run, or the plan for it, for the next one
    to mark.

    Parameters
    ----------
    tracking_uri : str
        From the settings.
    workspace : Workspace
        Keeps artifacts and life signs.
    series : Series
        What is forecast.

    Yields
    ------
    Recording
        To register the result with.

    Raises
    ------
    StorageError
        From `Recording.register` or at the end of the block, if MLflow cannot be reached.
    """
    silence()
    with (
        open_tracker(tracking_uri, workspace, steady=True) as tracker,
        ThreadPoolExecutor(1, "mlflow") as thread,
    ):
        # What can be known to fail should fail before the work, not after it.
        tracker.check()
        plan = _plan(series)
        plan.announce(tracker)
        begun = thread.submit(_begin, tracker, plan)
        try:
            yield Recording(series, plan, workspace, begun)
        except BaseException as error:
            if begun.exception() is None:
                begun.result().end_after(error)
            raise
        begun.result().end("FINISHED")
