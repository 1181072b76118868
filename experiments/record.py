"""Record one competition: the run is begun before the work and ends as the work ends."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

from data.catalogue import Indicator, Region
from data.workspace import Workspace
from experiments import content, registry
from experiments.model_files import rehearse
from experiments.quiet import silence
from experiments.runs import Figures, Run, begin
from experiments.series import Series
from experiments.sweep import Plan, sweep
from experiments.tracking import Tracker, open_tracker
from experiments.versions import Version
from forecasting.choice import Entry
from forecasting.competition import Competition


class Recording:
    """The open run of one competition.

    Parameters
    ----------
    series : Series
        What is forecast.
    begun : Future of Run
        The run, still being begun perhaps.
    rehearsed : Future
        Done when MLflow is ready to save models.
    """

    def __init__(self, series: Series, begun: Future[Run], rehearsed: Future[None]) -> None:
        self._series = series
        self._begun = begun
        self._rehearsed = rehearsed
        self._since = time.monotonic()

    @property
    def run(self) -> Run:
        """The run.

        Raises
        ------
        StorageError
            If MLflow cannot be reached.
        """
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
        """Log the result and register the choice as the new candidate.

        Parameters
        ----------
        result : Competition
            Outcome of the main job.
        chart : bytes, optional
            PNG, kept as `chart.png`.
        files : mapping, optional
            Further files by name; they replace our own of the same name.

        Returns
        -------
        Version

        Raises
        ------
        StorageError
            If MLflow or its storage fails.
        """
        run, series = self.run, self._series
        seconds = time.monotonic() - self._since
        run.rename(content.run_name(result))
        for entry in result.entries:
            self._log_model(run, result, entry)
        kept = {**content.tables(result), **(files or {})}
        if chart is not None:
            kept["chart.png"] = chart
        with tempfile.TemporaryDirectory() as scratch:
            for name, data in kept.items():
                (Path(scratch) / name).write_bytes(data)
            run.log_files(Path(scratch))
        # Two models must not be saved at the same time: MLflow passes the script by a global.
        wait([self._rehearsed])
        version = registry.register(run, series, result)
        run.log(content.parent_figures(result, seconds))
        run.log(
            Figures(
                tags={
                    "registered_name": version.registered_name,
                    "registered_version": version.version,
                }
            )
        )
        return version

    def _log_model(self, parent: Run, result: Competition, entry: Entry) -> None:
        child = begin(
            parent.tracker,
            parent.experiment_id,
            content.child_name(entry, result),
            content.child_tags(self._series, result, entry),
            parent.id,
        )
        child.log(content.child_figures(result, entry))
        child.end("FAILED" if content.forecast_failed(result, entry.model) else "FINISHED")


def _plan(series: Series) -> Plan:
    return Plan(
        experiment=series.experiment_name,
        folder=series.registered_name,
        experiment_tags=series.experiment_tags,
        name=content.open_name(),
        tags=content.start_tags(series),
    )


def _begin(tracker: Tracker, plan: Plan) -> Run:
    sweep(tracker)
    return plan.begin(tracker)


@contextmanager
def recorded(
    tracking_uri: str, workspace: Workspace, region: Region, indicator: Indicator
) -> Iterator[Recording]:
    """Record what is computed in a block as one MLflow run.

    MLflow is loaded and the run begun in a thread beside the block, whose own work is mostly done
    by other processes. The run ends with the block: finished, failed with the reason, or killed by
    Ctrl-C. A process that is killed outright leaves the run, or the plan for it, for the next one
    to mark.

    Parameters
    ----------
    tracking_uri : str
        From the settings.
    workspace : Workspace
        Keeps artifacts and life signs.
    region, indicator : Region, Indicator
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
    series = Series(region, indicator)
    with (
        open_tracker(tracking_uri, workspace) as tracker,
        ThreadPoolExecutor(1, "mlflow") as thread,
    ):
        # What can be known to fail should fail before the work, not after it.
        tracker.check()
        plan = _plan(series)
        plan.announce(tracker)
        begun = thread.submit(_begin, tracker, plan)
        if tracker.served:
            begun.result()
        rehearsed = thread.submit(rehearse)
        try:
            yield Recording(series, begun, rehearsed)
        except BaseException as error:
            if begun.exception() is None:
                begun.result().end_after(error)
            raise
        begun.result().end("FINISHED")
