"""Answers of a registered version in this process: the same that `mlflow models serve` gives."""

from __future__ import annotations

from typing import Any, Literal, cast, get_args

import pandas as pd

from employment_forecast.data.catalogue import Series
from employment_forecast.data.errors import NotFoundError, UsageError
from employment_forecast.experiments.archive import state
from employment_forecast.experiments.registry.versions import (
    Version,
    champion_of,
    find,
    state_folder,
)
from employment_forecast.experiments.tracking import Tracker

What = Literal["quantiles", "caps", "lines", "paths"]
WHATS: tuple[str, ...] = get_args(What)


def chosen_version(tracker: Tracker, series: Series, version: str | None) -> Version:
    """A version by its number, the one in force by default.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    if version is not None:
        return find(tracker, series, version)
    chosen = champion_of(tracker, series)
    if chosen is None:
        raise NotFoundError(
            f"{series.title}还没有现役模型版本。",
            f"请先运行 forecast run {series.options} --promote，或用 --version 指定版本。",
        )
    return chosen


def predict(
    tracker: Tracker, version: Version, what: What = "quantiles", horizon: int | None = None
) -> pd.DataFrame:
    """What a version says."""
    folder = state_folder(tracker, version)
    facts = state.decode_facts(folder)
    longest = int(facts["horizon"])
    if horizon is not None and not 1 <= horizon <= longest:
        raise UsageError(
            f"horizon 应在 1 至 {longest} 之间，不能是 {horizon}。", "请改用该版本覆盖的月数。"
        )
    months = horizon or longest
    if what == "caps":
        return pd.DataFrame(facts["caps"], dtype=object)
    if what == "quantiles":
        table = state.decode_paths(folder).table().head(months)
        table.insert(0, "month", [str(m) for m in table.index])
        return table.reset_index(drop=True)
    if what == "lines":
        rows: list[dict[str, Any]] = state.decode_lines(folder)
        ahead = {str(pd.Period(facts["origin"], freq="M") + step + 1) for step in range(months)}
        return pd.DataFrame([row for row in rows if row["month"] in ahead], dtype=object)
    paths = state.decode_paths(folder)
    return pd.DataFrame(paths.values[:, :months], columns=[str(m) for m in paths.months[:months]])


def answer(
    tracker: Tracker, series: Series, version: str | None, what: str, horizon: int | None
) -> dict[str, Any]:
    """What a version says, as one JSON-able object that names the version.

    Parameters
    ----------
    tracker : Tracker
        Where.
    series : Series
        Which registered model.
    version : str or None
        The one in force by default.
    what, horizon
        As for `predict`.

    Returns
    -------
    dict
    """
    if what not in WHATS:
        raise UsageError(f"what 只能是 {'、'.join(WHATS)}，不能是“{what}”。", "")
    chosen = chosen_version(tracker, series, version)
    table = predict(tracker, chosen, cast(What, what), horizon)
    rows = table.to_dict("records")
    return {
        "region": {"code": series.region.code, "name": series.region.name},
        "indicator": series.indicator.code,
        "unit": series.indicator.unit,
        "registered_name": chosen.registered_name,
        "version": chosen.version,
        "aliases": list(chosen.aliases),
        "model": chosen.model,
        "data_month": chosen.data_month,
        "data_fingerprint": chosen.tags.get("data_fingerprint"),
        "demo": chosen.demo,
        "what": what,
        "rows": rows,
    }
