"""Whether a tree is reconciled: decided on earlier origins, by the score of every level."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from employment_forecast.forecasting.reconciliation.coherent import joint_order, projected
from employment_forecast.forecasting.reconciliation.law import (
    ErrorLaw,
    implied_correlation,
    learn_law,
)
from employment_forecast.forecasting.reconciliation.tree import Tree
from employment_forecast.forecasting.scoring import interval_score, mean_and_error
from employment_forecast.models.paths import LEVELS

Floats = npt.NDArray[np.float64]

# With fewer origins nothing is decided by score; more of neighbouring months say the same again.
FEWEST_ORIGINS, MOST_ORIGINS = 8, 12
# A level is worse where chance does not take it there, or by so much that chance does not matter.
STANDARD_ERRORS, LARGEST_LOSS = 3.0, 0.1
_DRAWS = 99
_NORMAL = NormalDist()
_SPREAD = _NORMAL.inv_cdf(LEVELS[6]) - _NORMAL.inv_cdf(LEVELS[2])


@dataclass(frozen=True)
class TreeEvidence:
    """What the members of a tree said at earlier origins.

    Attributes
    ----------
    months : numpy.ndarray
        Ordinals of the origins, shape (n,), ascending.
    quantiles : numpy.ndarray
        Shape (n, members, horizon, 9), NaN where a member gave none.
    outcomes : numpy.ndarray
        Shape (n, members, horizon), NaN where not yet known.
    scales : numpy.ndarray
        Shape (n, members): what errors of each member are measured in.
    """

    months: npt.NDArray[np.int64]
    quantiles: Floats
    outcomes: Floats
    scales: Floats

    def known_at(self, month: int) -> TreeEvidence:
        """Earlier origins, with the outcomes of months up to one."""
        keep = self.months < month
        reach = self.months[keep][:, None] + np.arange(1, self.outcomes.shape[2] + 1)
        seen = np.where((reach <= month)[:, None, :], self.outcomes[keep], np.nan)
        return TreeEvidence(self.months[keep], self.quantiles[keep], seen, self.scales[keep])

    @property
    def errors(self) -> Floats:
        """Outcomes less medians over the forecasts' own spread, shape (n, members, horizon)."""
        spread = (self.quantiles[..., 6] - self.quantiles[..., 2]) / _SPREAD
        unknown = np.full(spread.shape, np.nan)
        return np.asarray(np.divide(self.misses, spread, out=unknown, where=spread > 0))

    def law(self, tree: Tree, paths: Floats, *, learned: bool = True) -> ErrorLaw:
        """What these origins tell of the dependence of the members' paths now.

        Parameters
        ----------
        tree : Tree
            What adds up.
        paths : numpy.ndarray
            Own paths of its members.
        learned : bool
            With the covariance that weighs the members against each other.
        """
        misses = self.misses if learned else None
        return learn_law(self.errors, self.stretches, implied_correlation(tree, paths), misses)

    @property
    def misses(self) -> Floats:
        """Outcomes less medians, shape (n, members, horizon)."""
        return self.outcomes - self.quantiles[..., 4]

    @property
    def stretches(self) -> float:
        """Origins with a known outcome whose forecasts do not overlap."""
        used = self.months[np.isfinite(self.outcomes).any(axis=(1, 2))]
        return float((used[-1] - used[0]) // self.outcomes.shape[2] + 1) if len(used) else 0.0


@dataclass(frozen=True)
class LevelScore:
    """Scores of one level of the tree, reconciled and not, over the same cells.

    Attributes
    ----------
    members : int
        Members of the level.
    base, reconciled : float
        Mean scaled WIS.
    error : float
        Standard error of their difference.
    """

    members: int
    base: float
    reconciled: float
    error: float

    @property
    def worse(self) -> bool:
        """Whether reconciling this level is known to harm."""
        loss = self.reconciled - self.base
        return loss > min(STANDARD_ERRORS * self.error, LARGEST_LOSS * self.base)


@dataclass(frozen=True)
class TreeChoice:
    """Whether to reconcile, with which weights, and why.

    Attributes
    ----------
    reconcile : bool
        The choice.
    reason : str
        Chinese sentence.
    origins : int
        Earlier origins it rests on.
    levels : tuple of LevelScore
        From the top down; empty with too few origins.
    learned : bool
        With weights learned from the errors at earlier origins; else by the widths alone, also
        where there are too few to try them.
    """

    reconcile: bool
    reason: str
    origins: int
    levels: tuple[LevelScore, ...] = ()
    learned: bool = True


def choose_tree(tree: Tree, evidence: TreeEvidence, seed: int = 1) -> TreeChoice:
    """Decide whether and how to reconcile by what that would have done at earlier origins.

    Parameters
    ----------
    tree : Tree
        What adds up.
    evidence : TreeEvidence
        Of `tree.members`, in that order.
    seed : int
        Of the paths.

    Returns
    -------
    TreeChoice
        Learned weights lead. They give way to weights by the widths of the forecasts, and these to
        none, where some level is worse with them by more than three standard errors or a tenth.
        Each origin is reconciled with what it knew of dependence.
    """
    usable = np.isfinite(evidence.quantiles).all(axis=(1, 2, 3)) & np.isfinite(
        evidence.outcomes
    ).any(axis=(1, 2))
    rows = np.flatnonzero(usable)
    if len(rows) < FEWEST_ORIGINS:
        why = f"各级同时有回测结果的起点只有 {len(rows)} 个，不足 {FEWEST_ORIGINS} 个，默认协调"
        return TreeChoice(True, why, len(rows), learned=False)
    rows = rows[np.unique(np.linspace(0, len(rows) - 1, MOST_ORIGINS).round().astype(int))]
    draws = _weights(_DRAWS)
    # Not reconciled, by the widths, with learned weights.
    gaps = np.empty((3, len(rows), *evidence.outcomes.shape[1:]))
    any_learned = False
    for at, row in enumerate(rows):
        known = evidence.known_at(int(evidence.months[row]))
        base = np.moveaxis(evidence.quantiles[row] @ draws.T, 2, 1)
        law = known.law(tree, base)
        any_learned |= law.covariance is not None
        order = joint_order(tree, base, law, seed)
        joint = np.take_along_axis(base, order[:, :, None], axis=1)
        counts = bool(base.min() >= 0)
        tried = (replace(law, covariance=None), law)
        made = (projected(tree, joint, each, nonnegative=counts) for each in tried)
        for kind, paths in enumerate((base, *made)):
            quantiles = np.moveaxis(np.quantile(paths, LEVELS, axis=1), 0, -1)
            score = interval_score(quantiles, evidence.outcomes[row])
            gaps[kind, at] = score / evidence.scales[row][:, None]
    spacing = float(np.median(np.diff(evidence.months[rows])))
    overlap = max(1, math.ceil(evidence.outcomes.shape[2] / spacing))
    none, plain, learned = gaps
    over = _levels(tree, plain, learned, overlap)
    best = learned if any_learned and not any(level.worse for level in over) else plain
    levels = _levels(tree, none, best, overlap)
    if best is learned and any(level.worse for level in levels):
        best, levels = plain, _levels(tree, none, plain, overlap)
    reason = _reason(levels, len(rows), learned=best is learned)
    good = not any(level.worse for level in levels)
    return TreeChoice(good, reason, len(rows), levels, best is learned)


def _levels(tree: Tree, base: Floats, coherent: Floats, overlap: int) -> tuple[LevelScore, ...]:
    """Scores of cells, shape (origins, members, months), by level."""
    at_member = {key: i for i, key in enumerate(tree.members)}
    levels = []
    for members in tree.levels():
        rows = [at_member[key] for key in members]
        before, after = (kind[:, rows].reshape(len(kind), -1) for kind in (base, coherent))
        if np.isfinite(after).any():
            error = mean_and_error(after - before, overlap).error
            means = float(np.nanmean(before)), float(np.nanmean(after))
            levels.append(LevelScore(len(members), *means, error))
    return tuple(levels)


def _reason(levels: Sequence[LevelScore], origins: int, *, learned: bool) -> str:
    said = "，".join(
        f"第 {at} 级 WIS {level.reconciled:.3f}（不协调 {level.base:.3f}）"
        for at, level in enumerate(levels, start=1)
    )
    worse = [str(at) for at, level in enumerate(levels, start=1) if level.worse]
    way = "由历次误差" if learned else "由预测宽度"
    good = f"没有一级明显变差，予以协调（各级的权重{way}得出）"
    end = f"第 {'、'.join(worse)} 级变差，不协调" if worse else good
    return f"{origins} 个历史起点：{said}；{end}"


def _weights(n: int) -> Floats:
    """Rows that make n evenly spaced quantiles of nine, straight lines on the normal scale.

    Beyond the outermost quantiles the last line goes on.
    """
    knots = np.array([_NORMAL.inv_cdf(level) for level in LEVELS])
    weights = np.zeros((n, len(knots)))
    for row, share in zip(weights, (np.arange(n) + 0.5) / n, strict=True):
        place = _NORMAL.inv_cdf(share)
        at = int(np.clip(np.searchsorted(knots, place) - 1, 0, len(knots) - 2))
        weight = (place - knots[at]) / (knots[at + 1] - knots[at])
        row[at], row[at + 1] = 1 - weight, weight
    return weights
