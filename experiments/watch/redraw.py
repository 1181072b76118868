"""Draw a version's forecast again: the same model and settings on data of one's choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from employment_forecast.data.errors import NoModelError
from employment_forecast.experiments.job import ForecastJob
from employment_forecast.experiments.registry import StoredForecast
from employment_forecast.features.history import History, neighbours_identity
from employment_forecast.forecasting.backtest import Progress
from employment_forecast.forecasting.competition import Options, rechosen
from employment_forecast.models import roster
from employment_forecast.models.combining import MEMBERS
from employment_forecast.models.paths import SamplePaths

Floats = npt.NDArray[np.float64]
# On another machine or other releases of the libraries sums are rounded differently.
RELATIVE = 1e-6
_USUAL_HORIZON, _USUAL_ORIGINS = 12, 36


def _models(model: str, competed: Sequence[str]) -> tuple[str, ...]:
    if model not in roster.COMBINATIONS:
        return (model,)
    members = [m for m in MEMBERS if not competed or m in competed]
    return (*members, model)


def redraw(
    job: ForecastJob,
    facts: Mapping[str, Any],
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
    given = Options(
        models=_models(model, options.get("models", ())),
        horizon=horizon,
        origins=int(options.get("origins", _USUAL_ORIGINS)),
        n_paths=int(facts["paths"]),
        seed=int(facts["seed"]),
        jobs=job.options.jobs,
        gaps=str(options.get("gaps", "refuse")),
        reach=reach,
    )
    result = replace(job, as_of=as_of, options=given, targets=()).compete(progress)
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


def differences(stored_paths: SamplePaths, again: SamplePaths) -> Floats:
    """Largest relative difference of the paths in each month, shape (horizon,)."""
    size = np.maximum(np.abs(stored_paths.values), np.abs(again.values))
    gap = np.abs(stored_paths.values - again.values)
    relative = np.divide(gap, size, out=np.zeros_like(gap), where=size > 0)
    return np.asarray(relative.max(axis=0), dtype=float)


def verify(
    job: ForecastJob,
    stored: StoredForecast,
    code_now: str,
    progress: Progress | None = None,
) -> Verification:
    """Refit a version from the recorded data and compare.

    Parameters
    ----------
    job : ForecastJob
        What is forecast, as of the version's day; without a cache, so that everything is computed.
    stored : StoredForecast
        The version, read back.
    code_now : str
        Program and libraries at work.
    progress : callable, optional
        As for `redraw`.

    Returns
    -------
    Verification
    """
    facts, stored_paths = stored.facts, stored.base
    as_of = date.fromisoformat(facts["as_of"])
    code_then = str(facts["code_version"])
    inputs = facts.get("neighbours") or ""
    if inputs not in (
        "",
        neighbours_identity(job.inputs.neighbours, job.series.indicator, as_of),
    ):
        return Verification("data_changed", None, (), code_then, code_now)
    parts = job.inputs.part_months
    if (parts.known_hash(as_of) if parts else "") != facts.get("part_months", ""):
        return Verification("data_changed", None, (), code_then, code_now)
    history, again = redraw(job, facts, as_of, stored_paths.horizon, progress)
    if history.fingerprint != facts["data_fingerprint"] or again.horizon != stored_paths.horizon:
        return Verification("data_changed", None, (), code_then, code_now)
    worst = differences(stored_paths, again)
    middles = np.median(stored_paths.values, axis=0), np.median(again.values, axis=0)
    months = tuple(
        (str(month), float(then), float(now), float(gap))
        for month, then, now, gap in zip(stored_paths.months, *middles, worst, strict=True)
    )
    largest = float(worst.max())
    state = "equal" if largest == 0 else "close" if largest <= RELATIVE else "different"
    return Verification(state, largest, months, code_then, code_now)
