"""How the warning levels would have done on a back-test, as one document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from employment_forecast.forecasting.competition import Competition
from employment_forecast.forecasting.early_warning.evaluation.cutoffs import (
    accuracy_cut,
    choose_cut,
    credit_scoring_cut,
    noise_to_signal_cut,
)
from employment_forecast.forecasting.early_warning.evaluation.hindsight import (
    STAND_IN,
    Call,
    cases_of,
)
from employment_forecast.forecasting.early_warning.evaluation.scores import (
    Cases,
    lead_times,
    score,
    signals,
)
from employment_forecast.forecasting.early_warning.scheme import Level, Scheme


def implied_cost(level: Level) -> float:
    """False alarms that one missed breach is worth, as stated or as the level's cut implies."""
    return level.miss_cost if level.miss_cost is not None else 1 / level.probability - 1


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    return [_rounded(v) for v in value] if isinstance(value, list | tuple) else value


def _level(level: Level, cases: Cases, fewest: int) -> dict[str, Any]:
    cost = implied_cost(level)
    choice = choose_cut(cases.probability, cases.event, cases.episode, cost, fewest)
    counts, lead = signals(cases, level.probability), lead_times(cases, level.probability)
    return {
        "code": level.code,
        "name": level.label,
        "colour": level.colour,
        "miss_cost": cost,
        "cut": level.probability,
        "cut_source": level.source,
        "hits": counts.hits,
        "misses": counts.misses,
        "false_alarms": counts.false_alarms,
        "correct_quiet": counts.correct_quiet,
        "hit_rate": counts.sensitivity,
        "false_alarm_rate": None if counts.specificity is None else 1 - counts.specificity,
        "noise_to_signal": counts.noise_to_signal,
        "lead": asdict(lead),
        "chosen_cut": choice.cut,
        "chosen_by_backtest": choice.by_backtest,
        "chosen_low": choice.low,
        "chosen_high": choice.high,
        "reason": choice.reason,
    }


def evaluation(
    result: Competition, calls: Sequence[Call], scheme: Scheme, fewest: int
) -> dict[str, Any]:
    """Evaluate warnings at past origins.

    Parameters
    ----------
    result : Competition
        Names the series and the model.
    calls : sequence of Call
        From `past_calls`.
    scheme : Scheme
        Levels in force.
    fewest : int
        Least number of breaches, and of cases without one, to choose a cut by.

    Returns
    -------
    dict
        JSON-able; `levels` one entry each, `criteria` the cuts of the literature, `scores` the
        quality of the probabilities, `calls` every case.
    """
    cases = cases_of(calls)
    scores = score(cases)
    history = result.history
    both = scores.events > 0 and scores.events < scores.cases
    notes = [
        "模型按今日所知选定，其余（数据、校准、控制数）只用各起点当时所知；校准所用结果取最新公布值",
        "同一考核期内的各起点结局相同，区间按考核期重抽样",
    ]
    stand_in = sum(call.stand_in for call in calls)
    if stand_in:
        notes.append(f"{stand_in} 例当时没有控制数，用{STAND_IN}")
    if history.pseudo_real_time:
        notes.append("部分发布日期为估计，回测为准实时")
    content = {
        "region": {"code": result.region.code, "name": result.region.name},
        "indicator": result.indicator.code,
        "indicator_name": result.indicator.name,
        "data_month": str(history.origin),
        "as_of": history.as_of.isoformat(),
        "demo": result.demo or any(c.target.demo for c in calls),
        "model": result.choice.model,
        "model_label": result.label,
        "first_origin": str(calls[0].month) if calls else None,
        "last_origin": str(calls[-1].month) if calls else None,
        "scores": {
            "cases": scores.cases,
            "events": scores.events,
            "episodes": scores.episodes,
            "broken_episodes": scores.broken,
            "auc": scores.auc,
            "brier": scores.brier,
            "brier_climatology": scores.climatology,
            "brier_skill": asdict(scores.skill),
            "reliability": [asdict(b) for b in scores.reliability],
        },
        "criteria": {
            "noise_to_signal": noise_to_signal_cut(cases.probability, cases.event)
            if both
            else None,
            "credit_scoring": credit_scoring_cut(cases.probability, cases.event) if both else None,
            "accuracy": accuracy_cut(cases.probability, cases.event) if both else None,
        },
        "scheme_source": scheme.source,
        "levels": [_level(level, cases, fewest) for level in scheme.levels],
        "notes": notes,
        "calls": [
            {
                "month": str(c.month),
                "tier": c.target.tier,
                "basis": c.target.basis,
                "period": c.target.period,
                "value": c.target.value,
                "stand_in": c.stand_in,
                "probability": c.probability,
                "broken": c.broken,
                "breach_month": None if c.breach_month is None else str(c.breach_month),
            }
            for c in calls
        ],
    }
    rounded: dict[str, Any] = _rounded(content)
    return rounded
