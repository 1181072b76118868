"""Groups of people: their names, series of their own, divisions that make up everybody."""

from __future__ import annotations

import pytest

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.errors import DataError, SettingsError, UnknownNameError

INDUSTRIES = [
    {"code": "manufacturing", "name": "制造业", "partition": "industry"},
    {"code": "services", "name": "服务业", "partition": "industry", "synonyms": ["第三产业"]},
]


@pytest.mark.parametrize(
    "typed",
    ["registered_unemployed.graduates", "高校毕业生登记失业人数", "毕业生城镇登记失业人数"],
)
def test_a_group_has_an_indicator_of_its_own(catalogue, typed):
    indicator = catalogue.indicator(typed)
    assert (indicator.code, indicator.name) == (
        "registered_unemployed.graduates",
        "高校毕业生登记失业人数",
    )
    assert indicator.aggregation == "sum"
    base, group = catalogue.group_of(indicator.code)
    assert (base.code, group.name) == ("registered_unemployed", "高校毕业生")


def test_only_people_are_counted_by_group(catalogue):
    for name in ("登记失业率", "新增就业岗位"):
        with pytest.raises(DataError, match=name):
            catalogue.grouped(catalogue.indicator(name), catalogue.group("青年"))
    with pytest.raises(UnknownNameError):
        catalogue.indicator("registered_unemployment_rate.youth")


def test_everybodys_series_is_no_groups(catalogue):
    assert catalogue.group_of("registered_unemployed") is None
    assert catalogue.group_of("registered_unemployed.nobody") is None


def test_an_unknown_group_gets_the_nearest(catalogue):
    with pytest.raises(UnknownNameError, match="毕业生") as caught:
        catalogue.group("毕业声")
    assert caught.value.exit_code == 3
    assert "[[groups]]" in caught.value.hint


def test_a_workspace_adds_divisions_that_exclude_each_other():
    own = load_catalogue(extra_groups=INDUSTRIES)
    assert [g.code for g in own.partition("industry")] == ["manufacturing", "services"]
    assert own.partition("") == ()
    assert own.indicator("第三产业新登记失业人数").code == "registered_inflow.services"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"code": "a.b", "name": "甲"}, "code"),
        ({"code": "a"}, "name"),
        ({"code": "own", "name": "毕业生"}, "毕业生"),
        ({"code": "own", "name": "甲", "partitions": "x"}, "partition"),
    ],
)
def test_a_wrong_group_is_refused(entry, said):
    with pytest.raises(SettingsError, match=said):
        load_catalogue(extra_groups=[entry])


def test_an_unknown_group_reaches_no_terminal_with_its_control_characters() -> None:
    with pytest.raises(UnknownNameError) as caught:
        load_catalogue().group("甲\x1b[31m")
    assert "\x1b" not in str(caught.value)
