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


def parse_day(text: str, option: str) -> date:
    """Read `YYYY-MM-DD`.

    Raises
    ------
    UsageError
        If the text is not a calendar day.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{option} 的值“{text}”不是有效日期。", "请写成 2026-11-23 这样的年-月-日。"
        ) from None


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


def parse_month(text: str, option: str) -> pd.Period:
    """Read `2026-12`.

    Raises
    ------
    UsageError
        If the text is not a month.
    """
    if not re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", text.strip()):
        raise UsageError(f"{option} 的值“{text}”不是有效月份。", "请写成 2026-12 这样的年-月。")
    import pandas as pd

    return pd.Period(text.strip(), freq="M")
