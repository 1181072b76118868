"""Names of a series in MLflow: its experiment and its registered model."""

from __future__ import annotations

import json
from dataclasses import dataclass

from data import clock
from data.catalogue import Indicator, Region

NOTE_TAG = "mlflow.note.content"
# The MLflow UI lays out an experiment of this kind for metrics, not for chat traces.
_KIND = {"mlflow.experimentKind": "custom_model_development"}
# The runs table shows no figures until columns are chosen; a saved view (Views, 得分) chooses them.
_VIEW_TAG = "mlflow.sharedViewState.scores"
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


@dataclass(frozen=True)
class Series:
    """A region's indicator: one experiment and one registered model.

    Scores and caps compare within a series only, so that an experiment of its own gives analysts a
    table whose rows belong together; the registered model has the code of both in its name.
    """

    region: Region
    indicator: Indicator

    @property
    def registered_name(self) -> str:
        """Name of the registered model, such as `registered_unemployed.310114`."""
        return f"{self.indicator.code}.{self.region.code}"

    @property
    def title(self) -> str:
        """Chinese name."""
        return f"{self.region.name}{self.indicator.name}"

    @property
    def experiment_name(self) -> str:
        """Name of the experiment; the code keeps regions of one name apart."""
        return f"{self.title}（{self.registered_name}）"

    @property
    def tags(self) -> dict[str, str]:
        """Codes and names of both."""
        return {
            "region": self.region.code,
            "region_name": self.region.name,
            "indicator": self.indicator.code,
            "indicator_name": self.indicator.name,
        }

    @property
    def experiment_tags(self) -> dict[str, str]:
        """Tags of a new experiment, with how to read it."""
        note = (
            f"{self.title}的历次预测。每次运行一行，点开可见各参赛模型；"
            "右上角 Views 选“得分”列出得分："
            "wis、mase 越小越好，coverage80、coverage95 越接近 0.80、0.95 越好。"
            f"入选模型登记为 {self.registered_name}。"
        )
        return {**self.tags, **_KIND, NOTE_TAG: note, _VIEW_TAG: _view()}


def _view() -> str:
    """The saved view in the form of the MLflow UI."""
    state = json.dumps({"selectedColumns": _VIEW_COLUMNS})
    now = int(clock.now().timestamp() * 1000)
    return json.dumps(
        {"name": "得分", "createdAt": now, "updatedAt": now, "state": state}, ensure_ascii=False
    )
