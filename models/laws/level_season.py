"""A wandering level plus a season that is shrunk as far as the data do not show it.

y_t = l_(t-1) + d b_(t-1) + s_m(t) + e_t, an ETS(A,Ad,N) of the series less a fixed season. Given
the weights of the smoothing, the one-step errors are linear in first level, first slope, season and
missing months, so that with conjugate priors everything else is a regression: the law of the months
ahead is Student, the marginal likelihood is known in closed form. The weights and the size of the
season lie on a grid and are averaged over by it (Bayesian model averaging), none is chosen. One
value of the grid is a season of nothing. Six months are enough for a law; it is as wide as they
leave it.

Other regions lend what their own posteriors say: the prior of every point of the grid is the mean
of their posterior probabilities (one step of expectation-maximisation towards the nonparametric
estimate of the prior), the season of the region is drawn from around nothing or from around their
mean season, and the variance of the innovations has their geometric mean as its prior. All of it
fades as own months grow.

References
----------
Hyndman, Koehler, Ord and Snyder, Forecasting with Exponential Smoothing (2008), chapters 2 and 5.
Miller and Williams (2003), Shrinkage estimators of time series seasonal factors and their effect on
forecasting accuracy, International Journal of Forecasting 19. Laird (1978), Nonparametric maximum
likelihood estimation of a mixing distribution, JASA 73.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
import numpy.typing as npt

from employment_forecast.features.history import Borrowed, History
from employment_forecast.models.contract import SEASON
from employment_forecast.models.effects import forced_path
from employment_forecast.models.laws.gaussian import Law, factorise, moving_factor

Floats = npt.NDArray[np.float64]

# Standard deviation of a month's seasonal figure over that of an innovation, and what they weigh
# where no region lends: between their mean posterior on the national series that ship with the
# program and equal weights. The largest is for registers whose season is all that moves: with less
# the innovations have to explain the season.
SWINGS = (0.0, 0.5, 2.0, 8.0, 32.0)
SWING_WEIGHTS = (0.38, 0.285, 0.1425, 0.1425, 0.05)
# Level, slope over level, damping; without a slope the damping does not matter.
_LEVELS = (0.1, 0.3, 0.5, 0.7, 0.9, 1.1)
_SLOPES = (0.1, 0.3)
_DAMPINGS = (0.8, 0.9, 0.97)
DYNAMICS = np.array(
    [(level, 0.0, 0.9) for level in _LEVELS] + list(product(_LEVELS, _SLOPES, _DAMPINGS))
)
# Standard deviation of the first slope over that of an innovation.
FIRST_SLOPE = 0.3
# A season of nothing, as a number: precisions stay finite.
_NOTHING = 1e-3
# Months that a prior of the innovations' variance counts for: none but the own, and borrowed.
OWN_DEGREES, USUAL_DEGREES, MOST_DEGREES = 1.0, 2.0, 4.0
# What stands in where no region lends: an innovation of the unemployment rates that ship with the
# program relative to their level, and how their levels and slopes move, half even.
USUAL_INNOVATION = 0.035
_USUAL_LEVELS = (0.08, 0.08, 0.08, 0.1, 0.24, 0.42)
_USUAL_SLOPES = (0.6, 0.25, 0.15)
# Points of the grid with less than this are left out of the draws.
LEAST_WEIGHT = 0.005
FREE = SEASON - 1


def _contrasts() -> Floats:
    """Orthonormal basis of the seasonal figures that sum to zero, shape (12, 11)."""
    columns = np.eye(SEASON)[:, :FREE] - 1 / SEASON
    return np.asarray(np.linalg.qr(columns)[0], dtype=float)


_BASIS = _contrasts()


@dataclass(frozen=True)
class Posterior:
    """What a series says on every point of the grid.

    Attributes
    ----------
    weights : numpy.ndarray
        Shape (priors, dynamics), sum 1: seasonal priors, around nothing first, then around the
        season of other regions if they lend one.
    coefficients, covariances : numpy.ndarray
        Shapes (priors, dynamics, k) and (..., k, k), the latter over the innovations' variance, of
        the eleven seasonal contrasts, first level, first slope and missing months.
    variances : numpy.ndarray
        Shape (priors, dynamics), of the innovations.
    degrees : float
        Of freedom.
    level, slope : numpy.ndarray
        Last states, shape (dynamics, 1 + k): a constant, then what each coefficient adds.
    """

    weights: Floats
    coefficients: Floats
    covariances: Floats
    variances: Floats
    degrees: float
    level: Floats
    slope: Floats

    def season(self) -> Floats:
        """Mean seasonal figures from January on, shape (12,)."""
        contrasts = (self.weights[..., None] * self.coefficients[..., :FREE]).sum(axis=(0, 1))
        return np.asarray(_BASIS @ contrasts, dtype=float)

    def variance(self) -> float:
        """Geometric mean of the innovations' variance."""
        return float(np.exp((self.weights * np.log(self.variances)).sum()))

    def laws(self, last_month: int, horizon: int) -> list[tuple[float, Law]]:
        """Weight and law of the months after a calendar month, for the points that matter."""
        ahead = np.arange(1, horizon + 1)
        season = _BASIS[(last_month - 1 + ahead) % SEASON]
        least = min(LEAST_WEIGHT, float(self.weights.max()))
        weighted = []
        for prior, point in np.argwhere(self.weights >= least):
            level, slope, damping = DYNAMICS[point]
            trend = np.cumsum(damping**ahead)
            rows = self.level[point] + trend[:, None] * self.slope[point]
            rows[:, 1 : 1 + FREE] += season
            mean = rows[:, 0] + rows[:, 1:] @ self.coefficients[prior, point]
            gathered = np.r_[1.0, level * (1 + slope * trend)][:horizon]
            own = moving_factor(gathered, 1.0, horizon)
            doubt = rows[:, 1:] @ self.covariances[prior, point] @ rows[:, 1:].T
            covariance = self.variances[prior, point] * (own @ own.T + doubt)
            law = Law(mean, factorise(covariance), self.degrees)
            weighted.append((float(self.weights[prior, point]), law))
        total = sum(weight for weight, _ in weighted)
        return [(weight / total, law) for weight, law in weighted]


def _filtered(inputs: Floats, level: Floats, slope: Floats) -> tuple[Floats, Floats, Floats]:
    """One-step errors, shape (dynamics, n, columns), and last level and slope from the first.

    Inputs have shape (n, columns), level and slope (dynamics, columns).
    """
    share, relative, damping = (DYNAMICS[:, [i]] for i in range(3))
    errors = np.empty((len(inputs), *level.shape))
    for t, each in enumerate(inputs):
        fading = damping * slope
        expected = level + fading
        errors[t] = each - expected
        level = expected + share * errors[t]
        slope = fading + share * relative * errors[t]
    return errors.transpose(1, 0, 2), level, slope


@lru_cache(maxsize=8)
def _design(n: int, first_month: int, missing: tuple[int, ...]) -> tuple[Floats, Floats, Floats]:
    """What each coefficient adds to errors, last level and last slope, whatever the figures."""
    inputs = np.zeros((n, FREE + 2 + len(missing)))
    inputs[:, :FREE] = -_BASIS[(first_month - 1 + np.arange(n)) % SEASON]
    inputs[missing, FREE + 2 + np.arange(len(missing))] = 1.0
    level = np.zeros((len(DYNAMICS), inputs.shape[1]))
    slope = np.zeros_like(level)
    level[:, FREE], slope[:, FREE + 1] = 1.0, 1.0
    return _filtered(inputs, level, slope)


@lru_cache(maxsize=8)
def _covariances(
    n: int, first_month: int, missing: tuple[int, ...], sizes: tuple[float, ...]
) -> tuple[Floats, Floats, Floats]:
    """Precisions of the priors, covariances over the innovations' variance, log determinants."""
    design, *_ = _design(n, first_month, missing)
    gram = np.swapaxes(design, 1, 2) @ design
    precisions = np.zeros((len(sizes), gram.shape[-1]))
    precisions[:, :FREE] = 1 / np.maximum(sizes, _NOTHING)[:, None] ** 2
    precisions[:, FREE + 1] = 1 / FIRST_SLOPE**2
    whole = gram + np.eye(gram.shape[-1]) * precisions[:, None, None, :]
    covariances = np.asarray(np.linalg.inv(whole), dtype=float)
    covariances.flags.writeable = False
    gained = np.array([np.log(each[each > 0]).sum() for each in precisions])
    determinants = np.asarray(np.linalg.slogdet(whole)[1] - gained[:, None], dtype=float)
    return precisions, covariances, determinants


def posterior(z: Floats, first_month: int, borrowed: Borrowed | None = None) -> Posterior:
    """Posterior on the grid.

    Parameters
    ----------
    z : numpy.ndarray
        float64, shape (n,), model scale; NaN where missing, never at either end.
    first_month : int
        Calendar month, 1 to 12, of the first value.
    borrowed : Borrowed, optional
        What other regions lend.
    """
    missing = tuple(np.flatnonzero(np.isnan(z)).tolist())
    design, levels, slopes = _design(len(z), first_month, missing)
    start = np.zeros((len(DYNAMICS), 1))
    errors, level, slope = _filtered(np.nan_to_num(z)[:, None], start, start)
    target = errors[..., 0]
    moments = -np.einsum("gnk,gn->gk", design, target)
    squares = np.einsum("gn,gn->g", target, target)
    # First level and missing months have flat priors and take their degrees.
    free = len(z) - 1 - len(missing)
    degrees, scale = (OWN_DEGREES, 0.0)
    if borrowed is not None:
        degrees, scale = borrowed.degrees, borrowed.degrees * borrowed.variance
    centres, sizes, prior = _priors(borrowed)
    precisions, covariances, determinants = _covariances(len(z), first_month, missing, tuple(sizes))
    weights = np.empty((len(sizes), len(DYNAMICS)))
    coefficients = np.empty((*weights.shape, design.shape[-1]))
    variances = np.empty(weights.shape)
    for row, (centre, precision) in enumerate(zip(centres, precisions, strict=True)):
        prior_mean = np.zeros(len(precision))
        prior_mean[:FREE] = centre
        pull = moments + precision * prior_mean
        coefficients[row] = np.einsum("gkj,gj->gk", covariances[row], pull)
        left = squares + precision @ prior_mean**2 - np.einsum("gk,gk->g", pull, coefficients[row])
        left = np.maximum(left, 1e-12) + scale
        variances[row] = left / (degrees + free)
        weights[row] = -determinants[row] / 2 - (degrees + free) / 2 * np.log(left)
    weights += np.log(prior)
    weights = np.exp(weights - weights.max())
    level, slope = np.hstack([level, levels]), np.hstack([slope, slopes])
    return Posterior(
        weights / weights.sum(), coefficients, covariances, variances, degrees + free, level, slope
    )


def _priors(borrowed: Borrowed | None) -> tuple[list[Floats], list[float], Floats]:
    """Centres and sizes of the seasonal priors, and what each point of the grid weighs."""
    nothing = np.zeros(FREE)
    if borrowed is None:
        weights = np.outer(SWING_WEIGHTS, np.full(len(DYNAMICS), 1 / len(DYNAMICS)))
        return [nothing] * len(SWINGS), list(SWINGS), weights
    centre = _BASIS.T @ np.asarray(borrowed.season)
    # Versions keep what they borrowed: before 32 was among the sizes it was four of each.
    count = len(borrowed.swings) // 2
    centres, sizes = [nothing] * count + [centre] * count, [*SWINGS[:count]] * 2
    used = [row for row, weight in enumerate(borrowed.swings) if weight > 0]
    weights = np.outer([borrowed.swings[row] for row in used], borrowed.dynamics)
    return [centres[row] for row in used], [sizes[row] for row in used], weights


def usual(history: History) -> Borrowed:
    """Stated prior of a short series that no region lends to."""
    scale = 1.0 if history.transform == "log" else float(np.abs(history.scaled).mean())
    slopes = dict(zip((0.0, *_SLOPES), _USUAL_SLOPES, strict=True))
    counts = {0.0: 1, **{slope: len(_DAMPINGS) for slope in _SLOPES}}
    levels = dict(zip(_LEVELS, _USUAL_LEVELS, strict=True))
    dynamics = [levels[row[0]] * slopes[row[1]] / counts[row[1]] for row in DYNAMICS.tolist()]
    return Borrowed(
        season=(0.0,) * SEASON,
        swings=(*SWING_WEIGHTS, *(0.0,) * len(SWINGS)),
        dynamics=tuple(dynamics),
        variance=(USUAL_INNOVATION * scale) ** 2,
        degrees=USUAL_DEGREES,
        series=0,
    )


def drawn(laws: Sequence[tuple[float, Law]], n_paths: int, rng: np.random.Generator) -> Floats:
    """Paths from a mixture, each law's share in whole numbers, in random order."""
    weights = np.array([weight for weight, _ in laws])
    counts = np.floor(weights * n_paths).astype(int)
    short = n_paths - int(counts.sum())
    counts[np.argsort(counts - weights * n_paths, kind="stable")[:short]] += 1
    parts = [law.draw(int(n), rng) for (_, law), n in zip(laws, counts, strict=True) if n]
    return np.asarray(rng.permutation(np.concatenate(parts)), dtype=float)


# Of equal weights, in what a region is lent: neighbours are few.
_EVEN = 0.1
FEWEST_LENDERS = 2


def lend(histories: Sequence[History]) -> Borrowed | None:
    """What series lend to one that is not among them.

    Parameters
    ----------
    histories : sequence of History
        Of one kind and model scale, two years long at least.

    Returns
    -------
    Borrowed or None
        None for fewer than two.
    """
    if len(histories) < FEWEST_LENDERS:
        return None
    series = [(h.scaled - forced_path(h, "none")[: len(h)], int(h.start.month)) for h in histories]
    alone = [posterior(z, month) for z, month in series]
    seasons = np.array([each.season() for each in alone])
    logs = np.log([each.variance() for each in alone])
    # Variance of a log variance: of the regions, and of each one's estimate.
    sampling = float(np.mean([2 / each.degrees for each in alone]))
    degrees = 2 / max(float(np.var(logs, ddof=1)) - sampling, 2 / MOST_DEGREES)
    even = np.full(2 * len(SWINGS), 1 / (2 * len(SWINGS)))
    swings, dynamics = np.zeros_like(even), np.zeros(len(DYNAMICS))
    level = np.full(len(DYNAMICS), 1 / len(DYNAMICS))
    for at, (z, month) in enumerate(series):
        others = np.delete(seasons, at, axis=0).mean(axis=0)
        lent = Borrowed(
            tuple(others.tolist()), tuple(even.tolist()), tuple(level.tolist()),
            float(np.exp(np.delete(logs, at).mean())), degrees, len(series) - 1,
        )  # fmt: skip
        weights = posterior(z, month, lent).weights
        swings += weights.sum(axis=1) / len(series)
        dynamics += weights.sum(axis=0) / len(series)
    return Borrowed(
        season=tuple(seasons.mean(axis=0).tolist()),
        swings=tuple(((1 - _EVEN) * swings + _EVEN * even).tolist()),
        dynamics=tuple(((1 - _EVEN) * dynamics + _EVEN * level).tolist()),
        variance=float(np.exp(logs.mean())),
        degrees=degrees,
        series=len(series),
    )
