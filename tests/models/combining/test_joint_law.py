"""Joint paths are joint: laws of path functionals against exact values.

For a random walk and an AR(1) the chance that some month lies above c, the law of the highest
month and the law of the twelve-month sum are known: the first two by integrating the density month
by month over what has stayed below c, the last in closed form. Every family that contains one of
the two processes is given its parameters directly. Draws are 20,000 and every tolerance is four
Monte Carlo standard errors; independent draws per month fail.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from employment_forecast.models import roster
from employment_forecast.models.combining.combination import combine
from employment_forecast.models.contract import Parameters, Scaled
from employment_forecast.models.families.statsforecast_models import (
    AutoArima,
    AutoCes,
    AutoEts,
    AutoTheta,
)
from employment_forecast.models.laws.gaussian import Law, factorise
from employment_forecast.models.laws.likelihood import arma_structure, conditional
from employment_forecast.models.paths import SamplePaths

N, HORIZON, SIGMA, PHI, START = 20_000, 12, 0.1, 0.8, 0.25
# Levels that the highest month exceeds with chances spread over the whole law, relative to START.
LEVELS = {1.0: (-0.02, 0.05, 0.1, 0.2, 0.4), PHI: (-0.08, -0.04, 0.0, 0.05, 0.1)}

Scaler = Callable[..., Scaled]


@cache
def chance_of_exceeding(level: float, phi: float, start: float) -> float:
    """P(some month above `level`) of x_t = phi x_(t-1) + e_t, by quadrature on a fine grid."""
    grid = np.linspace(level - 14 * SIGMA, level, 1401)
    weight = np.full(len(grid), grid[1] - grid[0])
    weight[[0, -1]] /= 2
    kernel = norm.pdf(grid[:, None] - phi * grid[None, :], scale=SIGMA)
    density = norm.pdf(grid - phi * start, scale=SIGMA)
    for _ in range(HORIZON - 1):
        density = kernel @ (weight * density)
    return 1 - float(weight @ density)


def sum_law(phi: float, start: float) -> tuple[float, float]:
    """Mean and standard deviation of the twelve-month sum."""
    powers = phi ** np.arange(HORIZON)
    return start * phi * powers.sum(), SIGMA * float(np.sqrt((np.cumsum(powers) ** 2).sum()))


def _z(paths: np.ndarray, phi: float, start: float) -> np.ndarray:
    """Standardised deviations of all functionals from their exact law."""
    highest = paths.max(axis=1)
    shares, expected = [], []
    for level in LEVELS[phi]:
        shares.append((highest > start + level).mean())
        expected.append(chance_of_exceeding(start + level, phi, start))
    mean, spread = sum_law(phi, start)
    total = paths.sum(axis=1)
    for share in (0.05, 0.25, 0.5, 0.75, 0.95):
        shares.append((total <= mean + spread * norm.ppf(share)).mean())
        expected.append(share)
    chance = np.array(expected)
    assert ((chance > 0.02) & (chance < 0.98)).all()
    return (np.array(shares) - chance) / np.sqrt(chance * (1 - chance) / N)


def _random_walk_cases() -> dict[str, Parameters]:
    """Parameters that turn a family into a random walk."""
    still = {"festival": [0.0, 0.0, 0.0], "degrees": None, "sigma": SIGMA}
    weights = {"level": 1.0, "slope": 0.0, "seasonal": 0.0, "damping": 0.9}
    trendless = {
        "slope": 0.0,
        "offset": 0.0,
        "changepoints": [],
        "slope_changes": [],
        "effects": [0.0] * 13,
        "start": 0.0,
        "span": 1.0,
        "floor": 0.0,
        "size": 1.0,
    }
    cancelled = {"coefficients": [0.0, 0.0, 0.0, -0.9999], "variance": SIGMA**2}
    cases = {
        "random_walk": still,
        "drift": {**still, "drift": 0.0, "steps": 0},
        "ets": {**still, "weights": weights},
        "ets_trend": {**still, "weights": {**weights, "damping": 1.0}},
        "theta": {**still, "weight": 1.0, "drift": 0.0, "seasonal": [0.0] * 12},
        "uc": {**still, "variances": [0.0, SIGMA**2, 0.0]},
        # A seasonal moving average near one cancels the seasonal difference.
        "sarima": {**still, "coefficients": [0.0, -0.9999], "variance": SIGMA**2},
        "sarima_ar": {**still, "coefficients": [0.0, -0.9999], "variance": SIGMA**2},
        "sarima_long": {**still, **cancelled},
        "ridge": _ridge(1.0),
        "prophet": {**trendless, "persistence": 1.0, "sigma": SIGMA},
        "boosting": {
            **still,
            "trees": [{"constant": 0.0}],
            "seasonal": [0.0] * 12,
            "size": 1.0,
            "factor": (SIGMA * np.tri(12)).tolist(),
        },
        "auto_arima": {
            **still,
            "order": [0, 1, 0],
            "seasonal": [0, 0, 0],
            "coefficients": [],
            "variance": SIGMA**2,
            "first": 0,
            "drift": 0.0,
            "intercept": 0.3,
        },
        "auto_ets": {
            **still,
            "trend": False,
            "season": False,
            "level": 1.0,
            "slope": 0.0,
            "seasonal": 0.0,
            "damping": 0.0,
        },
        # With these gains the level gathers all of every innovation.
        "auto_ces": {**still, "kind": "N", "gains": {"alpha_0": 2.0, "alpha_1": 1.0}},
        "auto_theta": {**still, "weight": 1.0, "drift": 0.0, "seasonal": [0.0] * 12},
    }
    twice = {"ets": "ets_level", "sarima_long": "sarima_level", "ridge": "ridge_level"}
    return cases | {level: {**cases[name], "unit": 1.0} for name, level in twice.items()}


def _ridge(phi: float) -> Parameters:
    pool = SIGMA * norm.ppf((np.arange(4000) + 0.5) / 4000)
    return {
        "centre": 0.0,
        "intercept": 0.0,
        "coefficients": [phi - 1, *[0.0] * 19],
        "means": [0.0] * 20,
        "intercept_error": 0.0,
        "coefficient_root": np.zeros((20, 20)).tolist(),
        "innovations": pool.tolist(),
    }


# Their laws need no package that may be missing; only their estimation does.
OPTIONAL = {f.name: f for f in (AutoArima, AutoEts, AutoCes, AutoTheta)}
RANDOM_WALKS = _random_walk_cases()
# The seasonal pattern of these families is estimated from the data; only a very long history makes
# its uncertainty vanish beside the Monte Carlo error.
LONG = dict.fromkeys(("uc", "sarima", "sarima_ar", "sarima_long", "sarima_level"), 3600)


def _paths(name: str, parameters: Parameters, data: Scaled, seed: int = 5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    model = OPTIONAL[name]() if name in OPTIONAL else roster.create(name)
    return model._paths(data, parameters, HORIZON, N, rng)


def _flat(name: str, make_scaled: Scaler) -> Scaled:
    return make_scaled(np.full(LONG.get(name, 240), START), start="1900-01")


@pytest.mark.parametrize("name", RANDOM_WALKS)
def test_random_walk_in_every_family(name, make_scaled):
    paths = _paths(name, RANDOM_WALKS[name], _flat(name, make_scaled))
    assert np.abs(_z(paths, 1.0, START)).max() < 4


def test_only_the_seasonal_naive_and_stock_flow_hold_no_random_walk():
    assert set(RANDOM_WALKS) == {*roster.names(), *OPTIONAL} - {
        "seasonal_naive",
        "stock_flow",
        # Their parameters are integrated out: see test_level_season.
        "shrunken_season",
        "shrunken_season_level",
        *roster.COMBINATIONS,
    }


def test_ar1_in_ridge(make_scaled):
    paths = _paths("ridge", _ridge(PHI), make_scaled(np.full(60, START)))
    assert np.abs(_z(paths, PHI, START)).max() < 4


def test_ar1_in_prophet_residuals(make_scaled):
    parameters = {**RANDOM_WALKS["prophet"], "persistence": PHI}
    paths = _paths("prophet", parameters, make_scaled(np.full(60, START)))
    assert np.abs(_z(paths, PHI, START)).max() < 4


def test_ar1_in_the_banded_form():
    structure = arma_structure(np.array([PHI]), np.ones(1))
    mean, covariance = conditional(np.full(60, START), structure, HORIZON)
    drawn = Law(mean, factorise(SIGMA**2 * covariance)).draw(N, np.random.default_rng(6))
    assert np.abs(_z(drawn, PHI, START)).max() < 4


@pytest.mark.parametrize("phi", [1.0, PHI])
def test_independent_draws_per_month_fail(phi, make_scaled):
    joint = _paths("ridge", _ridge(phi), make_scaled(np.full(60, START)))
    independent = np.random.default_rng(1).permuted(joint, axis=0)
    # The months are as before, only their togetherness is gone.
    assert (np.sort(independent, axis=0) == np.sort(joint, axis=0)).all()
    assert np.abs(_z(independent, phi, START)).max() > 20


def test_combination_keeps_the_joint_law(make_scaled):
    origin = pd.Period("2020-12", "M")
    members = [
        SamplePaths(
            _paths("random_walk", RANDOM_WALKS["random_walk"], _flat("", make_scaled), s), origin
        )
        for s in range(4)
    ]
    combined = combine(dict(enumerate(members)), 1.0, 3).values
    assert np.abs(_z(combined, 1.0, START)).max() < 4
