"""How the errors of members go together, learned from earlier origins and shrunk.

What few origins cannot tell is taken to go together: sums of forecasts whose errors are falsely
held to be independent would be far too narrow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from employment_forecast.forecasting.reconciliation.tree import Tree

Floats = npt.NDArray[np.float64]

# Correlation of the parts' errors where nothing tells it, and how many stretches of origins that
# do not overlap weigh as much as it. A single correlation needs more of them than the mean of all.
USUAL = 0.7
PRIOR_MEAN, PRIOR_SINGLE = 8.0, 20.0
# The errors of one stretch are one error, seen many times.
LEAST_STRETCHES = 2.0


@dataclass(frozen=True)
class ErrorLaw:
    """Dependence of the members' errors at one origin.

    Attributes
    ----------
    correlation : numpy.ndarray
        Shape (members, members), positive semidefinite.
    stretches : float
        Stretches of origins that do not overlap, on which it rests.
    covariance : numpy.ndarray or None
        Of the errors in people, of the same shape; None where less than two stretches tell it.
    """

    correlation: Floats
    stretches: float
    covariance: Floats | None = None


def implied_correlation(tree: Tree, paths: Floats) -> float:
    """Correlation of the lowest parts that makes their sum as wide as the whole's own forecast.

    Parameters
    ----------
    tree : Tree
        What adds up.
    paths : numpy.ndarray
        Own paths of `tree.members`, shape (members, n_paths, months).

    Returns
    -------
    float
        Between 0 and 1, over all months and all wholes that are no parts; `USUAL` where it cannot
        be told.
    """
    at = {key: i for i, key in enumerate(tree.members)}
    spread = paths.std(axis=1)
    own, apart, together = 0.0, 0.0, 0.0
    for top in tree.levels()[0]:
        low = [top]
        for each in tree.sums:
            if each.whole in low:
                low = [key for key in low if key != each.whole] + list(each.parts)
        parts = spread[[at[key] for key in low]]
        own += float((spread[at[top]] ** 2).sum())
        apart += float((parts**2).sum())
        together += float((parts.sum(axis=0) ** 2).sum())
    room = together - apart
    return float(np.clip((own - apart) / room, 0.0, 1.0)) if room > 0 else USUAL


def learn_law(
    errors: Floats, stretches: float, usual: float = USUAL, misses: Floats | None = None
) -> ErrorLaw:
    """Learn the correlation of standardised errors, and the covariance of errors as they are.

    Parameters
    ----------
    errors : numpy.ndarray
        Outcome less median over the forecast's own spread, shape (origins, members, months), NaN
        where there is none or the outcome is not yet known: the caller decides what is known.
    stretches : float
        Stretches of origins whose forecasts do not overlap.
    usual : float
        What the mean correlation is drawn to; see `implied_correlation`.
    misses : numpy.ndarray, optional
        Outcome less median, of the shape of `errors`: all months ahead count together, so that the
        far ones, where most is to be gained, weigh most. Their covariance is drawn to its diagonal.

    Returns
    -------
    ErrorLaw
        Sample correlations about zero, so that a shared bias counts as going together, drawn to
        their mean, and the mean to `usual`.

    References
    ----------
    Schaefer and Strimmer (2005), A shrinkage approach to large-scale covariance matrix estimation:
    of the correlation target F (constant correlation), the intensity fixed by the stretches, since
    that of the paper takes origins to be independent; of the covariance target D (diagonal) with
    the paper's intensity, as the MinT(Shrink) of Wickramasuriya et al. (2019) has it.
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
    shared = max((n * mean + PRIOR_MEAN * usual) / (n + PRIOR_MEAN), 0.0)
    trust = n / (n + PRIOR_SINGLE)
    correlation = np.where(
        apart, trust * np.where(apart, single, 0.0) + (1 - trust) * shared, shared
    )
    np.fill_diagonal(correlation, 1.0)
    seen = misses if stretches >= LEAST_STRETCHES else None
    return ErrorLaw(_semidefinite(correlation), n, None if seen is None else _covariance(seen))


def _covariance(misses: Floats) -> Floats | None:
    """Shrunk covariance over the months of origins that are known of all members."""
    table = np.moveaxis(misses, 1, 2).reshape(-1, misses.shape[1])
    table = table[np.isfinite(table).all(axis=1)]
    n = len(table)
    if n < 2:
        return None
    centred, spread = table - table.mean(axis=0), table.std(axis=0)
    scaled = np.divide(centred, spread, out=np.zeros_like(centred), where=spread > 0)
    correlation = scaled.T @ scaled / n
    noise = ((scaled**2).T @ scaled**2 / n - correlation**2) / (n - 1)
    apart = ~np.eye(len(spread), dtype=bool)
    signal = float((correlation[apart] ** 2).sum())
    trust = max(0.0, 1.0 - float(noise[apart].sum()) / signal) if signal > 0 else 0.0
    return np.where(apart, trust * correlation, 1.0) * np.outer(spread, spread)


def _semidefinite(correlation: Floats) -> Floats:
    """The matrix without negative eigenvalues, which pairs of different origins can give it."""
    values, vectors = np.linalg.eigh(correlation)
    if values[0] >= 0:
        return correlation
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    root /= np.linalg.norm(root, axis=1, keepdims=True)
    return np.asarray(root @ root.T, dtype=float)
