"""Calendar regressors that are known years ahead."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import numpy as np
import pandas as pd

from employment_forecast.features.calendar.festival import (
    DEFAULT_WINDOWS,
    Window,
    Windows,
    centred_shares,
    spring_festival,
    window_shares,
)
from employment_forecast.features.calendar.workdays import (
    FIRST_YEAR,
    LAST_YEAR,
    usual_days,
    working_days,
)

__all__ = [
    "COLUMN_LABELS",
    "DEFAULT_WINDOWS",
    "GROUPS",
    "GROUP_LABELS",
    "Window",
    "Windows",
    "calendar_table",
    "centred_shares",
    "graduation",
    "optional_regressors",
    "regressors",
    "spring_festival",
    "window_shares",
    "working_day_effect",
]

# Columns that enter or stay out together.
GROUPS = {
    "festival": ("festival_before", "festival_during", "festival_after"),
    "working_days": ("working_days",),
}
GROUP_LABELS = {"festival": "春节", "working_days": "工作日"}
# Graduates register from July, when the school year has ended, and find work by September.
GRADUATION = {"graduation_entry": 7, "graduation_absorption": 9}
COLUMN_LABELS = {
    "festival_before": "春节前",
    "festival_during": "春节中",
    "festival_after": "春节后",
    "working_days": "工作日",
    "graduation_entry": "毕业季（7月）",
    "graduation_absorption": "毕业生吸纳（9月）",
}


def regressors(
    start: pd.Period, periods: int, windows: Windows = DEFAULT_WINDOWS, *, stock: bool = False
) -> pd.DataFrame:
    """Festival regressors for consecutive months."""
    columns = {
        f"festival_{name}": centred_shares(start, periods, window, stock=stock)
        for name, window in windows._asdict().items()
    }
    return pd.DataFrame(columns, index=pd.period_range(start, periods=periods, freq="M"))


def working_day_effect(start: pd.Period, periods: int, as_of: date | None = None) -> pd.Series:
    """Working days of a month relative to what is usual for that calendar month."""
    table = working_days(start, periods, as_of)
    usual = np.array(usual_days())[(start.month - 1 + np.arange(periods)) % 12]
    return pd.Series(
        np.log(table["days"].to_numpy(dtype=float) / usual), index=table.index, name="working_days"
    )


def graduation(start: pd.Period, periods: int) -> pd.DataFrame:
    """Graduation months."""
    months = pd.period_range(start, periods=periods, freq="M")
    numbers = np.asarray(months.month)
    columns = {name: (numbers == month).astype(float) for name, month in GRADUATION.items()}
    return pd.DataFrame(columns, index=months)


@lru_cache(maxsize=64)
def optional_regressors(
    start: pd.Period,
    periods: int,
    kind: str,
    as_of: date | None = None,
    windows: Windows = DEFAULT_WINDOWS,
) -> pd.DataFrame:
    """Calendar columns that a series of some kind may answer to.

    Whether it does is for a criterion to decide, see `models.effects.effects`. Every model at an
    origin asks for the same, and so do other regions of a cycle: the table is not to be changed.
    """
    table = regressors(start, periods, windows, stock=kind == "stock")
    if kind != "flow" or start.year < FIRST_YEAR or (start + periods).year > LAST_YEAR:
        return table
    return table.assign(working_days=working_day_effect(start, periods, as_of))


def calendar_table(
    start: pd.Period,
    periods: int,
    as_of: date | None = None,
    windows: Windows = DEFAULT_WINDOWS,
    *,
    stock: bool = False,
) -> pd.DataFrame:
    """All calendar columns side by side, as `COLUMN_LABELS` names them."""
    return pd.concat(
        [
            regressors(start, periods, windows, stock=stock),
            working_day_effect(start, periods, as_of),
            graduation(start, periods),
        ],
        axis=1,
    )
