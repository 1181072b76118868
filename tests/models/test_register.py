"""Models that the running program registers compete like any other, or are refused."""

from __future__ import annotations

import numpy as np
import pytest

from employment_forecast.data.errors import DataError, UnknownNameError
from employment_forecast.models import roster
from employment_forecast.models.conformance import ModelConformance
from employment_forecast.models.contract import Competitor, Tags
from employment_forecast.models.families import RandomWalk, Theta


@pytest.fixture(autouse=True)
def _forget(monkeypatch):
    monkeypatch.setattr(roster, "_REGISTERED", {})
    roster._families.cache_clear()
    yield
    roster._families.cache_clear()


class Own(Competitor):
    name, label, tags = "own_walk", "自己的游走", Tags(min_months=3)

    def _fit(self, data):
        return {"sigma": float(np.std(np.diff(data.z)))}

    def _paths(self, data, parameters, horizon, n_paths, rng):
        return data.z[-1] + np.cumsum(rng.normal(0, parameters["sigma"], (n_paths, horizon)), 1)


def test_a_registered_model_is_in_the_roster():
    assert roster.register(Own) is Own
    assert isinstance(roster.create("own_walk"), Own)
    assert "own_walk" in roster.resolve()
    assert roster.registered() == {"own_walk"}
    assert roster.package("own_walk") == "本程序内登记"


def test_registering_again_replaces_it_and_changes_its_identity():
    roster.register(Own)
    before = roster.identity("own_walk")
    changed = type("Changed", (Own,), {"version": 2})
    roster.register(changed)
    assert isinstance(roster.create("own_walk"), changed)
    assert roster.identity("own_walk") != before


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": "theta"}, "已被其他模型占用"),
        ({"label": "Theta法"}, "已被其他模型占用"),
        ({"name": "Not a name"}, "小写字母"),
        ({"tags": Tags(min_months=3, floor=True)}, "简单基准由本程序规定"),
    ],
)
def test_what_cannot_compete_is_refused(fields, words):
    with pytest.raises(DataError, match=words):
        roster.register(type("Unfit", (Own,), fields))
    with pytest.raises(DataError, match="子类"):
        roster.register(object)
    assert roster.registered() == set()
    with pytest.raises(UnknownNameError):
        roster.create("own_walk")


class TestOurs(ModelConformance):
    model = Own


class TestFloor(ModelConformance):
    model = RandomWalk


class TestFamily(ModelConformance):
    model = Theta


class Wrong(Own):
    """Forgets the season, the spread and its own parameters."""

    name = "wrong"

    def _paths(self, data, parameters, horizon, n_paths, rng):
        return np.zeros((n_paths, horizon)) + data.z[-1]


def test_the_suite_notices_a_forecast_without_spread():
    suite = type("Suite", (ModelConformance,), {"model": Wrong})()
    with pytest.raises(AssertionError):
        suite.test_every_month_has_a_distribution()
