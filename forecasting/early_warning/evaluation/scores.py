"""How good warnings have been: hits, misses, false alarms, lead time, and probability scores.

Cases of one assessment period share their outcome, so intervals come from drawing whole periods.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from employment_forecast.forecasting.early_warning.evaluation.cutoffs import Confusion, confusion
from employment_forecast.forecasting.scoring import ReliabilityBin, brier, reliability

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]

DRAWS = 1000


@dataclass(frozen=True)
class Cases:
    """Probabilities said at past origins, and what came of them.

    Attributes
    ----------
    month : numpy.ndarray
        int64, shape (n,): origin as month ordinal, ascending.
    probability : numpy.ndarray
        float64, shape (n,).
    event : numpy.ndarray
        bool, shape (n,).
    episode : numpy.ndarray
        int64, shape (n,): assessment period a case belongs to.
    ahead : numpy.ndarray
        float64, shape (n,): months from the origin to the event, NaN without one.
    known : numpy.ndarray
        int64, shape (n,): month ordinal from which on the outcome was known.
    """

    month: Integers
    probability: Floats
    event: Flags
    episode: Integers
    ahead: Floats
    known: Integers

    def __len__(self) -> int:
        return len(self.month)


def auc(probability: Floats, event: Flags) -> float | None:
    """Area under the ROC curve: chance that an event had the higher probability; ties count half.

    Parameters
    ----------
    probability, event : numpy.ndarray
        Shape (n,).

    Returns
    -------
    float or None
        None without both kinds.

    References
    ----------
    Hanley and McNeil (1982), The meaning and use of the area under a ROC curve.
    """
    # Takes most of a second to load, which most commands do not need.
    from scipy.stats import rankdata

    ones, zeros = int(event.sum()), int((~event).sum())
    if not ones or not zeros:
        return None
    ranks = rankdata(probability)
    return float((ranks[event].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def expanding_climatology(cases: Cases) -> Floats:
    """Event rate of the earlier cases whose outcome was known, with one of each kind added.

    Parameters
    ----------
    cases : Cases
        By month.

    Returns
    -------
    numpy.ndarray
        float64, shape (n,); 0.5 before anything is known.
    """
    rates = np.empty(len(cases))
    for i, month in enumerate(cases.month):
        before = cases.known <= month
        rates[i] = (cases.event[before].sum() + 1) / (before.sum() + 2)
    return rates


@dataclass(frozen=True)
class Skill:
    """Brier skill over a reference, with a 90 % interval.

    Attributes
    ----------
    value, low, high : float or None
        1 less the ratio of the Brier scores: 0 is no better than the reference, 1 perfect.
    """

    value: float | None
    low: float | None
    high: float | None


def brier_skill(probability: Floats, reference: Floats, event: Flags, episode: Integers) -> Skill:
    """Brier skill of probabilities over reference probabilities.

    Parameters
    ----------
    probability, reference : numpy.ndarray
        float64, shape (n,).
    event : numpy.ndarray
        bool, shape (n,).
    episode : numpy.ndarray
        int64, shape (n,): clusters that are drawn anew for the interval.

    Returns
    -------
    Skill
        None without cases or where the reference is perfect; no interval with one cluster.
    """
    if not len(event):
        return Skill(None, None, None)
    names, position = np.unique(episode, return_inverse=True)
    ours = np.bincount(position, (probability - event) ** 2)
    theirs = np.bincount(position, (reference - event) ** 2)
    if theirs.sum() <= 0:
        return Skill(None, None, None)
    value = float(1 - ours.sum() / theirs.sum())
    if len(names) < 2:
        return Skill(value, None, None)
    picked = np.random.default_rng(0).integers(0, len(names), (DRAWS, len(names)))
    below = theirs[picked].sum(axis=1)
    draws = 1 - ours[picked].sum(axis=1)[below > 0] / below[below > 0]
    low, high = np.quantile(draws, (0.05, 0.95))
    return Skill(value, float(low), float(high))


@dataclass(frozen=True)
class LeadTimes:
    """How early the events of assessment periods were signalled.

    Attributes
    ----------
    episodes : int
        Periods with an event.
    signalled : int
        Of these, periods with a signal before it.
    mean, shortest, longest : float or None
        Months from the first signal of the period to its event.
    """

    episodes: int
    signalled: int
    mean: float | None
    shortest: float | None
    longest: float | None


def lead_times(cases: Cases, cut: float) -> LeadTimes:
    """Months from the first signal of each period to its first event."""
    leads = []
    episodes = np.unique(cases.episode[cases.event])
    for episode in episodes:
        foreseen = (cases.episode == episode) & cases.event & (cases.probability >= cut - 1e-12)
        if foreseen.any():
            leads.append(float(cases.ahead[foreseen].max()))
    if not leads:
        return LeadTimes(len(episodes), 0, None, None, None)
    return LeadTimes(len(episodes), len(leads), float(np.mean(leads)), min(leads), max(leads))


@dataclass(frozen=True)
class WarningScores:
    """Quality of probabilities as such, whatever the cut.

    Attributes
    ----------
    cases, events, episodes, broken : int
        Cases, events among them, assessment periods, periods with an event.
    auc : float or None
        Area under the ROC curve.
    brier, climatology : float or None
        Brier scores of the probabilities and of the expanding climatology.
    skill : Skill
        Over the expanding climatology.
    reliability : list of ReliabilityBin
        In five bins.
    """

    cases: int
    events: int
    episodes: int
    broken: int
    auc: float | None
    brier: float | None
    climatology: float | None
    skill: Skill
    reliability: list[ReliabilityBin]


def score(cases: Cases) -> WarningScores:
    """Score probabilities against outcomes."""
    if not len(cases):
        return WarningScores(0, 0, 0, 0, None, None, None, Skill(None, None, None), [])
    reference = expanding_climatology(cases)
    event = cases.event.astype(float)
    return WarningScores(
        cases=len(cases),
        events=int(cases.event.sum()),
        episodes=len(np.unique(cases.episode)),
        broken=len(np.unique(cases.episode[cases.event])),
        auc=auc(cases.probability, cases.event),
        brier=brier(cases.probability, event),
        climatology=brier(reference, event),
        skill=brier_skill(cases.probability, reference, cases.event, cases.episode),
        reliability=reliability(cases.probability, event, bins=5),
    )


def signals(cases: Cases, cut: float) -> Confusion:
    """Signals of a cut against events."""
    return confusion(cases.probability, cases.event, cut)
