"""Warning lines as a version keeps and serves them: those of the scheme in force at its making."""

from __future__ import annotations

from functools import partial
from typing import Any

from data.targets import value_at
from forecasting.competition import Competition
from forecasting.level_scheme import Scheme
from forecasting.lines import warning_lines


def line_rows(result: Competition, scheme: Scheme) -> list[dict[str, Any]]:
    """Warning lines of every assessed cap.

    Parameters
    ----------
    result : Competition
        Its chosen model's paths decide.
    scheme : Scheme
        Levels and their cuts.

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
        applied = partial(value_at, target, result.on_file, as_of=history.as_of)
        rows += [
            {
                "tier": target.tier,
                "basis": target.basis,
                "period": target.period,
                "cap": target.value,
                "unit": target.unit,
                "demo": target.demo,
                "month": str(line.month),
                "level": line.level,
                "level_name": scheme.name(line.level),
                "probability": line.probability,
                "value": line.value,
                "state": line.state,
                "standard_error": line.standard_error,
                "n": line.n,
            }
            for line in warning_lines(
                result.champion_paths,
                history,
                target,
                scheme.cuts,
                event=scheme.line_event,
                applied=applied,
            )
        ]
    return rows
