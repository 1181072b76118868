"""The law of the month in progress, learned from how earlier months closed from the same day.

At past origins the model's forecast of a month, what its part-month figures let expect on the same
day and the month's figure are all known. Errors are counted in the model's own spread. Of three
blends of the two expectations the one that was nearest counts; it moves the median by n / (n + 1)
of the way and narrows the spread to the usual size of the blend's errors, their weighted median: a
backlog that clears in one month says little of the others. The model's own law counts as half a
month of them, and n months make no spread less than 1 / (n + 1) of it: with no earlier month
nothing changes. Where the largest of the errors lie further out than a normal law lets expect of
their median, so do the draws outside the interval of 80. The paths follow: a month's draws are
mapped linearly onto its new law, and the months after it move by their regression on it (the
deterministic ensemble update of Whitaker and Hamill 2002), so that the joint law stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.data.records import PartVintages
from employment_forecast.features.history import History
from employment_forecast.forecasting.backtest import Origin
from employment_forecast.forecasting.nowcast.closing import (
    Closing,
    are_averages,
    days_left,
    month_of,
    same_day,
)
from employment_forecast.models.paths import Outcome, SamplePaths

Floats = npt.NDArray[np.float64]

# Shares of the latest figure's expectation; the rest is that of the mean so far.
BLENDS = (1.0, 0.5, 0.0)
FEWEST_TO_CHOOSE = 3
# Months that the model's own law counts as: for the median, and for the spread's logarithm.
OWN_MEDIAN, OWN_SPREAD = 1.0, 0.5
# A month so long ago counts half.
HALF_LIFE = 18.0
_NORMAL_MAD = 1.4826
# Errors not seen as often as this reach how far tails do; a normal law counts as so many months.
FAR, NORMAL_MONTHS = 0.95, 20.0
# Ends of the central intervals of 50, 80 and 95 of a standard normal law.
_MIDDLE, _NEAR, _FAR = 0.6745, 1.2816, 1.9600
# Later than this after the last published month the paths are no longer about today.
MOST_MONTHS = 3


@dataclass(frozen=True)
class MonthInProgress:
    """One month's law before and after its part-month figures.

    Attributes
    ----------
    month : pandas.Period
        Which.
    learned : int
        Earlier months whose closing from the same day is known.
    before, after : tuple of float
        10, 50 and 90 % quantiles, in the indicator's unit.
    """

    month: pd.Period
    learned: int
    before: tuple[float, float, float]
    after: tuple[float, float, float]

    @property
    def narrower(self) -> float:
        """By which share the 80 % interval became narrower; negative if wider."""
        return 1.0 - (self.after[2] - self.after[0]) / (self.before[2] - self.before[0])


@dataclass(frozen=True)
class Nowcast:
    """What part-month figures made of a forecast.

    Attributes
    ----------
    first_day, last_day : datetime.date
        Of the newest figure.
    value : float
        That figure, in the indicator's unit.
    figures : int
        Figures known of months in progress.
    months : tuple of MonthInProgress
        Months whose law changed; empty where no earlier month shows how one closes.
    """

    first_day: date
    last_day: date
    value: float
    figures: int
    months: tuple[MonthInProgress, ...]


@dataclass(frozen=True)
class _Learned:
    """How months closed from the same day, in the model's spread."""

    expectations: Floats
    errors: Floats
    age: Floats


def _centre(z: Floats) -> tuple[float, float]:
    """Median and half the distance of the 16 and 84 % quantiles."""
    low, middle, high = np.quantile(z, (0.16, 0.5, 0.84))
    return float(middle), float(high - low) / 2


def _scale(values: Floats, log: bool) -> Floats:
    return np.log(values) if log else values


def conditioned(
    paths: SamplePaths,
    history: History,
    parts: PartVintages,
    as_of: date,
    origins: Sequence[Origin],
    hindcasts: Sequence[Outcome],
    factors: Floats,
) -> tuple[SamplePaths, Nowcast | None]:
    """Paths given the part-month figures known on a day.

    Parameters
    ----------
    paths : SamplePaths
        The model's, calibrated.
    history : History
        Current.
    parts : PartVintages
        Part-month figures of the series.
    as_of : datetime.date
        Nothing published later is looked at.
    origins, hindcasts : sequence
        Past origins and what the model forecast there, before calibration.
    factors : numpy.ndarray
        Calibration's stretch by months ahead.

    Returns
    -------
    paths : SamplePaths
        The same object if no part-month figure says anything of a month ahead.
    nowcast : Nowcast or None
        None in that case.
    """
    known = parts.as_of(as_of)
    averages = are_averages(known, history)
    first = history.origin + (0 if averages else 1)
    ahead = known.last_day >= np.datetime64(f"{first}-01", "D")
    months = min((month_of(as_of) - history.origin).n, paths.horizon, MOST_MONTHS)
    if not ahead.any() or months < 1:
        return paths, None
    log = history.transform == "log" and bool(paths.values.min() > 0)
    own = np.asarray(_scale(paths.values, log))
    z = own.copy()
    course = _course(history, np.median(z, axis=0)[:months])
    now = Closing(known, history, course, as_of, averages)
    past = _past(months, parts, as_of, averages, origins, hindcasts)
    changed = []
    for step in range(months):
        month = history.origin + (step + 1)
        expected = now.expected(month)
        if expected is None:
            continue
        factor = float(factors[min(step, len(factors) - 1)])
        learned = _learned(step, history, past, factor)
        middle, spread = _centre(own[:, step])
        law = _updated((np.array(expected) - middle) / spread, learned)
        if law is None:
            continue
        # The draws as the update of the month before has left them.
        before = z[:, step].copy()
        from_middle, from_spread = _centre(before)
        scaled = _stretched((before - from_middle) / from_spread, law.tail)
        z[:, step] = middle + spread * (law.middle + law.spread * scaled)
        moved, centred = z[:, step] - before, before - before.mean()
        later = z[:, step + 1 :]
        slopes = centred @ (later - later.mean(axis=0)) / float(centred @ centred)
        z[:, step + 1 :] = later + np.outer(moved, slopes)
        changed.append((step, month, len(learned.errors)))
    values = np.exp(z) if log else z
    if not history.signed:
        values = np.maximum(values, 0.0)
    if history.kind == "rate":
        values = np.minimum(values, 100.0)
    after = replace(paths, values=values) if changed else paths
    rows = tuple(
        MonthInProgress(month, n, _quantiles(paths, step), _quantiles(after, step))
        for step, month, n in changed
    )
    newest = int(np.flatnonzero(ahead)[-1])
    return after, Nowcast(
        known.first_day[newest].astype(object),
        known.last_day[newest].astype(object),
        float(known.values[newest]),
        int(ahead.sum()),
        rows,
    )


def _quantiles(paths: SamplePaths, step: int) -> tuple[float, float, float]:
    low, middle, high = np.quantile(paths.values[:, step], (0.1, 0.5, 0.9))
    return float(low), float(middle), float(high)


def _course(history: History, medians: Floats) -> dict[int, float]:
    """Last two figures and the medians ahead by month ordinal, on the model scale."""
    start = history.origin.ordinal
    seen = {start - back: float(history.scaled[-1 - back]) for back in range(min(2, len(history)))}
    return seen | {start + 1 + step: float(median) for step, median in enumerate(medians)}


@dataclass(frozen=True)
class _Past:
    """A past origin as it stood on the same day of the month then in progress."""

    closing: Closing
    near: Floats


def _past(
    months: int,
    parts: PartVintages,
    as_of: date,
    averages: bool,
    origins: Sequence[Origin],
    hindcasts: Sequence[Outcome],
) -> list[_Past]:
    left = days_left(as_of, as_of)
    past = []
    for origin, paths in zip(origins, hindcasts, strict=True):
        if not isinstance(paths, SamplePaths) or paths.horizon < months:
            continue
        history = origin.history
        near = paths.near(history.transform == "log")
        day = min(same_day(origin.month + months, left, as_of), as_of)
        course = _course(history, near[:months, 0])
        past.append(_Past(Closing(parts.as_of(day), history, course, day, averages), near))
    return past


def _learned(step: int, history: History, past: Sequence[_Past], factor: float) -> _Learned:
    """Expectations and errors of the same month ahead at past origins, on the same day."""
    expectations, errors, ages = [], [], []
    for each in past:
        month = each.closing.history.origin + (step + 1)
        at = month.ordinal - history.start.ordinal
        if not 0 <= at < len(history) or history.missing[at]:
            continue
        expected = each.closing.expected(month)
        middle, spread = each.near[step].tolist()
        spread *= factor
        if expected is None or spread <= 0:
            continue
        expectations.append((np.array(expected) - middle) / spread)
        errors.append((float(history.scaled[at]) - middle) / spread)
        ages.append((history.origin - month).n)
    return _Learned(
        np.array(expectations, dtype=float).reshape(-1, 2),
        np.array(errors, dtype=float),
        np.array(ages, dtype=float),
    )


@dataclass(frozen=True)
class _Law:
    """Median and spread in units of the model's own, and how much further its tails reach."""

    middle: float
    spread: float
    tail: float


def _updated(expected: Floats, learned: _Learned) -> _Law | None:
    """The law that was learned; None where the model's own stays."""
    n = len(learned.errors)
    if n == 0:
        return None
    weights = 0.5 ** (learned.age / HALF_LIFE)
    blend = BLENDS[0]
    if n >= FEWEST_TO_CHOOSE:
        misses = {
            share: float(weights @ np.abs(learned.errors - _blended(learned.expectations, share)))
            for share in BLENDS
        }
        blend = min(BLENDS, key=lambda share: misses[share])
    trust = n / (n + OWN_MEDIAN)
    left = np.abs(learned.errors - trust * _blended(learned.expectations, blend))
    median = _weighted_quantile(left, weights, 0.5)
    # Kish's number of months that weigh alike.
    months = float(weights.sum() ** 2 / (weights @ weights))
    spread = max(_NORMAL_MAD * median, 1e-6) ** (months / (months + OWN_SPREAD))
    if spread >= 1.0:
        # Figures that closed no better than the model forecast tell nothing.
        return None
    far = _weighted_quantile(left, weights, FAR) / max(median, 1e-9) * _MIDDLE / _FAR
    tail = np.log(max(far, 1.0)) / np.log(_FAR / _NEAR) * months / (months + NORMAL_MONTHS)
    middle = trust * float(_blended(expected, blend))
    return _Law(middle, max(spread, 1.0 / (n + 1)), min(float(tail), 1.0))


def _stretched(scaled: Floats, tail: float) -> Floats:
    """Draws in spreads from their median, those outside the interval of 80 further out."""
    return np.asarray(scaled * np.maximum(np.abs(scaled) / _NEAR, 1.0) ** tail)


def _weighted_quantile(values: Floats, weights: Floats, share: float) -> float:
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(reached, share * reached[-1])])


def _blended(expectations: Floats, share: float) -> Floats:
    return share * expectations[..., 0] + (1.0 - share) * expectations[..., 1]
