"""Which targets are in force on a day, wherever they were read from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

import pandas as pd

from employment_forecast.data.clock import month_end
from employment_forecast.data.targets.target import CHOICES, Span, Target


def _period_at(start: pd.Period, length: int) -> str:
    """Name of the period of `length` months that begins in a month."""
    if length == 1:
        return str(start)
    last = start + (length - 1)
    return str(start.year) if last.year == start.year else f"{start.year}-{last.year}"


def _carried(target: Target, as_of: date) -> Target:
    """The target, applied to the period after its own."""
    period = _period_at(target.last_month + 1, target.length)
    note = f"沿用{target.period}年目标（截至{as_of}未见{period}年目标）"
    if target.length == 1:
        note = note.replace("年目标", "目标")
    return replace(
        target, period=period, carried=True, note=f"{target.note}；{note}" if target.note else note
    )


_Key = tuple[str, str, str, int]


def _latest(targets: Iterable[Target]) -> dict[_Key, Target]:
    """Of several announcements for one period the last one, by what the target is about."""
    latest: dict[_Key, Target] = {}
    for target in targets:
        key = (target.tier, target.direction, target.basis, target.length)
        if key not in latest or target.announced_on >= latest[key].announced_on:
            latest[key] = target
    return latest


def _announcements(target: Target, targets: Iterable[Target]) -> list[Target]:
    """Every number that was announced for a target's period, in the order of the days."""
    kind = (target.region, target.indicator, target.tier, target.direction, target.basis)
    return sorted(
        (
            t
            for t in targets
            if (t.region, t.indicator, t.tier, t.direction, t.basis) == kind
            and (t.period, t.demo, t.unit) == (target.period, target.demo, target.unit)
            and t.value is not None
        ),
        key=lambda t: t.announced_on,
    )


def _in_month(announcements: Sequence[Target], month: pd.Period) -> Target:
    """The last one by the end of a month; the first one covers the months before it too."""
    by_then = [t for t in announcements if t.announced_on <= month_end(month)]
    return (by_then or announcements[:1])[-1]


def _with_changes(target: Target, announced: Iterable[Target]) -> Target:
    announcements = _announcements(target, announced)
    if len({t.value for t in announcements}) < 2:
        return target
    spans: list[Span] = []
    for month in pd.period_range(target.first_month, target.last_month, freq="M"):
        then = _in_month(announcements, month)
        assert then.value is not None
        assert then.limit is not None
        if spans and (spans[-1].value, spans[-1].limit) == (then.value, then.limit):
            spans[-1] = replace(spans[-1], last=month)
        else:
            spans.append(Span(month, month, then.value, then.limit))
    return replace(target, changed=tuple(spans)) if len(spans) > 1 else target


def _applicable(announced: Sequence[Target], month: pd.Period, as_of: date) -> list[Target]:
    """Targets of a month's period, else of the one before.

    A plan that says "as the city decides" names no number: it neither displaces a number announced
    for its period nor keeps the previous one from being carried over, beside which it is shown.
    """
    numbered = [t for t in announced if t.value is not None]
    chosen = {
        key: _with_changes(t, numbered)
        for key, t in _latest(t for t in numbered if t.covers(month)).items()
    }
    before = _latest(t for t in numbered if t.covers(month - t.length))
    chosen |= {key: _carried(t, as_of) for key, t in before.items() if key not in chosen}
    silent = _latest(t for t in announced if t.value is None and t.covers(month))
    answered = {key[:2] for key, t in chosen.items() if not t.carried}
    return [*chosen.values(), *(t for key, t in silent.items() if key[:2] not in answered)]


def in_force(
    targets: Iterable[Target],
    region: str,
    indicator: str,
    month: pd.Period,
    as_of: date,
    *,
    demo: bool = True,
) -> list[Target]:
    """Targets that apply to a month, as they were known on a day.

    Of several announcements for one period the last one counts, so a cap changed in July applies
    from then. Where a period's target had not been announced yet, the one of the period just
    before applies and is marked as carried over. A real target with a number displaces a
    demonstration one of the same tier, direction and period.

    Parameters
    ----------
    targets : iterable of Target
        All there are; of two announced on one day the later in the list counts.
    region, indicator : str
        Catalogue codes.
    month : pandas.Period
        Month to be judged.
    as_of : datetime.date
        Day of knowledge; what was announced later is not seen.
    demo : bool
        False leaves demonstration targets out, as an assessment of real figures must.

    Returns
    -------
    list of Target
        Ordered by tier, direction, basis and period.
    """
    announced = [
        t for t in targets if t.region == region and t.indicator == indicator and t.known_on(as_of)
    ]
    real = _applicable([t for t in announced if not t.demo], month, as_of)
    shown = _applicable([t for t in announced if t.demo], month, as_of) if demo else []
    taken = {(t.tier, t.direction, t.period) for t in real if t.value is not None}
    chosen = [*real, *(t for t in shown if (t.tier, t.direction, t.period) not in taken)]
    return sorted(
        chosen,
        key=lambda t: (
            *(CHOICES[k].index(getattr(t, k)) for k in ("tier", "direction", "basis")),
            t.length,
            t.demo,
        ),
    )


def in_force_ahead(
    targets: Iterable[Target],
    region: str,
    indicator: str,
    origin: pd.Period,
    horizon: int,
    as_of: date,
    *,
    demo: bool = True,
) -> list[Target]:
    """Targets that apply to the month after an origin, and those of later periods within reach.

    A period that begins within the horizon is looked at as soon as its own target is announced;
    nothing is carried over into it before.

    Parameters
    ----------
    targets : iterable of Target
        All there are.
    region, indicator : str
        Catalogue codes.
    origin : pandas.Period
        Last published month.
    horizon : int
        Months ahead that are forecast.
    as_of : datetime.date
        Day of knowledge.
    demo : bool
        False leaves demonstration targets out.

    Returns
    -------
    list of Target
        Those in force as `in_force` orders them, then later periods by their beginning.
    """
    listed = list(targets)
    targets_ahead = in_force(listed, region, indicator, origin + 1, as_of, demo=demo)
    starts = {
        t.first_month
        for t in listed
        if (t.region, t.indicator) == (region, indicator)
        and t.known_on(as_of)
        and origin + 1 < t.first_month <= origin + horizon
    }
    for start in sorted(starts):
        targets_ahead += [
            t
            for t in in_force(listed, region, indicator, start, as_of, demo=demo)
            if not t.carried and t.first_month == start and t not in targets_ahead
        ]
    return targets_ahead


def limit_at(target: Target, targets: Iterable[Target], month: pd.Period, as_of: date) -> float:
    """Limit of a target that applied to a month already past: its value then, with tolerance.

    A cap changed in July applies from then: January to June are held against the one before. The
    first announcement of a period covers the months before it too.

    Parameters
    ----------
    target : Target
        In force now, with a number.
    targets : iterable of Target
        All there are.
    month : pandas.Period
        A month of the target's period.
    as_of : datetime.date
        Day of knowledge.

    Returns
    -------
    float
        In the unit of the target.
    """
    assert target.limit is not None
    announcements = _announcements(target, (t for t in targets if t.known_on(as_of)))
    if target.carried or not announcements:
        return target.limit
    limit = _in_month(announcements, month).limit
    assert limit is not None
    return limit
