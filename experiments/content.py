"""What MLflow is told about a competition: names, tags, parameters, metrics and tables."""

from __future__ import annotations

import csv
import getpass
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata

from data.catalogue import Indicator, Region
from experiments.runs import Figures
from experiments.summary import summary
from forecasting.cells import code_version
from forecasting.choice import Entry
from forecasting.competition import COMBINATION, Competition
from forecasting.document import cap_document, forecast_csv
from models import roster
from models.combination import MEMBERS
from models.paths import Failure

DISTRIBUTION = "employment-forecast"
DEMO = "演示数据"
REAL = "正式数据"
NOTE_TAG = "mlflow.note.content"
# The MLflow UI lays out an experiment of this kind for metrics, not for chat traces.
_KIND = {"mlflow.experimentKind": "custom_model_development"}


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
        return f"{self.title}({self.registered_name})"

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
            f"{self.title}的历次预测。每次运行一行,点开可见各参赛模型;"
            "wis、mase 越小越好,coverage80、coverage95 越接近 0.80、0.95 越好。"
            f"入选模型登记为 {self.registered_name}。"
        )
        return {**self.tags, **_KIND, NOTE_TAG: note}


@cache
def program_version() -> str:
    """Release and fingerprint of the model code and its libraries."""
    try:
        release = metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        release = "source"
    return f"{release}+{code_version()}"


def start_tags(series: Series) -> dict[str, str]:
    """What is known of a run before it computes anything."""
    return {
        **series.tags,
        "code_version": program_version(),
        "mlflow.source.name": "forecast run",
        "mlflow.source.type": "LOCAL",
        "mlflow.user": user(),
    }


def user() -> str:
    """Name of whoever runs the command, as far as the system knows."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "未知"


def run_name(series: Series, result: Competition) -> str:
    """Name of a finished run."""
    mark = f"({DEMO})" if result.demo else ""
    return f"{result.history.origin} {series.title}{mark}"


def child_name(entry: Entry, result: Competition) -> str:
    """Name of one model's run."""
    mark = " ★" if entry.model == result.choice.model else ""
    return f"{entry.label} {entry.model}{mark}"


def _facts(result: Competition) -> dict[str, str]:
    history = result.history
    return {
        "data_month": str(history.origin),
        "data_kind": DEMO if result.demo else REAL,
        "demo": str(result.demo).lower(),
        "as_of": history.as_of.isoformat(),
        "data_fingerprint": history.fingerprint,
        "pseudo_real_time": str(history.pseudo_real_time).lower(),
        "seed": str(result.options.seed),
    }


def version_facts(series: Series, result: Competition) -> dict[str, str]:
    """Tags of a registered version: where it comes from and how it scored."""
    scores = {
        name: f"{value:.4f}"
        for name, value in _scores(champion(result)).items()
        if value is not None
    }
    return {
        **series.tags,
        **_facts(result),
        "code_version": program_version(),
        "model": result.choice.model,
        "model_label": champion(result).label,
        "evidence_origins": str(result.choice.origins),
        **scores,
    }


def champion(result: Competition) -> Entry:
    """Leaderboard line of the chosen model."""
    return next(e for e in result.entries if e.model == result.choice.model)


def _scores(entry: Entry) -> dict[str, float | None]:
    return {
        "wis": entry.wis,
        "mase": entry.mase,
        "coverage80": entry.coverage80,
        "coverage95": entry.coverage95,
    }


def _by_horizon(entry: Entry) -> dict[str, Sequence[float]]:
    return {
        "horizon/wis": entry.wis_by_horizon,
        "horizon/mase": entry.mase_by_horizon,
        "horizon/coverage95": entry.coverage95_by_horizon,
    }


def _cap_metrics(result: Competition) -> dict[str, float | None]:
    """Probabilities and headroom by tier; the period tells two caps of one tier apart."""
    metrics: dict[str, float | None] = {}
    for item in result.assessments:
        target = item.target
        shares = {
            "p_any": item.p_any,
            "p_any_remaining": item.p_any_remaining,
            "p_end": item.p_end,
            "p_average": item.p_average,
        }
        for name, value in {**shares, "headroom": item.headroom}.items():
            if value is None:
                continue
            key = f"cap/{target.tier}_{name}"
            if key in metrics:
                key = f"{key}_{target.period}_{target.basis}"
            metrics[key] = value
    return metrics


def parent_figures(result: Competition, seconds: float) -> Figures:
    """What the run of a competition says: settings, the choice and its scores, the caps."""
    options, history = result.options, result.history
    chosen = champion(result)
    return Figures(
        params={
            "model": result.choice.model,
            "model_label": chosen.label,
            "data_month": str(history.origin),
            "data_start": str(history.start),
            "as_of": history.as_of.isoformat(),
            "months": str(len(history)),
            "horizon": str(result.champion_paths.horizon),
            "origins": str(len(result.backtest.months)),
            "paths": str(options.n_paths),
            "seed": str(options.seed),
            "competitors": ",".join(sorted(e.model for e in result.entries)),
        },
        metrics={
            **_scores(chosen),
            **_cap_metrics(result),
            "work/cells_computed": result.cells_computed,
            "work/cells_reused": result.cells_reused,
            "work/seconds": seconds,
        },
        series=_by_horizon(chosen),
        tags={
            **_facts(result),
            "model": result.choice.model,
            "choice_reason": result.choice.reason,
            NOTE_TAG: summary(result),
        },
    )


def child_tags(series: Series, result: Competition, entry: Entry) -> dict[str, str]:
    """Tags of one model's run."""
    facts = {
        **series.tags,
        **_facts(result),
        "code_version": program_version(),
        "model": entry.model,
        "chosen": str(entry.model == result.choice.model).lower(),
    }
    return {**facts, "failure": entry.failure} if entry.failure else facts


def child_figures(result: Competition, entry: Entry) -> Figures:
    """Settings and scores of one model."""
    return Figures(
        params={
            "model": entry.model,
            "model_label": entry.label,
            "floor": str(entry.floor).lower(),
            **_settings(entry.model),
        },
        metrics={**_scores(entry), "cells": entry.cells},
        series=_by_horizon(entry),
    )


def _settings(model: str) -> dict[str, str]:
    if model == COMBINATION:
        return {"settings.members": ",".join(MEMBERS)}
    competitor = roster.create(model)
    given = {f"settings.{k}": str(v) for k, v in competitor.settings.items()}
    return {"model_version": str(competitor.version), **given}


def forecast_failed(result: Competition, model: str) -> bool:
    """Whether a model gave no forecast at the current origin."""
    return isinstance(result.forecasts[model], Failure)


def tables(result: Competition) -> dict[str, bytes]:
    """Tables kept with a run, by file name."""
    caps = [cap_document(item, result.indicator) for item in result.assessments]
    cells = result.backtest.table().to_csv(index=False, float_format="%.8g", lineterminator="\r\n")
    return {
        "forecast.csv": forecast_csv(result),
        "leaderboard.csv": _leaderboard(result.entries, result.choice.differences),
        "caps.json": json.dumps(caps, ensure_ascii=False, indent=1).encode(),
        "backtest.csv": cells.encode("utf-8-sig"),
    }


def _leaderboard(
    entries: Sequence[Entry], differences: Mapping[str, tuple[float, float]]
) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    titles = ("model", "label", "floor", "wis", "mase", "coverage80", "coverage95", "cells")
    writer.writerow([*titles, "wis_less_default", "standard_error", "failure"])
    for e in entries:
        difference, error = differences.get(e.model, (None, None))
        scores = (e.wis, e.mase, e.coverage80, e.coverage95)
        writer.writerow(
            [e.model, e.label, e.floor, *scores, e.cells, difference, error, e.failure or ""]
        )
    return stream.getvalue().encode("utf-8-sig")
