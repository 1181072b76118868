"""Warning lines as a version keeps and serves them: those of the scheme in force at its making."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from employment_forecast.data.catalogue import figure
from employment_forecast.data.targets import value_at
from employment_forecast.data.workspace import Settings
from employment_forecast.forecasting.competition import Competition
from employment_forecast.forecasting.early_warning.lines import warning_lines
from employment_forecast.forecasting.early_warning.scheme import Event, Scheme, load_scheme


@dataclass(frozen=True)
class LineRule:
    """What lines are drawn for.

    Attributes
    ----------
    scheme : Scheme
        Levels and their cuts.
    event : {"end", "any"}
        What a line of a monthly cap warns of, see `forecasting.early_warning.lines.warning_lines`.
    """

    scheme: Scheme
    event: Event = "end"


def line_rule(settings: Settings) -> LineRule:
    """Rule of a workspace; SettingsError as from `load_scheme`."""
    return LineRule(load_scheme(settings), settings["warnings.line_event"])


def line_rows(result: Competition, rule: LineRule) -> list[dict[str, Any]]:
    """Warning lines of every assessed cap.

    Parameters
    ----------
    result : Competition
        Its chosen model's paths decide.
    rule : LineRule
        Levels, and the event.

    Returns
    -------
    list of dict
        One row per cap, month and level; JSON-able, months as `YYYY-MM`, `value` None where there
        is no line and `state` says why.
    """
    history, scheme = result.history, rule.scheme
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
                "value": None if line.value is None else figure(line.value, result.indicator),
                "state": line.state,
                "standard_error": None
                if line.standard_error is None
                else round(line.standard_error, 1 + result.indicator.decimals),
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
