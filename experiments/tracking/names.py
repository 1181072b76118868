"""Names of a series in MLflow: its experiment and how the UI shows it."""

from __future__ import annotations

import json

from employment_forecast.data import clock
from employment_forecast.data.catalogue import Series
from employment_forecast.experiments.tracking.program import user

NOTE_TAG = "mlflow.note.content"
PARENT_TAG = "mlflow.parentRunId"
# Tables among a run's artifacts that the UI shows and lays side by side over runs.
_TABLES_TAG = "mlflow.loggedArtifacts"
# The MLflow UI lays out an experiment of this kind for metrics, not for chat traces.
_KIND = {"mlflow.experimentKind": "custom_model_development"}
# The runs table shows no figures until columns are chosen; a saved view (Views, 得分) chooses them.
_VIEW = "scores"
_VIEW_TAG = f"mlflow.sharedViewState.{_VIEW}"
_VIEW_COLUMNS = (
    "params.`model_label`",
    "metrics.`wis`",
    "metrics.`mase`",
    "metrics.`coverage80`",
    "metrics.`coverage95`",
    "tags.`gate`",
    "metrics.`cap_brier`",
    "metrics.`p_average/national`",
    "metrics.`p_any/municipal`",
    "metrics.`p_any/district`",
    "tags.`data_kind`",
    "tags.`failure`",
)


def runs_page(experiment: str) -> str:
    """Fragment of the UI's address that opens an experiment's runs with the scores as columns."""
    return (
        f"#/experiments/{experiment}/runs?viewStateShareKey={_VIEW}&workflowType=machine_learning"
    )


def source_tags(command: str) -> dict[str, str]:
    """Tags by which the MLflow UI shows who recorded a run, and with which command."""
    return {
        "mlflow.source.name": f"forecast {command}",
        "mlflow.source.type": "LOCAL",
        "mlflow.user": user(),
    }


def table_tag(file: str) -> dict[str, str]:
    """Tag by which the MLflow UI knows a file of a run as a table."""
    return {_TABLES_TAG: json.dumps([{"path": file, "type": "table"}])}


def experiment_name(series: Series) -> str:
    """Name of the experiment: one a series, so that a table's rows belong together."""
    return f"{series.title}（{series.registered_name}）"


def experiment_tags(series: Series) -> dict[str, str]:
    """Tags of a new experiment, with how to read it."""
    note = (
        f"{series.title}的历次预测。每次运行一行，各参赛模型的得分见其 leaderboard.json "
        "和 wis/模型 等指标；"
        "右上角 Views 选“得分”列出得分："
        "wis、mase 越小越好，coverage80、coverage95 越接近 0.80、0.95 越好。"
        f"入选模型登记为 {series.registered_name}。"
    )
    return {**series.tags, **_KIND, NOTE_TAG: note, _VIEW_TAG: _view()}


def _view() -> str:
    """The saved view in the form of the MLflow UI."""
    state = json.dumps({"selectedColumns": _VIEW_COLUMNS})
    now = int(clock.now().timestamp() * 1000)
    return json.dumps(
        {"name": "得分", "createdAt": now, "updatedAt": now, "state": state}, ensure_ascii=False
    )
