"""How a figure is typed: marks that make it no figure, and marks that say nothing."""

import pytest

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.readers import read_bytes

CATALOGUE = load_catalogue()
FIRMS = "企业编码,月份,地区,行业,建档期就业人数,新招,减员,调查期末就业人数\n"


def read(text):
    return read_bytes(text.encode(), "月报.csv", CATALOGUE, region="嘉定")


def one(cell, head="登记失业人数"):
    return read(f"月份,{head}\n2025年1月,{cell}\n2025年2月,\n")


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("13'600", 13600), ("13’600", 13600), ("1'013'600.0", 1013600), ("'13600", 13600),
        ('"=""13600"""', 13600), ('=""', None), ("1.3587E+04", 13587), ("13'600人", 13600),
    ],
)  # fmt: skip
def test_marks_that_change_nothing(cell, value):
    result = one(cell)
    values = [r.observation.value for r in result.readings]
    assert values == ([] if value is None else [value])


@pytest.mark.parametrize(
    ("head", "cell", "said"),
    [
        ("登记失业人数", "+13600", "正号"),
        ("登记失业率", "+0.1", "正号"),
        ("登记失业人数", "1.36E+04", "科学计数"),
        ("新登记失业人数", "2E+03", "科学计数"),
        ("登记失业人数", "13'60", "不是数值"),
        ("登记失业人数", "1,013'600", "不是数值"),
        ("登记失业率", "3.2个百分点", "百分点"),
    ],
)
def test_marks_that_say_that_it_is_no_figure(head, cell, said):
    assert said in str(one(f'"{cell}"', head).refusal())


def test_forced_texts_are_labels_too():
    result = read('月份,登记失业人数\n="202501",13600\n\'2025-02,13700\n')
    assert [str(r.observation.month) for r in result.readings] == ["2025-01", "2025-02"]


@pytest.mark.parametrize(
    ("row", "end"),
    [
        ("A1,2026-10,嘉定区,制造业,1万,0,0,1万人", 10000),
        ("A1,2026-10,嘉定区,制造业,12百人,0人,0,12百人", 1200),
        ("A1,2026-10,嘉定区,制造业,1.2E+03,0,0,1.2E+03", None),
        ("A1,2026-10,嘉定区,制造业,120,5%,5%,120", None),
        ("A1,2026-10,嘉定区,制造业,120,+1,1,120", None),
    ],
)
def test_staff_of_firms(row, end):
    result = read(f"{FIRMS}{row}\n")
    assert [f.end for f in result.firms] == ([] if end is None else [end])
    assert bool(result.errors) is (end is None)


def test_a_firm_typed_in_two_ways_is_one():
    row = "2026-10,嘉定区,制造业,120,1,1,120"
    assert "已在" in str(read(f"{FIRMS}A1,{row}\na1,{row}\n").refusal())


@pytest.mark.parametrize("cell", ["+136", "1.36E+04"])
def test_part_month_figures(cell):
    result = read(f"地区,截至日期,登记失业人数\n嘉定区,2026-11-20,{cell}\n")
    assert not result.part_months
    assert [e.check for e in result.errors] == ["unreadable_value"]
