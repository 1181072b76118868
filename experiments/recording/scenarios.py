"""Keep a scenario as an MLflow run of its own, apart from the runs that compete and register."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from employment_forecast.data.catalogue import Series
from employment_forecast.data.workspace import Workspace
from employment_forecast.experiments.tracking import (
    NOTE_TAG,
    Figures,
    close_abandoned_runs,
    experiment_name,
    open_tracker,
    program_version,
    running,
    source_tags,
)
from employment_forecast.forecasting.assessment import Assessment
from employment_forecast.forecasting.scenario import ScenarioComparison, described

KIND_TAG = "kind"
KIND = "scenario"
_ABOUT = "情景推演：不是预测，不登记模型版本，不进入失业警戒线。每次推演一行。"


def _metrics(prefix: str, assessments: list[Assessment]) -> dict[str, float | None]:
    comparison: dict[str, float | None] = {}
    for item in assessments:
        where = f"{item.target.tier}.{item.target.period}.{item.target.basis}"
        for name in ("p_any", "p_end", "p_average"):
            comparison[f"{prefix}/{name}/{where}"] = getattr(item, name)
    return comparison


def record_scenario(
    tracking_uri: str,
    workspace: Workspace,
    comparison: ScenarioComparison,
    files: Mapping[str, bytes],
) -> str:
    """Record a comparison as a run in the series' experiment for scenarios.

    Parameters
    ----------
    tracking_uri : str
        From the settings.
    workspace : Workspace
        Keeps artifacts and life signs.
    comparison : ScenarioComparison
        Baseline and scenario.
    files : mapping
        Kept with the run, by name.

    Returns
    -------
    str
        Id of the run. No version is registered.

    Raises
    ------
    StorageError
        If MLflow or its storage fails.
    """
    base = comparison.baseline
    series = Series(base.region, base.indicator)
    name = described(comparison.scenario)
    tags = {
        **series.tags,
        KIND_TAG: KIND,
        "code_version": program_version(),
        "data_month": str(base.history.origin),
        "data_fingerprint": base.history.fingerprint,
        "as_of": base.history.as_of.isoformat(),
        "demo": str(base.demo).lower(),
        "model": base.choice.model,
        **source_tags("scenario"),
        NOTE_TAG: "\n\n".join([name, *(f"- {each.shown}" for each in comparison.stated)]),
    }
    params = {each.key: each.range for each in comparison.stated}
    params |= {"scenario": name, "seed": str(base.options.seed), "paths": str(base.options.n_paths)}
    with open_tracker(tracking_uri, workspace) as tracker:
        close_abandoned_runs(tracker)
        experiment = tracker.experiment(
            f"情景 · {experiment_name(series)}",
            f"{KIND}.{series.registered_name}",
            {**series.tags, KIND_TAG: KIND, NOTE_TAG: _ABOUT},
        )
        mark = " 演示" if base.demo else ""
        with running(tracker, experiment, f"{base.history.origin}{mark} {name}", tags) as run:
            with tempfile.TemporaryDirectory() as scratch:
                for file, content in files.items():
                    (Path(scratch) / file).write_bytes(content)
                run.log_files(Path(scratch))
            metrics = {
                **_metrics("baseline", base.assessments),
                **_metrics("scenario", comparison.changed.assessments),
            }
            run.log(Figures(params=params, metrics=metrics))
            return run.id
