"""Warning levels (预警等级): when each applies, how long it stays, and what it calls for.

A level is called for by the probability of breaking a cap, held for a number of months, or by a
local rule on published figures or single events. Once issued it stays until the probability falls
below its release, so that it does not flicker. No threshold here is official: the defaults are this
program's own and say so; a bureau enters those of its own plan (应急预案) with their source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from employment_forecast.forecasting.assessment import (
    Assessment,
    breach_words,
    cap_id,
    cap_words,
    event_words,
)
from employment_forecast.forecasting.early_warning.scheme import (
    CODES,
    EVENTS,
    NONE,
    Leads,
    Level,
    Rule,
    Scheme,
    default_scheme,
    load_scheme,
)

__all__ = [
    "CODES",
    "EVENTS",
    "NONE",
    "LevelEvent",
    "LevelDecision",
    "LevelEvidence",
    "FirmEvent",
    "Level",
    "Rule",
    "Scheme",
    "decide_level",
    "default_scheme",
    "level_events",
    "load_scheme",
]

# A rule speaks of the present: figures that ended so many months ago no longer do.
OLDEST = 3


@dataclass(frozen=True)
class FirmEvent:
    """A closure or layoff among firms; no name, a code at most.

    Attributes
    ----------
    event : {"closure", "layoff"}
        Kind.
    month : pandas.Period
        When.
    people : float
        People affected.
    firm_size : float
        People employed before; 0 where unknown.
    firm : str
        Code of the firm.
    """

    event: str
    month: pd.Period
    people: float
    firm_size: float = 0.0
    firm: str = ""


@dataclass(frozen=True)
class LevelEvidence:
    """What a decision rests on.

    Attributes
    ----------
    month : pandas.Period
        Last month of data.
    probabilities : mapping
        By event (in words): its probability, by month of assessment, the newest being `month`. One
        entry suffices unless a level asks for several months.
    published : mapping
        Published values by indicator code, for rules; needed only for indicators with a rule.
        A series that ends more than three months before `month` calls for nothing.
    events : tuple of FirmEvent
        Of the month, and of those before it that a rule with a window looks back on.
    facts : mapping
        By event in words: what to say in place of a probability, where it has come already.
    """

    month: pd.Period
    probabilities: Mapping[str, Mapping[pd.Period, float]]
    published: Mapping[str, pd.Series[float]] = field(default_factory=dict)
    events: tuple[FirmEvent, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LevelEvent:
    """The event of a cap that the level speaks of.

    Attributes
    ----------
    cap : str
        Its name within documents, see `cap_id`.
    words : str
        Cap and event in Chinese.
    probability : float
        Of the event.
    fact : str
        What is published of it, in Chinese; empty while nothing has broken the cap.
    """

    cap: str
    words: str
    probability: float
    fact: str = ""


def level_events(
    assessments: Sequence[Assessment], leads: Leads, decimals: int
) -> list[LevelEvent]:
    """Events of the assessed caps; those whose probability is not known are left out.

    Parameters
    ----------
    assessments : sequence of Assessment
        Of the caps in force.
    leads : {"ahead", "breach"}
        Of a broken cap: whether what is still to come counts, or that it is broken.
    decimals : int
        Digits the indicator is published with.
    """
    events = []
    for item in assessments:
        target = item.target
        chance = item.p_ahead if leads == "ahead" else item.probability
        if chance is None or target.value is None:
            continue
        broken = item.breach is not None and (leads == "breach" or item.breach.newest_above)
        events.append(
            LevelEvent(
                cap_id(target),
                f"{cap_words(target)}{event_words(item)}",
                chance,
                breach_words(item.breach, target, decimals) if broken and item.breach else "",
            )
        )
    return events


RaisedBy = Literal["probability", "rule", "held", ""]


@dataclass(frozen=True)
class LevelDecision:
    """The level that applies, and why.

    Attributes
    ----------
    level : str
        Code, or `none`.
    name : str
        Chinese.
    reasons : tuple of str
        Chinese sentences, each with its number.
    since : pandas.Period
        Month of data since which the level has been this one without a break.
    raised_by : {"probability", "rule", "held", ""}
        What keeps it there: a cut reached, a local rule, the release not yet reached, or nothing.
    """

    level: str
    name: str
    reasons: tuple[str, ...]
    since: pd.Period
    raised_by: RaisedBy


def _streak(course: Mapping[pd.Period, float], month: pd.Period, cut: float) -> int:
    """Consecutive months up to `month` whose value is at least the cut."""
    count = 0
    while course.get(month - count, -1.0) >= cut - 1e-9:
        count += 1
    return count


def _chance(probability: float) -> str:
    """A probability in words a person trusts: never 0 or 100 % from a finite number of paths."""
    if probability >= 0.9995:
        return "99.9% 以上"
    # By way of the three digits that documents keep, so that both round the same way.
    return "不到 0.1%" if probability < 0.0005 else f"{round(probability, 3):.1%}"


def _said(event: str, probability: float, evidence: LevelEvidence) -> str:
    """The event with its probability, or the fact that it has come."""
    fact = evidence.facts.get(event)
    return fact if fact else f"{event}的概率 {_chance(probability)}"


def _by_probability(level: Level, evidence: LevelEvidence) -> list[str]:
    reasons = []
    for cap, course in evidence.probabilities.items():
        if _streak(course, evidence.month, level.probability) >= level.months:
            lasting = f"，已连续 {level.months} 个月" if level.months > 1 else ""
            reasons.append(
                f"{_said(cap, course[evidence.month], evidence)}，达到{level.label}的界限"
                f" {level.probability:.0%}{lasting}"
            )
    return reasons


def _by_release(level: Level, evidence: LevelEvidence) -> list[str]:
    return [
        f"{_said(cap, course[evidence.month], evidence)}，未降到{level.label}的解除线"
        f" {level.release:.0%} 以下，维持"
        for cap, course in evidence.probabilities.items()
        if course.get(evidence.month, -1.0) >= level.release - 1e-9
    ]


def _by_rule(rule: Rule, evidence: LevelEvidence) -> str:
    """Chinese sentence if the rule applies, else empty."""
    source = f"（依据：{rule.source}）" if rule.source else ""
    if rule.indicator:
        values = evidence.published.get(rule.indicator)
        if values is None:
            return ""
        course = {m: float(v) for m, v in values.items() if isinstance(m, pd.Period)}
        last = max(course, default=None)
        if last is None or (evidence.month - last).n > OLDEST:
            return ""
        if _streak(course, last, rule.at_least) < rule.months:
            return ""
        return (
            f"{rule.name or rule.indicator}连续 {rule.months} 个月不低于 {rule.at_least:,.12g}"
            f"（{last} 为 {course[last]:,.12g}）{source}"
        )
    first = evidence.month - (rule.window - 1)
    matching = [
        e
        for e in evidence.events
        if e.event == rule.event
        and first <= e.month <= evidence.month
        and e.firm_size >= rule.firm_size
    ]
    event = EVENTS.get(rule.event, rule.event)
    if rule.firms > 1 or rule.window > 1:
        total = sum(e.people for e in matching)
        # A firm that lays off twice is one firm; supposed events have no firm.
        firms = len({e.firm for e in matching if e.firm}) + sum(not e.firm for e in matching)
        if firms < rule.firms or total < rule.people:
            return ""
        span = f"{first}—{evidence.month}" if rule.window > 1 else f"{evidence.month}"
        return f"{span} {firms} 家企业{event}，共涉及 {total:,.12g} 人{source}"
    worst = max(matching, key=lambda e: e.people, default=None)
    if worst is None or worst.people < rule.people:
        return ""
    return f"{evidence.month} 一家企业{event}涉及 {worst.people:,.12g} 人{source}"


def decide_level(
    scheme: Scheme, evidence: LevelEvidence, previous: LevelDecision | None = None
) -> LevelDecision:
    """Level that applies now.

    Parameters
    ----------
    scheme : Scheme
        Levels in force.
    evidence : LevelEvidence
        Probabilities, published figures and events.
    previous : LevelDecision, optional
        The last decision; its level is kept until released.

    Returns
    -------
    LevelDecision
        The highest level that a cut or a rule calls for; if that is below the previous one, the
        highest level not above the previous one whose release has not been reached.
    """
    chosen = NONE
    reasons: list[str] = []
    raised_by: RaisedBy = ""
    held_up_to = 0 if previous is None else scheme.rank(previous.level)
    for level in reversed(scheme.levels):
        by_rule = [text for rule in level.rules if (text := _by_rule(rule, evidence))]
        by_cut = _by_probability(level, evidence)
        lasting = _by_release(level, evidence) if scheme.rank(level.code) <= held_up_to else []
        if by_cut or by_rule or lasting:
            chosen = level.code
            reasons = [*by_cut, *by_rule] or lasting
            raised_by = "probability" if by_cut else "rule" if by_rule else "held"
            break
    same = previous is not None and previous.level == chosen
    since = previous.since if previous is not None and same else evidence.month
    return LevelDecision(chosen, scheme.name(chosen), tuple(reasons), since, raised_by)
