"""`forecast plan progress` as a person runs it, for each of the five plans."""

from __future__ import annotations

import pytest

FAST = ("--models", "random_walk", "--jobs", "1")
REGISTERED = "《另行登记的控制数和目标》"
ASSESSED = {"徐汇": 4, "嘉定": 3, "舟山": 1, "江夏": 0, "嵊州": 0}


@pytest.mark.soak  # plans are tested beside the engine
@pytest.mark.parametrize("region", ASSESSED)
def test_every_plan_is_assessed_or_says_what_is_missing(used, region):
    ran = used("plan", "progress", "--region", region, "--json", *FAST)
    assert ran.code == 0, ran.err
    content = ran.json
    planned = [row for row in content["targets"] if row["plan"] != REGISTERED]
    assert sum(row["assessed"] for row in planned) == ASSESSED[region]
    for row in content["targets"]:
        if row["missing"]:
            assert not row["assessed"]
            assert row["missing"].strip()
            continue
        # What is not missing rests on demonstration data here, and says so.
        assert row["data_demo"]
        assert row["years"] or row["plan"] == REGISTERED
        assert row["assessed"] == bool([*row["caps"], *row["floors"], *row["levels_assessed"]])
        assert row["result"] or not row["assessed"]
    assert content["demo"] == any(not row["missing"] for row in content["targets"])
    assert sum(content["missing"].values()) == sum(bool(r["missing"]) for r in content["targets"])


@pytest.mark.soak
def test_figures_of_a_plan_that_is_over(used):
    rows = {row["key"]: row for row in used(
        "plan", "progress", "--region", "徐汇", "--json", *FAST).json["targets"]}  # fmt: skip
    five = rows["new_jobs_2016_2020"]
    (floor,) = five["floors"]
    assert floor["published"] == sum(y["figure"] for y in five["years"]) >= 230_000
    assert (floor["p_reach"], floor["already_reached"]) == (1.0, True)
    assert five["midterm"]["month"] == "2018-06"
    assert five["midterm"]["progress"] == pytest.approx(
        five["midterm"]["figure"] / 230_000, abs=0.001
    )
    yearly = rows["new_jobs_2011_2015"]
    assert [y["met"] for y in yearly["years"]] == [True] * 5
    assert rows["registered_unemployed_2011_2015"]["years"][0]["months_above"] == 0
    # The data are calibrated to what the plan reports.
    assert sum(y["figure"] for y in yearly["years"]) == 240_184


@pytest.mark.soak
def test_half_way_a_five_year_total_is_forecast(used):
    ran = used(
        "plan", "progress", "--region", "徐汇", "--as-of", "2018-07-31", "--view", "期末", *FAST
    )
    assert ran.code == 0, ran.err
    assert "完成概率" in ran.out
    assert "未经回测" in ran.out
    assert "演示数据" in ran.out
    assert "中期\n" not in ran.out


def test_before_the_plan_was_published(used):
    rows = used(
        "plan", "progress", "--region", "徐汇", "--as-of", "2016-06-30", "--json", *FAST
    ).json["targets"]
    missing = {row["key"]: row["missing"] for row in rows}
    assert "2016-11-28" in missing["new_jobs_2016_2020"]


def test_a_region_without_a_plan(used):
    ran = used("plan", "progress", "--region", "绍兴", "--json")
    assert (ran.code, ran.json["error"]["code"]) == (8, "not_found")
