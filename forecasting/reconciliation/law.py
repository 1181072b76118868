"""How the errors of members go together, learned from earlier origins and shrunk.

What few origins cannot tell is taken to go together: sums of forecasts whose errors are falsely
held to be independent would be far too narrow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# Correlation of the parts' errors before anything is known, and how many stretches of origins that
# do not overlap weigh as much as it. A single correlation needs more of them than the mean of all.
USUAL = 0.7
PRIOR_MEAN, PRIOR_SINGLE = 8.0, 20.0


@dataclass(frozen=True)
class ErrorLaw:
    """Dependence of the members' errors at one origin.

    Attributes
    ----------
    correlation : numpy.ndarray
        Shape (members, members), positive semidefinite.
    stretches : float
        Stretches of origins that do not overlap, on which it rests.
    """

    correlation: Floats
    stretches: float


def learn_law(errors: Floats, stretches: float) -> ErrorLaw:
    """Learn the correlation of standardised errors.

    Parameters
    ----------
    errors : numpy.ndarray
        Outcome less median over the forecast's own spread, shape (origins, members, months), NaN
        where there is none or the outcome is not yet known: the caller decides what is known.
    stretches : float
        Stretches of origins whose forecasts do not overlap.

    Returns
    -------
    ErrorLaw
        Sample correlations about zero, so that a shared bias counts as going together, drawn to
        their mean, and the mean to `USUAL`.

    References
    ----------
    Schaefer and Strimmer (2005), A shrinkage approach to large-scale covariance matrix estimation,
    target F (constant correlation); the intensity is fixed by the stretches, since that of the
    paper takes origins to be independent.
    """
    members = errors.shape[1]
    table = np.ascontiguousarray(np.moveaxis(errors, 1, 2)).reshape(-1, members)
    known = np.isfinite(table)
    filled = np.where(known, table, 0.0)
    mask = known.astype(float)
    squares = (filled**2).T @ mask
    scale = np.sqrt(squares * squares.T)
    single = np.divide(filled.T @ filled, scale, out=np.full(scale.shape, np.nan), where=scale > 0)
    apart = ~np.eye(members, dtype=bool) & np.isfinite(single)
    n = stretches if apart.any() else 0.0
    mean = float(single[apart].mean()) if apart.any() else 0.0
    shared = max((n * mean + PRIOR_MEAN * USUAL) / (n + PRIOR_MEAN), 0.0)
    trust = n / (n + PRIOR_SINGLE)
    found = np.where(apart, trust * np.where(apart, single, 0.0) + (1 - trust) * shared, shared)
    np.fill_diagonal(found, 1.0)
    return ErrorLaw(_semidefinite(found), n)


def _semidefinite(correlation: Floats) -> Floats:
    """The matrix without negative eigenvalues, which pairs of different origins can give it."""
    values, vectors = np.linalg.eigh(correlation)
    if values[0] >= 0:
        return correlation
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    root /= np.linalg.norm(root, axis=1, keepdims=True)
    return np.asarray(root @ root.T, dtype=float)
