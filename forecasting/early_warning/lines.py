"""Warning lines (失业警戒线): which new figure of a coming month means that the cap is in danger.

The line of a month and a level is the smallest value that can be published for that month such
that, given it, the probability of breaking the cap in that month or later reaches the level's cut.
What breaks it is said by the cap's basis: any month, the period's last one, or the average, so that
a line and the level speak of one event. A figure **on the line or above it** calls for the level.
In the period's last month the line is the smallest value above the cap, so that being on it and
breaking the cap are one and the same; and since any figure above an any-month cap breaks it, no
line of such a cap lies higher than that.

The conditional probability comes from the joint paths and from nothing else. The highest of the
counted months that follow (the average, for a cap on it) is regressed on the month's value by local
linear fits over normal scores of the month's values, and the residuals of neighbouring paths are
added to the fit: P(v) is the weighted share of `fit(v) + residual` above the cap. Every path near v
then tells something about P(v), not only the few that cross there: on known laws its error is about
half that of an isotonic regression of the crossing itself. Rearrangement makes P monotone in v and
can only lessen its error.

References
----------
Hansen (2004), Nonparametric estimation of smooth conditional distributions (location-adjusted
kernel estimator). Fan and Gijbels (1996), Local polynomial modelling. Chernozhukov, Fernandez-Val
and Galichon (2009), Improving point and interval estimators of monotone functions by
rearrangement, Biometrika 96.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

from employment_forecast.data.catalogue import printed
from employment_forecast.data.feed import plausible_range
from employment_forecast.data.targets import Target
from employment_forecast.features.history import History
from employment_forecast.forecasting.assessment import (
    Basis,
    CapAt,
    PeriodView,
    assessable_cap,
    basis_of,
    period_averages,
    smallest_above,
    view_period,
)
from employment_forecast.forecasting.assessment.events import above
from employment_forecast.forecasting.early_warning.scheme import Leads
from employment_forecast.models.paths import SamplePaths

Floats = npt.NDArray[np.float64]
State = Literal["line", "unreachable", "already"]

# Bandwidth on the scale of normal scores at 1,000 paths; it shrinks with the fifth root.
BANDWIDTH = 0.45
NODES = 41
# Values rarer than this have too few paths near them for a fit of their own. Higher ones are judged
# by that of the highest paths, drawn on as far as a figure is taken for one and not for a slip.
RAREST = 0.004
_BEYOND = 24
# A slope drawn on needs the whole upper half of the paths, not the few at its end.
_UPPER = 1.5
REPLICATES = 30
_BITS = 1e-6


@dataclass(frozen=True)
class Line:
    """One month's warning line for one level.

    Attributes
    ----------
    month : pandas.Period
        Month whose figure is to be compared.
    level : str
        Code of the warning level.
    probability : float
        Cut of the level.
    value : float or None
        Smallest publishable value that calls for the level; None without a line.
    state : {"line", "unreachable", "already"}
        There is a line; no value that is thinkable gives that probability; every one does,
        or the cap is broken already.
    standard_error : float or None
        Of the value, from the limited number of paths (bootstrap); 0 where it follows from the cap.
    n : int
        Paths it rests on.
    """

    month: pd.Period
    level: str
    probability: float
    value: float | None
    state: State
    standard_error: float | None
    n: int


def on_or_above(value: float, line: Line, precision: float) -> bool:
    """Whether a published figure calls for the level of a line."""
    if line.value is None:
        return line.state == "already"
    return bool(printed(np.array([value]), precision)[0] >= line.value - _BITS * precision)


def _scores(x: Floats) -> Floats:
    """Normal scores of mid-ranks, shape (n,); ties share one."""
    _, inverse, counts = np.unique(x, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - counts / 2
    return np.asarray(ndtri(middle / len(x))[inverse], dtype=float)


@dataclass(frozen=True)
class _Nodes:
    """Values at which the conditional probability is computed.

    `values` and `scores` have shape (nodes,), both ascending; `kernel` is (nodes, n_paths).
    """

    values: Floats
    scores: Floats
    kernel: Floats


def _nodes(x: Floats, scores: Floats, precision: float) -> _Nodes:
    low, high = np.quantile(x, (RAREST, 1 - RAREST), method="nearest")
    steps = round((high - low) / precision)
    known, first = np.unique(x, return_index=True)
    if steps < NODES:
        values = low + precision * np.arange(steps + 1)
        at = np.interp(values, known, scores[first])
    else:
        ends = np.interp((low, high), known, scores[first])
        at = np.linspace(float(ends[0]), float(ends[1]), NODES)
        values = np.interp(at, scores[first], known)
    width = BANDWIDTH * (1000 / len(x)) ** 0.2
    kernel = np.exp(-0.5 * ((at[:, None] - scores[None, :]) / width) ** 2)
    q025, middle, q975 = (float(q) for q in np.quantile(x, (0.025, 0.5, 0.975)))
    last = plausible_range(q025, middle, q975)[1]
    per_score = (values[-1] - middle) / at[-1] if at[-1] > 0 else 0.0
    if per_score <= 0 or last <= values[-1]:
        return _Nodes(values, at, kernel)
    beyond = np.linspace(values[-1], last, _BEYOND + 1)[1:]
    highest = np.exp(-0.5 * ((at[-1] - scores) / _UPPER) ** 2)
    return _Nodes(
        np.append(values, beyond),
        np.append(at, at[-1] + (beyond - values[-1]) / per_score),
        np.vstack([kernel, np.tile(highest, (_BEYOND, 1))]),
    )


def _probabilities(
    nodes: _Nodes, scores: Floats, ends: Floats, limit: float, weights: Floats
) -> Floats:
    """P(end at or above the limit | value), monotone, shape (nodes, replicates).

    `weights` has shape (replicates, n_paths).
    """
    moved = weights * scores
    parts = [weights, moved, moved * scores, weights * ends, moved * ends]
    s0, s1, s2, t0, t1 = np.split(nodes.kernel @ np.concatenate(parts).T, len(parts), axis=1)
    spread = s0 * s2 - s1**2
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(spread > 1e-9 * s0 * s2, (s0 * t1 - s1 * t0) / spread, 0.0)
    start = (t0 - slope * s1) / s0
    fit = start + slope * nodes.scores[:, None]
    edges = (nodes.scores[1:] + nodes.scores[:-1]) / 2
    near = np.searchsorted(edges, scores)
    residuals = ends - (start.T.take(near, axis=1) + slope.T.take(near, axis=1) * scores)
    needed = limit - fit
    chances = np.zeros(fit.shape)
    # Most nodes are so far below the cap that no residual reaches it.
    for row in np.flatnonzero((needed <= residuals.max(axis=1)).any(axis=1)):
        inside = residuals >= needed[row, :, None]
        chances[row] = (weights * inside) @ nodes.kernel[row] / s0[row]
    return np.sort(chances, axis=0)


def _crossing(nodes: _Nodes, probabilities: Floats, cut: float) -> Floats:
    """Value at which each replicate's probability reaches the cut; infinite where it does not.

    Minus infinity where it has been reached at the lowest node. Shape (replicates,).
    """
    reached = probabilities >= cut - 1e-12
    first = np.argmax(reached, axis=0)
    some = reached.any(axis=0)
    column = np.arange(probabilities.shape[1])
    before = np.maximum(first - 1, 0)
    low, high = probabilities[before, column], probabilities[first, column]
    share = np.where(high > low, (cut - low) / np.where(high > low, high - low, 1.0), 1.0)
    values = nodes.values[before] + share * (nodes.values[first] - nodes.values[before])
    return np.where(some, np.where(first == 0, -np.inf, values), np.inf)


def _snapped(value: float, precision: float) -> float:
    """Smallest publishable value not below."""
    steps = np.ceil(value / precision - _BITS)
    return float(printed(np.array([steps * precision]), precision)[0])


def _ends(seen: PeriodView, basis: Basis, month: pd.Period, precision: float) -> Floats:
    """What is held against the cap on each path, as far as it comes after the month."""
    if not basis.by_month:
        return period_averages(seen, precision)
    later = np.asarray(seen.months > month, dtype=bool)
    return np.asarray(printed(seen.ahead[:, later], precision).max(axis=1), dtype=float)


def warning_lines(
    paths: SamplePaths,
    history: History,
    target: Target,
    cuts: Mapping[str, float],
    *,
    leads: Leads = "ahead",
    applied: CapAt | None = None,
) -> list[Line]:
    """Warning lines of every month from the next one to the period's end.

    Parameters
    ----------
    paths : SamplePaths
        Joint paths from the history's origin.
    history : History
        Published values up to the origin.
    target : Target
        A cap on single months, on the period's end, or on its average; its basis says what event a
        line warns of.
    cuts : mapping
        Probability by level code.
    leads : {"ahead", "breach"}
        Of a cap that a published month has broken: lines go on to warn of what is still to come,
        or every figure calls for every level (`already`).
    applied : callable, optional
        Value that applied to a published month, where the cap was changed within its period.

    Returns
    -------
    list of Line
        By month, then in the order of `cuts`; empty for other targets, for a period that is over,
        and where the paths do not reach its end or months of an average are missing.

    Raises
    ------
    ValueError
        If paths and history have different origins, or a cut is not between 0 and 1.

    Notes
    -----
    Monotone in the level's probability. The values between the origin and the line's month are
    not conditioned on: a line is set today for a figure that is still to come.
    """
    if any(not 0 < cut < 1 for cut in cuts.values()):
        raise ValueError("cuts must lie between 0 and 1")
    basis = basis_of(target)
    first = basis.first_counted(target)
    seen = view_period(target, history, paths, first)
    if not assessable_cap(target, history) or not seen.reached or not len(seen.months):
        return []
    if not basis.by_month and not seen.complete:
        return []
    assert target.limit is not None
    precision = history.precision
    broken = False
    if basis.by_month and leads == "breach":
        caps = [target.limit if applied is None else applied(m) for m in seen.known.index]
        broken = bool(above(seen.published, np.array(caps, dtype=float), precision).any())
    top = smallest_above(target.limit, precision)
    limit = top - precision / 2
    lines: list[Line] = []
    for step, month in enumerate(paths.months):
        if month > target.last_month:
            break
        if broken:
            lines += [_line(month, cuts, level, None, "already", paths) for level in cuts]
            continue
        if month == target.last_month and basis.by_month:
            lines += [_line(month, cuts, level, top, "line", paths, 0.0) for level in cuts]
            continue
        x = printed(paths.values[:, step], precision)
        ends = _ends(seen, basis, month, precision)
        bound = top if basis.by_month and month >= first else np.inf
        given = x.tobytes(), ends.tobytes(), limit, bound, tuple(cuts.items()), precision
        lines += _lines_of(month, *given)
    return lines


@lru_cache(maxsize=2)
def _weights(n: int) -> Floats:
    """Weights of the paths as they are and of each replicate, shape (1 + replicates, n)."""
    counts = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), REPLICATES)
    return np.vstack([np.ones(n), counts])


# A version, the feed and lines of new registrations ask for the same within a minute.
@lru_cache(maxsize=64)
def _lines_of(
    month: pd.Period,
    values: bytes,
    at_end: bytes,
    limit: float,
    bound: float,
    cuts: tuple[tuple[str, float], ...],
    precision: float,
) -> tuple[Line, ...]:
    """Lines of one month from the paths' values in it and at the end, float64 each."""
    x, ends = np.frombuffer(values), np.frombuffer(at_end)
    scores = _scores(x)
    nodes = _nodes(x, scores, precision)
    chances = _probabilities(nodes, scores, ends, limit, _weights(len(x)))
    lines = []
    for level, cut in cuts:
        crossings = _crossing(nodes, chances, cut)
        value = min(float(crossings[0]), bound)
        state: State = "line"
        error: float | None = 0.0
        if value == -np.inf:
            state, error = "already", None
        elif value == np.inf:
            state, error = "unreachable", None
        elif value < bound:
            inside = np.clip(crossings[1:], nodes.values[0], min(bound, nodes.values[-1]))
            error = float(inside.std(ddof=1))
        at = min(_snapped(value, precision), bound) if state == "line" else None
        lines.append(Line(month, level, cut, at, state, error, len(x)))
    return tuple(lines)


def _line(
    month: pd.Period,
    cuts: Mapping[str, float],
    level: str,
    value: float | None,
    state: State,
    paths: SamplePaths,
    error: float | None = None,
) -> Line:
    return Line(month, level, cuts[level], value, state, error, paths.n_paths)


def breach_curve(
    paths: SamplePaths, history: History, target: Target
) -> tuple[Floats, Floats] | None:
    """Probability of breaking a cap from the coming month on, by that month's figure.

    Parameters
    ----------
    paths : SamplePaths
        Joint paths from the history's origin.
    history : History
        Published values up to the origin.
    target : Target
        A cap.

    Returns
    -------
    tuple of numpy.ndarray or None
        Ascending publishable values and probabilities, both of shape (nodes,), by the method of
        `warning_lines`; None where that gives no lines.
    """
    basis = basis_of(target)
    first = basis.first_counted(target)
    seen = view_period(target, history, paths, first)
    if not assessable_cap(target, history) or not seen.reached or not len(seen.months):
        return None
    if not basis.by_month and not seen.complete:
        return None
    assert target.limit is not None
    month, precision = paths.months[0], history.precision
    if month > target.last_month:
        return None
    top = smallest_above(target.limit, precision)
    x = printed(paths.values[:, 0], precision)
    ends = np.array([x.min(), x.max()])
    if month == target.last_month and basis.by_month:
        values = np.unique([*ends, target.limit, top])
        return values, np.asarray(values >= top - _BITS * precision, dtype=float)
    scores = _scores(x)
    nodes = _nodes(x, scores, precision)
    later = _ends(seen, basis, month, precision)
    chances = _probabilities(nodes, scores, later, top - precision / 2, np.ones((1, len(x))))[:, 0]
    values = np.unique([*nodes.values, target.limit, top]) if basis.by_month else nodes.values
    probabilities = np.interp(values, nodes.values, chances)
    if basis.by_month and month >= first:
        probabilities = np.where(values >= top - _BITS * precision, 1.0, probabilities)
    return values, probabilities
