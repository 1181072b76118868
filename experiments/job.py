"""One opening of a forecast: what a series is forecast from, read from a workspace once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import date

import pandas as pd

from employment_forecast.data.catalogue import Series
from employment_forecast.data.errors import UsageError, as_forecast_error
from employment_forecast.data.records import Vintages
from employment_forecast.data.store import groups_of
from employment_forecast.data.targets import Target, in_force_ahead
from employment_forecast.data.workspace import Session, Settings
from employment_forecast.features.history import (
    NO_INPUTS,
    History,
    ModelInputs,
    from_known,
    stored_inputs,
)
from employment_forecast.forecasting.backtest import CellCache, Elsewhere, Progress
from employment_forecast.forecasting.competition import (
    Competition,
    Options,
    TreeResult,
    reconcile_tree,
)
from employment_forecast.forecasting.competition.compete import compete
from employment_forecast.forecasting.reconciliation import Sum
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
    elsewhere : callable or None
        Computes cells on other machines.
    """

    series: Series
    as_of: date
    options: Options
    vintages: Vintages
    inputs: ModelInputs = NO_INPUTS
    targets: Sequence[Target] = ()
    cache: CellCache | None = None
    elsewhere: Elsewhere | None = None

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
            self.elsewhere,
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
    elsewhere: Elsewhere | None = None,
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
        All of the region on file by default.
    cached : bool
        Whether cells may come from the workspace's cache.
    elsewhere : callable, optional
        Computes cells on other machines.

    Returns
    -------
    ForecastJob
    """
    vintages = session.store.vintages(series.region.code, series.indicator.code)
    inputs = stored_inputs(
        session.store,
        session.catalogue,
        series.region,
        series.indicator,
        vintages,
        session.vintages,
    )
    return ForecastJob(
        series=series,
        as_of=as_of,
        options=options,
        vintages=vintages,
        inputs=inputs,
        targets=session.targets(series.region.code) if targets is None else targets,
        cache=session.cells.of(series.code) if cached and session.cells else None,
        elsewhere=elsewhere,
    )


Watch = Callable[[Series], AbstractContextManager[Progress | None]]
Instead = Callable[[Competition], Competition | None]


@dataclass(frozen=True)
class TreeJob:
    """A region with its parts and theirs, each to be forecast and then made to add up.

    Attributes
    ----------
    sums : tuple of Sum
        Wholes and parts, by the same keys.
    jobs : mapping
        Job of every member by code of region, of a group as 310114/men; wholes before their parts.
    until : pandas.Period or None
        Month that all are to be forecast to, beyond what their targets ask for.
    """

    sums: tuple[Sum, ...]
    jobs: Mapping[str, ForecastJob]
    until: pd.Period | None = None

    @property
    def root(self) -> str:
        """Key of the whole."""
        return next(iter(self.jobs))

    def compete(
        self, watch: Watch = lambda _: nullcontext(), instead: Instead = lambda _: None
    ) -> TreeResult:
        """Forecast every member and reconcile them.

        Parameters
        ----------
        watch : callable, optional
            Gives for each series a context and in it what is told of its progress.
        instead : callable, optional
            Gives what comes into force instead of a result that will be refused, None for any
            other.

        Returns
        -------
        TreeResult
            A member that cannot be forecast is named in its notes.
        """
        results: dict[str, Competition] = {}
        absent: dict[str, str] = {}
        refused: dict[str, Competition] = {}
        reach = max((_reach(job, self.until) for job in self.jobs.values()), default=0)
        for code, job in self.jobs.items():
            same = replace(job, options=replace(job.options, reach=reach))
            try:
                with watch(job.series) as tick:
                    result = same.compete(tick)
                    results[code] = instead(result) or result
                if results[code] is not result:
                    refused[code] = result
            except Exception as error:  # noqa: BLE001  # a fault in one member is no fault of the others
                why = as_forecast_error(error).message.rstrip("。")
                absent[code] = f"{job.series.member_name}未得出预测：{why}"
        return replace(reconcile_tree(self.sums, results, absent), refused=refused)


def _reach(job: ForecastJob, until: pd.Period | None) -> int:
    """Months ahead to a month and to the targets in force, 0 where there is no history."""
    known = job.vintages.as_of(job.as_of)
    values = known.values.dropna()
    if values.empty:
        return 0
    origin, series, least = values.index[-1], job.series, job.options.horizon
    asked = in_force_ahead(
        job.targets, series.region.code, series.indicator.code, origin, least, job.as_of,
        demo=known.demo,
    )  # fmt: skip
    ends = [t.last_month for t in asked if t.assessable] + ([] if until is None else [until])
    return max(((end - origin).n for end in ends), default=0)


def open_tree(
    session: Session,
    series: Series,
    as_of: date,
    options: Options,
    *,
    cached: bool = True,
    deep: bool = True,
    groups: bool = True,
    until: pd.Period | None = None,
    elsewhere: Elsewhere | None = None,
) -> TreeJob:
    """Read what the forecasts of a region and its parts rest on.

    Parameters
    ----------
    session, series, as_of, options, cached, elsewhere
        As for `open_job`; the series is that of the whole.
    deep : bool
        With the parts of the parts.
    groups : bool
        With the groups of people of whom there are figures and who together make up everybody.
    until : pandas.Period, optional
        Month that every member is to be forecast to.

    Returns
    -------
    TreeJob

    Raises
    ------
    UsageError
        If the region has no parts and no such groups, or the indicator does not add up.
    """
    below = session.catalogue.tree(series.region, series.indicator, pd.Period(as_of, freq="M"))
    sums = [
        Sum(code, tuple(part.code for part in parts))
        for code, parts in below.items()
        if deep or code == series.region.code
    ]
    sums += _divisions(session, series) if groups else []
    if not sums:
        raise UsageError(
            f"{series.title}没有可以相加的下级。",
            "请在 forecast.toml 的 [[regions]] 中登记全部下级（parent 写上级代码）；"
            "只有人数之类的指标可以相加，率不能。",
        )
    members = {series.region.code: series}
    for key in (part for each in sums for part in each.parts):
        members[key] = session.catalogue.member(key, series.indicator)
    on_file = session.targets()  # read once for all
    jobs = {
        key: open_job(
            session, member, as_of, options, cached=cached, elsewhere=elsewhere,
            targets=[t for t in on_file if t.region == member.region.code],
        )
        for key, member in members.items()
    }  # fmt: skip
    return TreeJob(tuple(sums), jobs, until)


def _divisions(session: Session, series: Series) -> list[Sum]:
    """Divisions of a region's people of which some group has figures: each makes up the whole."""
    region, indicator = series.region, series.indicator
    if indicator.group or indicator.aggregation != "sum" or indicator.unit != "人":
        return []
    stored = set(groups_of(session.store, region.code, indicator.code))
    divisions = []
    for name in session.catalogue.partitions:
        groups = session.catalogue.partition(name)
        if stored.intersection(g.code for g in groups):
            divisions.append(Sum(region.code, tuple(f"{region.code}/{g.code}" for g in groups)))
    return divisions
