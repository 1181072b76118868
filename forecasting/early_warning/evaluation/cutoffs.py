"""Cut-offs of a warning probability: by the stated cost of a miss, and by the field's criteria.

A signal is a probability at or above the cut. Of all events A were signalled and C were not; of all
quiet cases B were signalled and D were not.

References
----------
Kaminsky, Lizondo and Reinhart (1998), Leading indicators of currency crises, IMF Staff Papers 45:
noise-to-signal ratio [B/(B+D)] / [A/(A+C)]. Candelon, Dumitrescu and Hurlin (2012), How to evaluate
an early-warning system, IMF Economic Review 60: credit-scoring cut-off, least |sensitivity -
specificity|, and accuracy cut-off, greatest |sensitivity + specificity - 1|. The R package EWS
implements both with a grid of cuts and takes the lowest of equally good ones, as is done here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from employment_forecast.forecasting.early_warning.scheme import cut_by_cost

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

GRID: Floats = np.round(np.arange(1, 100) / 100, 2)
# Of each kind: with fewer the interval of the cut covers nearly everything.
FEWEST_EPISODES = 5
_SAME = 1e-12


@dataclass(frozen=True)
class Confusion:
    """Signals against events.

    Attributes
    ----------
    hits, misses, false_alarms, correct_quiet : int
        A, C, B and D.
    """

    hits: int
    misses: int
    false_alarms: int
    correct_quiet: int

    @property
    def sensitivity(self) -> float | None:
        """Share of events that were signalled; None without events."""
        events = self.hits + self.misses
        return self.hits / events if events else None

    @property
    def specificity(self) -> float | None:
        """Share of quiet cases without a signal; None without quiet cases."""
        quiet = self.false_alarms + self.correct_quiet
        return self.correct_quiet / quiet if quiet else None

    @property
    def noise_to_signal(self) -> float | None:
        """Share of quiet cases signalled over share of events signalled; None without a hit."""
        if not self.hits or self.specificity is None or self.sensitivity is None:
            return None
        return (1 - self.specificity) / self.sensitivity

    def cost(self, miss_cost: float) -> float:
        """Total cost in false alarms."""
        return miss_cost * self.misses + self.false_alarms


def confusion(probability: Floats, event: Flags, cut: float) -> Confusion:
    """Count signals against events."""
    signal = probability >= cut - _SAME
    return Confusion(
        hits=int((signal & event).sum()),
        misses=int((~signal & event).sum()),
        false_alarms=int((signal & ~event).sum()),
        correct_quiet=int((~signal & ~event).sum()),
    )


def _lowest(scores: list[float | None], grid: Floats) -> float | None:
    """Lowest cut with the least score; None where no cut has one."""
    known = [(s, float(c)) for s, c in zip(scores, grid, strict=True) if s is not None]
    if not known:
        return None
    best = min(s for s, _ in known)
    return next(c for s, c in known if s <= best + _SAME)


def noise_to_signal_cut(probability: Floats, event: Flags, grid: Floats = GRID) -> float | None:
    """Cut with the least noise-to-signal ratio; None without an event that can be signalled.

    Parameters
    ----------
    probability, event
        As for `confusion`.
    grid : numpy.ndarray
        Cuts to try, ascending.
    """
    return _lowest([confusion(probability, event, c).noise_to_signal for c in grid], grid)


def credit_scoring_cut(probability: Floats, event: Flags, grid: Floats = GRID) -> float | None:
    """Cut at which sensitivity and specificity are closest; None without both kinds.

    Parameters
    ----------
    probability, event, grid
        As for `noise_to_signal_cut`.
    """
    scores: list[float | None] = []
    for cut in grid:
        counts = confusion(probability, event, cut)
        sensitivity, specificity = counts.sensitivity, counts.specificity
        scores.append(
            None if sensitivity is None or specificity is None else abs(sensitivity - specificity)
        )
    return _lowest(scores, grid)


def accuracy_cut(probability: Floats, event: Flags, grid: Floats = GRID) -> float | None:
    """Cut with the greatest |sensitivity + specificity - 1|; None without both kinds.

    Parameters
    ----------
    probability, event, grid
        As for `noise_to_signal_cut`.
    """
    scores: list[float | None] = []
    for cut in grid:
        counts = confusion(probability, event, cut)
        sensitivity, specificity = counts.sensitivity, counts.specificity
        scores.append(
            None
            if sensitivity is None or specificity is None
            else -abs(sensitivity + specificity - 1)
        )
    return _lowest(scores, grid)


def cost_cut(probability: Floats, event: Flags, miss_cost: float, grid: Floats = GRID) -> float:
    """Cut with the least total cost; of equally good ones that nearest 1 / (1 + cost)."""
    costs = np.array([confusion(probability, event, c).cost(miss_cost) for c in grid])
    good = grid[costs <= costs.min() + _SAME]
    return float(good[np.argmin(np.abs(good - cut_by_cost(miss_cost)))])


@dataclass(frozen=True)
class CutChoice:
    """The cut that a stated cost asks for.

    Attributes
    ----------
    cut : float
        To be used.
    by_backtest : bool
        False if the default was taken because there was too little to learn from.
    default : float
        1 / (1 + cost): best for calibrated probabilities, without any back-test.
    low, high : float or None
        90 % interval of the back-tested cut when whole periods are drawn anew.
    reason : str
        Chinese sentence.
    """

    cut: float
    by_backtest: bool
    default: float
    low: float | None
    high: float | None
    reason: str


def choose_cut(
    probability: Floats,
    event: Flags,
    episode: npt.NDArray[np.int64],
    miss_cost: float,
    fewest: int,
    draws: int = 200,
) -> CutChoice:
    """Choose a cut on a back-test, or fall back to the default and say why."""
    default = cut_by_cost(miss_cost)
    events, quiet = int(event.sum()), int((~event).sum())
    broken = len(np.unique(episode[event]))
    unbroken = len(np.unique(episode[~event]))
    facts = f"突破 {events} 例（{broken} 个考核期）、未突破 {quiet} 例（{unbroken} 个考核期）"
    if min(events, quiet) < fewest or min(broken, unbroken) < FEWEST_EPISODES:
        wanted = f"各至少需要 {fewest} 例、{FEWEST_EPISODES} 个考核期"
        reason = f"{facts}，{wanted}，不足以选界限，采用默认界限 {default:.2f}（1/(1+代价)）。"
        return CutChoice(default, False, default, None, None, reason)
    cut = cost_cut(probability, event, miss_cost)
    rng = np.random.default_rng(0)
    names, position = np.unique(episode, return_inverse=True)
    cuts = []
    for _ in range(draws):
        times = np.bincount(rng.integers(0, len(names), len(names)), minlength=len(names))
        rows = np.repeat(np.arange(len(event)), times[position])
        cuts.append(cost_cut(probability[rows], event[rows], miss_cost))
    low, high = (float(q) for q in np.quantile(cuts, (0.05, 0.95)))
    reason = (
        f"{facts}；漏报一次按误报 {miss_cost:g} 次计，代价最小的界限是 {cut:.2f}"
        f"（按考核期重抽样的 90% 区间 {low:.2f}—{high:.2f}）。"
    )
    return CutChoice(cut, True, default, low, high, reason)
