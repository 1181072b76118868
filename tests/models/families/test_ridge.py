"""Ridge regression: features, recursion, honest spread."""

import numpy as np
import pytest

from employment_forecast.models import roster
from employment_forecast.models.families.ridge import REACH, calendar_features, lag_features


def test_lag_features_by_hand():
    z = np.arange(13.0) ** 2
    # Last 144, before 121, 100; lag 12 is 1, lag 13 is 0.
    assert lag_features(z, 100.0) == pytest.approx([44, 23, 21, 1, 144])
    both = lag_features(np.stack([z, z + 1]), 100.0)
    assert both.shape == (2, 5)
    assert both[1] == pytest.approx([45, 23, 21, 1, 144])


def test_calendar_features_by_hand():
    known = np.array([[0.0], [0.5], [0.2]])
    features = calendar_features(np.array([1, 12]), known)
    assert features.shape == (2, 13)
    assert features[0, 0] == pytest.approx(11 / 12)
    assert features[1, 11] == pytest.approx(11 / 12)
    assert features[:, :12].sum(axis=1) == pytest.approx([0, 0])
    assert features[:, 12] == pytest.approx([0.5, -0.3])


def test_recursion_against_a_slow_one(make_scaled, seasonal_z):
    """One path, no randomness, every feature written out."""
    data = make_scaled(seasonal_z)
    rng = np.random.default_rng(1)
    data.known[:] = rng.normal(0, 0.1, data.known.shape)
    coefficients = rng.normal(0, 0.05, 20)
    parameters = {
        "centre": 10.0,
        "intercept": 0.003,
        "coefficients": coefficients.tolist(),
        "means": rng.normal(size=20).tolist(),
        "intercept_error": 0.0,
        "coefficient_root": np.zeros((20, 20)).tolist(),
        "innovations": [0.0],
    }
    paths = roster.create("ridge")._paths(data, parameters, 14, 2, rng)
    z = list(seasonal_z)
    for step in range(14):
        t = len(z)
        month = t % 12
        row = [z[-1] - 10, z[-1] - z[-2], z[-2] - z[-3], z[-12] - z[-13], z[-1] - z[-13]]
        row += [(1.0 if m == month else 0.0) - 1 / 12 for m in range(12)]
        row += list(data.known[t] - data.known[t - 1])
        z.append(z[-1] + 0.003 + float(np.dot(row, coefficients)))
        assert paths[0, step] == pytest.approx(z[-1])
    assert (paths[0] == paths[1]).all()


def test_law_is_recovered_from_much_data(make_scaled):
    """On a long seasonal AR(1) the forecast approaches the true conditional mean and spread."""
    rng = np.random.default_rng(2)
    n, phi, sigma = 1100, 0.8, 0.05
    season = 0.3 * np.sin(2 * np.pi * np.arange(n + 12) / 12)
    x = np.zeros(n)
    for t in range(1, n):
        x[t] = phi * x[t - 1] + rng.normal(0, sigma)
    data = make_scaled(4 + x + season[:n], start="1920-01")
    model = roster.create("ridge")
    paths = model._paths(data, model._fit(data), 12, 4000, rng)
    expected = 4 + x[-1] * phi ** np.arange(1, 13) + season[n:]
    assert np.median(paths, axis=0) == pytest.approx(expected, abs=0.05)
    spread = sigma * np.sqrt(np.cumsum(phi ** (2 * np.arange(12))))
    assert paths.std(axis=0) == pytest.approx(spread, rel=0.15)


@pytest.mark.soak
def test_spread_is_honest_on_short_histories(make_scaled):
    """96 months, 20 coefficients: intervals must hold fresh data, not the residuals."""
    model, inside, trials = roster.create("ridge"), [], 60
    for trial in range(trials):
        rng = np.random.default_rng(trial)
        z = np.cumsum(rng.normal(0, 0.03, 108)) + 0.1 * np.sin(np.arange(108) * np.pi / 6)
        data = make_scaled(z[:96])
        paths = model._paths(data, model._fit(data), 12, 400, rng)
        low, high = np.quantile(paths, [0.1, 0.9], axis=0)
        inside.append(((z[96:] >= low) & (z[96:] <= high))[[0, 5, 11]])
    share = np.mean(inside)
    # Binomial error of 60 independent trials is 0.05; neighbours in a trial move together.
    assert 0.70 < share < 0.92


def test_coefficients_are_drawn(make_scaled, seasonal_z):
    data = make_scaled(seasonal_z)
    model = roster.create("ridge")
    parameters = model._fit(data)
    sure = {
        **parameters,
        "intercept_error": 0.0,
        "coefficient_root": np.zeros((20, 20)).tolist(),
    }
    wide, narrow = (
        model._paths(data, p, 24, 4000, np.random.default_rng(3)).std(axis=0)[-1]
        for p in (parameters, sure)
    )
    assert wide > 1.02 * narrow


def test_innovations_are_centred_and_scaled(make_scaled, seasonal_z):
    parameters = roster.create("ridge")._fit(make_scaled(seasonal_z))
    innovations = np.array(parameters["innovations"])
    assert len(innovations) == len(seasonal_z) - REACH
    assert innovations.mean() == pytest.approx(0, abs=1e-12)
    assert innovations.std() < np.diff(seasonal_z).std()
