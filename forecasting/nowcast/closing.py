"""What part-month figures let expect of a month's own figure, two ways.

The latest figure carried to the month's figure by last year's course from the same day, and the
mean of the month's figures so far completed by it. Without figures of last year the model's own
course from month to month stands in. The same day is the one with as many working days left, so
that festivals and 调休 count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.data.records import KnownParts
from employment_forecast.features.calendar import working_days_left
from employment_forecast.features.history import History

Floats = npt.NDArray[np.float64]

# Figures of last year stand for the same day if at most this many days lie between.
NEAR_DAYS = 3


def month_of(day: date) -> pd.Period:
    """Month of a day."""
    return pd.Period(year=day.year, month=day.month, freq="M")


def days_left(day: date, as_of: date) -> int:
    """Working days of a month after a day."""
    return int(working_days_left(month_of(day), as_of)[day.day])


def same_day(month: pd.Period, left: int, as_of: date) -> date:
    """Last day of a month with at least so many working days after it; else its first day."""
    later = np.flatnonzero(working_days_left(month, as_of)[1:] >= left)
    return date(month.year, month.month, int(later[-1]) + 1 if len(later) else 1)


def are_averages(parts: KnownParts, history: History) -> bool:
    """Whether months are nearer to the mean of their figures than to the last of them."""
    if history.kind == "flow":
        return False
    months = parts.last_day.astype("datetime64[M]").astype(np.int64)
    gain = 0.0
    for month in np.unique(months):
        at = int(month) - history.start.ordinal
        own = parts.values[months == month]
        if len(own) > 1 and 0 <= at < len(history) and not history.missing[at]:
            value = float(history.values[at])
            gain += abs(value - float(own[-1])) - abs(value - float(own.mean()))
    return gain > 0


@dataclass(frozen=True)
class Closing:
    """Reads part-month figures on the day of a history.

    Attributes
    ----------
    parts : KnownParts
        Known on the day.
    history : History
        Known on the day, or when its last month was published.
    course : mapping of int to float
        By month ordinal, model scale: the origin's figure, then the medians ahead.
    as_of : datetime.date
        Day of knowledge, for the calendar.
    averages : bool
        See `are_averages`: figures of the newest month itself tell how it ran, which its mean
        does not.
    """

    parts: KnownParts
    history: History
    course: Mapping[int, float]
    as_of: date
    averages: bool = False

    def expected(self, month: pd.Period) -> tuple[float, float] | None:
        """A month's figure on the model scale, from the latest figure and from the mean so far.

        None where no figure says anything of the month.
        """
        return self._flow(month) if self.history.kind == "flow" else self._stock(month)

    def _scaled(self, value: float) -> float:
        if self.history.transform != "log":
            return value
        return float(np.log(value)) if value > 0 else float("nan")

    def _year_before(self, month: pd.Period) -> float:
        at = (month - 12).ordinal - self.history.start.ordinal
        return float(self.history.scaled[at]) if 0 <= at < len(self.history) else float("nan")

    def _share(self, day: date) -> float:
        """Share of its month's working days that a day ends."""
        left = working_days_left(month_of(day), self.as_of)
        return 1.0 - float(left[day.day]) / max(float(left[0]), 1.0)

    def _last_year(self, day: date) -> date:
        return same_day(month_of(day) - 12, days_left(day, self.as_of), self.as_of)

    def _stock(self, month: pd.Period) -> tuple[float, float] | None:
        days, values = self.parts.last_day, self.parts.values
        if not len(days):
            return None
        day: date = days[-1].astype(object)
        begun = month_of(day)
        earliest = self.history.origin + (0 if self.averages else 1)
        if begun < earliest or begun > month:
            return None
        latest = self._scaled(float(values[-1]))
        gaps = np.abs(days - np.datetime64(self._last_year(day))).astype(int)
        before = int(np.argmin(gaps))
        year = self._year_before(month)
        if gaps[before] > NEAR_DAYS or not np.isfinite(year):
            start, end = (self.course[o] for o in (begun.ordinal - 1, begun.ordinal))
            on_course = start + self._share(day) * (end - start)
            carried = self.course[month.ordinal] + latest - on_course
            return (carried, carried) if np.isfinite(carried) else None
        growth = latest - self._scaled(float(values[before]))
        carried = year + growth
        if not np.isfinite(carried):
            return None
        return carried, carried if begun < month else self._mean(month, before, growth, year)

    def _mean(self, month: pd.Period, before: int, growth: float, year: float) -> float:
        """Mean of the figures so far and of last year's later ones brought to this year's level."""
        days, values = self.parts.last_day, self.parts.values
        months = days.astype("datetime64[M]").astype(np.int64)
        own = values[months == month.ordinal]
        last_year = months == month.ordinal - 12
        later = last_year & (np.arange(len(days)) > before)
        rise = float(np.exp(growth)) if self.history.transform == "log" else 1.0
        shift = 0.0 if self.history.transform == "log" else growth
        mean = np.concatenate([own, values[later] * rise + shift]).mean()
        return year + self._scaled(float(mean)) - self._scaled(float(values[last_year].mean()))

    def _flow(self, month: pd.Period) -> tuple[float, float] | None:
        counted = self._counted(month, None)
        if counted is None:
            return None
        total, day = counted
        year, until = self._year_before(month), self._last_year(day)
        limits = (until, until + timedelta(days=NEAR_DAYS))
        counts = [c for limit in limits if (c := self._counted(month - 12, limit)) is not None]
        before = min(counts, key=lambda c: abs((c[1] - until).days), default=None)
        near = before is not None and abs((before[1] - until).days) <= NEAR_DAYS
        if before is not None and near and np.isfinite(year) and before[0] > 0:
            logs = self.history.transform == "log"
            ratio = total / before[0]
            carried = year + self._scaled(ratio) if logs else year * ratio
        else:
            share = self._share(day)
            carried = self._scaled(total / share) if share > 0 else float("nan")
        return (carried, carried) if np.isfinite(carried) else None

    def _counted(self, month: pd.Period, until: date | None) -> tuple[float, date] | None:
        """Flow from a month's first day on as far as it is known, and its last day.

        Counts that follow each other are added, the longest first.
        """
        following = np.datetime64(f"{month}-01", "D")
        end = np.datetime64(f"{month + 1}-01", "D")
        if until is not None:
            end = min(end, np.datetime64(until + timedelta(days=1)))
        total, last = 0.0, None
        while True:
            next_ones = (self.parts.first_day == following) & (self.parts.last_day < end)
            if not next_ones.any():
                return None if last is None else (total, last)
            at = int(np.flatnonzero(next_ones)[-1])
            total += float(self.parts.values[at])
            last = self.parts.last_day[at].astype(object)
            following = self.parts.last_day[at] + np.timedelta64(1, "D")
