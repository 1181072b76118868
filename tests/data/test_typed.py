from __future__ import annotations

import pytest

from employment_forecast.data.errors import DataError, UsageError
from employment_forecast.data.typed import read_line, read_period, read_value


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("2026", "2026"), ("2026年", "2026"), ("２０２６年度", "2026"), ("2026-2026", "2026"),
        ("2021-2025", "2021-2025"), ("2021—2025年", "2021-2025"), ("2021年至2025年", "2021-2025"),
        ("“十四五”时期", "2021-2025"), ("十五五", "2026-2030"),
        ("2026-10", "2026-10"), ("2026年10月", "2026-10"), ("2026/10", "2026-10"),
        ("2026-1", "2026-01"), ("202610", "2026-10"),
    ],
)  # fmt: skip
def test_a_period_is_kept_in_one_way_however_it_is_written(text: str, period: str) -> None:
    assert read_period(text) == period


@pytest.mark.parametrize(
    "text",
    [
        *("", "26", "2026-13", "2026-00", "2026Q3", "2026上半年", "2027-2026", "2026-27", "2026.1"),
        *("0001", "9999", "1026-2026", "2026-2205", "十四", "Oct-26", "2026-01-20"),
    ],
)
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="时期"):
        read_period(text)


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("13900", "人", 13_900), ("１３，９００", "人", 13_900), ("１．３９万人", "人", 13_900),
        ("+13,900 ", "人", 13_900), ("0户", "户", 0), ("1.2倍", "倍", 1.2), ("5.5％", "%", 5.5),
        ("－5.5", "%", -5.5), ("1.23456万", "元", 12_345.6),
    ],
)  # fmt: skip
def test_a_figure_is_read_however_it_is_written(text: str, unit: str, value: float) -> None:
    assert read_value(text, unit, "数值") == value


@pytest.mark.parametrize(
    ("text", "unit", "said"),
    [
        *((t, "人", "不能读成一个数") for t in ("", "1.2-1.3万", "13,90", "1e4", "nan", "一万")),
        *((t, "人", "不能读成一个数") for t in ("²", "１３900 1", "0x10", "13.9.1")),
        ("55‰", "%", "单位是‰"), ("5.5万", "%", "单位是万"), ("13900元", "人", "单位是元"),
        ("999999999999999", "人", "大得不可能"),
    ],
)  # fmt: skip
def test_what_is_no_figure_of_the_unit_is_refused(text: str, unit: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_value(text, unit, "数值")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("13900.5", "不是整数，人数没有小数。请写成整数"),
        ("1.39005555万", "请写成整数"),
        ("1.39", "是否以万人为单位，即 13,900人"),
    ],
)
def test_people_are_whole(text: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read_value(text, "人", "数值")


def test_a_document_is_named_on_one_line() -> None:
    assert read_line(" 某文号 ", "文号") == "某文号"
    for text, said in ((" ", "不能为空"), ("甲\n乙", "换行"), ("甲\x1b[2J", "控制字符")):
        with pytest.raises(UsageError, match=said):
            read_line(text, "文号")
