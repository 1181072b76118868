from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import cache

import numpy as np
import pandas as pd
import pytest

from employment_forecast.features.history.covariates import Covariate
from employment_forecast.features.history.history import History
from employment_forecast.models import roster
from employment_forecast.models.contract import Parameters, Scaled

MONTHS = 138


def _season(n: int) -> np.ndarray:
    month = 2 * np.pi * np.arange(n) / 12
    return 0.1 * np.sin(month) + 0.03 * np.cos(2 * month)


def _history(values: object, start: str = "2014-01", **changes: object) -> History:
    facts: dict[str, object] = {
        "region": "990000",
        "indicator": "registered_unemployed",
        "start": pd.Period(start, "M"),
        "values": np.asarray(values, dtype=float),
        "unit": "人",
        "kind": "stock",
        "transform": "log",
        "precision": 1.0,
        "as_of": date(2030, 1, 1),
        "demo": True,
        "pseudo_real_time": True,
        "sources": ("生成的检验序列",),
    }
    return History(**{**facts, **changes})


def _stock() -> np.ndarray:
    rng = np.random.default_rng(1)
    return np.round(np.exp(10 + np.cumsum(rng.normal(0, 0.02, MONTHS)) + _season(MONTHS)))


def _rate() -> np.ndarray:
    rng = np.random.default_rng(2)
    wandering = np.cumsum(rng.normal(0, 0.04, MONTHS))
    return np.round(5.1 + wandering + 1.5 * _season(MONTHS), 1)


@cache
def _example(name: str) -> History:
    if name == "seasonal":
        return _history(_stock())
    if name == "level_shift":
        return _history(_stock() * np.where(np.arange(MONTHS) >= 100, 1.5, 1.0))
    if name == "with_zeros":
        rng = np.random.default_rng(3)
        flow = np.round(np.maximum(rng.normal(60, 25, MONTHS) + 200 * _season(MONTHS), 0))
        return _history(flow, transform="none", kind="flow")
    rate = _rate()
    if name == "constant_tail":
        rate[-20:] = rate[-20]
    return _history(rate, kind="rate", unit="%", precision=0.1)


def _with_flows(history: History, model: str) -> History:
    """The history with flows that make its stock, if the model needs them."""
    if not roster.tags(model).needs or history.kind != "stock":
        return history
    rng = np.random.default_rng(4)
    n = len(history)
    before = np.r_[history.values[0], history.values[:-1]]
    left = before * 0.3 * np.exp(rng.normal(0, 0.05, n) + _season(n))
    entered = history.values - before + left
    flows = {
        "registered_inflow": entered,
        "registered_reemployed": 0.8 * left,
        "registered_exited": 0.2 * left,
    }
    lagged = tuple(
        Covariate(
            region=history.region,
            indicator=code,
            name=code,
            unit="人",
            start=history.start,
            values=values,
            transform="log" if values.min() > 0 else "none",
            demo=True,
            pseudo_real_time=True,
        )
        for code, values in flows.items()
    )
    return replace(history, lagged=lagged)


@pytest.fixture(scope="session")
def make_history() -> Callable[..., History]:
    """Build a history from values; keyword arguments replace its other facts."""
    return _history


@pytest.fixture(scope="session")
def example() -> Callable[..., History]:
    """Series of 138 months: seasonal, tied_rate, with_zeros, level_shift, constant_tail.

    With the name of a model that needs flows, these stand beside a stock.
    """

    def make(name: str, model: str = "random_walk") -> History:
        return _with_flows(_example(name), model)

    return make


@pytest.fixture(scope="session")
def make_stock() -> Callable[..., History]:
    """Like `make_history`, with flows beside the stock where the model needs them."""

    def make(model: str, values: object, **changes: object) -> History:
        return _with_flows(_history(values, **changes), model)

    return make


@pytest.fixture(scope="session")
def fitted() -> Callable[..., Parameters]:
    """Parameters of a model on an example without its last `cut` months, estimated once."""

    @cache
    def fit(model: str, name: str, cut: int = 0) -> Parameters:
        history = _example(name)
        shorter = _history(
            history.values[: len(history) - cut],
            transform=history.transform,
            kind=history.kind,
        )
        return roster.create(model).fit(_with_flows(shorter, model))

    return fit


@pytest.fixture(scope="session")
def make_scaled() -> Callable[..., Scaled]:
    """A series on the model scale whose known regressors are all zero."""

    def make(z: object, start: str = "2014-01", ahead: int = 72) -> Scaled:
        values = np.asarray(z, dtype=float)
        months = pd.period_range(start, periods=len(values), freq="M")
        return Scaled(values, months, np.zeros((len(values) + ahead, 3)))

    return make


@pytest.fixture(scope="session")
def seasonal_z() -> np.ndarray:
    """Log of a seasonal stock, 138 months."""
    return np.log(_stock())
