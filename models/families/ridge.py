"""Ridge regression of the monthly change on lags, calendar month and Spring Festival.

One equation for the next month, run forward along every path: the joint law over the horizon
follows from it, whatever the horizon. Explaining the change, and shrinking all coefficients, pulls
the forecast towards a random walk rather than towards a mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from employment_forecast.models.contract import (
    SEASON,
    Competitor,
    ModelFailure,
    Parameters,
    Scaled,
    Tags,
)
from employment_forecast.models.laws import Leading, stratified_normals
from employment_forecast.models.laws import leading_indicators as leading

Floats = npt.NDArray[np.float64]

LAGS = ("level", "change_1", "change_2", "change_12", "year_change")
# Months before the first row: lag 13.
REACH = SEASON + 1
PENALTIES = np.logspace(-1, 3, 17)


def lag_features(z: Floats, centre: float) -> Floats:
    """Lag features of the month after z, for one or many histories."""
    return np.stack(
        [
            z[..., -1] - centre,
            z[..., -1] - z[..., -2],
            z[..., -2] - z[..., -3],
            z[..., -12] - z[..., -13],
            z[..., -1] - z[..., -13],
        ],
        axis=-1,
    )


def calendar_features(month_numbers: npt.NDArray[np.int64], known: Floats) -> Floats:
    """Month indicators and the change of the known regressors."""
    dummies = (month_numbers[:, None] == np.arange(1, SEASON + 1)).astype(float) - 1 / SEASON
    return np.hstack([dummies, np.diff(known, axis=0)])


class Ridge(Competitor):
    """Ridge regression (Hoerl and Kennard 1970), its penalty chosen by leave-one-out errors.

    Paths differ in their innovations, drawn from the residuals corrected for leverage, and in
    their coefficients, drawn from their sampling law, so that the spread holds both kinds of
    ignorance. Indicators of the history that lead the target enter where they earn it, see
    `models.laws.leading_indicators`; their unknown months are drawn along each path.
    """

    name = "ridge"
    label = "岭回归"
    tags = Tags(min_months=37, cost=0.1)
    version = 3

    def _fit(self, data: Scaled) -> Parameters:
        z = data.z
        centre = float(z.mean())
        lags = np.array([lag_features(z[:t], centre) for t in range(REACH, len(z))])
        months = data.months.month.to_numpy()[REACH:]
        base = np.hstack([lags, calendar_features(months, data.past()[REACH - 1 :])])
        target = np.diff(z)[REACH - 1 :]
        size = float(target.std())
        if size == 0:
            raise ModelFailure("历史没有变化，无法估计")
        chosen = _chosen(data, base, target / size) if data.beside else []
        design = np.hstack([base, *(features for _, features in chosen)])
        unit = design.std(axis=0)
        unit[unit == 0] = 1.0
        solution = _solve(design / unit, target / size)

        variance = float((solution.errors**2).sum() / max(len(target) - solution.used, 1.0))
        innovations = solution.errors / np.sqrt(np.maximum(1 - solution.leverage, 0.05))
        innovations *= np.sqrt(variance / (innovations**2).mean())
        # Law of the intercept (at mean features) and of the coefficients around it.
        root = np.linalg.cholesky(variance * solution.inverse) * size / unit[:, None]
        return {
            "centre": centre,
            "intercept": solution.intercept * size,
            "coefficients": (solution.coefficients * size / unit).tolist(),
            "means": design.mean(axis=0).tolist(),
            "intercept_error": float(np.sqrt(variance / len(target)) * size),
            "coefficient_root": root.tolist(),
            "innovations": ((innovations - innovations.mean()) * size).tolist(),
            "leading": [each.as_parameters() for each, _ in chosen],
        }

    def _paths(
        self,
        data: Scaled,
        parameters: Parameters,
        horizon: int,
        n_paths: int,
        rng: np.random.Generator,
    ) -> Floats:
        n = len(data.z)
        ahead = (data.months[-1].month - 1 + np.arange(1, horizon + 1)) % SEASON + 1
        calendar = calendar_features(ahead, data.known[n - 1 : n + horizon])
        coefficients = np.asarray(parameters["coefficients"])
        root = np.asarray(parameters["coefficient_root"])
        noise = stratified_normals(n_paths, len(root) + 1, rng)
        drawn = coefficients + noise[:, 1:] @ root.T
        constant = parameters["intercept"] + parameters["intercept_error"] * noise[:, 0]
        constant = constant - ((drawn - coefficients) @ np.asarray(parameters["means"]))
        shocks = rng.choice(np.asarray(parameters["innovations"]), (n_paths, horizon))

        levels = np.empty((n_paths, REACH + horizon))
        levels[:, :REACH] = data.z[-REACH:]
        own = len(LAGS) + calendar.shape[1]
        seasonal = drawn[:, len(LAGS) : own] @ calendar.T + constant[:, None]
        seasonal += _led(data, parameters.get("leading", []), drawn[:, own:], horizon, rng)
        for step in range(horizon):
            seen = levels[:, step : step + REACH]
            change = (lag_features(seen, parameters["centre"]) * drawn[:, : len(LAGS)]).sum(axis=1)
            levels[:, REACH + step] = seen[:, -1] + change + seasonal[:, step] + shocks[:, step]
        return levels[:, REACH:]


@dataclass(frozen=True)
class _Solution:
    """Ridge regression of a standardised target on scaled features."""

    intercept: float
    coefficients: Floats
    inverse: Floats
    errors: Floats
    leverage: Floats
    used: float


def _solve(scaled: Floats, target: Floats) -> _Solution:
    from sklearn.linear_model import RidgeCV

    fitted = RidgeCV(alphas=PENALTIES).fit(scaled, target)
    centred = scaled - scaled.mean(axis=0)
    gram = centred.T @ centred
    inverse = np.linalg.inv(gram + fitted.alpha_ * np.eye(len(gram)))
    leverage = np.einsum("ij,jk,ik->i", centred, inverse, centred) + 1 / len(target)
    return _Solution(
        intercept=float(fitted.intercept_),
        coefficients=np.asarray(fitted.coef_, dtype=np.float64),
        inverse=inverse,
        errors=np.asarray(target - fitted.predict(scaled), dtype=np.float64),
        leverage=leverage,
        used=float(np.trace(inverse @ gram)) + 1,
    )


def _chosen(data: Scaled, base: Floats, target: Floats) -> list[tuple[Leading, Floats]]:
    """Indicators that earn a place, with their features."""
    first, n = data.months[0].month, len(data.z)
    candidates = [
        (learned, leading.past_features(learned, each, first, REACH, n))
        for each in data.beside
        if (learned := leading.estimate_lead(each, first)) is not None
    ]

    def squared_errors(further: Sequence[Floats]) -> Floats:
        design = np.hstack([base, *further])
        unit = design.std(axis=0)
        unit[unit == 0] = 1.0
        solved = _solve(design / unit, target)
        # Leave-one-out errors of a linear smoother.
        return np.asarray((solved.errors / np.maximum(1 - solved.leverage, 0.05)) ** 2)

    return [candidates[i] for i in leading.choose(candidates, squared_errors)]


def _led(
    data: Scaled,
    stored: Sequence[Parameters],
    drawn: Floats,
    horizon: int,
    rng: np.random.Generator,
) -> Floats:
    """What the leading indicators add to every month's change, shape (n_paths, horizon)."""
    added = np.zeros((len(drawn), horizon))
    beside = {each.code: each for each in data.beside}
    for position, parameters in enumerate(stored):
        each = Leading.of(parameters)
        changes = leading.future_changes(
            each, beside.get(each.code), data.months[0].month, len(data.z), horizon, len(drawn), rng
        )
        own_draws = drawn[:, position * leading.LAGS : (position + 1) * leading.LAGS]
        for step in range(horizon):
            window = changes[:, step : step + leading.LAGS][:, ::-1]
            added[:, step] += (own_draws * window).sum(axis=1)
    return added
