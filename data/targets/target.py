"""Targets that forecasts are held against: caps, floors and levels."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Literal, get_args

import pandas as pd

from employment_forecast.data.errors import DataError

if TYPE_CHECKING:
    from employment_forecast.data.catalogue import Indicator

Tier = Literal["national", "municipal", "district", "own"]
Direction = Literal["cap", "floor", "level"]
Basis = Literal["any_month", "period_end", "period_total", "period_average", "point"]

TIER_NAMES: dict[str, str] = {
    "national": "国家",
    "municipal": "市",
    "district": "区",
    "own": "自定",
}
BASES: Mapping[str, str] = {
    "any_month": "各月",
    "period_end": "期末",
    "period_total": "期内累计",
    "period_average": "全年平均",
    "point": "当月",
}
CHOICES: dict[str, tuple[str, ...]] = {
    "tier": get_args(Tier),
    "direction": get_args(Direction),
    "basis": get_args(Basis),
}
APPROXIMATE = "左右"
# Words that stand behind the number; every other word stands before it.
FOLLOWING = ("以内", "以上", "以下", APPROXIMATE, "之内", "内")
USUAL_WORD: Mapping[str, str] = {"cap": "以内", "floor": "不低于", "level": ""}
# Words as printed, by what they say: the direction, nothing of it, or of a change and no level.
_WORDS: Mapping[str, str] = {
    "cap": (
        "以内 之内 内 以下 不超过 不突破 不高于 不大于 不多于 不得超过 不得突破 "
        "不得高于 低于 少于 小于 控制在 严控在 至多 最多 上限 ≤ <"
    ),
    "floor": (
        "以上 不低于 不少于 不小于 不得低于 不得少于 至少 最少 超过 突破 高于 大于 多于 下限 ≥ >"
    ),
    "": (
        "左右 约 大约 力争 确保 争取 努力 实现 达到 完成 累计 基本 目标 保持在 稳定在 "
        "维持在 保持 稳定 维持 每年 年均 全年 为 在 均 的 人"
    ),
    "change": "净增 新增加 增加 增长 提高 提升 上升 下降 降低 减少 压减",
}
_MEANINGS = {word: meaning for meaning, words in _WORDS.items() for word in words.split()}
_WORD = re.compile("|".join(map(re.escape, sorted(_MEANINGS, key=len, reverse=True))))
# Between digits they make one number, or two: 12,000, 12000-13000.
_GAPS = re.compile(r"(?<!\d)[\s…·、~～—.．,，-]+|[\s…·、~～—.．,，-]+(?!\d)")
# What an office keeps down, by its name.
_CAPPED = re.compile("失业(?:人数|率)")
_PERIOD = re.compile(r"(?P<year>\d{4})(?:-(?P<month>\d{2})|-(?P<last>\d{4}))?")


def period_months(period: str) -> tuple[pd.Period, pd.Period]:
    """First and last month of a period.

    Parameters
    ----------
    period : str
        `2026` (a year), `2021-2025` (a plan) or `2026-10` (a month).

    Returns
    -------
    tuple of pandas.Period
        Months, freq M.

    Raises
    ------
    DataError
        If the text is none of these.
    """
    match = _PERIOD.fullmatch(period)
    if match:
        year, month = int(match["year"]), match["month"]
        last = int(match["last"] or year)
        if month is None and year <= last:
            return _month(year, 1), _month(last, 12)
        if month is not None and 1 <= int(month) <= 12:
            return _month(year, int(month)), _month(year, int(month))
    raise DataError(
        f"目标的时期“{period}”无法识别。",
        "请写成 2026（年）、2021-2025（规划期）或 2026-10（月）。",
    )


def _month(year: int, month: int) -> pd.Period:
    return pd.Period(year=year, month=month, freq="M")


@dataclass(frozen=True)
class Span:
    """Months of a target's period to which one number applied.

    Attributes
    ----------
    first, last : pandas.Period
        The months.
    value, limit : float
        The number, and with its tolerance; in the target's unit.
    """

    first: pd.Period
    last: pd.Period
    value: float
    limit: float


@dataclass(frozen=True)
class Target:
    """One target as a document states it.

    Attributes
    ----------
    region, indicator : str
        Catalogue codes.
    tier : {"national", "municipal", "district", "own"}
        Who set it: 国家, 市, 区, or the bureau itself.
    direction : {"cap", "floor", "level"}
        控制数 (not above), 下限 (not below), or a figure to arrive at.
    basis : {"any_month", "period_end", "period_total", "period_average", "point"}
        What is compared: every month, the last month, the sum, the mean, or a single figure.
    qualifier : str
        The word as printed: 以内, 左右, 不低于, 以上.
    period : str
        `2026`, `2021-2025` or `2026-10`.
    value : float or None
        In `unit`; None where the document gives no number.
    unit : str
        The indicator's unit.
    announced_on : datetime.date
        Before this day the target does not exist.
    announced_estimated : bool
        True if that day is an estimate.
    source, quote : str
        Document, and its words.
    unit_confirmed : bool
        False where the unit can be read in more than one way.
    attribute : str
        约束性, 预期性 or 未载明.
    demo : bool
        True for a demonstration target (演示).
    carried : bool
        True if it belongs to the previous period and is applied until its successor is announced.
    note : str
        Remarks, in Chinese.
    withdrawn_on : datetime.date or None
        From this day on it no longer exists; it stays on file.
    withdrawn_reason : str
        Why, in Chinese.
    tolerance : float
        How far beyond an approximate value (5.5%左右) still counts as kept; see `with_tolerance`.
    number : int
        Its number in the store; 0 for those that ship with the program.
    changed : tuple of Span
        Where the number was changed within the period, which one applied when, as `in_force` finds
        it; empty where it never was.

    Raises
    ------
    DataError
        If a field has a value it cannot have.
    """

    region: str
    indicator: str
    tier: Tier
    direction: Direction
    basis: Basis
    qualifier: str
    period: str
    value: float | None
    unit: str
    announced_on: date
    announced_estimated: bool
    source: str
    quote: str = ""
    unit_confirmed: bool = True
    attribute: str = "未载明"
    demo: bool = False
    carried: bool = False
    note: str = ""
    withdrawn_on: date | None = None
    withdrawn_reason: str = ""
    tolerance: float = 0.0
    number: int = field(default=0, compare=False)
    changed: tuple[Span, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        for key, known in CHOICES.items():
            if getattr(self, key) not in known:
                raise DataError(
                    f"目标（{self.region} {self.indicator} {self.period}）的 {key} 不能是"
                    f"“{getattr(self, key)}”。",
                    f"可用的值：{'、'.join(known)}。",
                )
        if self.value is not None and not (math.isfinite(self.value) and self.value >= 0):
            raise DataError(
                f"目标数 {self.value:.12g} 不可用。", "请填非负数；文件没有给出数字时请留空。"
            )
        period_months(self.period)

    @cached_property
    def _months(self) -> tuple[pd.Period, pd.Period]:
        return period_months(self.period)

    @property
    def first_month(self) -> pd.Period:
        """First month of the period."""
        return self._months[0]

    @property
    def last_month(self) -> pd.Period:
        """Last month of the period."""
        return self._months[1]

    @property
    def length(self) -> int:
        """Months in the period."""
        return int(self.last_month.ordinal - self.first_month.ordinal) + 1

    @property
    def assessable(self) -> bool:
        """Whether there is a number in a confirmed unit to assess against."""
        return self.value is not None and self.unit_confirmed

    @property
    def limit(self) -> float | None:
        """What figures are held against: the value, and its tolerance on the lenient side."""
        if self.value is None or not self.tolerance:
            return self.value
        lenient = self.tolerance if self.direction == "cap" else -self.tolerance
        return round(self.value + lenient, 9)

    @property
    def spans(self) -> tuple[Span, ...]:
        """Which number applies when; none where there is no number."""
        if self.changed or self.value is None or self.limit is None:
            return self.changed
        return (Span(self.first_month, self.last_month, self.value, self.limit),)

    @property
    def announced(self) -> tuple[str, str, str, float | None, bool]:
        """What was announced, on whatever bases it is held against: a cap is told of once."""
        return self.tier, self.direction, self.period, self.value, self.demo

    def known_on(self, day: date) -> bool:
        """Whether it had been announced and not been withdrawn by a day."""
        return self.announced_on <= day and (self.withdrawn_on is None or day < self.withdrawn_on)

    def covers(self, month: pd.Period) -> bool:
        """Whether a month lies in the period."""
        return bool(self.first_month <= month <= self.last_month)


def words_in(text: str) -> tuple[list[str], str]:
    """Words known in a qualifier or a phrase, in order, and what is left without them."""
    return _WORD.findall(text), _GAPS.sub("", _WORD.sub("", text)) if text else ""


def usual_direction(indicator: Indicator, words: str) -> str:
    """Direction of a target where nobody states it: a cap of the unemployed, else as its words say.

    Of jobs, of people insured more is better, of others nobody knows.

    Raises
    ------
    DataError
        Where neither the words nor the indicator say it.
    """
    if indicator.kind in ("stock", "rate") and _CAPPED.search(indicator.name):
        return "cap"
    said = {_MEANINGS[word] for word in words_in(words)[0]} & {"cap", "floor"}
    if len(said) == 1:
        return said.pop()
    raise DataError(
        f"没有写明“{indicator.name}”的目标是不超过还是不低于。",
        "请写明方向（--direction 控制数、下限 或 目标值，或“方向”一列），或照录用语，如 不低于。",
    )


def demand_direction(target: Target) -> None:
    """Refuse a target whose words as printed say the other direction, a change, or nothing known.

    Raises
    ------
    DataError
        Naming word, direction and remedy.
    """
    if target.value is None:
        return
    words, rest = words_in(target.qualifier)
    meanings = {_MEANINGS[word] for word in words}
    if "change" in meanings:
        raise DataError(
            f"用语“{target.qualifier}”说的是增减多少，不是目标数本身。",
            "请换算成目标数（如上年末的数加上净增数）后登记；没有数字的照录原文用 --words。",
        )
    if rest or {"cap", "floor"} <= meanings:
        raise DataError(
            f"用语“{target.qualifier}”没有认出是不超过还是不低于。",
            "请照录文件的用语，如 以内、不超过、不低于、以上、左右、力争；没有写明的留空。",
        )
    if {"cap": "floor", "floor": "cap"}.get(target.direction) in meanings:
        stated, other = ("控制数", "下限") if target.direction == "cap" else ("下限", "控制数")
        raise DataError(
            f"用语“{target.qualifier}”说的是{other}，登记的方向却是{stated}。",
            f"请把方向改为{other}（--direction {other}，或“方向”一列），或改正用语。",
        )


def with_tolerance(targets: Iterable[Target], points: float, percent: float) -> list[Target]:
    """Targets, those of an approximate value (左右) with what still counts as kept.

    Parameters
    ----------
    targets : iterable of Target
        Any.
    points : float
        Tolerance of a percentage, in percentage points.
    percent : float
        Tolerance of any other number, in percent of it.
    """

    def tolerance(target: Target) -> float:
        if target.value is None or APPROXIMATE not in target.qualifier:
            return target.tolerance
        if target.unit == "%":
            return points
        wide = target.value * percent / 100
        return round(wide, 0 if wide >= 1 else 2)

    return [replace(t, tolerance=tolerance(t)) for t in targets]


def number_words(value: float, unit: str, qualifier: str) -> str:
    """A target's number with its word where the language puts it: 14,300人以内, 不低于27,500人."""
    said = f"{value:,.12g}{unit}"
    return f"{said}{qualifier}" if qualifier in FOLLOWING else f"{qualifier}{said}"


def tolerance_words(limit: float, unit: str) -> str:
    """What a number with a tolerance is held against: 含容差为 5.6%."""
    return f"含容差为 {limit:,.12g}{unit}"
