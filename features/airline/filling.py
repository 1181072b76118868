"""Months that were never published, as the airline model sees them from both sides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from employment_forecast.features.airline.regression import airline_regression

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Completion:
    """A series with the law of its missing months.

    Attributes
    ----------
    values : numpy.ndarray
        float64, shape (n,): what is known as it is, the missing months at their mean.
    missing : numpy.ndarray
        int64, shape (m,), positions of the missing months.
    root : numpy.ndarray
        float64, shape (m, m): root @ root.T is the covariance of the missing months.
    """

    values: Floats
    missing: npt.NDArray[np.int64]
    root: Floats

    def drawn(self, normals: Floats) -> Floats:
        """One possible series, shape (n,), for standard normals of shape (m,)."""
        values = self.values.copy()
        values[self.missing] += self.root @ normals
        return values


def complete(z: Floats, design: Floats) -> Completion:
    """Smooth over the missing months of a series.

    Parameters
    ----------
    z : numpy.ndarray
        float64, shape (n,), on the model scale; NaN where missing, never at either end.
    design : numpy.ndarray
        float64, shape (n, k): known regressors, estimated beside.

    Returns
    -------
    Completion

    References
    ----------
    Gomez, Maravall and Pena (1999), Missing observations in ARIMA models: skipping approach versus
    additive outlier approach, Journal of Econometrics 88: a dummy for every missing month, in a
    series filled with any values, gives the smoother of the skipping approach.
    """
    missing = np.flatnonzero(np.isnan(z))
    known = np.flatnonzero(np.isfinite(z))
    filled = np.interp(np.arange(len(z)), known, z[known])
    dummies = np.zeros((len(z), len(missing)))
    dummies[missing, np.arange(len(missing))] = 1.0
    fit = airline_regression(filled, np.hstack([dummies, design]))
    filled[missing] -= fit.coefficients[: len(missing)]
    covariance = fit.covariance[: len(missing), : len(missing)]
    # By eigenvalues: two missing months may be known together as badly as each alone.
    sizes, vectors = np.linalg.eigh(covariance)
    return Completion(filled, missing, vectors * np.sqrt(np.maximum(sizes, 0.0)))
