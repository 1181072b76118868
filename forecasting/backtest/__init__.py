"""Models at past origins: cells, their cache, worker processes, forecasts and outcomes."""

from employment_forecast.forecasting.backtest.backtest import Backtest, describe_failures
from employment_forecast.forecasting.backtest.borrowing import Lenders
from employment_forecast.forecasting.backtest.cells import (
    Cell,
    CellCache,
    Task,
    TaskResult,
    UndrawnPaths,
    cell_seed,
    compute,
    decode,
    decode_parameters,
    encode,
    encode_parameters,
    group,
)
from employment_forecast.forecasting.backtest.codec import seal_json, unseal_json
from employment_forecast.forecasting.backtest.covariate_cache import cached_covariates
from employment_forecast.forecasting.backtest.figure_cache import (
    BufferedCache,
    FigureCache,
    cached_arrays,
    content_key,
)
from employment_forecast.forecasting.backtest.identity import code_version, engine_version
from employment_forecast.forecasting.backtest.origins import (
    ESTIMATION_MONTHS,
    Origin,
    origin_days,
    rolling_origins,
)
from employment_forecast.forecasting.backtest.redrawing import Redrawing, tasks_for
from employment_forecast.forecasting.backtest.residuals import ResidualCheck
from employment_forecast.forecasting.backtest.version_comparison import compare_versions
from employment_forecast.forecasting.backtest.wire import pack, unpack
from employment_forecast.forecasting.backtest.workers import (
    THREAD_VARIABLES,
    Elsewhere,
    Progress,
    Results,
    compute_single_threaded,
    run_tasks,
    watch_parent,
)

__all__ = [
    "Lenders",
    "Backtest",
    "Cell",
    "CellCache",
    "TaskResult",
    "ESTIMATION_MONTHS",
    "Elsewhere",
    "BufferedCache",
    "FigureCache",
    "Origin",
    "Progress",
    "Redrawing",
    "UndrawnPaths",
    "ResidualCheck",
    "Results",
    "THREAD_VARIABLES",
    "Task",
    "cell_seed",
    "code_version",
    "compare_versions",
    "compute",
    "compute_single_threaded",
    "content_key",
    "decode",
    "decode_parameters",
    "describe_failures",
    "encode",
    "encode_parameters",
    "engine_version",
    "group",
    "cached_arrays",
    "origin_days",
    "pack",
    "cached_covariates",
    "rolling_origins",
    "run_tasks",
    "tasks_for",
    "seal_json",
    "unpack",
    "unseal_json",
    "watch_parent",
]
