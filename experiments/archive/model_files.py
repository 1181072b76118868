"""The files of a registered version: MLflow's description, the serving script and the state."""

from __future__ import annotations

import tempfile
from importlib import import_module, resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from employment_forecast.data.catalogue import Series
from employment_forecast.experiments.archive import state
from employment_forecast.experiments.archive.content import version_tags
from employment_forecast.forecasting.competition import Competition
from employment_forecast.forecasting.early_warning import Scheme

if TYPE_CHECKING:
    from mlflow.models import ModelSignature

# Where MLflow puts the folder that the script reads, below the model's own folder.
STATE = "artifacts/state"
# What the script needs; open ended, so that a version outlives an upgrade.
_REQUIREMENTS = ("mlflow>=3.5", "pandas>=2.3")
_USUAL_HORIZON = 12


def _signature(columns: list[str]) -> ModelSignature:
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema

    return ModelSignature(
        inputs=Schema([ColSpec("long", "horizon")]),
        outputs=Schema([ColSpec("string", "month"), *(ColSpec("double", c) for c in columns)]),
        params=ParamSchema([ParamSpec("what", "string", "quantiles")]),
    )


def save_model(series: Series, result: Competition, scheme: Scheme, folder: Path) -> None:
    """Write the chosen model's forecast as an MLflow model: code by copy, state as JSON and CSV.

    Parameters
    ----------
    series : Series
        Names.
    result : Competition
        Outcome of the main job.
    scheme : Scheme
        Warning levels in force.
    folder : pathlib.Path
        Made by this call. No pickle is written, and no package is looked up.
    """
    import pandas as pd
    from mlflow import pyfunc

    environment: Any = import_module("mlflow.utils.environment")
    paths = result.champion_paths
    horizon = min(_USUAL_HORIZON, paths.horizon)
    script = resources.files("employment_forecast.experiments.archive").joinpath("served_model.py")
    # To warn of a requirement that is missing here MLflow looks through every installed package,
    # which takes longer than all the rest.
    warn = environment.warn_dependency_requirement_mismatches
    environment.warn_dependency_requirement_mismatches = lambda _: None
    try:
        with tempfile.TemporaryDirectory() as scratch, resources.as_file(script) as file:
            # MLflow keeps the name of the folder it copies; `STATE` relies on it.
            state_folder = Path(scratch) / "state"
            state_folder.mkdir()
            for name, content in state.encode(series, result, scheme).items():
                (state_folder / name).write_bytes(content)
            pyfunc.save_model(
                path=str(folder),
                python_model=str(file),
                artifacts={"state": str(state_folder)},
                signature=_signature(list(paths.table().columns)),
                input_example=pd.DataFrame({"horizon": [horizon]}),
                pip_requirements=list(_REQUIREMENTS),
                metadata=version_tags(result),
            )
    finally:
        environment.warn_dependency_requirement_mismatches = warn
