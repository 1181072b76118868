"""Paths of the members of a tree made joint, then made to add up in every path and month.

Each member's paths stay whole: they are only put in another order, so that members go together as
their earlier errors did and wholes go with the sum of their parts. The joint paths are then
projected onto what adds up.
"""

from __future__ import annotations

from math import fsum

import numpy as np
import numpy.typing as npt

from employment_forecast.forecasting.reconciliation.law import ErrorLaw
from employment_forecast.forecasting.reconciliation.tree import Tree

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# What is left of a constraint, in units of the total, is rounding below this and a fault above.
TOLERANCE = 1e-9
# The sum of the parts counts for so much against one direct forecast of the whole.
PARTS_WEIGHT = 3.0
# Of what a part does from month to month so much of the variance stays its own at least.
LEAST_OWN = 0.1


def coherent(
    tree: Tree,
    paths: Floats,
    law: ErrorLaw,
    *,
    fixed: Flags | None = None,
    nonnegative: bool = True,
    seed: int = 1,
) -> Floats:
    """Joint paths that add up.

    Parameters
    ----------
    tree : Tree
        What adds up; `tree.members` is the order of the first axis.
    paths : numpy.ndarray
        Shape (members, n_paths, months); every member's own calibrated forecast.
    law : ErrorLaw
        Of the same members.
    fixed : numpy.ndarray, optional
        Shape (members, months): published months and figures set by hand. The same in all paths,
        they stay as they are.
    nonnegative : bool
        Counts: nothing falls below zero.
    seed : int
        Of the order of the paths.

    Returns
    -------
    numpy.ndarray
        Same shape. Every constraint holds to 1e-9 of the total in every path and month.

    Raises
    ------
    ValueError
        If fixed figures contradict each other.

    Notes
    -----
    Whole paths of parts can only be matched in level and slope; what they do from month to month
    would cancel out in their sum, and peaks of the whole be too low. So the part of the gap between
    whole and parts that is neither level nor slope is first given to the parts in proportion to
    their spreads, and their own movements of that kind are reduced until each is as wide as before.

    With C the constraints (C y = 0 for what adds up), a joint path y then becomes
    y - W C' (C W C')^+ C y, its mean over all paths with one W and what it is apart from the mean
    with another: errors at earlier origins tell well which member's level to trust, but weights
    learned from few of them add their noise to every path. For what is apart from the mean W is
    diagonal: for a lowest part the variance of its paths in that month, for a whole `PARTS_WEIGHT`
    times the sum of its lowest parts' variances (structural scaling with variances in the place of
    ones). For the mean it is the covariance of the members' errors at earlier origins, where there
    is one. What would be negative is set to zero and the rest of the same parts reduced in
    proportion.

    References
    ----------
    Wickramasuriya, Athanasopoulos and Hyndman (2019), Optimal forecast reconciliation through trace
    minimization; Panagiotelis, Gamakumara, Athanasopoulos and Hyndman (2023), Probabilistic
    forecast reconciliation, for the projection of joint samples; Zambon, Azzimonti and Corani
    (2024), Probabilistic reconciliation of count time series; Clark, Gangopadhyay, Hay, Rajagopalan
    and Wilby (2004), The Schaake shuffle; Di Fonzo and Girolimetto (2024), Forecast combination
    based forecast reconciliation, for equal weights of the levels.
    """
    order = joint_order(tree, paths, law, seed)
    joint = np.take_along_axis(paths, order[:, :, None], axis=1)
    return projected(tree, joint, law, fixed=fixed, nonnegative=nonnegative)


def projected(
    tree: Tree,
    joint: Floats,
    law: ErrorLaw,
    *,
    fixed: Flags | None = None,
    demanded: Flags | None = None,
    nonnegative: bool = True,
) -> Floats:
    """The second half of `coherent`: joint paths projected onto what adds up.

    `demanded`, of shape (sums, months), leaves out sums of some months; see `possible`.
    """
    held = np.zeros(joint.shape[::2], dtype=bool) if fixed is None else fixed
    asked = np.ones((len(tree.sums), joint.shape[2]), dtype=bool) if demanded is None else demanded
    known, held = _settled(tree, joint, held, asked, nonnegative=nonnegative)
    spread = known.std(axis=1)
    paths = _with_jagged(tree, known, spread, held, asked)
    paths = _projected(tree, paths, spread, held, law, asked)
    if nonnegative:
        paths = _without_negative(tree, paths, held, asked)
    _demand_sums(tree, paths, asked)
    return paths


def possible(tree: Tree, paths: Floats, published: Flags, *, nonnegative: bool = True) -> Flags:
    """Sums that what is published leaves possible, by month.

    Parameters
    ----------
    tree : Tree
        What adds up.
    paths : numpy.ndarray
        Shape (members, n_paths, months).
    published : numpy.ndarray
        Shape (members, months); the same in all paths.
    nonnegative : bool
        Counts: nothing falls below zero.

    Returns
    -------
    numpy.ndarray
        Shape (sums, months). What follows from a sum all of whose other members are known counts
        as known too.
    """
    met = np.ones((len(tree.sums), paths.shape[2]), dtype=bool)
    for month in np.flatnonzero(published.any(axis=0)):
        known = {
            key: float(paths[at, 0, month])
            for at, key in enumerate(tree.members)
            if published[at, month]
        }
        met[:, month] = _met_by(tree, known, nonnegative=nonnegative)
    return met


def _met_by(tree: Tree, known: dict[str, float], *, nonnegative: bool) -> list[bool]:
    """Of each sum whether known figures can meet it, the lowest first."""
    met, left = [True] * len(tree.sums), list(range(len(tree.sums)))
    while True:
        least = dict(known)
        for row, each in reversed(list(enumerate(tree.sums))):
            if met[row] and each.whole not in known:
                low = fsum(least.get(part, 0.0) for part in each.parts)
                least[each.whole] = max(low, least.get(each.whole, 0.0))
        before = len(left)
        for row in reversed(left.copy()):
            whole, parts = tree.sums[row].whole, tree.sums[row].parts
            free = [key for key in (whole, *parts) if key not in known]
            summed = fsum(known.get(part, 0.0) for part in parts)
            total = known.get(whole, summed)
            slack = TOLERANCE * max(abs(total), 1.0)
            low = fsum(least.get(part, 0.0) for part in parts)
            above = nonnegative and whole in known and low > total + slack
            met[row] = not above and (bool(free) or abs(total - summed) <= slack)
            if len(free) == 1 and met[row]:
                known[free[0]] = summed if free[0] == whole else total - summed
            if len(free) <= 1 or not met[row]:
                left.remove(row)
        if len(left) == before:
            return met


def _below(tree: Tree) -> dict[str, list[str]]:
    """The lowest parts of each member, by the first partition of each whole; itself for a leaf."""
    leaves = {leaf: [leaf] for leaf in tree.leaves}
    for each in reversed(tree.sums):
        leaves[each.whole] = [low for part in each.parts for low in leaves[part]]
    return leaves


def joint_order(tree: Tree, paths: Floats, law: ErrorLaw, seed: int = 1) -> npt.NDArray[np.int64]:
    """The first half of `coherent`: rows of each member's paths, shape (members, n_paths)."""
    at = {key: i for i, key in enumerate(tree.members)}
    leaves = [at[key] for key in tree.leaves]
    values, vectors = np.linalg.eigh(law.correlation[np.ix_(leaves, leaves)])
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    rng = np.random.default_rng(seed)
    shape = (paths.shape[1], len(leaves))
    level, slope = rng.standard_normal(shape) @ root.T, rng.standard_normal(shape) @ root.T
    order = np.empty(paths.shape[:2], dtype=np.int64)
    sums: dict[str, Floats] = {}
    for column, (key, i) in enumerate(zip(tree.leaves, leaves, strict=True)):
        order[i] = _matched(paths[i], level[:, column], slope[:, column])
        sums[key] = paths[i][order[i]]
    for each in reversed(tree.sums):
        sums[each.whole] = np.sum([sums[part] for part in each.parts], axis=0)
        i = at[each.whole]
        order[i] = _matched(paths[i], *_shape(sums[each.whole]))
    return order


def _shape(paths: Floats) -> tuple[Floats, Floats]:
    """Level and slope of each path among the others, by its ranks in the months; shape (n,)."""
    moving = np.ptp(paths, axis=0) > 0
    order = np.argsort(paths, axis=0, kind="stable")
    ranks = np.empty(paths.shape)
    np.put_along_axis(ranks, order, np.arange(len(paths), dtype=float)[:, None], axis=0)
    ranks = np.where(moving, ranks - ranks.mean(axis=0), 0.0)
    level = ranks.mean(axis=1)
    slope = ranks @ np.linspace(-1.0, 1.0, paths.shape[1])
    square = float(level @ level)
    return level, slope - level * (float(level @ slope) / square if square > 0 else 0.0)


def _order(level: Floats, slope: Floats) -> npt.NDArray[np.int64]:
    """Rows by level and, within blocks of like level, by slope."""
    rows = np.argsort(level, kind="stable")
    blocks = np.array_split(rows, max(1, round(len(rows) ** 0.5)))
    return np.concatenate([block[np.argsort(slope[block], kind="stable")] for block in blocks])


def _matched(paths: Floats, level: Floats, slope: Floats) -> npt.NDArray[np.int64]:
    """Rows of whole paths in the order that a level and a slope ask for."""
    rows = np.empty(len(paths), dtype=np.int64)
    rows[_order(level, slope)] = _order(*_shape(paths))
    return rows


def _settled(
    tree: Tree, joint: Floats, held: Flags, demanded: Flags, *, nonnegative: bool
) -> tuple[Floats, Flags]:
    """Paths and what is fixed in them, with what follows from sums of which all else is fixed."""
    at = {key: i for i, key in enumerate(tree.members)}
    paths, settled = joint.copy(), held.copy()
    before = -1
    while before < settled.sum():
        before = settled.sum()
        for each, asked in zip(tree.sums, demanded, strict=True):
            rows = [at[key] for key in (each.whole, *each.parts)]
            signs = np.array([1.0, *(-1.0 for _ in each.parts)])
            for month in np.flatnonzero(asked & ((~settled[rows]).sum(axis=0) == 1)):
                free = int(np.argmin(settled[rows, month]))
                gap = signs @ paths[rows, :, month] - signs[free] * paths[rows[free], :, month]
                value = -signs[free] * gap
                if not nonnegative or value.min() >= 0:
                    paths[rows[free], :, month] = value
                    settled[rows[free], month] = True
    return paths, settled


def _with_jagged(tree: Tree, joint: Floats, spread: Floats, held: Flags, demanded: Flags) -> Floats:
    """Parts that share what their whole does from month to month, each as wide as before."""
    at, below = {key: i for i, key in enumerate(tree.members)}, _below(tree)
    free = np.where(held, 0.0, spread)
    size = np.array([free[[at[low] for low in below[key]]].sum(axis=0) for key in tree.members])
    size[held] = 0.0
    paths = joint.copy()
    for each, asked in zip(tree.sums, demanded, strict=True):
        whole, parts = at[each.whole], [at[part] for part in each.parts]
        rough = np.eye(joint.shape[2]) - _smooth(spread[whole])
        total = size[parts].sum(axis=0)
        share = np.divide(
            size[parts], total, out=np.zeros_like(size[parts]), where=(total > 0) & asked
        )
        own = (paths[parts] - paths[parts].mean(axis=1, keepdims=True)) @ rough
        before, of_whole = own.var(axis=1), (paths[whole] @ rough).var(axis=0)
        # Own movements times k, and a share of what the whole has beyond their sum: the width is
        # that of before where k^2 (v (1 - 2 share) + share^2 sum v) + share^2 of_whole = v.
        kept = before * (1 - 2 * share) + share**2 * before.sum(axis=0)
        left = np.divide(
            before - share**2 * of_whole,
            kept,
            out=np.ones_like(kept),
            where=(kept > 0) & (share > 0),
        )
        left = np.sqrt(np.clip(left, LEAST_OWN, 1.0))
        paths[parts] -= (1.0 - left)[:, None, :] * own
        gap = (paths[whole] - paths[parts].sum(axis=0)) @ rough
        paths[parts] += share[:, None, :] * gap
    return paths


def _projected(
    tree: Tree, joint: Floats, spread: Floats, held: Flags, law: ErrorLaw, demanded: Flags
) -> Floats:
    """Joint paths projected month by month."""
    members = tree.members
    at, below = {key: i for i, key in enumerate(members)}, _below(tree)
    every = tree.constraints(members)
    free = np.where(held, 0.0, spread**2)
    diagonal = np.array([free[[at[low] for low in below[key]]].sum(axis=0) for key in members])
    diagonal[[at[each.whole] for each in tree.sums]] *= PARTS_WEIGHT
    still = held | (spread == 0)
    diagonal[still] = 0.0
    paths, mean = joint.copy(), joint.mean(axis=1)
    for month in np.flatnonzero(demanded.any(axis=0)):
        rows = every[demanded[:, month]]
        weighed = diagonal[:, month, None] * rows.T
        gap = rows @ mean[:, month]
        paths[:, :, month] -= _gain(weighed, rows) @ (rows @ joint[:, :, month] - gap[:, None])
        if law.covariance is not None:
            own = np.where(still[:, month], 0.0, 1.0)[:, None]
            weighed = own * (law.covariance @ (own * rows.T))
        paths[:, :, month] -= (_gain(weighed, rows) @ gap)[:, None]
        now = paths[:, :, month]
        gap, totals = rows @ now, np.maximum(rows, 0.0) @ np.abs(now)
        if (np.abs(gap) > TOLERANCE / 10 * np.maximum(totals, 1.0)).any():
            # What stands still gives way where nothing that moves is left.
            size = np.abs(now).mean(axis=1) + 1.0
            weighed = np.where(held[:, month], 0.0, size)[:, None] * rows.T
            paths[:, :, month] -= _gain(weighed, rows) @ gap
    return paths


def _gain(weighed: Floats, rows: Floats) -> Floats:
    """What each member gives of each gap, from W C' and C."""
    return np.asarray(weighed @ np.linalg.pinv(rows @ weighed, hermitian=True))


def _smooth(spread: Floats) -> Floats:
    """Projection of courses over the months on a level and a slope in units of a spread."""
    steps = np.linspace(-1.0, 1.0, len(spread))
    basis, size = np.linalg.qr(np.stack([spread, spread * steps], axis=1))
    kept = basis[:, np.abs(np.diag(size)) > 0]
    return np.asarray(kept @ kept.T, dtype=float)


def _without_negative(tree: Tree, paths: Floats, held: Flags, demanded: Flags) -> Floats:
    """Nothing below zero: a whole is shared among its parts in proportion to what they have."""
    at = {key: i for i, key in enumerate(tree.members)}
    least = np.where(held[:, None], paths, 0.0)
    for each, asked in zip(reversed(tree.sums), reversed(demanded), strict=True):
        i, parts = at[each.whole], [at[part] for part in each.parts]
        least[i] = np.maximum(least[i], np.where(asked, least[parts].sum(axis=0), 0.0))
    raised = np.where(held[:, None], paths, np.maximum(paths, least))
    for each, demand in zip(tree.sums, demanded, strict=True):
        parts = [at[part] for part in each.parts]
        total, low = raised[at[each.whole]], least[parts]
        over = raised[parts] - low
        asked, given = total - low.sum(axis=0), over.sum(axis=0)
        off = np.abs(given - asked) > TOLERANCE / 10 * np.maximum(np.abs(total), 1.0)
        open_parts = np.broadcast_to(~held[parts][:, None], over.shape)
        even = open_parts / np.maximum(open_parts.sum(axis=0), 1)
        share = np.where(given > 0, over / np.where(given > 0, given, 1.0), even)
        raised[parts] = np.where(
            off & demand & (asked >= 0), low + share * np.maximum(asked, 0.0), raised[parts]
        )
    return raised


def _demand_sums(tree: Tree, paths: Floats, demanded: Flags) -> None:
    at = {key: i for i, key in enumerate(tree.members)}
    for each, asked in zip(tree.sums, demanded, strict=True):
        total = paths[at[each.whole]]
        left = np.abs(total - paths[[at[part] for part in each.parts]].sum(axis=0))
        if (asked & (left > TOLERANCE * np.maximum(np.abs(total), 1.0))).any():
            raise ValueError(f"fixed figures of {each.whole} and its parts contradict each other")
