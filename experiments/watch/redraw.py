"""Draw a version's forecast again: the same model and settings on data of one's choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from employment_forecast.data.catalogue import Series
from employment_forecast.data.errors import NoModelError
from employment_forecast.data.records import Vintages
from employment_forecast.experiments.registry import StoredForecast
from employment_forecast.features.history import History, ModelInputs, neighbours_identity
from employment_forecast.forecasting.backtest import CellCache, Progress
from employment_forecast.forecasting.competition import Options, rechosen
from employment_forecast.forecasting.competition.compete import compete
from employment_forecast.models import roster
from employment_forecast.models.combining import MEMBERS
from employment_forecast.models.paths import SamplePaths

Floats = npt.NDArray[np.float64]
# On another machine or other releases of the libraries sums are rounded differently.
RELATIVE = 1e-6
_USUAL_HORIZON, _USUAL_ORIGINS = 12, 36


@dataclass(frozen=True)
class Material:
    """Where data to draw from come from.

    Attributes
    ----------
    vintages : Vintages
        The series with its publication days.
    around : ModelInputs
        Indicators beside it and the same indicator of other regions.
    cache : CellCache or None
        Keeps cells; None computes everything anew.
    jobs : int
        Worker processes.
    """

    vintages: Vintages
    around: ModelInputs
    cache: CellCache | None = None
    jobs: int = 1


def _models(model: str, competed: Sequence[str]) -> tuple[str, ...]:
    if model not in roster.COMBINATIONS:
        return (model,)
    members = [m for m in MEMBERS if not competed or m in competed]
    return (*members, model)


def redraw(
    series: Series,
    facts: Mapping[str, Any],
    material: Material,
    as_of: date,
    reach: int,
    progress: Progress | None = None,
) -> tuple[History, SamplePaths]:
    """Forecast again with the model and the settings that a version was made with."""
    model = str(facts["model"])
    if model not in roster.names():
        raise NoModelError(
            f"模型“{facts.get('model_label', model)}”已不在参赛名单中，无法重算。",
            "请改用仍在名单中的模型的版本，或装回当时的程序版本。",
        )
    options = facts.get("options", {})
    horizon = int(options.get("horizon", _USUAL_HORIZON))
    result = compete(
        series,
        material.vintages,
        as_of,
        (),
        Options(
            models=_models(model, options.get("models", ())),
            horizon=horizon,
            origins=int(options.get("origins", _USUAL_ORIGINS)),
            n_paths=int(facts["paths"]),
            seed=int(facts["seed"]),
            jobs=material.jobs,
            gaps=str(options.get("gaps", "refuse")),
            reach=reach,
        ),
        material.cache,
        progress,
        material.around,
    )
    return result.history, rechosen(result, model, "").champion_paths


@dataclass(frozen=True)
class Verification:
    """A version held against its forecast drawn again from the recorded data.

    Attributes
    ----------
    state : {"equal", "close", "different", "data_changed"}
        The same numbers; the same to one part in a million; other numbers; or the store no longer
        gives the data that the version was made from.
    largest : float or None
        Largest relative difference of any path in any month.
    months : tuple of (str, float, float, float)
        Per month: median kept, median drawn again, largest relative difference.
    code_then, code_now : str
        Program and libraries.
    """

    state: str
    largest: float | None
    months: tuple[tuple[str, float, float, float], ...]
    code_then: str
    code_now: str

    @property
    def passed(self) -> bool:
        """Equal, or equal to one part in a million on another program or library version."""
        return self.state == "equal" or (self.state == "close" and self.code_then != self.code_now)


def differences(kept: SamplePaths, again: SamplePaths) -> Floats:
    """Largest relative difference of the paths in each month, shape (horizon,)."""
    size = np.maximum(np.abs(kept.values), np.abs(again.values))
    gap = np.abs(kept.values - again.values)
    relative = np.divide(gap, size, out=np.zeros_like(gap), where=size > 0)
    return np.asarray(relative.max(axis=0), dtype=float)


def verify(
    series: Series,
    stored: StoredForecast,
    material: Material,
    code_now: str,
    progress: Progress | None = None,
) -> Verification:
    """Refit a version from the recorded data and compare.

    Parameters
    ----------
    series : Series
        What is forecast.
    stored : StoredForecast
        The version, read back.
    material : Material
        Data, looked at as of the version's day; without a cache, so that everything is computed.
    code_now : str
        Program and libraries at work.
    progress : callable, optional
        As for `redraw`.

    Returns
    -------
    Verification
    """
    facts, kept = stored.facts, stored.paths
    as_of = date.fromisoformat(facts["as_of"])
    code_then = str(facts["code_version"])
    inputs = facts.get("neighbours") or ""
    if inputs not in (
        "",
        neighbours_identity(material.around.neighbours, series.indicator, as_of),
    ):
        return Verification("data_changed", None, (), code_then, code_now)
    history, again = redraw(series, facts, material, as_of, kept.horizon, progress)
    if history.fingerprint != facts["data_fingerprint"] or again.horizon != kept.horizon:
        return Verification("data_changed", None, (), code_then, code_now)
    worst = differences(kept, again)
    middles = np.median(kept.values, axis=0), np.median(again.values, axis=0)
    months = tuple(
        (str(month), float(then), float(now), float(gap))
        for month, then, now, gap in zip(kept.months, *middles, worst, strict=True)
    )
    largest = float(worst.max())
    state = "equal" if largest == 0 else "close" if largest <= RELATIVE else "different"
    return Verification(state, largest, months, code_then, code_now)
