"""Months as offices write them: 2021年3月, 202103, 2021.03, 1—3月累计, 一季度, Mar-21 …."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass, replace
from functools import lru_cache

import pandas as pd

from employment_forecast.data.clock import FIRST_YEAR, LAST_YEAR
from employment_forecast.data.readers.vocabulary.folding import fold

# No label is longer, and no title says its month later.
_LONGEST, _LONGEST_TITLE = 40, 400


@dataclass(frozen=True, slots=True)
class When:
    """A time as far as a label states it.

    Attributes
    ----------
    year : int or None
        None if the label names no year.
    first, last : int or None
        First and last month; equal for a single month, both None for a bare year.
    cumulative : bool
        True if the label says 累计; a span such as 1—3月 alone does not set it.
    unpadded : bool
        True for a decimal such as 2021.1, which a spreadsheet makes of both 2021.1 and 2021.10.
    day : int or None
        Day within the month, where the label states one that neither begins nor ends it.
    """

    year: int | None
    first: int | None = None
    last: int | None = None
    cumulative: bool = False
    unpadded: bool = False
    day: int | None = None

    @property
    def month(self) -> pd.Period | None:
        """The month the label ends with, if it names year and month."""
        if self.year is None or self.last is None:
            return None
        return pd.Period(year=self.year, month=self.last, freq="M")

    @property
    def is_range(self) -> bool:
        """True if it spans several months."""
        return self.first is not None and self.first != self.last


_Y = r"(?P<y>(?:19|20)\d{2})"
_M = r"(?P<m>1[0-2]|0?[1-9])"
_D = r"(?P<d>3[01]|[12]\d|0?[1-9])"
_CLOCK = r"(?:t?\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
_END = r"(?:份|末|底|止)*"
_ENGLISH = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_NAMED = "|".join(_ENGLISH)
_PARTS = {
    "年末": (12, 12),
    "年底": (12, 12),
    "上半年": (1, 6),
    "前三季度": (1, 9),
    "全年": (1, 12),
    "一季度": (1, 3),
    "二季度": (4, 6),
    "三季度": (7, 9),
    "四季度": (10, 12),
    "1季度": (1, 3),
    "2季度": (4, 6),
    "3季度": (7, 9),
    "4季度": (10, 12),
    "下半年": (7, 12),
}
_YEAR_ONLY = re.compile(rf"{_Y}(?:年度?)?")
_QUARTER = re.compile(r"(?P<y>(?:19|20)\d{2})年?[-/.]?(?P<p>[qh])(?P<n>[1-4])")
_SHORT_YEAR = re.compile(r"(?<!\d)(?P<y>\d{2})年(?=\D|\d{1,2}(?:月|[-至到、和及与]\d{1,2}月))")
_SINGLE = (
    re.compile(rf"{_Y}年{_M}月{_END}(?:{_D}[日号])?"),
    re.compile(rf"{_Y}[-/.]{_M}(?:月{_END})?"),
    re.compile(rf"{_Y}[-/.]{_M}[-/.]{_D}{_CLOCK}"),
    re.compile(rf"{_Y}(?P<m>0[1-9]|1[0-2])(?:{_D})?"),
    re.compile(rf"{_Y}m(?P<m>0?[1-9]|1[0-2])"),
    re.compile(rf"{_M}月{_END}"),
)
_RANGE = re.compile(
    r"(?:(?P<y>(?:19|20)\d{2})[年.]?)?(?P<a>1[0-2]|0?[1-9])(?:月份?)?(?P<to>[-至到、和及与])"
    r"(?:(?P<y2>(?:19|20)\d{2})年)?(?P<b>1[0-2]|0?[1-9])月(?:份|末|底|止)*"
)
_PART = re.compile(rf"(?:{_Y}(?:年度?)?)?第?(?P<p>{'|'.join(_PARTS)})")
_NAMED_MONTH = re.compile(rf"(?P<n>{_NAMED})[a-z]*[-./]?(?P<y>(?:20|19)?\d{{2}})")
_NAMED_MONTH_LAST = re.compile(rf"(?P<y>(?:20|19)?\d{{2}})[-./]?(?P<n>{_NAMED})[a-z]*")
_DIGITS = dict(zip("〇零一二三四五六七八九", "00123456789", strict=True))
# First year of an era, less one.
_ERAS = {"民国": 1911, "昭和": 1925, "平成": 1988, "令和": 2018}
_ERA_YEAR = re.compile(rf"(?:中华)?(?P<e>{'|'.join(_ERAS)})(?P<y>元|\d{{1,3}})年")
_KOREAN = str.maketrans({"년": "年", "월": "月", "일": "日"})
_CHINESE_YEAR = re.compile(r"[一二][〇零一二三四五六七八九]{3}(?=年)")
_TWELVE = "十[一二]?|[一二三四五六七八九]"
_CHINESE_MONTH = re.compile(
    rf"(?<![一二三四五六七八九十])({_TWELVE})(?=月|[-至到、和及与](?:{_TWELVE})月)"
    # Elsewhere 元 is money: 基金结余万元月末数, 人均工资元月均.
    rf"|(?:^|(?<=[年至到、和及与-]))元(?=月|[-至到、和及与](?:{_TWELVE}|\d\d?)月)"
)
_CUMULATIVE = re.compile(r"(?:累计数?|\(累计\))$")
_SINCE = re.compile(r"^(?:截至|截止|截止到|至|到)")


def _plain_digits(text: str) -> str:
    text = _ERA_YEAR.sub(_gregorian, text.translate(_KOREAN))
    text = _CHINESE_YEAR.sub(lambda m: "".join(_DIGITS[c] for c in m.group()), text)

    def month(match: re.Match[str]) -> str:
        word = match.group()
        if word == "元":
            return "1"
        return "1" + (_DIGITS[word[1]] if word[1:] else "0") if word[0] == "十" else _DIGITS[word]

    text = _CHINESE_MONTH.sub(month, text)
    return _SHORT_YEAR.sub(lambda m: f"20{m.group('y')}年", text, count=1)


def _gregorian(match: re.Match[str]) -> str:
    year = 1 if match["y"] == "元" else int(match["y"])
    return f"{_ERAS[match['e']] + year}年"


@lru_cache(maxsize=8192)
def parse_when(label: str) -> When | None:
    """Read a label that is nothing but a time.

    Parameters
    ----------
    label : str
        Any spelling offices use: 2021年3月, 2025年03月份, 202103, 2021-03, 2021.03, 2021/3,
        20180131, 3月, 元月, 1—3月累计, 2021年一季度, 二〇二一年三月, Mar-21, 2021年.

    Returns
    -------
    When or None
        None if the label is anything else. A bare month number is not read here; see `bare_month`.
    """
    if len(label) > _LONGEST:
        return None
    text = _plain_digits(_SINCE.sub("", fold(label)))
    cumulative = bool(_CUMULATIVE.search(text))
    text = _CUMULATIVE.sub("", text)
    if cumulative and text.endswith("("):
        return None
    if match := _YEAR_ONLY.fullmatch(text):
        return None if cumulative else _checked(int(match["y"]))
    for pattern in _SINGLE:
        if match := pattern.fullmatch(text):
            groups = match.groupdict()
            year = int(groups["y"]) if groups.get("y") else None
            month = int(groups["m"])
            unpadded = re.fullmatch(r"\d{4}\.1", text) is not None
            when = _checked(year, month, month, cumulative, unpadded)
            return _on_day(when, int(groups["d"])) if when and groups.get("d") else when
    if match := _RANGE.fullmatch(text):
        begins, ends = match["y"], match["y2"]
        first, last = int(match["a"]), int(match["b"])
        if first > last or (ends and ends != begins):
            return None
        if match["to"] not in "-至到" and last != first + 1:
            return None  # 1、3月 names two months and no span
        return _checked(int(begins) if begins else None, first, last, cumulative)
    if match := _PART.fullmatch(text):
        first, last = _PARTS[match["p"]]
        return _checked(int(match["y"]) if match["y"] else None, first, last, cumulative)
    if match := _QUARTER.fullmatch(text):
        months, number = (3, int(match["n"])) if match["p"] == "q" else (6, int(match["n"]))
        if months * number > 12:
            return None
        return _checked(int(match["y"]), months * (number - 1) + 1, months * number, cumulative)
    if match := _NAMED_MONTH.fullmatch(text) or _NAMED_MONTH_LAST.fullmatch(text):
        year_text = match["y"]
        month = _ENGLISH[match["n"]]
        return _checked(int(year_text) + (2000 if len(year_text) == 2 else 0), month, month)
    return None


def _checked(
    year: int | None,
    first: int | None = None,
    last: int | None = None,
    cumulative: bool = False,
    unpadded: bool = False,
) -> When | None:
    if year is not None and not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    return When(year, first, last, cumulative, unpadded)


def _on_day(when: When, day: int) -> When | None:
    """A month of which a day is stated; None if the month has no such day."""
    assert when.year is not None
    assert when.last is not None
    last = monthrange(when.year, when.last)[1]
    if day > last:
        return None
    return when if day in (1, last) else replace(when, day=day)


_BARE = re.compile(r"(?P<a>1[0-2]|0?[1-9])(?:[-至到](?P<b>1[0-2]|0?[1-9]))?")


@lru_cache(maxsize=8192)
def bare_when(label: str) -> When | None:
    """Read a month given as a bare number (1, 03, 十二) or span (1-3); None if it is neither.

    Only good where the header says that months follow, or a year stands above.
    """
    if len(label) > _LONGEST:
        return None
    text = fold(label)
    if re.fullmatch(r"十[一二]?|[一二三四五六七八九]", text):
        text = _plain_digits(text + "月")[:-1]
    match = _BARE.fullmatch(text)
    if not match:
        return None
    first, last = int(match["a"]), int(match["b"] or match["a"])
    return When(None, first, last) if first <= last else None


# A time inside a longer text, longest form first.
_INSIDE = re.compile(
    r"(?P<full>(?:(?:19|20)\d{2}年)?(?:1[0-2]|0?[1-9])(?:月份?)?[-至到](?:1[0-2]|0?[1-9])月份?(?:累计)?"
    r"|(?:19|20)\d{2}年(?:度|第)?(?:上半年|前三季度|[一二三四1-4]季度|全年)"
    r"|(?:19|20)\d{2}年(?:1[0-2]|0?[1-9])月(?!\d{1,2}[日号])(?:份|末|底)*"
    r"|(?:19|20)\d{2}[-/.](?:1[0-2]|0?[1-9])(?![-/.\d])"
    r"|(?<!\d)(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?!\d)"
    r"|(?:(?:19|20)\d{2}|(?<!\d))年[末底]"
    r"|(?:19|20)\d{2}年度?(?!\d{1,2}月)"
    r"|(?<!\d)(?:1[0-2]|0?[1-9])月(?!\d{1,2}[日号])(?:份|末|底)*)"
)
_YEAR_SPAN = re.compile(r"(?:19|20)\d{2}年?[-至到](?:19|20)\d{2}年")


def find_when(text: str) -> tuple[When, str] | None:
    """Find the one time a title or a composite label states.

    Parameters
    ----------
    text : str
        Free text such as 嘉定区2021年1—3月就业情况.

    Returns
    -------
    (When, str) or None
        The time and the folded text without it. None if there is none, if there are several
        different ones, or only a span of years.
    """
    folded = _plain_digits(fold(text[:_LONGEST_TITLE]))
    if _YEAR_SPAN.search(folded):
        return None
    stated = [(m, parse_when(m["full"])) for m in _INSIDE.finditer(folded)]
    times = {when for _, when in stated if when is not None}
    if len(times) != 1:
        return None
    match = stated[0][0]
    return times.pop(), folded[: match.start()] + folded[match.end() :]
