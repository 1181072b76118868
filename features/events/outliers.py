"""Months that do not follow the rest of their series: marks for people, nothing is changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
MarkKind = Literal["additive", "level_shift", "latest"]

MARK_LABELS = {
    "additive": "单月异常",
    "level_shift": "水平移动",
    "latest": "末月异动（待下月判明）",
}
DEVIATIONS = 5.0
# Fewer monthly changes say nothing about what is usual; fewer years nothing about a month.
MIN_CHANGES, MIN_YEARS, MIN_MONTH_YEARS = 12, 3, 5
_NORMAL_MAD = 1.4826


@dataclass(frozen=True)
class Mark:
    """A month that stands out.

    Attributes
    ----------
    month : pandas.Period
        The outlying month, or the first on the new level.
    kind : {"additive", "level_shift", "latest"}
        One month out of line; a lasting jump; the newest month, which may turn out as either.
    size : float
        Unusual part of the month's change on the model scale (log points or units).
    score : float
        The same in robust standard deviations.
    """

    month: pd.Period
    kind: MarkKind
    size: float
    score: float


def outlier_marks(values: Floats, start: pd.Period) -> tuple[Mark, ...]:
    """Candidates of additive outliers and level shifts.

    The change of each month less the median change of its calendar month (from three years on) is
    compared with five robust standard deviations, median absolute deviation times 1.4826, of all
    months or, if more, of its calendar month (from five years on), so that a moving festival does
    not raise a mark every other year. A jump that the next month takes back is an additive
    outlier, else it is a level shift, the types of Chen and Liu (1993, JASA 88).

    Parameters
    ----------
    values : numpy.ndarray
        float64, shape (n,), consecutive months on the model scale, no NaN.
    start : pandas.Period
        Month of the first value.

    Returns
    -------
    tuple of Mark
        In order of time; empty for a series of fewer than 13 months.
    """
    changes = np.diff(values)
    if len(changes) < MIN_CHANGES:
        return ()
    numbers = (start.month + np.arange(len(changes))) % 12
    unusual, spread = _unusual(changes, numbers)
    if not (spread > 0).all():
        return ()
    scores = unusual / spread
    marks: list[Mark] = []
    at = 0
    while at < len(scores):
        if abs(scores[at]) <= DEVIATIONS:
            at += 1
            continue
        taken_back = at + 1 < len(scores) and _taken_back(unusual, spread, at)
        kind: MarkKind = "additive" if taken_back else "level_shift"
        if at == len(scores) - 1:
            kind = "latest"
        marks.append(Mark(start + (at + 1), kind, float(unusual[at]), float(scores[at])))
        at += 2 if taken_back else 1
    return tuple(marks)


def _unusual(changes: Floats, numbers: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Changes less what is usual, and the robust standard deviation each is held against."""
    unusual = changes - np.median(changes)
    if len(changes) >= MIN_YEARS * 12:
        usual = np.array([np.median(changes[numbers == m]) for m in range(12)])
        unusual = changes - usual[numbers]
    left = np.abs(unusual)
    if MIN_YEARS * 12 <= len(changes) < MIN_MONTH_YEARS * 12 and left.any():
        # The median of three or four years is one of them, which leaves it nothing: not a sign of
        # calm.
        left = left[left > 0]
    spread = np.full(len(changes), _NORMAL_MAD * float(np.median(left)))
    if len(changes) >= MIN_MONTH_YEARS * 12:
        own = np.array([np.median(np.abs(unusual[numbers == m])) for m in range(12)])
        spread = np.maximum(spread, _NORMAL_MAD * own[numbers])
    return unusual, spread


def _taken_back(unusual: Floats, spread: Floats, at: int) -> bool:
    """Whether the next change undoes at least half of a jump and no more than twice it."""
    undone = -unusual[at + 1] / unusual[at]
    return bool(0.5 <= undone <= 2.0 and abs(unusual[at + 1]) > DEVIATIONS * spread[at + 1] / 2)
