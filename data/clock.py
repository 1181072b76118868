"""Dates as the bureaus count them: Asia/Shanghai, months as `Period[M]`."""

from __future__ import annotations

import os
import re
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING

from employment_forecast.data.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

# China has had no daylight saving time since 1991; a fixed offset needs no time zone database.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
# Years that a day, a month or a period may be of; others are slips.
FIRST_YEAR, LAST_YEAR = 1949, 2099
# The signs of a Chinese keyboard, and what stands for a minus or a dash.
_PLAIN = {0xFF01 + i: 0x21 + i for i in range(94)} | {0x3000: " "}
_PLAIN |= dict.fromkeys(map(ord, "—–‐‑‒―−～~至到"), "-")
_MONTH = re.compile(r"([0-9]{4})(?:([-/])([0-9]{1,2})|年([0-9]{1,2})月份?|\.?([0-9]{2}))")


def now() -> datetime:
    """Current time in Asia/Shanghai; `FORECAST_TODAY` (YYYY-MM-DD) sets the day, for replays."""
    moment = datetime.now(SHANGHAI)
    fixed = os.environ.get("FORECAST_TODAY")
    if not fixed:
        return moment
    return datetime.combine(parse_day(fixed, "FORECAST_TODAY"), moment.timetz())


def pretend(day: date) -> None:
    """Let this process and those it starts believe that it is another day, for replays."""
    os.environ["FORECAST_TODAY"] = day.isoformat()


def today() -> date:
    """Today's date in Asia/Shanghai."""
    return now().date()


def plain(text: str) -> str:
    """What was typed with the signs of a Chinese keyboard as an English one has them."""
    return text.translate(_PLAIN).strip()


_DAY = re.compile(
    r"([0-9]{4})(?:([-/.])([0-9]{1,2})\2([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})[日号]?"
    r"|([0-9]{2})([0-9]{2}))"
)


def parse_day(text: str, option: str) -> date:
    """Read a day as people type it: 2026-11-23, 2026/11/23, 2026年11月23日, 20261123.

    Raises
    ------
    UsageError
        If the text is not a calendar day.
    """
    match = _DAY.fullmatch(plain(text))
    try:
        numbers = [int(g) for g in match.groups() if g and g.isdigit()] if match else []
        day = date(*numbers)
    except (TypeError, ValueError):
        day = date.min
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise UsageError(
            f"{option} 的值“{text}”不是有效日期。", "请写成 2026-11-23 这样的年-月-日。"
        )
    return day


def parse_past_day(text: str, option: str) -> date:
    """Read a day that has come: of a later one nobody knows yet what is known on it.

    Raises
    ------
    UsageError
        If the text is not a calendar day, or one after today.
    """
    day = parse_day(text, option)
    if day > today():
        raise UsageError(
            f"{option} 的值 {day} 晚于今天（{today()}）。", "请核对年份，或写今天及以前的日期。"
        )
    return day


def month_key(month: pd.Period) -> int:
    """Month as the integer YYYYMM, the form the store keeps."""
    return int(month.year) * 100 + int(month.month)


def key_month(key: int) -> pd.Period:
    """Inverse of `month_key`."""
    # Here and not above: what only asks for the day need not wait for pandas.
    import pandas as pd

    return pd.Period(year=key // 100, month=key % 100, freq="M")


@lru_cache(maxsize=4096)
def month_end(month: pd.Period) -> date:
    """Last day of a month."""
    first_of_next = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return first_of_next - timedelta(days=1)


@lru_cache(maxsize=16384)
def estimated_publication(month: pd.Period, lag_days: int) -> date:
    """Day a value is taken to have become known when nobody recorded it: month end plus lag."""
    return month_end(month) + timedelta(days=lag_days)


def month_in(text: str) -> str | None:
    """A month as people type it, 2026/12, 2026年12月 or 202612, as 2026-12; None if it is none."""
    match = _MONTH.fullmatch(plain(text))
    if match is None:
        return None
    year, month = int(match[1]), int(match[3] or match[4] or match[5])
    known = FIRST_YEAR <= year <= LAST_YEAR and 1 <= month <= 12
    return f"{year}-{month:02d}" if known else None


def month_name(text: str, option: str) -> str:
    """Read a month as people type it, as 2026-12.

    Raises
    ------
    UsageError
        If the text is not a month.
    """
    month = month_in(text)
    if month is None:
        raise UsageError(f"{option} 的值“{text}”不是有效月份。", "请写成 2026-12 这样的年-月。")
    return month


def parse_month(text: str, option: str) -> pd.Period:
    """The month that `month_name` reads."""
    import pandas as pd

    return pd.Period(month_name(text, option), freq="M")
