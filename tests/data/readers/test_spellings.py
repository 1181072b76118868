"""Months, numbers, units and labels in every spelling the offices use."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.readers.tables.axis import decimal_habit, settled
from employment_forecast.data.readers.vocabulary.folding import fold
from employment_forecast.data.readers.vocabulary.labels import Vocabulary
from employment_forecast.data.readers.vocabulary.months import (
    When,
    bare_when,
    find_when,
    parse_when,
)
from employment_forecast.data.readers.vocabulary.numbers import looks_like_value, parse_amount
from employment_forecast.data.readers.vocabulary.units import (
    conversion,
    parse_unit,
    parse_units,
    unit_note,
)
from employment_forecast.data.records.place import shown

VOCABULARY = Vocabulary(load_catalogue())


@pytest.mark.parametrize(
    "text",
    [
        "2021年3月",
        "2021年03月份",
        "202103",
        "2021-03",
        "2021.03",
        "2021/3",
        "20210331",
        "2021-03-31",
        "2021/3/1",
        "2021年3月31日",
        "2021/03/01 00:00:00",
        "２０２１年３月",
        "2021 年 3 月",
        "二〇二一年三月",
        "二○二一年三月份",
        "21年3月",
        "截至2021年3月末",
        "2021年3月底",
        "Mar-21",
        "21-Mar",
        "March 2021",
        "2021M03",
    ],
)
def test_spellings_of_one_month(text):
    assert parse_when(text) == When(2021, 3, 3)


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("1-3月", When(None, 1, 3)),
        ("1—3月", When(None, 1, 3)),
        ("1－3月累计", When(None, 1, 3, cumulative=True)),
        ("1至3月", When(None, 1, 3)),
        ("2021年1—3月", When(2021, 1, 3)),
        ("2021年1月-3月累计", When(2021, 1, 3, cumulative=True)),
        ("2021年1月至2021年3月", When(2021, 1, 3)),
        ("4-6月", When(None, 4, 6)),
        ("26年1-2月", When(2026, 1, 2)),
        ("2021年一季度", When(2021, 1, 3)),
        ("前三季度", When(None, 1, 9)),
        ("上半年", When(None, 1, 6)),
        ("2021年全年", When(2021, 1, 12)),
        ("3月", When(None, 3, 3)),
        ("十二月", When(None, 12, 12)),
        ("元月", When(None, 1, 1)),
        ("2021年元月份", When(2021, 1, 1)),
        ("元月至三月", When(None, 1, 3)),
        ("2021年元-3月", When(2021, 1, 3)),
        ("3月累计", When(None, 3, 3, cumulative=True)),
        ("2021年", When(2021)),
        ("2021", When(2021)),
        ("2021年度", When(2021)),
        ("2021.1", When(2021, 1, 1, unpadded=True)),
        ("2021.10", When(2021, 10, 10)),
    ],
)
def test_spans_years_and_months_without_a_year(text, when):
    assert parse_when(text) == when


@pytest.mark.parametrize(
    "text",
    ["", "13月", "2021年13月", "2021-13", "202113", "3", "68,151", "2021年3月5", "3-1月", "嘉定",
     "2020年11月至2021年3月", "1850年3月", "2021-00", "20210332", "累计", "1元月"],
)  # fmt: skip
def test_what_is_no_time(text):
    assert parse_when(text) is None


@pytest.mark.parametrize(
    ("text", "when"),
    [("3", When(None, 3, 3)), ("03", When(None, 3, 3)), ("十一", When(None, 11, 11)),
     ("1-3", When(None, 1, 3)), ("13", None), ("0", None), ("3-1", None), ("3.5", None)],
)  # fmt: skip
def test_bare_numbers(text, when):
    assert bare_when(text) == when


@pytest.mark.parametrize(
    ("text", "when", "rest"),
    [
        ("嘉定区2021年1—3月就业情况", When(2021, 1, 3), "嘉定区就业情况"),
        ("2021年失业", When(2021), "失业"),
        ("就业月报202103", When(2021, 3, 3), "就业月报"),
        ("嘉定区2021年元月就业情况", When(2021, 1, 1), "嘉定区就业情况"),
        ("3月末登记失业人数", When(None, 3, 3), "登记失业人数"),
        ("16-24岁人口2021年3月", When(2021, 3, 3), "16-24岁人口"),
    ],
)
def test_times_inside_a_title(text, when, rest):
    assert find_when(text) == (when, rest)


@pytest.mark.parametrize(
    "text",
    [
        *("2019—2021年各区", "上海市2021年4月15日", "31个大城市", "2020年和2021年3月失业"),
        *("失业保险基金结余万元月末数", "人均工资元月均"),
    ],
)
def test_titles_without_one_time(text):
    assert find_when(text) is None


@settings(deadline=None)
@given(
    st.integers(1950, 2098),
    st.integers(1, 12),
    st.sampled_from(["{}年{}月", "{}-{:02d}", "{}{:02d}"]),
)
def test_every_month_is_read(year, month, pattern):
    assert parse_when(pattern.format(year, month)) == When(year, month, month)


def test_january_and_october_of_decimal_months():
    one = When(2021, 1, 1, unpadded=True)
    assert settled(one, None, "padded").last == 10
    assert settled(one, None, "plain").last == 1
    assert settled(one, When(2021, 9, 9), "plain").last == 10
    assert settled(one, When(2021, 11, 11), "unknown").last == 10
    assert settled(one, When(2020, 12, 12), "unknown").last == 1
    assert settled(one, When(2020, 9, 9), "plain").last == 1
    assert settled(one, None, "unknown").unpadded


def test_the_habit_of_decimal_months():
    assert decimal_habit(["2021.1", "2021.02"]) == "padded"
    assert decimal_habit(["2021.1", "2021.2"]) == "plain"
    assert decimal_habit(["2021.10", "2021.11"]) == "plain"
    assert decimal_habit(["2021.1", "2021.11", "68,151"]) == "unknown"


def test_a_year_is_carried_only_forwards():
    assert settled(When(None, 4, 4), When(2021, 3, 3), "unknown").year == 2021
    assert settled(When(None, 1, 1), When(2021, 12, 12), "unknown").year is None
    assert settled(When(None, 4, 4), When(None, 3, 3), "unknown").year is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("68,151", "68151"),
        ("68，151", "68151"),
        ("-30,981", "-30981"),
        ("−30,981", "-30981"),
        ("—30", "-30"),
        ("(30,981)", "-30981"),
        ("（30）", "-30"),
        ("+3", "3"),
        ("５．２", "5.2"),
        ("5.2％", "5.2"),
        ("0.5（百分点）", "0.5"),
        ("6.8万人", "6.8"),
        ("68 151", "68151"),
        ("68151①", "68151"),
        ("5.1*", "5.1"),
        ("6.8E+04", "68000"),
        (".5", "0.5"),
        ("0.0", "0"),
        (0.1 + 0.2, "0.3"),
        (68151.0, "68151"),
    ],
)
def test_numbers(text, number):
    assert parse_amount(text).number == Decimal(number)


@pytest.mark.parametrize(
    "text",
    ["…", "……", "...", "/", "—", "——", "-", "－", "", "  ", "无", "未公布", "N/A", "#N/A", None],
)
def test_marks_of_what_was_not_published(text):
    assert parse_amount(text).missing


@pytest.mark.parametrize(
    "text",
    ["1,23", "12,34,567", "12 5", "约3", "三", "#REF!", "1e400", "9" * 20, "5.1¹", "1.2.3",
     "67,9O0", "68人左右", "11月", "0,123", float("nan"), float("inf"), 1e16, date(2021, 3, 1)],
)  # fmt: skip
def test_what_is_no_number_is_a_fault(text):
    amount = parse_amount(text)
    assert amount.fault
    assert not amount.missing


@settings(deadline=None)
@given(st.integers(-(10**9), 10**9))
def test_grouped_and_plain_integers_agree(number):
    assert parse_amount(f"{number:,}").number == number
    assert parse_amount(str(number)).number == number
    assert parse_amount(float(number)).number == number


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_a_number_missing_or_a_fault(text):
    amount = parse_amount(text)
    assert (amount.number is not None) + amount.missing + bool(amount.fault) == 1
    assert isinstance(looks_like_value(text), bool)
    parse_when(text)
    bare_when(text)
    find_when(text)
    VOCABULARY.classify(text)
    assert fold(fold(text)) == fold(text)
    assert len(shown(text)) <= 31


@pytest.mark.parametrize(
    ("name", "dimension", "factor"),
    [
        ("人", "persons", 1),
        ("万人", "persons", 10000),
        ("千人", "persons", 1000),
        ("万", "persons", 10000),
        ("％", "percent", 1),
        ("‰", "percent", Decimal("0.1")),
        ("亿元", "money", 100000000),
        ("万个", "persons", 10000),
        ("家", "firms", 1),
    ],
)
def test_units(name, dimension, factor):
    unit = parse_unit(name)
    assert unit is not None
    assert (unit.dimension, unit.factor) == (dimension, Decimal(factor))


def test_unit_notes_and_lists():
    assert [u.name for u in unit_note("单位：人、％")] == ["人", "%"]
    assert [u.name for u in unit_note("（万人）")] == ["万人"]
    assert [u.name for u in unit_note("计量单位:万人")] == ["万人"]
    assert unit_note("单位：嘉定区人社局") == ()
    assert parse_units("人和嘉定") == ()
    assert parse_unit("头") is None


def test_conversions_are_exact():
    ten_thousand = parse_unit("万人")
    assert Decimal("6.8151") * conversion(ten_thousand, "人") == 68151
    assert conversion(parse_unit("人"), "万人") == Decimal("0.0001")
    assert conversion(ten_thousand, "%") is None
    assert conversion(parse_unit("指数"), "指数") == 1


def label(text):
    classified = VOCABULARY.classify(text)
    return {
        "region": classified.region.code if classified.region else None,
        "indicator": classified.indicator.code if classified.indicator else None,
        "group": classified.group,
        "units": [u.name for u in classified.units],
    }


@pytest.mark.parametrize(
    ("text", "region", "indicator", "group", "units"),
    [
        ("登记失业人数（万人）", None, "registered_unemployed", None, ["万人"]),
        ("嘉定区登记失业人数", "310114", "registered_unemployed", None, []),
        ("全国城镇调查失业率", "100000", "surveyed_unemployment_rate", None, []),
        (
            "16－24岁人口调查失业率",
            None,
            "surveyed_unemployment_rate_16_24_with_students",
            None,
            [],
        ),
        ("困难人员登记失业人数(人)", None, "registered_unemployed", "hard_to_place", ["人"]),
        ("#高校毕业生", None, None, "graduates", []),
        ("一、城镇新增就业", None, "new_jobs", None, []),
        ("城镇新增就业（人，1月起累计）", None, "new_jobs", None, ["人"]),
        ("登记失业率%", None, "registered_unemployment_rate", None, ["%"]),
        ("上海市嘉定区", "310114", None, None, []),
        ("310114", "310114", None, None, []),
        ("嘉定区*", "310114", None, None, []),
    ],
)
def test_labels(text, region, indicator, group, units):
    assert VOCABULARY.classify(text).known
    assert label(text) == {"region": region, "indicator": indicator, "group": group, "units": units}


@pytest.mark.parametrize(
    "text", ["黄浦区", "外籍登记失业人数", "就业技能培训人数", "登记失业企业数"]
)
def test_labels_that_nothing_explains_are_unknown(text):
    classified = VOCABULARY.classify(text)
    assert not classified.known
    assert classified.indicator is None


@pytest.mark.parametrize(
    ("title", "region", "indicator"),
    [
        ("上海市嘉定区2021年登记失业人数", "嘉定区", "登记失业人数"),
        ("上海市各区登记失业率一览表", "上海市", "登记失业率"),
        ("国家统计局：城镇调查失业率", None, "城镇调查失业率"),
        ("徐汇区与嘉定区对比", None, None),
        ("中国就业", None, None),
    ],
)
def test_titles(title, region, indicator):
    named = VOCABULARY.find_region(title), VOCABULARY.find_indicator(title)
    assert [x.name if x else None for x in named] == [region, indicator]
