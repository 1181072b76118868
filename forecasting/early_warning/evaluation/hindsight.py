"""What the warning probabilities would have been at past origins, and what came of them.

At each past origin the chosen model's paths are calibrated with the outcomes known by then and held
against the cap in force on that day. Where no cap is on file a stand-in is used and said: the
highest month of the year before (上年最高月). The model itself was chosen with today's knowledge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from employment_forecast.data.targets import Target, in_force, limit_at
from employment_forecast.features.history import History
from employment_forecast.forecasting.assessment.caps import assess
from employment_forecast.forecasting.backtest import Origin
from employment_forecast.forecasting.competition import (
    Calibration,
    Competition,
    calibrate,
    never_moved,
)
from employment_forecast.forecasting.early_warning.evaluation.outcomes import judge_cap
from employment_forecast.forecasting.early_warning.evaluation.scores import Cases
from employment_forecast.models.paths import SamplePaths

STAND_IN = "替代口径：上年最高月（未见下达的控制数）"


@dataclass(frozen=True)
class Call:
    """One cap at one past origin.

    Attributes
    ----------
    month : pandas.Period
        Origin.
    target : Target
        The cap as it was known on the origin's day.
    probability : float
        Of breaking it in what remained of its period.
    broken : bool
        Whether that came.
    breach_month : pandas.Period or None
        First month above.
    known : pandas.Period
        Month whose publication settled it.
    """

    month: pd.Period
    target: Target
    probability: float
    broken: bool
    breach_month: pd.Period | None
    known: pd.Period

    @property
    def stand_in(self) -> bool:
        """Whether the cap was a stand-in."""
        return self.target.source == STAND_IN


def stand_in_cap(history: History) -> Target | None:
    """Cap of a year where none is on file: the highest month of the year before."""
    year = (history.origin + 1).year
    published = history.series
    values = published[pd.PeriodIndex(published.index).year == year - 1]
    if len(values) < 12:
        return None
    return Target(
        region=history.region,
        indicator=history.indicator,
        tier="own",
        direction="cap",
        basis="any_month",
        qualifier="以内",
        period=str(year),
        value=float(values.max()),
        unit=history.unit,
        announced_on=date(year, 1, 1),
        announced_estimated=True,
        source=STAND_IN,
    )


def calibration_at(result: Competition, model: str, origin: pd.Period) -> Calibration:
    """Calibration of a model from the outcomes known at a past origin.

    Parameters
    ----------
    result : Competition
        Its back-test holds the earlier forecasts; outcomes are the latest published values.
    model : str
        One that was back-tested.
    origin : pandas.Period
        Months after it are not looked at.
    """
    backtest = result.backtest
    if result.history.unchanging:
        return never_moved(backtest.horizon)
    earlier = np.asarray(backtest.months < origin, dtype=bool)
    months = backtest.months[earlier]
    outcomes = backtest.outcomes[earlier].copy()
    steps = np.arange(1, backtest.horizon + 1)
    outcomes[np.asarray(months.asi8)[:, None] + steps > origin.ordinal] = np.nan
    quantiles = backtest.records[model].quantiles[earlier]
    log = result.history.transform == "log"
    return calibrate(months, quantiles[:, None], outcomes[:, None], log)


def _caps(targets: Sequence[Target], origin: Origin) -> list[Target]:
    history = origin.history
    targets_then = in_force(
        targets,
        history.region,
        history.indicator,
        history.origin + 1,
        history.as_of,
        demo=history.demo,
    )
    caps = [t for t in targets_then if t.direction == "cap" and t.assessable]
    if caps:
        return caps
    other = stand_in_cap(history)
    return [] if other is None else [other]


def past_calls(result: Competition, targets: Sequence[Target]) -> list[Call]:
    """Every cap at every past origin whose outcome is known.

    Parameters
    ----------
    result : Competition
        Its hindcasts and history count.
    targets : sequence of Target
        All targets on file.

    Returns
    -------
    list of Call
        By month; caps that were broken already, that were replaced by another value within their
        period, or whose period reaches beyond the paths, are left out.
    """
    calls = []
    log = result.history.transform == "log"
    for origin, raw in zip(result.origins, result.hindcasts, strict=True):
        if not isinstance(raw, SamplePaths):
            continue
        history = origin.history
        paths = calibration_at(result, result.choice.model, origin.month).apply(raw, log)
        for target in _caps(targets, origin):
            call = _call(target, targets, history, paths, result.history)
            if call is not None:
                calls.append(call)
    return calls


def _superseded(target: Target, targets: Sequence[Target], then: date, now: date) -> bool:
    """Whether another value was announced for a cap's period after the day it was looked at.

    What a cap that no longer applied came to says nothing about warnings of the one that did: a cap
    carried over into January would count as broken by months that were within their own cap.
    """
    kind = (target.tier, target.direction, target.basis, target.period, target.demo)
    return any(
        (t.tier, t.direction, t.basis, t.period, t.demo) == kind
        and (t.region, t.indicator) == (target.region, target.indicator)
        and t.value is not None
        and t.value != target.value
        and then < t.announced_on <= now
        for t in targets
    )


def _call(
    target: Target,
    targets: Sequence[Target],
    then: History,
    paths: SamplePaths,
    now: History,
) -> Call | None:
    assessed = assess(
        target, then, paths, paths.horizon, lambda m: limit_at(target, targets, m, then.as_of)
    )
    if assessed is None or assessed.already_breached:
        return None
    probability = assessed.p_ahead
    if probability is None:
        return None
    stated = {
        "basis": target.basis,
        "value": target.value,
        "limit": target.limit,
        "period": target.period,
        "already_breached": False,
    }
    if _superseded(target, targets, then.as_of, now.as_of):
        return None
    outcome = judge_cap(stated, then.origin, now)
    if outcome.state not in ("broken", "kept"):
        return None
    settled = target.last_month if outcome.month is None else outcome.month
    return Call(
        month=then.origin,
        target=target,
        probability=float(probability),
        broken=outcome.state == "broken",
        breach_month=outcome.month,
        known=settled,
    )


def cases_of(calls: Sequence[Call]) -> Cases:
    """Calls as arrays; the assessment period is the cluster."""
    episodes = {p: i for i, p in enumerate(dict.fromkeys(c.target.period for c in calls))}
    return Cases(
        month=np.array([c.month.ordinal for c in calls], dtype=np.int64),
        probability=np.array([c.probability for c in calls], dtype=float),
        event=np.array([c.broken for c in calls], dtype=bool),
        episode=np.array([episodes[c.target.period] for c in calls], dtype=np.int64),
        ahead=np.array(
            [np.nan if c.breach_month is None else (c.breach_month - c.month).n for c in calls],
            dtype=float,
        ),
        known=np.array([c.known.ordinal for c in calls], dtype=np.int64),
    )
