"""Regression with airline errors against statsmodels and by hand."""

import warnings

import numpy as np
import pytest
from support.kalman import arma_model, standardised_errors

from employment_forecast.features.airline import USUAL, airline_regression, whiten
from employment_forecast.models.laws.arma import difference


def airline(n: int, seed: int, regular: float = -0.4, seasonal: float = -0.6) -> np.ndarray:
    """Airline-model series."""
    noise = np.random.default_rng(seed).normal(0, 0.02, n + 13)
    w = noise.copy()
    w[1:] += regular * noise[:-1]
    w[12:] += seasonal * noise[:-12]
    w[13:] += regular * seasonal * noise[:-13]
    z = np.zeros(n + 13)
    for t in range(13, n + 13):
        z[t] = z[t - 1] + z[t - 12] - z[t - 13] + w[t]
    return z[13:]


def test_whitening_agrees_with_the_kalman_filter():
    columns = np.random.default_rng(1).normal(size=(80, 2))
    white, determinant = whiten(columns, -0.4, -0.6)
    model = arma_model(columns[:, 0], (0, 1), (0, 1))
    assert white[:, 0] == pytest.approx(standardised_errors(model, [-0.4, -0.6, 1.0]), abs=1e-8)
    squares = float(white[:, 0] @ white[:, 0])
    exact = model.loglike([-0.4, -0.6, 1.0])
    assert -0.5 * (80 * np.log(2 * np.pi) + squares + determinant) == pytest.approx(exact)


def test_maximum_likelihood_agrees_with_statsmodels():
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    z = airline(144, 3)
    design = np.random.default_rng(4).normal(size=(144, 2))
    fit = airline_regression(z, design)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = SARIMAX(
            z, exog=design, order=(0, 1, 1), seasonal_order=(0, 1, 1, 12), simple_differencing=True
        ).fit([0.0, 0.0, *USUAL, 4e-4], disp=0, cov_type="oim")
    assert fit.coefficients == pytest.approx(other.params[:2], abs=2e-5)
    assert fit.moving_averages == pytest.approx(other.params[2:4], abs=0.01)
    assert fit.errors == pytest.approx(other.bse[:2], rel=0.1)
    plain = airline_regression(z, np.zeros((144, 0)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        none = SARIMAX(
            z, order=(0, 1, 1), seasonal_order=(0, 1, 1, 12), simple_differencing=True
        ).fit([*USUAL, 4e-4], disp=0, cov_type="none")
    assert fit.criterion - plain.criterion == pytest.approx(other.bic - none.bic, abs=0.05)


def test_usual_moving_averages_stand_in_for_few_months():
    step = (np.arange(30) >= 18).astype(float)
    z = airline(30, 5) + 0.5 * step
    fit = airline_regression(z, step[:, None])
    assert fit.moving_averages == USUAL
    w, x = difference(z), difference(step)
    covariance = np.array(
        [[_autocovariance(abs(i - j)) for j in range(len(w))] for i in range(len(w))]
    )
    weight = np.linalg.inv(covariance)
    assert fit.coefficients[0] == pytest.approx((x @ weight @ w) / (x @ weight @ x))


def _autocovariance(lag: int) -> float:
    regular, seasonal = USUAL
    weights = {0: 1.0, 1: regular, 12: seasonal, 13: regular * seasonal}
    return sum(weight * weights.get(at + lag, 0.0) for at, weight in weights.items())


@pytest.mark.parametrize("n", [4, 8, 14, 26])
def test_very_short_series_take_the_jump_as_it_is(n):
    step = (np.arange(n) >= 2).astype(float)
    fit = airline_regression(0.01 * np.arange(n) + 0.3 * step, step[:, None])
    assert fit.coefficients[0] == pytest.approx(0.3)
    assert fit.moving_averages == (USUAL[0], 0.0)


def test_columns_that_never_vary_get_nothing():
    fit = airline_regression(airline(60, 6), np.ones((60, 1)))
    assert fit.coefficients[0] == pytest.approx(0.0, abs=1e-9)


def test_a_series_that_never_moves_is_survived():
    fit = airline_regression(np.ones(60), np.random.default_rng(1).normal(size=(60, 1)))
    assert fit.coefficients[0] == pytest.approx(0.0)
    assert np.isfinite(fit.criterion)
