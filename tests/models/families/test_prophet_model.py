"""Prophet: the same forecast as the library, our own draws, no traces."""

import logging
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from employment_forecast.models import roster
from employment_forecast.models.contract import quietly, scale
from employment_forecast.models.families.prophet_model import (
    CHANGEPOINT_RANGE,
    CHANGEPOINT_SCALE,
    FOURIER_ORDER,
    trend,
)


@pytest.fixture(scope="module")
def library(example, fitted):
    """Prophet itself with the same settings, and its forecast of past and future."""
    data, _ = scale(example("seasonal"), fitted("prophet", "seasonal")["calendar"])
    with quietly():
        from prophet import Prophet

        model = Prophet(
            yearly_seasonality=FOURIER_ORDER,
            weekly_seasonality=False,
            daily_seasonality=False,
            n_changepoints=len(data.z) // 5,
            changepoint_range=CHANGEPOINT_RANGE,
            changepoint_prior_scale=CHANGEPOINT_SCALE,
            uncertainty_samples=0,
            scaling="minmax",
        )
        names = ["a", "b", "c"]
        for name in names:
            model.add_regressor(name, standardize=False)
        span = pd.period_range(data.months[0], periods=len(data.z) + 12, freq="M")
        frame = pd.DataFrame(data.known[: len(span)], columns=names)
        frame.insert(0, "ds", span.to_timestamp())
        past = frame.iloc[: len(data.z)].assign(y=data.z)
        logging.getLogger("cmdstanpy").disabled = True
        model.fit(past, seed=1, algorithm="LBFGS")
        logging.getLogger("cmdstanpy").disabled = False
        found = model.predict(frame)
    return found["yhat"].to_numpy(), found["trend"].to_numpy()


def test_expected_path_is_prophets_own(library, example, fitted):
    parameters = fitted("prophet", "seasonal")
    data, _ = scale(example("seasonal"), parameters["calendar"])
    found = roster.create("prophet")._expected(data, parameters, len(data.z) + 12)
    assert found == pytest.approx(library[0], abs=1e-6)


def test_trend_by_hand():
    parameters = {"slope": 2.0, "offset": 1.0, "changepoints": [0.5], "slope_changes": [-3.0]}
    assert trend(np.array([0.0, 0.5, 1.0]), parameters) == pytest.approx([1.0, 2.0, 1.5])


def test_future_bends_have_the_laplace_variance(make_scaled):
    """Without noise the spread is that of the slope changes: rate 2 b^2 (t_h - t_k)^2 summed."""
    months = 120
    parameters = {
        "slope": 0.0,
        "offset": 0.0,
        "changepoints": np.linspace(0.04, 0.95, 24).tolist(),
        "slope_changes": [0.5, -0.5] * 12,
        "effects": [0.0] * 13,
        "start": float((pd.Timestamp("2014-01-01") - pd.Timestamp(0)).days),
        "span": 3621.0,
        "floor": 0.0,
        "size": 2.0,
        "persistence": 0.0,
        "sigma": 0.0,
    }
    data = make_scaled(np.zeros(months))
    model = roster.create("prophet")
    paths = model._paths(data, parameters, 12, 40000, np.random.default_rng(1))
    ahead = pd.period_range(data.months[-1], periods=13, freq="M").to_timestamp()
    t = np.asarray((ahead - ahead[0]).days) / 3621
    expected = [
        4 * sum(24 * (t[k + 1] - t[k]) * 2 * 0.25 * (t[h] - t[k]) ** 2 for k in range(h))
        for h in range(1, 13)
    ]
    assert paths.var(axis=0)[3:] == pytest.approx(expected[3:], rel=0.1)
    centre = model._expected(data, parameters, months + 12)[months:]
    assert paths.mean(axis=0) == pytest.approx(centre, abs=0.02)


def test_residuals_carry_on(make_scaled, fitted):
    """The forecast starts at the last value and forgets it at the estimated pace."""
    parameters = {
        "slope": 0.0,
        "offset": 0.0,
        "changepoints": [],
        "slope_changes": [],
        "effects": [0.0] * 13,
        "start": 0.0,
        "span": 1.0,
        "floor": 0.0,
        "size": 1.0,
        "persistence": 0.5,
        "sigma": 0.1,
    }
    data = make_scaled(np.r_[np.zeros(29), 0.8])
    paths = roster.create("prophet")._paths(data, parameters, 3, 20000, np.random.default_rng(1))
    assert paths.mean(axis=0) == pytest.approx([0.4, 0.2, 0.1], abs=0.005)
    assert paths.var(axis=0) == pytest.approx([0.01, 0.0125, 0.013125], rel=0.05)
    assert 0 <= fitted("prophet", "seasonal")["persistence"] < 1


def test_fresh_process_says_nothing_and_leaves_nothing(tmp_path):
    """The library's own messages, its Stan process and its files stay out of sight."""
    program = """
import datetime, logging
import numpy as np, pandas as pd
from employment_forecast.features.history.history import History
from employment_forecast.models import roster
values = np.exp(5 + 0.1 * np.sin(np.arange(60)))
history = History("r", "i", pd.Period("2015-01", "M"), values, "", "stock", "log", 1.0,
                  datetime.date(2030, 1, 1), True, True, ())
found = roster.create("prophet").forecast(history, 12, 10, 1)
assert found.values.shape == (10, 12), found
assert not logging.getLogger("prophet").disabled
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []
