"""Forecast laws from the state-space form against published formulas and statsmodels."""

import numpy as np
import pytest
from statsmodels.tsa.arima_process import arma_acovf
from statsmodels.tsa.statespace.sarimax import SARIMAX
from statsmodels.tsa.statespace.structural import UnobservedComponents

from employment_forecast.models.contract import ModelFailure
from employment_forecast.models.families.unobserved_components import components_model
from employment_forecast.models.laws.arma import arma_model, difference, estimate_arma, integrate
from employment_forecast.models.laws.gaussian import factorise, moving_factor
from employment_forecast.models.laws.statespace import joint_moments, standardised_errors, terminal

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
    system = terminal(arma_model(history, (2, 0), (0, 0)), [0.5, 0.3, 1.0])
    mean, covariance = joint_moments(system, 3)
    assert mean == pytest.approx([1.1, 0.85, 0.755])
    # Responses to an innovation: 1, 0.5, 0.55.
    psi = moving_factor(np.array([1.0, 0.5, 0.55]), 1.0, 3)
    assert covariance == pytest.approx(psi @ psi.T)


@pytest.mark.parametrize(("order", "coefficients"), [((0, 1), [-0.3, -0.6]), ((1, 0), [0.4, -0.6])])
def test_joint_moments_against_conditioning(order, coefficients):
    rng = np.random.default_rng(2)
    w = rng.normal(size=60)
    ar = np.r_[1.0, -coefficients[0]] if order == (1, 0) else np.ones(1)
    ma = np.r_[1.0, coefficients[0]] if order == (0, 1) else np.ones(1)
    ma = np.convolve(ma, np.r_[1.0, np.zeros(11), coefficients[1]])
    expected = _conditional(arma_acovf(ar, ma, nobs=60 + HORIZON, sigma2=1.7), w)
    system = terminal(arma_model(w, order, (0, 1)), [*coefficients, 1.7])
    mean, covariance = joint_moments(system, HORIZON)
    assert mean == pytest.approx(expected[0], abs=1e-9)
    assert covariance == pytest.approx(expected[1], abs=1e-9)


def test_integration_against_the_full_model(seasonal_z):
    parameters = [-0.3, -0.6, 4e-4]
    full = SARIMAX(seasonal_z, order=(0, 1, 1), seasonal_order=(0, 1, 1, 12))
    expected = full.filter(parameters).get_forecast(HORIZON)
    system = terminal(arma_model(difference(seasonal_z), (0, 1), (0, 1)), parameters)
    mean, covariance = integrate(seasonal_z, *joint_moments(system, HORIZON))
    # The full model starts from a large but finite variance.
    assert mean == pytest.approx(expected.predicted_mean, abs=1e-5)
    assert np.diag(covariance) == pytest.approx(expected.var_pred_mean, rel=1e-4)


def test_integration_of_known_differences(seasonal_z):
    known, future = seasonal_z[:100], seasonal_z[100:130]
    w = difference(seasonal_z[:130])[-30:]
    mean, covariance = integrate(known, w, np.eye(30))
    assert mean == pytest.approx(future)
    # The first differences' own variances: 1, 1 + 1, ..., and the season adds from month 13 on.
    assert np.diag(covariance)[:12] == pytest.approx(np.arange(1, 13))
    assert np.diag(covariance)[12] == pytest.approx(12 + 4)


def test_components_against_statsmodels(seasonal_z):
    variances = [1e-4, 3e-4, 2e-5]
    z = (seasonal_z - seasonal_z[0]) / 0.05
    scaled = [v / 0.05**2 for v in variances]
    model = UnobservedComponents(z, "llevel", seasonal=12)
    expected = model.filter(scaled).get_forecast(HORIZON)
    mean, covariance = joint_moments(terminal(components_model(z), scaled), HORIZON)
    assert mean == pytest.approx(expected.predicted_mean)
    assert np.diag(covariance) == pytest.approx(expected.var_pred_mean)


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
    system = terminal(components_model(z), [noise, level, season])
    _, found = joint_moments(system, ahead)
    assert found == pytest.approx(expected, rel=2e-3, abs=2e-3)


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
    found = standardised_errors(arma_model(w, (1, 0), (0, 0)), [0.6, 4.0])
    # First month: stationary deviation 2 / sqrt(1 - 0.36) = 2.5; then (y - 0.6 y_1) / 2.
    assert found == pytest.approx([0.4, -0.05, 0.85])


def test_factor_of_a_singular_covariance():
    factor = factorise(np.ones((3, 3)))
    assert factor @ factor.T == pytest.approx(np.ones((3, 3)), abs=1e-9)
    with pytest.raises(ModelFailure):
        factorise(np.array([[1.0, 2.0], [2.0, 1.0]]))
    with pytest.raises(ModelFailure):
        factorise(np.full((2, 2), np.nan))
