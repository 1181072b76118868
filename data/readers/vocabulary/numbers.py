"""Values as offices write them: 68,151, -30,981, 0.5（百分点）, 6.8万人, …, /, — ."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from employment_forecast.data.readers.formats import (
    FORMULA_WITHOUT_RESULT,
    STRUCK_OUT,
    Value,
)
from employment_forecast.data.readers.vocabulary.folding import fold
from employment_forecast.data.readers.vocabulary.units import Unit, parse_unit
from employment_forecast.data.readers.vocabulary.unpublished import remark_on_publication


@dataclass(frozen=True, slots=True)
class Amount:
    """What a value cell says.

    Attributes
    ----------
    number : decimal.Decimal or None
        None for a value that was not published, or that cannot be read.
    unit : Unit or None
        Unit written in the cell itself.
    fault : str
        Why the cell cannot be read, in Chinese; empty if it can.
    """

    number: Decimal | None = None
    unit: Unit | None = None
    fault: str = ""

    @property
    def missing(self) -> bool:
        """True if the cell says that there is no value."""
        return self.number is None and not self.fault


_MISSING = {
    *("", "-", "--", "---", "----", "...", "......", "…", "……", "⋯", "⋯⋯", "/", "//", "\\", "*"),
    *(
        ".",
        "..",
        "·",
        "···",
        "x",
        "xx",
        "×",
        "无",
        "空",
        "缺",
        "暂无",
        "未公布",
        "未发布",
        "未统计",
    ),
    *("不详", "n/a", "na", "#n/a", "null", "none", "nan", "无数据", "暂缺", "待补", "待公布", "_"),
}
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(?P<mark>[,'])\d{3}(?:(?P=mark)\d{3})*(?:\.\d+)?")
_PLAIN = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,2})?")
_NEGATIVE = re.compile(r"\((\d[\d,]*(?:\.\d+)?)\)")
_WITH_UNIT = re.compile(r"([+-]?[\d,'.]+(?:e[+-]?\d{1,2})?)\(?([^\d.,()+-]{1,6})\)?")
_FOOTNOTE = re.compile(r"(?:[①-⑳*]|\(注?\d?\)|\(?注\d?\)?)+$")
_SPACED = re.compile(r"[+-]?\d{1,3}(?:[ \u00a0\u2009\u202f]\d{3})+(?:\.\d+)?")
_ERRORS = {"#ref!", "#div/0!", "#value!", "#name?", "#num!", "#null!", "#spill!", "#####"}
_WORTH = Decimal(10) ** 15
_LONGEST = 100


def parse_amount(value: Value | None) -> Amount:
    """Read one value cell.

    Parameters
    ----------
    value : str, float, date or None
        Cell content.

    Returns
    -------
    Amount
        Exact decimals: a spreadsheet's binary noise beyond 15 digits is dropped.
    """
    if value is None:
        return Amount()
    if isinstance(value, float):
        return _finite(f"{value:.15g}", None)
    if not isinstance(value, str):
        return Amount(fault="是日期，不是数值")
    return _parse_text(value)


def _parse_text(raw: str) -> Amount:
    return _read_text(raw) if len(raw) <= _LONGEST else Amount(fault="不是数值")


@lru_cache(maxsize=8192)
def _read_text(raw: str) -> Amount:
    if raw == FORMULA_WITHOUT_RESULT:
        return Amount(fault="是没有保存计算结果的公式")
    if raw == STRUCK_OUT:
        return Amount(fault="划了删除线，不能作数")
    if _SPACED.fullmatch(raw.strip()):
        raw = re.sub(r"\s", "", raw)
    elif re.search(r"\d\s+\d", raw.strip()):
        return Amount(fault="含有空格隔开的几个数")
    text = fold(raw)
    if text in _MISSING:
        return Amount()
    if text in _ERRORS:
        return Amount(fault="是公式错误值")
    text = _FOOTNOTE.sub("", text) or text
    if match := _NEGATIVE.fullmatch(text):
        text = "-" + match.group(1)
    if _is_number(text):
        return _finite(text, None)
    match = _WITH_UNIT.fullmatch(text)
    unit = parse_unit(match.group(2)) if match else None
    if match and unit is not None and unit.name != "月" and _is_number(match.group(1)):
        return _finite(match.group(1), unit)
    if remark_on_publication(raw):
        return Amount(fault="写明是预计、预测、计划或目标，不是已公布的数")
    return Amount(fault="不是数值")


def _is_number(text: str) -> bool:
    return bool(_GROUPED.fullmatch(text) or _PLAIN.fullmatch(text))


def _finite(text: str, unit: Unit | None) -> Amount:
    try:
        number = Decimal(text.replace(",", "").replace("'", ""))
    except InvalidOperation:
        return Amount(fault="不是数值")
    if not number.is_finite() or abs(number) >= _WORTH:
        return Amount(fault="不是合理的有限数")
    return Amount(number, unit)


_SCIENTIFIC = re.compile(r"[+-]?\d+\.?(?P<digits>\d*)e\+?(?P<power>\d{1,2})")


def spelling_fault(value: Value | None, precision: float, signed: bool) -> str:
    """Why a number that can be read is no figure of a kind, in Chinese; empty if it is one.

    Parameters
    ----------
    value : str, float, date or None
        Cell content.
    precision : float
        Last printed digit of the figure.
    signed : bool
        True if it may be negative: then a plus sign is its own.
    """
    if not isinstance(value, str):
        return ""
    text = fold(value[:_LONGEST])
    if text.startswith("+") and not signed:
        return "前面有正号，像是增减数"
    match = _SCIENTIFIC.match(text)
    if match and int(match["power"]) - len(match["digits"]) > 0 and precision >= 1:
        return "被转成了科学计数，末几位已经丢失"
    return ""


def looks_like_value(value: Value | None) -> bool:
    """True if a cell holds a number or one of the marks for a missing one."""
    if isinstance(value, float):
        return True
    if not isinstance(value, str) or not value.strip():
        return False
    amount = _parse_text(value)
    marked = value in (FORMULA_WITHOUT_RESULT, STRUCK_OUT)
    return not amount.fault or fold(value) in _ERRORS or marked
