"""Gradient boosted trees, direct forecasts: one model of all months ahead, the horizon a feature.

Trees predict how far the deseasonalised series will be from where it is now. They are stored as
plain lists, so that a version needs no pickle. They cannot follow a series where it has never been,
and a district's series holds few independent turns: the model competes where it is named.
Friedman (2001), Greedy function approximation: a gradient boosting machine.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from employment_forecast.models.contract import SEASON, ModelFailure, Parameters, Scaled, Tags
from employment_forecast.models.families.theta import seasonal_means
from employment_forecast.models.laws import GaussianCompetitor, Law, factorise

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

DIRECT = 12
BACK = (1, 2, 3, 6, 12)
# Small trees, many of them, each on a part of the rows: usual settings for little data.
SETTINGS = {
    "n_estimators": 120,
    "learning_rate": 0.05,
    "max_depth": 3,
    "min_samples_leaf": 24,
    "subsample": 0.7,
    "max_features": 0.5,
    "random_state": 0,
}
# Errors of neighbouring origins overlap; half a horizon of them counts as one.
OVERLAP = DIRECT // 2
FEWEST_DEGREES = 8.0
# Share of the covariance that is left without dependence between months, for few errors.
SHRINK = 0.1


class Boosting(GaussianCompetitor):
    """Boosted trees whose joint law comes from errors on the half that was not learned from."""

    name = "boosting"
    label = "梯度提升树"
    tags = Tags(min_months=73, cost=4.0, opt_in=True)
    calendar = "given"

    @property
    def settings(self) -> dict[str, Any]:
        """Settings of the trees."""
        return dict(SETTINGS)

    def _estimate(self, data: Scaled) -> Parameters:
        seasonal = seasonal_means(data.z, data.months[0].month)
        w = data.z - seasonal[data.months.month.to_numpy() - 1]
        size = float(np.std(np.diff(w)))
        if size == 0:
            raise ModelFailure("历史没有变化，无法估计")
        w = w / size
        origins = np.arange(max(BACK), len(w) - 1)
        rows, starts = _rows(w, data, origins)
        steps = rows[:, 0].astype(int)
        target = w[starts + steps] - w[starts]
        middle = int(origins[len(origins) // 2])
        errors = np.full((len(w), DIRECT), np.nan)
        for learned, tested in (
            # A forecast that reaches into the other half has seen none of it.
            (starts + steps < middle, starts >= middle),
            (starts >= middle, starts + steps < middle),
        ):
            trees = _grow(rows[learned], target[learned])
            errors[starts[tested], steps[tested] - 1] = target[tested] - _predict(
                trees, rows[tested]
            )
        whole = errors[np.isfinite(errors).all(axis=1)]
        covariance = whole.T @ whole / len(whole) * size**2
        covariance = (1 - SHRINK) * covariance + SHRINK * np.diag(np.diag(covariance))
        return {
            "trees": _grow(rows, target),
            "seasonal": seasonal.tolist(),
            "size": size,
            "factor": factorise(covariance).tolist(),
            "degrees": max(len(whole) / OVERLAP, FEWEST_DEGREES),
        }

    def _law(self, data: Scaled, parameters: Parameters, horizon: int) -> Law:
        seasonal, size = np.asarray(parameters["seasonal"]), parameters["size"]
        w = (data.z - seasonal[data.months.month.to_numpy() - 1]) / size
        n = len(w)
        while len(w) < n + horizon:
            rows, _ = _rows(w, data, np.array([len(w) - 1]))
            w = np.r_[w, w[-1] + _predict(parameters["trees"], rows)]
        ahead = (data.months[-1].month - 1 + np.arange(1, horizon + 1)) % SEASON
        factor = _chained(np.asarray(parameters["factor"]), horizon)
        return Law(w[n : n + horizon] * size + seasonal[ahead], factor, parameters["degrees"])


def _rows(w: Floats, data: Scaled, origins: Integers) -> tuple[Floats, Integers]:
    """Features of every pair of origin and month ahead, and the origins of the rows.

    In the past only pairs whose outcome is known; at the last month of `w` all twelve.
    """
    last = len(w) - 1
    steps = np.tile(np.arange(1, DIRECT + 1), len(origins))
    starts = np.repeat(origins, DIRECT)
    keep = (starts + steps <= last) | (starts == last)
    steps, starts = steps[keep], starts[keep]
    month = (data.months[0].month - 1 + starts + steps) % SEASON
    moved = [w[starts] - w[starts - back] for back in BACK]
    known = data.known[np.minimum(starts + steps, len(data.known) - 1)] - data.known[starts]
    return np.column_stack([steps, month, *moved, w[starts] - w.mean(), known]), starts


def _grow(rows: Floats, target: Floats) -> list[Parameters]:
    """Fit, and keep what a prediction needs; the first entry is the constant."""
    from sklearn.ensemble import GradientBoostingRegressor

    fitted = GradientBoostingRegressor(**SETTINGS).fit(rows, target)
    rate = SETTINGS["learning_rate"]
    trees: list[Parameters] = [{"constant": float(target.mean())}]
    for (each,) in fitted.estimators_:
        tree = each.tree_
        trees.append(
            {
                "feature": tree.feature.tolist(),
                "threshold": tree.threshold.tolist(),
                "left": tree.children_left.tolist(),
                "right": tree.children_right.tolist(),
                "value": (rate * tree.value[:, 0, 0]).tolist(),
            }
        )
    return trees


def _predict(trees: list[Parameters], rows: Floats) -> Floats:
    """Sum of the trees' leaves, shape (rows,)."""
    total = np.full(len(rows), trees[0]["constant"])
    # As the library does: thresholds are compared with single precision features.
    single = rows.astype(np.float32)
    index = np.arange(len(rows))
    for tree in trees[1:]:
        feature, left, right = (np.asarray(tree[k]) for k in ("feature", "left", "right"))
        threshold = np.asarray(tree["threshold"])
        node = np.zeros(len(rows), dtype=int)
        for _ in range(int(SETTINGS["max_depth"])):
            inner = left[node] >= 0
            below = single[index, feature[node]] <= threshold[node]
            node = np.where(inner, np.where(below, left[node], right[node]), node)
        total += np.asarray(tree["value"])[node]
    return total


def _chained(factor: Floats, horizon: int) -> Floats:
    """Factor for longer horizons: each year starts from the error the last one ended with."""
    years = -(-horizon // DIRECT)
    whole = np.zeros((years * DIRECT, years * DIRECT))
    for year in range(years):
        rows = slice(year * DIRECT, (year + 1) * DIRECT)
        whole[rows, rows] = factor
        for before in range(year):
            columns = slice(before * DIRECT, (before + 1) * DIRECT)
            whole[rows, columns] = factor[-1]
    return whole[:horizon, :horizon]
