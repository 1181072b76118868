"""Options of `forecast scenario`: text as it is typed, to values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from employment_forecast.data.clock import parse_month, plain
from employment_forecast.data.errors import UsageError
from employment_forecast.data.typed import read_value
from employment_forecast.forecasting.scenario import Layoff, Range

if TYPE_CHECKING:
    import pandas as pd

_CHANGE = re.compile(r"(?P<figure>[+-]?[0-9]+(?:\.[0-9]+)?)%")
_NUMBER = r"([0-9]+(?:\.[0-9]+)?)%?"
_RANGE = re.compile(rf"{_NUMBER}(?:-{_NUMBER})?")


def parse_layoff(text: str) -> Layoff:
    """Read `2026-12:1500`."""
    month, colon, count = plain(text).partition(":")
    people = read_value(count, "人", f"--layoff“{text}”的人数") if colon else 0.0
    if people < 1:
        raise UsageError(
            f"--layoff 的值“{text}”无法识别。",
            "请写成 月份:人数（至少 1 人），如 --layoff 2026-12:1500。",
        )
    return Layoff(parse_month(month, "--layoff"), people)


def parse_part(text: str) -> tuple[pd.Period | None, float]:
    """Read `5%` or `2026-12:5%` as a month, if one is named, and a share."""
    month, _, part = plain(text).rpartition(":")
    share = parse_share(part, "--layoff")
    if share.low != share.high or share.low == 0:
        raise UsageError(
            f"--layoff 的值“{text}”不可用。", "与 --industry 同用时写成比例，如 5% 或 2026-12:5%。"
        )
    return (parse_month(month, "--layoff") if month else None), share.low


def parse_change(text: str, option: str) -> float:
    """Read `-20%` as -0.2."""
    match = _CHANGE.fullmatch(plain(text))
    change = np.nan if match is None else float(match["figure"]) / 100.0
    if not -1.0 <= change <= 10.0 or change == 0:
        raise UsageError(
            f"{option} 的值“{text}”不可用。",
            "请写成不为 0 的百分比，如 -20% 或 +10%，不低于 -100%。",
        )
    return change


def parse_share(text: str, option: str) -> Range:
    """Read `60%` or `40%-80%` as shares."""
    match = _RANGE.fullmatch(plain(text))
    ends = [] if match is None else [float(e) / 100.0 for e in match.groups() if e is not None]
    if not ends or ends != sorted(ends) or ends[-1] > 1.0 or not plain(text).endswith("%"):
        raise UsageError(
            f"{option} 的值“{text}”不可用。", "请写成 0%—100% 的百分比或范围，如 60% 或 40%-80%。"
        )
    return Range(ends[0], ends[-1])


def parse_months(text: str, option: str) -> tuple[Range, bool]:
    """Read `3` or `2-5` months, and whether it is a range."""
    match = _RANGE.fullmatch(plain(text).removesuffix("个月"))
    ends = [] if match is None else [float(e) for e in match.groups() if e is not None]
    if not ends or ends != sorted(ends) or ends[0] < 1 or ends[-1] > 60 or "%" in plain(text):
        raise UsageError(
            f"{option} 的值“{text}”不可用。", "请写成 1—60 的月数或范围，如 3 或 2-5。"
        )
    return Range(ends[0], ends[-1]), len(ends) > 1
