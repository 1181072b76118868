"""Divisions after GB/T 2260: found by what people call them, entered once, never confused."""

import pytest

from employment_forecast.data.catalogue import (
    division_above,
    divisions,
    divisions_below,
    find_divisions,
    full_name,
    load_catalogue,
    namesakes,
    region_table,
)
from employment_forecast.data.errors import UsageError


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("310101", ["上海市黄浦区"]),
        ("黄浦", ["上海市黄浦区"]),
        ("上海市黄浦区", ["上海市黄浦区"]),
        ("上海黄浦", ["上海市黄浦区"]),
        ("普陀区", ["上海市普陀区", "浙江省舟山市普陀区"]),
        ("舟山普陀", ["浙江省舟山市普陀区"]),
        ("浙江普陀", ["浙江省舟山市普陀区"]),
        ("浙江省舟山市普陀区", ["浙江省舟山市普陀区"]),
        ("北京普陀", []),
        ("安亭镇", []),
        ("", []),
        ("黄浦区" * 20, []),
        ("城区", ["山西省阳泉市城区", "山西省晋城市城区", "广东省汕尾市城区"]),
        ("仙桃市", ["湖北省仙桃市"]),
        ("两江新区", ["重庆市两江新区"]),
        ("江北区", ["浙江省宁波市江北区"]),
    ],
)
def test_a_name_with_or_without_what_it_lies_in(text, names):
    assert [full_name(code) for code in find_divisions(text)] == names


def test_every_code_lies_in_one_that_is_listed():
    codes = list(divisions())
    assert codes == sorted(set(codes))
    assert len([c for c in codes if c.endswith("0000")]) == 34
    for code, name in divisions().items():
        assert name
        assert division_above(code) == "100000" or division_above(code) in divisions()
        assert code in find_divisions(full_name(code))
    assert [full_name(c) for c in divisions_below("330900")] == [
        f"浙江省舟山市{name}" for name in ("定海区", "普陀区", "岱山县", "嵊泗县")
    ]
    assert len(divisions_below("310000")) == 16


def test_the_shipped_regions_have_the_codes_of_the_table():
    for region in load_catalogue().regions:
        if region.parent is not None:
            assert divisions()[region.code] == region.name


def test_an_entry_answers_to_its_short_and_full_names_and_a_namesake_is_refused():
    catalogue = load_catalogue()
    entry = region_table(catalogue, "330903", "普陀区")
    assert entry == {
        "code": "330903",
        "name": "普陀区",
        "aliases": ["普陀", "舟山市普陀区", "浙江省舟山市普陀区"],
        "parent": "330900",
        "level": "district",
    }
    assert region_table(catalogue, "510100", "成都市")["parts_complete"] is False
    assert region_table(catalogue, "310114999", "示例街道") == {
        "code": "310114999", "name": "示例街道", "parent": "310114", "level": "street",
    }  # fmt: skip
    with pytest.raises(UsageError, match="同名"):
        region_table(load_catalogue([entry]), "310107", "普陀区")
    assert namesakes("330903", "310000")
    assert not namesakes("330903", "330900")
    assert not namesakes("310114", "310000")
    assert not namesakes("120102", "371000")  # 河东区 of 天津 and of 临沂 (3713), none in 威海
