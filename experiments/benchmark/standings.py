"""From cells to competitors: combinations, the choice at each origin, calibration, cap events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.experiments.benchmark.cells import Plan, cpu_seconds, load_origin
from employment_forecast.features.history import History
from employment_forecast.forecasting.competition import (
    DEFAULTS,
    Calibration,
    Choice,
    PooledEvidence,
    choose_pooled,
    combinations_at,
    learned_weights,
    uncalibrated,
)
from employment_forecast.forecasting.scoring import seasonal_scale
from employment_forecast.models import roster
from employment_forecast.models.combining import MEMBERS, pooled_shifts
from employment_forecast.models.paths import LEVELS, SamplePaths

Floats = npt.NDArray[np.float64]

COMBINATION, POOLED, WEIGHTED = roster.COMBINATION, roster.POOLED, roster.WEIGHTED
CHAMPION = "champion"
SEASON = 12

Forecasts = dict[str, dict[str, SamplePaths]]


@dataclass(frozen=True)
class Standing:
    """All that is reported of one origin.

    Attributes
    ----------
    origin : pandas.Period
        Last known month.
    histories : dict
        By series id.
    forecasts : dict
        Paths by competitor and series id; a failed cell is absent.
    quantiles : dict
        Mean and the nine quantiles, shape (horizon, 10), by competitor and series id.
    choice : Choice
        Champion for the origin.
    calibration : Calibration
        Applied to its paths.
    """

    origin: pd.Period
    histories: Mapping[str, History]
    forecasts: Forecasts
    quantiles: Mapping[str, Mapping[str, Floats]]
    choice: Choice
    calibration: Calibration


@dataclass
class Times:
    """CPU seconds and forecasts by competitor."""

    seconds: dict[str, float] = field(default_factory=dict)
    cells: dict[str, int] = field(default_factory=dict)

    def add(self, model: str, seconds: float, cells: int) -> None:
        """Add to what a competitor took."""
        self.seconds[model] = self.seconds.get(model, 0.0) + seconds
        self.cells[model] = self.cells.get(model, 0) + cells


def event_shares(paths: SamplePaths, history: History) -> tuple[float, float]:
    """Probabilities of the two cap events, as shares of joint paths."""
    year = paths.values[:, :SEASON]
    p_any = (year.max(axis=1) > np.nanmax(history.values[-SEASON:])).mean()
    return float(p_any), float((year[:, -1] > history.values[-1]).mean())


class _Collected:
    """Evidence that grows with the origins."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._names = list(plan.panel.series)
        self._months: list[pd.Period] = []
        self._outcomes: list[Floats] = []
        self._scales: list[Floats] = []
        self._quantiles: dict[str, list[Floats]] = {}

    def evidence(self, origin: pd.Period) -> PooledEvidence:
        """What is known at an origin."""
        shape = (0, len(self._names), self._plan.horizon)
        whole = PooledEvidence(
            pd.PeriodIndex(self._months, freq="M"),
            np.array(self._outcomes).reshape(-1, *shape[1:]),
            np.array(self._scales).reshape(-1, shape[1]),
            {m: np.array(q) for m, q in self._quantiles.items()},
        )
        return whole.known_at(origin)

    def add(
        self,
        origin: pd.Period,
        histories: Mapping[str, History],
        quantiles: Mapping[str, Mapping[str, Floats]],
    ) -> None:
        """Keep an origin's forecasts beside what came later; `evidence` shows it in its time."""
        horizon = self._plan.horizon
        self._months.append(origin)
        self._outcomes.append(
            np.array([self._plan.panel.outcome(s, origin, horizon) for s in self._names])
        )
        self._scales.append(
            np.array(
                [
                    seasonal_scale(histories[s].values) if s in histories else np.nan
                    for s in self._names
                ]
            )
        )
        nothing = np.full((horizon, len(LEVELS)), np.nan)
        for model, by_series in quantiles.items():
            rows = [by_series[s][:, 1:] if s in by_series else nothing for s in self._names]
            self._quantiles.setdefault(model, []).append(np.array(rows))


def _combinations(
    forecasts: Forecasts,
    histories: Mapping[str, History],
    members: Sequence[str],
    evidence: PooledEvidence,
    plan: Plan,
    times: Times,
) -> None:
    """Add the combinations to the forecasts of an origin."""
    started = cpu_seconds()
    known = [m for m in members if m in evidence.quantiles]
    weights = learned_weights(evidence, known) if known else {}
    times.add(WEIGHTED, cpu_seconds() - started, 0)
    names = list(histories)
    started = cpu_seconds()
    shifts = pooled_shifts([histories[s] for s in names], plan.horizon)
    times.add(POOLED, cpu_seconds() - started, 0)
    for name, shift in zip(names, shifts, strict=True):
        given = {m: forecasts[m][name] for m in members if name in forecasts[m]}
        if not given:
            continue
        started = cpu_seconds()
        made = combinations_at(given, weights, shift, histories[name], plan.seed)
        times.add(COMBINATION, cpu_seconds() - started, 1)
        for model, paths in made.items():
            forecasts.setdefault(model, {})[name] = paths
            times.add(model, 0.0, int(model != COMBINATION))


def _champion(
    choice: Choice,
    forecasts: Forecasts,
    histories: Mapping[str, History],
    calibration: Calibration,
) -> dict[str, SamplePaths]:
    """Calibrated paths of the chosen model; where it failed, of the first that did not."""
    order = [choice.model, POOLED, COMBINATION, *sorted(forecasts)]
    paths = {}
    for name, history in histories.items():
        model = next((m for m in order if name in forecasts.get(m, {})), None)
        if model is not None:
            paths[name] = calibration.apply(forecasts[model][name], history.transform == "log")
    return paths


def standings(
    plan: Plan, origins: Sequence[pd.Period], file: Path, times: Times
) -> Iterator[Standing]:
    """Go through the origins in order of time, knowing at each what was known then."""
    collected = _Collected(plan)
    members = [m for m in MEMBERS if m in plan.models]
    for origin in origins:
        forecasts: Forecasts = {m: {} for m in plan.models}
        histories: dict[str, History] = {}
        for model, name, cell, outcome, seconds in load_origin(plan, origin, file):
            histories[name] = cell.origin.history
            times.add(model, seconds, 1)
            if isinstance(outcome, SamplePaths):
                forecasts[model][name] = outcome
        evidence = collected.evidence(origin)
        _combinations(forecasts, histories, members, evidence, plan, times)
        defaults = [m for m in DEFAULTS if m in forecasts] or list(forecasts)[:1]
        started = cpu_seconds()
        choice = choose_pooled(evidence, roster.floors(), defaults, roster.label)
        log = all(h.transform == "log" for h in histories.values())
        calibration = _calibration(evidence, choice.model, log, plan.horizon)
        chosen = _champion(choice, forecasts, histories, calibration)
        times.add(CHAMPION, cpu_seconds() - started, len(chosen))
        quantiles = {m: _summaries(paths) for m, paths in forecasts.items()}
        collected.add(origin, histories, quantiles)
        forecasts[CHAMPION] = chosen
        quantiles[CHAMPION] = _summaries(chosen)
        yield Standing(origin, histories, forecasts, quantiles, choice, calibration)


def _summaries(forecasts: Mapping[str, SamplePaths]) -> dict[str, Floats]:
    return {s: np.column_stack([p.mean(), p.quantiles()]) for s, p in forecasts.items()}


def _calibration(evidence: PooledEvidence, model: str, log: bool, horizon: int) -> Calibration:
    if model not in evidence.quantiles:
        return uncalibrated(horizon)
    return evidence.calibration(model, log)
