"""Every competitor keeps the contract on every kind of series."""

import json
import warnings

import numpy as np
import pytest

from employment_forecast.models import roster
from employment_forecast.models.paths import Failure, SamplePaths

NAMES = [n for n in roster.names() if n not in roster.COMBINATIONS]
FILTERING = [n for n in NAMES if roster.tags(n).filters]
SERIES = ["seasonal", "tied_rate", "with_zeros", "level_shift", "constant_tail"]
HORIZON, PATHS, SEED = 12, 200, 11

STOCKS = ["seasonal", "level_shift"]
CASES = [(n, s) for n in NAMES for s in (STOCKS if roster.tags(n).targets else SERIES)]
FILTER_CASES = [(n, s) for n, s in CASES if n in FILTERING]
every_model = pytest.mark.parametrize("name", NAMES)
every_filter = pytest.mark.parametrize("name", FILTERING)
every_case = pytest.mark.parametrize(("name", "series"), CASES)


def _usual(name) -> str:
    """A series of a kind that the model is made for."""
    return "seasonal" if roster.tags(name).targets else "tied_rate"


def _draw(name, history, parameters, seed=SEED, horizon=HORIZON) -> SamplePaths:
    found = roster.create(name).draw(history, parameters, horizon, PATHS, seed)
    assert isinstance(found, SamplePaths), found
    return found


def _check(paths: SamplePaths, history) -> None:
    values = paths.values
    assert values.shape == (PATHS, HORIZON)
    assert paths.origin == history.origin
    assert np.isfinite(values).all()
    assert (values == values.astype(np.float32)).all()
    if history.kind != "flow":
        assert (values >= 0).all()
    if history.kind == "rate":
        assert (values <= 100).all()
    quantiles = paths.quantiles()
    assert (np.diff(quantiles, axis=1) >= 0).all()
    # A forecast without spread does not exist, nor one that has lost sight of the series.
    assert (quantiles[:, -1] > quantiles[:, 0]).all()
    reach = np.ptp(history.values)
    assert (quantiles[:, 4] > history.values.min() - reach).all()
    assert (quantiles[:, 4] < history.values.max() + reach).all()


@every_case
def test_paths_are_sound_and_repeatable(name, series, example, fitted):
    history, parameters = example(series, name), fitted(name, series)
    first = _draw(name, history, parameters)
    _check(first, history)
    restored = json.loads(json.dumps(parameters))
    again = _draw(name, history, restored)
    assert first.values.tobytes() == again.values.tobytes()
    other = _draw(name, history, parameters, seed=SEED + 1)
    assert (first.values != other.values).mean() > 0.5


@every_model
def test_estimation_is_repeatable(name, example, fitted):
    again = roster.create(name).fit(example("seasonal", name))
    assert json.dumps(again) == json.dumps(fitted(name, "seasonal"))


@pytest.mark.parametrize(("name", "series"), FILTER_CASES)
def test_filters_later_months(name, series, example, fitted):
    history = example(series, name)
    _check(_draw(name, history, fitted(name, series, 6)), history)


@every_filter
def test_filtering_follows_the_data(name, example, make_stock, fitted):
    history, parameters = example("seasonal", name), fitted(name, "seasonal", 6)
    moved = make_stock(name, [*history.values[:-1], history.values[-1] * 1.05])
    before, after = (_draw(name, h, parameters).mean() for h in (history, moved))
    assert np.abs(after / before - 1).max() > 0.01


@every_filter
def test_start_of_history_may_move(name, example, fitted):
    history, parameters = example("seasonal", name), fitted(name, "seasonal")
    whole, cut = (_draw(name, h, parameters).mean() for h in (history, history.last(131)))
    assert np.abs(cut / whole - 1).max() < 0.05


@every_model
def test_long_horizon(name, example, fitted):
    found = _draw(name, example("seasonal", name), fitted(name, "seasonal"), horizon=60)
    assert found.values.shape == (PATHS, 60)
    assert found.quantiles()[-1, 4] == pytest.approx(22000, rel=1.0)


@every_model
def test_shortest_history(name, example, make_stock):
    model, values = roster.create(name), example("seasonal", name).values
    found = model.forecast(make_stock(name, values[: model.tags.min_months]), HORIZON, PATHS, SEED)
    assert isinstance(found, SamplePaths), found
    short = make_stock(name, values[: model.tags.min_months - 1])
    failure = model.forecast(short, HORIZON, PATHS, SEED)
    assert isinstance(failure, Failure)
    assert f"至少需要 {model.tags.min_months} 个月" in failure.reason


@every_model
def test_quiet_and_without_side_effects(name, example, capfd):
    model, history = roster.create(name), example(_usual(name), name)
    before = np.random.mtrand._rand.get_state()
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        found = model.forecast(history, HORIZON, PATHS, SEED)
    after = np.random.mtrand._rand.get_state()
    assert isinstance(found, SamplePaths), found
    assert heard == []
    assert capfd.readouterr() == ("", "")
    assert before[2:] == after[2:]
    assert (before[1] == after[1]).all()


@every_model
def test_input_is_left_alone(name, example, fitted):
    history, parameters = example("seasonal", name), fitted(name, "seasonal")
    values, regressors, text = (
        history.values.copy(),
        history.regressors.copy(),
        json.dumps(parameters),
    )
    _draw(name, history, parameters)
    assert (history.values == values).all()
    assert history.regressors.equals(regressors)
    assert json.dumps(parameters) == text


@every_model
def test_impossible_series_is_a_failure_with_a_reason(name, make_history):
    flat = make_history(np.full(138, 100.0))
    found = roster.create(name).forecast(flat, HORIZON, PATHS, SEED)
    if isinstance(found, Failure):
        assert found.reason
    else:
        assert np.abs(found.values / 100 - 1).max() < 0.05


@every_model
def test_declarations(name):
    model = roster.create(name)
    assert (model.name, model.label, model.tags) == (name, roster.label(name), roster.tags(name))
    json.dumps(model.settings)
