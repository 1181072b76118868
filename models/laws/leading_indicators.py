"""Leading indicators in the ridge regression: which earn a place, and how they go on.

An indicator enters as the last six changes, less their calendar month's mean. It earns its place
if the leave-one-out errors become smaller by more than chance explains; the more candidates, the
more is demanded. A useless one therefore seldom enters, and shrinkage keeps small what does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from employment_forecast.models.contract import SEASON, Parameters, ScaledCovariate

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

LAGS = 6
# Fewer known changes cannot tell a leading indicator from chance.
MIN_CHANGES = 48
MOST_CHOSEN = 3
ERROR_RATE = 0.05
_MIN_YEARS = 3


@dataclass(frozen=True)
class Leading:
    """An indicator as the model uses it.

    Attributes
    ----------
    code : str
        Indicator.
    season : numpy.ndarray
        float64, shape (12,), usual change of January to December.
    memory : float
        How much of an unusual change the next month repeats, between -0.9 and 0.9.
    innovations : numpy.ndarray
        float64, what is left of the unusual changes, for the months nobody knows yet.
    """

    code: str
    season: Floats
    memory: float
    innovations: Floats

    def unusual(self, each: ScaledCovariate, first_month: int) -> Floats:
        """Changes less their season, shape (m - 1,); NaN where unknown.

        Parameters
        ----------
        each : ScaledCovariate
            The indicator, m months of it.
        first_month : int
            Calendar month, 1 to 12, of the first value.
        """
        changes = each.changes()
        return np.asarray(changes - self.season[_numbers(first_month, len(changes))])

    def as_parameters(self) -> Parameters:
        """JSON-able form."""
        return {
            "code": self.code,
            "season": self.season.tolist(),
            "memory": self.memory,
            "innovations": self.innovations.tolist(),
        }

    @classmethod
    def of(cls, stored: Parameters) -> Leading:
        """Inverse of `as_parameters`."""
        return cls(
            stored["code"],
            np.asarray(stored["season"], dtype=np.float64),
            float(stored["memory"]),
            np.asarray(stored["innovations"], dtype=np.float64),
        )


def _numbers(first_month: int, count: int) -> Integers:
    """Position in the year, January 0, of the months after the first."""
    return np.asarray((first_month + np.arange(count)) % SEASON, dtype=np.int64)


def estimate_lead(each: ScaledCovariate, first_month: int) -> Leading | None:
    """Season and memory of an indicator; None if too little of it is known or it never moves."""
    changes = each.changes()
    known = np.isfinite(changes)
    if known.sum() < MIN_CHANGES:
        return None
    numbers = _numbers(first_month, len(changes))
    season = np.full(SEASON, float(changes[known].mean()))
    for month in range(SEASON):
        same_month = changes[known & (numbers == month)]
        if len(same_month) >= _MIN_YEARS:
            season[month] = float(same_month.mean())
    unusual = changes - season[numbers]
    pairs = known[1:] & known[:-1]
    before, after = unusual[:-1][pairs], unusual[1:][pairs]
    size = float((before**2).sum())
    if len(before) < MIN_CHANGES // 2 or size <= 0:
        return None
    memory = float(np.clip((before * after).sum() / size, -0.9, 0.9))
    left = after - memory * before
    return Leading(each.code, season, memory, left - left.mean())


def past_features(
    leading: Leading, each: ScaledCovariate, first_month: int, reach: int, n: int
) -> Floats:
    """The last six unusual changes before each month from `reach` on, shape (n - reach, 6).

    A change nobody knows counts as usual, so that a shorter indicator shortens no history.
    """
    unusual = np.zeros(n)
    changes = leading.unusual(each, first_month)[: n - 1]
    # unusual[t] is the change into month t.
    unusual[1 : 1 + len(changes)] = np.nan_to_num(changes)
    return np.array([unusual[t - LAGS : t][::-1] for t in range(reach, n)])


def future_changes(
    leading: Leading,
    each: ScaledCovariate | None,
    first_month: int,
    n: int,
    horizon: int,
    n_paths: int,
    rng: np.random.Generator,
) -> Floats:
    """Unusual changes of the last six known and all future months along every path."""
    changes = np.empty(0) if each is None else leading.unusual(each, first_month)
    drawn = rng.choice(leading.innovations, (n_paths, LAGS + horizon))
    paths = np.empty((n_paths, LAGS + horizon))
    before = np.zeros(n_paths)
    for column in range(LAGS + horizon):
        # The change into the target's month `at`, counted from its first.
        at = n - LAGS + column
        if 1 <= at <= len(changes):
            value = changes[at - 1]
            before = np.full(n_paths, value if np.isfinite(value) else 0.0)
        else:
            before = leading.memory * before + drawn[:, column]
        paths[:, column] = before
    return paths


def choose(
    candidates: Sequence[tuple[Leading, Floats]],
    squared_errors: Callable[[Sequence[Floats]], Floats],
) -> list[int]:
    """Candidates that earn a place, by forward selection."""
    needed = float(ndtri(1 - ERROR_RATE / max(len(candidates), 1)))
    chosen: list[int] = []
    now = squared_errors([])
    while len(chosen) < MOST_CHOSEN:
        best, best_score, best_errors = None, needed, now
        for position, (_, features) in enumerate(candidates):
            if position in chosen:
                continue
            errors = squared_errors([*(candidates[i][1] for i in chosen), features])
            gain = now - errors
            spread = float(gain.std(ddof=1)) / np.sqrt(len(gain))
            score = float(gain.mean()) / spread if spread > 0 else 0.0
            if score > best_score:
                best, best_score, best_errors = position, score, errors
        if best is None:
            break
        chosen.append(best)
        now = best_errors
    return chosen
