"""Baseline and scenario side by side: the same caps, assessed on both sets of paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.data.catalogue import Indicator
from employment_forecast.data.errors import UsageError
from employment_forecast.data.files import as_csv
from employment_forecast.data.targets import Target, limit_at
from employment_forecast.features.history import History
from employment_forecast.forecasting.assessment import assess_all
from employment_forecast.forecasting.backtest import cell_seed
from employment_forecast.forecasting.competition import Competition
from employment_forecast.forecasting.documents import (
    cap_document,
    forecast_rows,
    joint_document,
    milestone_document,
    total_document,
)
from employment_forecast.forecasting.early_warning.scheme import Scheme
from employment_forecast.forecasting.scenario.assumptions import (
    Assumption,
    GivenAssumptions,
    ScenarioBasis,
    assumption_row,
    basis,
    persons_per_unit,
    registered,
)
from employment_forecast.forecasting.scenario.impact import (
    Impact,
    Layoff,
    Scenario,
    apply_scenario,
    scale_flow,
)
from employment_forecast.forecasting.scenario.warning_level import level_of, step_of

Floats = npt.NDArray[np.float64]

NEW_JOBS = "new_jobs"
# No unemployment rate lies below it; a register is at least this part of a labour force.
_LEAST_RATE = 0.004
# Nor was any ever above it.
_MOST_RATE = 0.25
SCENARIO_SEED = "scenario"


@dataclass(frozen=True)
class ScenarioComparison:
    """A scenario against the baseline it changes.

    Attributes
    ----------
    baseline, changed : Competition
        The same competition; `changed` has the champion's paths and the assessments of the
        scenario.
    scenario : Scenario
        What is supposed to happen.
    stated : tuple of Assumption
        What it rests on.
    impact : Impact or None
        People behind the difference; None for an indicator that is scaled directly.
    scheme : Scheme
        Warning levels in force.
    """

    baseline: Competition
    changed: Competition
    scenario: Scenario
    stated: tuple[Assumption, ...]
    impact: Impact | None
    scheme: Scheme

    @property
    def differences(self) -> Floats:
        """Scenario less baseline on each path, shape (n_paths, horizon)."""
        differences: Floats = (
            self.changed.champion_paths.values - self.baseline.champion_paths.values
        )
        return differences


def compare_scenario(
    result: Competition,
    scenario: Scenario,
    given: GivenAssumptions,
    targets: Sequence[Target],
    scheme: Scheme,
) -> ScenarioComparison:
    """Carry a scenario through the champion's paths and assess the same caps again.

    Parameters
    ----------
    result : Competition
        Baseline, with the indicators beside the target in its history.
    scenario : Scenario
        What is supposed to happen.
    given : GivenAssumptions
        Assumptions the user set.
    targets : sequence of Target
        All targets on file, as for the competition.
    scheme : Scheme
        Warning levels in force.

    Returns
    -------
    Comparison

    Raises
    ------
    UsageError
        If the scenario does not fit the indicator or the months ahead.
    """
    history, paths = result.history, result.champion_paths
    demand_sense(scenario, history, given)
    _demand_within(scenario, paths.months[-1])
    impact: Impact | None = None
    stated: tuple[Assumption, ...] = ()
    if history.indicator == NEW_JOBS:
        changed_paths = scale_flow(paths, scenario)
    else:
        ground: ScenarioBasis = basis(
            history, given, layoffs=bool(scenario.layoffs), jobs=scenario.jobs_change != 0.0
        )
        impact = apply_scenario(
            paths,
            float(history.values[-1]),
            scenario,
            ground.assumptions,
            persons_per_unit=ground.persons_per_unit,
            ceiling=100.0 if history.kind == "rate" else np.inf,
            seed=cell_seed(result.options.seed, SCENARIO_SEED, history),
        )
        changed_paths, stated = impact.paths, (*given.behind, *ground.stated)
    known = list(targets)
    assessed = assess_all(
        result.targets,
        history,
        changed_paths,
        result.tested_horizon,
        lambda target, month: limit_at(target, known, month, history.as_of),
    )
    changed = replace(
        result,
        forecasts={**result.forecasts, result.choice.model: changed_paths},
        assessments=assessed.caps,
        totals=assessed.totals,
        levels=assessed.levels,
        joint=assessed.joint,
    )
    return ScenarioComparison(result, changed, scenario, stated, impact, scheme)


def demand_sense(scenario: Scenario, history: History, given: GivenAssumptions) -> None:
    """Refuse what can be known to fail before any forecast is made.

    Parameters
    ----------
    scenario : Scenario
        What is supposed to happen.
    history : History
        Data up to the origin, with the indicators beside the target.
    given : GivenAssumptions
        Assumptions the user set.

    Raises
    ------
    UsageError
        If the scenario does not fit the indicator or the months already published.
    """
    begins = [] if scenario.first is None else [scenario.first]
    for month in [*(each.month for each in scenario.layoffs), *begins]:
        if month <= history.origin:
            raise UsageError(
                f"{month} 的数据已经公布（截至 {history.origin}），其影响已在数据之中。",
                f"请给出 {history.origin + 1} 及以后的月份。",
            )
    if scenario.layoffs and history.indicator == NEW_JOBS:
        raise UsageError("裁员情景不适用于城镇新增就业。", "请用 --new-jobs，或换用 登记失业人数。")
    first, end = scenario.first, scenario.last
    if first is not None and end is not None and first > end:
        raise UsageError(f"--from {first} 晚于 --until {end}。", "请核对起止月份。")
    if end is not None and end <= history.origin:
        raise UsageError(
            f"--until {end} 的数据已经公布（截至 {history.origin}）。",
            f"请给出 {history.origin + 1} 及以后的月份。",
        )
    if history.indicator != NEW_JOBS:
        per_unit, _ = persons_per_unit(history, given.labour_force)
        _demand_force(history, given)
        _demand_thinkable(scenario, history, given, per_unit)
        _demand_hired(scenario, history, given)


def _demand_thinkable(
    scenario: Scenario, history: History, given: GivenAssumptions, per_unit: float
) -> None:
    """Refuse to lay off more people than the labour force: as stated, or as the series implies."""
    if history.kind == "rate":
        force = per_unit * 100.0
    else:
        force = given.labour_force or float(np.nanmax(history.values)) / _LEAST_RATE
    people = sum(each.people for each in scenario.layoffs)
    if people > force > 0:
        raise UsageError(
            f"裁员合计 {people:,.0f} 人，超过该地区的劳动力（至多约 {force:,.0f} 人）。",
            "请核对人数；一万五千人写成 15000 或 1.5万。",
        )


def _demand_force(history: History, given: GivenAssumptions) -> None:
    """Refuse a labour force of which the registered unemployed would be no thinkable part."""
    force, stock = given.labour_force, registered(history)
    if force is None:
        return
    if not 1 <= force < np.inf:
        raise UsageError(f"劳动力不能是 {force:,.12g} 人。", "请核对 --labour-force。")
    people = 0.0 if stock is None else float(stock.iloc[-1])
    if people > 0 and not force * _LEAST_RATE <= people <= force * _MOST_RATE:
        raise UsageError(
            f"劳动力 {force:,.0f} 人与登记失业的 {people:,.0f} 人不相称。",
            "请核对 --labour-force 的单位；九十六万人写成 960000 或 96万。",
        )


def _demand_hired(scenario: Scenario, history: History, given: GivenAssumptions) -> None:
    """Refuse more jobs than there are unemployed to take them: nothing is known of that."""
    assumed = basis(history, given, layoffs=False, jobs=True).assumptions
    felt = assumed.pass_through.high
    # Over a year: in a single month of a small place anything may have been.
    hired = float(np.mean([each.high for each in assumed.reemployment.values()]))
    left = float(np.mean([each.high for each in assumed.exits.values()] or [0.0]))
    if scenario.jobs_change <= 0 or felt == 0 or hired == 0:
        return
    most = max((1 - left) / hired - 1, 0.0)
    if scenario.jobs_change * felt > most:
        raise UsageError(
            f"新增就业增加 {scenario.jobs_change:.0%}，再就业的会多于失业的，推演不出。",
            f"请不超过 {int(most / felt * 10) * 10}%，或核对 --reemployment。",
        )


def _demand_within(scenario: Scenario, last: pd.Period) -> None:
    """Refuse months beyond the paths."""
    starts = [each.month for each in scenario.layoffs]
    starts += [] if scenario.first is None else [scenario.first]
    for month in starts:
        if month > last:
            raise UsageError(
                f"{month} 超出预测期（至 {last}）。",
                "请用 --horizon 延长预测期，或改用较早的月份。",
            )


def _people(values: Floats) -> dict[str, int]:
    low, middle, high = np.quantile(values, (0.1, 0.5, 0.9))
    return {"q10": round(low), "q50": round(middle), "q90": round(high)}


def _digits(indicator: Indicator) -> int:
    """Decimals of a difference: of a rate one more than is published, or most would be zero."""
    return indicator.decimals + 1 if indicator.kind == "rate" else indicator.decimals


def _change(value: float, indicator: Indicator) -> float | int:
    digits = _digits(indicator)
    return round(float(value), digits) + 0.0 if digits else round(float(value))


def change_phrase(value: float, indicator: Indicator) -> str:
    """A difference as people read it."""
    return f"{value:,.{_digits(indicator)}f}"


def _difference_rows(comparison: ScenarioComparison) -> list[dict[str, Any]]:
    months = comparison.baseline.champion_paths.months
    differences, indicator = comparison.differences, comparison.baseline.indicator
    rows = []
    for step, month in enumerate(months):
        low, middle, high = np.quantile(differences[:, step], (0.1, 0.5, 0.9))
        row: dict[str, Any] = {
            "month": str(month),
            "q10": _change(low, indicator),
            "q50": _change(middle, indicator),
            "q90": _change(high, indicator),
        }
        if comparison.impact is not None:
            row |= {
                "registered": _people(comparison.impact.registered[:, step]),
                "absorbed": _people(comparison.impact.absorbed[:, step]),
                "outstanding": _people(comparison.impact.outstanding[:, step]),
                "unhired": _people(comparison.impact.unhired[:, step]),
            }
        rows.append(row)
    return rows


def _level(
    result: Competition, scheme: Scheme, layoffs: Sequence[Layoff] = ()
) -> dict[str, Any] | None:
    decision = level_of(result, scheme, layoffs)
    if decision is None:
        return None
    return {
        "code": decision.level,
        "name": decision.name,
        "reasons": list(decision.reasons),
        "raised_by": decision.raised_by or None,
        "step": step_of(decision, scheme) or None,
    }


def _side(result: Competition, scheme: Scheme, layoffs: Sequence[Layoff] = ()) -> dict[str, Any]:
    return {
        "level": _level(result, scheme, layoffs),
        "forecast": forecast_rows(result),
        "caps": [cap_document(item, result.indicator) for item in result.assessments],
        "caps_joint": joint_document(result.joint),
        "floors": [total_document(item, result.indicator) for item in result.totals],
        "levels_assessed": [milestone_document(item, result.indicator) for item in result.levels],
    }


def comparison_document(comparison: ScenarioComparison, run_id: str | None) -> dict[str, Any]:
    """A comparison as one JSON-able object.

    Parameters
    ----------
    comparison : ScenarioComparison
        From `compare_scenario`.
    run_id : str or None
        MLflow run that keeps it.

    Returns
    -------
    dict
        Keys in a fixed order; `baseline` and `scenario` have the same keys.
    """
    base, scenario = comparison.baseline, comparison.scenario
    history = base.history
    return {
        "kind": "scenario",
        "region": {"code": base.region.code, "name": base.region.name},
        "indicator": base.indicator.code,
        "indicator_name": base.indicator.name,
        "unit": base.indicator.unit,
        "data_month": str(history.origin),
        "as_of": history.as_of.isoformat(),
        "demo": base.demo,
        "data_demo": history.demo,
        "sources": list(history.sources),
        "notes": [*history.notes, *history.left_out, *base.notes],
        "data_fingerprint": history.fingerprint,
        "model": base.choice.model,
        "description": described(scenario),
        "events": {
            "layoffs": [
                {"month": str(each.month), "people": round(each.people), **_range(each)}
                for each in scenario.layoffs
            ],
            "new_jobs": scenario.jobs_change or None,
            "from": None if scenario.first is None else str(scenario.first),
            "until": None if scenario.last is None else str(scenario.last),
        },
        "assumptions": [assumption_row(each) for each in comparison.stated],
        "levels_source": comparison.scheme.source,
        "baseline": _side(base, comparison.scheme),
        "scenario": _side(comparison.changed, comparison.scheme, scenario.layoffs),
        "difference": _difference_rows(comparison),
        "tested_horizon": base.tested_horizon,
        "seed": base.options.seed,
        "paths": base.options.n_paths,
        "run_id": run_id,
    }


def comparison_csv(content: Mapping[str, Any]) -> bytes:
    """Month by month, baseline and scenario, as CSV with a byte order mark.

    Parameters
    ----------
    content : mapping
        From `comparison_document`.
    """
    rows = []
    sides = (content["baseline"]["forecast"], content["scenario"]["forecast"])
    for base, changed, change in zip(*sides, content["difference"], strict=True):
        row = {
            "region": content["region"]["code"],
            "region_name": content["region"]["name"],
            "indicator": content["indicator"],
            "month": base["month"],
        }
        for name in ("q025", "q10", "q50", "q90", "q975"):
            row |= {f"baseline_{name}": base[name], f"scenario_{name}": changed[name]}
        row |= {f"difference_{name}": change[name] for name in ("q10", "q50", "q90")}
        row |= {
            "unit": content["unit"],
            "data_month": content["data_month"],
            "demo": "演示数据" if content["demo"] else "",
            "untested": "未经回测" if base["untested"] else "",
        }
        rows.append(row)
    return as_csv(pd.DataFrame(rows))


def _range(layoff: Layoff) -> dict[str, int]:
    if layoff.low is None or layoff.high is None:
        return {}
    return {"low": round(layoff.low), "high": round(layoff.high)}


def _people_words(layoff: Layoff) -> str:
    if layoff.low is None or layoff.high is None:
        return f" {layoff.people:,.0f} 人"
    return f"约 {layoff.people:,.0f} 人（{layoff.low:,.0f}—{layoff.high:,.0f}）"


def described(scenario: Scenario) -> str:
    """What is supposed to happen, as one Chinese phrase."""
    parts = [f"{each.month} 裁员{_people_words(each)}" for each in scenario.layoffs]
    if scenario.jobs_change:
        span = "" if scenario.first is None else f"自 {scenario.first} 起"
        if scenario.last is not None:
            span += f"至 {scenario.last} "
        way = "减少" if scenario.jobs_change < 0 else "增加"
        parts.append(f"{span}新增就业{way} {round(abs(scenario.jobs_change) * 100, 1):g}%")
    return "；".join(parts) or "无变动"
