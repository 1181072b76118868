"""The contract of a competitor.

A model is stateless. `fit` turns a history into parameters, a small JSON-able dictionary; `paths`
filters a (possibly longer) history with given parameters and draws joint sample paths. Estimation
and filtering are apart, so new months can be filtered in without re-estimation, a model version
can be stored as JSON, and no pickle is ever needed.

Public methods validate, guard against implausible results and change scale; families implement
the private hooks on the model scale. The template follows sktime's, the null result fabletools'.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

from employment_forecast.data.errors import ShortHistoryError
from employment_forecast.features.airline import Completion, complete
from employment_forecast.features.calendar import GROUPS, Windows
from employment_forecast.features.history import (
    Borrowed,
    Covariate,
    History,
    Revisions,
    final_law,
)
from employment_forecast.models.effects import Policy, effects_of, forced_path
from employment_forecast.models.paths import Failure, Outcome, SamplePaths

Floats = npt.NDArray[np.float64]
Parameters = dict[str, Any]
Calendar = Literal["removed", "given", "ignored"]

SEASON = 12
# Times that months never published are drawn for families that need every month.
COMPLETIONS = 5


class ModelFailure(Exception):
    """Raised by a hook that cannot go on; becomes a `Failure` with this reason (Chinese)."""


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


@dataclass(frozen=True)
class ScaledCovariate:
    """An indicator beside the target, on its model scale.

    Attributes
    ----------
    code : str
        Indicator.
    values : numpy.ndarray
        float64, shape (m,), from the target's first month to the newest known one, which may lie
        before or after the target's last; NaN where unknown.
    log : bool
        Whether they are logarithms.
    breaks : tuple of int
        Positions of the first months of changed definitions.
    """

    code: str
    values: Floats
    log: bool = False
    breaks: tuple[int, ...] = ()

    def changes(self) -> Floats:
        """Monthly changes, shape (m - 1,); NaN where unknown or across a changed definition."""
        found = np.diff(self.values)
        found[[at - 1 for at in self.breaks if 0 < at <= len(found)]] = np.nan
        return np.asarray(found, dtype=np.float64)


@dataclass(frozen=True)
class Scaled:
    """What a hook sees: the series on the model scale.

    Attributes
    ----------
    z : numpy.ndarray
        float64, shape (n,), transformed values.
    months : pandas.PeriodIndex
        Their months.
    known : numpy.ndarray
        float64, shape (n + ahead, k): calendar regressors, past rows first, of families that use
        them themselves; no column for the others.
    beside : tuple of ScaledCovariate
        Indicators as far as they were known.
    logs : bool
        The model scale is the natural logarithm.
    gaps : Completion or None
        Law of the months never published; None where there are none, or where `z` is NaN there.
    revised : Completion or None
        Law of the final figures of the last months, where those published are corrected later;
        `z` holds their mean.
    since : int
        Position of the first month under the definition now in force. The level of earlier months
        is brought to it; what ties them to other series, such as flows, is not.
    borrowed : Borrowed or None
        What other regions lend to a short series.
    digit : float
        One unit of the last printed digit at the newest value.
    """

    z: Floats
    months: pd.PeriodIndex
    known: Floats
    beside: tuple[ScaledCovariate, ...] = ()
    logs: bool = False
    since: int = 0
    gaps: Completion | None = None
    revised: Completion | None = None
    borrowed: Borrowed | None = None
    digit: float = 0.0

    def finals(self) -> list[Scaled]:
        """The series with final figures drawn for the last months, `COMPLETIONS` times."""
        assert self.revised is not None
        found = []
        for each in _strata(len(self.revised.missing)):
            z = self.revised.drawn(each)
            gaps = self.gaps if self.gaps is None else replace(self.gaps, values=z)
            found.append(replace(self, z=z, gaps=gaps, revised=None))
        return found

    def completed(self) -> list[Scaled]:
        """The series with values drawn for the missing months, `COMPLETIONS` times.

        One draw of each month lies in each stratum of its law; the same for every family.
        """
        assert self.gaps is not None
        normals = _strata(len(self.gaps.missing))
        return [replace(self, z=self.gaps.drawn(each), gaps=None) for each in normals]

    def masked(self) -> Scaled:
        """The series with NaN in the months never published."""
        assert self.gaps is not None
        z = self.z.copy()
        z[self.gaps.missing] = np.nan
        return replace(self, z=z, gaps=None)

    def past(self) -> Floats:
        """Regressors of the observed months, shape (n, k)."""
        return self.known[: len(self.z)]

    def future(self, horizon: int) -> Floats:
        """Regressors of the months ahead, shape (horizon, k)."""
        return self.known[len(self.z) : len(self.z) + horizon]


def _strata(count: int) -> Floats:
    """Standard normals of so many months, shape (COMPLETIONS, count), one in each stratum."""
    strata = (np.arange(COMPLETIONS) + 0.5) / COMPLETIONS
    levels = ndtri(strata) / np.std(ndtri(strata))
    return np.random.default_rng(count).permuted(np.tile(levels, (count, 1)), axis=1).T


def scale(history: History, calendar: Parameters) -> tuple[Scaled, Floats]:
    """Put a history on its model scale and take out what known regressors explain.

    Parameters
    ----------
    history : History
        As of the origin. Its forced effects (steps of changed definitions) are estimated on it,
        whatever earlier month the parameters come from: they belong to the data.
    calendar : dict
        Optional effects as they were when the parameters were estimated: `windows` of the
        festival, coefficients to take out (`effects`) or names of columns to hand over
        (`columns`). Empty for families that ignore the calendar.

    Returns
    -------
    data : Scaled
        Values freed of the effects.
    ahead : numpy.ndarray
        Shape (months ahead,): the effects of the months to come, to be added to what the family
        forecasts. A step is taken out of the past, which is raised to the new level, and stays,
        so paths go on there.
    """
    n = len(history)
    explained = forced_path(history)
    known = np.zeros((len(explained), 0))
    if calendar:
        table = history.optional(Windows(*(tuple(window) for window in calendar["windows"])))
        effects = calendar.get("effects", {})
        if effects:
            explained += table[list(effects)].to_numpy() @ np.array(list(effects.values()))
        known = table[calendar.get("columns", [])].to_numpy()
    beside = tuple(_beside(history, each) for each in history.lagged)
    logs = history.transform == "log"
    z = history.scaled - explained[:n]
    steps = [b.month for b in history.breaks if b.treatment == "dummy"]
    since = max((int(month.ordinal - history.start.ordinal) for month in steps), default=0)
    gaps = None
    if history.missing.any():
        # Once more than in `History.scaled`: here the effects are out of the neighbouring months.
        gaps = complete(np.where(history.missing, np.nan, z), np.zeros((n, 0)))
        z = gaps.values
    revised = None
    if history.revisions is not None:
        revised = _final_figures(z, history.revisions)
        z = revised.values
        gaps = gaps if gaps is None else replace(gaps, values=z)
    digit = history.precision / (history.values[-1] if logs else 1.0)
    scaled = Scaled(
        z, history.months, known, beside, logs, since, gaps, revised, history.borrowed, digit
    )
    return scaled, explained[n:]


def _final_figures(z: Floats, law: Revisions) -> Completion:
    mean, covariance = final_law(z, law)
    values, sizes = z.copy(), np.linalg.eigh(covariance)
    values[-len(mean) :] = mean
    at = np.arange(len(z) - len(mean), len(z))
    return Completion(values, at, sizes[1] * np.sqrt(np.maximum(sizes[0], 0.0)))


def _carried(history: History, horizon: int, n_paths: int, seed: int) -> Floats:
    """Errors of forced effects that are still changing, shape (n_paths, horizon) or broadcast.

    Whoever takes the effect to be larger by one standard error forecasts from a level that much
    lower and adds that much more later on: what remains is the change of the profile since the
    origin. It is nothing for a step, all of it for a pulse that ends at the origin.
    """
    n = len(history)
    profiles = history.forced.to_numpy()
    change = profiles[n : n + horizon] - profiles[n - 1]
    if not change.any():
        return np.zeros((1, 1))
    found = effects_of(history).errors
    errors = np.array([found[name] for name in history.forced.columns])
    # A stream of its own: the draws of the family stay as they are without an event.
    normal = np.random.default_rng([seed, 1]).standard_normal((n_paths, len(errors)))
    return np.asarray((normal * errors) @ change.T, dtype=np.float64)


def _beside(history: History, each: Covariate) -> ScaledCovariate:
    values = np.log(each.values) if each.transform == "log" else each.values
    late = int(each.start.ordinal - history.start.ordinal)
    if late < 0:
        values = values[-late:]
    padded = np.concatenate([np.full(max(late, 0), np.nan), values])
    breaks = tuple(int(b.ordinal - history.start.ordinal) for b in each.breaks)
    return ScaledCovariate(each.indicator, padded, each.transform == "log", breaks)


@contextmanager
def quietly() -> Iterator[None]:
    """Keep numerical warnings of the libraries off the terminal; results are guarded instead."""
    # Recorded as well as ignored: a library imported inside the block may add filters of its own
    # that let its warnings through.
    with warnings.catch_warnings(record=True), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


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
        _demand_storable(parameters)
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
            draws = draws + ahead[:horizon] + _carried(history, horizon, n_paths, seed)
            values = np.exp(draws) if history.transform == "log" else np.asarray(draws, dtype=float)
        if values.shape != (n_paths, horizon):
            raise ModelFailure(f"模拟路径形状为 {values.shape}，应为 {(n_paths, horizon)}")
        _demand_plausible(values, history)
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
            self._paths(z, found, horizon, max(most, 2), rng)
            for z, found in zip(series, given, strict=True)
        ]
        # In turn, so that any first part of the paths holds every completion.
        return np.stack(drawn, axis=1).reshape(-1, horizon)[:n_paths]

    def estimate(self, history: History) -> Parameters | Failure:
        """`fit`, with any failure as an explicit null result."""
        try:
            return self.fit(history)
        # A failing library must not stop the competition, nor one that wants to leave.
        except (Exception, SystemExit) as error:  # noqa: BLE001
            return _failure(error)

    def draw(
        self, history: History, parameters: Parameters, horizon: int, n_paths: int, seed: int
    ) -> Outcome:
        """`paths`, with any failure as an explicit null result."""
        try:
            return self.paths(history, parameters, horizon, n_paths, seed)
        except (Exception, SystemExit) as error:  # noqa: BLE001
            return _failure(error)

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
        found = effects_of(history, self.policy)
        if self.calendar == "removed":
            return {"windows": [list(w) for w in found.windows], "effects": dict(found.optional)}
        # Shrinkage suits short histories too, in which the criterion would not try the festival.
        columns = [*GROUPS["festival"], *(c for c in found.optional if c in GROUPS["working_days"])]
        return {"windows": [list(w) for w in found.windows], "columns": columns}

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


def _failure(error: Exception | SystemExit) -> Failure:
    """Reason of a failure: our own in Chinese as it is, a library's with its type."""
    if isinstance(error, ShortHistoryError):
        return Failure(error.message)
    if isinstance(error, ModelFailure):
        return Failure(str(error))
    return Failure(f"{type(error).__name__}: {error}", passing=True)


def _demand_storable(value: Any) -> None:
    """Refuse parameters that are not finite or that JSON cannot hold."""
    if isinstance(value, dict):
        for key, each in value.items():
            if not isinstance(key, str):
                raise ModelFailure(f"估计结果的键应为文字，不是 {key!r}")
            _demand_storable(each)
    elif isinstance(value, list | tuple):
        for each in value:
            _demand_storable(each)
    elif isinstance(value, float):
        if not np.isfinite(value):
            raise ModelFailure("估计结果不是有限的数")
    elif not (value is None or isinstance(value, str | int | bool)):
        raise ModelFailure(f"估计结果含有不能写成 JSON 的 {type(value).__name__}")


def _demand_plausible(values: Floats, history: History) -> None:
    """Refuse exploding forecasts: medians far outside anything the series ever did."""
    if not (np.abs(values) < np.finfo(np.float32).max).all():
        raise ModelFailure("模拟路径含有非有限的数")
    low, high = np.nanmin(history.values), np.nanmax(history.values)
    # A series that has not moved by a printed digit may move by one.
    room = 2.0 * max(high - low, history.precision)
    lower, median, upper = np.quantile(values, [0.25, 0.5, 0.75], axis=0)
    if median.max() > high + room or median.min() < min(low - room, low / 4):
        raise ModelFailure("预测中位数远离历史取值范围，视为发散")
    # What a series of less than a year ranged over is not what it can range over.
    least = 0.05 if len(history) > SEASON else 0.25
    if (upper - lower).max() > 4.0 * max(high - low, abs(high) * least, history.precision):
        raise ModelFailure("预测区间远宽于历史波动，视为发散")
