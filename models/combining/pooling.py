"""What several regions show together: a shift of each one's forecast, learned from all of them.

One region's history holds one or two turns of the labour market, too few to learn how movements go
on, and its own last months are mostly noise. Regions share the turns, and their average has little
noise: a ridge regression for each month ahead, over all regions and months, of the distance covered
from the present level on the average movement of the regions and on how far the region is from its
mean level. The region's own movement is left to its models, which follow it already. The shift is
added on the model scale to paths that know one region only: the less of it, the less the regions
move together and the further the present lies from all that the regression has seen.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from employment_forecast.features.history import History
from employment_forecast.models.contract import SEASON
from employment_forecast.models.effects import forced_path
from employment_forecast.models.paths import SamplePaths

Floats = npt.NDArray[np.float64]

FEWEST_SERIES = 5
FEWEST_MONTHS = 61
# Exponential smoothing that tells level from season; fixed, for it only prepares the regression.
LEVEL, SEASONAL = 0.8, 0.2
FIRST_YEARS = 4
# Of standardised features, per row: a lone feature keeps two thirds of its coefficient.
PENALTY = 0.5
TAIL = 0.005
# Movements between these months ago.
SPANS = ((0, 1), (1, 2), (2, 3), (3, 6), (6, 12), (12, 24))
LONGEST = SPANS[-1][1]
SETTLED = 30
# A series that stands still more often than this tells nothing of movements.
FEWEST_MOVES = 0.25


def smoothed(z: Floats, horizon: int) -> tuple[Floats, Floats]:
    """Level and seasonal figure by exponential smoothing with fixed weights.

    References
    ----------
    Winters (1960), Forecasting sales by exponentially weighted moving averages.
    """
    begin = min(len(z) // SEASON, FIRST_YEARS) * SEASON
    weights = np.ones(SEASON + 1)
    weights[[0, -1]] = 0.5
    trend = np.convolve(z[:begin], weights / SEASON, "valid")
    half = SEASON // 2
    ratios = z[half : half + len(trend)] - trend
    slots = np.arange(half, half + len(trend)) % SEASON
    season = np.bincount(slots, ratios, SEASON) / np.bincount(slots, minlength=SEASON)
    season -= season.mean()
    level = float(z[:SEASON].mean())
    levels = np.empty(len(z))
    ahead = np.empty((len(z), horizon))
    steps = np.arange(1, horizon + 1)
    for t, value in enumerate(z):
        error = value - level - season[t % SEASON]
        level += LEVEL * error
        season[t % SEASON] += SEASONAL * error
        levels[t] = level
        ahead[t] = season[(t + steps) % SEASON]
    return levels, ahead


def _common(levels: Floats, sizes: Floats) -> Floats:
    """Average movement over each span, shape (n, len(SPANS)), of levels (n, series) over `sizes`.

    NaN in months that less than half of the series know: an average of a few is their own noise.
    """
    n, count = levels.shape
    padded = np.vstack([np.full((LONGEST, count), np.nan), levels / sizes])
    lagged = [padded[LONGEST - lag : LONGEST - lag + n] for lag in range(LONGEST + 1)]
    moves = np.stack([lagged[a] - lagged[b] for a, b in SPANS], axis=-1)
    known = np.isfinite(moves)
    counts = known.sum(axis=1)
    sums = np.where(known, moves, 0.0).sum(axis=1)
    enough = counts >= max(2, count / 2)
    return np.where(enough, sums / np.maximum(counts, 1), np.nan)


def _model_scale(history: History) -> Floats | None:
    """Series on its model scale without steps of changed definitions; None if it cannot be used."""
    if len(history) < FEWEST_MONTHS:
        return None
    moving = np.diff(history.values[SETTLED:]) != 0
    if moving.mean() < FEWEST_MOVES:
        return None
    try:
        z = history.scaled - forced_path(history, "none")[: len(history)]
    except (ArithmeticError, ValueError, np.linalg.LinAlgError):
        return None
    return z if np.isfinite(z).all() else None


# Regions that share neighbours ask for the same levels, a day of knowledge after another.
_MOST_KEPT = 2048
_kept: OrderedDict[tuple[str, int], tuple[Floats, Floats, Floats] | None] = OrderedDict()


def _prepared(history: History, horizon: int) -> tuple[Floats, Floats, Floats] | None:
    """Series on its model scale, levels and seasonal figures; None if it cannot be used."""
    key = (history.fingerprint, horizon)
    if key not in _kept:
        z = _model_scale(history)
        _kept[key] = None if z is None else (z, *smoothed(z, horizon))
        if len(_kept) > _MOST_KEPT:
            _kept.popitem(last=False)
    _kept.move_to_end(key)
    return _kept[key]


def pooled_shifts(histories: Sequence[History], horizon: int) -> list[Floats | None]:
    """Shift of each series' forecast on its model scale.

    Parameters
    ----------
    histories : sequence of History
        Series of one kind. Those that end before the newest origin, because they come out later,
        count up to their last month.
    horizon : int
        Months ahead.

    Returns
    -------
    list of numpy.ndarray or None
        Shape (horizon,) each; None for a history that is shorter than 61 months, hardly moves,
        cannot be freed of its changes of definition or is of an earlier origin, and for all where
        fewer than five are left.

    References
    ----------
    Direct forecasts, pooled over series: Montero-Manso and Hyndman (2021), Principles and
    algorithms for forecasting groups of time series: locality and globality. The division by one
    plus leverage is the posterior mean where the prior variance of the shift is that of one error:
    the regression's own error has leverage times that variance (Weisberg, Applied linear
    regression, on the variance of a prediction). Series that do not move together have nothing to
    share: see `common_share`.
    """
    shifts: list[Floats | None] = [None] * len(histories)
    series = {
        i: known for i, h in enumerate(histories) if (known := _prepared(h, horizon)) is not None
    }
    used = list(series)
    if len(used) < FEWEST_SERIES:
        return shifts
    newest = max(histories[i].origin for i in used)
    n = max((newest - histories[i].start).n + 1 for i in used)
    levels = np.full((n, len(used)), np.nan)
    paths = np.full((n, len(used), horizon), np.nan)
    values = np.full((n, len(used)), np.nan)
    for column, (i, (z, level, ahead)) in enumerate(series.items()):
        end = n - (newest - histories[i].origin).n
        here = slice(end - len(z), end)
        levels[here, column], paths[here, column] = level, ahead
        values[here, column] = z
    settled = np.where(_unsettled(levels), np.nan, levels)
    sizes = np.nanstd(np.diff(settled, axis=0), axis=0)
    common = _common(levels, sizes)
    if not np.isfinite(common).all(axis=1).any():
        return shifts
    trust = common_share(np.diff(settled, axis=0) / sizes)
    away = np.where(np.isnan(settled), np.nan, levels - np.nanmean(levels, axis=0)) / sizes
    features = np.stack([away, *(np.broadcast_to(c[:, None], away.shape) for c in common.T)])
    # Where most regions come out later, what moves them all is known up to an earlier month.
    latest = int(np.flatnonzero(np.isfinite(common).all(axis=1))[-1])
    now = np.column_stack([away[-1], np.broadcast_to(common[latest], (len(used), len(SPANS)))])
    predicted = np.empty((len(used), horizon))
    for step in range(1, horizon + 1):
        distance = values[step:] - levels[:-step] - paths[:-step, :, step - 1]
        shift, leverage = _regress(features[:, :-step], distance / sizes, now, horizon)
        predicted[:, step - 1] = trust * sizes * shift / (1 + leverage)
    for row, i in enumerate(used):
        if histories[i].origin == newest:
            shifts[i] = predicted[row]
    return shifts


def _unsettled(levels: Floats) -> npt.NDArray[np.bool_]:
    """Months before the smoothing of a series has forgotten its start."""
    before = np.full((SETTLED, levels.shape[1]), np.nan)
    return np.asarray(np.isnan(np.vstack([before, levels])[: len(levels)]), dtype=bool)


def common_share(moves: Floats) -> float:
    """How much of the average movement is common to the series and not chance.

    References
    ----------
    ICC(1, k) of Shrout and Fleiss (1979), Intraclass correlations: uses in assessing rater
    reliability.
    """
    counts = np.isfinite(moves).sum(axis=1)
    moves, counts = moves[counts >= 2], counts[counts >= 2]
    if len(moves) < 2:
        return 0.0
    means = np.nanmean(moves, axis=1)
    grand = np.nanmean(moves)
    between = (counts * (means - grand) ** 2).sum() / (len(moves) - 1)
    within = np.nansum((moves - means[:, None]) ** 2) / (counts - 1).sum()
    return float(np.clip(1 - within / between, 0, 1)) if between > 0 else 0.0


def _regress(features: Floats, target: Floats, now: Floats, horizon: int) -> tuple[Floats, Floats]:
    """Ridge predictions and their leverage, without an intercept: no drift is learned.

    Features have shape (features, n, series), the target (n, series). Series move together and
    forecasts of so many months overlap, so that the leverage counts stretches of months and not
    cells.
    """
    known = np.isfinite(features).all(axis=0) & np.isfinite(target)
    cells = np.compress(known.ravel(), features.reshape(len(features), -1), axis=1)
    aims = target[known]
    if len(aims) == 0:
        return np.zeros(len(now)), np.zeros(len(now))
    aims = np.clip(aims, *np.quantile(aims, [TAIL, 1 - TAIL]))
    spread = cells.std(axis=1)
    spread[spread == 0] = 1.0
    scaled = cells / spread[:, None]
    gram = scaled @ scaled.T / len(aims) + PENALTY * np.eye(len(scaled))
    coefficients = np.linalg.solve(gram, scaled @ aims / len(aims))
    here = np.nan_to_num(now / spread)
    independent = known.any(axis=1).sum() / horizon
    leverage = (here * np.linalg.solve(gram, here.T).T).sum(axis=1) / independent
    # Movements never seen before are taken for the largest seen.
    inside = np.nan_to_num(np.clip(now, cells.min(axis=1), cells.max(axis=1)) / spread)
    return np.asarray(inside @ coefficients, dtype=float), np.asarray(leverage, dtype=float)


def shifted(paths: SamplePaths, shift: Floats, transform: str) -> SamplePaths:
    """Paths moved by a shift on the model scale; ranks and dependence stay.

    Parameters
    ----------
    paths : SamplePaths
        Months beyond those of `shift` are moved like its last.
    shift : numpy.ndarray
        From `pooled_shifts`.
    transform : {"log", "none"}
        Model scale of the history.

    Returns
    -------
    SamplePaths
    """
    part = shift[np.minimum(np.arange(paths.horizon), len(shift) - 1)]
    values = paths.values * np.exp(part) if transform == "log" else paths.values + part
    return replace(paths, values=values)
