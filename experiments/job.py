"""One opening of a forecast: what a series is forecast from, read from a workspace once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from employment_forecast.data.catalogue import Series
from employment_forecast.data.records import Vintages
from employment_forecast.data.targets import Target
from employment_forecast.data.workspace import Session, Settings
from employment_forecast.features.history import (
    NO_INPUTS,
    History,
    ModelInputs,
    from_known,
    stored_inputs,
)
from employment_forecast.forecasting.backtest import CellCache, Progress
from employment_forecast.forecasting.competition import Competition, Options
from employment_forecast.forecasting.competition.compete import compete
from employment_forecast.models import roster


@dataclass(frozen=True)
class ForecastJob:
    """A series on a day, with everything that its forecast rests on.

    Attributes
    ----------
    series : Series
        Region and indicator.
    as_of : datetime.date
        Nothing published later is looked at.
    options : Options
        Models, horizon, origins, paths, seed.
    vintages : Vintages
        The series with its publication days.
    inputs : ModelInputs
        Covariates and the same indicator of other regions.
    targets : sequence of Target
        All on file; those in force are picked as of the day.
    cache : CellCache or None
        Keeps back-test cells; None computes everything anew.
    """

    series: Series
    as_of: date
    options: Options
    vintages: Vintages
    inputs: ModelInputs = NO_INPUTS
    targets: Sequence[Target] = ()
    cache: CellCache | None = None

    def history(self) -> History:
        """The series and its covariates as known on the day."""
        return from_known(
            self.vintages.as_of(self.as_of),
            self.series.region,
            self.series.indicator,
            self.as_of,
            self.options.gaps,
            self.inputs.others,
        )

    def compete(self, progress: Progress | None = None) -> Competition:
        """Let the models compete; see `forecasting.competition.compete`."""
        return compete(
            self.series,
            self.vintages,
            self.as_of,
            self.targets,
            self.options,
            self.cache,
            progress,
            self.inputs,
        )


def run_options(
    settings: Settings,
    *,
    models: str | None = None,
    horizon: int | None = None,
    origins: int | None = None,
    seed: int | None = None,
    jobs: int | None = None,
) -> Options:
    """Options of a run: what a caller gives, the settings for the rest.

    A run whose roster, back-test or horizon was changed for this once is a trial: it is recorded
    as such and its version is never put in force.
    """
    usual = roster.resolve(settings["run.models"])
    chosen = roster.resolve(models) if models else usual
    reasons = []
    if set(chosen) != set(usual):
        reasons.append("参赛模型与设置不同")
    if origins is not None and origins != settings["run.origins"]:
        reasons.append(f"回测起点数为 {origins}，与设置不同")
    if horizon is not None and horizon < settings["run.horizon"]:
        reasons.append(f"预测期为 {horizon} 个月，短于设置")
    return Options(
        models=chosen,
        horizon=horizon or settings["run.horizon"],
        origins=settings["run.origins"] if origins is None else origins,
        n_paths=settings["run.paths"],
        seed=settings["run.seed"] if seed is None else seed,
        jobs=jobs or settings.jobs,
        gaps=settings["history.gaps"],
        trial="，".join(reasons),
    )


def open_job(
    session: Session,
    series: Series,
    as_of: date,
    options: Options,
    *,
    targets: Sequence[Target] | None = None,
    cached: bool = True,
) -> ForecastJob:
    """Read what a forecast rests on.

    Parameters
    ----------
    session : Session
        The workspace.
    series : Series
        What is forecast.
    as_of : datetime.date
        Day of the forecast.
    options : Options
        See `run_options`.
    targets : sequence of Target, optional
        All on file by default.
    cached : bool
        Whether cells may come from the workspace's cache.

    Returns
    -------
    ForecastJob
    """
    vintages = session.store.vintages(series.region.code, series.indicator.code)
    inputs = stored_inputs(
        session.store, session.catalogue, series.region, series.indicator, vintages
    )
    return ForecastJob(
        series=series,
        as_of=as_of,
        options=options,
        vintages=vintages,
        inputs=inputs,
        targets=session.targets() if targets is None else targets,
        cache=session.cells if cached else None,
    )
