"""Forecast laws of banded processes against published formulas and statsmodels' Kalman filter."""

import numpy as np
import pytest
from statsmodels.tsa.arima_process import arma_acovf
from statsmodels.tsa.statespace.sarimax import SARIMAX
from support.kalman import arma_model, components_model, standardised_errors

from employment_forecast.models.contract import ModelFailure
from employment_forecast.models.families.unobserved_components import LocalLevel, structure
from employment_forecast.models.laws.arma import (
    Differenced,
    difference,
    estimate_arma,
    integrate,
    split,
)
from employment_forecast.models.laws.gaussian import factorise, moving_factor
from employment_forecast.models.laws.likelihood import arma_structure, conditional, exact_fitness
from employment_forecast.models.laws.statespace import (
    arma_terminal,
    joint_moments,
    terminal,
)

HORIZON = 30


def _conditional(autocovariance, seen):
    """Future given past by the textbook formula on the whole covariance matrix."""
    n = len(seen)
    whole = autocovariance[
        np.abs(np.subtract.outer(np.arange(n + HORIZON), np.arange(n + HORIZON)))
    ]
    gain = np.linalg.solve(whole[:n, :n], whole[:n, n:]).T
    return gain @ seen, whole[n:, n:] - gain @ whole[:n, n:]


def test_ar2_takes_the_newest_value_first():
    # y = 0.5 y_1 + 0.3 y_2 + e after 2.0, 1.0: by hand 1.1, 0.85, 0.755.
    history = np.r_[np.zeros(30), 2.0, 1.0]
    mean, covariance = conditional(history, arma_structure(np.array([0.5, 0.3]), np.ones(1)), 3)
    assert mean == pytest.approx([1.1, 0.85, 0.755])
    # Responses to an innovation: 1, 0.5, 0.55.
    psi = moving_factor(np.array([1.0, 0.5, 0.55]), 1.0, 3)
    assert covariance == pytest.approx(psi @ psi.T)


@pytest.mark.parametrize(("order", "coefficients"), [((0, 1), [-0.3, -0.6]), ((1, 0), [0.4, -0.6])])
def test_conditional_law_against_the_covariance_matrix_and_the_kalman_filter(order, coefficients):
    rng = np.random.default_rng(2)
    w = rng.normal(size=60)
    ar = np.r_[1.0, -coefficients[0]] if order == (1, 0) else np.ones(1)
    ma = np.r_[1.0, coefficients[0]] if order == (0, 1) else np.ones(1)
    ma = np.convolve(ma, np.r_[1.0, np.zeros(11), coefficients[1]])
    expected = _conditional(arma_acovf(ar, ma, nobs=60 + HORIZON, sigma2=1.7), w)
    mean, covariance = conditional(w, arma_structure(-ar[1:], ma), HORIZON)
    assert mean == pytest.approx(expected[0], abs=1e-9)
    assert 1.7 * covariance == pytest.approx(expected[1], abs=1e-9)
    system = terminal(arma_model(w, order, (0, 1)), [*coefficients, 1.7])
    for moment, reference in zip(
        (mean, 1.7 * covariance), joint_moments(system, HORIZON), strict=True
    ):
        assert moment == pytest.approx(reference, abs=1e-8)


@pytest.mark.parametrize(
    ("order", "coefficients"), [((0, 1), [-0.3, -0.6]), ((3, 0), [0.4, -0.2, 0.1, -0.6])]
)
def test_the_filter_alone_gives_what_the_model_around_it_does(order, coefficients):
    w = np.random.default_rng(4).normal(size=60)
    expected = terminal(arma_model(w, order, (0, 1)), [*coefficients, 1.7])
    system = arma_terminal(w, *split(coefficients, order, (0, 1)), 1.7)
    for moment, reference in zip(
        joint_moments(system, HORIZON), joint_moments(expected, HORIZON), strict=True
    ):
        np.testing.assert_allclose(moment, reference, rtol=1e-12)


def test_integration_against_the_full_model(seasonal_z):
    ma = np.convolve([1.0, -0.3], np.r_[1.0, np.zeros(11), -0.6])
    full = SARIMAX(seasonal_z, order=(0, 1, 1), seasonal_order=(0, 1, 1, 12))
    expected = full.filter([-0.3, -0.6, 4e-4]).get_forecast(HORIZON)
    structure = arma_structure(np.zeros(0), ma)
    mean, covariance = Differenced.of(seasonal_z).ahead(structure, 4e-4, HORIZON)
    # The full model starts from a large but finite variance.
    assert mean == pytest.approx(expected.predicted_mean, abs=1e-5)
    assert np.diag(covariance) == pytest.approx(expected.var_pred_mean, rel=1e-4)


@pytest.mark.parametrize("regular", [True, False])
def test_integration_turns_differences_back(seasonal_z, regular):
    known, future = seasonal_z[:100], seasonal_z[100:130]
    w = difference(seasonal_z[:130], regular)[-30:]
    assert integrate(known, w, np.eye(30), regular)[0] == pytest.approx(future)


def test_integration_of_known_differences(seasonal_z):
    _, covariance = integrate(seasonal_z, np.zeros(30), np.eye(30))
    # The first differences' own variances: 1, 1 + 1, ..., and the season adds from month 13 on.
    assert np.diag(covariance)[:12] == pytest.approx(np.arange(1, 13))
    assert np.diag(covariance)[12] == pytest.approx(12 + 4)


VARIANCES = np.array([1e-4, 3e-4, 2e-5])


@pytest.mark.parametrize("missing", [[], [3, 50, 51]])
def test_components_against_statsmodels(seasonal_z, missing):
    z = seasonal_z.copy()
    z[missing] = np.nan
    reference = components_model((z - z[0]) / 0.05)
    expected = reference.filter(list(VARIANCES / 0.05**2)).get_forecast(HORIZON)
    series = Differenced.of(z, regular=False)
    mean, covariance = series.ahead(structure(VARIANCES), 1.0, HORIZON)
    # The reference starts from a large but finite variance.
    assert (mean - z[0]) / 0.05 == pytest.approx(expected.predicted_mean, abs=1e-4)
    assert np.diag(covariance) / 0.05**2 == pytest.approx(expected.var_pred_mean, rel=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_components_are_as_likely_as_those_of_statsmodels(make_scaled, seed):
    """Series of known laws: level and season that hardly move, or move a lot, or hardly noise."""
    rng = np.random.default_rng(seed)
    noise, level, season = [(1, 0.2, 0.05), (0.1, 1, 0.02), (0.5, 0.5, 0.5), (1, 0, 0)][seed]
    pattern = list(np.sin(np.arange(11)))
    for _ in range(97):
        pattern.append(-sum(pattern[-11:]) + season * rng.normal())
    z = np.cumsum(level * rng.normal(size=108)) + np.array(pattern) + noise * rng.normal(size=108)
    fitted = LocalLevel()._estimate(make_scaled(z))
    theirs = components_model(z).fit(disp=0, cov_type="none").params
    w = difference(z, regular=False)

    def height(variances: np.ndarray) -> float:
        variances = np.asarray(variances)
        return -exact_fitness(w, structure(variances / variances.sum())).badness

    assert height(fitted["variances"]) >= height(theirs) - 1e-6


def test_components_covariance_against_conditioning(seasonal_z):
    """Local level plus dummy seasonal written out as one covariance matrix with a vague start."""
    noise, level, season = 1.0, 0.5, 0.2
    n, ahead = 48, 14
    months = n + ahead
    steps = np.arange(months)
    vague = 1e5
    covariance = noise * np.eye(months) + level * np.minimum.outer(steps, steps) + vague
    # s_t = -(s_(t-1) + ... + s_(t-11)) + w_t as a linear map of eleven first states and all w_t.
    maps = np.zeros((months, 11 + months))
    maps[:11, :11] = np.eye(11)
    for t in range(11, months):
        maps[t] = -maps[t - 11 : t].sum(axis=0)
        maps[t, 11 + t] += 1.0
    covariance += maps @ np.diag(np.r_[np.full(11, vague), np.full(months, season)]) @ maps.T
    z = seasonal_z[:n] * 10
    gain = np.linalg.solve(covariance[:n, :n], covariance[:n, n:]).T
    expected = covariance[n:, n:] - gain @ covariance[:n, n:]
    series = Differenced.of(z, regular=False)
    _, implied = series.ahead(structure(np.array([noise, level, season])), 1.0, ahead)
    assert implied == pytest.approx(expected, rel=2e-3, abs=2e-3)


def test_estimation_finds_known_coefficients():
    rng = np.random.default_rng(3)
    e = rng.normal(0, 0.02, 1213)
    w = e[13:] - 0.4 * e[12:-1] - 0.6 * e[1:-12] + 0.24 * e[:-13]
    coefficients, variance = estimate_arma(w, (0, 1), (0, 1))
    assert coefficients == pytest.approx([-0.4, -0.6], abs=0.08)
    assert variance == pytest.approx(0.0004, rel=0.1)


def test_estimation_refuses_a_series_without_change():
    with pytest.raises(ModelFailure, match="没有变化"):
        estimate_arma(np.zeros(50), (0, 1), (0, 1))


def test_standardised_errors_of_an_ar1():
    w = np.array([1.0, 0.5, 2.0])
    errors = standardised_errors(arma_model(w, (1, 0), (0, 0)), [0.6, 4.0])
    # First month: stationary deviation 2 / sqrt(1 - 0.36) = 2.5; then (y - 0.6 y_1) / 2.
    assert errors == pytest.approx([0.4, -0.05, 0.85])


def test_factor_of_a_singular_covariance():
    factor = factorise(np.ones((3, 3)))
    assert factor @ factor.T == pytest.approx(np.ones((3, 3)), abs=1e-9)
    with pytest.raises(ModelFailure):
        factorise(np.array([[1.0, 2.0], [2.0, 1.0]]))
    with pytest.raises(ModelFailure):
        factorise(np.full((2, 2), np.nan))
