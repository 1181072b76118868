"""The champion on a day: its paths against the targets in force, and the level."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from employment_forecast.data.catalogue import Indicator, Series
from employment_forecast.data.errors import NoThresholdsError
from employment_forecast.data.records import Known
from employment_forecast.data.store import IssuedWarning, firm_panel, issued, separation_details
from employment_forecast.data.targets import Target, limit_at, period_months
from employment_forecast.data.workspace import Session
from employment_forecast.experiments.registry import StoredForecast, load_champion
from employment_forecast.experiments.tracking import Tracker
from employment_forecast.features.history import History
from employment_forecast.features.monthly import monthly_figures
from employment_forecast.features.sample import SampleWarnings, sample_warnings
from employment_forecast.forecasting.assessment import (
    Assessment,
    Assessments,
    broken_and_over,
    cap_id,
)
from employment_forecast.forecasting.early_warning import (
    FirmEvent,
    LevelDecision,
    LevelEvidence,
    Scheme,
    decide_level,
    level_events,
    load_scheme,
)

# Offices publish late by a few days without anything being wrong.
GRACE_DAYS = 5


@dataclass(frozen=True)
class ChampionAssessment:
    """What is known on a day of a series and its champion.

    Attributes
    ----------
    series : Series
        Region and indicator.
    stored : StoredForecast
        The champion read back.
    day : datetime.date
        Day of knowledge.
    targets : tuple of Target
        All of the region.
    assessed : Assessments
        Of the targets in force.
    scheme : Scheme
        Levels in force.
    decision : LevelDecision
        The level.
    sample : SampleWarnings or None
        Firms that stand out.
    newest : pandas.Period
        Newest published month, of the store and not of the champion.
    revised : tuple of pandas.Period
        Months whose value has changed since the champion saw them.
    events_changed : bool
        Events were declared or withdrawn since.
    """

    series: Series
    stored: StoredForecast
    day: date
    targets: tuple[Target, ...]
    assessed: Assessments
    scheme: Scheme
    decision: LevelDecision
    sample: SampleWarnings | None
    newest: pd.Period
    revised: tuple[pd.Period, ...]
    events_changed: bool

    @property
    def history(self) -> History:
        """Data behind the champion."""
        return self.stored.history

    @property
    def caps(self) -> list[Target]:
        """Caps that were assessed."""
        return [a.target for a in self.assessed.caps]

    @property
    def demo(self) -> bool:
        """Demonstration data or caps anywhere in it."""
        return self.history.demo or any(t.demo for t in self.assessed.targets)

    @property
    def valid_until(self) -> date:
        """Last day on which the lines may be relied on."""
        return valid_until(self.series.indicator, self.history.origin)

    @property
    def ended(self) -> list[Assessment]:
        """Caps broken in a period that ended with the newest month."""
        return broken_and_over(self.targets, self.history, self.day)

    def applied(self, target: Target, month: pd.Period) -> float:
        """Value of a target that applied to a published month."""
        return limit_at(target, self.targets, month, as_of=self.day)


def valid_until(indicator: Indicator, month: pd.Period) -> date:
    """Usual day of the next month's publication and some days of grace."""
    following = month + 1
    if indicator.reporting == "year_to_date" and following.month == 1:
        following += 1
    return indicator.usually_published(following) + timedelta(days=GRACE_DAYS)


def _sample(
    session: Session, series: Series, history: History, day: date, window: int
) -> tuple[SampleWarnings | None, tuple[FirmEvent, ...]]:
    """Firms that stand out in the newest reported month, unless it is old beside the data.

    Generated firms say nothing beside real figures, nor the reverse. With it the events of so many
    months up to the newest one of data.
    """
    reports = firm_panel(session.store, series.region.code, day)
    if reports.empty or bool(reports["demo"].any()) != history.demo:
        return None, ()
    details = {kind: separation_details(reports, kind) for kind in ("type", "cause")}
    newest, origin = sample_warnings(reports, details), history.origin
    if newest is None or newest.month < origin:
        return None, ()
    before = (sample_warnings(reports, details, origin - back) for back in range(1, window))
    earlier = (e for s in before if s is not None for e in _events(s, s.month))
    return newest, (*_events(newest, origin), *earlier)


def _events(sample: SampleWarnings, month: pd.Period) -> tuple[FirmEvent, ...]:
    """Layoffs and closures of the monitored firms, as events of a month of data."""
    events = []
    for row in sample.firms.to_dict("records"):
        for kind, people in (("layoff", row["layoffs"]), ("closure", row["closures"])):
            if people > 0:
                size = float(row["headcount"])
                events.append(FirmEvent(kind, month, float(people), size, str(row["firm"])))
    return tuple(events)


def _earlier(warnings: list[IssuedWarning], month: pd.Period, demo: bool) -> list[IssuedWarning]:
    """The last warning of each month of data before one, oldest first."""
    by_month = {w.month: w for w in warnings if w.month < month and w.demo == demo}
    return [by_month[m] for m in sorted(by_month)]


def _previous(earlier: list[IssuedWarning], month: pd.Period, memory: int) -> LevelDecision | None:
    """The level before; one issued longer ago than the memory is none to be kept up."""
    if not earlier or (month - earlier[-1].month).n > memory:
        return None
    last = earlier[-1]
    since = pd.Period(last.evidence.get("since", str(last.month)), freq="M")
    return LevelDecision(last.level, last.level_name, (), since, "")


def _probabilities_before(earlier: list[IssuedWarning], target: Target) -> dict[pd.Period, float]:
    """Probability by month of the caps of a kind, whatever the year they were for."""
    kind = (target.tier, target.basis, target.length)
    chances_by_month = {}
    for warning in earlier:
        chances = warning.evidence.get("probabilities", {})
        same = [
            chances[cap["id"]]
            for cap in warning.evidence.get("caps", ())
            if cap["id"] in chances and (cap["tier"], cap["basis"], _length(cap["period"])) == kind
        ]
        if same:
            chances_by_month[warning.month] = max(same)
    return chances_by_month


def _length(period: str) -> int:
    first, last = period_months(period)
    return int(last.ordinal - first.ordinal) + 1


def _evidence(
    session: Session,
    series: Series,
    assessed: Assessments,
    earlier: list[IssuedWarning],
    scheme: Scheme,
    firm_events: tuple[FirmEvent, ...],
    history: History,
    day: date,
) -> LevelEvidence:
    month = history.origin
    courses: dict[str, dict[pd.Period, float]] = {}
    targets = {cap_id(item.target): item.target for item in assessed.caps}
    events = level_events(assessed.caps, scheme.leads, series.indicator.decimals)
    for event in events:
        before = _probabilities_before(earlier, targets[event.cap])
        courses[event.words] = {**before, month: event.probability}
    wanted = {rule.indicator for level in scheme.levels for rule in level.rules if rule.indicator}
    published = {}
    for code in sorted(wanted):
        known = session.store.vintages(series.region.code, code).as_of(day)
        if not known.values.empty and known.demo == history.demo:
            published[code] = _monthly(known, session.catalogue.indicator(code))
    facts = {event.words: event.fact for event in events if event.fact}
    return LevelEvidence(month, courses, published, firm_events, facts)


def _monthly(known: Known, indicator: Indicator) -> pd.Series[float]:
    return monthly_figures(known, indicator)[0].values.dropna()


def assess_champion(
    session: Session, tracker: Tracker, series: Series, day: date, *, past: bool = False
) -> ChampionAssessment:
    """Assess the targets on the champion's paths and decide the level.

    Parameters
    ----------
    session : Session
        Store, settings, targets.
    tracker : Tracker
        Registered versions.
    series : Series
        Region and indicator.
    day : datetime.date
        Nothing known later is looked at.
    past : bool
        Take the version that was in force on that day, not the present one.

    Returns
    -------
    ChampionAssessment

    Raises
    ------
    NoThresholdsError
        If no version is in force.
    """
    stored = load_champion(tracker, series, day if past else None)
    if stored is None:
        when = f"截至 {day} " if past else ""
        raise NoThresholdsError(
            f"{when}{series.title}没有现役模型版本，不能给出预警线。",
            f"请先运行 forecast run {series.options}，再运行 forecast promote {series.options}。",
        )
    history, month = stored.history, stored.history.origin
    targets = tuple(session.targets(series.region.code))
    assessed = stored.assessed(targets, day)
    scheme = load_scheme(session.settings, str(session.workspace.settings_file))
    region, indicator = series.region.code, series.indicator.code
    earlier = _earlier(issued(session.store, region, indicator, day=day), month, history.demo)
    sample, firm_events = _sample(session, series, history, day, scheme.window)
    before = _previous(earlier, month, session.settings["warnings.memory_months"])
    evidence = _evidence(session, series, assessed, earlier, scheme, firm_events, history, day)
    latest = session.store.vintages(region, indicator).as_of(day)
    known = _monthly(latest, series.indicator)
    seen = history.series
    both = seen.index.intersection(known.index)
    moved = ~np.isclose(seen[both].to_numpy(), known[both].to_numpy(), rtol=1e-9, atol=0)
    return ChampionAssessment(
        series=series,
        stored=stored,
        day=day,
        targets=targets,
        assessed=assessed,
        scheme=scheme,
        decision=decide_level(scheme, evidence, before),
        sample=sample,
        newest=known.index[-1] if len(known) else history.start - 1,
        revised=tuple(both[moved]),
        events_changed=history.knowing(latest.shocks).shocks != history.shocks,
    )
