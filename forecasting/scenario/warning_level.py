"""Warning level a set of paths would call for by itself, without memory of levels issued before."""

from __future__ import annotations

from collections.abc import Sequence

from employment_forecast.data.targets import BASES, TIER_NAMES, Target
from employment_forecast.forecasting.competition import Competition
from employment_forecast.forecasting.early_warning import (
    Evidence,
    FirmEvent,
    LevelDecision,
    decide_level,
)
from employment_forecast.forecasting.early_warning.decision import NONE, Scheme
from employment_forecast.forecasting.scenario.impact import Layoff


def _name(target: Target) -> str:
    return (
        f"{TIER_NAMES[target.tier]}控制数 {target.value:,.12g}{target.unit}"
        f"·{BASES[target.basis]}·{target.period}"
    )


def level_of(
    result: Competition, scheme: Scheme, layoffs: Sequence[Layoff] = ()
) -> LevelDecision | None:
    """Level by probability and by local rules; the higher of what all of them call for."""
    origin = result.history.origin
    caps = {
        _name(item.target): item.probability
        for item in result.assessments
        if item.probability is not None
    }
    if not caps and not layoffs:
        return None
    back = range(max(level.months for level in scheme.levels))
    lasting = {cap: {origin - k: p for k in back} for cap, p in caps.items()}
    published = {result.history.indicator: result.history.series}
    found = [decide_level(scheme, Evidence(origin, lasting, published))]
    found += [
        decide_level(
            scheme, Evidence(each.month, {}, {}, (FirmEvent("layoff", each.month, each.people),))
        )
        for each in layoffs
        if each.people > 0
    ]
    # Of equal ones the first, so that the probability speaks before the events.
    return max(found, key=lambda each: scheme.rank(each.level))


def step_of(decision: LevelDecision, scheme: Scheme) -> str:
    """Step of the local plan (应急预案) that a level calls for; empty if there is none."""
    level = None if decision.level == NONE else scheme.level(decision.level)
    return "" if level is None else level.step
