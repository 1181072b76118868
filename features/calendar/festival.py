"""Spring Festival: its date, and how much of a window around it lies in each month."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import NamedTuple

import holidays
import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.data.errors import DataError

Floats = npt.NDArray[np.float64]
Window = tuple[int, int]

FIRST_YEAR, LAST_YEAR = 1950, 2100
# Months for which every window is fully known: the festival of 2100 can reach back into 2099.
FIRST_MONTH, LAST_MONTH = "1950-01", "2099-12"
# A long span, so that the centring constants do not depend on the sample.
CENTRING_YEARS = range(1950, 2050)
# Days from the festival that a window may reach; farther out it is no longer the festival.
REACH = 60


class Windows(NamedTuple):
    """Days before, during and after the festival, inclusive; day 0 is 正月初一.

    The defaults are those usual with X-13ARIMA-SEATS for Chinese series.
    """

    before: Window = (-7, -1)
    during: Window = (0, 7)
    after: Window = (8, 21)


DEFAULT_WINDOWS = Windows()


@cache
def _festivals() -> dict[int, date]:
    # The Chinese names are the calendar's own, whatever the locale of the machine.
    calendar = holidays.country_holidays(
        "CN", years=range(FIRST_YEAR, LAST_YEAR + 1), observed=False, language="zh_CN"
    )
    first: dict[int, date] = {}
    for day in sorted(calendar.get_named("春节", lookup="exact")):
        first.setdefault(day.year, day)
    return first


def spring_festival(year: int) -> date:
    """Day of 春节 (正月初一)."""
    day = _festivals().get(year)
    if day is None:
        raise DataError(
            f"没有 {year} 年的春节日期。", f"请检查月份，可用年份为 {FIRST_YEAR}—{LAST_YEAR} 年。"
        )
    return day


@cache
def _days() -> npt.NDArray[np.datetime64]:
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    return np.array([spring_festival(y) for y in years], dtype="datetime64[D]")


def _window_months(window: Window) -> npt.NDArray[np.int64]:
    """Month number since 1950-01 of every window day, shape (years, days)."""
    first, last = window
    if not -REACH <= first <= last <= REACH:
        raise ValueError(f"window {window} must be ordered and within {REACH} days")
    days = _days()[:, np.newaxis] + np.arange(first, last + 1)
    return days.astype("datetime64[M]").astype(np.int64) + 240


@cache
def _whole(window: Window, centred: bool, stock: bool = False) -> Floats:
    """Shares of all months from FIRST_MONTH to LAST_MONTH; read-only."""
    months = _window_months(window)
    size = (LAST_YEAR - FIRST_YEAR) * 12
    weight = 1.0 / months.shape[1]
    inside = months[(months >= 0) & (months < size)]
    shares: Floats = np.bincount(inside, minlength=size) * weight
    if centred:
        span = months[: len(CENTRING_YEARS)] % 12
        mean = np.bincount(span.ravel(), minlength=12) * weight / len(CENTRING_YEARS)
        shares = shares - np.tile(mean, size // 12)
    if stock:
        # Rounded: a sum of hundreds of fractions that ought to cancel leaves dust.
        shares = np.cumsum(shares).round(12) + 0.0
    shares.flags.writeable = False
    return shares


def _position(start: pd.Period, periods: int) -> int:
    offset = (start.year - FIRST_YEAR) * 12 + start.month - 1
    if periods < 0 or offset < 0 or offset + periods > (LAST_YEAR - FIRST_YEAR) * 12:
        raise DataError(
            f"{start} 起 {periods} 个月超出春节历的范围。",
            f"可用月份为 {FIRST_MONTH} 至 {LAST_MONTH}，请检查月份。",
        )
    return offset


def window_shares(start: pd.Period, periods: int, window: Window) -> Floats:
    """Share of a festival window's days in each month."""
    at = _position(start, periods)
    return _whole(window, False)[at : at + periods].copy()


def centred_shares(
    start: pd.Period, periods: int, window: Window, *, stock: bool = False
) -> Floats:
    """`window_shares` less their long-run mean for each calendar month.

    So the columns carry no seasonality and the seasonal pattern of a model stays put (U.S. Census
    Bureau, X-13ARIMA-SEATS reference manual, user-defined moving holidays and "Notes on centering
    holiday regressors").
    """
    at = _position(start, periods)
    return _whole(window, True, stock)[at : at + periods].copy()
