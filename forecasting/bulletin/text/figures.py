"""How a figure of the record is written in a bulletin: one function for each form.

A form is a pure function of the value and the digits, so that a reader, or a test, can write every
figure again and compare. Rounding is half up, as statistical offices round.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

import pandas as pd

# Words for probabilities, after the calibrated likelihood scale of the IPCC (Mastrandrea and
# others 2010, Guidance Note on Consistent Treatment of Uncertainties), cut at the same points but
# into bands that do not overlap. Lowest percent of each band, then its word.
CHANCES: tuple[tuple[int, str], ...] = (
    (99, "几乎肯定"),
    (90, "很可能"),
    (66, "较可能"),
    (33, "可能与不可能大体相当"),
    (10, "不太可能"),
    (1, "很不可能"),
    (0, "几乎不可能"),
)


def rounded(value: float, digits: int) -> Decimal:
    """A number rounded half up.

    Parameters
    ----------
    value : float
        Any finite number; its shortest decimal form is what is rounded.
    digits : int
        Digits after the point; negative for tens (-1), hundreds (-2).

    Returns
    -------
    decimal.Decimal
        Never a negative zero.
    """
    number = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return number if number else abs(number)


def _plain(value: Any, digits: int) -> str:
    return f"{rounded(value, digits):f}"


def _size(value: Any, digits: int) -> str:
    return _plain(abs(value), digits)


def _signed(value: Any, digits: int) -> str:
    number = rounded(value, digits)
    return f"{number:+f}" if number else f"{number:f}"


def _ten_thousands(value: Any, digits: int) -> str:
    return _plain(abs(value) / 10_000, digits)


def _per_cent(value: Any, digits: int) -> str:
    """A share (0 to 1) in percent."""
    return f"{_plain(100 * value, digits)}%"


def percent_of(probability: float) -> int:
    """Whole percent that a probability is shown as, 0 and 100 included."""
    return int(rounded(100 * probability, 0))


def _probability(value: Any, _: int) -> str:
    """Whole percent; a share of finitely many paths is never said to be certain."""
    percent = percent_of(value)
    if percent < 1:
        return "不到1%"
    return "99%以上" if percent > 99 else f"{percent}%"


def _chance(value: Any, _: int) -> str:
    """The word for a probability, chosen by the percent that is shown beside it."""
    percent = percent_of(value)
    return next(word for least, word in CHANCES if percent >= least)


@lru_cache(maxsize=1024)
def _as_period(value: Any) -> pd.Period:
    return pd.Period(value, freq="M")


def _month(value: Any, _: int) -> str:
    month = _as_period(value)
    return f"{month.year}年{month.month}月"


def _month_of_year(value: Any, _: int) -> str:
    return f"{_as_period(value).month}月"


def _from_month(value: Any, _: int) -> str:
    """The first of several months of a year: 2022年7 of 2022年7—11月."""
    month = _as_period(value)
    return f"{month.year}年{month.month}"


def _through(value: Any, _: int) -> str:
    """January to this month, as cumulative figures are named."""
    month = _as_period(value)
    return "1月" if month.month == 1 else f"1—{month.month}月"


def _year(value: Any, _: int) -> str:
    return f"{str(value)[:4]}年"


def _day(value: Any, _: int) -> str:
    year, month, day = str(value).split("-")
    return f"{int(year)}年{int(month)}月{int(day)}日"


def _period(value: Any, digits: int) -> str:
    """A target's period: 2026年, 2021—2025年 or 2026年10月."""
    text = str(value)
    if len(text) == 4:
        return f"{text}年"
    return f"{text[:4]}—{text[5:]}年" if len(text) == 9 else _month(text, digits)


# XML has no place for these, not even escaped.
_BRACKETS = re.compile(r"\(([^()]*[\u4e00-\u9fff][^()]*)\)")
_CONTROL = dict.fromkeys(range(32), " ")


def _text(value: Any, _: int) -> str:
    return _BRACKETS.sub(r"（\1）", str(value).translate(_CONTROL).strip())


# Probabilities in the reason of a level, which has them in tenths.
_TENTHS = re.compile(r"(?<=概率)(99\.9%以上|不到0\.1%|\d+\.\d%)")
_ENDS = {"99.9%以上": 1.0, "不到0.1%": 0.0}


def _reason(value: Any, digits: int) -> str:
    """The reason of a level, with probabilities as the rest of the bulletin has them."""

    def whole(match: re.Match[str]) -> str:
        share = _ENDS.get(match[0])
        return _probability(float(match[0][:-1]) / 100 if share is None else share, 0)

    return _TENTHS.sub(whole, _text(value, digits))


FORMS: Mapping[str, Callable[[Any, int], str]] = {
    "plain": _plain,
    "size": _size,
    "signed": _signed,
    "ten_thousands": _ten_thousands,
    "per_cent": _per_cent,
    "probability": _probability,
    "chance": _chance,
    "month": _month,
    "month_of_year": _month_of_year,
    "from_month": _from_month,
    "through": _through,
    "year": _year,
    "day": _day,
    "period": _period,
    "text": _text,
    "reason": _reason,
    "verbatim": lambda value, _: str(value),
}


def show(value: Any, form: str, digits: int = 0) -> str:
    """Write a value.

    Parameters
    ----------
    value : float, int or str
        From the record.
    form : str
        A key of `FORMS`.
    digits : int
        Digits after the point, for the forms that are numbers.

    Returns
    -------
    str
        As it stands in the bulletin.
    """
    return FORMS[form](value, digits)
