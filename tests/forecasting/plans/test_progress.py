"""Rows of a plan on small series: settled, running, numbers set elsewhere, nothing to go by."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from employment_forecast.data.records.vintages import COLUMNS, Vintages
from employment_forecast.data.targets.plans import parse_plan
from employment_forecast.data.targets.target import Target
from employment_forecast.features.history.build import from_known
from employment_forecast.forecasting.plans.document import progress_document
from employment_forecast.forecasting.plans.progress import plan_rows
from employment_forecast.forecasting.plans.tables import period_ends_table
from employment_forecast.models.paths import SamplePaths

PLAN = """
region = "310114"
title = "某规划"
period = "2021-2022"
announced_on = 2021-03-01
announced_estimated = false

[[targets]]
key = "jobs"
indicator = "new_jobs"
name = "新增就业岗位"
period = "2021-2022"
direction = "floor"
qualifier = "不低于"
value = 2400
unit = "个"
basis = "period_total"
quote = "不低于2400个"

[[targets]]
key = "register"
indicator = "registered_unemployed"
name = "城镇登记失业人数"
period = "2021-2022"
repeat = "year"
direction = "cap"
no_value = "逐年下达"
set_by = ["municipal"]
unit = "人"
basis = "any_month"
quote = "控制在下达的指标内"

[[targets]]
key = "training"
indicator = "skills_training"
name = "职业技能培训"
period = "2021-2022"
direction = "floor"
value = 10
unit = "人"
basis = "period_total"
quote = "培训10人"
"""


@pytest.fixture
def rows_of(catalogue, vintages_of, monthly):
    """Rows of the plan on given series."""

    def make(series, on_file=(), day=date(2030, 1, 1), forecast=None):
        known = {
            code: vintages_of(monthly(start, values), "310114", code)
            for code, (start, values) in series.items()
        }

        def vintages(region: str, indicator: str) -> Vintages:
            if indicator in known:
                return known[indicator]
            table = pd.DataFrame({name: [] for name in COLUMNS})
            table["published_on"] = pd.to_datetime(table["published_on"]).astype("datetime64[s]")
            return Vintages(region, indicator, table)

        def refuse(*_):
            raise AssertionError("a settled period needs no forecast")

        plan = parse_plan(PLAN, "plan.toml", catalogue)
        rows = plan_rows(
            catalogue.region("嘉定"), [plan], catalogue, day, list(on_file), vintages,
            forecast or refuse,
        )  # fmt: skip
        return {row.target.key: row for row in rows}, rows

    return make


def cap(value, period="2021", announced="2021-04-01", **changes) -> Target:
    fields = {"tier": "municipal", "direction": "cap", "basis": "any_month", "qualifier": "以内"}
    return Target(
        region="310114", indicator="registered_unemployed", period=period, value=value, unit="人",
        announced_on=date.fromisoformat(announced), announced_estimated=False, source="文件",
        **{**fields, **changes},
    )  # fmt: skip


@pytest.fixture
def ahead_of(vintages_of, monthly):
    """Forecasts of a series since 2021-01 on two paths: as it ended, and one fifth higher."""

    def make(values, day=date(2030, 1, 1)):
        def forecast(region, indicator, targets):
            known = vintages_of(monthly("2021-01", values), region.code, indicator.code)
            history = from_known(known.as_of(day), region, indicator, day)
            flat = np.full((2, 15), values[-1]) * np.array([[1.0], [1.2]])
            return history, SamplePaths(flat, history.origin), 12

        return forecast

    return make


YTD = [100.0 * m for m in range(1, 13)]


def test_a_settled_total(rows_of, catalogue):
    rows, plan = rows_of({"new_jobs": ("2021-01", [*YTD, *[v * 1.1 for v in YTD]])})
    (total,) = rows["jobs"].assessments.totals
    assert (total.published, total.p_reach) == (pytest.approx(2520), 1.0)
    assert rows["jobs"].midterm.progress == pytest.approx(0.5)
    assert [round(y.figure) for y in rows["jobs"].years] == [1200, 1320]
    assert (
        "没有“登记失业人数”" in rows["register"].missing or "尚未登记" in rows["register"].missing
    )
    assert "指标目录" in rows["training"].missing
    content = progress_document(catalogue.region("嘉定"), date(2030, 1, 1), plan, catalogue)
    assert (content["assessed"], content["demo"]) == (1, False)
    assert content["targets"][0]["result"] == "已完成 2,520人"


def test_numbers_set_elsewhere_are_taken_from_file(rows_of, ahead_of, catalogue):
    values = [90.0] * 10 + [120.0, 95.0] + [100.0] * 12
    on_file = [cap(110.0), cap(105.0, "2022"), cap(99.0, "2022", announced="2031-01-01"),
               cap(50.0, "2022", tier="district")]  # fmt: skip
    rows, plan = rows_of(
        {"registered_unemployed": ("2021-01", values)}, on_file, forecast=ahead_of(values)
    )
    row = rows["register"]
    assert [(t.period, t.value) for t in row.targets] == [("2021", 110.0), ("2022", 105.0)]
    assert [a.already_breached for a in row.assessments.caps] == [True, False]
    assert [(y.value, y.months_above, y.met) for y in row.years] == [
        (110.0, 1, False),
        (105.0, 0, True),
    ]
    content = progress_document(catalogue.region("嘉定"), date(2030, 1, 1), plan, catalogue)
    assert content["targets"][1]["result"] == "2 年中 1 年突破（2021）"
    assert "new_jobs" not in rows


def test_a_demonstration_number_is_not_held_against_real_data(rows_of):
    values = np.linspace(90, 110, 24).round()
    rows, _ = rows_of({"registered_unemployed": ("2021-01", values)}, [cap(100.0, demo=True)])
    assert rows["register"].assessments.caps == []
    assert "尚未登记" in rows["register"].missing


def test_a_running_period_is_forecast(rows_of, vintages_of, monthly):
    totals, day, asked = [101.0, *(100.0 * m for m in range(2, 10))], date(2021, 10, 30), []

    def forecast(region, indicator, targets):
        asked.append((region.code, indicator.code, [t.period for t in targets]))
        known = vintages_of(monthly("2021-01", totals), region.code, indicator.code).as_of(day)
        history = from_known(known, region, indicator, day)
        pace = np.array([[1.0], [1.0], [0.9], [1.2]])
        return history, SamplePaths(np.full((4, 15), 100.0) * pace, history.origin), 6

    rows, _ = rows_of({"new_jobs": ("2021-01", totals)}, day=day, forecast=forecast)
    assert asked == [("310114", "new_jobs", ["2021-2022"])]
    (total,) = rows["jobs"].assessments.totals
    # 900 published; 1500 to come on two paths of four, 1350 and 1800 on the others.
    assert (total.p_reach, total.untested) == (0.75, True)
    assert rows["jobs"].midterm.figure is None


def test_what_is_in_force_besides_the_plan_is_shown(rows_of, ahead_of, catalogue):
    """Own caps of the year, changed within it, on two bases; a yearly floor carried over."""
    values = [90.0] * 12 + [90.0, 120.0, 95.0, 104.0, 95.0, 95.0]
    on_file = [
        cap(110.0, "2022", "2022-01-01", tier="district"),
        cap(100.0, "2022", "2022-04-10", tier="district"),
        cap(100.0, "2022", "2022-04-10", tier="district", basis="period_end"),
        cap(5.0, "2022", "2022-01-01", tier="own", demo=True),
        cap(None, "2022", "2022-01-01", tier="own"),
        cap(130.0, "2022-12", "2022-01-01", tier="national", basis="point"),
    ]
    day = date(2022, 7, 20)
    _, plan = rows_of(
        {"registered_unemployed": ("2021-01", values)}, on_file, day, ahead_of(values, day)
    )
    content = progress_document(catalogue.region("嘉定"), day, plan, catalogue, ["取自测试"])
    shown = [r for r in content["targets"] if r["plan"] == "《另行登记的控制数和目标》"]
    assert [(r["key"].split(".")[3], r["value"]) for r in shown] == [
        ("any_month", 100.0),
        ("period_end", 100.0),
        ("point", 130.0),
    ]
    # February 120 broke 110, April 104 broke 100; then one path of two stays at 95.
    assert shown[0]["result"] == (
        "2022 年已突破 110人（2022-02 起 2 个月），今后再突破 100人 的概率 50.0%"
    )
    assert shown[1]["result"] == "2022 年期末突破 100人 的概率 50.0%"
    assert [y["months_above"] for y in shown[0]["years"]] == [2]
    # No month of the one that only December counts for is published.
    assert [(y["months"], y["figure"]) for y in shown[2]["years"]] == [(0, None)]
    assert content["notes"] == ["取自测试"]
    table = period_ends_table([r for r in content["targets"] if not r["missing"]])
    assert table.rows[0][0] == "2022 登记失业人数（区控制数，各月）"
