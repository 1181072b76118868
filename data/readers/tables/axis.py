"""Times in a row or column of labels: what one of them leaves open, its neighbours may settle."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import Literal

from employment_forecast.data.readers.vocabulary import When, fold, parse_when

DecimalHabit = Literal["padded", "plain", "unknown"]

_PADDED = re.compile(r"\d{4}\.0\d")
_PLAIN = re.compile(r"\d{4}\.(?:[2-9]|10)")


def decimal_habit(labels: Iterable[str]) -> DecimalHabit:
    """How an axis writes months as decimals.

    A spreadsheet shows 2021.10 as 2021.1, so that label alone says nothing: where January is
    2021.01 (`padded`) it is October, where February is 2021.2 (`plain`) it may be either.
    """
    habit: DecimalHabit = "unknown"
    for label in labels:
        text = fold(label)
        if _PADDED.fullmatch(text):
            return "padded"
        if _PLAIN.fullmatch(text):
            habit = "plain"
    return habit


def settled(when: When, previous: When | None, habit: DecimalHabit) -> When:
    """A time in the light of the one before it on its axis."""
    if when.unpadded:
        month = _january_or_october(when, previous, habit)
        return when if month is None else replace(when, first=month, last=month, unpadded=False)
    if when.year is not None or previous is None or previous.year is None:
        return when
    later = previous.last is not None and when.last is not None and when.last > previous.last
    return replace(when, year=previous.year) if later else when


def _january_or_october(when: When, previous: When | None, habit: DecimalHabit) -> int | None:
    if habit == "padded":
        return 10
    if previous is not None and previous.year is not None and when.year is not None:
        if previous.year == when.year and previous.last in (9, 11):
            return 10
        if previous.year == when.year - 1 and previous.last == 12:
            return 1
    return 1 if habit == "plain" else None


_FEWEST_DAYS = 3
_LATE = 20


def days_are_months(times: Iterable[When]) -> bool:
    """Whether the days on an axis only date its months: late ones, or the same in three or more.

    None of the months comes twice. A spreadsheet that made days of 1-2, 1-3 … fails this, and so do
    most days of publication.
    """
    dated = {w for w in times if w.day is not None}
    months = {(w.year, w.last) for w in dated}
    days = {w.day for w in dated if w.day is not None}
    if not dated or len(months) < len(dated):
        return False
    return min(days) >= _LATE or (len(days) == 1 and len(dated) >= _FEWEST_DAYS)


_ONE_DAY = re.compile(r"\d{1,2}月\d{1,2}[日号]?|\d{1,2}[-/.]\d{1,2}")
_SERIAL = re.compile(r"[34]\d{4}")  # 1982 to 2036 as days since 1899-12-30
_WHOLE_DAY = re.compile(r"\d{4}[-/.年]?\d{1,2}[-/.月]?\d{1,2}[日号]?")
DAY_REMEDY = (
    "若是 Excel 把 1-9（1至9月）这样的跨度变成了日期，请改写成“2026年1-9月”并把该列设为文本；"
    "若确是该月的数，请写成 2026-01。"
)


DAYS_READ = (
    "写的是日期，按所在月份读取",
    "请核对：应是该月的数；若是其他月份，请写成 2021-03 这样的年月；"
    "若是月中的数，请把栏名改为“截至日期”。",
)


def month_fault(text: str) -> tuple[str, str]:
    """Why a label is no month, and what to do, in Chinese."""
    folded = fold(text[:40])
    if _ONE_DAY.fullmatch(folded):
        return "是某一天（没有年份），不是月份", DAY_REMEDY
    if _WHOLE_DAY.fullmatch(folded) and len(folded) > 6:
        return "月份无法识别：没有这一天", "请核对日期；按月的数请写成 2021-03 这样的年月。"
    if _SERIAL.fullmatch(folded):
        day = date(1899, 12, 30) + timedelta(days=int(folded))
        return f"月份无法识别：像是电子表格的日期序号（{day}）", "请把该列设为日期格式后重新导出。"
    return "月份无法识别", "请写成 2021年3月、2021-03 或 202103 这样的年月。"


def day_of(text: str) -> date | None:
    """A day of publication; None for what is none."""
    folded = fold(text).replace("年", "-").replace("月", "-").replace("/", "-").replace(".", "-")
    pieces = folded.split("日")[0].split("t")[0][:10].split("-")
    if len(pieces) == 1 and len(folded) == 8 and folded.isdecimal():
        pieces = [folded[:4], folded[4:6], folded[6:]]
    if len(pieces) != 3 or parse_when("-".join(pieces[:2])) is None:
        return None
    try:
        return date(*(int(p[:2] if i == 2 else p) for i, p in enumerate(pieces)))
    except ValueError:
        return None
