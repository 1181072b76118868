"""Every competitor passes the suite for models of one's own, and some more."""

from functools import cache

import numpy as np
import pytest

from employment_forecast.models import roster
from employment_forecast.models.conformance import MONTHS, ModelConformance
from employment_forecast.models.families import boosting
from employment_forecast.models.paths import Failure, SamplePaths

NAMES = [n for n in roster.names() if n not in roster.COMBINATIONS]
FILTERING = [n for n in NAMES if roster.tags(n).filters]
SUITE = [name for name in dir(ModelConformance) if name.startswith("test_")]
# Beside the kinds of the suite.
SERIES = ["level_shift", "constant_tail"]
HORIZON, PATHS, SEED = 12, 200, 11

CASES = [(n, s) for n in NAMES for s in (SERIES[:1] if roster.tags(n).targets else SERIES)]
FILTER_CASES = [(n, s) for n, s in CASES if n in FILTERING]
every_model = pytest.mark.parametrize("name", NAMES)
every_filter = pytest.mark.parametrize("name", FILTERING)
every_case = pytest.mark.parametrize(("name", "series"), CASES)


@pytest.fixture(scope="module", autouse=True)
def few_trees():
    """What is asked here does not depend on how many trees there are, and these cost most."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(boosting.SETTINGS, "n_estimators", 15)
        yield


@pytest.fixture(scope="module")
def suite_of(make_stock):
    """The suite of a model of the roster, with flows beside the stock for one that needs them."""

    class OnRoster(ModelConformance):
        def history(self, kind, months=MONTHS):
            history = super().history(kind, months)
            needs = self.model.tags.needs
            return make_stock(self.model.name, history.values) if needs else history

    @cache
    def suite(name):
        model = type(roster.create(name))
        kinds = ("stock",) if model.tags.targets else OnRoster.kinds
        return type(name, (OnRoster,), {"model": model, "kinds": kinds})

    return suite


@pytest.mark.parametrize("test", SUITE)
@every_model
def test_the_suite_for_models_of_ones_own(name, test, suite_of, capfd):
    getattr(suite_of(name)(), test)()
    assert capfd.readouterr() == ("", "")


def _draw(name, history, parameters, seed=SEED, horizon=HORIZON) -> SamplePaths:
    outcome = roster.create(name).draw(history, parameters, horizon, PATHS, seed)
    assert isinstance(outcome, SamplePaths), outcome
    return outcome


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
def test_paths_are_sound(name, series, example, fitted):
    history = example(series, name)
    _check(_draw(name, history, fitted(name, series)), history)


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
    paths = _draw(name, example("seasonal", name), fitted(name, "seasonal"), horizon=60)
    assert paths.values.shape == (PATHS, 60)
    assert paths.quantiles()[-1, 4] == pytest.approx(22000, rel=1.0)


@every_model
def test_impossible_series_is_a_failure_with_a_reason(name, make_history):
    flat = make_history(np.full(138, 100.0))
    outcome = roster.create(name).forecast(flat, HORIZON, PATHS, SEED)
    if isinstance(outcome, Failure):
        assert outcome.reason
    else:
        assert np.abs(outcome.values / 100 - 1).max() < 0.05


@every_model
def test_declarations(name):
    model = roster.create(name)
    assert (model.name, model.label, model.tags) == (name, roster.label(name), roster.tags(name))
