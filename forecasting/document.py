"""The result of a run as plain documents: JSON object, CSV tables, Chinese phrases.

Every figure is given at the precision its office publishes; probabilities to three digits, which
is what the number of paths can carry.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from data.catalogue import Indicator
from data.export import as_csv
from data.inventory import overdue_month
from data.targets import Target
from forecasting.caps import Assessment, printed
from forecasting.choice import Entry
from forecasting.competition import Competition

DEMO_MARK = "演示数据"
BASES: Mapping[str, str] = {
    "any_month": "各月",
    "period_end": "期末",
    "period_total": "全年累计",
    "period_average": "全年平均",
    "point": "当月",
}


def figure(value: float, indicator: Indicator) -> float | int:
    """A value at published precision: an integer for counts, else rounded to the last digit."""
    rounded = float(printed(np.array([value]), indicator.precision)[0])
    return round(rounded) if indicator.decimals == 0 else round(rounded, indicator.decimals)


def phrase(value: float, indicator: Indicator) -> str:
    """A value as people read it: thousands separators for counts, fixed decimals for rates."""
    return f"{figure(value, indicator):,.{indicator.decimals}f}"


def _share(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "model": entry.model,
        "label": entry.label,
        "floor": entry.floor,
        "wis": None if entry.wis is None else round(entry.wis, 4),
        "mase": None if entry.mase is None else round(entry.mase, 4),
        "coverage80": _share(entry.coverage80),
        "coverage95": _share(entry.coverage95),
        "cells": entry.cells,
        "failure": entry.failure,
    }


def cap_document(item: Assessment, indicator: Indicator) -> dict[str, Any]:
    """One assessed cap as a JSON-able object."""
    target = item.target
    first = item.first_breach_month
    return {
        "tier": target.tier,
        "basis": target.basis,
        "qualifier": target.qualifier,
        "value": target.value,
        "unit": target.unit,
        "period": target.period,
        "demo": target.demo,
        "source": target.source,
        "announced_on": target.announced_on.isoformat(),
        "announced_estimated": target.announced_estimated,
        "carried": target.carried,
        "attribute": target.attribute,
        "note": target.note,
        "p_any": _share(item.p_any),
        "p_any_remaining": _share(item.p_any_remaining),
        "p_end": _share(item.p_end),
        "p_average": _share(item.p_average),
        "already_breached": item.already_breached,
        "first_breach_month": None if first is None else str(first),
        "headroom": figure(item.headroom, indicator),
        "reasons": item.reasons,
        "untested": item.untested,
    }


def not_assessed(target: Target) -> str:
    """Why a target in force is shown and not assessed, in Chinese."""
    if target.value is None:
        return "文件没有写明数值"
    if not target.unit_confirmed:
        return "单位未确认"
    if target.direction != "cap":
        return "下限与目标值暂不按概率评估"
    return "考核方式或单位与该指标不符"


def forecast_rows(result: Competition) -> list[dict[str, Any]]:
    """Forecast table of the champion: month, mean, quantiles, and whether it was back-tested."""
    table = result.champion_paths.table()
    rows = []
    for step, (month, row) in enumerate(table.iterrows(), start=1):
        figures = {str(k): figure(float(v), result.indicator) for k, v in row.items()}
        rows.append({"month": str(month), **figures, "untested": step > result.tested_horizon})
    return rows


def document(
    result: Competition, *, run_id: str | None, registered_name: str, version: str | None
) -> dict[str, Any]:
    """The whole result as one JSON-able object.

    Parameters
    ----------
    result : Competition
        Outcome of the main job.
    run_id : str or None
        MLflow run.
    registered_name, version : str or None
        Registered model version that holds the champion.

    Returns
    -------
    dict
        Keys in a fixed order; months as `YYYY-MM`.
    """
    history, indicator = result.history, result.indicator
    overdue = overdue_month(indicator, history.origin, history.as_of)
    return {
        "region": {"code": result.region.code, "name": result.region.name},
        "indicator": indicator.code,
        "indicator_name": indicator.name,
        "unit": indicator.unit,
        "data_month": str(history.origin),
        "data_start": str(history.start),
        "as_of": history.as_of.isoformat(),
        "overdue": None if overdue is None else str(overdue),
        "latest": figure(float(history.values[-1]), indicator),
        "demo": result.demo,
        "data_demo": history.demo,
        "sources": list(history.sources),
        "notes": [*history.notes, *result.notes],
        "pseudo_real_time": history.pseudo_real_time,
        "data_fingerprint": history.fingerprint,
        "champion": {
            "model": result.choice.model,
            "registered_name": registered_name,
            "version": version,
        },
        "choice_reason": result.choice.reason,
        "backtest_origins": len(result.backtest.months),
        "evidence_origins": result.choice.origins,
        "leaderboard": [_entry(e) for e in result.entries],
        "forecast": forecast_rows(result),
        "caps": [cap_document(a, indicator) for a in result.assessments],
        "targets_unassessed": [
            {"tier": t.tier, "direction": t.direction, "basis": t.basis, "period": t.period,
             "value": t.value, "unit": t.unit, "quote": t.quote, "demo": t.demo,
             "source": t.source, "reason": not_assessed(t)}
            for t in result.unassessed
        ],
        "tested_horizon": result.tested_horizon,
        "seed": result.options.seed,
        "paths": result.options.n_paths,
        "cells_computed": result.cells_computed,
        "cells_reused": result.cells_reused,
        "run_id": run_id,
    }  # fmt: skip


def forecast_csv(result: Competition) -> bytes:
    """Forecast table as CSV with a byte order mark, so that Excel and WPS read the Chinese."""
    history = result.history
    rows = [
        {
            "region": result.region.code,
            "region_name": result.region.name,
            "indicator": result.indicator.code,
            **{k: v for k, v in row.items() if k != "untested"},
            "unit": result.indicator.unit,
            "data_month": str(history.origin),
            "model": result.choice.model,
            "demo": DEMO_MARK if result.demo else "",
            "untested": "未经回测" if row["untested"] else "",
            "source": "；".join(history.sources),
        }
        for row in forecast_rows(result)
    ]
    return as_csv(pd.DataFrame(rows))
