"""A history on the scale on which models work: what their hooks see, and what is added after."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

from employment_forecast.features.airline import Completion, complete
from employment_forecast.features.calendar import Windows
from employment_forecast.features.history import (
    Borrowed,
    Covariate,
    History,
    Revisions,
    final_law,
)
from employment_forecast.models.effects import effects_of, forced_path

Floats = npt.NDArray[np.float64]
Parameters = dict[str, Any]

SEASON = 12
# Times that months never published are drawn for families that need every month.
COMPLETIONS = 5


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
        changes = np.diff(self.values)
        changes[[at - 1 for at in self.breaks if 0 < at <= len(changes)]] = np.nan
        return np.asarray(changes, dtype=np.float64)


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
        finals = []
        for each in _strata(len(self.revised.missing)):
            z = self.revised.drawn(each)
            gaps = self.gaps if self.gaps is None else replace(self.gaps, values=z)
            finals.append(replace(self, z=z, gaps=gaps, revised=None))
        return finals

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
        if columns := calendar.get("columns"):
            known = table[columns].to_numpy()
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


def carried_errors(history: History, horizon: int, n_paths: int, seed: int) -> Floats:
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
    error_of = effects_of(history).errors
    errors = np.array([error_of[name] for name in history.forced.columns])
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
