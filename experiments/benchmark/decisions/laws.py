"""Districts of known laws, and scores of models of known quality on them: no model is fitted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.stats import norm

from employment_forecast.forecasting.scoring import interval_score
from employment_forecast.models.paths import LEVELS

Floats = npt.NDArray[np.float64]

HORIZON = 12
_Z = np.asarray(norm.ppf(LEVELS), dtype=float)


@dataclass(frozen=True)
class Law:
    """A law of the errors of the best possible forecast.

    Attributes
    ----------
    name : str
        Shown in tables.
    memory : float
        Autoregression of the monthly movements: 1 is a random walk, less returns to a mean.
    momentum : float
        Autoregression of the changes: above 0, movements go on.
    tails : float
        Degrees of freedom of the shocks; infinity is Gaussian.
    """

    name: str
    memory: float
    momentum: float = 0.0
    tails: float = float("inf")

    def weights(self, horizon: int = HORIZON) -> Floats:
        """Response of the series to a shock so many months ago, shape (horizon,)."""
        weights = np.zeros(horizon)
        level, change = 0.0, 0.0
        for step in range(horizon):
            change = self.momentum * change + (1.0 if step == 0 else 0.0)
            level = self.memory * level + change
            weights[step] = level
        return weights

    def shocks(self, rng: np.random.Generator, size: tuple[int, ...]) -> Floats:
        """Shocks of variance one."""
        if np.isinf(self.tails):
            return rng.standard_normal(size)
        scale = np.sqrt((self.tails - 2) / self.tails)
        return np.asarray(rng.standard_t(self.tails, size) * scale)


# What monthly registers look like: nearly a random walk, movements that go on, a return to normal,
# and months that jump.
LAWS = (
    Law("random walk", 1.0),
    Law("momentum", 0.98, 0.5),
    Law("return to a mean", 0.8),
    Law("heavy tails", 0.95, 0.2, 4.0),
)


@dataclass(frozen=True)
class Model:
    """How a model departs from the best possible forecast.

    Attributes
    ----------
    fault : float
        Standard deviation of what its forecast is off, in units of the forecast error.
    persistence : float
        How much of that stays from one origin to the next.
    width : float
        Its stated spread over the right one.
    """

    fault: float
    persistence: float = 0.9
    width: float = 1.0


def errors(law: Law, rng: np.random.Generator, runs: int, origins: int) -> Floats:
    """Errors of the best forecast over its standard deviation, shape (runs, origins, horizon).

    Origins are consecutive months, so that forecasts overlap as they do in a back-test.
    """
    shocks = law.shocks(rng, (runs, origins + HORIZON))
    weights = law.weights()
    relative = np.empty((runs, origins, HORIZON))
    for ahead in range(1, HORIZON + 1):
        total = np.zeros((runs, origins))
        for step in range(ahead):
            # The shock of the month `ahead - step` after the origin has had `step` months to work.
            total += weights[step] * shocks[:, ahead - step : ahead - step + origins]
        relative[..., ahead - 1] = total / np.sqrt((weights[:ahead] ** 2).sum())
    return relative


def sizes(law: Law) -> Floats:
    """Standard deviation of the best forecast's error by months ahead, shape (horizon,)."""
    return np.asarray(np.sqrt(np.cumsum(law.weights() ** 2)))


def faults(model: Model, rng: np.random.Generator, runs: int, origins: int) -> Floats:
    """What a model's forecasts are off, in units of the error, shape (runs, origins)."""
    off = np.empty((runs, origins))
    state = rng.standard_normal(runs)
    fresh = np.sqrt(1 - model.persistence**2)
    for t in range(origins):
        state = model.persistence * state + fresh * rng.standard_normal(runs)
        off[:, t] = model.fault * state
    return off


def quantiles(model: Model, fault: Floats) -> Floats:
    """Quantiles less the best forecast, in units of its error, shape (runs, origins, 1, 9)."""
    spread = model.width * np.sqrt(1 + model.fault**2)
    return np.asarray(fault[..., None, None] + spread * _Z)


def scores(
    law: Law,
    models: tuple[Model, ...],
    rng: np.random.Generator,
    runs: int,
    origins: int,
    corner: bool = True,
) -> Floats:
    """Interval scores, shape (models, runs, origins, horizon), NaN where the future is unknown."""
    error, size = errors(law, rng, runs, origins), sizes(law)
    losses = np.empty((len(models), *error.shape))
    for i, model in enumerate(models):
        given = quantiles(model, faults(model, rng, runs, origins))
        losses[i] = interval_score(np.broadcast_to(given, (*error.shape, 9)), error) * size
    if corner:
        losses[..., unknown(origins)] = np.nan
    return losses


def unknown(origins: int) -> npt.NDArray[np.bool_]:
    """Cells whose outcome lies after the last month: the newest origins know the first months."""
    left = np.arange(origins, 0, -1)[:, None]
    return np.asarray(np.arange(1, HORIZON + 1) > left)


def expected(model: Model) -> float:
    """Expected interval score of a Gaussian forecast error of variance one, by quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    total = np.sqrt(1 + model.fault**2)
    outcome = total * nodes
    given = np.broadcast_to(model.width * total * _Z, (len(nodes), 9))
    return float((weights * interval_score(given, outcome)).sum() / weights.sum())


def worse(model: Model, by: float) -> Model:
    """A model of the same persistence whose expected score is higher by so large a share."""
    aim = expected(model) * (1 + by)

    def gap(fault: float) -> float:
        return expected(Model(fault, model.persistence, model.width)) - aim

    return Model(brentq(gap, model.fault, 10.0), model.persistence, model.width)
