"""One modelling history: what the models may see of a region and indicator at an origin."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from data.catalogue import Indicator, Region
from data.errors import DataError
from data.observation import out_of_range
from data.vintages import Known, Vintages
from features import calendar

Floats = npt.NDArray[np.float64]

# Regressors are known this far ahead: five-year plans reach at most 60 months beyond the data.
KNOWN_AHEAD = 72


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
        float64, shape (n,), in `unit`; no NaN.
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
    def regressors(self) -> pd.DataFrame:
        """Known calendar regressors for the past and `KNOWN_AHEAD` months to come."""
        return calendar.regressors(self.start, len(self.values) + KNOWN_AHEAD)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of all a model can see: identifies the data of a back-test cell."""
        digest = hashlib.sha256()
        facts = (self.region, self.indicator, str(self.start))
        scale = (self.kind, self.transform, self.precision)
        digest.update(repr(facts + scale).encode())
        digest.update(np.ascontiguousarray(self.values, dtype="<f8").tobytes())
        return digest.hexdigest()

    def last(self, window: int) -> History:
        """The history cut to its last `window` months."""
        if window >= len(self.values):
            return self
        cut = len(self.values) - window
        return replace(self, start=self.start + cut, values=self.values[cut:])


def _contiguous(known: Known, region: Region, indicator: Indicator, gaps: str) -> tuple[Known, str]:
    months = pd.PeriodIndex(known.values.index)
    span = pd.period_range(months[0], months[-1], freq="M")
    missing = span.difference(months)
    if missing.empty:
        return known, ""
    listed = "、".join(str(m) for m in missing[:6]) + ("等" if len(missing) > 6 else "")
    if gaps == "refuse":
        raise DataError(
            f"{region.name}“{indicator.name}”在 {span[0]} 至 {span[-1]} 之间"
            f"缺 {len(missing)} 个月:{listed}。",
            '请补录所缺月份;若无法补录,可在 forecast.toml 设 history.gaps = "after",'
            "只用最后一个缺口之后的数据。",
        )
    keep = np.asarray(months > missing[-1])
    return (
        Known(
            known.values[keep], known.published_on[keep], known.estimated, known.demo, known.sources
        ),
        f"缺 {listed},只用 {missing[-1] + 1} 以后的数据",
    )


def from_known(
    known: Known, region: Region, indicator: Indicator, as_of: date, gaps: str = "refuse"
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
        Refuse a series with missing months, or use what follows the last gap.

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
            f"截至 {as_of} 没有{label}的数据。", "请先导入数据,或换一个指标、地区或 --as-of 日期。"
        )
    for month, value in known.values.items():
        reason = out_of_range(float(value), indicator)
        if reason:
            raise DataError(
                f"{label}{month} 的值 {value:,.10g}{indicator.unit}{reason}。",
                "请更正该月数据后重新导入。",
            )
    notes = []
    known, note = _contiguous(known, region, indicator, gaps)
    if note:
        notes.append(note)
    first, last = known.values.index[0], known.values.index[-1]
    splits = [
        b
        for b in indicator.breaks_in(region.code, known.demo)
        if b.treatment == "split" and first < b.month <= last
    ]
    if splits:
        keep = np.asarray(known.values.index >= splits[-1].month)
        known = replace(known, values=known.values[keep], published_on=known.published_on[keep])
        notes.append(f"{splits[-1].month} 起口径变化,只用变化后的数据")
    values = np.asarray(known.values, dtype=np.float64)
    if len(values) > 1 and np.ptp(values) == 0:
        raise DataError(
            f"{label}自 {known.values.index[0]} 起 {len(values)} 个月的值全是 {values[0]:,.10g}"
            f"{indicator.unit},没有变化可供预测。",
            "请核对是否误填;若确实不变,无需预测。",
        )
    return History(
        region=region.code,
        indicator=indicator.code,
        start=known.values.index[0],
        values=values,
        unit=indicator.unit,
        kind=indicator.kind,
        transform=indicator.transform if values.min() > 0 else "none",
        precision=indicator.precision,
        as_of=as_of,
        demo=known.demo,
        pseudo_real_time=known.estimated,
        sources=known.sources,
        notes=tuple(notes),
    )


def build(
    store: VintageSource, region: Region, indicator: Indicator, as_of: date, gaps: str = "refuse"
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

    Returns
    -------
    History

    Raises
    ------
    DataError
        As in `from_known`.
    """
    known = store.vintages(region.code, indicator.code).as_of(as_of)
    return from_known(known, region, indicator, as_of, gaps)
