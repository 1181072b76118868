"""The baseline of a scenario: the champion in force as it is published, or another that says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from employment_forecast.data import clock
from employment_forecast.data.catalogue import Series
from employment_forecast.data.errors import StorageError
from employment_forecast.data.targets import Target
from employment_forecast.data.workspace import Session
from employment_forecast.experiments.registry import StoredForecast, load_champion
from employment_forecast.experiments.tracking import open_tracker
from employment_forecast.features.history import History
from employment_forecast.forecasting.competition import Competition


def published_forecast(
    session: Session, series: Series, history: History, last: pd.Period
) -> StoredForecast | None:
    """The champion in force, if it was made from this history and reaches a month."""
    past = history.as_of if history.as_of < clock.today() else None
    uri = session.settings.tracking_uri(session.workspace)
    with open_tracker(uri, session.workspace) as tracker:
        stored = load_champion(tracker, series, past)
    if stored is None or stored.history.fingerprint != history.fingerprint:
        return None
    return stored if stored.paths.months[-1] >= last else None


def published_baseline(
    session: Session, result: Competition, targets: Sequence[Target]
) -> tuple[Competition, dict[str, Any]]:
    """The competition with the paths of the champion in force as its chosen forecast.

    Parameters
    ----------
    session : Session
        Its MLflow knows the champion.
    result : Competition
        On the data of the same day.
    targets : sequence of Target
        All on file.

    Returns
    -------
    Competition
        As given where no champion was made from the same data, or where it reaches less far.
    dict
        JSON-able: `in_force`, `registered_name`, `version`, `model`, and `text` in Chinese.
    """
    as_of = result.history.as_of
    past = as_of if as_of < clock.today() else None
    try:
        with open_tracker(
            session.settings.tracking_uri(session.workspace), session.workspace
        ) as tracker:
            stored = load_champion(tracker, result.series, past)
    except StorageError as error:
        return result, _other(result, f"现役版本无法读取（{error.message}）")
    if stored is None:
        return result, _other(result, "没有现役版本")
    version = stored.version
    if stored.history.fingerprint != result.history.fingerprint:
        return result, _other(
            result, f"现役第 {version.version} 版用的数据（到 {stored.history.origin}）与此次不同"
        )
    if stored.paths.horizon < result.options.horizon:
        return result, _other(
            result, f"现役第 {version.version} 版只预测 {stored.paths.horizon} 个月"
        )
    return _with(result, stored, targets), {
        "in_force": True,
        "registered_name": version.registered_name,
        "version": version.version,
        "model": version.model,
        "text": f"基线为现役第 {version.version} 版（{version.label}），与已发布的预测一致",
    }


def _other(result: Competition, why: str) -> dict[str, Any]:
    return {
        "in_force": False,
        "registered_name": None,
        "version": None,
        "model": result.choice.model,
        "text": f"{why}，基线为此次竞赛采用的{result.label}，不是已发布的预测",
    }


def _with(result: Competition, stored: StoredForecast, targets: Sequence[Target]) -> Competition:
    model = stored.version.model
    assessed = stored.assessed(targets, result.history.as_of)
    return replace(
        result,
        choice=replace(result.choice, model=model, reason=f"现役第 {stored.version.version} 版"),
        forecasts={**result.forecasts, model: stored.paths},
        targets=assessed.targets,
        assessments=assessed.caps,
        totals=assessed.totals,
        levels=assessed.levels,
        joint=assessed.joint,
        tested_horizon=stored.tested_horizon,
    )
