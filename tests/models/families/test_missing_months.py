"""Months never published: families that skip them do so exactly, the others see several draws."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from statsmodels.tsa.statespace.sarimax import SARIMAX

from employment_forecast.models import roster
from employment_forecast.models.contract import COMPLETIONS, scale
from employment_forecast.models.families.sarima import Airline
from employment_forecast.models.families.smoothing import (
    DampedTrend,
    filter_history,
    innovations_form,
    innovations_law,
)
from employment_forecast.models.paths import SamplePaths

MISSING = [20, 50, 51]


@pytest.fixture
def holed(example):
    history = example("seasonal").last(85)
    values = history.values.copy()
    values[MISSING] = np.nan
    return replace(history, values=values)


def test_airline_law_is_that_of_a_diffuse_kalman_filter(holed):
    data = scale(holed, {})[0].masked()
    law = Airline()._law(data, {"coefficients": [-0.3, -0.5], "variance": 4e-4, "degrees": 9}, 6)
    reference = SARIMAX(
        data.z * 100, order=(0, 1, 1), seasonal_order=(0, 1, 1, 12), use_exact_diffuse=True
    )
    ahead = reference.smooth([-0.3, -0.5, 4.0]).get_forecast(6)
    assert law.mean == pytest.approx(ahead.predicted_mean / 100, abs=2e-5)
    assert np.diag(law.covariance) == pytest.approx(ahead.var_pred_mean / 1e4, rel=2e-3)


def test_smoothing_takes_the_value_that_makes_the_errors_smallest(holed):
    z = scale(holed, {})[0].masked().z
    form = innovations_form(0.5, 0.1, 0.2, 0.95)
    filled = innovations_law(z, form, 0.02, None, 4)
    best = filter_history(z - z[0], *form)

    def completed(values: np.ndarray) -> np.ndarray:
        whole = z.copy()
        whole[MISSING] = values
        return whole

    def squares(values: np.ndarray) -> float:
        return float((filter_history(completed(values) - z[0], *form).errors ** 2).sum())

    start = np.interp(MISSING, np.flatnonzero(np.isfinite(z)), z[np.isfinite(z)])
    # A quadratic: its minimum and curvature by plain differences.
    eye = np.eye(len(MISSING))
    curve = np.array([
        [(squares(start + a + b) - squares(start + a) - squares(start + b) + squares(start)) / 2
         for b in eye] for a in eye
    ])  # fmt: skip
    slope = np.array([(squares(start + a) - squares(start - a)) / 4 for a in eye])
    values = start - np.linalg.solve(curve, slope)
    assert squares(values) == pytest.approx(float((best.errors**2).sum()), rel=1e-6)
    law = innovations_law(completed(values), form, 0.02, None, 4)
    assert filled.mean == pytest.approx(law.mean, abs=1e-7)
    moved = np.array(
        [innovations_law(completed(values + a), form, 0.02, None, 4).mean for a in eye]
    )
    doubt = (moved - law.mean).T @ np.linalg.inv(curve) @ (moved - law.mean) * 0.02**2
    assert filled.covariance == pytest.approx(law.covariance + doubt, rel=1e-6)


def test_random_walk_and_drift_count_the_months_of_a_step(holed):
    z = np.array([0.0, 1.0, np.nan, 3.0, 5.0, 5.0, 4.0, 8.0, 9.0, 11.0])
    history = replace(holed, values=z, transform="none", kind="index")
    walk = roster.create("random_walk").fit(history)
    # Steps 1, 2 over two months, 2, 0, -1, 4, 1, 2.
    assert walk["sigma"] ** 2 == pytest.approx((1 + 4 / 2 + 4 + 0 + 1 + 16 + 1 + 4) / 8)
    drift = roster.create("drift").fit(history)
    assert drift["drift"] == pytest.approx(11 / 9)
    assert drift["steps"] == 9


def test_completions_have_the_smoother_s_mean_and_spread(holed):
    data = scale(holed, {})[0]
    drawn = np.array([each.z for each in data.completed()])
    assert len(drawn) == COMPLETIONS
    assert (drawn == drawn[0]).all(axis=0).sum() == len(holed) - len(MISSING)
    assert drawn.mean(axis=0) == pytest.approx(data.z)
    sizes = np.sqrt((data.gaps.root**2).sum(axis=1))
    assert drawn[:, 20].std() == pytest.approx(sizes[0], rel=0.05)


@pytest.mark.parametrize("name", [m for m in roster.names() if m not in roster.COMBINATIONS])
def test_every_family_forecasts_through_missing_months(name, holed):
    model = roster.create(name)
    if model.tags.needs or model.tags.opt_in:
        pytest.skip("needs more than a series")
    parameters = model.estimate(holed)
    outcome = model.draw(holed, parameters, 3, 200, 1)
    assert isinstance(outcome, SamplePaths), outcome
    assert np.array_equal(outcome.values, model.draw(holed, parameters, 3, 200, 1).values)
    # Parameters serve a series in which the missing months have come in since.
    since = replace(holed, values=np.exp(holed.scaled))
    assert isinstance(model.draw(since, parameters, 3, 200, 1), SamplePaths)


def test_a_missing_month_widens_what_hangs_on_it(holed, example):
    """The last but one month missing: the level is less well known than with it."""
    whole = example("seasonal").last(85)
    values = whole.values.copy()
    values[-2] = np.nan
    for family in (DampedTrend(), Airline()):
        parameters = family.fit(whole)
        spread = [
            np.diag(family._law(each, parameters, 2).covariance)[0]
            for each in (scale(whole, {})[0], scale(replace(whole, values=values), {})[0].masked())
        ]
        assert spread[1] > spread[0]
