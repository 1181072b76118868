"""Long lists are read straight through, and give exactly what the tables give."""

from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.campaigns import examples

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.errors import ForecastError, RefusedError
from employment_forecast.data.readers import read_bytes
from employment_forecast.data.readers import reader as readers

CATALOGUE = load_catalogue()
REGIONS = ["嘉定区", "嘉定", "310114", "徐汇区", "上海市", "不明区", "合计", ""]
INDICATORS = ["登记失业人数", "登记失业率", "城镇新增就业", "新登记失业人数", "招聘人数", "其他"]
MONTHS = [
    "2025-01", "2025年2月", "202503", "2025/4", "2025-05-31", "2025-05-12", "2025.1", "2025年1-3月",
    "2025年", "6月",
]  # fmt: skip
NUMBERS = [
    "9000", "9100", "3.2", "4", "2021", "11", "0", "-5", "007", "9100.5", "0.031", "…", "",
    "1,234", "9.1万人", "13812345678", "6.90%", " 77", "１２",
]  # fmt: skip
UNITS = ["人", "万人", "%", "", "个"]
SOURCES = ["月报", "统计局 月报", "", "张三 13812345678", "310114199003070000"]


def read(text, name="月报.csv", **options):
    """What is read, or the kind of refusal."""
    try:
        return read_bytes(text.encode(), name, CATALOGUE, **options)
    except ForecastError as error:
        return type(error)


def reference(text, name="月报.csv", **options):
    try:
        return readers.read_tables(text.encode(), name, CATALOGUE, options)
    except ForecastError as error:
        return type(error)


def plain(text, **options):
    """What the straight way reads; None where it leaves a file to the tables."""
    collector = readers.new_collector("月报.csv", CATALOGUE, options)
    return readers._as_list(text.encode(), collector, readers.LIMITS)


def lists(*columns):
    """Lines of plain cells, in half of the lists with one odd cell among them."""
    lines = st.lists(st.tuples(*(st.sampled_from(plain) for plain, _ in columns)), min_size=1)
    cells = [(c, text) for c, (_, odd) in enumerate(columns) for text in odd]
    return st.builds(_with_odd_cell, lines, st.none() | st.sampled_from(cells), st.integers(0, 99))


def _with_odd_cell(lines, odd, at):
    rows = [list(line) for line in lines]
    if odd is not None:
        rows[at % len(rows)][odd[0]] = odd[1]
    return "".join(",".join(row) + "\n" for row in rows)


OPTIONS = st.sampled_from([{}, {"region": "嘉定"}, {"published_on": date(2025, 6, 1)}])


@settings(deadline=None, max_examples=examples(30))
@given(
    lists(
        (REGIONS[:4], REGIONS[4:]), (INDICATORS[:5], INDICATORS[5:]), (MONTHS[:5], MONTHS[5:]),
        (NUMBERS[:9], NUMBERS[9:]), (UNITS[:1], UNITS[1:]), (SOURCES[:2], SOURCES[2:]),
    ),
    OPTIONS,
)  # fmt: skip
def test_lists_and_tables_agree(lines, options):
    text = f"地区,指标,月份,数值,单位,来源\n{lines}"
    assert read(text, **options) == reference(text, **options)


@settings(deadline=None, max_examples=examples(30))
@given(
    lists(
        (REGIONS[:4], REGIONS[4:]), (MONTHS[:5], MONTHS[5:]), (NUMBERS[:9], NUMBERS[9:]),
        (["3.1", "3.2", ""], NUMBERS), (["1", "2"], ["初步数", "其中1-2月合计", "合计"]),
    ),
    st.sampled_from(["登记失业人数（人）", "登记失业人数（万人）", "人数", "累计新增就业"]),
)  # fmt: skip
def test_lists_with_several_columns_of_figures_agree_too(lines, head):
    text = f"地区,月份,{head},登记失业率（%）,备注\n{lines}"
    assert read(text) == reference(text)


@settings(deadline=None, max_examples=examples(30))
@given(
    lists(
        (REGIONS[:4], REGIONS[4:]), (["310114"], ["310104", "310115", "310000", "1", "甲", ""]),
        (MONTHS[:5], MONTHS[5:]), (NUMBERS[:9], NUMBERS[9:]),
        (["", "初步数"], ["预计数", "完成年度目标"]),
    ),
    st.sampled_from(["代码", "行政区划代码", "编号", "省份"]),
    st.sampled_from(["月报.csv", "徐汇区.csv", "310115.csv", "2026年预测.csv"]),
)  # fmt: skip
@example("嘉定区,1,2025-01,9000,\n", "行政区划代码", "月报.csv")
@example("嘉定区,310114,2025-01,9000,\n徐汇区,,2025-01,9000,\n", "代码", "月报.csv")
@example("嘉定区,,2025-01,9000,\n", "行政区划代码", "月报.csv")
@example("嘉定区,甲,2025-01,9000,\n", "编号", "月报.csv")
def test_lists_with_codes_and_remarks_agree_too(lines, head, name):
    text = f"地区,{head},月份,登记失业人数,备注\n{lines}"
    assert read(text, name) == reference(text, name)


@pytest.mark.parametrize(
    "text",
    [
        "地区,代码,区划代码,月份,登记失业人数\n嘉定区,1,310114,2025-01,9000\n嘉定区,2,1,2025-02,9100\n",
        "地区,代码,区县,月份,登记失业人数\n嘉定区,其他区,嘉定区,2025-01,9000\n"
        "嘉定区,2,其他区,2025-02,9100\n",
    ],
)
def test_what_a_code_may_be_is_no_name_of_a_region(text):
    assert read(text) == reference(text)
    assert [f.check for f in read(text).findings] == ["unknown_region"]


def test_what_is_plain_is_read_straight_through():
    lines = [
        f"{region},登记失业人数,2025-{month:02d},{9000 + month},人,月报"
        for month in range(1, 10)
        for region in ("嘉定区", "徐汇区")
    ]
    text = "地区,指标,月份,数值,单位,来源\n" + "\n".join(lines) + "\n"
    result = plain(text)
    assert result is not None
    assert len(result.readings) == 18
    assert result == reference(text)
    assert plain(text, region="嘉定").notes == ("另有 9 个其他地区或指标的数未取。",)


@pytest.mark.parametrize(
    "line",
    ["合计,登记失业人数,2025-01,9000,人,月报", "嘉定区,登记失业人数,2025-02,约九千,人,月报",
     "嘉定区,登记失业人数,2025-01,9001,人,月报", "嘉定区,登记失业人数,2025.1,9000,人,月报",
     "嘉定区,登记失业人数,2025-02,90.5,人,月报", "嘉定区,登记失业率,2025-02,0.03,,月报",
     "嘉定区,登记失业人数,2025-02,90000000,人,月报", "嘉定区,登记失业人数,2025-02,9000"],
)  # fmt: skip
def test_what_is_not_plain_is_left_to_the_tables(line):
    text = f"地区,指标,月份,数值,单位,来源\n嘉定区,登记失业人数,2025-01,9000,人,月报\n{line}\n"
    assert plain(text) is None
    assert read(text) == reference(text)


def test_persons_in_a_list_are_refused():
    lines = "".join(f"嘉定区,2025-{m:02d},{9000 + m},月报\n" for m in range(1, 9))
    text = f"地区,月份,登记失业人数,来源\n{lines}嘉定区,2025-09,9000,张三 310114199003074518\n"
    assert read(text) is RefusedError
