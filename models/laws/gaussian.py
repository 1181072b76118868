"""Joint laws of future months, and the base of every family whose law is Gaussian or Student.

All linear models with Gaussian innovations give the months ahead one multivariate normal law. It
is written as a mean and a lower triangular factor, mean + factor @ normals; the paths are drawn
from it in one matrix product. With estimated scale the normals share one chi-square divisor per
path, which makes the law a multivariate Student: short histories widen, not narrow.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.polynomial.chebyshev import chebinterpolate, chebval
from scipy.special import gammaincinv, ndtr, ndtri

from employment_forecast.models.contract import (
    Calendar,
    Competitor,
    ModelFailure,
    Parameters,
    Scaled,
)

Floats = npt.NDArray[np.float64]

# Without a bound the exponential of a Student variable has no mean. It binds with fewer than some
# twenty degrees of freedom only.
LEAST_DIVISOR = 0.2
_MANY_DEGREES, _MANY_QUANTILES = 30, 200


@dataclass(frozen=True)
class Law:
    """Joint law of the months ahead on the model scale.

    Attributes
    ----------
    mean : numpy.ndarray
        float64, shape (horizon,).
    factor : numpy.ndarray
        float64, shape (horizon, horizon), lower triangular: factor @ factor.T is the covariance
        (with `degrees`, the scale matrix).
    degrees : float or None
        Degrees of freedom of the Student law; None for the Gaussian law.
    """

    mean: Floats
    factor: Floats
    degrees: float | None = None

    @property
    def covariance(self) -> Floats:
        """Covariance (scale matrix), shape (horizon, horizon)."""
        return self.factor @ self.factor.T

    def draw(self, n_paths: int, rng: np.random.Generator) -> Floats:
        """Draw joint paths, shape (n_paths, horizon)."""
        drawn = stratified_normals(n_paths, len(self.mean), rng) @ self.factor.T
        if self.degrees is not None:
            drawn = drawn / student_divisors(self.degrees, n_paths, rng)
        return np.asarray(self.mean + drawn, dtype=float)


def stratified_uniforms(n: int, columns: int, rng: np.random.Generator) -> Floats:
    """Latin hypercube sample: every column has one draw in each of n equal strata.

    Each row is uniform on the cube, as with plain draws, but means and quantiles of a column carry
    far less Monte Carlo noise (McKay, Beckman, Conover 1979).

    Parameters
    ----------
    n, columns : int
        Shape of the sample.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    numpy.ndarray
        float64 in (0, 1), shape (n, columns).
    """
    strata = rng.permuted(np.tile(np.arange(n)[:, None], (1, columns)), axis=0)
    # An open interval: a zero would become minus infinity as a normal.
    return np.asarray((strata + 1.0 - rng.random((n, columns))) / (n + 1e-9), dtype=float)


def stratified_normals(n: int, columns: int, rng: np.random.Generator) -> Floats:
    """Standard normals from a Latin hypercube, shape (n, columns)."""
    return np.asarray(ndtri(stratified_uniforms(n, columns, rng)), dtype=float)


def student_divisors(degrees: float, n: int, rng: np.random.Generator) -> Floats:
    """What makes normals Student if each row is divided by its own, shape (n, 1)."""
    share = chi_square_shares(degrees, stratified_uniforms(n, 1, rng))
    return np.asarray(np.sqrt(np.maximum(share, LEAST_DIVISOR)), dtype=float)


def chi_square_shares(degrees: float, uniforms: Floats) -> Floats:
    """Quantiles of chi-square over its degrees of freedom, shape of the uniforms.

    The cube root is so nearly linear in the normal score (Wilson and Hilferty 1931) that with many
    degrees a polynomial through few quantiles gives all to the rounding of the uniforms, in a
    fourth of the time.
    """
    half = degrees / 2
    if degrees < _MANY_DEGREES or len(uniforms) < _MANY_QUANTILES:
        return np.asarray(gammaincinv(half, uniforms) / half, dtype=float)
    scores = ndtri(uniforms)
    middle, reach = (scores.max() + scores.min()) / 2, (scores.max() - scores.min()) / 2
    roots = chebinterpolate(
        lambda at: np.cbrt(gammaincinv(half, ndtr(middle + reach * at)) / half), 16
    )
    return np.asarray(chebval((scores - middle) / reach, roots) ** 3, dtype=float)


def moving_factor(weights: Floats, sigma: float, horizon: int) -> Floats:
    """Factor of a process whose month h gathers innovations with given weights.

    Parameters
    ----------
    weights : numpy.ndarray
        Response of month h to the innovation of month h - j, j = 0 first, shape (>= horizon,).
    sigma : float
        Standard deviation of the innovations.
    horizon : int
        Months ahead.

    Returns
    -------
    numpy.ndarray
        Lower triangular Toeplitz matrix, shape (horizon, horizon).
    """
    lag = np.subtract.outer(np.arange(horizon), np.arange(horizon))
    return np.asarray(np.where(lag >= 0, weights[np.abs(lag)], 0.0) * sigma, dtype=float)


def factorise(covariance: Floats) -> Floats:
    """Lower triangular factor of a covariance that may be singular."""
    size = float(np.trace(covariance)) / len(covariance)
    if not np.isfinite(covariance).all() or size < 0:
        raise ModelFailure("预测方差不是有限的数")
    ridge = (size or 1.0) * 1e-12
    try:
        return np.asarray(np.linalg.cholesky(covariance + ridge * np.eye(len(covariance))))
    except np.linalg.LinAlgError:
        raise ModelFailure("预测协方差矩阵不是正定的") from None


class GaussianCompetitor(Competitor):
    """Base of the families with a Gaussian or Student law, without calendar terms of their own."""

    calendar: Calendar = "removed"
    version = 2

    def _fit(self, data: Scaled) -> Parameters:
        return self._estimate(data)

    def _paths(
        self,
        data: Scaled,
        parameters: Parameters,
        horizon: int,
        n_paths: int,
        rng: np.random.Generator,
    ) -> Floats:
        return self._law(data, parameters, horizon).draw(n_paths, rng)

    @abstractmethod
    def _estimate(self, data: Scaled) -> Parameters:
        """Estimate on the model scale, known effects taken out."""

    @abstractmethod
    def _law(self, data: Scaled, parameters: Parameters, horizon: int) -> Law:
        """Joint law of the months ahead, without the known effects."""
