"""Baseline and scenario side by side, on a real competition of the floors."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from employment_forecast.data.errors import UsageError
from employment_forecast.forecasting.early_warning.decision import Rule, default_scheme
from employment_forecast.forecasting.scenario.assumptions import GivenAssumptions
from employment_forecast.forecasting.scenario.chart import scenario_chart
from employment_forecast.forecasting.scenario.comparison import (
    compare_scenario,
    comparison_csv,
    comparison_document,
    described,
)
from employment_forecast.forecasting.scenario.impact import Layoff, Range, Scenario


def month(text: str) -> pd.Period:
    return pd.Period(text, "M")


SCHEME = default_scheme(3)
LAYOFF = Scenario((Layoff(month("2025-03"), 900.0),), -0.1, month("2025-02"))


@pytest.fixture(scope="module")
def scene(competition, cap_of):
    targets = [cap_of(10_400.0), cap_of(11_000.0, tier="district")]
    return competition(targets=targets), targets


def test_a_layoff_raises_every_probability_and_leaves_the_baseline_alone(scene):
    result, targets = scene
    before = result.champion_paths.values.copy()
    comparison = compare_scenario(result, LAYOFF, GivenAssumptions(), targets, SCHEME)
    assert (comparison.baseline.champion_paths.values == before).all()
    assert (comparison.differences >= 0).all()
    assert (comparison.differences[:, 0] == 0).all()
    assert (comparison.differences[:, 2] > 0).all()
    for one, other in zip(result.assessments, comparison.changed.assessments, strict=True):
        assert one.target == other.target
        assert other.p_any >= one.p_any
        assert other.p_end >= one.p_end


def test_the_same_again_gives_the_same_bytes(scene):
    result, targets = scene
    one, two = (
        compare_scenario(result, LAYOFF, GivenAssumptions(), targets, SCHEME) for _ in range(2)
    )
    assert comparison_document(one, None) == comparison_document(two, None)
    assert scenario_chart(one) == scenario_chart(two)


def test_the_document_states_events_assumptions_and_both_sides(scene):
    result, targets = scene
    comparison = compare_scenario(
        result, LAYOFF, GivenAssumptions(absorb=Range(3, 3)), targets, SCHEME
    )
    content = comparison_document(comparison, "r1")
    assert content["kind"] == "scenario"
    assert content["events"] == {
        "layoffs": [{"month": "2025-03", "people": 900}],
        "new_jobs": -0.1,
        "from": "2025-02",
        "until": None,
    }
    assert [row["key"] for row in content["assumptions"]] == [
        "registration",
        "absorb",
        "pass_through",
        "reemployment",
    ]
    assert all(row["source"] for row in content["assumptions"])
    assert content["baseline"].keys() == content["scenario"].keys()
    row = content["difference"][2]
    assert row["month"] == "2025-03"
    # Between 40 and 80 % of 900 register.
    assert 360 <= row["registered"]["q10"] <= row["registered"]["q90"] <= 720
    assert content["run_id"] == "r1"
    table = list(csv.DictReader(io.StringIO(comparison_csv(content).decode("utf-8-sig"))))
    assert [r["month"] for r in table] == [r["month"] for r in content["difference"]]
    assert float(table[2]["scenario_q50"]) == content["scenario"]["forecast"][2]["q50"]


def test_the_level_rises_with_the_probability_and_knows_the_local_rules(scene, competition):
    result, targets = scene
    content = comparison_document(
        compare_scenario(result, LAYOFF, GivenAssumptions(), targets, SCHEME), None
    )
    before, after = (content[side]["level"] for side in ("baseline", "scenario"))
    assert SCHEME.rank(after["code"]) >= SCHEME.rank(before["code"])
    assert any("市控制数 10,400人" in reason for reason in after["reasons"])
    rule = Rule(event="layoff", people=800, source="某预案")
    red = replace(SCHEME.levels[-1], rules=(rule,))
    strict = replace(SCHEME, levels=(*SCHEME.levels[:-1], red))
    calm = competition()
    content = comparison_document(
        compare_scenario(calm, LAYOFF, GivenAssumptions(), (), strict), None
    )
    assert content["baseline"]["level"] is None
    assert content["scenario"]["level"]["code"] == "red"
    assert (
        "2025-03 一家企业裁员涉及 900 人（依据：某预案）" in content["scenario"]["level"]["reasons"]
    )
    few = Scenario((Layoff(month("2025-03"), 700.0),))
    content = comparison_document(compare_scenario(calm, few, GivenAssumptions(), (), strict), None)
    assert content["scenario"]["level"]["code"] == "none"


def test_demonstration_data_stays_marked(competition):
    comparison = compare_scenario(competition(demo=True), LAYOFF, GivenAssumptions(), (), SCHEME)
    content = comparison_document(comparison, None)
    assert content["demo"]
    assert "演示数据" in comparison_csv(content).decode("utf-8-sig")


def test_new_jobs_are_scaled_directly_and_know_no_layoffs(scene):
    result, targets = scene
    jobs = replace(result, history=replace(result.history, indicator="new_jobs", kind="flow"))
    comparison = compare_scenario(
        jobs,
        Scenario(jobs_change=-0.2, first=month("2025-03")),
        GivenAssumptions(),
        targets,
        SCHEME,
    )
    ratio = comparison.changed.champion_paths.values / result.champion_paths.values
    assert ratio == pytest.approx(np.tile([1, 1, *[0.8] * 10], (len(ratio), 1)))
    assert comparison.stated == ()
    assert comparison.impact is None
    assert "registered" not in comparison_document(comparison, None)["difference"][0]
    with pytest.raises(UsageError, match="裁员情景不适用于"):
        compare_scenario(jobs, LAYOFF, GivenAssumptions(), targets, SCHEME)


@pytest.mark.parametrize(
    ("scenario", "message"),
    [
        (Scenario((Layoff(month("2024-12"), 5),)), "已经公布"),
        (Scenario((Layoff(month("2031-01"), 5),)), "超出预测期"),
        (Scenario((Layoff(month("2025-03"), 1.5e9),)), "超过该地区的劳动力"),
        (Scenario((), -0.1, month("2025-06"), month("2025-05")), "晚于"),
        (Scenario((), -0.1, month("2031-06")), "超出预测期"),
        (Scenario((), -0.1, None, month("2024-12")), "已经公布"),
        (Scenario((), -0.1, month("2024-11")), "已经公布"),
        (Scenario((), 9.9), "再就业的会多于失业的，推演不出。请不超过 [1-9]"),
    ],
)
def test_scenarios_outside_the_months_ahead_are_refused(scene, scenario, message):
    result, targets = scene
    with pytest.raises(UsageError, match=message):
        compare_scenario(result, scenario, GivenAssumptions(), targets, SCHEME)


@pytest.mark.parametrize(
    ("force", "said"),
    [(96.0, "不相称"), (9e9, "不相称"), (0.0, "不能是 0 人"), (np.nan, "不能是 nan 人")],
)
def test_a_labour_force_that_the_unemployed_are_no_part_of_is_refused(scene, force, said):
    result, targets = scene
    given = GivenAssumptions(labour_force=force)
    with pytest.raises(UsageError, match=said):
        compare_scenario(result, LAYOFF, given, targets, SCHEME)


def test_words():
    assert described(LAYOFF) == "2025-03 裁员 900 人；自 2025-02 起新增就业减少 10%"
    assert described(Scenario()) == "无变动"
