"""A forecast is a matrix of sample paths, joint over the horizon."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]

# The quantiles every table, score and feed uses, with their names in JSON and CSV.
QUANTILES: dict[str, float] = {
    "q025": 0.025,
    "q05": 0.05,
    "q10": 0.10,
    "q25": 0.25,
    "q50": 0.50,
    "q75": 0.75,
    "q90": 0.90,
    "q95": 0.95,
    "q975": 0.975,
}
LEVELS: Floats = np.array(list(QUANTILES.values()))
# What the next months are conditioned on: 16, 50 and 84 % points of so many first months.
NEAR_MONTHS = 3
_NEAR_LEVELS: Floats = np.array([0.16, 0.5, 0.84])


@dataclass(frozen=True)
class SamplePaths:
    """Joint draws of the months after an origin (模拟路径).

    Attributes
    ----------
    values : numpy.ndarray
        float64, shape (n_paths, horizon), in the indicator's unit. Row j is one possible future.
    origin : pandas.Period
        Last known month; column h - 1 is month `origin + h`.
    """

    values: Floats
    origin: pd.Period

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or 0 in self.values.shape:
            raise ValueError(f"paths must be n_paths x horizon, got shape {self.values.shape}")

    @property
    def horizon(self) -> int:
        """Months ahead."""
        return int(self.values.shape[1])

    @property
    def n_paths(self) -> int:
        """Number of draws."""
        return int(self.values.shape[0])

    @property
    def months(self) -> pd.PeriodIndex:
        """Months of the columns."""
        return pd.period_range(self.origin + 1, periods=self.horizon, freq="M")

    def quantiles(self) -> Floats:
        """Quantiles of each month.

        Returns
        -------
        numpy.ndarray
            float64, shape (horizon, 9), in the order of `QUANTILES`; not to be written to.
        """
        return self._quantiles

    @cached_property
    def _quantiles(self) -> Floats:
        quantiles = _points(np.sort(np.ascontiguousarray(self.values.T), axis=1), LEVELS)
        quantiles.flags.writeable = False
        return quantiles

    def near(self, log: bool) -> Floats:
        """Median and half the distance of the 16 and 84 % points of the first months.

        Parameters
        ----------
        log : bool
            Of logarithms, where these months have no path at or below 0.

        Returns
        -------
        numpy.ndarray
            float64, shape (months, 2), at most `NEAR_MONTHS`.
        """
        ordered = np.sort(np.ascontiguousarray(self.values[:, :NEAR_MONTHS].T), axis=1)
        low, middle, high = _points(
            np.log(ordered) if log and ordered.min() > 0 else ordered, _NEAR_LEVELS
        ).T
        return np.stack([middle, (high - low) / 2], axis=1)

    def mean(self) -> Floats:
        """Mean of each month, shape (horizon,)."""
        return np.asarray(self.values.mean(axis=0), dtype=float)

    def table(self) -> pd.DataFrame:
        """Mean and quantiles by month: columns `mean`, `q025` ... `q975`."""
        frame = pd.DataFrame(self.quantiles(), index=self.months, columns=list(QUANTILES))
        frame.insert(0, "mean", self.mean())
        return frame


def _points(ordered: Floats, levels: Floats) -> Floats:
    """Quantiles of sorted rows, as numpy's linear method to the last bit in half the time."""
    most = ordered.shape[1] - 1
    place = levels * most
    below = np.floor(place).astype(np.int64)
    share = place - below
    low, high = ordered[:, below], ordered[:, np.minimum(below + 1, most)]
    gap = high - low
    points: Floats = np.where(share < 0.5, low + gap * share, high - gap * (1 - share))
    return points


@dataclass(frozen=True)
class Failure:
    """An explicit null result: the model did not forecast, and this is why (Chinese).

    Attributes
    ----------
    reason : str
        Sentence for people.
    passing : bool
        True if it may not happen again (memory, a crashed library), so that it is not remembered.
    """

    reason: str
    passing: bool = False


Outcome = SamplePaths | Failure
