"""Regions and indicators answer to their names; a workspace adds its own."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from employment_forecast.data.catalogue import Series, load_catalogue
from employment_forecast.data.errors import SettingsError, UnknownNameError

# GB/T 2260, and the indicator each is forecast by.
SHIPPED = {
    "全国": "100000",
    "上海市": "310000",
    "徐汇区": "310104",
    "嘉定区": "310114",
    "浙江省": "330000",
    "舟山市": "330900",
    "绍兴市": "330600",
    "嵊州市": "330683",
    "武汉市": "420100",
    "江夏区": "420115",
}
STREET = {"code": "310114101", "name": "某街道", "aliases": ["某街"], "parent": "310114"}


def refused(regions=(), indicators=()) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        load_catalogue(regions, indicators)
    assert caught.value.hint
    return caught.value


def test_the_promised_regions_are_there(catalogue):
    assert {r.name: r.code for r in catalogue.regions} == SHIPPED


def test_every_name_finds_its_owner(catalogue):
    for region in catalogue.regions:
        for name in region.names:
            assert catalogue.region(name) is region
            assert catalogue.region(f" {name.upper()} ") is region
    for indicator in catalogue.indicators:
        for name in indicator.names:
            assert catalogue.indicator(name) is indicator


def test_every_region_has_an_indicator_and_a_parent(catalogue):
    for region in catalogue.regions:
        assert catalogue.default_indicator(region).code == region.default_indicator
        if region.code != "100000":
            assert catalogue.region(region.parent).code == region.parent
    children = catalogue.children(catalogue.region("上海"))
    assert [r.name for r in children] == ["徐汇区", "嘉定区"]


@pytest.mark.parametrize(
    ("typed", "nearest"), [("嘉定县", "嘉定"), ("310115", "310114"), ("jiadin", "jiading")]
)
def test_an_unknown_region_gets_the_nearest(catalogue, typed, nearest):
    with pytest.raises(UnknownNameError, match=typed) as caught:
        catalogue.region(typed)
    assert nearest in caught.value.hint
    assert caught.value.exit_code == 3


def test_an_unknown_indicator_gets_the_nearest_and_the_list(catalogue):
    with pytest.raises(UnknownNameError) as caught:
        catalogue.indicator("登记失业数")
    assert "登记失业人数" in caught.value.hint
    assert "pmi_manufacturing" in caught.value.hint


def test_facts_of_the_indicators(catalogue):
    count = catalogue.indicator("城镇登记失业人数")
    assert (count.kind, count.unit, count.precision, count.decimals) == ("stock", "人", 1.0, 0)
    surveyed = catalogue.indicator("调查失业率")
    assert (surveyed.kind, surveyed.unit, surveyed.decimals) == ("rate", "%", 1)
    assert catalogue.indicator("登记失业率").decimals == 2
    jobs = catalogue.indicator("新增就业")
    assert (jobs.kind, jobs.reporting, jobs.aggregation) == ("flow", "year_to_date", "sum")


def test_a_workspace_adds_a_street_and_replaces_an_entry():
    own = load_catalogue([STREET, {"code": "310114", "name": "嘉定新区", "parent": "310000"}])
    assert own.region("某街").parent == "310114"
    assert own.region("310114").name == "嘉定新区"
    assert len(own.regions) == len(SHIPPED) + 1


def test_an_entry_of_a_known_region_changes_only_what_it_says():
    shipped = load_catalogue().region("舟山市")
    entry = {"code": "330900", "name": "舟山市"}
    complete = load_catalogue([{**entry, "parts_complete": True}]).region("舟山")
    assert complete == replace(shipped, parts_complete=True)
    unnamed = load_catalogue([{**entry, "aliases": []}])
    assert unnamed.region("舟山市") == replace(shipped, aliases=())
    with pytest.raises(UnknownNameError):
        unnamed.region("舟山")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"alias": ["x"]}, "aliases"),
        ({"parent": "999999"}, "999999"),
        ({"default_indicator": "registered_unemploied"}, "registered_unemployed"),
        ({"aliases": ["嘉定"]}, "嘉定"),
        ({"aliases": "某街"}, "aliases"),
        ({"code": 310114101}, "code"),
        ({"name": None}, "name"),
    ],
)
def test_a_wrong_region_is_refused(change, named):
    assert named in str(refused([{**STREET, **change}]))


def test_a_region_without_a_name_is_refused():
    assert "name" in str(refused([{"code": "310114101"}]))


OWN = {"code": "vacancies", "name": "空岗数", "kind": "stock", "unit": "个"}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"kind": "level"}, "stock"),
        ({"transform": "sqrt"}, "log"),
        ({"lag_days": 1.5}, "lag_days"),
        ({"lag_days": True}, "lag_days"),
        ({"precision": "1"}, "precision"),
        ({"precision": 0}, "precision"),
        ({"precision": -1}, "precision"),
        ({"unitt": "人"}, "unit"),
        ({"name": "登记失业率"}, "registered_unemployment_rate"),
        ({"breaks": [{"month": "2021-13"}]}, "2021-13"),
        ({"breaks": [{"month": ""}]}, "2021-01"),
        ({"breaks": [{"note": "x"}]}, "month"),
        ({"breaks": [{"month": "2021-01", "treatment": "ignore"}]}, "split"),
        ({"breaks": [{"month": "2021-01", "demo": "yes"}]}, "demo"),
        ({"breaks": ["2021-01"]}, "breaks"),
        ({"breaks": {"month": "2021-01"}}, "breaks"),
        ({"breaks": [{"month": "２０２１-01"}]}, "2021-01"),
        ({"breaks": [{"month": "2021-01", "region": "310115"}]}, "310115 不存在"),
        ({"reporting": "year_to_date"}, "不是当月数"),
        ({"smallest": 10, "largest": 5}, "smallest 大于 largest"),
        ({"kind": "rate", "aggregation": "sum"}, "不能相加"),
        ({"kind": "rate", "numerator": ["registered_unemployed"]}, "须都写"),
        (
            {"kind": "rate", "numerator": ["a1"], "denominator": ["registered_unemployed"]},
            "a1 不存在",
        ),
    ],
)
def test_a_wrong_indicator_is_refused(change, named):
    assert named in str(refused((), [{**OWN, **change}]))


def test_breaks_by_region_in_order_of_time():
    listed = [
        {"month": "2021-01", "region": "310114"},
        {"month": "2015-06"},
        {"month": "2019-01", "region": "420115", "treatment": "dummy", "note": "口径"},
        {"month": "2023-01", "region": "310114", "demo": True},
    ]
    own = load_catalogue((), [{**OWN, "breaks": listed}]).indicator("空岗数")
    assert [str(b.month) for b in own.breaks_in("310114", demo=False)] == ["2015-06", "2021-01"]
    assert [str(b.month) for b in own.breaks_in("310114", demo=True)][-1] == "2023-01"
    assert [b.treatment for b in own.breaks_in("420115", demo=False)] == ["split", "dummy"]


@pytest.mark.parametrize(
    ("precision", "decimals"), [(1, 0), (10, 0), (0.1, 1), (0.01, 2), (0.001, 3), (0.5, 1)]
)
def test_decimals_follow_from_the_precision(precision, decimals):
    own = load_catalogue((), [{**OWN, "precision": precision}])
    assert own.indicator("vacancies").decimals == decimals


def test_january_with_february(catalogue):
    surveyed = catalogue.indicator("surveyed_unemployment_rate")
    january = pd.Period("2025-01", "M")
    assert surveyed.usually_published(january) == surveyed.usually_published(january + 1)
    assert surveyed.usually_published(january + 2) > surveyed.usually_published(january + 1)
    count = catalogue.indicator("registered_unemployed")
    assert str(count.usually_published(january)) == "2025-02-10"


@pytest.mark.parametrize(
    ("indicator", "options"),
    [
        ("登记失业人数", "--region 嘉定区"),
        ("新增就业", "--region 嘉定区 --indicator new_jobs"),
        ("高校毕业生登记失业人数", "--region 嘉定区 --indicator registered_unemployed.graduates"),
    ],
)
def test_an_advised_command_means_the_same_series(catalogue, indicator, options):
    series = Series(catalogue.region("嘉定"), catalogue.indicator(indicator))
    assert series.options == options
    *_, named = options.split()
    meant = named if "--indicator" in options else series.region.default_indicator
    assert catalogue.indicator(meant) == series.indicator
