"""What MLflow is told about a competition: names, tags, parameters, metrics and tables."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from employment_forecast.data import clock
from employment_forecast.data.catalogue import Series
from employment_forecast.experiments.tracking import (
    NOTE_TAG,
    Figures,
    program_version,
    source_tags,
    table_tag,
)
from employment_forecast.forecasting.assessment import MilestoneAssessment, TotalAssessment
from employment_forecast.forecasting.competition import Competition, LeaderboardRow, path_scored
from employment_forecast.forecasting.documents import (
    cap_document,
    forecast_csv,
    joint_document,
    milestone_document,
    summary,
    total_document,
)
from employment_forecast.models import roster
from employment_forecast.models.combining import MEMBERS
from employment_forecast.models.paths import QUANTILES, Failure

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]

BACKTEST = "backtest.parquet"
CAP_EVENTS = "cap_events.parquet"
LEADERBOARD = "leaderboard.json"
DEMO = "演示数据"
REAL = "正式数据"


def start_tags(series: Series) -> dict[str, str]:
    """What is known of a run before it computes anything."""
    return {
        **series.tags,
        "code_version": program_version(),
        **source_tags("run"),
    }


def open_name() -> str:
    """Name of a run that is not finished, and may never be."""
    return f"未完成 {clock.now():%m-%d %H:%M}"


def run_name(result: Competition) -> str:
    """Name of a finished run: short, since the UI cuts it; the experiment names the series."""
    mark = " 演示" if result.demo else ""
    return f"{result.history.origin}{mark} {champion(result).label}"


def child_name(entry: LeaderboardRow, result: Competition) -> str:
    """Name of one model's run."""
    return f"★ {entry.label}" if entry.model == result.choice.model else entry.label


def shared_data(result: Competition) -> str:
    """Hash of other regions' figures that the chosen forecast rests on; empty where on none."""
    return result.neighbours if result.choice.model == roster.POOLED else ""


def _origin(result: Competition) -> dict[str, str]:
    """Which data a result comes from."""
    history = result.history
    return {
        "data_month": str(history.origin),
        "data_kind": DEMO if result.demo else REAL,
        "demo": str(result.demo).lower(),
        "as_of": history.as_of.isoformat(),
        "data_fingerprint": history.fingerprint,
        "neighbours": shared_data(result),
        **({"part_months": known} if (known := result.part_months_identity) else {}),
    }


def _facts(result: Competition) -> dict[str, str]:
    return {
        **_origin(result),
        "pseudo_real_time": str(result.history.pseudo_real_time).lower(),
        "seed": str(result.options.seed),
        "code_version": program_version(),
    }


def _joint(result: Competition) -> dict[str, str]:
    """Which paths of a tree a version holds; nothing where its paths are its own."""
    if result.coherence is None:
        return {}
    digest = hashlib.sha256(result.champion_paths.values.tobytes()).hexdigest()
    return {"coherence": digest[:16]}


# Set on a version that is never put in force; its value says why, in Chinese.
TRIAL_TAG = "trial"


def version_tags(result: Competition) -> dict[str, str]:
    """Tags of a registered version: how it scored and where it comes from, most telling first."""
    scores = {
        name: f"{value:.4f}"
        for name, value in _scores(champion(result)).items()
        if value is not None
    }
    brier = cap_brier(result)
    return {
        "data_month": str(result.history.origin),
        "model_label": champion(result).label,
        **scores,
        "cap_brier": "没有可比的月份" if brier is None else f"{brier:.4f}",
        **_origin(result),
        "code_version": program_version(),
        "model": result.choice.model,
        "evidence_origins": str(result.choice.origins),
        **_joint(result),
        **({TRIAL_TAG: result.options.trial} if result.options.trial else {}),
    }


def version_description(result: Competition, page: str | None = None) -> str:
    """Description of a registered version; its first line is what the list of versions shows.

    `page` is the summary, if the caller has it already.
    """
    chosen = champion(result)
    score = "未评分" if chosen.wis is None else f"WIS {chosen.wis:.3f}"
    return f"{run_name(result)}，{score}\n\n{page or summary(result)}"


def champion(result: Competition) -> LeaderboardRow:
    """Leaderboard line of the chosen model."""
    return next(e for e in result.entries if e.model == result.choice.model)


def cap_brier(result: Competition) -> float | None:
    """Brier score of the chosen model's monthly cap probabilities at past origins."""
    return None if result.cap_events is None else result.cap_events.brier(result.choice.model)


def _scores(entry: LeaderboardRow) -> dict[str, float | None]:
    """Scores to four digits, which is what the UI has room for; `leaderboard.csv` has them all."""
    scores = {
        "wis": entry.wis,
        "mase": entry.mase,
        "coverage80": entry.coverage80,
        "coverage95": entry.coverage95,
    }
    return {name: None if value is None else round(value, 4) for name, value in scores.items()}


def _by_horizon(entry: LeaderboardRow) -> dict[str, Sequence[float]]:
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
        shares = {"p_any": item.p_any, "p_end": item.p_end, "p_average": item.p_average}
        if item.already_breached:
            shares["p_any_remaining"] = item.p_any_remaining
        for name, value in {**shares, "headroom": item.headroom}.items():
            if value is None:
                continue
            key = f"{name}/{target.tier}"
            if key in metrics:
                key = f"{key}.{target.period}.{target.basis}"
            metrics[key] = value
    return metrics


def _target_metrics(result: Competition) -> dict[str, float | None]:
    """Probabilities of floors and levels, and of several caps at once."""
    metrics: dict[str, float | None] = {}
    items: list[TotalAssessment | MilestoneAssessment] = [*result.totals, *result.levels]
    for item in items:
        target = item.target
        metrics[f"p_reach/{target.tier}.{target.period}.{target.basis}"] = item.p_reach
    for total in result.totals:
        target = total.target
        metrics[f"progress/{target.tier}.{target.period}.{target.basis}"] = total.progress
    if result.joint is not None:
        metrics["p_any/at_least_one_cap"] = result.joint.p_at_least_one
    return {name: value for name, value in metrics.items() if value is not None}


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
            "cap_brier": cap_brier(result),
            **_cap_metrics(result),
            **_target_metrics(result),
            **_by_model(result),
            "work/cells_computed": result.cells_computed,
            "work/cells_reused": result.cells_reused,
            "work/seconds": seconds,
        },
        series=_by_horizon(chosen),
        tags={
            **_facts(result),
            "model": result.choice.model,
            "choice_reason": result.choice.reason,
            **table_tag(LEADERBOARD),
            NOTE_TAG: summary(result),
        },
    )


def _by_model(result: Competition) -> dict[str, float | None]:
    """Scores of every model, by which the UI compares runs; the table has all that is known."""
    return {
        f"{name}/{entry.model}": value
        for entry in result.entries
        for name, value in _scores(entry).items()
    }


def child_tags(series: Series, result: Competition, entry: LeaderboardRow) -> dict[str, str]:
    """Tags of one model's run."""
    facts = {
        **series.tags,
        **_facts(result),
        "model": entry.model,
        "chosen": str(entry.model == result.choice.model).lower(),
    }
    evidence = result.evidence_by_model.get(entry.model)
    if evidence is not None and evidence.in_confidence_set is not None:
        facts["in_confidence_set"] = str(evidence.in_confidence_set).lower()
    return {**facts, "failure": entry.failure} if entry.failure else facts


def _further(result: Competition, model: str) -> dict[str, float | None]:
    """Further scores and tests of a model, as metrics."""
    evidence = result.evidence_by_model.get(model)
    if evidence is None:
        return {}
    names = ("crps", "rmsse", "smape", "energy", "variogram", "cap_crps")
    scores = {name: getattr(evidence, name) for name in names}
    tests = {f"test/{name}": getattr(evidence, name) for name in ("dm_statistic", "dm_p", "set_p")}
    return {
        name: None if value is None else round(value, 4)
        for name, value in {**scores, **tests}.items()
    }


def child_figures(result: Competition, entry: LeaderboardRow) -> Figures:
    """Settings and scores of one model."""
    return Figures(
        params={
            "model": entry.model,
            "model_label": entry.label,
            "floor": str(entry.floor).lower(),
            **_settings(entry.model),
        },
        metrics={**_scores(entry), **_further(result, entry.model), "cells": entry.cells},
        series=_by_horizon(entry),
    )


def _settings(model: str) -> dict[str, str]:
    if model in roster.COMBINATIONS:
        return {"settings.members": ",".join(MEMBERS)}
    competitor = roster.create(model)
    given = {f"settings.{k}": str(v) for k, v in competitor.settings.items()}
    return {"model_version": str(competitor.version), **given}


def forecast_failed(result: Competition, model: str) -> bool:
    """Whether a model gave no forecast at the current origin."""
    return isinstance(result.forecasts[model], Failure)


def tables(result: Competition, compared: Collection[str] = ()) -> dict[str, bytes]:
    """Tables kept with a run, by file name.

    `compared` are models that the gate may compare with the chosen one: those have all rows too.
    """
    caps = [cap_document(item, result.indicator) for item in result.assessments]
    targets = {
        "caps_joint": joint_document(result.joint),
        "floors": [total_document(item, result.indicator) for item in result.totals],
        "levels_assessed": [milestone_document(item, result.indicator) for item in result.levels],
    }
    rows = _leaderboard_rows(result)
    files = {
        "forecast.csv": forecast_csv(result),
        "leaderboard.csv": _leaderboard(rows),
        # The form in which MLflow keeps and shows tables.
        LEADERBOARD: json.dumps(
            {"columns": rows[0], "data": rows[1:]}, ensure_ascii=False
        ).encode(),
        "caps.json": json.dumps(caps, ensure_ascii=False, indent=1).encode(),
        "targets.json": json.dumps(targets, ensure_ascii=False, indent=1).encode(),
        BACKTEST: packed_table(result.backtest.table()),
    }
    events = result.cap_events
    if events is None or not events.events:
        return files
    chosen = result.choice.model
    table = events.table(lambda model: path_scored(model, chosen) or model in compared)
    return {**files, CAP_EVENTS: packed_table(table)}


def packed_table(table: pd.DataFrame) -> bytes:
    """A table as Parquet, which takes a tenth of the time of compressed CSV and fewer bytes.

    Quantiles have single precision, seven digits: what more they would say is chance, and it is
    most of what a run takes on disk.
    """
    quantiles = [name for name in table.columns if name in QUANTILES]
    stream = io.BytesIO()
    # Rounded once: versions with the same forecasts must not differ by how they were written.
    short = {name: _seven_digits(table[name].to_numpy()).astype("float32") for name in quantiles}
    table.assign(**short).to_parquet(
        stream,
        engine="pyarrow",
        index=False,
        compression="gzip",
        use_dictionary=[name for name in table.columns if name not in QUANTILES],
        column_encoding=dict.fromkeys(quantiles, "BYTE_STREAM_SPLIT"),
    )
    return stream.getvalue()


def _seven_digits(values: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        size = np.clip(np.log10(np.abs(values)), -30.0, 30.0)
    shift = 10.0 ** (6 - np.floor(size))
    return np.asarray(np.round(values * shift) / shift)


def unpacked_table(file: Path) -> pd.DataFrame:
    """Inverse of `packed_table`, with as many digits of the quantiles as they were kept with."""
    import pandas as pd

    table = pd.read_parquet(file, engine="pyarrow")
    for name in table.columns.intersection([*QUANTILES]):
        table[name] = [float(f"{value:.7g}") for value in table[name]]
    return table


_TESTED = ("dm_statistic", "dm_p", "set_p", "in_confidence_set")
_FURTHER = ("crps", "rmsse", "smape", "energy", "variogram", "cap_crps", *_TESTED)


def _leaderboard_rows(result: Competition) -> list[list[Any]]:
    """Titles, then a row for every model."""
    titles = ("model", "label", "floor", "wis", "mase", "coverage80", "coverage95", "cells")
    last = ("failure", "failed_now")
    rows: list[list[Any]] = [[*titles, "wis_less_default", "standard_error", *_FURTHER, *last]]
    for e in result.entries:
        difference, error = result.choice.differences.get(e.model, (None, None))
        scores = (e.wis, e.mase, e.coverage80, e.coverage95)
        evidence = result.evidence_by_model.get(e.model)
        more = [None if evidence is None else getattr(evidence, name) for name in _FURTHER]
        rows.append(
            [
                *(e.model, e.label, e.floor, *scores, e.cells, difference, error, *more),
                *(e.failure or "", forecast_failed(result, e.model)),
            ]
        )
    return rows


def _leaderboard(rows: list[list[Any]]) -> bytes:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\r\n").writerows(rows)
    return stream.getvalue().encode("utf-8-sig")
