"""One modelling history: what the models may see of a region and indicator at an origin."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.catalogue import Indicator, Region
from data.catalogue.schema import Break
from data.errors import DataError
from data.observation import out_of_range
from data.shocks import Shock
from data.vintages import Known, Vintages
from features import calendar
from features.breaks import (
    MIN_SEASONAL,
    MIN_SIDE,
    estimable_steps,
    marked_breaks,
    splitting_break,
    step_regressors,
)
from features.festival import Windows
from features.lagged import LaggedIndicator, Other, lagged_indicators
from features.monthly import listed, monthly_figures
from features.outliers import Mark, outlier_marks
from features.shocks import MONTHS_BEFORE, shock_regressors, usable_shocks
from features.window_choice import WindowChoice, choose_windows
from features.workdays import calendar_due

Floats = npt.NDArray[np.float64]

# Regressors are known this far ahead: five-year plans reach at most 60 months beyond the data.
KNOWN_AHEAD = 72


# Least months and what shorter series cannot show: changes over a year, a season seen twice, and
# five festivals, fewer of which cannot be told from a fixed season.
_NEEDED = (
    (13, "没有同比，也无法标记异常月份"),
    (25, "季节规律无法估计"),
    (61, "春节影响不单独估计"),
)


class VintageSource(Protocol):
    """What `build` needs of the store."""

    def vintages(self, region: str, indicator: str) -> Vintages:
        """Every row of one series."""


@dataclass(frozen=True)
class History:
    """A gap-free monthly series and what goes with it.

    Attributes
    ----------
    region, indicator : str
        Codes.
    start : pandas.Period
        Month of the first value.
    values : numpy.ndarray
        float64, shape (n,), in `unit`; no NaN. Year-to-date figures are here as monthly flows.
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
    lagged : tuple of LaggedIndicator
        Indicators beside the target, each as far as it was known on the day.
    shocks : tuple of Shock
        Declared events that were known on the day and whose effect can be estimated.
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
    lagged: tuple[LaggedIndicator, ...] = ()
    shocks: tuple[Shock, ...] = ()

    def __len__(self) -> int:
        return len(self.values)

    @property
    def origin(self) -> pd.Period:
        """Last known month (预测起点)."""
        return self.start + (len(self.values) - 1)

    @property
    def months(self) -> pd.PeriodIndex:
        """Months of `values`."""
        return pd.period_range(self.start, periods=len(self.values), freq="M")

    @property
    def series(self) -> pd.Series[float]:
        """`values` with their months."""
        return pd.Series(self.values, index=self.months, dtype=float)

    @cached_property
    def scaled(self) -> Floats:
        """`values` on the model scale, read-only: natural logarithms or as they are."""
        scaled = np.log(self.values) if self.transform == "log" else self.values.copy()
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
        return pd.concat([step_regressors(steps, months), shock_regressors(shocks, months)], axis=1)

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
            See `features.calendar.optional_regressors`. The first call in a process reads the
            festival calendar, which takes about a tenth of a second.
        """
        months = len(self.values) + KNOWN_AHEAD
        return calendar.optional_regressors(self.start, months, self.kind, self.as_of, windows)

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
        """Candidates of outliers and level shifts, marks only; see `features.outliers`.

        A month that a changed definition explains is none.
        """
        explained = {b.month for b in self.breaks}
        found = outlier_marks(self.scaled, self.start)
        return tuple(mark for mark in found if mark.month not in explained)

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
        digest.update(repr(facts + scale).encode())
        digest.update(np.ascontiguousarray(self.values, dtype="<f8").tobytes())
        steps = [str(b.month) for b in self.breaks if b.treatment == "dummy"]
        if steps:
            digest.update(repr(steps).encode())
        if self.shocks:
            digest.update(repr([s.shape for s in self.shocks]).encode())
        if self.kind == "flow":
            digest.update(repr(self._calendars()).encode())
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
        """The history cut to its last `window` months."""
        if window >= len(self.values):
            return self
        cut = len(self.values) - window
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
        """The history without the months after one; None if nothing is left."""
        kept = (month - self.start).n + 1
        if kept >= len(self.values):
            return self
        if kept < 1:
            return None
        return replace(
            self,
            values=self.values[:kept],
            breaks=tuple(b for b in self.breaks if b.month <= month),
            shocks=usable_shocks(self.shocks, self.start, month)[0],
        )

    def knowing(self, shocks: tuple[Shock, ...]) -> History:
        """The history with what became known of events since, as far as they lie within it."""
        usable, _ = usable_shocks(shocks, self.start, self.origin)
        return self if usable == self.shocks else replace(self, shocks=usable)


def _contiguous(known: Known, region: Region, indicator: Indicator, gaps: str) -> tuple[Known, str]:
    """Values without a gap; a month is missing if it is absent or cannot be told (NaN)."""
    told = np.asarray(known.values.notna())
    months = pd.PeriodIndex(known.values.index)
    span = pd.period_range(months[0], months[-1], freq="M")
    missing = span.difference(months[told])
    if missing.empty:
        return known, ""
    keep = told & np.asarray(months > missing[-1])
    if gaps == "refuse" or not keep.any():
        raise DataError(
            f"{region.name}“{indicator.name}”在 {span[0]} 至 {span[-1]} 之间"
            f"缺 {len(missing)} 个月：{listed(missing)}。",
            '请补录所缺月份；若无法补录，可在 forecast.toml 设 history.gaps = "after",'
            "只用最后一个缺口之后的数据。",
        )
    return (
        replace(known, values=known.values[keep], published_on=known.published_on[keep]),
        f"缺 {listed(missing)}，只用 {missing[-1] + 1} 以后的数据",
    )


def from_known(
    known: Known,
    region: Region,
    indicator: Indicator,
    as_of: date,
    gaps: str = "refuse",
    others: Sequence[Other] = (),
) -> History:
    """Turn known values into a history, or say why that cannot be done.

    Parameters
    ----------
    known : Known
        What the store knew on `as_of`.
    region, indicator : Region, Indicator
        Catalogue entries.
    as_of : datetime.date
        Day of knowledge.
    gaps : {"refuse", "after"}
        Refuse a series with missing months, or use what follows the last gap. For year-to-date
        figures a month is missing if its flow cannot be told, not if it was published together
        with the next.
    others : sequence of (Indicator, KnownSource)
        Indicators that go beside the target, each looked at as of the same day.

    Returns
    -------
    History

    Raises
    ------
    DataError
        If there are no values, gaps, or values out of range.
    """
    label = f"{region.name}“{indicator.name}”"
    if known.values.empty:
        raise DataError(
            f"截至 {as_of} 没有{label}的数据。", "请先导入数据，或换一个指标、地区或 --as-of 日期。"
        )
    for month, value in known.values.items():
        reason = out_of_range(float(value), indicator)
        if reason:
            raise DataError(
                f"{label}{month} 的值 {value:,.10g}{indicator.unit}{reason}。",
                "请更正该月数据后重新导入。",
            )
    notes = []
    first, last = known.values.index[0], known.values.index[-1]
    split = splitting_break(indicator, region.code, known.demo, first, last)
    if split is not None:
        known = _since(known, split.month)
        notes.append(f"{split.month} 起口径变化，只用变化后的数据")
    known, estimates = monthly_figures(known, indicator)
    if split is not None:
        # Totals since January of the new definition reach back to months of the old one.
        known = _since(known, split.month)
    notes.extend(estimates)
    if known.values.empty:
        raise DataError(
            f"截至 {as_of} {label}的累计数不足以得出任何一个月的当月数。",
            "请补录当年各月的累计数。",
        )
    # After the break: a month missing under the old definition is missed by nobody.
    known, note = _contiguous(known, region, indicator, gaps)
    if note:
        notes.append(note)
    values = np.asarray(known.values, dtype=np.float64)
    start, end = known.values.index[0], known.values.index[-1]
    if len(values) > 1 and np.ptp(values) == 0:
        raise DataError(
            f"{label}自 {start} 起 {len(values)} 个月的值全是 {values[0]:,.10g}"
            f"{indicator.unit}，没有变化可供预测。",
            "请核对是否误填；若确实不变，无需预测。",
        )
    breaks = marked_breaks(indicator, region.code, known.demo, start, end)
    told, untold = estimable_steps(breaks, start, end)
    notes.extend(f"{b.month} 起口径变化，以台阶变量处理，环比、同比不跨该月" for b in told)
    notes.extend(f"{b.month} 起口径变化，环比、同比不跨该月" for b in untold)
    shocks, unused = usable_shocks(known.shocks, start, end)
    notes.extend(f"{s.phrase}已申报，其影响单独估计，不计入季节规律" for s in shocks)
    notes.extend(
        f"{s.phrase}已申报，但该月前数据不足 {MONTHS_BEFORE} 个月，无法估计其影响"
        for s in unused
        if s.month <= end
    )
    lagged, absent = lagged_indicators(others, as_of, demo=known.demo) if others else ((), ())
    return History(
        region=region.code,
        indicator=indicator.code,
        start=start,
        values=values,
        unit=indicator.unit,
        kind=indicator.kind,
        transform=indicator.transform if values.min() > 0 else "none",
        precision=indicator.precision,
        as_of=as_of,
        demo=known.demo,
        pseudo_real_time=known.estimated,
        sources=known.sources,
        notes=(*notes, *absent),
        breaks=breaks,
        lagged=lagged,
        shocks=shocks,
    )


def _since(known: Known, month: pd.Period) -> Known:
    keep = np.asarray(known.values.index >= month)
    return replace(known, values=known.values[keep], published_on=known.published_on[keep])


def build(
    store: VintageSource,
    region: Region,
    indicator: Indicator,
    as_of: date,
    gaps: str = "refuse",
    others: Sequence[Indicator] = (),
) -> History:
    """History of a region and indicator as it was known on a day.

    Parameters
    ----------
    store : VintageSource
        The observation store.
    region, indicator : Region, Indicator
        Catalogue entries.
    as_of : datetime.date
        Day of knowledge.
    gaps : {"refuse", "after"}
        As in `from_known`.
    others : sequence of Indicator
        Further stored indicators of the region, to go beside the target.

    Returns
    -------
    History

    Raises
    ------
    DataError
        As in `from_known`.
    """
    known = store.vintages(region.code, indicator.code).as_of(as_of)
    beside = [(each, store.vintages(region.code, each.code)) for each in others]
    return from_known(known, region, indicator, as_of, gaps, beside)
