"""Targets on single figures that are to be reached: floors and levels of a stock, rate or index."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from employment_forecast.data.catalogue import printed
from employment_forecast.data.targets import Target
from employment_forecast.features.history import History
from employment_forecast.forecasting.assessment.bases import basis_of
from employment_forecast.forecasting.assessment.caps import BEYOND_HORIZON, MISSING_MONTHS
from employment_forecast.forecasting.assessment.events import reaches, view_period
from employment_forecast.models.paths import SamplePaths


@dataclass(frozen=True)
class MilestoneAssessment:
    """What the paths say about a figure to be reached.

    Attributes
    ----------
    target : Target
        Direction `floor` or `level` on each month, the period's end or one month.
    p_reach : float or None
        Probability that the last month (for `any_month`, every month of the period) is at the
        value or above it.
    latest, gap : float
        Latest published value, and what it lacks (negative: it is above).
    expected, q10, q50, q90 : float or None
        The period's last month.
    already_missed : bool
        Of `any_month`: a published month is below the value.
    reasons : dict
        Why something is None, by its name (Chinese).
    untested : bool
        The period reaches beyond the back-tested horizon (未经回测).
    """

    target: Target
    p_reach: float | None
    latest: float
    gap: float
    expected: float | None
    q10: float | None
    q50: float | None
    q90: float | None
    already_missed: bool
    reasons: dict[str, str] = field(default_factory=dict)
    untested: bool = False


def assess_milestone(
    target: Target, history: History, paths: SamplePaths, tested: int
) -> MilestoneAssessment | None:
    """Assess a floor or level on single figures."""
    seen = view_period(target, history, paths)
    value = target.limit
    fits = target.assessable and target.unit == history.unit
    if not fits or target.direction == "cap" or not basis_of(target).by_month:
        return None
    assert value is not None
    precision = history.precision
    every = basis_of(target).functional == "each"
    latest = float(history.values[-1])
    last = (
        seen.ahead[:, -1]
        if len(seen.months)
        else np.asarray(history.series.reindex([target.last_month]), dtype=float)
    )
    known = reaches(seen.published, value, precision)
    missed = every and not bool(known.all())
    why = ""
    if not seen.reached:
        why = BEYOND_HORIZON
    elif np.isnan(last).any() or (every and not seen.complete):
        why = MISSING_MONTHS
    p_reach: float | None = None
    if missed:
        p_reach = 0.0
    elif not why:
        rest = seen.ahead if every and len(seen.months) else last[:, None]
        p_reach = float(reaches(rest, value, precision).all(axis=1).mean())
    reasons = {} if p_reach is not None else {"p_reach": why}
    figures: list[float | None] = [None] * 4
    if why:
        reasons |= dict.fromkeys(("expected", "q10", "q50", "q90"), why)
    else:
        shown = printed(last, precision)
        figures = [float(shown.mean()), *map(float, np.quantile(shown, (0.1, 0.5, 0.9)))]
    return MilestoneAssessment(
        target=target,
        p_reach=p_reach,
        latest=latest,
        gap=value - latest,
        expected=figures[0],
        q10=figures[1],
        q50=figures[2],
        q90=figures[3],
        already_missed=missed,
        reasons=reasons,
        untested=bool(target.last_month > history.origin + tested),
    )
