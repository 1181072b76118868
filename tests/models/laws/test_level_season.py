"""A level and a shrunken season, against dense normal laws and multivariate Student densities."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_t

from employment_forecast.features.history import Borrowed, History
from employment_forecast.models.laws import level_season
from employment_forecast.models.laws.level_season import (
    DYNAMICS,
    FIRST_SLOPE,
    SWINGS,
    lend,
    posterior,
    usual,
)

N, AHEAD, FIRST = 16, 5, 4
LENT = Borrowed(
    season=tuple((np.arange(12.0) - 5.5) / 100),
    swings=(0.0, 0.1, 0.2, 0.2, 0.0, 0.0, 0.2, 0.2, 0.1, 0.0),
    dynamics=tuple(np.linspace(1, 2, len(DYNAMICS)) / np.linspace(1, 2, len(DYNAMICS)).sum()),
    variance=4e-4,
    degrees=3.0,
    series=4,
)


def _series(n: int = N) -> np.ndarray:
    rng = np.random.default_rng(5)
    months = (FIRST - 1 + np.arange(n)) % 12
    return np.cumsum(rng.normal(0, 0.02, n)) + np.asarray(LENT.season)[months]


def _dense(point: int, size: float, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean weights of the season and covariance of n months over the variance, level unknown.

    Every source of variation is sent through the recursion by itself.
    """
    level_weight, slope_weight, damping = DYNAMICS[point]
    columns = []

    def run(level: float, slope: float, shocks: np.ndarray, season: np.ndarray) -> np.ndarray:
        values = np.empty(n)
        for t in range(n):
            expected = level + damping * slope
            values[t] = expected + season[(FIRST - 1 + t) % 12] + shocks[t]
            level = expected + level_weight * shocks[t]
            slope = damping * slope + level_weight * slope_weight * shocks[t]
        return values

    none, calm = np.zeros(n), np.zeros(12)
    columns += [run(0, 0, shock, calm) for shock in np.eye(n)]
    columns.append(FIRST_SLOPE * run(0, 1, none, calm))
    centring = np.eye(12) - 1 / 12
    columns += [max(size, 1e-3) * run(0, 0, none, row) for row in centring]
    root = np.array(columns).T
    shape = np.array([run(0, 0, none, row) for row in np.eye(12)]).T
    return shape, root @ root.T


@pytest.mark.parametrize("missing", [(), (6, 9)])
def test_law_is_the_conditional_of_a_dense_normal_law(missing):
    z = _series()
    z[list(missing)] = np.nan
    seen = np.flatnonzero(np.isfinite(z))
    learned = posterior(z, FIRST, LENT)
    used = [row for row, weight in enumerate(LENT.swings) if weight]
    for row, point in ((0, 0), (2, 7), (4, 20), (5, 41)):
        whole = replace_weights(learned, row, point)
        ((weight, law),) = whole.laws((FIRST - 2 + N) % 12 + 1, AHEAD)
        shape, covariance = _dense(point, (*SWINGS, *SWINGS)[used[row]], N + AHEAD)
        centre = shape @ np.asarray(LENT.season) * (used[row] >= len(SWINGS))
        covariance = covariance + 1e5
        gain = covariance[N:, seen] @ np.linalg.inv(covariance[np.ix_(seen, seen)])
        mean = centre[N:] + gain @ (z[seen] - centre[seen])
        spread = covariance[N:, N:] - gain @ covariance[seen, N:]
        assert weight == 1.0
        assert law.mean == pytest.approx(mean, abs=2e-5)
        variance = learned.variances[row, point]
        assert law.covariance == pytest.approx(variance * spread, rel=2e-3, abs=1e-7)
        assert law.degrees == LENT.degrees + len(seen) - 1


def replace_weights(learned, row: int, point: int):
    weights = np.zeros_like(learned.weights)
    weights[row, point] = 1.0
    return replace(learned, weights=weights)


def test_weights_are_marginal_likelihoods_times_priors():
    z = _series()
    learned = posterior(z, FIRST, LENT)
    used = [row for row, weight in enumerate(LENT.swings) if weight]
    steps = np.diff(np.eye(N), axis=0)
    chosen = [(0, 0), (1, 30), (3, 5), (4, 41), (5, 12)]
    logs = []
    for row, point in chosen:
        shape, covariance = _dense(point, (*SWINGS, *SWINGS)[used[row]], N)
        centre = shape @ np.asarray(LENT.season) * (used[row] >= len(SWINGS))
        density = multivariate_t(
            steps @ centre, LENT.variance * steps @ covariance @ steps.T, df=LENT.degrees
        )
        prior = LENT.swings[used[row]] * LENT.dynamics[point]
        logs.append(density.logpdf(steps @ z) + np.log(prior))
    expected = np.exp(np.array(logs) - max(logs))
    got = np.array([learned.weights[row, point] for row, point in chosen])
    assert learned.weights.sum() == pytest.approx(1)
    assert got / got.max() == pytest.approx(expected, rel=1e-3)


def _history(values: np.ndarray, region: str = "a") -> History:
    return History(
        region=region, indicator="x", start=pd.Period("2020-01", "M"), values=np.exp(values),
        unit="人", kind="stock", transform="log", precision=1.0, as_of=date(2024, 1, 31),
        demo=False, pseudo_real_time=True, sources=(),
    )  # fmt: skip


def _regions(count: int, n: int, swing: float) -> list[History]:
    season = swing * np.cos(2 * np.pi * np.arange(n) / 12)
    rng = np.random.default_rng(3)
    walks = np.cumsum(rng.normal(0, 0.02, (count, n)), axis=1)
    return [_history(7 + walk + season, str(i)) for i, walk in enumerate(walks)]


def test_regions_lend_their_season_and_size_and_it_fades():
    lent = lend(_regions(6, 48, 0.2))
    assert lent is not None
    assert lent.season == pytest.approx(0.2 * np.cos(2 * np.pi * np.arange(12) / 12), abs=0.03)
    assert np.sqrt(lent.variance) == pytest.approx(0.02, rel=0.25)
    assert sum(lent.swings) == pytest.approx(1)
    assert sum(lent.dynamics) == pytest.approx(1)
    # A borrower of the opposite season: believed with one year's months, overruled with four.
    differences = []
    for n in (6, 48):
        own = 7 - 0.2 * np.cos(2 * np.pi * np.arange(n) / 12)
        learned = posterior(own + 0.002 * np.random.default_rng(1).normal(size=n), 1, lent)
        differences.append(float(learned.season()[0] + 0.2))
    assert abs(differences[1]) < 0.02 < differences[0]


def test_what_was_borrowed_before_the_largest_season_is_read_as_it_was():
    former = replace(LENT, swings=(0.0, 0.1, 0.2, 0.2, 0.0, 0.2, 0.2, 0.1))
    now, then = (posterior(_series(), FIRST, lent) for lent in (LENT, former))
    assert (now.weights == then.weights).all()
    assert (now.coefficients == then.coefficients).all()


@pytest.mark.parametrize("noise", [0.004, 0.02])
def test_innovations_need_not_explain_a_season_that_is_all_that_moves(noise):
    rng = np.random.default_rng(4)
    season = 0.15 * rng.normal(size=12)
    z = np.cumsum(noise * rng.normal(size=36)) + season[np.arange(36) % 12]
    learned = posterior(z, 1)
    assert np.sqrt(learned.variance()) == pytest.approx(noise, rel=0.4)
    assert learned.season() == pytest.approx(season - season.mean(), abs=4 * noise)


def test_one_region_lends_nothing():
    assert lend(_regions(1, 48, 0.2)) is None


def test_stated_defaults_make_a_short_series_no_narrower_than_it_knows():
    short = _history(7 + 0.1 * _series(6))
    law = usual(short)
    assert law.series == 0
    assert sum(law.dynamics) == pytest.approx(1)
    assert sum(law.swings) == pytest.approx(1)

    def width(borrowed: Borrowed | None) -> float:
        laws = posterior(short.scaled, 1, borrowed).laws(6, 12)
        drawn = level_season.drawn(laws, 1000, np.random.default_rng(1))
        return float(np.ptp(np.quantile(drawn[:, -1], (0.1, 0.9))))

    assert width(law) > 1.3 * width(None)
