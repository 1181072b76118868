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
from employment_forecast.forecasting.backtest import Backtest, Origin
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

Floats = npt.NDArray[np.float64]

# Of the 90 % model confidence set.
IN_SET = 0.1
PIT_BINS = 10
# Paths are exchangeable: for scores of pairs of paths some hundred are enough.
JOINT_PATHS = 125


@dataclass(frozen=True)
class ModelEvidence:
    """What is said of one model beside its leaderboard line; None where it does not apply.

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
) -> dict[str, ModelEvidence]:
    """Further scores and tests of all models that the leaderboard scores."""
    scored, common = common_origins(backtest)
    rows = np.flatnonzero(common)
    if not len(rows):
        return {}
    at = {origin.month: i for i, origin in enumerate(origins)}
    chosen = [at[month] for month in backtest.months[rows]]
    tests = _tests(backtest, scored, rows)
    found = {}
    for model in scored:
        paths = [forecasts[model][i] for i in chosen]
        draws = [p.values[:, : backtest.horizon] for p in paths if isinstance(p, SamplePaths)]
        dm = tests.dm.get(model) if tests else None
        p_value = tests.set_p.get(model) if tests else None
        scores = _scores(np.stack(draws), backtest, rows, [origins[i] for i in chosen], events)
        found[model] = replace(
            scores,
            reference=tests.reference if tests and model != tests.reference else None,
            tested_months=tests.months if tests else None,
            dm_statistic=dm[0] if dm else None,
            dm_p=dm[1] if dm else None,
            set_p=p_value,
            in_confidence_set=None if p_value is None else p_value >= IN_SET,
        )
    return found


def _mean(cells: Floats) -> float | None:
    known = cells[np.isfinite(cells)]
    return float(known.mean()) if len(known) else None


def _scores(
    draws: Floats,
    backtest: Backtest,
    rows: npt.NDArray[np.int64],
    origins: Sequence[Origin],
    events: CapEvents | None,
) -> ModelEvidence:
    """Scores from draws of shape (origins, paths, horizon)."""
    outcomes, scales = backtest.outcomes[rows], backtest.scales[rows]
    # Draws of one cell lie together in memory, which sorting them needs most.
    ordered = np.moveaxis(np.sort(np.ascontiguousarray(np.moveaxis(draws, 1, 2)), axis=2), 2, 0)
    middle = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
    known = np.isfinite(outcomes)
    whole = np.flatnonzero(known.all(axis=1))
    root = [
        scaled_root_error(d.mean(axis=0), y, o.history.values)
        for d, y, o in zip(draws, outcomes, origins, strict=True)
    ]
    smape = symmetric_percentage_error(middle, outcomes)
    place = probability_transform(ordered, outcomes)[known]
    slots = np.minimum((place * PIT_BINS).astype(int), PIT_BINS - 1)
    thin = draws[:, :: max(draws.shape[1] // JOINT_PATHS, 1)]
    above = [
        # What is cut off at the cap stays in order.
        crps_of_sorted(np.maximum(ordered, limits), np.maximum(outcomes, limits)) / scales[:, None]
        for limits in ([c[rows] for c in events.caps.values()] if events else ())
    ]
    return ModelEvidence(
        crps=_mean(crps_of_sorted(ordered, outcomes) / scales[:, None]),
        rmsse=_mean(np.array(root)),
        smape=_mean(np.where(known, smape, np.nan)),
        energy=_mean(np.array([energy_score(thin[i], outcomes[i]) / scales[i] for i in whole])),
        variogram=_mean(
            np.array([variogram_score(thin[i], outcomes[i]) / scales[i] for i in whole])
        ),
        cap_crps=_mean(np.concatenate(above)) if above else None,
        pit=tuple((np.bincount(slots, minlength=PIT_BINS) / max(len(slots), 1)).tolist()),
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
