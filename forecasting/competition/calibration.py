"""Recalibrate joint paths from the errors made at earlier origins.

A factor for each month ahead stretches the distance of every path from the median. The map is
monotone, so ranks, and with them the dependence over the horizon, stay. The factors minimise the
pinball loss of the outer quantiles over what is known and are drawn towards one, the more so the
fewer origins there are; below eight nothing changes. They widen and never narrow: calm years make
intervals look too wide until the next turn of the labour market. Both sides are stretched alike:
which side was missed tells which way the last turn went, not the next one, and a stretch of one
side alone would carry it into every probability of breaking a cap.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.models.paths import LEVELS, SamplePaths

Floats = npt.NDArray[np.float64]

# So many independent origins weigh as much as the belief that the paths are right as they are.
PRIOR_ORIGINS = 10.0
FEWEST_TO_STRETCH = 2.0
FEWEST_ORIGINS = 8
LARGEST = 3.0
# Neighbouring months ahead lend their errors, with weights falling to nothing beyond two months.
REACH = 3
_MIDDLE = 4
_OUTER = [i for i in range(len(LEVELS)) if i != _MIDDLE]
_HALVINGS = 40


@dataclass(frozen=True)
class Calibration:
    """Stretch of the paths about their median.

    Attributes
    ----------
    factors : numpy.ndarray
        At least 1, shape (horizon,).
    origins : int
        Earlier origins with a known outcome.
    independent : numpy.ndarray
        Origins whose forecasts do not overlap, shape (horizon,): what the factors rest on.
    """

    factors: Floats
    origins: int
    independent: Floats

    @property
    def identity(self) -> bool:
        """True if nothing is changed."""
        return bool(np.all(self.factors == 1.0))

    @property
    def note(self) -> str:
        """What the calibration rests on, in Chinese."""
        if self.origins == 0:
            return "没有结果已知的历史起点，区间未经校准"
        if self.origins < FEWEST_ORIGINS:
            return f"结果已知的历史起点只有 {self.origins} 个，区间未经校准"
        fewest = int(self.independent.min())
        text = f"区间按 {self.origins} 个历史起点的样本外误差校准"
        if fewest < FEWEST_TO_STRETCH:
            return text + f"，其中最远月份互不重叠的起点只有 {fewest} 个，该处未校准"
        done = "无需放宽" if self.identity else "只放宽不收窄"
        return text + f"（最远月份互不重叠的有 {fewest} 个），{done}"

    def apply(self, paths: SamplePaths, log: bool) -> SamplePaths:
        """Stretch paths.

        Parameters
        ----------
        paths : SamplePaths
            Months beyond the calibrated ones take the last factors.
        log : bool
            Stretch logarithms: for positive series.

        Returns
        -------
        SamplePaths
            Same shape, same median and ranks in every month.
        """
        if self.identity:
            return paths
        log = log and bool(paths.values.min() > 0)
        z = np.log(paths.values) if log else paths.values
        z = self._stretched(z, np.median(z, axis=0))
        return replace(paths, values=np.exp(z) if log else z)

    def apply_to_quantiles(self, quantiles: Floats, log: bool) -> Floats:
        """Stretch quantiles, shape (horizon, 9): the map is monotone, so that they stay quantiles.

        Parameters
        ----------
        quantiles : numpy.ndarray
            Of one forecast; NaN stays NaN.
        log : bool
            As for `apply`.
        """
        if self.identity or not np.isfinite(quantiles).all():
            return quantiles
        log = log and bool(quantiles.min() > 0)
        z = np.log(quantiles.T) if log else quantiles.T
        z = self._stretched(z, z[_MIDDLE]).T
        return np.asarray(np.exp(z) if log else z, dtype=float)

    def _stretched(self, z: Floats, middle: Floats) -> Floats:
        months = np.minimum(np.arange(len(middle)), len(self.factors) - 1)
        return np.asarray(middle + (z - middle) * self.factors[months], dtype=float)


def uncalibrated(horizon: int) -> Calibration:
    """Calibration that changes nothing."""
    return Calibration(np.ones(horizon), 0, np.zeros(horizon))


def learn(months: pd.PeriodIndex, quantiles: Floats, outcomes: Floats, log: bool) -> Calibration:
    """Learn factors from earlier origins, pooled over series.

    Parameters
    ----------
    months : pandas.PeriodIndex
        Origins, shape (n,), ascending.
    quantiles : numpy.ndarray
        Shape (n, series, horizon, 9), of the forecasts to be calibrated; NaN where there is none.
    outcomes : numpy.ndarray
        Shape (n, series, horizon), NaN where not yet known: the caller decides what is known.
    log : bool
        Work on logarithms.

    Returns
    -------
    Calibration

    References
    ----------
    Minimum-score recalibration, as Gneiting, Raftery, Westveld and Goldman (2005), here with the
    pinball loss of the outer quantiles and shrinkage of its logarithm towards no change.
    """
    horizon = outcomes.shape[-1]
    known = np.asarray(np.isfinite(outcomes) & np.isfinite(quantiles).all(axis=-1))
    if log:
        known &= (outcomes > 0) & (quantiles > 0).all(axis=-1)
        with np.errstate(all="ignore"):
            quantiles, outcomes = np.log(quantiles), np.log(outcomes)
    away = quantiles - quantiles[..., _MIDDLE : _MIDDLE + 1]
    error = outcomes - quantiles[..., _MIDDLE]
    used = np.asarray(known.any(axis=1))
    independent = np.array([_independent(months[used[:, h]], h + 1) for h in range(horizon)])
    origins = int(np.count_nonzero(used.any(axis=1)))
    factors = np.ones(horizon)
    if origins < FEWEST_ORIGINS:
        return Calibration(factors, origins, independent)
    ratios, weights = _misses(error, away, known)
    aims = np.abs(LEVELS[_OUTER] - 0.5) + 0.5
    for h in range(horizon):
        if independent[h] < FEWEST_TO_STRETCH:
            continue
        near = range(max(0, h - REACH + 1), min(horizon, h + REACH))
        pieces = [(ratios[k], weights[k] * (1 - abs(k - h) / REACH)) for k in near]
        miss = np.concatenate([r for r, _ in pieces])
        weight = np.concatenate([w for _, w in pieces])
        found = _stretch(miss.ravel(), weight.ravel(), np.broadcast_to(aims, miss.shape).ravel())
        trust = independent[h] / (independent[h] + PRIOR_ORIGINS)
        factors[h] = np.exp(trust * np.log(found))
    return Calibration(factors, origins, independent)


def _misses(
    error: Floats, away: Floats, known: npt.NDArray[np.bool_]
) -> tuple[list[Floats], list[Floats]]:
    """Errors in units of the distance of each outer quantile, and their weights.

    One array for each month ahead, shape (cells, 8); a cell weighs as much as any other, whatever
    its width.
    """
    ratios, weights = [], []
    for h in range(error.shape[-1]):
        cells = known[..., h]
        signed = away[..., h, _OUTER][cells]
        width, miss = np.abs(signed), error[..., h][cells]
        good = (width > 0).all(axis=1)
        width, signed, miss = width[good], signed[good], miss[good]
        ratios.append(np.sign(signed) * miss[:, None] / width)
        weights.append(width / width.mean(axis=1, keepdims=True))
    return ratios, weights


def issued(months: pd.PeriodIndex, quantiles: Floats, outcomes: Floats, log: bool) -> Floats:
    """Quantiles as each origin would have issued them: calibrated with what it knew.

    Parameters
    ----------
    months : pandas.PeriodIndex
        Origins, shape (n,), ascending.
    quantiles : numpy.ndarray
        Raw ones, shape (n, horizon, 9), NaN where there is no forecast.
    outcomes : numpy.ndarray
        Shape (n, horizon), NaN where not yet known.
    log : bool
        As for `learn`.

    Returns
    -------
    numpy.ndarray
        Same shape.
    """
    given = np.array(quantiles)
    reach = np.array([m.ordinal for m in months])[:, None] + np.arange(1, outcomes.shape[1] + 1)
    for row in range(FEWEST_ORIGINS, len(months)):
        seen = np.where(reach[:row] <= months[row].ordinal, outcomes[:row], np.nan)
        factors = learn(months[:row], quantiles[:row, None], seen[:, None], log)
        given[row] = factors.apply_to_quantiles(quantiles[row], log)
    return given


def _independent(months: pd.PeriodIndex, ahead: int) -> float:
    """Origins whose forecasts of so many months do not overlap."""
    if len(months) == 0:
        return 0.0
    span = (months[-1] - months[0]).n
    return float(min(len(months), span // ahead + 1))


def _stretch(ratios: Floats, weights: Floats, levels: Floats) -> float:
    """Factor, 1 to 3, that minimises the sum of weights * pinball(ratio - factor, level).

    By bisection on the slope, which never falls.
    """
    low, high = 1.0, LARGEST
    if len(ratios) == 0 or (weights * ((ratios <= low) - levels)).sum() >= 0:
        return 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        slope = float((weights * ((ratios <= middle) - levels)).sum())
        low, high = (middle, high) if slope < 0 else (low, middle)
    return (low + high) / 2
