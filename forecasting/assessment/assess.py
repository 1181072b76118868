"""Hold every target in force against the same paths: caps, totals, levels, and caps together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial

import numpy as np
import pandas as pd

from employment_forecast.data.targets import Target, in_force, limit_at
from employment_forecast.features.history import History
from employment_forecast.forecasting.assessment.caps import Assessment, assess, paths_broken
from employment_forecast.forecasting.assessment.events import Flags
from employment_forecast.forecasting.assessment.milestones import (
    MilestoneAssessment,
    assess_milestone,
)
from employment_forecast.forecasting.assessment.totals import TotalAssessment, assess_total
from employment_forecast.models.paths import SamplePaths

AppliedTo = Callable[[Target, pd.Period], float]


@dataclass(frozen=True)
class JointBreach:
    """Several caps on one series, on the same paths.

    A number that is held against on two bases is one cap, broken when it is on either.

    Attributes
    ----------
    caps : tuple of Target
        Caps whose probability is known, on the first of their bases.
    p_at_least_one, p_all : float
        Probability that one of them, and that every one of them, is broken.
    left_out : int
        Caps in force whose probability is not known.
    """

    caps: tuple[Target, ...]
    p_at_least_one: float
    p_all: float
    left_out: int = 0


@dataclass(frozen=True)
class Assessments:
    """All that the paths say about the targets in force.

    Attributes
    ----------
    caps, totals, levels : list
        One entry for each target that can be assessed, by kind.
    joint : JointBreach or None
        None with fewer than two caps of known probability.
    """

    caps: list[Assessment] = field(default_factory=list)
    totals: list[TotalAssessment] = field(default_factory=list)
    levels: list[MilestoneAssessment] = field(default_factory=list)
    joint: JointBreach | None = None

    @property
    def targets(self) -> list[Target]:
        """Every target that was assessed."""
        return [a.target for part in (self.caps, self.totals, self.levels) for a in part]


def assess_all(
    targets: Sequence[Target],
    history: History,
    paths: SamplePaths,
    tested: int,
    applied: AppliedTo | None = None,
) -> Assessments:
    """Assess every target that can be assessed.

    Parameters
    ----------
    targets : sequence of Target
        Those in force for the series.
    history : History
        Published values up to the origin.
    paths : SamplePaths
        Joint paths from the same origin.
    tested : int
        Months ahead that the back-test covers.
    applied : callable, optional
        Value of a target that applied to a published month.

    Returns
    -------
    Assessments
        In the order of the targets.

    Raises
    ------
    ValueError
        If paths and history have different origins.
    """
    assessed = Assessments()
    together: dict[tuple[object, ...], tuple[Target, Flags]] = {}
    for target in targets:
        then = None if applied is None else _of(applied, target)
        cap = assess(target, history, paths, tested, then)
        if cap is not None:
            assessed.caps.append(cap)
            flags = paths_broken(target, history, paths, then)
            if flags is not None:
                first, broken = together.get(target.announced, (target, flags))
                together[target.announced] = (first, broken | flags)
            continue
        total = assess_total(target, history, paths, tested)
        if total is not None:
            assessed.totals.append(total)
            continue
        level = assess_milestone(target, history, paths, tested)
        if level is not None:
            assessed.levels.append(level)
    if len(together) < 2:
        return assessed
    flags = np.stack([f for _, f in together.values()])
    joint = JointBreach(
        tuple(t for t, _ in together.values()),
        float(flags.any(axis=0).mean()),
        float(flags.all(axis=0).mean()),
        len({a.target.announced for a in assessed.caps}) - len(together),
    )
    return Assessments(assessed.caps, assessed.totals, assessed.levels, joint)


def broken_and_over(targets: Sequence[Target], history: History, as_of: date) -> list[Assessment]:
    """Caps whose period ends with the newest published month and that were broken in it.

    The next month's targets are another period's: without this, what a December figure broke would
    never be told.

    Parameters
    ----------
    targets : sequence of Target
        All on file.
    history : History
        Published values up to the origin.
    as_of : datetime.date
        Day of knowledge.
    """
    targets_now = in_force(
        targets, history.region, history.indicator, history.origin, as_of, demo=history.demo
    )
    # No path counts in a period that is over.
    paths = SamplePaths(history.values[-1:][None, :].copy(), history.origin)
    over: dict[tuple[object, ...], Assessment] = {}
    for target in targets_now:
        if target.last_month != history.origin:
            continue
        item = assess(target, history, paths, 0, partial(_applied, target, targets, as_of))
        if item is not None and item.breach is not None:
            over.setdefault(target.announced, item)  # one number on several bases is told of once
    return list(over.values())


def _applied(target: Target, targets: Sequence[Target], as_of: date, month: pd.Period) -> float:
    return limit_at(target, targets, month, as_of)


def _of(applied: AppliedTo, target: Target) -> Callable[[pd.Period], float]:
    return lambda month: applied(target, month)
