"""Working days of a month after the official 调休 calendar, or after the law where none is out."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import holidays
import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.data.errors import DataError

Integers = npt.NDArray[np.int64]

FIRST_YEAR, LAST_YEAR = 2001, 2099
STATUTORY = frozenset(
    ("元旦", "农历除夕", "春节", "清明节", "劳动节", "端午节", "中秋节", "国庆节")
)
# The State Council publishes a year's calendar between October and December of the year before.
# Three years were changed afterwards; until then nobody could know the calendar we now have:
# 国发明电〔2015〕1号, 国办发明电〔2019〕3号, 国办发明电〔2020〕1号 (announced on 27 January).
AMENDED_ON = {2015: date(2015, 5, 13), 2019: date(2019, 3, 22), 2020: date(2020, 1, 27)}
# The statutory days last changed with 2025 (国务院令第795号, 10 November 2024); a long span
# under one law keeps the mean of a calendar month independent of the sample.
CENTRING_YEARS = range(2025, 2100)


def _years() -> range:
    return range(FIRST_YEAR, LAST_YEAR + 1)


@cache
def _official() -> tuple[npt.NDArray[np.datetime64], npt.NDArray[np.datetime64], frozenset[int]]:
    """Days off, weekend days worked, and the years whose calendar is published."""
    calendar = holidays.country_holidays("CN", years=_years(), language="zh_CN")
    worked = sorted(calendar.weekend_workdays)
    return (
        np.array(sorted(calendar), dtype="datetime64[D]"),
        np.array(worked, dtype="datetime64[D]"),
        frozenset(day.year for day in worked),
    )


@cache
def _statutory() -> npt.NDArray[np.datetime64]:
    """Statutory days off; one on a weekend or on another one moves to the next free weekday."""
    calendar = holidays.country_holidays("CN", years=_years(), observed=False, language="zh_CN")
    named = {day: len(STATUTORY & set(name.split("; "))) for day, name in calendar.items()}
    off = {day for day, count in named.items() if count}
    for day in sorted(off):
        for _ in range(named[day] - (day.weekday() < 5)):
            moved = day
            while moved.weekday() >= 5 or moved in off:
                moved += timedelta(days=1)
            off.add(moved)
    return np.array(sorted(off), dtype="datetime64[D]")


@cache
def _counts() -> tuple[Integers, Integers]:
    """Working days of every month by the official and by the statutory rule; read-only."""
    months = np.arange(
        np.datetime64(f"{FIRST_YEAR}-01"), np.datetime64(f"{LAST_YEAR + 1}-01"), dtype="M8[M]"
    )
    begin, end = months.astype("M8[D]"), (months + 1).astype("M8[D]")
    off, worked, _ = _official()
    extra = np.searchsorted(worked, end) - np.searchsorted(worked, begin)
    official = np.asarray(np.busday_count(begin, end, holidays=off) + extra, dtype=np.int64)
    statutory = np.asarray(np.busday_count(begin, end, holidays=_statutory()), dtype=np.int64)
    official.flags.writeable = statutory.flags.writeable = False
    return official, statutory


def calendar_published(year: int, as_of: date | None = None) -> bool:
    """Whether the official 调休 calendar of a year was known on a day."""
    return year in _official()[2] and (as_of is None or calendar_due(year, as_of))


def calendar_due(year: int, as_of: date) -> bool:
    """Whether a year's 调休 calendar is out on a day as a rule, whatever the installed package."""
    return as_of >= AMENDED_ON.get(year, date(year - 1, 12, 31))


def working_days(start: pd.Period, periods: int, as_of: date | None = None) -> pd.DataFrame:
    """Working days of consecutive months.

    Where the official calendar was published it is used, weekend workdays included. Else weekdays
    less statutory holidays, one on a weekend being moved to the next weekday (全国年节及纪念日
    放假办法).

    Parameters
    ----------
    start : pandas.Period
        First month, from 2001-01.
    periods : int
        Number of months, to 2099-12 at most.
    as_of : datetime.date, optional
        Day of knowledge, see `calendar_published`: a back-test must not see a calendar that
        was published after its origin.

    Returns
    -------
    pandas.DataFrame
        Shape (periods, 2), indexed by month: `days` (int64) and `official` (bool).

    Raises
    ------
    DataError
        If the months are outside 2001–2099.
    """
    offset = (start.year - FIRST_YEAR) * 12 + start.month - 1
    official, statutory = _counts()
    if periods < 0 or offset < 0 or offset + periods > len(official):
        raise DataError(
            f"{start} 起 {periods} 个月超出工作日历的范围。",
            f"可用年份为 {FIRST_YEAR}—{LAST_YEAR} 年，请检查月份。",
        )
    months = pd.period_range(start, periods=periods, freq="M")
    published = {y: calendar_published(y, as_of) for y in {int(m) for m in months.year}}
    known = np.array([published[int(y)] for y in months.year], dtype=bool)
    here = slice(offset, offset + periods)
    return pd.DataFrame(
        {"days": np.where(known, official[here], statutory[here]), "official": known},
        index=months,
    )


@cache
def usual_days() -> tuple[float, ...]:
    """Mean working days of January to December under the present law, 2025–2099."""
    skip = (CENTRING_YEARS[0] - FIRST_YEAR) * 12
    return tuple(float(d) for d in _counts()[1][skip:].reshape(-1, 12).mean(axis=0))


@cache
def _left(year: int, month: int, official: bool) -> Integers:
    """Working days of a month from each of its days on, and 0 after the last."""
    first = np.datetime64(f"{year:04d}-{month:02d}", "M")
    days = np.arange(first.astype("M8[D]"), (first + 1).astype("M8[D]") + 1)
    off, worked, _ = _official()
    if not official:
        return np.asarray(np.busday_count(days, days[-1], holidays=_statutory()), dtype=np.int64)
    extra = np.searchsorted(worked, days[-1]) - np.searchsorted(worked, days)
    return np.asarray(np.busday_count(days, days[-1], holidays=off) + extra, dtype=np.int64)


def working_days_left(month: pd.Period, as_of: date | None = None) -> Integers:
    """Working days of a month that remain after each of its days, by the rule of `working_days`.

    Parameters
    ----------
    month : pandas.Period
        From 2001-01 to 2099-12.
    as_of : datetime.date, optional
        Day of knowledge.

    Returns
    -------
    numpy.ndarray
        int64, shape (days + 1,): first those of the whole month, then those after its first day,
        its second and so on, 0 at last.
    """
    return _left(month.year, month.month, calendar_published(month.year, as_of))
