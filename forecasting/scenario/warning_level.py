"""Warning level a set of paths would call for by itself, without memory of levels issued before."""

from __future__ import annotations

from collections.abc import Sequence

from employment_forecast.forecasting.competition import Competition
from employment_forecast.forecasting.early_warning import (
    FirmEvent,
    LevelDecision,
    LevelEvidence,
    decide_level,
    level_events,
)
from employment_forecast.forecasting.early_warning.decision import NONE, Scheme
from employment_forecast.forecasting.scenario.impact import Layoff


def level_of(
    result: Competition, scheme: Scheme, layoffs: Sequence[Layoff] = ()
) -> LevelDecision | None:
    """Level by probability and by local rules; the higher of what all of them call for."""
    origin = result.history.origin
    events = level_events(result.assessments, scheme.leads, result.indicator.decimals)
    if not events and not layoffs:
        return None
    back = range(max(level.months for level in scheme.levels))
    lasting = {e.words: {origin - k: e.probability for k in back} for e in events}
    facts = {e.words: e.fact for e in events if e.fact}
    published = {result.history.indicator: result.history.series}
    decisions = [decide_level(scheme, LevelEvidence(origin, lasting, published, facts=facts))]
    supposed = tuple(FirmEvent("layoff", o.month, o.people) for o in layoffs if o.people > 0)
    decisions += [decide_level(scheme, LevelEvidence(e.month, {}, {}, supposed)) for e in supposed]
    # Of equal ones the first, so that the probability speaks before the events.
    return max(decisions, key=lambda each: scheme.rank(each.level))


def step_of(decision: LevelDecision, scheme: Scheme) -> str:
    """Step of the local plan (应急预案) that a level calls for; empty if there is none."""
    level = None if decision.level == NONE else scheme.level(decision.level)
    return "" if level is None else level.step
