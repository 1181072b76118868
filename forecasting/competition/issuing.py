"""What is issued of a competition, paths calibrated and assessed, and for another choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from employment_forecast.data.errors import NoModelError
from employment_forecast.data.records import PartVintages
from employment_forecast.data.targets import Target, limit_at
from employment_forecast.features.history import History
from employment_forecast.forecasting.assessment import Assessments, assess_all
from employment_forecast.forecasting.backtest import Backtest, Origin
from employment_forecast.forecasting.competition.calibration import (
    Calibration,
    calibrate,
    never_moved,
)
from employment_forecast.forecasting.competition.choice import DEFAULTS, Choice
from employment_forecast.forecasting.competition.disruptions import (
    continued,
    shared_between,
    unsettled,
    unsettled_note,
)
from employment_forecast.forecasting.competition.result import Coherence, Competition
from employment_forecast.forecasting.nowcast import Nowcast, conditioned
from employment_forecast.models import roster
from employment_forecast.models.paths import Failure, Outcome, SamplePaths

Floats = npt.NDArray[np.float64]


def with_progress(
    paths: SamplePaths,
    calibration: Calibration,
    parts: PartVintages | None,
    history: History,
    origins: Sequence[Origin],
    hindcasts: Sequence[Outcome],
) -> tuple[SamplePaths, Nowcast | None]:
    """Calibrated paths given what is known of the months in progress."""
    if parts is None:
        return paths, None
    return conditioned(
        paths, history, parts, history.as_of, origins, hindcasts, calibration.factors
    )


def assess_paths(
    targets: Sequence[Target],
    on_file: Sequence[Target],
    history: History,
    paths: SamplePaths,
    tested: int,
) -> Assessments:
    """All targets held against paths, each against the number that applies in a month."""
    return assess_all(
        targets,
        history,
        paths,
        tested,
        lambda target, month: limit_at(target, on_file, month, history.as_of),
    )


def rechosen(result: Competition, model: str, reason: str) -> Competition:
    """The same competition with another of its models chosen, calibrated and assessed alike.

    Parameters
    ----------
    result : Competition
        Outcome of the main job.
    model : str
        One that forecast at the current origin.
    reason : str
        Chinese sentence.

    Returns
    -------
    Competition

    Raises
    ------
    NoModelError
        If that model did not compete or gave no forecast.
    """
    if result.coherence is not None:
        # Another model's paths are its own, and the former champion's are so again.
        own = {**result.forecasts, result.choice.model: result.coherence.base}
        result = replace(result, forecasts=own, coherence=None)
    paths = result.forecasts.get(model)
    if not isinstance(paths, SamplePaths):
        why = f"（{paths.reason}）" if isinstance(paths, Failure) else "（未参赛）"
        raise NoModelError(
            f"{roster.label(model) if model in roster.names() else model}此次没有得出预测{why}。",
            "请让它参赛（见 forecast run --models），或改用其他模型。",
        )
    history = result.history
    log = history.transform == "log"
    calibration = calibration_of(result.backtest, model, history)
    nowcasts, follows = result.nowcasts, model in result.moved
    if model not in calibrated_models(result.choice):
        level = continued(history, result.proposals, paths.horizon)
        issued, follows = issue_paths(paths, calibration, log, level)
        paths, nowcast = with_progress(
            issued,
            calibration,
            result.part_months,
            history,
            result.origins,
            result.past_forecasts[model],
        )
        nowcasts = nowcasts if nowcast is None else {**nowcasts, model: nowcast}
    disrupted = (unsettled_note(history, result.proposals),) if follows else ()
    assessed = assess_paths(result.targets, result.on_file, history, paths, result.tested_horizon)
    return replace(
        result,
        choice=replace(result.choice, model=model, reason=reason),
        forecasts={**result.forecasts, model: paths},
        assessments=assessed.caps,
        totals=assessed.totals,
        levels=assessed.levels,
        joint=assessed.joint,
        disrupted=disrupted,
        moved=result.moved | ({model} if follows else set()),
        notes=(
            calibration.note,
            *disrupted,
            *result.notes[1 + len(result.disrupted) :],
        ),
        nowcasts=nowcasts,
    )


def reconciled(result: Competition, paths: SamplePaths, coherence: Coherence) -> Competition:
    """The same competition with the champion's paths made to add up, and assessed again.

    Parameters
    ----------
    result : Competition
        Outcome of the main job.
    paths : SamplePaths
        The reconciled ones.
    coherence : Coherence
        Where they come from.
    """
    assessed = assess_paths(
        result.targets, result.on_file, result.history, paths, result.tested_horizon
    )
    return replace(
        result,
        forecasts={**result.forecasts, result.choice.model: paths},
        assessments=assessed.caps,
        totals=assessed.totals,
        levels=assessed.levels,
        joint=assessed.joint,
        coherence=coherence,
    )


def issue_paths(
    raw: SamplePaths, calibration: Calibration, log: bool, level: Floats | None
) -> tuple[SamplePaths, bool]:
    """Paths as they are issued, and whether they are shared with a new level at the end."""
    paths = calibration.apply(raw, log)
    if level is not None and unsettled(paths, level):
        return shared_between(paths, level), True
    return paths, False


def calibrated_models(choice: Choice) -> set[str]:
    """Models whose current forecast is calibrated: the chosen one and the defaults."""
    return {choice.model, *DEFAULTS}


def tested_months(backtest: Backtest) -> int:
    """Months ahead at which some past forecast has met its outcome."""
    return int(np.isfinite(backtest.outcomes).any(axis=0).sum())


def calibration_of(backtest: Backtest, model: str, history: History) -> Calibration:
    """Calibration of one series' forecasts from the outcomes known now."""
    if history.unchanging:
        return never_moved(backtest.horizon)
    return calibrate(
        backtest.months,
        backtest.records[model].quantiles[:, None],
        backtest.outcomes[:, None],
        history.transform == "log",
    )
