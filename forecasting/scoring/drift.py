"""Whether forecasts have begun to go wrong: control charts with a stated false-alarm rate.

Each chart is a one-sided CUSUM of standard normal scores. Its limit gives an average run length of
`CHARTS * FALSE_ALARM_MONTHS` months while nothing has changed, so that all charts together, however
they depend on each other, raise a false alarm no more often than once in five years.

Where the law of a quantity is not known, its sequential ranks are charted: the rank of each value
among those before it. While values are exchangeable these ranks are independent and their law is
known, whatever that of the values.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]

FALSE_ALARM_MONTHS = 60
CHARTS = 5
# Half the shift, in standard deviations, that the charts are meant to find.
ALLOWANCE = 0.5
_STATES = 200
# A probability transform of 0 or 1 says no more than that of one path in a thousand.
_EDGE = 0.0005


@dataclass(frozen=True)
class ControlChart:
    """One control chart.

    Attributes
    ----------
    name, label : str
        Code and Chinese name.
    months : pandas.PeriodIndex
        Months it has seen, shape (n,).
    values : numpy.ndarray
        CUSUM after each month, shape (n,).
    limit : float
        Alarm from here on.
    """

    name: str
    label: str
    months: pd.PeriodIndex
    values: Floats
    limit: float

    @property
    def alarm(self) -> pd.Period | None:
        """First month at or above the limit."""
        over = self.values >= self.limit
        return self.months[int(np.argmax(over))] if over.any() else None


def average_run_length(limit: float, allowance: float = ALLOWANCE) -> float:
    """Months until a one-sided CUSUM of standard normal scores reaches its limit, on average.

    References
    ----------
    Brook and Evans (1972), An approach to the probability distribution of CUSUM run length:
    a Markov chain on states of equal width, the first of them half as wide.
    """
    from scipy.stats import norm

    width = 2 * limit / (2 * _STATES - 1)
    centres = width * np.arange(_STATES)
    upper = centres + width / 2
    move = norm.cdf(upper[None, :] - centres[:, None] + allowance)
    chances = np.diff(move, axis=1, prepend=0.0)
    steps = np.linalg.solve(np.eye(_STATES) - chances, np.ones(_STATES))
    return float(steps[0])


@cache
def limit_for(run_length: float, allowance: float = ALLOWANCE) -> float:
    """Limit of a chart with a given average run length."""
    from scipy.optimize import brentq

    return float(brentq(lambda h: average_run_length(h, allowance) - run_length, 0.5, 12.0))


def cusum(scores: Floats, allowance: float = ALLOWANCE) -> Floats:
    """One-sided CUSUM, shape (n,).

    References
    ----------
    Page (1954), Continuous inspection schemes.
    """
    levels = np.empty(len(scores))
    level = 0.0
    for i, score in enumerate(scores):
        level = max(0.0, level + float(score) - allowance)
        levels[i] = level
    return levels


def rank_scores(values: Floats, first: int) -> Floats:
    """Normal scores of sequential ranks, from the value at `first` on.

    References
    ----------
    Parent (1965), Sequential ranking procedures; Bhattacharya and Frierson (1981), A nonparametric
    control chart for detecting small disorders.
    """
    from scipy.special import ndtri

    shares = [
        (np.sum(values[:t] < values[t]) + 0.5 * np.sum(values[:t] == values[t]) + 0.5) / (t + 1)
        for t in range(first, len(values))
    ]
    return np.asarray(ndtri(np.array(shares, dtype=float)), dtype=float)


def transform_scores(transforms: Floats) -> Floats:
    """Normal scores of probability transforms, shape (n,)."""
    from scipy.special import ndtri

    return np.asarray(ndtri(np.clip(transforms, _EDGE, 1 - _EDGE)), dtype=float)


def charts(
    months: pd.PeriodIndex,
    losses: Floats,
    reference_losses: Floats,
    transforms: Floats,
    changes: Floats,
    reference_changes: Floats,
) -> list[ControlChart]:
    """The five charts of one series.

    Parameters
    ----------
    months : pandas.PeriodIndex
        Months whose forecasts, one month ahead, have met their outcome, shape (n,).
    losses : numpy.ndarray
        Their scaled interval scores, shape (n,).
    reference_losses : numpy.ndarray
        Those of the back-test before, shape (m,).
    transforms : numpy.ndarray
        Probability transforms of the outcomes, shape (n,).
    changes : numpy.ndarray
        Size of the unexpected movement of the series itself in these months, shape (n,).
    reference_changes : numpy.ndarray
        The same of earlier months, shape (k,).

    Returns
    -------
    list of ControlChart
    """
    limit = limit_for(float(CHARTS * FALSE_ALARM_MONTHS))
    place = transform_scores(transforms)
    scores = {
        "score": ("得分变差", _ranked(reference_losses, losses)),
        "above": ("实际值偏高于预测", place),
        "below": ("实际值偏低于预测", -place),
        "spread": ("区间过窄", transform_scores(np.abs(2 * transforms - 1))),
        "data": ("数据波动变大", _ranked(reference_changes, changes)),
    }
    assert len(scores) == CHARTS
    return [
        ControlChart(name, label, months, cusum(z), limit) for name, (label, z) in scores.items()
    ]


def _ranked(reference: Floats, values: Floats) -> Floats:
    return rank_scores(np.concatenate([reference, values]), len(reference))
