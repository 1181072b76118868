"""Parts of the threshold feed that follow from paths: cap names, lines, probabilities, level."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from employment_forecast.data.catalogue import Indicator, figure
from employment_forecast.data.targets import TIER_NAMES, Target
from employment_forecast.features.history import History
from employment_forecast.forecasting.assessment import Assessment
from employment_forecast.forecasting.assessment.events import above
from employment_forecast.forecasting.early_warning.decision import LevelDecision, Scheme
from employment_forecast.forecasting.early_warning.lines import warning_lines
from employment_forecast.forecasting.early_warning.scheme import Event
from employment_forecast.models.paths import SamplePaths

AppliedTo = Callable[[Target, pd.Period], float]
BASIS_WORDS: Mapping[str, str] = {
    "any_month": "各月",
    "period_end": "期末",
    "period_average": "均值",
    "point": "当月",
}


def cap_id(target: Target) -> str:
    """Name of a cap within a document: tier, basis, period and value."""
    return f"{target.tier}.{target.basis}.{target.period}.{target.value:.12g}"


def cap_words(target: Target) -> str:
    """A cap as people say it: 市控制数 14,300人以内（2026，各月）."""
    # The Government Work Report sets an expected target (预期目标), not a cap handed down.
    kind = "预期目标" if target.tier == "national" else "控制数"
    basis = BASIS_WORDS[target.basis]
    return (
        f"{TIER_NAMES[target.tier]}{kind} {target.value:,.12g}{target.unit}{target.qualifier}"
        f"（{target.period}，{basis}）"
    )


def line_rows(
    target: Target,
    history: History,
    paths: SamplePaths,
    indicator: Indicator,
    scheme: Scheme,
    tested: int,
    applied: AppliedTo,
    event: Event,
) -> list[dict[str, Any]]:
    """Warning lines of one cap as JSON-able rows, by month, then mildest level first."""
    lines = warning_lines(
        paths, history, target, scheme.cuts, event=event, applied=lambda m: applied(target, m)
    )
    return [
        {
            "cap": cap_id(target),
            "month": str(line.month),
            "level": line.level,
            "probability": round(line.probability, 6),
            "value": None if line.value is None else figure(line.value, indicator),
            "state": line.state,
            "standard_error": None
            if line.standard_error is None
            else round(line.standard_error, indicator.decimals + 1),
            "n": line.n,
            "untested": bool(line.month > history.origin + tested),
        }
        for line in lines
    ]


def probability_rows(
    target: Target, history: History, paths: SamplePaths, tested: int, applied: AppliedTo
) -> list[dict[str, Any]]:
    """Of each coming month of a cap's period: that it is above, and that the cap is broken by then.

    Parameters
    ----------
    target : Target
        A cap; one on an average has no months of its own and gives none.
    history, paths : History, SamplePaths
        From the same origin.
    tested : int
        Months ahead that the back-test covers.
    applied : callable
        Value that applied to a published month.

    Returns
    -------
    list of dict
        `p_broken_by` counts published months too; None for a cap on the period's end before it.
    """
    if target.basis == "period_average" or target.value is None:
        return []
    inside = (paths.months >= target.first_month) & (paths.months <= target.last_month)
    over = above(paths.values[:, inside], target.value, history.precision)
    known = history.series
    known = known[(known.index >= target.first_month) & (known.index <= target.last_month)]
    caps = np.array([applied(target, m) for m in known.index], dtype=float)
    breached = bool(above(np.asarray(known, dtype=float), caps, history.precision).any())
    so_far = np.maximum.accumulate(over, axis=1).mean(axis=0)
    rows = []
    for column, month in enumerate(paths.months[inside]):
        by_then: float | None = 1.0 if breached else float(so_far[column])
        if target.basis == "period_end":
            by_then = float(over[:, column].mean()) if month == target.last_month else None
        rows.append(
            {
                "cap": cap_id(target),
                "month": str(month),
                "p_above": round(float(over[:, column].mean()), 3),
                "p_broken_by": None if by_then is None else round(by_then, 3),
                "untested": bool(month > history.origin + tested),
            }
        )
    return rows


def scheme_document(scheme: Scheme) -> dict[str, Any]:
    """Warning levels in force, mildest first."""
    return {
        "levels": [
            {
                "code": level.code,
                "name": level.label,
                "colour": level.colour,
                "probability": round(level.probability, 6),
                "months": level.months,
                "release": round(level.release, 6),
                "step": level.step,
                "report_hours": level.report_hours,
                "source": level.source,
            }
            for level in scheme.levels
        ],
        "source": scheme.source,
    }


def warning_level_document(decision: LevelDecision, scheme: Scheme) -> dict[str, Any]:
    """The level in force."""
    level = scheme.level(decision.level)
    return {
        "code": decision.level,
        "name": decision.name,
        "colour": "" if level is None else level.colour,
        "since": str(decision.since),
        "reasons": list(decision.reasons),
        "raised_by": [decision.raised_by] if decision.raised_by else [],
        "step": "" if level is None else level.step,
        "report_hours": None if level is None else level.report_hours,
    }


def probabilities_by_cap(assessments: Sequence[Assessment]) -> dict[str, tuple[str, float]]:
    """Probability that counts for the level, with the cap in words, by cap id."""
    return {
        cap_id(item.target): (cap_words(item.target), item.probability)
        for item in assessments
        if item.probability is not None and item.target.value is not None
    }
