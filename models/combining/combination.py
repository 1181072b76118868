"""The robust combination: trimmed mean of the members' quantiles, dependence from their paths.

Each month's law is a mean over the members of their sorted draws that leaves out the lowest and the
highest member, so that one exploding member moves nothing. A season has to be earned: members with
a full season count for as much as the series shows one, members with a shrunken season for the
rest, and each group has its own mean. The dependence over the months comes
from the members' own paths: a template made of equal parts of every member's paths, reduced to
ranks, gives the order in which the combined draws are put (ensemble copula coupling: Schefzik,
Thorarinsdottir, Gneiting 2013).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from employment_forecast.models.paths import SamplePaths

Floats = npt.NDArray[np.float64]

# One of each family that experts combine and a regression whose errors are least like theirs, most
# of them on both scales. The floors are for comparison; Prophet is far behind on its own and not
# trusted.
SEASONAL: tuple[str, ...] = (
    "ets",
    "uc",
    "sarima",
    "ridge",
    "ets_level",
    "sarima_level",
    "ridge_level",
)
SHRUNKEN: tuple[str, ...] = ("shrunken_season", "shrunken_season_level")
MEMBERS: tuple[str, ...] = (*SEASONAL, *SHRUNKEN)


def combine(members: Mapping[str, SamplePaths], share: float, seed: int) -> SamplePaths:
    """Combine forecasts of one origin.

    Parameters
    ----------
    members : mapping
        By roster name, at least one; same origin and shape.
    share : float
        Weight of the members with a full season where there are others too, 0 to 1, see
        `season_share`.
    seed : int
        Decides which paths of each member enter the template and the order of ties.

    Returns
    -------
    SamplePaths
        Same shape; each column holds exactly the mean of the groups' `trimmed_mean` of sorted
        columns.

    Raises
    ------
    ValueError
        If there are no members, or origins or shapes differ.
    """
    if not members:
        raise ValueError("nothing to combine")
    first = next(iter(members.values()))
    if any(
        m.values.shape != first.values.shape or m.origin != first.origin for m in members.values()
    ):
        raise ValueError("members must share origin, horizon and number of paths")
    rng = np.random.default_rng(seed)
    stack = np.stack([m.values for m in members.values()])
    ordered = np.sort(stack, axis=1)
    shrunken = np.array([name in SHRUNKEN for name in members])
    if shrunken.all() or not shrunken.any():
        law = trimmed_mean(ordered)
    else:
        groups = trimmed_mean(ordered[~shrunken]), trimmed_mean(ordered[shrunken])
        law = share * groups[0] + (1 - share) * groups[1]
    order = template_ranks(stack, rng)
    return SamplePaths(np.take_along_axis(law, order, axis=0), first.origin)


def trimmed_mean(laws: Floats) -> Floats:
    """Mean over the members without the lowest and the highest, decided at each entry.

    References
    ----------
    Jose and Winkler (2008), Simple robust averages of forecasts.
    """
    inner = np.sort(laws, axis=0)[1:-1] if len(laws) > 2 else laws
    return np.asarray(inner.mean(axis=0), dtype=float)


def template_ranks(stack: Floats, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Ranks, 0 to n - 1 in every column, of a template made of parts of each member."""
    count, n, _ = stack.shape
    own = np.stack([ranks(values, rng) for values in stack])
    # n rows shared out as evenly as whole numbers allow; which member gets one more is drawn.
    owner = rng.permutation(np.arange(n) % count)
    rows = np.concatenate(
        [own[m][rng.permutation(n)[: np.count_nonzero(owner == m)]] for m in range(count)]
    )
    return ranks(rows, rng)


def ranks(values: npt.NDArray[np.generic], rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Rank of each entry within its column, ties in random order, shape as given."""
    chance = rng.random(values.shape)
    columns = np.ascontiguousarray(values.T)
    order = np.argsort(columns, axis=1)
    ordered = np.take_along_axis(columns, order, axis=1)
    first = np.ones((len(columns), len(values) + 1), dtype=bool)
    first[:, 1:-1] = ordered[:, 1:] != ordered[:, :-1]
    tied = ~(first[:, 1:] & first[:, :-1])
    # By runs of ties, and by chance within each: it is below 1, half of it far enough below.
    run = first[:, :-1][tied].cumsum()
    members, column = order[tied], np.nonzero(tied)[0]
    order[tied] = members[np.argsort(run + chance[members, column] / 2)]
    ranked = np.empty(columns.shape, dtype=np.int64)
    np.put_along_axis(ranked, order, np.arange(len(values))[None, :], axis=1)
    return np.ascontiguousarray(ranked.T)
