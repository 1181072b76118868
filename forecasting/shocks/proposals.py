"""Propose events that nobody declared: a robust test on every month of a series.

The automatic outlier search of TRAMO and X-13ARIMA-SEATS: under airline-model errors the most
striking of all single months, temporary changes and steps is taken out, and so on until none
reaches the critical value; those that no longer reach it at the end are dropped. The scale is the
median absolute residual, which the events themselves hardly move. Nothing is changed by a
proposal: only a declaration is acted upon.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import compress, product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.data.records import KIND_NAMES, USUAL_MONTHS, ShockKind
from employment_forecast.features.airline import (
    MIN_ESTIMATED,
    SEASON,
    airline_regression,
    whiten,
)
from employment_forecast.features.events import MONTHS_BEFORE, shock_column
from employment_forecast.features.history import History
from employment_forecast.forecasting.shocks.effects import in_words
from employment_forecast.models.contract import quietly
from employment_forecast.models.effects import effects_of

Floats = npt.NDArray[np.float64]
# Takes events that count as known and columns to be tested; gives their sizes and scores.
_Scored = Callable[[list[int], Floats], tuple[Floats, Floats]]

# Share of simulated series without any event that raise a proposal, of 72, 120 and 190 months: 0.0,
# 0.5 and 0.0 % with normal disturbances, 16, 22 and 30 % with heavy tails (Student's t with five
# degrees of freedom), 200 series each.
CRITICAL = 5.0
FALSE_ALARMS = "模拟的无事件序列，扰动为正态时约 1% 以内误报，厚尾时可达三成"
MOST = 5
# A temporary change lies between a pulse and a step, so that taking one for the other costs least:
# it is proposed where it explains the series almost as well.
NEAR = 0.95
_NORMAL_MAD = 1.4826
_KINDS: tuple[ShockKind, ...] = ("pulse", "temporary", "step")


@dataclass(frozen=True)
class Proposal:
    """An event that the series suggests.

    Attributes
    ----------
    month : pandas.Period
        First month concerned.
    kind : {"pulse", "temporary", "step"}
        Which profile fits best; of an event in the newest month they cannot be told apart, and
        it is called temporary.
    months : int
        Usual length of the kind.
    size : float
        Effect in that month, model scale (log points or units).
    score : float
        The same in robust standard errors.
    newest : bool
        The event is in the newest month.
    """

    month: pd.Period
    kind: ShockKind
    months: int
    size: float
    score: float
    newest: bool


def propose(history: History) -> tuple[Proposal, ...]:
    """Events that a series suggests beyond those declared.

    Parameters
    ----------
    history : History
        From 37 months on; shorter ones suggest nothing.

    Returns
    -------
    tuple of Proposal
        At most five, by month.

    References
    ----------
    Chen and Liu (1993), Joint Estimation of Model Parameters and Outlier Effects in Time Series,
    JASA 88. U.S. Census Bureau, X-13ARIMA-SEATS reference manual, outlier.
    """
    if len(history) < MIN_ESTIMATED or np.ptp(history.scaled) == 0:
        return ()
    with quietly():
        candidates, columns = _candidates(history)
        # One extreme February can pass for a festival effect: the events are sought with and
        # without the calendar, and the criterion decides between the two accounts.
        searches = [_search(history.scaled, known, columns) for known in _known(history)]
    _, chosen, sizes, scores = min(searches, key=lambda search: search[0])
    proposals = [
        Proposal(
            month=candidates[at][0],
            kind=candidates[at][1],
            months=USUAL_MONTHS[candidates[at][1]],
            size=float(size),
            score=float(score),
            newest=candidates[at][0] == history.origin,
        )
        for at, size, score in zip(chosen, sizes, scores, strict=True)
    ]
    return tuple(sorted(proposals, key=lambda each: each.month.ordinal))


def _candidates(history: History) -> tuple[list[tuple[pd.Period, ShockKind]], Floats]:
    months, n = history.months, len(history)
    profiles = [shock_column(kind, months[0], USUAL_MONTHS[kind], months) for kind in _KINDS]
    # Every event has the profile of its kind from its own month on.
    age = np.arange(n)[:, None] - np.arange(MONTHS_BEFORE, n)
    columns = np.where(age[..., None] >= 0, np.stack(profiles, axis=1)[age], 0.0).reshape(n, -1)
    pairs = list(product(months[MONTHS_BEFORE:], _KINDS))
    told = [
        at < len(pairs) - len(_KINDS) or kind == "temporary" for at, (_, kind) in enumerate(pairs)
    ]
    return list(compress(pairs, told)), columns[:, told]


def _known(history: History) -> list[Floats]:
    """Columns that are in anyway: declared events and steps, then with calendar effects too."""
    n = len(history)
    forced = history.forced.to_numpy()[:n]
    effects = effects_of(history)
    if not effects.optional:
        return [forced]
    calendar = history.optional(effects.windows)[list(effects.optional)].to_numpy()[:n]
    return [forced, np.hstack([forced, calendar])]


def _search(
    z: Floats, known: Floats, columns: Floats
) -> tuple[float, list[int], list[float], list[float]]:
    """Criterion, columns found, their sizes and scores."""

    @cache
    def averages_and_criterion(*events: int) -> tuple[tuple[float, float], float]:
        fit = airline_regression(z, np.hstack([known, columns[:, list(events)]]))
        return fit.moving_averages, fit.criterion

    def scored(events: list[int], tested: Floats) -> tuple[Floats, Floats]:
        averages, _ = averages_and_criterion(*events)
        return _scores(z, np.hstack([known, columns[:, events]]), tested, averages)

    chosen, sizes, scores = _backward(columns, _forward(columns, scored), scored)
    return averages_and_criterion(*chosen)[1], chosen, sizes, scores


def _differenced(columns: Floats) -> Floats:
    steps = np.diff(columns, axis=0)
    return np.asarray(steps[SEASON:] - steps[:-SEASON], dtype=np.float64)


def _scores(
    z: Floats, design: Floats, columns: Floats, averages: tuple[float, float]
) -> tuple[Floats, Floats]:
    """Size and robust score of each column, added alone to the design."""
    white, _ = whiten(_differenced(np.column_stack([z, design, columns])), *averages)
    k = design.shape[1]
    target, base, tested = white[:, 0], white[:, 1 : k + 1], white[:, k + 1 :]
    if k:
        projected = np.linalg.lstsq(base, np.column_stack([target, tested]), rcond=1e-10)[0]
        target = target - base @ projected[:, 0]
        tested = tested - base @ projected[:, 1:]
    spread = _NORMAL_MAD * float(np.median(np.abs(target)))
    squares = (tested**2).sum(axis=0)
    # What the design already explains leaves nothing but rounding errors.
    fresh = squares > 1e-8 * (white[:, k + 1 :] ** 2).sum(axis=0)
    inner = tested.T @ target
    sizes = np.divide(inner, squares, out=np.zeros_like(inner), where=fresh)
    scale = spread / np.sqrt(squares, out=np.full_like(squares, np.inf), where=fresh)
    return sizes, np.divide(sizes, scale, out=np.zeros_like(sizes), where=fresh & (spread > 0))


def _forward(columns: Floats, scored: _Scored) -> list[int]:
    chosen: list[int] = []
    while len(chosen) < MOST:
        _, scores = scored(chosen, columns)
        best = int(np.argmax(np.abs(scores)))
        if abs(scores[best]) < CRITICAL:
            break
        month = best - best % len(_KINDS)
        temporary = min(month + _KINDS.index("temporary"), len(scores) - 1)
        enough = max(CRITICAL, NEAR * abs(scores[best]))
        chosen.append(temporary if abs(scores[temporary]) >= enough else best)
    return chosen


def _backward(
    columns: Floats, chosen: list[int], scored: _Scored
) -> tuple[list[int], list[float], list[float]]:
    remaining = list(chosen)
    while True:
        sizes, scores = [], []
        for at in remaining:
            others = [other for other in remaining if other != at]
            size, score = scored(others, columns[:, [at]])
            sizes.append(float(size[0]))
            scores.append(float(score[0]))
        weakest = int(np.argmin(np.abs(scores))) if remaining else 0
        if not remaining or abs(scores[weakest]) >= CRITICAL:
            return remaining, sizes, scores
        remaining.pop(weakest)


def proposal_rows(proposals: Sequence[Proposal], history: History) -> list[dict[str, Any]]:
    """Proposals as JSON-able rows, each with the command that would declare it."""
    return [
        {
            "month": str(each.month),
            "kind": each.kind,
            "kind_name": "末月，类型待定" if each.newest else KIND_NAMES[each.kind],
            "months": each.months or None,
            "effect": in_words(each.size, history),
            "size": round(each.size, 6),
            "score": round(each.score, 1),
            "newest": each.newest,
            "command": (
                f"forecast shocks declare --region {history.region} --indicator "
                f"{history.indicator} --month {each.month} --kind {each.kind} "
                "--name 名称 --source 依据"
            ),
        }
        for each in proposals
    ]


def note(proposals: Sequence[Proposal], history: History) -> tuple[str, ...]:
    """Sentence for the notes of a run; none without a proposal."""
    if not proposals:
        return ()
    rows = [(p, "末月，类型待定" if p.newest else KIND_NAMES[p.kind]) for p in proposals]
    listed = "、".join(f"{p.month}（{kind}，{in_words(p.size, history)}）" for p, kind in rows)
    return (
        f"疑似受事件影响：{listed}。若属实，可用 forecast shocks declare 申报，"
        f"使其不计入季节规律（{FALSE_ALARMS}）",
    )
