"""The engine as a library: a workspace or a data frame in, results with tables and charts out."""

from employment_forecast.experiments.library.forecasts import (
    BacktestResult,
    ForecastResult,
    backtest,
    forecast,
    reconcile,
)
from employment_forecast.experiments.library.nowcasts import NowcastResult, nowcast
from employment_forecast.experiments.library.series import Series
from employment_forecast.experiments.library.targets import (
    AssessmentResult,
    ScenarioResult,
    WarningLinesResult,
    assess,
    scenario,
    warning_lines,
)
from employment_forecast.experiments.library.workspace import OpenWorkspace, open_workspace

__all__ = [
    "AssessmentResult",
    "BacktestResult",
    "ForecastResult",
    "NowcastResult",
    "OpenWorkspace",
    "ScenarioResult",
    "Series",
    "WarningLinesResult",
    "assess",
    "backtest",
    "forecast",
    "nowcast",
    "open_workspace",
    "reconcile",
    "scenario",
    "warning_lines",
]
