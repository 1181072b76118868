"""Recalibrate joint paths from the errors made at earlier origins.

A factor for each month ahead stretches the distance of every path from the median. The map is
monotone, so ranks, and with them the dependence over the horizon, stay. The factors minimise the
pinball loss of the outer quantiles over what is known and are drawn towards no change, the more so
the less independent evidence there is: forecasts that do not overlap, times regions that do not
move together; below eight origins nothing changes. A month with little evidence of its own is
widened like the others, never narrowed like them. They narrow less than they widen, and never below
a floor: calm years make intervals look too wide until the next turn of the labour
market. Both sides are stretched alike: which side was missed tells which way the last turn went,
not the next one, and a stretch of one side alone would carry it into every probability of breaking
a cap.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.models.paths import LEVELS, SamplePaths

Floats = npt.NDArray[np.float64]

# So many independent forecasts weigh as much as the belief that the paths are right as they are.
PRIOR = 4.0
# Of what paths are too wide, this much is left: calm years do not show the next turn.
LEEWAY = 0.05
FEWEST_TO_STRETCH = 2.0
FEWEST_ORIGINS = 8
# With fewer independent forecasts no coverage can be checked, and the report says so.
ENOUGH_TO_CHECK = 10
# Regions of one country are never quite independent, whatever a few origins say.
LEAST_SHARED = 0.01
LARGEST, SMALLEST, FLOOR = 3.0, 0.4, 0.7
# Neighbouring months ahead lend their errors, with weights falling to nothing beyond two months.
REACH = 3
_MIDDLE = 4
_OUTER = [i for i in range(len(LEVELS)) if i != _MIDDLE]
_AIMS = np.abs(LEVELS[_OUTER] - 0.5) + 0.5
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Calibration:
    """Stretch of the paths about their median.

    Attributes
    ----------
    factors : numpy.ndarray
        Shape (horizon,); above 1 they widen.
    origins : int
        Earlier origins with a known outcome.
    independent : numpy.ndarray
        Forecasts that neither overlap nor, where several regions are pooled, share their errors,
        shape (horizon,): what the factors rest on.
    unmoved : bool
        The series has never moved.
    """

    factors: Floats
    origins: int
    independent: Floats
    unmoved: bool = False

    @property
    def identity(self) -> bool:
        """True if nothing is changed."""
        return bool(np.all(self.factors == 1.0))

    @property
    def note(self) -> str:
        """What the calibration rests on, in Chinese."""
        if self.unmoved:
            return "序列一直没有变动，说明不了下一次变动有多大，区间未经校准"
        if self.origins == 0:
            return "没有结果已知的历史起点，区间未经校准"
        if self.origins < FEWEST_ORIGINS:
            return f"结果已知的历史起点只有 {self.origins} 个，区间未经校准"
        listed = "、".join(f"{n:.0f}" for n in self.independent)
        text = (
            f"区间按 {self.origins} 个历史起点的样本外误差校准，{self._direction()}；"
            f"第 1—{len(self.independent)} 个月所依据的互不重叠的起点依次为 {listed} 个"
        )
        few = np.flatnonzero(self.independent < ENOUGH_TO_CHECK)
        if len(few):
            text += f"，第 {few[0] + 1} 个月起不足 {ENOUGH_TO_CHECK} 个，那里的覆盖率无从核实"
        return text

    def _direction(self) -> str:
        """What was done, in Chinese."""
        wider, narrower = self.factors.max(), self.factors.min()
        parts = [
            *([f"最多放宽到 {wider:.2f} 倍"] if wider >= 1.005 else []),
            *([f"最多收窄到 {narrower:.2f} 倍"] if narrower < 0.995 else []),
        ]
        return "、".join(parts) or "无需改动"

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
            Same shape, same median and ranks in every month; where none is negative, none becomes
            so.
        """
        if self.identity:
            return paths
        least = float(paths.values.min())
        log = log and least > 0
        z = np.log(paths.values) if log else paths.values
        z = self._stretched(z, np.median(z, axis=0))
        return replace(paths, values=np.exp(z) if log else _bounded(z, least))

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
        least = float(quantiles.min())
        log = log and least > 0
        z = np.log(quantiles.T) if log else quantiles.T
        z = self._stretched(z, z[_MIDDLE]).T
        return np.asarray(np.exp(z) if log else _bounded(z, least), dtype=float)

    def _stretched(self, z: Floats, middle: Floats) -> Floats:
        months = np.minimum(np.arange(len(middle)), len(self.factors) - 1)
        return np.asarray(middle + (z - middle) * self.factors[months], dtype=float)


def _bounded(values: Floats, least: float) -> Floats:
    """Stretched values, kept from falling below zero where nothing was below it before."""
    return np.maximum(values, 0.0) if least >= 0 else values


def uncalibrated(horizon: int) -> Calibration:
    """Calibration that changes nothing."""
    return Calibration(np.ones(horizon), 0, np.zeros(horizon))


def never_moved(horizon: int) -> Calibration:
    """Calibration of a series that has never moved: its spread comes from those very months."""
    return replace(uncalibrated(horizon), unmoved=True)


def calibrate(
    months: pd.PeriodIndex, quantiles: Floats, outcomes: Floats, log: bool
) -> Calibration:
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
    misses = _misses(quantiles, outcomes, log)
    return _learned(months.asi8, misses, misses.known[np.newaxis])[0]


class _Misses(NamedTuple):
    """What forecasts missed by, cell by cell; each cell weighs as much as any other.

    Attributes
    ----------
    known : numpy.ndarray
        Whether forecast and outcome are there, shape (n, series, horizon).
    scaled : numpy.ndarray
        Errors in units of the width between the outermost quantiles, NaN where there is none.
    ratios : numpy.ndarray
        Errors in units of the distance of each outer quantile, shape (n, series, horizon, 8).
    weights : numpy.ndarray
        Of the ratios, same shape; NaN where a quantile lies on the median.
    """

    known: npt.NDArray[np.bool_]
    scaled: Floats
    ratios: Floats
    weights: Floats


def _misses(quantiles: Floats, outcomes: Floats, log: bool) -> _Misses:
    known = np.asarray(np.isfinite(outcomes) & np.isfinite(quantiles).all(axis=-1))
    with np.errstate(all="ignore"):
        if log:
            known &= (outcomes > 0) & (quantiles > 0).all(axis=-1)
            quantiles, outcomes = np.log(quantiles), np.log(outcomes)
        away = quantiles - quantiles[..., _MIDDLE : _MIDDLE + 1]
        error = outcomes - quantiles[..., _MIDDLE]
        whole = away[..., -1] - away[..., 0]
        signed = np.take(away, _OUTER, axis=-1)
        width = np.abs(signed)
        weights = width / width.mean(axis=-1, keepdims=True)
        weights[~(width > 0).all(axis=-1)] = np.nan
        return _Misses(
            known,
            np.where(known & (whole > 0), error / whole, np.nan),
            np.sign(signed) * error[..., np.newaxis] / width,
            weights,
        )


def _learned(
    months: npt.NDArray[np.int64], misses: _Misses, seen: npt.NDArray[np.bool_]
) -> list[Calibration]:
    """Factors from what was missed by, for every row of `seen`, shape (k, n, series, horizon)."""
    used = np.asarray(seen.any(axis=2))
    logs = _best_logs(misses, seen)
    learned = []
    for row, cells in enumerate(seen):
        stretches = _stretches(months, used[row])
        origins = int(np.count_nonzero(used[row].any(axis=1)))
        if origins < FEWEST_ORIGINS:
            learned.append(Calibration(np.ones(len(stretches)), origins, stretches))
            continue
        independent = stretches * _series(np.where(cells, misses.scaled, np.nan))
        factors = _shrunk(logs[row], independent, stretches >= FEWEST_TO_STRETCH)
        learned.append(Calibration(factors, origins, independent))
    return learned


def _best_logs(misses: _Misses, seen: npt.NDArray[np.bool_]) -> Floats:
    """Logarithms of the factors that would have been best, shape (k, horizon)."""
    rows, horizon = len(seen), seen.shape[-1]
    logs = np.zeros((rows, horizon))
    if not seen.size:
        return logs
    told = (seen & np.isfinite(misses.weights[..., 0]))[..., np.newaxis]
    # What a row has not seen weighs nothing in it: sorted once, the ratios serve all rows.
    cells = np.where(told, misses.weights, 0.0)
    ratios = np.where(told.any(axis=0), misses.ratios, np.inf)
    aims = (cells * _AIMS).sum(axis=(1, 2, 4))
    weights = np.moveaxis(cells, 3, 1).reshape(rows, horizon, -1)
    ratios = np.moveaxis(ratios, 2, 0).reshape(horizon, -1)
    for h in range(horizon):
        near = slice(max(0, h - REACH + 1), h + REACH)
        share = 1 - np.abs(np.arange(horizon)[near] - h) / REACH
        weight = (weights[:, near] * share[:, np.newaxis]).reshape(rows, -1)
        logs[:, h] = np.log(_stretch(ratios[near].ravel(), weight, aims[:, near] @ share))
    return logs


def _shrunk(logs: Floats, independent: Floats, enough: npt.NDArray[np.bool_]) -> Floats:
    """Factors drawn towards no change, or towards a widening that the other months ask for."""
    trust = np.where(enough, independent / (independent + PRIOR), 0.0)
    most = float(independent.max())
    general = most / (most + PRIOR) * float(np.average(logs, weights=independent))
    moved = trust * logs + (1 - trust) * max(general, 0.0)
    factors = np.exp(np.where(moved < 0, np.minimum(moved + LEEWAY, 0.0), moved))
    return np.asarray(np.maximum(factors, FLOOR), dtype=float)


def _series(scaled: Floats) -> Floats:
    """Series that do not share their errors, shape (horizon,): all of them only if independent.

    References
    ----------
    Kish (1965), Survey sampling: the design effect of clusters, here with the correlation of errors
    of one origin.
    """
    independent = np.ones(scaled.shape[-1])
    if scaled.shape[1] == 1:
        return independent
    for h in range(scaled.shape[-1]):
        cells = scaled[..., h]
        counts = np.isfinite(cells).sum(axis=1)
        rows, count = cells[counts >= 2], float(counts[counts >= 1].mean()) if counts.any() else 1.0
        if len(rows) < 2:
            continue
        filled = np.where(np.isfinite(rows), rows, 0.0)
        n = counts[counts >= 2]
        square = float((filled**2).sum() / n.sum())
        pairs = float(((filled.sum(axis=1) ** 2 - (filled**2).sum(axis=1)) / (n * (n - 1))).mean())
        shared = min(max(pairs / square, LEAST_SHARED), 1.0) if square > 0 else 1.0
        independent[h] = count / (1 + (count - 1) * shared)
    return independent


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
        As for `calibrate`.

    Returns
    -------
    numpy.ndarray
        Same shape.
    """
    given = np.array(quantiles)
    ordinals = months.asi8
    reach = ordinals[:, None, None] + np.arange(1, outcomes.shape[1] + 1)
    misses = _misses(quantiles[:, None], outcomes[:, None], log)
    seen = misses.known & (reach <= ordinals[FEWEST_ORIGINS:, None, None, None])
    for row, factors in enumerate(_learned(ordinals, misses, seen), start=FEWEST_ORIGINS):
        given[row] = factors.apply_to_quantiles(quantiles[row], log)
    return given


def _stretches(months: npt.NDArray[np.int64], used: npt.NDArray[np.bool_]) -> Floats:
    """Origins whose forecasts do not overlap, by months ahead, from those used, (n, horizon)."""
    stretches = np.zeros(used.shape[1])
    for h, column in enumerate(used.T):
        if len(own := months[column]):
            stretches[h] = min(len(own), int(own[-1] - own[0]) // (h + 1) + 1)
    return stretches


def _stretch(ratios: Floats, weights: Floats, aims: Floats) -> Floats:
    """Factors that minimise the sums of weights * pinball(ratio - factor), within bounds.

    Parameters
    ----------
    ratios : numpy.ndarray
        Shape (cells,).
    weights : numpy.ndarray
        Shape (k, cells); where all of a row are nothing, its factor is 1.
    aims : numpy.ndarray
        Sums of weights * level, shape (k,).

    Notes
    -----
    The ratio at which the slope, which never falls, is no longer below nothing. Where it is nothing
    between two ratios, the lower end.
    """
    order = ratios.argsort()
    passed = weights.take(order, axis=1).cumsum(axis=1)
    aims = aims * (1 - _ROUNDING)
    at = [sums.searchsorted(aim) for sums, aim in zip(passed, aims, strict=True)]
    best = ratios[order[at]].clip(SMALLEST, LARGEST)
    return np.where(aims > 0, best, 1.0)
