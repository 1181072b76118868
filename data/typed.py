"""What somebody typed: a figure (12500, 12,500, 1.25万, 5.5%), a period, a text of one line.

Nothing heavy is imported.
"""

from __future__ import annotations

import re

from employment_forecast.data.clock import FIRST_YEAR, LAST_YEAR, month_in, plain
from employment_forecast.data.errors import DataError, UsageError
from employment_forecast.data.files.visible import visible

_MOST_YEARS = 20
_VALUE = re.compile(
    r"([+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?|[+-]?\.[0-9]+)(万)?([^\W\d_]|%|‰)?"
)
_WHOLE = ("人", "个", "户")
# A fraction below it is more likely of ten thousands.
_FEW = 1000
# From here on no figure is printed in full.
_MOST = 1e12
_YEARS = re.compile(r"([0-9]{4})(?:年度?)?(?:-{1,2}([0-9]{4})(?:年度?)?)?")
_PLANS = {
    "十二五": "2011-2015",
    "十三五": "2016-2020",
    "十四五": "2021-2025",
    "十五五": "2026-2030",
}
_PLAN = re.compile(rf"[“\"]?({'|'.join(_PLANS)})[”\"]?(?:时期|期间|规划)?")


def read_value(text: str, unit: str, name: str) -> float:
    """A figure as people type it: 12500, 12,500, 1.25万, 5.5%.

    Parameters
    ----------
    text : str
        As typed.
    unit : str
        Unit of the indicator, the only one that may be written behind the figure; empty where it
        is not known yet.
    name : str
        What the figure is called in an error.

    Returns
    -------
    float
        In the indicator's unit.

    Raises
    ------
    UsageError
        If it is no single number, or in another unit.
    DataError
        If it is a fraction of what is counted.
    """
    match = _VALUE.fullmatch(plain(text))
    hint = "请写成一个数，如 12500、1.25万 或 5.5。"
    if match is None:
        raise UsageError(f"{name}“{text}”不能读成一个数。", hint)
    number, ten_thousands, written = match.groups()
    if unit and ((written and written != unit) or (ten_thousands and unit == "%")):
        stated = f"{ten_thousands or ''}{written or ''}"
        raise UsageError(f"{name}“{text}”的单位是{stated}，该指标的单位是{unit}。", hint)
    # Decimals of a figure in 万 are exact people: 1.2345万 is 12345.
    value = round(float(number.replace(",", "")) * (10_000 if ten_thousands else 1), 9)
    if abs(value) >= _MOST:
        raise UsageError(f"{name}“{text}”大得不可能。", hint)
    if unit in _WHOLE and value != int(value):
        meant = round(value * 10_000, 6)
        likely = value < _FEW and meant == int(meant)
        raise DataError(
            f"{name}“{text}”不是整数，{unit}数没有小数。",
            f"是否以万{unit}为单位，即 {meant:,.0f}{unit}？那样请写 {text}万。"
            if likely and not ten_thousands
            else "请写成整数。",
        )
    return value


def read_period(text: str) -> str:
    """A period as people type it, the way it is kept: 2026, 2021-2025 or 2026-10.

    Raises
    ------
    UsageError
        If it is none, or of years that cannot be meant.
    """
    typed = plain(text)
    if month := month_in(typed):
        return month
    if match := _PLAN.fullmatch(typed):
        return _PLANS[match[1]]
    if match := _YEARS.fullmatch(typed):
        first, last = int(match[1]), int(match[2] or match[1])
        if FIRST_YEAR <= first <= last <= LAST_YEAR and last - first < _MOST_YEARS:
            return str(first) if first == last else f"{first}-{last}"
    raise UsageError(
        f"目标的时期“{text}”无法识别。",
        "请写成 2026（年）、2021-2025（规划期，不超过 20 年）或 2026-10（月）。",
    )


def read_line(text: str, name: str) -> str:
    """A text that says something, on one line.

    Raises
    ------
    UsageError
        If it is blank, or has line ends or control characters.
    """
    line = text.strip()
    if not line:
        raise UsageError(f"{name}不能为空。", "请写明后重试。")
    if line != visible(line):
        raise UsageError(f"{name}含有换行或控制字符。", "请写成一行文字后重试。")
    return line
