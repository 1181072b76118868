"""Whether differences between models could be chance: evidence beside the choice, not the rule."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class DieboldMariano:
    """Outcome of the test.

    Attributes
    ----------
    statistic : float
        Corrected statistic, negative where the first model is better.
    p_value : float
        Two-sided, Student t with n - 1 degrees of freedom.
    bartlett : bool
        The variance is Bartlett's, since the plain estimate was not positive.
    """

    statistic: float
    p_value: float
    bartlett: bool = False


def diebold_mariano(differences: Floats, horizon: int) -> DieboldMariano | None:
    """Equal accuracy of two forecasts, with the Harvey-Leybourne-Newbold correction.

    Parameters
    ----------
    differences : numpy.ndarray
        Score of the first model less that of the second at consecutive origins, shape (n,).
    horizon : int
        Months ahead: forecasts h months ahead overlap over h - 1 origins.

    Returns
    -------
    DieboldMariano or None
        None where there is nothing to test: n not above the horizon, or differences that do not
        vary. Where the plain sum of autocovariances is not positive, they are weighted as Bartlett
        did, with which it cannot be negative.

    References
    ----------
    Diebold and Mariano (1995), Comparing predictive accuracy; Harvey, Leybourne and Newbold
    (1997), Testing the equality of prediction mean squared errors, equation 9; Newey and West
    (1987) for the weights.
    """
    from scipy.stats import t

    n = len(differences)
    if n <= max(horizon, 1):
        return None
    mean = float(differences.mean())
    centred = differences - mean
    lags = range(1, horizon)
    covariances = [float(centred[lag:] @ centred[: n - lag]) / n for lag in (0, *lags)]
    variance = covariances[0] + 2.0 * sum(covariances[1:])
    bartlett = not variance > 0
    if bartlett:
        weights = [1.0 - lag / horizon for lag in lags]
        variance = covariances[0] + 2.0 * float(np.dot(weights, covariances[1:]))
    # Rounding leaves a trace of variance where there is none.
    least = max(1e-12 * covariances[0], (1e-10 * mean) ** 2)
    if not variance > least:
        return None
    shrink = (n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n
    statistic = mean / math.sqrt(variance / n) * math.sqrt(max(shrink, 0.0))
    return DieboldMariano(statistic, float(2 * t.sf(abs(statistic), n - 1)), bartlett)


def model_confidence_set(
    losses: Floats, models: Sequence[str], block: int, draws: int = 1000, seed: int = 0
) -> dict[str, float]:
    """Model confidence set p-values: models at or above 0.1 are in the 90 % set.

    Parameters
    ----------
    losses : numpy.ndarray
        Shape (n_origins, models), no NaN.
    models : sequence of str
        Names of the columns.
    block : int
        Block length of the circular bootstrap over origins.
    draws, seed : int
        Bootstrap settings.

    Returns
    -------
    dict
        P-value by model; the last one standing has 1.

    References
    ----------
    Hansen, Lunde and Nason (2011), The model confidence set, with the statistic T_max and its
    elimination rule.
    """
    n, count = losses.shape
    if count != len(models):
        raise ValueError("one name per column of losses")
    rng = np.random.default_rng(seed)
    length = max(1, min(block, n))
    starts = rng.integers(0, n, size=(draws, -(-n // length)))
    rows = ((starts[..., None] + np.arange(length)).reshape(draws, -1)[:, :n]) % n
    weights = np.stack([np.bincount(r, minlength=n) for r in rows]) / n
    means = losses.mean(axis=0)
    resampled = weights @ losses - means
    alive = list(range(count))
    values: dict[str, float] = {}
    highest = 0.0
    while len(alive) > 1:
        gap = means[alive] - means[alive].mean()
        moved = resampled[:, alive] - resampled[:, alive].mean(axis=1, keepdims=True)
        spread = np.sqrt((moved**2).mean(axis=0))
        if not (spread > 0).all():
            break
        statistics = gap / spread
        reference = (moved / spread).max(axis=1)
        highest = max(highest, float((reference >= statistics.max()).mean()))
        values[models[alive.pop(int(statistics.argmax()))]] = highest
    values.update({models[i]: 1.0 for i in alive})
    return values
