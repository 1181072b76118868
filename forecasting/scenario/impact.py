"""What would happen if: layoffs, fewer or more new jobs, carried through the stock of unemployed.

Every baseline path obeys stock(t) = stock(t-1) + inflow(t) - outflow(t). A scenario changes flows,
never levels, and leaves everything else of the path alone:

- of the people laid off in a month a share registers in that month (inflow), and what has come in
  leaves again in equal monthly parts from the next month on, all gone after `absorb` months;
- a change of new jobs scales the re-employed, a share of last month's stock, by one plus the change
  times the share of it that is felt (`pass_through`); the cohorts laid off are absorbed at a speed
  scaled in the same way.

The assumptions are ranges. Each path draws its own values, the same for every scenario on the same
data and seed (common random numbers), so that a difference between two scenarios is never noise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.models.paths import SamplePaths

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Range:
    """An assumption between two values, all equally likely.

    Attributes
    ----------
    low, high : float
        Ends; equal if nothing is uncertain.

    Raises
    ------
    ValueError
        If the ends are not in order.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError(f"{self.low} is above {self.high}")

    def at(self, share: Floats) -> Floats:
        """Values at given shares of the way from `low` to `high`, same shape."""
        return np.asarray(self.low + (self.high - self.low) * share, dtype=float)


@dataclass(frozen=True)
class Layoff:
    """People who lose their job in one month.

    Attributes
    ----------
    month : pandas.Period
        A month after the origin.
    people : float
        At least 0.
    low, high : float or None
        Where the number is an estimate, its range, all of it equally likely.
    """

    month: pd.Period
    people: float
    low: float | None = None
    high: float | None = None

    @property
    def range(self) -> Range:
        """The people, one number or an estimate."""
        if self.low is None or self.high is None:
            return Range(self.people, self.people)
        return Range(self.low, self.high)


@dataclass(frozen=True)
class Scenario:
    """What is supposed to happen.

    Attributes
    ----------
    layoffs : tuple of Layoff
        Any number, also several in one month.
    jobs_change : float
        Relative change of new jobs, -0.2 for 20 % fewer; at least -1.
    first, last : pandas.Period or None
        Months in which it holds; None for no limit.
    """

    layoffs: tuple[Layoff, ...] = ()
    jobs_change: float = 0.0
    first: pd.Period | None = None
    last: pd.Period | None = None

    def changes(self, months: pd.PeriodIndex) -> Floats:
        """Change of new jobs in each month, shape (len(months),)."""
        inside = np.ones(len(months), dtype=bool)
        if self.first is not None:
            inside &= np.asarray(months >= self.first)
        if self.last is not None:
            inside &= np.asarray(months <= self.last)
        return np.where(inside, self.jobs_change, 0.0)


@dataclass(frozen=True)
class Assumptions:
    """What the scenario rests on.

    Attributes
    ----------
    registration : Range
        Share of the people laid off who are counted as unemployed.
    absorb : Range
        Months until all of them have left the count again, at least 1.
    pass_through : Range
        Share of the change of new jobs that is felt in re-employment.
    reemployment : mapping of int to Range
        By calendar month, the share of last month's stock that finds a job.
    exits : mapping of int to Range
        By calendar month, the share of last month's stock that leaves for other reasons.
    """

    registration: Range
    absorb: Range
    pass_through: Range
    reemployment: Mapping[int, Range]
    exits: Mapping[int, Range] = field(default_factory=dict)


@dataclass(frozen=True)
class Impact:
    """A scenario carried through baseline paths.

    Attributes
    ----------
    paths : SamplePaths
        In the unit of the baseline, path by path.
    registered, absorbed : numpy.ndarray
        Shape (n_paths, horizon), people: registered because of the layoffs, and left again.
    outstanding : numpy.ndarray
        Shape (n_paths, horizon), people laid off and still counted at the end of the month.
    unhired : numpy.ndarray
        Shape (n_paths, horizon), people counted at the end of the month because of the change of
        new jobs; negative if there are more jobs.
    """

    paths: SamplePaths
    registered: Floats
    absorbed: Floats
    outstanding: Floats
    unhired: Floats


def latin_hypercube(n_paths: int, seed: int) -> Floats:
    """Positions of each path in the ranges, shape (n_paths, 5), each column evenly spread.

    One value in each of `n_paths` equal slices of (0, 1), in random order: a Latin hypercube
    (McKay, Beckman and Conover 1979, Technometrics 21), so that the ranges are covered even by
    few paths.
    """
    rng = np.random.default_rng(seed)
    columns = [(rng.permutation(n_paths) + rng.random(n_paths)) / n_paths for _ in range(5)]
    return np.column_stack(columns)


def apply_scenario(
    paths: SamplePaths,
    latest: float,
    scenario: Scenario,
    assumptions: Assumptions,
    *,
    persons_per_unit: float = 1.0,
    ceiling: float = np.inf,
    seed: int = 0,
) -> Impact:
    """Carry a scenario through the paths of a stock, or of a rate with a constant labour force."""
    if any(each.month <= paths.origin or each.people < 0 for each in scenario.layoffs):
        raise ValueError("layoffs must be of at least 0 people in months after the origin")
    if scenario.jobs_change < -1:
        raise ValueError("new jobs cannot fall by more than all of them")
    shape = paths.values.shape
    u = latin_hypercube(shape[0], seed)
    share = assumptions.registration.at(u[:, 0])
    absorb = assumptions.absorb.at(u[:, 1])
    felt = assumptions.pass_through.at(u[:, 2])
    months = paths.months
    # What re-employment is multiplied by, path by path and month by month.
    factor = np.maximum(1.0 + felt[:, None] * scenario.changes(months)[None, :], 0.0)

    registered, absorbed = np.zeros(shape), np.zeros(shape)
    outstanding = np.zeros(shape)
    for each in scenario.layoffs:
        start = int(each.month.ordinal - paths.origin.ordinal) - 1
        if start >= shape[1]:
            continue
        came = share * each.range.at(u[:, 4])
        registered[:, start] += came
        rest = np.ones(shape[0])
        outstanding[:, start] += came
        for step in range(start + 1, shape[1]):
            before, rest = rest, np.maximum(rest - factor[:, step] / absorb, 0.0)
            absorbed[:, step] += came * (before - rest)
            outstanding[:, step] += came * rest

    stock = np.column_stack([np.full(shape[0], latest), paths.values[:, :-1]]) * persons_per_unit
    unhired = np.zeros(shape)
    extra = np.zeros(shape[0])
    for step, month in enumerate(months):
        hired = assumptions.reemployment[month.month].at(u[:, 3])
        left = assumptions.exits.get(month.month, Range(0.0, 0.0)).at(u[:, 3])
        stay = np.maximum(1.0 - hired * factor[:, step] - left, 0.0)
        extra = extra * stay + hired * (1.0 - factor[:, step]) * stock[:, step]
        unhired[:, step] = extra
    values = paths.values + (outstanding + unhired) / persons_per_unit
    changed = SamplePaths(np.clip(values, 0.0, ceiling), paths.origin)
    return Impact(changed, registered, absorbed, outstanding, unhired)


def scale_flow(paths: SamplePaths, scenario: Scenario) -> SamplePaths:
    """Paths of new jobs themselves, each month changed as the scenario says."""
    factor = 1.0 + scenario.changes(paths.months)
    return SamplePaths(paths.values * factor[None, :], paths.origin)
