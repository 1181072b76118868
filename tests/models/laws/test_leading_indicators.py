"""Leading indicators in the ridge regression: features, choice, paths."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from employment_forecast.features.history.covariates import Covariate
from employment_forecast.models import roster
from employment_forecast.models.contract import ScaledCovariate, scale
from employment_forecast.models.laws import leading_indicators as leading
from employment_forecast.models.laws.leading_indicators import LAGS, Leading
from employment_forecast.models.paths import SamplePaths

START = pd.Period("2012-01", "M")
N = 120


def beside(values, start=START, transform="none", code="x") -> Covariate:
    array = np.asarray(values, dtype=float)
    return Covariate("310114", code, code, "点", start, array, transform, False, False)


@pytest.fixture
def rng():
    return np.random.default_rng(11)


@pytest.fixture
def led(rng, history_of):
    """A series that answers an indicator's change two months later, and the indicator."""

    def make(n=N, known=N):
        pushes = rng.normal(size=n)
        answer = np.concatenate([[0, 0], pushes[:-2]])
        steps = 0.02 * answer + 0.005 * rng.normal(size=n)
        history = history_of(10_000 * np.exp(np.cumsum(steps)), start=str(START))
        return replace(history, lagged=(beside(np.cumsum(pushes)[:known]),)), pushes

    return make


def test_scaling_lines_indicators_up_with_the_target(history_of):
    history = history_of([5.0, 6.0, 7.0], start="2020-03")
    early = beside([1, 2, 3, 4], pd.Period("2020-01", "M"), code="early")
    late = beside([np.e, np.e**2, np.e**3], pd.Period("2020-04", "M"), "log", code="late")
    one, two = scale(replace(history, lagged=(early, late)), {})[0].beside
    assert (one.code, one.values.tolist()) == ("early", [3, 4])
    assert np.isnan(two.values[0])
    # It is known a month beyond the target.
    assert two.values[1:] == pytest.approx([1, 2, 3])
    assert scale(history, {})[0].beside == ()


def test_season_and_memory_are_learnt(rng):
    season = np.tile(np.arange(12.0), 20)
    unusual = np.zeros(240)
    for t in range(1, 240):
        unusual[t] = 0.6 * unusual[t - 1] + 0.1 * rng.normal()
    learnt = leading.estimate_lead(ScaledCovariate("x", np.cumsum(season + unusual)), first_month=1)
    assert learnt.season == pytest.approx(np.arange(12.0), abs=0.15)
    assert learnt.memory == pytest.approx(0.6, abs=0.12)
    assert learnt.innovations.std() == pytest.approx(0.1, abs=0.02)
    assert Leading.of(json.loads(json.dumps(learnt.as_parameters()))).memory == learnt.memory


@pytest.mark.parametrize("values", [np.arange(30.0) ** 2, np.full(200, 5.0), np.full(200, np.nan)])
def test_too_little_or_no_movement_is_no_candidate(values):
    assert leading.estimate_lead(ScaledCovariate("x", values), first_month=1) is None


def test_past_features_by_hand():
    each = ScaledCovariate("x", np.array([0.0, 1, 3, 6, 10, 15, 21, 28, 36, 45]))
    plain = Leading("x", np.zeros(12), 0.0, np.zeros(1))
    rows = leading.past_features(plain, each, 1, reach=7, n=10)
    # Change into month t is t: before month 7 they are 6, 5, ... 1.
    assert rows.tolist() == [[6, 5, 4, 3, 2, 1], [7, 6, 5, 4, 3, 2], [8, 7, 6, 5, 4, 3]]
    season = np.zeros(12)
    season[6] = 6.0  # July
    rows = leading.past_features(replace(plain, season=season), each, 1, reach=7, n=8)
    assert rows.tolist() == [[0, 5, 4, 3, 2, 1]]
    short = ScaledCovariate("x", np.array([np.nan, np.nan, 3.0, 6, 10]))
    rows = leading.past_features(plain, short, 1, reach=7, n=8)
    assert rows.tolist() == [[0, 0, 4, 3, 0, 0]]


@pytest.mark.parametrize("known", [8, 10, 12])
def test_future_changes_keep_what_is_known_and_draw_the_rest(known, rng):
    each = ScaledCovariate("x", np.cumsum(np.arange(float(known))))
    model = Leading("x", np.zeros(12), 0.5, np.array([-1.0, 1.0]))
    paths = leading.future_changes(model, each, 1, n=10, horizon=4, n_paths=200, rng=rng)
    assert paths.shape == (200, LAGS + 4)
    months = np.arange(10 - LAGS, 14)
    for column, at in enumerate(months):
        if at < known:
            assert (paths[:, column] == at).all()
        else:
            left = paths[:, column] - 0.5 * paths[:, column - 1]
            assert set(np.round(left, 9)) == {-1.0, 1.0}


def test_an_indicator_that_leads_enters_and_noise_does_not(led, rng):
    history, _ = led()
    noise = beside(np.cumsum(rng.normal(size=N)), code="noise")
    parameters = roster.create("ridge").fit(replace(history, lagged=(noise, *history.lagged)))
    assert [each["code"] for each in parameters["leading"]] == ["x"]
    assert json.loads(json.dumps(parameters)) == parameters
    coefficients = np.array(parameters["coefficients"])[-LAGS:]
    # The answer comes two months later.
    assert np.argmax(np.abs(coefficients)) == 1
    assert coefficients[1] == pytest.approx(0.02, abs=0.004)


@pytest.mark.soak
def test_false_entries_are_rare(history_of):
    model, entered = roster.create("ridge"), 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        values = 10_000 * np.exp(np.cumsum(0.01 * rng.normal(size=100)))
        others = tuple(beside(np.cumsum(rng.normal(size=100)), code=f"x{i}") for i in range(3))
        entered += bool(model.fit(history_of(values, lagged=others))["leading"])
    assert entered <= 4


def test_the_forecast_answers_what_is_known(led):
    history, pushes = led()
    model = roster.create("ridge")
    with_it = model.forecast(history, 3, 2000, seed=1)
    without = model.forecast(replace(history, lagged=()), 3, 2000, seed=1)
    assert isinstance(with_it, SamplePaths)
    steps = np.diff(np.log(with_it.values), axis=1, prepend=np.log(history.values[-1]))
    # Two known pushes decide the next two months; the third is anybody's guess.
    assert steps[:, 0].mean() == pytest.approx(0.02 * pushes[-2], abs=0.005)
    assert steps[:, 1].mean() == pytest.approx(0.02 * pushes[-1], abs=0.005)
    spread = steps.std(axis=0)
    assert spread[0] < 0.5 * np.log(without.values[:, 0]).std()
    assert spread[2] == pytest.approx(0.02, abs=0.006)


def test_an_indicator_published_late_leads_less_far(led):
    history, pushes = led(known=N - 1)
    paths = roster.create("ridge").forecast(history, 3, 2000, seed=1)
    steps = np.diff(np.log(paths.values), axis=1, prepend=np.log(history.values[-1]))
    assert steps[:, 0].mean() == pytest.approx(0.02 * pushes[-2], abs=0.005)
    assert steps[:, 0].std() < 0.6 * steps[:, 1].std()


def test_parameters_of_an_origin_serve_later_months(led):
    history, _ = led()
    earlier = replace(
        history.last(N),
        values=history.values[:-6],
        lagged=(beside(history.lagged[0].values[:-6]),),
    )
    model = roster.create("ridge")
    paths = model.draw(history, model.fit(earlier), 6, 200, seed=1)
    assert isinstance(paths, SamplePaths)
    # Without the indicator nothing is known of it, and the forecast goes on.
    blind = model.draw(replace(history, lagged=()), model.fit(earlier), 6, 200, seed=1)
    assert isinstance(blind, SamplePaths)
    assert np.log(blind.values[:, 0]).std() > np.log(paths.values[:, 0]).std()


def test_no_change_of_an_indicator_crosses_its_break(history_of):
    history = history_of([5.0, 6.0, 7.0, 8.0], start="2020-03")
    values = [1.0, 2, 4, 40, 41]
    stepped = replace(
        beside(values, pd.Period("2020-02", "M")), breaks=(pd.Period("2020-05", "M"),)
    )
    (each,) = scale(replace(history, lagged=(stepped,)), {})[0].beside
    assert each.values.tolist() == values[1:]
    assert each.changes() == pytest.approx([2, np.nan, 1], nan_ok=True)
    assert stepped.since(pd.Period("2020-05", "M")).breaks == ()
    assert stepped.identity() != replace(stepped, breaks=()).identity()
