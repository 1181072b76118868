"""Warning lines as a version keeps and serves them: those of the scheme in force at its making."""

from __future__ import annotations

from functools import partial
from typing import Any

from employment_forecast.data.targets import limit_at
from employment_forecast.forecasting.assessment import cap_id, cap_words
from employment_forecast.forecasting.competition import Competition
from employment_forecast.forecasting.early_warning.feed import (
    line_document,
    line_rows,
    scheme_document,
)
from employment_forecast.forecasting.early_warning.lines import warning_lines
from employment_forecast.forecasting.early_warning.scheme import Scheme


def version_lines(result: Competition, scheme: Scheme) -> list[dict[str, Any]]:
    """Warning lines of every assessed cap.

    Parameters
    ----------
    result : Competition
        Its chosen model's paths decide.
    scheme : Scheme
        Levels in force.

    Returns
    -------
    list of dict
        One row per cap, month and level; JSON-able, months as `YYYY-MM`, `value` None where there
        is no line and `state` says why.
    """
    history = result.history
    rows = []
    for item in result.assessments:
        target = item.target
        cap = {
            "tier": target.tier,
            "basis": target.basis,
            "period": target.period,
            "cap": target.value,
            "unit": target.unit,
            "demo": target.demo,
        }
        lines = warning_lines(
            result.champion_paths,
            history,
            target,
            scheme.cuts,
            leads=scheme.leads,
            applied=partial(limit_at, target, result.on_file, as_of=history.as_of),
        )
        rows += [
            {
                **cap,
                **line_document(line, result.indicator),
                "level_name": scheme.name(line.level),
            }
            for line in lines
        ]
    return rows


def run_lines(result: Competition, scheme: Scheme) -> dict[str, Any]:
    """Caps, lines and levels of a run's choice in the form of a feed, without a level in force.

    Parameters
    ----------
    result : Competition
        Its chosen model's paths decide.
    scheme : Scheme
        Levels in force.

    Returns
    -------
    dict
        `caps` (what names each and its limit), `lines`, `scheme`, `level` (None) and
        `level_reason`.
    """
    as_of, lines = result.history.as_of, []
    for item in result.assessments:
        lines += line_rows(
            item.target,
            result.history,
            result.champion_paths,
            result.indicator,
            scheme,
            result.tested_horizon,
            lambda target, month: limit_at(target, result.on_file, month, as_of=as_of),
        )
    return {
        "caps": [
            {
                "id": cap_id(a.target),
                "title": cap_words(a.target),
                "tier": a.target.tier,
                "period": str(a.target.period),
                "value": a.target.value,
                "limit": a.target.limit,
                "demo": a.target.demo,
            }
            for a in result.assessments
        ],
        "lines": lines,
        "scheme": scheme_document(scheme),
        "level": None,
        "level_reason": "本次运行不评定等级，等级以现役模型为准",
    }
