"""The contract of a competitor.

A model is stateless. `fit` turns a history into parameters, a small JSON-able dictionary; `paths`
filters a (possibly longer) history with given parameters and draws joint sample paths. Estimation
and filtering are apart, so new months can be filtered in without re-estimation, a model version
can be stored as JSON, and no pickle is ever needed.

Public methods validate, guard against implausible results and change scale; families implement
the private hooks on the model scale. The template follows sktime's, the null result fabletools'.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from employment_forecast.data.errors import ShortHistoryError
from employment_forecast.features.calendar import GROUPS
from employment_forecast.features.history import History
from employment_forecast.models.effects import Policy, effects_of
from employment_forecast.models.guards import (
    ModelFailure,
    demand_plausible,
    demand_storable,
    failure_of,
    quietly,
)
from employment_forecast.models.paths import Failure, Outcome, SamplePaths
from employment_forecast.models.scale import (
    COMPLETIONS,
    SEASON,
    Floats,
    Parameters,
    Scaled,
    ScaledCovariate,
    carried_errors,
    scale,
)

# Whoever writes a model needs no other module.
__all__ = [
    "COMPLETIONS",
    "SEASON",
    "Calendar",
    "Competitor",
    "Floats",
    "ModelFailure",
    "Parameters",
    "Scaled",
    "ScaledCovariate",
    "Tags",
    "quietly",
    "scale",
]

Calendar = Literal["removed", "given", "ignored"]


@dataclass(frozen=True)
class Tags:
    """Declared abilities.

    Attributes
    ----------
    min_months : int
        Fewest months of history.
    floor : bool
        A simple floor: always competes, and nothing it beats is promoted.
    filters : bool
        True if parameters of an earlier origin can be used to filter in later months; False if
        the model is to be fitted at every origin.
    cost : float
        Rough relative CPU cost of one fit, for scheduling only.
    targets : tuple of str
        Indicators it is made for; empty for all.
    needs : tuple of str
        Indicators beside the target without which it gives a null result.
    opt_in : bool
        True if it competes only where it is named.
    skips_missing : bool
        True if the hooks take NaN for a month that was never published and leave it out of
        likelihood and filter; else they see values drawn for it, several times.
    """

    min_months: int
    floor: bool = False
    filters: bool = True
    cost: float = 1.0
    targets: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    opt_in: bool = False
    skips_missing: bool = False


class Competitor(ABC):
    """Base of every competing model.

    Attributes
    ----------
    name : str
        Stable code used in JSON, settings and MLflow.
    label : str
        Chinese name for reports.
    tags : Tags
        Declared abilities.
    version : int
        Raised whenever the numbers change, so that cached cells are not reused.
    calendar : {"removed", "given", "ignored"}
        What happens to optional calendar effects: taken out before the hooks see the series and
        put back afterwards, where a criterion asks for it; the columns handed over, for a family
        that weighs them itself; nothing. Never both, so no effect counts twice. Forced effects
        are taken out for every family.
    policy : {"automatic", "none", "default", "chosen"}
        Which optional effects, see `models.effects.effects.effects_of`.
    events : bool
        Whether declared events are among the forced effects. Not for a family that ties the series
        to others which hold the event as well, such as a stock to its flows.
    """

    name: str
    label: str
    tags: Tags
    version: int = 1
    calendar: Calendar = "given"
    policy: Policy = "automatic"
    events: bool = True

    @property
    def settings(self) -> dict[str, Any]:
        """Settings that identify this variant, JSON-able; part of a cell's identity."""
        return {}

    def fit(self, history: History) -> Parameters:
        """Estimate parameters.

        Parameters
        ----------
        history : History
            At least `tags.min_months` long.

        Returns
        -------
        dict
            JSON-able parameters on the model scale; `calendar` holds the calendar effects.

        Raises
        ------
        ShortHistoryError
            If the history is too short.
        ModelFailure
            If the estimation does not end in finite parameters.
        """
        self._demand_length(history)
        history = self._seen(history)
        with quietly():
            calendar = self._calendar(history)
            data, _ = scale(history, calendar)
            parameters = {**self._fit_all(data), "calendar": calendar}
        demand_storable(parameters)
        return parameters

    def paths(
        self, history: History, parameters: Parameters, horizon: int, n_paths: int, seed: int
    ) -> SamplePaths:
        """Draw joint sample paths of the months after the history.

        Parameters
        ----------
        history : History
            Everything known at the origin; may be longer than the one `fit` saw.
        parameters : dict
            From `fit`.
        horizon, n_paths : int
            Shape of the result.
        seed : int
            Same history, parameters and seed give the same bytes.

        Returns
        -------
        SamplePaths
            In the indicator's unit, finite and within plausible bounds.

        Raises
        ------
        ShortHistoryError
            If the history is too short.
        ModelFailure
            If the draws are not finite or leave all plausible bounds.
        """
        self._demand_length(history)
        if horizon < 1 or n_paths < 2:
            raise ValueError("horizon must be at least 1 and n_paths at least 2")
        history = self._seen(history)
        with quietly():
            data, ahead = scale(history, parameters.get("calendar", {}))
            rng = np.random.default_rng(seed)
            draws = self._paths_all(data, parameters, horizon, n_paths, rng)
            draws = draws + ahead[:horizon] + carried_errors(history, horizon, n_paths, seed)
            values = np.exp(draws) if history.transform == "log" else np.asarray(draws, dtype=float)
        if values.shape != (n_paths, horizon):
            raise ModelFailure(f"模拟路径形状为 {values.shape}，应为 {(n_paths, horizon)}")
        demand_plausible(values, history)
        if not history.signed:
            values = np.maximum(values, 0.0)
        if history.kind == "rate":
            values = np.minimum(values, 100.0)
        # Single precision is far below any published digit and halves what the cell cache keeps;
        # rounding here gives fresh and cached cells the same bytes.
        return SamplePaths(values.astype(np.float32).astype(np.float64), history.origin)

    def _fit_all(self, data: Scaled) -> Parameters:
        """`_fit`, on every completion of a series with missing months."""
        if data.gaps is None:
            return self._fit(data)
        if self.tags.skips_missing:
            return self._fit(data.masked())
        return {"completions": [self._fit(each) for each in data.completed()]}

    def _paths_all(
        self,
        data: Scaled,
        parameters: Parameters,
        horizon: int,
        n_paths: int,
        rng: np.random.Generator,
    ) -> Floats:
        """`_paths`, an equal share of them from every draw of final and of missing figures."""
        if data.revised is not None:
            share = max(-(-n_paths // COMPLETIONS), 2)
            drawn = [
                self._paths_all(each, parameters, horizon, share, rng) for each in data.finals()
            ]
            return np.stack(drawn, axis=1).reshape(-1, horizon)[:n_paths]
        if data.gaps is not None and self.tags.skips_missing:
            return self._paths(data.masked(), parameters, horizon, n_paths, rng)
        fitted = parameters.get("completions")
        if data.gaps is None and fitted is None:
            return self._paths(data, parameters, horizon, n_paths, rng)
        # A month missing when the parameters were estimated may be known by now, and the reverse.
        series = [data] * COMPLETIONS if data.gaps is None else data.completed()
        given = [parameters] * COMPLETIONS if fitted is None else fitted
        most = -(-n_paths // COMPLETIONS)
        drawn = [
            self._paths(z, fit, horizon, max(most, 2), rng)
            for z, fit in zip(series, given, strict=True)
        ]
        # In turn, so that any first part of the paths holds every completion.
        return np.stack(drawn, axis=1).reshape(-1, horizon)[:n_paths]

    def estimate(self, history: History) -> Parameters | Failure:
        """`fit`, with any failure as an explicit null result."""
        try:
            return self.fit(history)
        # A failing library must not stop the competition, nor one that wants to leave.
        except (Exception, SystemExit) as error:  # noqa: BLE001
            return failure_of(error)

    def draw(
        self, history: History, parameters: Parameters, horizon: int, n_paths: int, seed: int
    ) -> Outcome:
        """`paths`, with any failure as an explicit null result."""
        try:
            return self.paths(history, parameters, horizon, n_paths, seed)
        except (Exception, SystemExit) as error:  # noqa: BLE001
            return failure_of(error)

    def forecast(self, history: History, horizon: int, n_paths: int, seed: int) -> Outcome:
        """Fit and draw at one origin; a failure becomes an explicit null result."""
        parameters = self.estimate(history)
        if isinstance(parameters, Failure):
            return parameters
        return self.draw(history, parameters, horizon, n_paths, seed)

    def _calendar(self, history: History) -> Parameters:
        """Optional calendar effects as parameters, see `scale`."""
        if self.calendar == "ignored":
            return {}
        effects = effects_of(history, self.policy)
        if self.calendar == "removed":
            return {
                "windows": [list(w) for w in effects.windows],
                "effects": dict(effects.optional),
            }
        # Shrinkage suits short histories too, in which the criterion would not try the festival.
        columns = [
            *GROUPS["festival"],
            *(c for c in effects.optional if c in GROUPS["working_days"]),
        ]
        return {"windows": [list(w) for w in effects.windows], "columns": columns}

    def _seen(self, history: History) -> History:
        """The history with the events this family is to be freed of."""
        return history if self.events or not history.shocks else replace(history, shocks=())

    def _demand_length(self, history: History) -> None:
        published = int(len(history) - history.missing.sum())
        if published < self.tags.min_months:
            raise ShortHistoryError(
                f"历史只有 {published} 个月，{self.label}至少需要 {self.tags.min_months} 个月"
            )

    @abstractmethod
    def _fit(self, data: Scaled) -> Parameters:
        """Estimate on the model scale."""

    @abstractmethod
    def _paths(
        self,
        data: Scaled,
        parameters: Parameters,
        horizon: int,
        n_paths: int,
        rng: np.random.Generator,
    ) -> Floats:
        """Draw paths on the model scale, shape (n_paths, horizon)."""
