"""Scores of joint paths by level of a tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from employment_forecast.forecasting.scoring import covered, energy_score, interval_score
from employment_forecast.models.paths import LEVELS

Floats = npt.NDArray[np.float64]
# Enough for a mean over many origins; the pairs of a thousand would take longer than the models.
ENERGY_PATHS = 250


@dataclass(frozen=True)
class Truth:
    """What came after an origin, and what was known at it.

    Attributes
    ----------
    outcomes : numpy.ndarray
        Shape (members, horizon).
    scales, last, highest : numpy.ndarray
        Shape (members,): seasonal-naive error, newest value, maximum of its last year.
    """

    outcomes: Floats
    scales: Floats
    last: Floats
    highest: Floats


def level_scores(paths: Floats, truth: Truth, rows: Sequence[int]) -> dict[str, float]:
    """Scores of the members in some rows at one origin.

    Parameters
    ----------
    paths : numpy.ndarray
        Shape (members, n_paths, horizon).
    truth : Truth
        Of the same members.
    rows : sequence of int
        Members of the level.
    """
    at = list(rows)
    draws, outcome, scale = paths[at], truth.outcomes[at], truth.scales[at]
    quantiles = np.moveaxis(np.quantile(draws, LEVELS, axis=1), 0, -1)
    vector = np.moveaxis(draws[:, :ENERGY_PATHS] / scale[:, None, None], 1, 0)
    p_any = (draws.max(axis=2) > truth.highest[at][:, None]).mean(axis=1)
    p_end = (draws[:, :, -1] > truth.last[at][:, None]).mean(axis=1)
    came_any = outcome.max(axis=1) > truth.highest[at]
    came_end = outcome[:, -1] > truth.last[at]
    return {
        "wis": float((interval_score(quantiles, outcome) / scale[:, None]).mean()),
        "energy": energy_score(vector.reshape(len(vector), -1), (outcome / scale[:, None]).ravel()),
        "cover80": float(covered(quantiles, outcome, 80).mean()),
        "cover95": float(covered(quantiles, outcome, 95).mean()),
        "brier_any": float(((p_any - came_any) ** 2).mean()),
        "brier_end": float(((p_end - came_end) ** 2).mean()),
    }


def means(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Mean of each score over origins."""
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
