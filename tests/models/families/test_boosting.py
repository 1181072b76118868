"""Boosted trees: stored as lists they predict as the library does; rows, halves, long horizons."""

import json

import numpy as np
import pytest

from employment_forecast.models import roster
from employment_forecast.models.families import boosting
from employment_forecast.models.families.boosting import (
    DIRECT,
    SETTINGS,
    Boosting,
    _chained,
    _grow,
    _predict,
    _rows,
)


def test_stored_trees_predict_as_the_library():
    from sklearn.ensemble import GradientBoostingRegressor

    rng = np.random.default_rng(1)
    rows = np.round(rng.normal(size=(300, 4)), 1)
    target = rows[:, 0] ** 2 + np.sin(rows[:, 1]) + rng.normal(0, 0.1, 300)
    theirs = GradientBoostingRegressor(**SETTINGS).fit(rows, target).predict(rows)
    trees = json.loads(json.dumps(_grow(rows, target)))
    np.testing.assert_allclose(_predict(trees, rows), theirs, atol=1e-12)


def test_rows_know_nothing_after_their_origin(make_scaled):
    data = make_scaled(np.zeros(80))
    w = np.random.default_rng(2).normal(size=80)
    rows, starts = _rows(w, data, np.arange(12, 79))
    changed = w.copy()
    changed[60:] += 5.0
    after, _ = _rows(changed, data, np.arange(12, 79))
    early = starts < 60
    # The last feature but the calendar is the distance from the mean of all of them.
    np.testing.assert_array_equal(rows[early][:, :7], after[early][:, :7])
    assert (starts + rows[:, 0] <= 79).all()
    last, _ = _rows(w, data, np.array([79]))
    assert last[:, 0].tolist() == list(range(1, DIRECT + 1))


def test_errors_come_from_the_half_that_was_not_learned_from(make_scaled, seasonal_z, monkeypatch):
    seen = []

    def grow(rows, target):
        seen.append(len(rows))
        return [{"constant": float(target.mean())}]

    monkeypatch.setattr(boosting, "_grow", grow)
    fitted = Boosting()._estimate(make_scaled(seasonal_z))
    first, second, whole = seen
    # Pairs of origin and month that straddle the middle are in neither half.
    assert first + second < whole
    assert fitted["degrees"] >= 8
    assert np.tril(np.asarray(fitted["factor"])).tolist() == fitted["factor"]


def test_a_year_starts_from_the_error_of_the_last():
    factor = np.linalg.cholesky(np.minimum.outer(np.arange(1.0, 13), np.arange(1.0, 13)))
    long = _chained(factor, 30)
    steps = np.arange(1.0, 31)
    np.testing.assert_allclose(long @ long.T, np.minimum.outer(steps, steps), atol=1e-9)


def test_it_competes_only_where_it_is_named():
    assert "boosting" in roster.names()
    assert "boosting" not in roster.resolve()
    assert "boosting" in roster.resolve("boosting")


@pytest.mark.parametrize(
    "horizon",
    [3, pytest.param(12, marks=pytest.mark.soak), pytest.param(25, marks=pytest.mark.soak)],
)
def test_mean_goes_on_beyond_a_year(make_scaled, seasonal_z, horizon):
    data = make_scaled(seasonal_z)
    model = Boosting()
    fitted = model._estimate(data)
    law = model._law(data, fitted, horizon)
    assert law.mean.shape == (horizon,)
    np.testing.assert_allclose(law.mean[:3], model._law(data, fitted, 3).mean)
