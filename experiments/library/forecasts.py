"""Forecast and back-test of a series as library calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pandas as pd

from employment_forecast.data.errors import UsageError
from employment_forecast.data.targets import Target
from employment_forecast.experiments.job import ForecastJob, run_options
from employment_forecast.experiments.library.notebook import drawing, html
from employment_forecast.experiments.library.series import Series, day_of
from employment_forecast.features.history import History
from employment_forecast.forecasting.competition import Competition
from employment_forecast.forecasting.reconciliation import Sum
from employment_forecast.models import roster
from employment_forecast.models.paths import SamplePaths

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from employment_forecast.forecasting.backtest import Progress

SHOWN_MONTHS = 60


@dataclass(frozen=True)
class ForecastResult:
    """A forecast, the competition behind it, and the targets in force assessed on its paths.

    Attributes
    ----------
    series : Series
        What was forecast.
    result : Competition
        Everything there is to know about it.
    """

    series: Series
    result: Competition

    @property
    def paths(self) -> SamplePaths:
        """Joint sample paths; every probability is a functional of them."""
        return self.result.champion_paths

    @property
    def history(self) -> History:
        """Data up to the origin."""
        return self.result.history

    @property
    def model(self) -> str:
        """Name of the chosen model."""
        return self.result.choice.model

    @property
    def reason(self) -> str:
        """Why it was chosen, in Chinese."""
        return self.result.choice.reason

    @property
    def tested_months(self) -> int:
        """Months ahead that the back-test covers."""
        return self.result.tested_horizon

    @property
    def leaderboard(self) -> pd.DataFrame:
        """Scores of every model, best first; see `BacktestResult.to_frame`."""
        return leaderboard(self.result)

    def document(self) -> dict[str, Any]:
        """The whole result as the JSON object of `forecast run`, without the fields of MLflow."""
        from employment_forecast.forecasting.documents import document

        name = self.series.name.registered_name
        full = document(self.result, run_id=None, registered_name=name, version=None)
        return {key: value for key, value in full.items() if key != "run_id"}

    def to_frame(self) -> pd.DataFrame:
        """Forecast by month, at published precision: `mean`, `q025` to `q975`, `untested`."""
        from employment_forecast.forecasting.documents import forecast_rows

        table = pd.DataFrame(forecast_rows(self.result)).set_index("month")
        return table.set_index(pd.PeriodIndex(table.index, freq="M", name="month"))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the recent past, bands of 80 and 95 %, and the caps.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            To draw on; new ones by default.

        Returns
        -------
        matplotlib.axes.Axes
            The horizontal axis counts years: 2026.5 is 2026-07.
        """
        from employment_forecast.forecasting.documents.chart import (
            decimal_years,
            draw_caps,
            draw_fan,
        )

        shown = self.history.series.iloc[-SHOWN_MONTHS:]
        with drawing(ax, demo=self.result.demo) as axes:
            past = decimal_years(pd.PeriodIndex(shown.index))
            axes.plot(past, shown.to_numpy(), color="#222222", lw=1.5, label="已公布")
            draw_fan(axes, self.paths, float(shown.iloc[-1]))
            draw_caps(axes, self.result.assessments)
            axes.set_title(f"{self.series.title}预测（数据截至 {self.history.origin}）", loc="left")
            axes.set_ylabel(self.history.unit)
            axes.legend(frameon=False)
        return axes

    def _repr_html_(self) -> str:
        title = f"{self.series.title}预测（数据截至 {self.history.origin}）"
        notes = (f"模型：{self.result.label}。{self.reason}",)
        return html(title, self.to_frame(), demo=self.result.demo, notes=notes)


@dataclass(frozen=True)
class BacktestResult:
    """Every model at past origins, scored against what was published later.

    Attributes
    ----------
    series : Series
        What was forecast.
    result : Competition
        Leaderboard, choice, forecasts and outcomes.
    """

    series: Series
    result: Competition

    @property
    def model(self) -> str:
        """Name of the model that would be chosen."""
        return self.result.choice.model

    @property
    def reason(self) -> str:
        """Why, in Chinese."""
        return self.result.choice.reason

    @property
    def origins(self) -> pd.PeriodIndex:
        """Last known month of every origin."""
        return self.result.backtest.months

    def to_frame(self) -> pd.DataFrame:
        """Scores of every model, best first.

        Returns
        -------
        pandas.DataFrame
            Index `model`; columns `label`, `wis` and `mase` (1 is the mean seasonal change),
            `coverage80`, `coverage95` (shares), `cells` (forecasts scored), `failure` (why a model
            gave none).
        """
        return leaderboard(self.result)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw how often outcomes fell below each quantile of the chosen model."""
        from employment_forecast.forecasting.documents.reliability import quantile_reliability

        reliability = quantile_reliability(self.result.backtest, self.model)
        with drawing(ax, demo=self.result.demo) as axes:
            axes.plot([0, 1], [0, 1], color="#888888", lw=1, ls=":", label="完全可靠")
            if reliability is not None:
                label = roster.label(reliability.model)
                axes.plot(reliability.nominal, reliability.observed, marker="o", label=label)
            axes.set_xlabel("名义概率")
            axes.set_ylabel("实际低于该分位数的比例")
            axes.set_title(f"{self.series.title}：回测可靠性", loc="left")
            axes.legend(frameon=False)
        return axes

    def _repr_html_(self) -> str:
        title = f"{self.series.title}：{len(self.origins)} 个预测起点的回测"
        return html(title, self.to_frame(), demo=self.result.demo, notes=(self.reason,))


def leaderboard(result: Competition) -> pd.DataFrame:
    """Leaderboard as a table, best first."""
    columns = ("model", "label", "wis", "mase", "coverage80", "coverage95", "cells", "failure")
    rows = [{name: getattr(row, name) for name in columns} for row in result.entries]
    return pd.DataFrame(rows, columns=list(columns)).set_index("model")


def reconcile(
    forecasts: Sequence[ForecastResult], sums: Mapping[str, Sequence[str]]
) -> list[ForecastResult]:
    """Make forecasts of parts and wholes add up in every path and month.

    The same step as `forecast run --with-parts`.

    Parameters
    ----------
    forecasts : sequence of ForecastResult
        Made on the same day with the same options.
    sums : mapping
        Codes of the regions that add up to each whole, by its code.

    Returns
    -------
    list of ForecastResult
        In the order given; as they were where there is nothing to reconcile, or earlier origins
        say that some level would lose by it.

    Raises
    ------
    UsageError
        If the sums are no tree.
    """
    from employment_forecast.forecasting.competition import reconcile_tree

    by_code = {each.result.region.code: each.result for each in forecasts}
    try:
        tree = [Sum(whole, tuple(parts)) for whole, parts in sums.items()]
        results = reconcile_tree(tree, by_code).results
    except ValueError as error:
        raise UsageError(
            f"合计关系不是一棵树（{error}）。", "一个下级只能有一个上级，也不能绕成圈。"
        ) from error
    return [replace(each, result=results[each.result.region.code]) for each in forecasts]


def forecast(
    series: Series,
    *,
    as_of: date | str | None = None,
    models: str | Sequence[str] | None = None,
    horizon: int | None = None,
    origins: int | None = None,
    seed: int | None = None,
    jobs: int = 1,
    progress: Progress | None = None,
) -> ForecastResult:
    """Let the models compete on a series and forecast with the one that is chosen.

    The same call as `forecast run`, which records it in MLflow as well: the same data, settings
    and seed give the same numbers.

    Parameters
    ----------
    series : Series
        From a data frame or a workspace.
    as_of : datetime.date or str, optional
        Nothing published later is looked at; today by default.
    models : str or sequence of str, optional
        Names, also of registered models of one's own; the settings' or all of them by default.
    horizon : int, optional
        Fewest months ahead; extended to the end of every target's period.
    origins : int, optional
        Past origins of the back-test.
    seed : int, optional
        Random seed.
    jobs : int
        Worker processes; no result depends on it. A script that asks for more than one needs the
        usual `if __name__ == "__main__":`. Registered models stay in this process.
    progress : callable, optional
        Called with cells done and cells to do.

    Returns
    -------
    ForecastResult

    Raises
    ------
    DataError
        If the history cannot be built, or is shorter than every model needs.
    NoModelError
        If every model fails.
    UnknownNameError
        For a name that is not in the roster.
    """
    job = _job(series, as_of, series.targets, models, horizon, origins, seed, jobs)
    return ForecastResult(series, job.compete(progress))


def backtest(
    series: Series,
    *,
    as_of: date | str | None = None,
    models: str | Sequence[str] | None = None,
    horizon: int | None = None,
    origins: int | None = None,
    seed: int | None = None,
    jobs: int = 1,
    progress: Progress | None = None,
) -> BacktestResult:
    """Score every model at past origins, as `forecast backtest` does.

    Parameters and errors are those of `forecast`; targets are left out.

    Returns
    -------
    BacktestResult
    """
    job = _job(series, as_of, (), models, horizon, origins, seed, jobs)
    return BacktestResult(series, job.compete(progress))


def _job(
    series: Series,
    as_of: date | str | None,
    targets: Sequence[Target],
    models: str | Sequence[str] | None,
    horizon: int | None,
    origins: int | None,
    seed: int | None,
    jobs: int,
) -> ForecastJob:
    named = models if models is None or isinstance(models, str) else ",".join(models)
    options = run_options(
        series.settings, models=named, horizon=horizon, origins=origins, seed=seed, jobs=jobs
    )
    if roster.registered() & set(options.models):
        # A worker process starts anew and has not seen what this one registered.
        options = run_options(
            series.settings, models=named, horizon=horizon, origins=origins, seed=seed, jobs=1
        )
    return ForecastJob(
        series=series.name,
        as_of=day_of(as_of),
        options=options,
        vintages=series.vintages,
        inputs=series.inputs,
        targets=targets,
        cache=series.cache,
    )
