"""The result of a run as plain documents: JSON object, CSV tables, Chinese phrases.

Every figure is given at the precision its office publishes; probabilities to three digits, which
is what the number of paths can carry.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pandas as pd

from employment_forecast.data.catalogue import DEMO_MARK, Indicator, figure
from employment_forecast.data.files import as_csv
from employment_forecast.data.store import overdue_month
from employment_forecast.data.targets import Target
from employment_forecast.forecasting.assessment import (
    Assessment,
    JointBreach,
    MilestoneAssessment,
    TotalAssessment,
)
from employment_forecast.forecasting.competition import Competition, LeaderboardRow
from employment_forecast.forecasting.shocks import proposal_rows, shock_rows


def _share(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _entry(entry: LeaderboardRow) -> dict[str, Any]:
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


def _target(target: Target) -> dict[str, Any]:
    return {
        "tier": target.tier,
        "direction": target.direction,
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
    }


def evidence_document(result: Competition) -> dict[str, Any]:
    """Further scores and tests by model, JSON-able: beside the choice, not its rule."""
    return {
        model: {
            name: round(value, 4) if isinstance(value, float)
            else [round(v, 4) for v in value] if isinstance(value, tuple)
            else value
            for name, value in asdict(found).items()
        }
        for model, found in result.evidence_by_model.items()
    }  # fmt: skip


def cap_document(item: Assessment, indicator: Indicator) -> dict[str, Any]:
    """One assessed cap as a JSON-able object."""
    first = item.first_breach_month
    months = item.expected_months_above
    return {
        **_target(item.target),
        "p_any": _share(item.p_any),
        "p_any_remaining": _share(item.p_any_remaining),
        "p_end": _share(item.p_end),
        "p_average": _share(item.p_average),
        "already_breached": item.already_breached,
        "first_breach_month": None if first is None else str(first),
        "first_breach": [{"month": str(m), "probability": _share(p)} for m, p in item.first_breach],
        "expected_months_above": None if months is None else round(months, 2),
        "expected_excess": _fine(item.expected_excess, indicator),
        "excess_if_broken": _fine(item.excess_if_broken, indicator),
        "headroom": figure(item.headroom, indicator),
        "reasons": item.reasons,
        "untested": item.untested,
    }


def _fine(value: float | None, indicator: Indicator) -> float | None:
    """A mean, to one digit more than the indicator is published with."""
    return None if value is None else round(value, indicator.decimals + 1)


def _figure(value: float | None, indicator: Indicator) -> float | int | None:
    return None if value is None else figure(value, indicator)


def total_document(item: TotalAssessment, indicator: Indicator) -> dict[str, Any]:
    """One assessed target on a period's total or average as a JSON-able object."""
    return {
        **_target(item.target),
        "p_reach": _share(item.p_reach),
        "p_above": _share(item.p_above),
        "published": _figure(item.published, indicator),
        "published_months": item.published_months,
        "months": item.months,
        "expected": _figure(item.expected, indicator),
        "q10": _figure(item.q10, indicator),
        "q50": _figure(item.q50, indicator),
        "q90": _figure(item.q90, indicator),
        "needed": _figure(item.needed, indicator),
        "needed_pace": _fine(item.needed_pace, indicator),
        "recent_pace": _fine(item.recent_pace, indicator),
        "progress": _share(item.progress),
        "progress_time": _share(item.progress_time),
        "progress_seasonal": _share(item.progress_seasonal),
        "reach_month": None if item.reach_month is None else str(item.reach_month),
        "already_reached": item.already_reached,
        "reasons": item.reasons,
        "untested": item.untested,
    }


def milestone_document(item: MilestoneAssessment, indicator: Indicator) -> dict[str, Any]:
    """One assessed figure to be reached as a JSON-able object."""
    return {
        **_target(item.target),
        "p_reach": _share(item.p_reach),
        "latest": figure(item.latest, indicator),
        "gap": figure(item.gap, indicator),
        "expected": _figure(item.expected, indicator),
        "q10": _figure(item.q10, indicator),
        "q50": _figure(item.q50, indicator),
        "q90": _figure(item.q90, indicator),
        "already_missed": item.already_missed,
        "reasons": item.reasons,
        "untested": item.untested,
    }


def joint_document(joint: JointBreach | None) -> dict[str, Any] | None:
    """Several caps taken together as a JSON-able object, None with fewer than two."""
    if joint is None:
        return None
    return {
        "p_at_least_one": _share(joint.p_at_least_one),
        "p_all": _share(joint.p_all),
        "caps": [
            {"tier": t.tier, "basis": t.basis, "period": t.period, "value": t.value}
            for t in joint.caps
        ],
        "left_out": joint.left_out,
    }


def not_assessed(target: Target) -> str:
    """Why a target in force is shown and not assessed, in Chinese."""
    if target.value is None:
        return "文件没有写明数值"
    if not target.unit_confirmed:
        return "单位未确认"
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
        "notes": [*history.notes, *history.left_out, *result.notes],
        "shocks": shock_rows(history),
        "shock_proposals": proposal_rows(result.proposals, history),
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
        "evidence": evidence_document(result),
        "forecast": forecast_rows(result),
        "caps": [cap_document(a, indicator) for a in result.assessments],
        "caps_joint": joint_document(result.joint),
        "floors": [total_document(a, indicator) for a in result.totals],
        "levels_assessed": [milestone_document(a, indicator) for a in result.levels],
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
