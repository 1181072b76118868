"""Targets of every kind on the command line: floors of new jobs, several caps, warnings judged."""

from __future__ import annotations

import pytest

FAST = ("--models", "theta", "--origins", "4", "--jobs", "1")


@pytest.mark.soak  # floors are tested beside the assessment
def test_a_floor_on_new_jobs_is_assessed(used):
    ran = used("run", "--region", "嘉定", "--indicator", "new_jobs", "--json", *FAST)
    assert ran.code == 0, ran.err
    content = ran.json
    year, plan = content["floors"]
    assert (year["period"], plan["period"]) == ("2026", "2026-2030")
    assert year["demo"]
    assert plan["untested"]
    assert not year["untested"]
    for row in (year, plan):
        assert 0 <= row["p_reach"] <= 1
        assert row["q10"] <= row["q50"] <= row["q90"]
        assert row["needed"] == pytest.approx(max(row["value"] - row["published"], 0))
        assert row["progress"] == pytest.approx(row["published"] / row["value"], abs=0.001)
    assert year["progress_time"] == pytest.approx(10 / 12, abs=0.001)
    assert plan["progress_time"] == pytest.approx(10 / 60, abs=0.001)
    assert 0.8 < year["progress_seasonal"] < 0.95
    # The horizon reaches the end of every period in force.
    assert content["forecast"][-1]["month"] == "2030-12"
    assert content["targets_unassessed"] == []
    shown = used("run", "--region", "嘉定", "--indicator", "new_jobs", *FAST)
    for word in ("对照累计目标", "历年同期", "每月还需", "演示数据", "未经回测", "2030-12"):
        assert word in shown.out
    assert "2029-11" not in shown.out


def test_how_a_cap_would_be_broken(prepared):
    content = prepared.district.json
    for row in content["caps"]:
        assert sum(s["probability"] for s in row["first_breach"]) == pytest.approx(
            row["p_any"], abs=0.002
        )
        assert row["p_any"] <= row["expected_months_above"] + 0.006
        assert (row["expected_excess"] > 0) == (row["p_any"] > 0)
    joint = content["caps_joint"]
    assert len(joint["caps"]) == 2
    assert joint["p_at_least_one"] == max(row["p_any"] for row in content["caps"])


@pytest.mark.soak
def test_warnings_are_judged_on_the_past(used):
    ran = used(
        "warnings", "evaluate", "--region", "嘉定", "--origins", "24", "--json",
        "--models", "theta", "--jobs", "1",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    content = ran.json
    assert content["demo"]
    assert [row["code"] for row in content["levels"]] == ["yellow", "orange", "red"]
    assert content["scores"]["cases"] == len(content["calls"]) > 20
    # Two years are too few periods to choose a cut by.
    assert not any(row["chosen_by_backtest"] for row in content["levels"])
    assert all("默认界限" in row["reason"] for row in content["levels"])
    shown = used(
        "warnings", "evaluate", "--region", "嘉定", "--origins", "24",
        "--models", "theta", "--jobs", "1",
    )  # fmt: skip
    for word in ("演示数据", "命中", "误报", "KLR 1998", "CDH 2012", "可靠性", "不是官方标准"):
        assert word in shown.out
