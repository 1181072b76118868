"""Scores of quantile forecasts, as free functions on plain arrays.

Shapes: quantile arrays end in the nine levels of `models.paths.QUANTILES`; outcomes have the same
leading shape. Every score is a mean of cells that the caller takes, so that cells stay comparable.
"""

from __future__ import annotations

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
        stands in for the seasonal one. Months never published are NaN.
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
            changes = np.abs(values[later] - values[later - lag])
            known = changes[np.isfinite(changes)]
            if not len(known):
                continue
            scale = float(np.mean(known))
            return scale if scale > 0 else float("nan")
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
    # The sum of the larger of level * miss and (level - 1) * miss, as two products.
    pinball = miss @ LEVELS - np.minimum(miss, 0.0) @ np.ones(len(LEVELS))
    return np.asarray(2.0 / len(LEVELS) * pinball, dtype=float)


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
