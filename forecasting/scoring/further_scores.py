"""Further scores, of points, samples, joint paths and event probabilities.

Free functions on plain arrays, each for one forecast or a row of them; means are the caller's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SEASON = 12


def symmetric_percentage_error(point: Floats, outcome: Floats) -> Floats:
    """Symmetric percentage error (sMAPE) of each cell, 0 to 200; 0 where both are 0.

    Parameters
    ----------
    point, outcome : numpy.ndarray
        Same shape.

    References
    ----------
    Makridakis and Hibon (2000), The M3-Competition.
    """
    size = np.abs(point) + np.abs(outcome)
    error = 200.0 * np.abs(outcome - point)
    return np.asarray(np.divide(error, size, out=np.zeros_like(size), where=size > 0))


def scaled_root_error(mean: Floats, outcome: Floats, history: Floats) -> float:
    """RMSSE of one forecast: root mean square over that of the seasonal-naive method in sample.

    Parameters
    ----------
    mean, outcome : numpy.ndarray
        Shape (horizon,); unknown outcomes (NaN) are left out.
    history : numpy.ndarray
        Shape (n,).

    Returns
    -------
    float
        NaN if nothing is known, the history is not longer than a year, or repeats itself exactly.

    References
    ----------
    Hyndman and Koehler (2006); Makridakis, Spiliotis and Assimakopoulos (2022), M5.
    """
    known = np.isfinite(outcome)
    changes = history[SEASON:] - history[:-SEASON]
    changes = changes[np.isfinite(changes)]
    scale = float(np.mean(changes**2)) if len(changes) else 0.0
    if not known.any() or scale == 0:
        return float("nan")
    return float(np.sqrt(np.mean((outcome[known] - mean[known]) ** 2) / scale))


def crps(draws: Floats, outcome: Floats) -> Floats:
    """Continuous ranked probability score of samples.

    References
    ----------
    Gneiting and Raftery (2007), Strictly proper scoring rules, equation 21.
    """
    return crps_of_sorted(np.sort(draws, axis=0), outcome)


def crps_of_sorted(ordered: Floats, outcome: Floats) -> Floats:
    """`crps` of draws that ascend along the first axis."""
    n = len(ordered)
    ranks = 2.0 * np.arange(1, n + 1) - n - 1
    pairs = np.tensordot(ranks, ordered, axes=1) / n**2
    return np.asarray(np.abs(ordered - outcome).mean(axis=0) - pairs, dtype=float)


def cap_weighted_crps(draws: Floats, outcome: Floats, cap: Floats | float) -> Floats:
    """CRPS that looks only at what is above the cap.

    References
    ----------
    Gneiting and Ranjan (2011), Comparing density forecasts using threshold- and quantile-weighted
    scoring rules, with weight 1 above the threshold.
    """
    return crps(np.maximum(draws, cap), np.maximum(outcome, cap))


def probability_transform(draws: Floats, outcome: Floats, seed: int = 0) -> Floats:
    """Randomised probability integral transform: uniform if the forecasts are calibrated.

    Parameters
    ----------
    draws : numpy.ndarray
        Shape (n, ...).
    outcome : numpy.ndarray
        Shape (...).
    seed : int
        Decides the place among ties and between neighbouring draws.

    Returns
    -------
    numpy.ndarray
        Shape (...), between 0 and 1.

    References
    ----------
    Czado, Gneiting and Held (2009), Predictive model assessment for count data.
    """
    below = (draws < outcome).sum(axis=0)
    ties = (draws == outcome).sum(axis=0)
    place = np.random.default_rng(seed).random(np.shape(outcome))
    return np.asarray((below + place * (ties + 1)) / (len(draws) + 1), dtype=float)


def brier(probability: Floats, event: Floats) -> float:
    """Mean squared difference of probability and event (0 or 1); Brier (1950)."""
    return float(np.mean((probability - event) ** 2))


@dataclass(frozen=True)
class ReliabilityBin:
    """Forecasts of similar probability: how many, their mean, and how often the event came."""

    count: int
    forecast: float
    observed: float


def reliability(probability: Floats, event: Floats, bins: int = 10) -> list[ReliabilityBin]:
    """Reliability diagram in bins of equal width; empty bins are left out.

    Parameters
    ----------
    probability, event : numpy.ndarray
        Shape (n,).
    bins : int
        Number of bins.
    """
    slot = np.minimum((probability * bins).astype(int), bins - 1)
    return [
        ReliabilityBin(
            int((slot == b).sum()),
            float(probability[slot == b].mean()),
            float(event[slot == b].mean()),
        )
        for b in np.unique(slot)
    ]


def energy_score(paths: Floats, outcome: Floats) -> float:
    """Energy score of joint paths: the CRPS of a vector.

    Parameters
    ----------
    paths : numpy.ndarray
        Shape (n, horizon).
    outcome : numpy.ndarray
        Shape (horizon,), all known.

    Returns
    -------
    float
        E||X - y|| - E||X - X'|| / 2 of the empirical law.

    References
    ----------
    Gneiting and Raftery (2007), equation 22.
    """
    from scipy.spatial.distance import pdist

    far = float(np.linalg.norm(paths - outcome, axis=1).mean())
    return far - float(pdist(paths).sum()) / len(paths) ** 2


def variogram_score(paths: Floats, outcome: Floats, power: float = 0.5) -> float:
    """Variogram score of joint paths: sensitive to the dependence between months.

    Parameters
    ----------
    paths : numpy.ndarray
        Shape (n, horizon).
    outcome : numpy.ndarray
        Shape (horizon,), all known.
    power : float
        Of the absolute differences.

    Returns
    -------
    float
        Sum over all ordered pairs of months with equal weights.

    References
    ----------
    Scheuerer and Hamill (2015), Variogram-based proper scoring rules.
    """
    first, second = np.triu_indices(len(outcome), 1)
    seen = np.abs(outcome[first] - outcome[second]) ** power
    said = (np.abs(paths[:, first] - paths[:, second]) ** power).mean(axis=0)
    return 2.0 * float(((seen - said) ** 2).sum())
