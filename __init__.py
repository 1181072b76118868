"""Employment and unemployment forecasts, cap assessment and early warning.

The public face: everything in `__all__` follows semantic versioning, whatever moves inside. Names
are loaded when first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from employment_forecast.data.catalogue import Catalogue, Indicator, Region, load_catalogue
    from employment_forecast.data.errors import (
        DataError,
        ForecastError,
        NoModelError,
        NotFoundError,
        RefusedError,
        SettingsError,
        StorageError,
        UnknownNameError,
        UsageError,
    )
    from employment_forecast.data.targets import Target
    from employment_forecast.experiments.library import (
        AssessmentResult,
        BacktestResult,
        ForecastResult,
        NowcastResult,
        OpenWorkspace,
        ScenarioResult,
        Series,
        WarningLinesResult,
        assess,
        backtest,
        forecast,
        nowcast,
        open_workspace,
        reconcile,
        scenario,
        warning_lines,
    )
    from employment_forecast.features.history import History
    from employment_forecast.models.conformance import ModelConformance, example_history
    from employment_forecast.models.contract import (
        Competitor,
        ModelFailure,
        Parameters,
        Scaled,
        ScaledCovariate,
        Tags,
    )
    from employment_forecast.models.paths import QUANTILES, Failure, SamplePaths
    from employment_forecast.models.roster import names as model_names
    from employment_forecast.models.roster import register as register_model

__all__ = [
    "AssessmentResult",
    "BacktestResult",
    "Catalogue",
    "Competitor",
    "DataError",
    "Failure",
    "ForecastError",
    "ForecastResult",
    "History",
    "Indicator",
    "ModelConformance",
    "ModelFailure",
    "NoModelError",
    "NotFoundError",
    "NowcastResult",
    "OpenWorkspace",
    "Parameters",
    "QUANTILES",
    "RefusedError",
    "Region",
    "SamplePaths",
    "Scaled",
    "ScaledCovariate",
    "ScenarioResult",
    "Series",
    "SettingsError",
    "StorageError",
    "Tags",
    "Target",
    "UnknownNameError",
    "UsageError",
    "WarningLinesResult",
    "assess",
    "backtest",
    "example_history",
    "forecast",
    "load_catalogue",
    "model_names",
    "nowcast",
    "open_workspace",
    "reconcile",
    "register_model",
    "scenario",
    "warning_lines",
]
# Where each name lives; a name that is called otherwise there stands behind a colon.
_HOMES = {
    "data.catalogue": "Catalogue Indicator Region load_catalogue",
    "data.errors": "DataError ForecastError NoModelError NotFoundError RefusedError SettingsError "
    "StorageError UnknownNameError UsageError",
    "data.targets": "Target",
    "experiments.library": "AssessmentResult BacktestResult ForecastResult NowcastResult "
    "OpenWorkspace ScenarioResult Series WarningLinesResult assess backtest forecast nowcast "
    "open_workspace reconcile scenario warning_lines",
    "features.history": "History",
    "models.conformance": "ModelConformance example_history",
    "models.contract": "Competitor ModelFailure Parameters Scaled ScaledCovariate Tags",
    "models.paths": "Failure QUANTILES SamplePaths",
    "models.roster": "model_names:names register_model:register",
}
_HOME = {
    name: (module, attribute or name)
    for module, listed in _HOMES.items()
    for name, _, attribute in (entry.partition(":") for entry in listed.split())
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _HOME[name]
    found = getattr(import_module(f"{__name__}.{module}"), attribute)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
