"""One modelling history: what the models may see of a region and indicator at an origin."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.data.catalogue import Break
from employment_forecast.data.records import Shock
from employment_forecast.features.airline import complete
from employment_forecast.features.calendar import (
    WindowChoice,
    Windows,
    calendar_due,
    choose_windows,
)
from employment_forecast.features.calendar import regressors as calendar
from employment_forecast.features.events import (
    MIN_SEASONAL,
    MIN_SIDE,
    Mark,
    estimable_steps,
    outlier_marks,
    shock_regressors,
    step_regressors,
    usable_shocks,
)
from employment_forecast.features.history.borrowed import Borrowed
from employment_forecast.features.history.covariates import (
    Covariate,
)
from employment_forecast.features.history.revisions import Revisions

Floats = npt.NDArray[np.float64]

# Regressors are known this far ahead: five-year plans reach at most 60 months beyond the data.
KNOWN_AHEAD = 72


# Least months and what shorter series cannot show: changes over a year, a season seen twice, and
# five festivals, fewer of which cannot be told from a fixed season.
_NEEDED = (
    (13, "没有同比，也无法标记异常月份"),
    (25, "季节规律只能粗略估计"),
    (61, "春节影响不单独估计"),
)


@dataclass(frozen=True)
class History:
    """A monthly series and what goes with it.

    Attributes
    ----------
    region, indicator : str
        Codes.
    start : pandas.Period
        Month of the first value.
    values : numpy.ndarray
        float64, shape (n,), in `unit`; NaN for a month that was never published, never at either
        end. Year-to-date figures are here as monthly flows.
    unit, kind, transform : str
        As in the indicator catalogue.
    precision : float
        Last printed digit.
    as_of : datetime.date
        Nothing published after this day is in here.
    demo : bool
        Demonstration data (演示数据).
    pseudo_real_time : bool
        True if some publication days are estimates.
    sources : tuple of str
        Where the values come from.
    notes : tuple of str
        Chinese sentences about what was left out and why.
    breaks : tuple of Break
        Changes of definition: the one the series begins with, and those a step stands for.
    lagged : tuple of Covariate
        Indicators beside the target, each as far as it was known on the day.
    shocks : tuple of Shock
        Declared events that were known on the day and whose effect can be estimated.
    revisions : Revisions or None
        How its newest figures are likely to be corrected; None where none ever was.
    borrowed : Borrowed or None
        What the same indicator of other regions lends to a short series.
    signed : bool
        Values may be negative; all others are bounded at zero, forecasts included.
    """

    region: str
    indicator: str
    start: pd.Period
    values: Floats
    unit: str
    kind: str
    transform: str
    precision: float
    as_of: date
    demo: bool
    pseudo_real_time: bool
    sources: tuple[str, ...]
    notes: tuple[str, ...] = ()
    breaks: tuple[Break, ...] = ()
    lagged: tuple[Covariate, ...] = ()
    shocks: tuple[Shock, ...] = ()
    revisions: Revisions | None = None
    borrowed: Borrowed | None = None
    signed: bool = False

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def origin(self) -> pd.Period:
        """Last known month (预测起点)."""
        return self.start + (len(self.values) - 1)

    @cached_property
    def months(self) -> pd.PeriodIndex:
        """Months of `values`."""
        return pd.period_range(self.start, periods=len(self.values), freq="M")

    @property
    def series(self) -> pd.Series[float]:
        """Published values with their months; months never published are absent."""
        return pd.Series(self.values, index=self.months, dtype=float).dropna()

    @property
    def unchanging(self) -> bool:
        """Every month has the same value, and there is more than one."""
        known = self.values[~np.isnan(self.values)]
        return len(known) > 1 and bool((known == known[0]).all())

    @cached_property
    def missing(self) -> npt.NDArray[np.bool_]:
        """Which months were never published, shape (n,)."""
        return np.asarray(np.isnan(self.values))

    @cached_property
    def scaled(self) -> Floats:
        """`values` on the model scale, read-only: natural logarithms or as they are.

        Months never published stand at their mean under an airline model of the others.
        """
        scaled = np.log(self.values) if self.transform == "log" else self.values.copy()
        if self.missing.any():
            scaled = complete(scaled, self.forced.to_numpy()[: len(scaled)]).values
        scaled.flags.writeable = False
        return scaled

    @cached_property
    def forced(self) -> pd.DataFrame:
        """Regressors that are always estimated and removed, past and `KNOWN_AHEAD` months ahead.

        float64: a step for every change of definition with treatment `dummy` that has two months
        on either side, and the profile of every declared event. What cannot be estimated is told
        in `left_out`.
        """
        months = pd.period_range(self.start, periods=len(self.values) + KNOWN_AHEAD, freq="M")
        steps, _ = estimable_steps(self.breaks, self.start, self.origin)
        same = {b.month for b in steps}
        shocks = [s for s in self.shocks if s.kind != "step" or s.month not in same]
        table = step_regressors(steps, months)
        if not shocks:
            return table
        return pd.concat([table, shock_regressors(shocks, months)], axis=1)

    @cached_property
    def festival(self) -> WindowChoice:
        """Festival windows chosen from what was known at the origin."""
        return choose_windows(self.scaled, self.start, stock=self.kind == "stock")

    def optional(self, windows: Windows) -> pd.DataFrame:
        """Calendar columns that models use where they earn it, past and ahead.

        Parameters
        ----------
        windows : Windows
            Days before, during and after the festival.

        Returns
        -------
        pandas.DataFrame
            See `features.calendar.regressors.optional_regressors`. The first call in a process
            reads the festival calendar, which takes about a tenth of a second.
        """
        months = len(self.values) + KNOWN_AHEAD
        shared = calendar.optional_regressors(self.start, months, self.kind, self.as_of, windows)
        return shared.copy()

    @cached_property
    def regressors(self) -> pd.DataFrame:
        """All known regressors, past and ahead: `optional` with the windows chosen, `forced`."""
        return pd.concat([self.optional(self.festival.windows), self.forced], axis=1)

    @cached_property
    def lagged_table(self) -> pd.DataFrame:
        """Lagged indicators side by side.

        float64, one row for each month from the first of the history to its origin or, if later,
        the newest known month of an indicator; one column for each indicator, by code; NaN where
        nothing was known.
        """
        ends = [self.origin, *(each.end for each in self.lagged)]
        months = pd.period_range(self.start, max(ends), freq="M")
        return pd.DataFrame(
            {each.indicator: each.series.reindex(months) for each in self.lagged},
            index=months,
            dtype=float,
        )

    @cached_property
    def outliers(self) -> tuple[Mark, ...]:
        """Candidates of outliers and level shifts, marks only; see `features.events.outliers`.

        A month that a changed definition explains is none.
        """
        explained = {b.month for b in self.breaks} | set(self.months[self.missing])
        marks = outlier_marks(self.scaled, self.start)
        return tuple(mark for mark in marks if mark.month not in explained)

    @property
    def left_out(self) -> tuple[str, ...]:
        """What a series this short does not allow to estimate, in Chinese."""
        n = len(self.values)
        short = [f"历史只有 {n} 个月，{what}" for least, what in _NEEDED if n < least]
        _, steps = estimable_steps(self.breaks, self.start, self.origin)
        beyond = [
            f"{b.month} 口径变化的前后须各有 {MIN_SIDE} 个月才能估计台阶，模型暂用原值"
            for b in steps
        ]
        if len(steps) < sum(b.treatment == "dummy" for b in self.breaks) and n < MIN_SEASONAL:
            beyond.append(f"历史只有 {n} 个月，台阶与季节变动分不开，台阶估计含当月的季节变动")
        return (*short, *beyond)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of all a model can see: identifies the data of a back-test cell."""
        digest = hashlib.sha256()
        facts = (self.region, self.indicator, str(self.start))
        scale = (self.kind, self.transform, self.precision)
        digest.update(repr((*facts, *scale, "signed") if self.signed else facts + scale).encode())
        digest.update(np.ascontiguousarray(self.values, dtype="<f8").tobytes())
        steps = [str(b.month) for b in self.breaks if b.treatment == "dummy"]
        if steps:
            digest.update(repr(steps).encode())
        if self.shocks:
            digest.update(repr([s.shape for s in self.shocks]).encode())
        if self.kind == "flow":
            digest.update(repr(self._calendars()).encode())
        if self.revisions is not None:
            digest.update(repr(self.revisions).encode())
        if self.borrowed is not None:
            digest.update(repr(self.borrowed).encode())
        for each in self.lagged:
            for part in each.identity():
                digest.update(part)
        return digest.hexdigest()

    def _calendars(self) -> list[int]:
        """Years whose working days are known by the day of knowledge."""
        # By the rule and not by the installed calendar: an update of it leaves the data the same.
        years = range(self.start.year, (self.origin + KNOWN_AHEAD).year + 1)
        return [year for year in years if calendar_due(year, self.as_of)]

    def last(self, window: int) -> History:
        """The history cut to its last `window` months, to begin with a published one."""
        if window >= len(self.values):
            return self
        cut = len(self.values) - window
        cut += int(np.argmin(self.missing[cut:]))
        start = self.start + cut
        return replace(
            self,
            start=start,
            values=self.values[cut:],
            breaks=tuple(b for b in self.breaks if b.month > start),
            lagged=tuple(each.since(start) for each in self.lagged),
            shocks=usable_shocks(self.shocks, start, self.origin)[0],
        )

    def until(self, month: pd.Period) -> History | None:
        """The history without the months after one; None if nothing published is left."""
        length = min((month - self.start).n + 1, len(self.values))
        while length > 0 and self.missing[length - 1]:
            length -= 1
        if length >= len(self.values):
            return self
        if length < 1:
            return None
        return replace(
            self,
            values=self.values[:length],
            # What is left had time to be corrected.
            revisions=None,
            borrowed=None,
            breaks=tuple(b for b in self.breaks if b.month <= month),
            shocks=usable_shocks(self.shocks, self.start, self.start + (length - 1))[0],
        )

    def knowing(self, shocks: tuple[Shock, ...]) -> History:
        """The history with what became known of events since, as far as they lie within it."""
        usable, _ = usable_shocks(shocks, self.start, self.origin)
        return self if usable == self.shocks else replace(self, shocks=usable)
