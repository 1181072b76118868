"""The exact likelihood against statsmodels' Kalman filter and against plain matrix algebra."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter
from support.campaigns import examples
from support.kalman import arma_model

from employment_forecast.models.laws.arma import estimate_arma
from employment_forecast.models.laws.likelihood import (
    INFEASIBLE,
    arma_structure,
    exact_fitness,
    product,
    stationary,
)


def test_stationary_by_hand():
    # Partial autocorrelations 0.5, 0.2: phi_2 = 0.2, phi_1 = 0.5 - 0.2 * 0.5.
    assert stationary(np.arctanh([0.5, 0.2])) == pytest.approx([0.4, 0.2])
    assert stationary(np.zeros(0)).shape == (0,)


@given(st.lists(st.floats(-2.5, 2.5), min_size=1, max_size=4))
@settings(max_examples=examples(30), deadline=None)
def test_every_root_lies_outside_the_unit_circle(free):
    coefficients = stationary(np.array(free))
    assert np.abs(np.roots(np.append(1.0, -coefficients))).max() < 1 + 1e-9


def test_product_by_hand():
    polynomial = product(np.array([1.0, 0.5]), np.array([1.0, -0.4]))
    expected = np.zeros(14)
    expected[[0, 1, 12, 13]] = 1.0, 0.5, -0.4, -0.2
    assert polynomial == pytest.approx(expected)


def test_ma1_by_hand():
    # Two values, theta = 1/2: covariance [[5/4, 1/2], [1/2, 5/4]], determinant 21/16.
    w = np.array([1.0, 2.0])
    fitness = exact_fitness(w, arma_structure(np.zeros(0), np.array([1.0, 0.5])))
    square = (1.25 * 1 - 2 * 0.5 * 2 + 1.25 * 4) / (21 / 16)
    assert fitness.variance == pytest.approx(square / 2)
    assert fitness.badness == pytest.approx(np.log(square / 2) + np.log(21 / 16) / 2)


@pytest.mark.parametrize(
    ("order", "seasonal"),
    [
        ((0, 1), (0, 1)),
        ((1, 0), (0, 1)),
        ((3, 0), (0, 1)),
        ((2, 2), (0, 1)),
        ((1, 1), (1, 0)),
        ((2, 0), (1, 1)),
        ((4, 1), (0, 0)),
    ],
)
def test_agrees_with_the_kalman_filter(order, seasonal):
    rng = np.random.default_rng(sum(order) + 7)
    w = rng.normal(size=119)
    parts = [rng.normal(size=n) * 0.6 for n in (*order, *seasonal)]
    ar, ma, seasonal_ar, seasonal_ma = (stationary(p) for p in parts)
    model = arma_model(w, order, seasonal)
    reversed_ar = product(np.append(1.0, -ar), np.append(1.0, -seasonal_ar))
    moving = product(np.append(1.0, -ma), np.append(1.0, -seasonal_ma))
    fitness = exact_fitness(w, arma_structure(-reversed_ar[1:], moving))
    expected = model.loglike([*ar, *-ma, *seasonal_ar, *-seasonal_ma, fitness.variance])
    n = len(w)
    assert -fitness.badness - n / 2 * (np.log(2 * np.pi) + 1) == pytest.approx(expected, abs=1e-6)


def test_estimates_are_as_likely_as_those_of_statsmodels():
    rng = np.random.default_rng(5)
    e = rng.normal(size=180)
    w = lfilter(product(np.array([1.0]), np.array([1.0, -0.7])), [1.0, -0.5, -0.1, -0.2], e)[40:]
    coefficients, variance = estimate_arma(w, (3, 0), (0, 1))
    model = arma_model(w, (3, 0), (0, 1))
    ours = model.loglike([*coefficients, variance * (len(w) - 4) / len(w)])
    theirs = model.fit(disp=0, cov_type="none").llf
    assert ours >= theirs - 0.02


def test_what_no_process_has_is_infeasible():
    explosive = exact_fitness(np.ones(30), arma_structure(np.array([1.5]), np.array([1.0])))
    assert explosive.badness == INFEASIBLE
