"""Further scores of every model at past origins, and what tests say: evidence beside the choice.

Nothing here decides anything. Scores are over the origins that the leaderboard compares, in units
of the seasonal-naive error at the origin where they would have a unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from employment_forecast.forecasting.assessment import CapEvents
from employment_forecast.forecasting.backtest import Backtest, FigureCache, Origin
from employment_forecast.forecasting.competition.choice import (
    DEFAULTS,
    common_origins,
)
from employment_forecast.forecasting.scoring import (
    FEWEST_STRETCHES,
    crps_of_sorted,
    diebold_mariano,
    energy_score,
    model_confidence_set,
    probability_transform,
    scaled_root_error,
    symmetric_percentage_error,
    variogram_score,
)
from employment_forecast.models.paths import Outcome, SamplePaths
from employment_forecast.models.roster import WEIGHTED

Floats = npt.NDArray[np.float64]

# Of the 90 % model confidence set.
IN_SET = 0.1
PIT_BINS = 10
# Paths are exchangeable: for scores of pairs of paths some hundred are enough.
JOINT_PATHS = 125
# Scores are over origins all of whose months are known, where there are so many: what is known of
# an origin then stays as it is.
WHOLE_ORIGINS = 8


@dataclass(frozen=True)
class ModelEvidence:
    """What is said of one model beside its leaderboard line; None where it does not apply.

    Scores of paths are not worked out for the combination with learned weights where it is not
    chosen: its weights, and so all of its paths, change twice a year.

    Attributes
    ----------
    crps, rmsse, smape : float or None
        Means over cells, root mean square error over origins, and 0 to 200.
    energy, variogram : float or None
        Scores of the joint law, at origins whose whole horizon is known.
    cap_crps : float or None
        CRPS of what lies above the cap that applied, over all tiers.
    pit : tuple of float
        Share of outcomes in each tenth of what was forecast; calibrated forecasts give 0.1 each.
    reference : str or None
        Model it is tested against.
    tested_months : int or None
        Tests are on the mean WIS of so many first months ahead of each origin: the most of which
        ten forecasts do not overlap, with which the level of the tests holds.
    dm_statistic, dm_p : float or None
        Diebold-Mariano test, negative where this model is better.
    set_p : float or None
        P-value of the model confidence set.
    in_confidence_set : bool or None
        Whether it is in the 90 % set.
    """

    crps: float | None = None
    rmsse: float | None = None
    smape: float | None = None
    energy: float | None = None
    variogram: float | None = None
    cap_crps: float | None = None
    pit: tuple[float, ...] = ()
    reference: str | None = None
    tested_months: int | None = None
    dm_statistic: float | None = None
    dm_p: float | None = None
    set_p: float | None = None
    in_confidence_set: bool | None = None


@dataclass(frozen=True)
class _Tests:
    reference: str
    months: int
    dm: Mapping[str, tuple[float, float]]
    set_p: Mapping[str, float]


def evidence_by_model(
    backtest: Backtest,
    origins: Sequence[Origin],
    forecasts: Mapping[str, Sequence[Outcome]],
    events: CapEvents | None,
    figure_cache: FigureCache,
    chosen: str,
) -> dict[str, ModelEvidence]:
    """Further scores and tests of all models that the leaderboard scores."""
    scored, common = common_origins(backtest)
    rows = np.flatnonzero(common)
    if not len(rows):
        return {}
    tests = _tests(backtest, scored, rows)
    by_paths = [m for m in scored if path_scored(m, chosen)]
    by_model = _origin_scores(backtest, by_paths, rows, origins, forecasts, events, figure_cache)
    evidence = {}
    for model in scored:
        dm = tests.dm.get(model) if tests else None
        p_value = tests.set_p.get(model) if tests else None
        evidence[model] = replace(
            _means(np.stack(by_model[model])) if model in by_model else ModelEvidence(),
            reference=tests.reference if tests and model != tests.reference else None,
            tested_months=tests.months if tests else None,
            dm_statistic=dm[0] if dm else None,
            dm_p=dm[1] if dm else None,
            set_p=p_value,
            in_confidence_set=None if p_value is None else p_value >= IN_SET,
        )
    return evidence


def path_scored(model: str, chosen: str) -> bool:
    """Whether scores of a model's paths at past origins are worked out without being asked for."""
    return model != WEIGHTED or model == chosen


def _origin_scores(
    backtest: Backtest,
    models: Sequence[str],
    rows: npt.NDArray[np.int64],
    origins: Sequence[Origin],
    forecasts: Mapping[str, Sequence[Outcome]],
    events: CapEvents | None,
    figure_cache: FigureCache,
) -> dict[str, list[Floats]]:
    """By model the scores of each origin, as `_scores` gives them."""
    whole = rows[np.isfinite(backtest.outcomes[rows]).all(axis=1)]
    used = whole if len(whole) >= WHOLE_ORIGINS else rows
    at = {origin.month: i for i, origin in enumerate(origins)}
    row_of = {at[backtest.months[row]]: row for row in used}
    none = np.empty((0, backtest.horizon))
    limits = np.stack([*events.caps.values()], axis=1) if events and events.caps else None
    above = {i: none if limits is None else limits[row] for i, row in row_of.items()}

    def make(each: tuple[str, int]) -> Floats:
        model, i = each
        paths, row = forecasts[model][i], row_of[i]
        assert isinstance(paths, SamplePaths)  # the leaderboard compares common cells
        return _scores(
            paths.values[:, : backtest.horizon],
            backtest.outcomes[row],
            float(backtest.scales[row]),
            origins[i],
            above[i],
        )

    rests_on = {
        i: backtest.outcomes[row].tobytes() + above[i].tobytes() for i, row in row_of.items()
    }
    wanted = {(model, i): other for model in models for i, other in rests_on.items()}
    scores = figure_cache.figures("scores", wanted, make)
    return {model: [scores[model, i] for i in row_of] for model in models}


def _scores(
    draws: Floats, outcomes: Floats, scale: float, origin: Origin, limits: Floats
) -> Floats:
    """Scores of one forecast.

    Parameters
    ----------
    draws : numpy.ndarray
        Shape (paths, horizon).
    outcomes : numpy.ndarray
        Shape (horizon,), NaN where unknown.
    scale : float
        Seasonal-naive error.
    origin : Origin
        Its history scales the root error; its month decides the place among ties.
    limits : numpy.ndarray
        Caps that applied, shape (tiers, horizon), NaN where there was none.

    Returns
    -------
    numpy.ndarray
        Months known; sums over them of CRPS and symmetric error; root, energy and variogram score,
        NaN where they do not apply; sum and number of scores above a cap; months by tenth of what
        was forecast.
    """
    known = np.isfinite(outcomes)
    ordered = np.sort(np.ascontiguousarray(draws.T), axis=1).T
    middle = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
    smape = symmetric_percentage_error(middle, outcomes)
    place = probability_transform(ordered, outcomes, origin.month.ordinal)[known]
    slots = np.minimum((place * PIT_BINS).astype(int), PIT_BINS - 1)
    joint = [np.nan, np.nan]
    if known.all():
        thin = draws[:: max(len(draws) // JOINT_PATHS, 1)]
        joint = [score(thin, outcomes) / scale for score in (energy_score, variogram_score)]
    # What is cut off at the cap stays in order.
    over = np.array(
        [crps_of_sorted(np.maximum(ordered, each), np.maximum(outcomes, each)) for each in limits]
    )
    capped = over[np.isfinite(over)] / scale
    return np.array(
        [
            known.sum(),
            crps_of_sorted(ordered, outcomes)[known].sum() / scale,
            smape[known].sum(),
            scaled_root_error(draws.mean(axis=0), outcomes, origin.history.values),
            *joint,
            capped.sum(),
            len(capped),
            *np.bincount(slots, minlength=PIT_BINS),
        ]
    )


def _means(scores: Floats) -> ModelEvidence:
    """Means of the scores of origins, shape (origins, `_scores`)."""

    def mean(values: Floats) -> float | None:
        finite = values[np.isfinite(values)]
        return float(finite.mean()) if len(finite) else None

    months, crps, smape, *_ = sums = scores.sum(axis=0)
    capped, over = sums[6:8]
    return ModelEvidence(
        crps=float(crps / months) if months else None,
        rmsse=mean(scores[:, 3]),
        smape=float(smape / months) if months else None,
        energy=mean(scores[:, 4]),
        variogram=mean(scores[:, 5]),
        cap_crps=float(capped / over) if over else None,
        pit=tuple((sums[8:] / max(months, 1.0)).tolist()),
    )


def _tests(backtest: Backtest, scored: Sequence[str], rows: npt.NDArray[np.int64]) -> _Tests | None:
    """Tests on each origin's mean scaled WIS; None with one model or too few origins."""
    months = min(backtest.horizon, len(rows) // FEWEST_STRETCHES)
    if len(scored) < 2 or months < 1:
        return None
    table = np.stack([backtest.scaled_interval_scores(m)[rows] for m in scored], axis=-1)
    losses = first_months(table, months)
    if len(losses) < FEWEST_STRETCHES * months:
        return None
    best = scored[int(losses.mean(axis=0).argmin())]
    reference = next((m for m in DEFAULTS if m in scored), best)
    against = losses[:, scored.index(reference)]
    dm = {}
    for column, model in enumerate(scored):
        test = diebold_mariano(losses[:, column] - against, months)
        if model != reference and test is not None:
            dm[model] = (test.statistic, test.p_value)
    return _Tests(reference, months, dm, model_confidence_set(losses, scored, months) or {})


def first_months(table: Floats, months: int) -> Floats:
    """Mean score of each origin over the first months ahead that all models have.

    Parameters
    ----------
    table : numpy.ndarray
        Scores, shape (n, horizon, models), NaN where unknown.
    months : int
        How many.

    Returns
    -------
    numpy.ndarray
        Shape (m, models), without the origins of which nothing is known.
    """
    near = table[:, :months]
    cells = np.asarray(np.isfinite(near).all(axis=-1))
    known = cells.any(axis=1)
    sums = np.where(cells[..., None], near, 0.0).sum(axis=1)[known]
    return np.asarray(sums / cells.sum(axis=1)[known, None], dtype=float)
