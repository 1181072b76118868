"""The public methods validate, guard and change scale, whatever a family does."""

import warnings

import numpy as np
import pytest

from employment_forecast.data.errors import ShortHistoryError
from employment_forecast.features.calendar.festival import DEFAULT_WINDOWS
from employment_forecast.models.contract import Competitor, ModelFailure, Tags, quietly, scale
from employment_forecast.models.families.floors import RandomWalk
from employment_forecast.models.paths import Failure, SamplePaths


class Given(Competitor):
    """A competitor that draws what it is told to."""

    name, label, tags = "given", "给定", Tags(min_months=3)

    def __init__(self, draws, parameters=None):
        self._draws = np.asarray(draws, dtype=float)
        self._given = {} if parameters is None else parameters

    def _fit(self, data):
        return self._given

    def _paths(self, data, parameters, horizon, n_paths, rng):
        return self._draws


class Broken(Given):
    def _fit(self, data):
        raise np.linalg.LinAlgError("Singular matrix")


@pytest.fixture
def history(make_history):
    return make_history([100.0, 110.0, 120.0, 115.0])


def _around(value, spread=0.01):
    return value + spread * np.linspace(-1, 1, 10)[:, None] * np.ones((1, 2))


@pytest.mark.parametrize("kind", ["flow", "stock"])
def test_no_path_of_a_count_is_negative(make_history, kind):
    """A street with a few cases a month, some months none: the level scale reaches below zero."""
    counts = np.array([3, 0, 5, 2, 1, 0, 4, 2, 0, 1, 3, 2] * 4, dtype=float)
    few = make_history(values=counts, kind=kind, transform="none")
    model = RandomWalk()
    drawn = model.paths(few, model.fit(few), 12, 500, 1).values
    assert drawn.min() == 0
    net = make_history(values=counts, kind=kind, transform="none", signed=True)
    assert model.paths(net, model.fit(net), 12, 500, 1).values.min() < 0


def test_log_scale_there_and_back(history):
    assert scale(history, {})[0].z == pytest.approx(np.log(history.values))
    paths = Given(_around(np.log(115.0))).paths(history, {}, 2, 10, 1)
    assert paths.values == pytest.approx(np.exp(_around(np.log(115.0))), rel=1e-6)
    assert paths.origin == history.origin


def test_regressors_line_up_with_the_months(history):
    windows = [list(window) for window in DEFAULT_WINDOWS]
    columns = list(history.regressors.columns)
    data, ahead = scale(history, {"windows": windows, "columns": columns})
    assert not ahead.any()
    assert data.past() == pytest.approx(history.regressors.to_numpy()[:4])
    ahead = history.regressors.loc[history.origin + 1 : history.origin + 5].to_numpy()
    assert data.future(5) == pytest.approx(ahead)


@pytest.mark.parametrize(
    ("kind", "draws", "expected"),
    [("stock", -1.0, 0.0), ("rate", 101.0, 100.0), ("flow", -1.0, 0.0)],
)
def test_impossible_values_are_clipped(make_history, kind, draws, expected):
    values = [99.0, 97.0, 98.0] if kind == "rate" else [2.0, 0.0, 1.0]
    history = make_history(values, kind=kind, transform="none")
    paths = Given(np.full((4, 2), draws)).paths(history, {}, 2, 4, 1)
    assert (paths.values == expected).all()


@pytest.mark.parametrize(
    ("draws", "reason"),
    [
        (np.full((10, 2), np.nan), "非有限"),
        (np.full((10, 2), 800.0), "非有限"),
        (np.full((10, 2), 100.0), "非有限"),
        (_around(np.log(200.0)), "远离历史"),
        (_around(np.log(20.0)), "远离历史"),
        (_around(np.log(115.0), 1.5), "远宽于历史"),
        (_around(np.log(115.0))[:5], "形状"),
    ],
)
def test_implausible_draws_become_failures(history, draws, reason):
    outcome = Given(draws).draw(history, {}, 2, 10, 1)
    assert isinstance(outcome, Failure)
    assert reason in outcome.reason


@pytest.mark.parametrize("centre", [24.0, 26.0, 80.0, 155.0, 165.0])
@pytest.mark.parametrize("spread", [0.01, 0.3, 0.7, 1.0, 2.0])
def test_plausible_is_said_of_the_quartiles_alone(history, centre, spread):
    """Between 100 and 120 in four months: medians from 25 to 160, quartiles 120 apart."""
    draws = _around(np.log(centre), spread)
    low, middle, high = np.quantile(np.exp(draws), [0.25, 0.5, 0.75], axis=0)
    plausible = middle.min() >= 25 and middle.max() <= 160 and (high - low).max() <= 120
    assert isinstance(Given(draws).draw(history, {}, 2, 10, 1), SamplePaths) == plausible


@pytest.mark.parametrize("bad", [np.nan, [1.0, float("inf")], {"a": [float("nan")]}])
def test_parameters_must_be_finite(history, bad):
    with pytest.raises(ModelFailure, match="有限"):
        Given(np.zeros((2, 2)), {"x": bad}).fit(history)


def test_short_history_and_wrong_shape(history, make_history):
    model = Given(_around(np.log(115.0)))
    with pytest.raises(ShortHistoryError, match="至少需要 3 个月"):
        model.fit(make_history([1.0, 2.0]))
    with pytest.raises(ShortHistoryError):
        model.paths(make_history([1.0, 2.0]), {}, 2, 10, 1)
    for horizon, n_paths in ((0, 10), (2, 1)):
        with pytest.raises(ValueError, match="horizon"):
            model.paths(history, {}, horizon, n_paths, 1)


def test_a_failing_library_is_an_explicit_null_result(history):
    failure = Broken(_around(np.log(115.0))).forecast(history, 2, 10, 1)
    assert failure == Failure("LinAlgError: Singular matrix", passing=True)
    sound = Given(_around(np.log(115.0))).forecast(history, 2, 10, 1)
    assert isinstance(sound, SamplePaths)


def test_quiet_even_where_a_filter_is_added_inside():
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("error")
        with quietly():
            warnings.warn("as an error", stacklevel=1)
            warnings.simplefilter("always")
            warnings.warn("as a library would", stacklevel=1)
            np.log(np.zeros(1))
    assert heard == []
