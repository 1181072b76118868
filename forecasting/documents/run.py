"""The result of a run as plain documents: JSON object, CSV tables, Chinese phrases.

Every figure is given at the precision its office publishes; probabilities to three digits, which
is what the number of paths can carry.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from employment_forecast.data.catalogue import DEMO_MARK, Indicator, figure, sources_phrase
from employment_forecast.data.files import as_csv
from employment_forecast.data.store import overdue_month
from employment_forecast.data.targets import Target
from employment_forecast.forecasting.assessment import (
    Assessment,
    Breach,
    BreachMonth,
    JointBreach,
    MilestoneAssessment,
    TotalAssessment,
    breach_words,
    cap_id,
)
from employment_forecast.forecasting.competition import Competition, LeaderboardRow
from employment_forecast.forecasting.documents.fields import (
    Layout,
    day,
    fourth,
    mean,
    month,
    months_with_shares,
    published,
    same,
    second,
    share,
    spans,
    written,
)
from employment_forecast.forecasting.documents.nowcast import nowcast_document, nowcast_notes
from employment_forecast.forecasting.reconciliation import TreeChoice
from employment_forecast.forecasting.shocks import proposal_rows, shock_rows
from employment_forecast.models.paths import SamplePaths

_LEADERBOARD_ROW: Layout = {
    "model": same, "label": same, "floor": same, "wis": fourth, "mase": fourth,
    "coverage80": share, "coverage95": share, "cells": same, "failure": same,
}  # fmt: skip
_TARGET: Layout = {
    "tier": same, "direction": same, "basis": same, "qualifier": same, "value": same,
    "tolerance": same, "limit": same,
    "unit": same, "period": same, "demo": same, "source": same, "announced_on": day,
    "announced_estimated": same, "carried": same, "changed": spans, "attribute": same,
    "note": same,
}  # fmt: skip
_BREACH_MONTH: Layout = {"month": month, "value": published, "cap": same}


def _breach(item: Breach | None, indicator: Indicator | None) -> dict[str, Any] | None:
    """A breach as a fact of what is published; None while there is none."""
    return None if item is None else written(item, _BREACH, indicator)


def _breach_months(
    items: Sequence[BreachMonth], indicator: Indicator | None
) -> list[dict[str, Any]]:
    return [written(item, _BREACH_MONTH, indicator) for item in items]


_BREACH: Layout = {
    "since": month,
    "months": _breach_months,
    "largest_excess": published,
    "largest_month": month,
    "newest_above": same,
}
_CAP: Layout = {
    "p_any": share, "p_any_remaining": share, "p_end": share, "p_average": share,
    "p_ahead": share, "already_breached": same, "breach": _breach,
    "first_breach_month": month, "first_breach": months_with_shares,
    "expected_months_above": second, "expected_excess": mean, "excess_if_broken": mean,
    "headroom": published, "reasons": same, "untested": same,
}  # fmt: skip
_TOTAL: Layout = {
    "p_reach": share, "p_above": share, "published": published, "published_months": same,
    "months": same, "expected": published, "q10": published, "q50": published, "q90": published,
    "needed": published, "needed_pace": mean, "recent_pace": mean, "progress": share,
    "progress_time": share, "progress_seasonal": share, "reach_month": month,
    "already_reached": same, "reasons": same, "untested": same,
}  # fmt: skip
_MILESTONE: Layout = {
    "p_reach": share, "latest": published, "gap": published, "expected": published,
    "q10": published, "q50": published, "q90": published, "already_missed": same,
    "reasons": same, "untested": same,
}  # fmt: skip
_CAP_IDENTITY = ("tier", "basis", "period", "value")


def _entry(entry: LeaderboardRow) -> dict[str, Any]:
    return written(entry, _LEADERBOARD_ROW)


def evidence_document(result: Competition) -> dict[str, Any]:
    """Further scores and tests by model, JSON-able: beside the choice, not its rule."""
    return {
        model: {name: fourth(value) for name, value in vars(evidence).items()}
        for model, evidence in result.evidence_by_model.items()
    }


def cap_document(item: Assessment, indicator: Indicator) -> dict[str, Any]:
    """One assessed cap as a JSON-able object; a breach also in words."""
    breach, target = item.breach, item.target
    words = "" if breach is None else breach_words(breach, target, indicator.decimals)
    return {
        **written(target, _TARGET),
        **written(item, _CAP, indicator),
        "breach_words": words,
    }


def caps_document(items: Sequence[Assessment], indicator: Indicator) -> list[dict[str, Any]]:
    """Assessed caps, one row for each basis; `same_cap_as` is the first row of the same number."""
    first: dict[tuple[object, ...], str] = {}
    rows = []
    for item in items:
        name = cap_id(item.target)
        known = first.setdefault(item.target.announced, name)
        same_cap = None if known == name else known
        rows.append({**cap_document(item, indicator), "same_cap_as": same_cap})
    return rows


def ended_document(items: Sequence[Assessment], indicator: Indicator) -> list[dict[str, Any]]:
    """Caps broken in a period that has just ended, as JSON-able objects, in words too."""
    return [
        {
            **cap_document(item, indicator),
            "breach_words": breach_words(item.breach, item.target, indicator.decimals, over=True),
        }
        for item in items
        if item.breach is not None
    ]


def total_document(item: TotalAssessment, indicator: Indicator) -> dict[str, Any]:
    """One assessed target on a period's total or average as a JSON-able object."""
    return {**written(item.target, _TARGET), **written(item, _TOTAL, indicator)}


def milestone_document(item: MilestoneAssessment, indicator: Indicator) -> dict[str, Any]:
    """One assessed figure to be reached as a JSON-able object."""
    return {**written(item.target, _TARGET), **written(item, _MILESTONE, indicator)}


def joint_document(joint: JointBreach | None) -> dict[str, Any] | None:
    """Several caps taken together as a JSON-able object, None with fewer than two."""
    if joint is None:
        return None
    caps = [written(cap, dict.fromkeys(_CAP_IDENTITY, same)) for cap in joint.caps]
    return {
        "p_at_least_one": share(joint.p_at_least_one),
        "p_all": share(joint.p_all),
        "caps": caps,
        "left_out": joint.left_out,
    }


def not_assessed(target: Target) -> str:
    """Why a target in force is shown and not assessed, in Chinese."""
    if target.value is None:
        return "文件没有写明数值"
    if not target.unit_confirmed:
        return "单位未确认"
    return "考核方式或单位与该指标不符"


def forecast_rows(result: Competition, paths: SamplePaths | None = None) -> list[dict[str, Any]]:
    """Forecast table: month, mean, quantiles, and whether it was back-tested; the champion's."""
    table = (paths or result.champion_paths).table()
    rows = []
    for step, (ahead, *row) in enumerate(table.itertuples(name=None), start=1):
        values = (figure(v, result.indicator) for v in row)
        figures = dict(zip(table.columns, values, strict=True))
        rows.append({"month": str(ahead), **figures, "untested": step > result.tested_horizon})
    return rows


def coherence_notes(result: Competition) -> tuple[str, ...]:
    """How the forecast was made to add up, in Chinese; empty where it was not."""
    coherence = result.coherence
    if coherence is None:
        return ()
    groups = sum("/" in key for key in coherence.tree.members)
    named = f"{len(coherence.tree.members) - groups} 个地区" + (
        f"、{groups} 个群体" if groups else ""
    )
    apart = "、".join(map(str, coherence.apart))
    apart = apart and f"，{apart} 除外：当月已公布的数与合计不符"
    return (
        f"已与上下级协调：{named}的每条模拟路径逐月相加一致（至 {coherence.until}{apart}）；"
        f"{coherence.choice.reason}",
    )


def coherence_document(result: Competition) -> dict[str, Any]:
    """How the forecast was made to add up, and what it was before, as a JSON-able object."""
    coherence = result.coherence
    assert coherence is not None
    return {
        "members": list(coherence.tree.members),
        "until": str(coherence.until),
        "apart": [str(month) for month in coherence.apart],
        "breadth": list(coherence.breadth),
        **choice_document(coherence.choice),
        "base_forecast": forecast_rows(result, coherence.base),
    }


def choice_document(choice: TreeChoice) -> dict[str, Any]:
    """Why a tree was reconciled or not, as a JSON-able object."""
    return {
        "reconciled": choice.reconcile,
        "learned": choice.learned,
        "reason": choice.reason,
        "origins": choice.origins,
        "levels": [
            {"members": level.members, "wis": fourth(level.reconciled),
             "base_wis": fourth(level.base), "worse": level.worse}
            for level in choice.levels
        ],
    }  # fmt: skip


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
    nowcast = nowcast_document(result)
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
        "notes": [
            *history.notes,
            *history.left_out,
            *result.notes,
            *nowcast_notes(result),
            *coherence_notes(result),
        ],
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
        "caps": caps_document(result.assessments, indicator),
        "caps_joint": joint_document(result.joint),
        "caps_ended": ended_document(result.ended, indicator),
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
        **({} if nowcast is None else {"nowcast": nowcast}),
        **({} if result.coherence is None else {"coherence": coherence_document(result)}),
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
            "source": sources_phrase(history.sources),
        }
        for row in forecast_rows(result)
    ]
    return as_csv(pd.DataFrame(rows))
