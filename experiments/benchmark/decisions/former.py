"""Rules of the release before, to be simulated beside today's: one naive standard error."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import binom, norm, t

from employment_forecast.forecasting.competition import calibration

Floats = npt.NDArray[np.float64]

YEAR = 12


def mean_and_error(cells: Floats, block: int = YEAR) -> tuple[float, float]:
    """Mean over cells and the block-bootstrap error over origins, in closed form."""
    known = np.isfinite(cells)
    sums, counts = np.where(known, cells, 0.0).sum(axis=1), known.sum(axis=1)
    mean = float(sums.sum() / counts.sum())
    values = (sums - mean * counts) / counts.mean()
    values = values - values.mean()
    n = len(values)
    length = max(1, min(block, n // 2))
    round_about = np.concatenate([values, values[: length - 1]])
    blocks = np.convolve(round_about, np.ones(length) / length, "valid")
    variance = float((blocks**2).mean()) / (n / length)
    return mean, math.sqrt(variance / (1 - length / n))


def replaces(gap: float, error: float) -> bool:
    """A better mean by more than one standard error."""
    return -gap > error


def covers(inside: Floats, level: int) -> bool:
    """Whether a coverage one month ahead lay in its two-sided band."""
    cells = inside[np.isfinite(inside)]
    low, high = (binom.ppf(q, len(cells), level / 100) / len(cells) for q in (0.005, 0.995))
    return bool(low - 1e-9 <= cells.mean() <= high + 1e-9)


def covers_ahead(inside: Floats, level: int) -> bool:
    """Whether the coverage of the later months lay in its two-sided band."""
    cells, share = inside[:, 1:], level / 100
    origins = int(np.isfinite(cells).any(axis=1).sum())
    mean, error = mean_and_error(cells)
    reach = float(norm.ppf(0.995)) * max(error, math.sqrt(share * (1 - share) / origins))
    return bool(max(0.0, share - reach) <= mean <= min(1.0, share + reach))


def stretched(months: pd.PeriodIndex, quantiles: Floats, outcomes: Floats) -> Floats:
    """Factors of the former calibration, shape (horizon,): they widened and never narrowed.

    What was missed is measured as today's calibration does; regions pooled added no evidence.
    """
    misses = calibration._misses(quantiles, outcomes, log=False)
    (best,) = calibration._best_logs(misses, misses.known[np.newaxis])
    seen = np.asarray(np.isfinite(outcomes).any(axis=1))
    apart = calibration._stretches(months.asi8, seen)
    trust = np.array([n / (n + 10.0) if n >= 2 else 0.0 for n in apart])
    return np.asarray(np.exp(trust * np.maximum(best, 0.0)))


def diebold_mariano(differences: Floats, horizon: int) -> float | None:
    """P-value with the correction of Harvey, Leybourne and Newbold (1997)."""
    n = len(differences)
    if n <= horizon:
        return None
    mean = float(differences.mean())
    centred = differences - mean
    lags = range(1, horizon)
    covariances = [float(centred[lag:] @ centred[: n - lag]) / n for lag in (0, *lags)]
    variance = covariances[0] + 2.0 * sum(covariances[1:])
    if not variance > 0:
        weights = [1.0 - lag / horizon for lag in lags]
        variance = covariances[0] + 2.0 * float(np.dot(weights, covariances[1:]))
    shrink = (n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n
    statistic = mean / math.sqrt(variance / n) * math.sqrt(max(shrink, 0.0))
    return float(2 * t.sf(abs(statistic), n - 1))


def confidence_set(losses: Floats, block: int, draws: int = 400, seed: int = 0) -> list[int]:
    """Columns of the 90 % model confidence set by a circular block bootstrap."""
    n, count = losses.shape
    rng = np.random.default_rng(seed)
    starts = rng.integers(0, n, size=(draws, -(-n // block)))
    rows = ((starts[..., None] + np.arange(block)).reshape(draws, -1)[:, :n]) % n
    weights = np.stack([np.bincount(r, minlength=n) for r in rows]) / n
    means = losses.mean(axis=0)
    resampled = weights @ losses - means
    alive = list(range(count))
    while len(alive) > 1:
        gap = means[alive] - means[alive].mean()
        moved = resampled[:, alive] - resampled[:, alive].mean(axis=1, keepdims=True)
        spread = np.sqrt((moved**2).mean(axis=0))
        statistics = gap / spread
        if ((moved / spread).max(axis=1) >= statistics.max()).mean() >= 0.1:
            break
        alive.pop(int(statistics.argmax()))
    return alive
