"""Parts of regions: dated entries, faults of a tree, changes of territory."""

from __future__ import annotations

import pandas as pd
import pytest

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.errors import SettingsError


def street(number: int, **more: object) -> dict[str, object]:
    return {
        "code": f"31011410{number}",
        "name": f"第{number}街道",
        "parent": "310114",
        "level": "street",
        **more,
    }


def month(text: str) -> pd.Period:
    return pd.Period(text, freq="M")


def names(regions) -> list[str]:
    return [r.name for r in regions]


def test_parts_of_what_adds_up_and_of_nothing_else():
    own = load_catalogue([street(1), street(2)])
    jiading, now = own.region("嘉定"), month("2025-01")
    assert names(own.parts(jiading, own.indicator("登记失业人数"), now)) == ["第1街道", "第2街道"]
    assert own.parts(jiading, own.indicator("登记失业率"), now) == ()
    assert own.parent(own.region("第1街道"), now) is jiading


def test_a_region_whose_parts_are_not_all_listed_has_no_sum():
    own = load_catalogue()
    unemployed = own.indicator("登记失业人数")
    assert own.children(own.region("上海"))
    assert own.parts(own.region("上海"), unemployed, month("2025-01")) == ()
    again = load_catalogue([{"code": "310000", "name": "上海市", "parent": "100000"}])
    assert again.region("上海市").parts_complete is False
    told = {"code": "310000", "name": "上海市", "parent": "100000", "parts_complete": True}
    assert load_catalogue([told]).region("上海市").parts_complete


def test_the_tree_from_the_top_down():
    all_listed = {
        "code": "310000", "name": "上海市", "parent": "100000", "parts_complete": True,
    }  # fmt: skip
    own = load_catalogue([all_listed, street(1), street(2)])
    tree = own.tree(own.region("上海市"), own.indicator("登记失业人数"), month("2025-01"))
    assert list(tree) == ["310000", "310114"]
    assert names(tree["310000"]) == ["徐汇区", "嘉定区"]


def test_a_merger_within_a_parent_breaks_nothing():
    merged = street(1, until="2024-06", successor=["310114102"])
    own = load_catalogue([merged, street(2)])
    jiading, unemployed = own.region("嘉定"), own.indicator("登记失业人数")
    assert names(own.parts(jiading, unemployed, month("2024-06"))) == ["第1街道", "第2街道"]
    assert names(own.parts(jiading, unemployed, month("2024-07"))) == ["第2街道"]
    assert names(own.merged_into(own.region("第2街道"))) == ["第1街道"]
    assert unemployed.breaks_in("310114", demo=False) == ()
    assert unemployed.breaks_in("310114102", demo=False) == ()


def test_a_new_name_and_another_parent_are_two_entries_of_one_code():
    before = street(1, name="老镇", until="2023-12")
    after = street(1, name="新街道", parent="310104", **{"from": "2024-01"})
    own = load_catalogue([after, before])
    region = own.region("老镇")
    assert (region.name, region.parent) == ("新街道", "310104")
    assert own.parent(region, month("2023-12")).name == "嘉定区"
    assert own.parent(region, month("2024-01")).name == "徐汇区"
    unemployed = own.indicator("登记失业人数")
    for district in ("310104", "310114"):
        (moved,) = unemployed.breaks_in(district, demo=False)
        assert (str(moved.month), moved.treatment) == ("2024-01", "dummy")
        assert "划入" in moved.note
    assert unemployed.breaks_in("310000", demo=False) == ()


@pytest.mark.parametrize(
    ("entry", "note"),
    [
        (street(3, **{"from": "2024-01"}), "第3街道新设"),
        (street(3, until="2023-12"), "第3街道撤销"),
    ],
)
def test_parts_that_come_from_or_go_nowhere_break_the_sum(entry, note):
    own = load_catalogue([street(1), entry])
    (told,) = own.indicator("登记失业人数").breaks_in("310114", demo=False)
    assert (str(told.month), told.note) == ("2024-01", note)


def test_a_division_breaks_what_goes_on_under_the_old_code_only():
    old = street(1, until="2023-12", successor=["310114101", "310114102"])
    rest, new = street(1, **{"from": "2024-01"}), street(2, **{"from": "2024-01"})
    unemployed = load_catalogue([old, rest, new]).indicator("登记失业人数")
    assert [b.note for b in unemployed.breaks_in("310114101", demo=False)] == ["第1街道拆分"]
    assert unemployed.breaks_in("310114", demo=False) == ()


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([street(1), street(1)], "登记了两次"),
        ([street(1), street(1, parent="310104")], "同时有两个上级：310114 和 310104"),
        ([street(1, parent=["310114", "310104"])], "parent"),
        ([street(1, parent="310114101")], "圈"),
        ([street(1, parent="310114102"), street(2, parent="310114101")], "圈"),
        ([street(1, until="2023-01", **{"from": "2024-01"})], "早于"),
        ([street(1, successor=["310114102"]), street(2)], "until"),
        ([street(1, until="2023-12", successor=["310114109"])], "310114109 不存在"),
        (
            [
                street(1, until="2023-12", successor=["310114102"]),
                street(2, **{"from": "2024-03"}),
            ],
            "2024-01 并未启用",
        ),
        (
            [
                street(1, until="2023-12", successor=["310114102"]),
                street(1, **{"from": "2025-01"}),
                street(2, until="2024-12", successor=["310114101"]),
            ],
            "successor 绕成了圈",
        ),
        ([street(1, until="2023年12月")], "2021-01"),
    ],
)
def test_a_faulty_tree_is_refused_by_name(entries, said):
    with pytest.raises(SettingsError, match=said) as caught:
        load_catalogue(entries)
    assert caught.value.hint


def test_a_single_street_is_not_taken_for_the_whole_district():
    alone = load_catalogue([street(1)])
    assert not alone.lists_parts(alone.region("嘉定"))
    said = {"code": "310114", "name": "嘉定区", "parent": "310000", "parts_complete": True}
    assert (told := load_catalogue([street(1), said])).lists_parts(told.region("嘉定区"))
