"""How sure a series is of its season: what the combination lets seasonal members count for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from employment_forecast.features.history import History
from employment_forecast.models.contract import SEASON
from employment_forecast.models.effects import forced_path

Floats = npt.NDArray[np.float64]

# Fewer changes beyond the twelve means leave their noise unknown.
FEWEST_LEFT = 6
# F ratio from which on few years matter less. Ordinary seasons of short series stay below it.
OVERWHELMING = 40.0


def seasonal_evidence(history: History) -> float:
    """Share of the differences between the calendar months' mean changes that is no chance.

    Parameters
    ----------
    history : History
        Any length.

    Returns
    -------
    float
        0 to 1; 0 where too few months are known to tell.

    References
    ----------
    The James-Stein factor 1 - 1/F of Miller and Williams (2003), Shrinkage estimators of time
    series seasonal factors, International Journal of Forecasting 19, with the F ratio of an
    analysis of variance.
    """
    z = np.where(history.missing, np.nan, history.scaled)
    if history.breaks or history.shocks:
        z = z - forced_path(history, "none")[: len(z)]
    changes = np.diff(z)
    slots = np.arange(len(changes)) % SEASON
    known = np.isfinite(changes)
    changes, slots = changes[known], slots[known]
    counts = np.bincount(slots, minlength=SEASON)
    left = len(changes) - int((counts > 0).sum())
    if left < FEWEST_LEFT:
        return 0.0
    means = np.bincount(slots, changes, SEASON) / np.maximum(counts, 1)
    noise = float(((changes - means[slots]) ** 2).sum()) / left
    between = float((counts * (means - changes.mean()) ** 2).sum()) / (SEASON - 1)
    return max(0.0, 1.0 - noise / between) if between > 0 else 0.0


def season_weight(evidence: float, months: int) -> float:
    """Weight of the members with a full season, from the evidence and the length of a history.

    The evidence, times the part of the history that lies beyond two years: a season seen no more
    than twice is known from neither of them. Where hardly anything moves but the season, fewer
    years tell it: from an F ratio of `OVERWHELMING` times n / 24 on its inverse decides.
    """
    beyond = 1.0 - 2 * SEASON / months
    return evidence * max(beyond, 1.0 - OVERWHELMING * (1.0 - evidence)) if beyond > 0 else 0.0


def season_share(history: History) -> float:
    """What the members with a full season count for in the combination, the others the rest."""
    return season_weight(seasonal_evidence(history), len(history))
