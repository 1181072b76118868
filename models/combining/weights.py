"""Combinations with other weights than the robust one, on whole distributions.

Every variant averages the members' quantile functions, draw by sorted draw (Vincentization), so
that the result is sharp where the members agree; the dependence over the months is that of a
template, the robust combination's paths (ensemble copula coupling).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from employment_forecast.models.paths import SamplePaths

Floats = npt.NDArray[np.float64]

# So many origins weigh as much as the belief that all members are equally good.
PRIOR_ORIGINS = 10.0


def inverse_score_weights(scores: Floats) -> Floats:
    """Weights in inverse proportion to the members' mean scores, shrunk towards equal ones.

    Parameters
    ----------
    scores : numpy.ndarray
        Shape (n_origins, members): mean scaled WIS at earlier origins whose outcome is known, NaN
        where a member did not forecast. Only origins of all members count.

    Returns
    -------
    numpy.ndarray
        Shape (members,), positive, sum 1; equal without a common origin.

    References
    ----------
    Bates and Granger (1969), The combination of forecasts.
    """
    members = scores.shape[1]
    common = scores[np.isfinite(scores).all(axis=1)]
    equal = np.full(members, 1.0 / members)
    if len(common) == 0:
        return equal
    mean = common.mean(axis=0)
    if not (mean > 0).all():
        return equal
    inverse = (1.0 / mean) / (1.0 / mean).sum()
    trust = len(common) / (len(common) + PRIOR_ORIGINS)
    return np.asarray(trust * inverse + (1 - trust) * equal, dtype=float)


def combine_weighted(
    members: Sequence[SamplePaths], weights: Floats, template: SamplePaths
) -> SamplePaths:
    """Weighted mean of the members' quantile functions.

    Parameters
    ----------
    members : sequence of SamplePaths
        Same origin and shape.
    weights : numpy.ndarray
        Shape (members,), not negative; brought to sum 1.
    template : SamplePaths
        Same shape; its ranks are the result's.

    Returns
    -------
    SamplePaths
        Same shape.

    Raises
    ------
    ValueError
        If origins, shapes or the number of weights differ, or no weight is positive.
    """
    stack = _stack(members)
    if len(weights) != len(members) or (weights < 0).any() or not weights.sum() > 0:
        raise ValueError("one non-negative weight per member, not all zero")
    law = np.tensordot(weights / weights.sum(), np.sort(stack, axis=1), axes=1)
    return _dressed(law, template)


def _stack(members: Sequence[SamplePaths]) -> Floats:
    if not members:
        raise ValueError("nothing to combine")
    first = members[0]
    if any(m.values.shape != first.values.shape or m.origin != first.origin for m in members):
        raise ValueError("members must share origin, horizon and number of paths")
    return np.stack([m.values for m in members])


def _dressed(law: Floats, template: SamplePaths) -> SamplePaths:
    order = np.argsort(np.argsort(template.values, axis=0, kind="stable"), axis=0)
    return SamplePaths(np.take_along_axis(law, order, axis=0), template.origin)
