"""The conformance suite of a model of one's own: subclass, name the model, let pytest collect it.

    from employment_forecast import ModelConformance

    class TestMyModel(ModelConformance):
        model = MyModel

Every test uses plain assertions and needs nothing but pytest's collection.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import cache
from typing import ClassVar

import numpy as np
import pandas as pd

from employment_forecast.features.history import History
from employment_forecast.models.contract import Competitor, Parameters
from employment_forecast.models.paths import Failure, SamplePaths

MONTHS, HORIZON, PATHS, SEED = 138, 12, 200, 11


def example_history(kind: str = "stock", months: int = MONTHS) -> History:
    """A generated seasonal series to try a model on; marked as demonstration data (演示数据).

    Parameters
    ----------
    kind : {"stock", "rate", "flow"}
        A stock on the logarithmic scale, a rate with many ties, or a flow with zeros.
    months : int
        Length.
    """
    rng = np.random.default_rng(1)
    season = 0.1 * np.sin(2 * np.pi * np.arange(months) / 12)
    if kind == "stock":
        drawn = np.exp(10 + np.cumsum(rng.normal(0, 0.02, months)) + season)
    elif kind == "rate":
        drawn = 5.1 + np.cumsum(rng.normal(0, 0.04, months)) + 1.5 * season
    else:
        drawn = np.maximum(rng.normal(60, 25, months) + 200 * season, 0)
    values = np.asarray(np.round(drawn, 1 if kind == "rate" else 0), dtype=np.float64)
    return History(
        region="990000",
        indicator="example",
        start=pd.Period("2014-01", "M"),
        values=values,
        unit="%" if kind == "rate" else "人",
        kind=kind,
        transform="none" if kind == "flow" else "log",
        precision=0.1 if kind == "rate" else 1.0,
        as_of=date(2030, 1, 1),
        demo=True,
        pseudo_real_time=True,
        sources=("演示数据（生成）",),
    )


def _global_state() -> str:
    """State of numpy's global generator, which no model may draw from."""
    return repr(np.random.get_state(legacy=False)["state"])  # noqa: NPY002


class ModelConformance:
    """What every competitor has to keep, as tests for pytest.

    Attributes
    ----------
    model : type of Competitor
        The class under test; set it in a subclass.
    kinds : tuple of str
        Kinds of series it is made for, see `example_history`.
    """

    model: ClassVar[type[Competitor]]
    kinds: ClassVar[tuple[str, ...]] = ("stock", "rate", "flow")

    def history(self, kind: str, months: int = MONTHS) -> History:
        """The series to try the model on; override it for a model that needs others beside."""
        return example_history(kind, months)

    def _fitted(self, kind: str) -> tuple[Competitor, History, Parameters]:
        suite: Callable[[], ModelConformance] = type(self)
        return self.model(), self.history(kind), _estimated(suite, kind)

    def test_paths_are_finite_and_within_bounds(self) -> None:
        """Paths have their shape, stay near the series, and keep the bounds of their kind."""
        for kind in self.kinds:
            model, history, parameters = self._fitted(kind)
            paths = model.paths(history, parameters, HORIZON, PATHS, SEED)
            assert paths.values.shape == (PATHS, HORIZON)
            assert paths.origin == history.origin
            assert np.isfinite(paths.values).all()
            reach = np.ptp(history.values)
            median = np.median(paths.values, axis=0)
            assert (median > history.values.min() - reach).all()
            assert (median < history.values.max() + reach).all()
            assert kind == "flow" or (paths.values >= 0).all()
            assert kind != "rate" or (paths.values <= 100).all()

    def test_every_month_has_a_distribution(self) -> None:
        """A forecast without spread does not exist."""
        for kind in self.kinds:
            model, history, parameters = self._fitted(kind)
            quantiles = model.paths(history, parameters, HORIZON, PATHS, SEED).quantiles()
            assert (quantiles[:, -1] > quantiles[:, 0]).all()

    def test_parameters_are_small_json(self) -> None:
        """Parameters survive JSON and then give the same paths to the bit."""
        for kind in self.kinds:
            model, history, parameters = self._fitted(kind)
            written = json.dumps(parameters, allow_nan=False)
            first = model.paths(history, parameters, HORIZON, PATHS, SEED)
            again = self.model().paths(history, json.loads(written), HORIZON, PATHS, SEED)
            assert first.values.tobytes() == again.values.tobytes()
            assert json.dumps(parameters) == written

    def test_estimation_is_repeatable(self) -> None:
        """The same history gives the same parameters, another seed other paths."""
        model, history, parameters = self._fitted(self.kinds[0])
        assert json.dumps(self.model().fit(history)) == json.dumps(parameters)
        first, other = (
            model.paths(history, parameters, HORIZON, PATHS, seed).values
            for seed in (SEED, SEED + 1)
        )
        assert (first != other).mean() > 0.5

    def test_later_months_can_be_filtered_in(self) -> None:
        """Parameters of an earlier origin serve a longer history, where the tags promise it."""
        if not self.model.tags.filters:
            return
        for kind in self.kinds:
            history = self.history(kind)
            earlier = history.until(history.origin - 6)
            assert earlier is not None
            model = self.model()
            paths = model.paths(history, model.fit(earlier), HORIZON, PATHS, SEED)
            assert paths.origin == history.origin
            assert np.isfinite(paths.values).all()

    def test_months_never_published_are_passed_over(self) -> None:
        """A few missing months cost width and no forecast."""
        model, history = self.model(), self.history(self.kinds[0])
        values = history.values.copy()
        values[[60, 61, 100]] = np.nan
        paths = model.forecast(replace(history, values=values), HORIZON, PATHS, SEED)
        assert isinstance(paths, SamplePaths)
        assert np.isfinite(paths.values).all()

    def test_least_history_is_as_declared(self) -> None:
        """It forecasts from `tags.min_months` months and gives an explicit null result below."""
        model, least = self.model(), self.model.tags.min_months
        enough = self.history(self.kinds[0], least)
        assert isinstance(model.forecast(enough, HORIZON, PATHS, SEED), SamplePaths)
        if least > 1:
            short = self.history(self.kinds[0], least - 1)
            assert isinstance(model.forecast(short, HORIZON, PATHS, SEED), Failure)

    def test_input_and_global_state_are_left_alone(self) -> None:
        """No warning, no draw from numpy's global generator, no change of the history."""
        model, history = self.model(), self.history(self.kinds[0])
        values, regressors = history.values.copy(), history.regressors.copy()
        state = _global_state()
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            model.forecast(history, HORIZON, PATHS, SEED)
        assert heard == []
        assert (history.values == values).all()
        assert history.regressors.equals(regressors)
        assert _global_state() == state

    def test_declarations(self) -> None:
        """Name, label, tags and JSON-able settings are there."""
        model = self.model()
        assert model.name
        assert model.label
        assert model.tags.min_months >= 1
        json.dumps(model.settings)


@cache
def _estimated(suite: Callable[[], ModelConformance], kind: str) -> Parameters:
    """Parameters of a suite's model on one kind of series, estimated once for all its tests."""
    return suite().model().fit(suite().history(kind))
