"""Scores of quantile forecasts, as free functions on plain arrays.

Shapes: quantile arrays end in the nine levels of `models.paths.QUANTILES`; outcomes have the same
leading shape. Every score is a mean of cells that the caller takes, so that cells stay comparable.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from employment_forecast.models.paths import LEVELS

Floats = npt.NDArray[np.float64]

SEASON = 12


def seasonal_scale(values: Floats, breaks: Sequence[int] = ()) -> float:
    """Mean absolute seasonal difference: the denominator of MASE and of the scaled WIS.

    Parameters
    ----------
    values : numpy.ndarray
        Shape (n,): what was known at the origin. With 12 months or fewer the monthly difference
        stands in for the seasonal one.
    breaks : sequence of int
        Positions of the first months of changed definitions: no difference is taken across one.
        Where no seasonal difference is left, the monthly one stands in.

    Returns
    -------
    float
        Positive, or NaN if the series never changed.

    References
    ----------
    Hyndman and Koehler (2006), Another look at measures of forecast accuracy.
    """
    for lag in (SEASON, 1):
        later = np.arange(lag, len(values))
        for at in breaks:
            later = later[(later < at) | (later - lag >= at)]
        if len(later):
            found = float(np.mean(np.abs(values[later] - values[later - lag])))
            return found if found > 0 else float("nan")
    return float("nan")


def interval_score(quantiles: Floats, outcome: Floats) -> Floats:
    """Weighted interval score: twice the mean pinball loss over the nine quantiles.

    Parameters
    ----------
    quantiles : numpy.ndarray
        Shape (..., 9).
    outcome : numpy.ndarray
        Shape (...).

    Returns
    -------
    numpy.ndarray
        Shape (...), in the unit of the series; smaller is better.

    References
    ----------
    Bracher, Ray, Gneiting and Reich (2021), Evaluating epidemic forecasts in an interval format.
    """
    miss = np.asarray(outcome)[..., None] - quantiles
    pinball = np.maximum(LEVELS * miss, (LEVELS - 1.0) * miss)
    return np.asarray(2.0 * pinball.mean(axis=-1), dtype=float)


def absolute_error(quantiles: Floats, outcome: Floats) -> Floats:
    """Absolute error of the median, shape (...)."""
    return np.asarray(np.abs(outcome - quantiles[..., 4]), dtype=float)


def covered(quantiles: Floats, outcome: Floats, level: int) -> Floats:
    """Whether the central interval holds the outcome.

    Parameters
    ----------
    quantiles : numpy.ndarray
        Shape (..., 9).
    outcome : numpy.ndarray
        Shape (...).
    level : {50, 80, 90, 95}
        Nominal coverage in percent.

    Returns
    -------
    numpy.ndarray
        Shape (...), 1.0 where covered.
    """
    low = {95: 0, 90: 1, 80: 2, 50: 3}[level]
    inside = (outcome >= quantiles[..., low]) & (outcome <= quantiles[..., 8 - low])
    return inside.astype(float)


def block_bootstrap_error(
    differences: Floats, block: int = SEASON, draws: int = 2000, seed: int = 0
) -> float:
    """Standard error of the mean of serially dependent differences.

    Circular block bootstrap over origins in order of time: overlapping twelve-month forecasts make
    neighbouring origins dependent, so blocks of a year are kept together.

    References
    ----------
    Politis and Romano (1992), A circular block-resampling procedure for stationary data.
    """
    n = len(differences)
    if n < 4:
        return float("inf")
    length = max(1, min(block, n // 2))
    blocks = -(-n // length)
    rng = np.random.default_rng(seed)
    starts = rng.integers(0, n, size=(draws, blocks))
    picked = (starts[..., None] + np.arange(length)).reshape(draws, -1)[:, :n] % n
    # Blocks vary about the mean of the sample, not of the process: with independent values the
    # variance comes out 1 - length / n times too small, a third at 36 origins.
    spread = float(np.std(differences[picked].mean(axis=1), ddof=1))
    return spread / math.sqrt(1 - length / n)


def score_text(value: float) -> str:
    """A score, or a difference of two, as people read it.

    Parameters
    ----------
    value : float
        Not negative.

    Returns
    -------
    str
        Three digits after the point; a smaller one with its first digit that is not zero.
    """
    return f"{value:.3f}" if value == 0 or value >= 0.0005 else f"{Decimal(f'{value:.1g}'):f}"


def mean_and_error(cells: Floats, block: int = SEASON) -> tuple[float, float]:
    """Mean over cells and its standard error, where cells of one origin belong together.

    Parameters
    ----------
    cells : numpy.ndarray
        Shape (n_origins, k), NaN where unknown; late origins have fewer known cells.
    block : int
        Block length of the bootstrap over origins.

    Returns
    -------
    mean, error : float
        The error is a block bootstrap over origins of the linearised ratio of sum to number of
        cells; 0 and infinity where nothing is known.
    """
    known = np.isfinite(cells)
    if not known.any():
        return 0.0, float("inf")
    sums = np.where(known, cells, 0.0).sum(axis=1)
    counts = known.sum(axis=1)
    mean = float(sums.sum() / counts.sum())
    return mean, block_bootstrap_error((sums - mean * counts) / counts.mean(), block)
