"""What differences between models are worth when forecasts overlap.

Forecasts twelve months ahead from neighbouring origins share eleven months: 36 origins hold three
stretches that do not overlap, and the usual standard errors come out a third too small. Here the
long-run variance is a mean of a few squared cosine transforms, which makes the mean over its error
Student's t with as many degrees of freedom as cosines, however few they are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import stdtr

Floats = npt.NDArray[np.float64]

# With fewer stretches that do not overlap a test is not printed: its level holds, its power is nil.
FEWEST_STRETCHES = 10
_FEWEST_COSINES = 2


@dataclass(frozen=True)
class Estimate:
    """A mean of serially dependent values.

    Attributes
    ----------
    mean : float
        Over the known cells.
    error : float
        Long-run standard error; infinite where there is no telling.
    freedom : int
        Degrees of freedom of the error; 0 where there is no telling.
    stretches : int
        Origins whose forecasts do not overlap.
    origins : int
        All of them.
    """

    mean: float
    error: float
    freedom: int
    stretches: int
    origins: int = 0

    def reach(self, tail: float) -> float:
        """How far chance takes the mean to one side, except with probability `tail`."""
        from scipy.stats import t

        return self.error * float(t.isf(tail, self.freedom)) if self.freedom else math.inf


def cosines(count: int, overlap: int) -> int:
    """Number of cosine transforms for a mean of `count` values.

    The root of the number, but none so fast that it runs within one overlap; 0 where fewer than
    two are left.
    """
    number = min(round(math.sqrt(count)), count // max(overlap, 1))
    return number if number >= _FEWEST_COSINES else 0


def long_run_error(values: Floats, overlap: int) -> tuple[float, int]:
    """Standard error of a mean of values in order of time, and its degrees of freedom.

    Parameters
    ----------
    values : numpy.ndarray
        Shape (n,).
    overlap : int
        Origins in a row whose forecasts overlap.

    Returns
    -------
    error : float
        Infinite where fewer than two stretches do not overlap.
    freedom : int
        The mean over its error is Student's t with as many; 0 where the error is infinite.

    References
    ----------
    Mueller (2004), A theory of robust long-run variance estimation, and Lazarus, Lewis, Stock and
    Watson (2018), HAR inference: recommendations for practice: the equal-weighted cosine estimator.
    Coroneo and Iacone (2020), Comparing predictive accuracy in small samples using fixed-smoothing
    asymptotics.
    """
    errors, count = _long_run_errors(values[:, None], overlap)
    return float(errors[0]), count


def _long_run_errors(columns: Floats, overlap: int) -> tuple[Floats, int]:
    """`long_run_error` of every column."""
    n, width = columns.shape
    count = cosines(n, overlap)
    if count == 0:
        return np.full(width, math.inf), 0
    waves = np.arange(1, count + 1)[:, None] * (np.arange(n) + 0.5) / n
    # Added up one like the other: columns that are equal have errors that are.
    products = np.cos(np.pi * waves)[..., None] * (columns - columns.mean(axis=0))
    transforms = math.sqrt(2 / n) * products.sum(axis=1)
    return np.asarray(np.sqrt((transforms**2).mean(axis=0) / n), dtype=float), count


def mean_and_error(cells: Floats, overlap: int | None = None) -> Estimate:
    """Mean over cells and its standard error, where cells of one origin belong together.

    Parameters
    ----------
    cells : numpy.ndarray
        Shape (n_origins, k), NaN where unknown; late origins have fewer known cells.
    overlap : int, optional
        Origins in a row whose forecasts overlap; k where origins are a month apart and cells are
        months ahead.

    Returns
    -------
    Estimate
        The error is that of the linearised ratio of sum to number of cells; mean 0 and no telling
        where nothing is known.
    """
    known = np.isfinite(cells)
    rows = known.any(axis=1)
    overlap = cells.shape[1] if overlap is None else overlap
    stretches = int(rows.sum()) // max(overlap, 1)
    if not rows.any():
        return Estimate(0.0, math.inf, 0, 0)
    sums = np.where(known, cells, 0.0).sum(axis=1)[rows]
    counts = known.sum(axis=1)[rows]
    mean = float(sums.sum() / counts.sum())
    error, freedom = long_run_error((sums - mean * counts) / counts.mean(), overlap)
    return Estimate(mean, error, freedom, stretches, int(rows.sum()))


@dataclass(frozen=True)
class DieboldMariano:
    """Outcome of the test.

    Attributes
    ----------
    statistic : float
        Negative where the first model is better.
    p_value : float
        Two-sided, Student t.
    freedom : int
        Degrees of freedom.
    """

    statistic: float
    p_value: float
    freedom: int


def diebold_mariano(differences: Floats, horizon: int) -> DieboldMariano | None:
    """Equal accuracy of two forecasts, with a variance whose level holds in small samples.

    Parameters
    ----------
    differences : numpy.ndarray
        Score of the first model less that of the second at consecutive origins, shape (n,).
    horizon : int
        Months ahead: forecasts h months ahead overlap over h - 1 origins.

    Returns
    -------
    DieboldMariano or None
        None where fewer than ten stretches do not overlap, or the differences do not vary.

    References
    ----------
    Diebold and Mariano (1995), Comparing predictive accuracy; Coroneo and Iacone (2020) for the
    variance, see `long_run_error`.
    """
    n = len(differences)
    if n < FEWEST_STRETCHES * max(horizon, 1):
        return None
    mean = float(differences.mean())
    error, freedom = long_run_error(differences, horizon)
    # Rounding leaves a trace of variance where there is none.
    if not freedom or not error > 1e-10 * abs(mean):
        return None
    statistic = mean / error
    return DieboldMariano(statistic, float(2 * stdtr(freedom, -abs(statistic))), freedom)


def model_confidence_set(
    losses: Floats, models: Sequence[str], overlap: int
) -> dict[str, float] | None:
    """Model confidence set p-values: models at or above 0.1 are in the 90 % set.

    Parameters
    ----------
    losses : numpy.ndarray
        Shape (n_origins, models), no NaN.
    models : sequence of str
        Names of the columns.
    overlap : int
        Origins in a row whose forecasts overlap.

    Returns
    -------
    dict or None
        P-value by model; the last one standing has 1. None where fewer than ten stretches do not
        overlap.

    References
    ----------
    Hansen, Lunde and Nason (2011), The model confidence set: the statistic T_max and its
    elimination rule. The bootstrap, whose level does not hold here, is replaced by Student's t for
    every model (`long_run_error`) and Bonferroni's bound over those still standing.
    """
    n, count = losses.shape
    if count != len(models):
        raise ValueError("one name per column of losses")
    if n < FEWEST_STRETCHES * max(overlap, 1):
        return None
    alive = list(range(count))
    values: dict[str, float] = {}
    highest = 0.0
    while len(alive) > 1:
        gaps = losses[:, alive] - losses[:, alive].mean(axis=1, keepdims=True)
        means = gaps.mean(axis=0)
        spread, freedom = _long_run_errors(gaps, overlap)
        if not (spread > 1e-10 * np.abs(means)).all():
            break
        statistics = means / spread
        tail = float(stdtr(freedom, -statistics.max()))
        highest = max(highest, min(1.0, len(alive) * tail))
        values[models[alive.pop(int(statistics.argmax()))]] = highest
    values.update({models[i]: 1.0 for i in alive})
    return values
