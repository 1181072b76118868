"""Indicators beside the target, each as far as it was known on the day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.data.catalogue import Indicator
from employment_forecast.data.records import Known, out_of_range
from employment_forecast.features.events import marked_breaks, splitting_break
from employment_forecast.features.monthly import monthly_figures

Floats = npt.NDArray[np.float64]


class KnownSource(Protocol):
    """What tells the state of a series on a day: `data.records.Vintages`, or a derived index."""

    @property
    def region(self) -> str:
        """Code of the region."""

    def as_of(self, day: date) -> Known:
        """What was known at the end of a day."""


# An indicator and where its values come from.
CovariateSource = tuple[Indicator, KnownSource]


@dataclass(frozen=True)
class Covariate:
    """An indicator as it was known on a day.

    Attributes
    ----------
    region, indicator, name, unit : str
        Codes and what people call it.
    start : pandas.Period
        Month of the first value.
    values : numpy.ndarray
        float64, shape (n,), in `unit`; consecutive months, NaN where nothing was published. The
        last value is the newest known: an indicator that comes out later than the target ends
        before it.
    transform : str
        Scale for models, `log` or `none`; a logarithm only where every value is positive.
    demo, pseudo_real_time : bool
        As in `features.history.history.History`.
    breaks : tuple of pandas.Period
        First months of changed definitions inside the series (treatment `dummy`): the change into
        such a month is no change of what is measured.
    """

    region: str
    indicator: str
    name: str
    unit: str
    start: pd.Period
    values: Floats
    transform: str
    demo: bool
    pseudo_real_time: bool
    breaks: tuple[pd.Period, ...] = ()

    @property
    def end(self) -> pd.Period:
        """Newest known month."""
        return self.start + (len(self.values) - 1)

    @property
    def series(self) -> pd.Series[float]:
        """`values` with their months, named by the indicator's code."""
        months = pd.period_range(self.start, periods=len(self.values), freq="M")
        return pd.Series(self.values, index=months, dtype=float, name=self.indicator)

    def lag_behind(self, origin: pd.Period) -> int:
        """Months by which it ends before an origin; negative if it is ahead."""
        return int(origin.ordinal - self.end.ordinal)

    def since(self, month: pd.Period) -> Covariate:
        """The indicator from a month on; unchanged if it begins later or would vanish."""
        cut = int(month.ordinal - self.start.ordinal)
        if cut <= 0 or cut >= len(self.values):
            return self
        later = tuple(b for b in self.breaks if b > month)
        return replace(self, start=month, values=self.values[cut:], breaks=later)

    def identity(self) -> tuple[bytes, bytes]:
        """All a model can see of it, for a fingerprint."""
        facts: tuple[object, ...] = (self.region, self.indicator, str(self.start), self.transform)
        if self.breaks:
            facts = (*facts, [str(b) for b in self.breaks])
        return repr(facts).encode(), np.ascontiguousarray(self.values, dtype="<f8").tobytes()


def covariate_of(indicator: Indicator, region: str, known: Known) -> Covariate | None:
    """One indicator of a region as it was known; None if nothing of it can be used."""
    if known.values.empty:
        return None
    if any(out_of_range(float(v), indicator) for v in known.values):
        return None
    first, last = known.values.index[0], known.values.index[-1]
    split = splitting_break(indicator, region, known.demo, first, last)
    if split is not None:
        keep = np.asarray(known.values.index >= split.month)
        known = replace(known, values=known.values[keep], published_on=known.published_on[keep])
    monthly, _ = monthly_figures(known, indicator)
    values = monthly.values.dropna()
    if split is not None:
        values = values[values.index >= split.month]
    if values.empty:
        return None
    months = pd.period_range(values.index[0], values.index[-1], freq="M")
    filled = np.asarray(values.reindex(months), dtype=np.float64)
    steps = marked_breaks(indicator, region, known.demo, months[0], months[-1])
    return Covariate(
        region=region,
        indicator=indicator.code,
        name=indicator.name,
        unit=indicator.unit,
        start=months[0],
        values=filled,
        transform=indicator.transform if np.nanmin(filled) > 0 else "none",
        demo=monthly.demo,
        pseudo_real_time=monthly.estimated,
        breaks=tuple(b.month for b in steps if b.treatment == "dummy"),
    )


def covariates_of(
    others: Sequence[CovariateSource], as_of: date, *, demo: bool
) -> tuple[tuple[Covariate, ...], tuple[str, ...]]:
    """All indicators that were known on a day, and notes on those that cannot be used."""
    covariates, absent, unlike, notes = [], [], [], []
    for indicator, source in others:
        known = source.as_of(as_of)
        if not known.values.empty and known.demo != demo:
            unlike.append(indicator.name)
        elif (covariate := covariate_of(indicator, source.region, known)) is None:
            absent.append(indicator.name)
        else:
            covariates.append(covariate)
    if unlike:
        theirs, ours = ("真实", "演示") if demo else ("演示", "真实")
        notes.append(f"{'、'.join(unlike)}是{theirs}数据，不与{ours}数据合用，未作先行指标")
    if absent:
        notes.append(f"截至 {as_of} 没有可用的{'、'.join(absent)}，未作先行指标")
    return tuple(covariates), tuple(notes)
