"""Targets that forecasts are held against: caps, floors and levels, and which of them is in force.

Reading targets and choosing among them are apart: `in_force` works on any list of `Target`,
wherever it came from.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Literal, get_args

import pandas as pd

from employment_forecast.data.clock import month_end
from employment_forecast.data.errors import DataError

Tier = Literal["national", "municipal", "district", "own"]
Direction = Literal["cap", "floor", "level"]
Basis = Literal["any_month", "period_end", "period_total", "period_average", "point"]

TIER_NAMES: dict[str, str] = {
    "national": "国家",
    "municipal": "市",
    "district": "区",
    "own": "自定",
}
BASES: Mapping[str, str] = {
    "any_month": "各月",
    "period_end": "期末",
    "period_total": "期内累计",
    "period_average": "全年平均",
    "point": "当月",
}
_CHOICES: dict[str, tuple[str, ...]] = {
    "tier": get_args(Tier),
    "direction": get_args(Direction),
    "basis": get_args(Basis),
}
APPROXIMATE = "左右"
# Words that stand behind the number; every other word stands before it.
FOLLOWING = ("以内", "以上", "以下", APPROXIMATE, "之内", "内")
_PERIOD = re.compile(r"(?P<year>\d{4})(?:-(?P<month>\d{2})|-(?P<last>\d{4}))?")


def period_months(period: str) -> tuple[pd.Period, pd.Period]:
    """First and last month of a period.

    Parameters
    ----------
    period : str
        `2026` (a year), `2021-2025` (a plan) or `2026-10` (a month).

    Returns
    -------
    tuple of pandas.Period
        Months, freq M.

    Raises
    ------
    DataError
        If the text is none of these.
    """
    found = _PERIOD.fullmatch(period)
    if found:
        year, month = int(found["year"]), found["month"]
        last = int(found["last"] or year)
        if month is None and year <= last:
            return _month(year, 1), _month(last, 12)
        if month is not None and 1 <= int(month) <= 12:
            return _month(year, int(month)), _month(year, int(month))
    raise DataError(
        f"目标的时期“{period}”无法识别。",
        "请写成 2026（年）、2021-2025（规划期）或 2026-10（月）。",
    )


def _month(year: int, month: int) -> pd.Period:
    return pd.Period(year=year, month=month, freq="M")


@dataclass(frozen=True)
class Span:
    """Months of a target's period to which one number applied.

    Attributes
    ----------
    first, last : pandas.Period
        The months.
    value, limit : float
        The number, and with its tolerance; in the target's unit.
    """

    first: pd.Period
    last: pd.Period
    value: float
    limit: float


@dataclass(frozen=True)
class Target:
    """One target as a document states it.

    Attributes
    ----------
    region, indicator : str
        Catalogue codes.
    tier : {"national", "municipal", "district", "own"}
        Who set it: 国家, 市, 区, or the bureau itself.
    direction : {"cap", "floor", "level"}
        控制数 (not above), 下限 (not below), or a figure to arrive at.
    basis : {"any_month", "period_end", "period_total", "period_average", "point"}
        What is compared: every month, the last month, the sum, the mean, or a single figure.
    qualifier : str
        The word as printed: 以内, 左右, 不低于, 以上.
    period : str
        `2026`, `2021-2025` or `2026-10`.
    value : float or None
        In `unit`; None where the document gives no number.
    unit : str
        The indicator's unit.
    announced_on : datetime.date
        Before this day the target does not exist.
    announced_estimated : bool
        True if that day is an estimate.
    source, quote : str
        Document, and its words.
    unit_confirmed : bool
        False where the unit can be read in more than one way.
    attribute : str
        约束性, 预期性 or 未载明.
    demo : bool
        True for a demonstration target (演示).
    carried : bool
        True if it belongs to the previous period and is applied until its successor is announced.
    note : str
        Remarks, in Chinese.
    withdrawn_on : datetime.date or None
        From this day on it no longer exists; it stays on file.
    withdrawn_reason : str
        Why, in Chinese.
    tolerance : float
        How far beyond an approximate value (5.5%左右) still counts as kept; see `with_tolerance`.
    number : int
        Its number in the store; 0 for those that ship with the program.
    changed : tuple of Span
        Where the number was changed within the period, which one applied when, as `in_force` finds
        it; empty where it never was.

    Raises
    ------
    DataError
        If a field has a value it cannot have.
    """

    region: str
    indicator: str
    tier: Tier
    direction: Direction
    basis: Basis
    qualifier: str
    period: str
    value: float | None
    unit: str
    announced_on: date
    announced_estimated: bool
    source: str
    quote: str = ""
    unit_confirmed: bool = True
    attribute: str = "未载明"
    demo: bool = False
    carried: bool = False
    note: str = ""
    withdrawn_on: date | None = None
    withdrawn_reason: str = ""
    tolerance: float = 0.0
    number: int = field(default=0, compare=False)
    changed: tuple[Span, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        for key, known in _CHOICES.items():
            if getattr(self, key) not in known:
                raise DataError(
                    f"目标（{self.region} {self.indicator} {self.period}）的 {key} 不能是"
                    f"“{getattr(self, key)}”。",
                    f"可用的值：{'、'.join(known)}。",
                )
        if self.value is not None and not (math.isfinite(self.value) and self.value >= 0):
            raise DataError(
                f"目标（{self.region} {self.indicator} {self.period}）的值 "
                f"{self.value:.12g} 不可用。",
                "请填非负数；文件没有给出数字时请留空。",
            )
        period_months(self.period)

    @cached_property
    def _months(self) -> tuple[pd.Period, pd.Period]:
        return period_months(self.period)

    @property
    def first_month(self) -> pd.Period:
        """First month of the period."""
        return self._months[0]

    @property
    def last_month(self) -> pd.Period:
        """Last month of the period."""
        return self._months[1]

    @property
    def length(self) -> int:
        """Months in the period."""
        return int(self.last_month.ordinal - self.first_month.ordinal) + 1

    @property
    def assessable(self) -> bool:
        """Whether there is a number in a confirmed unit to assess against."""
        return self.value is not None and self.unit_confirmed

    @property
    def limit(self) -> float | None:
        """What figures are held against: the value, and its tolerance on the lenient side."""
        if self.value is None or not self.tolerance:
            return self.value
        lenient = self.tolerance if self.direction == "cap" else -self.tolerance
        return round(self.value + lenient, 9)

    @property
    def spans(self) -> tuple[Span, ...]:
        """Which number applies when; none where there is no number."""
        if self.changed or self.value is None or self.limit is None:
            return self.changed
        return (Span(self.first_month, self.last_month, self.value, self.limit),)

    @property
    def announced(self) -> tuple[str, str, str, float | None, bool]:
        """What was announced, on whatever bases it is held against: a cap is told of once."""
        return self.tier, self.direction, self.period, self.value, self.demo

    def known_on(self, day: date) -> bool:
        """Whether it had been announced and not been withdrawn by a day."""
        return self.announced_on <= day and (self.withdrawn_on is None or day < self.withdrawn_on)

    def covers(self, month: pd.Period) -> bool:
        """Whether a month lies in the period."""
        return bool(self.first_month <= month <= self.last_month)


def with_tolerance(targets: Iterable[Target], points: float, percent: float) -> list[Target]:
    """Targets, those of an approximate value (左右) with what still counts as kept.

    Parameters
    ----------
    targets : iterable of Target
        Any.
    points : float
        Tolerance of a percentage, in percentage points.
    percent : float
        Tolerance of any other number, in percent of it.
    """

    def tolerance(target: Target) -> float:
        if target.value is None or APPROXIMATE not in target.qualifier:
            return target.tolerance
        if target.unit == "%":
            return points
        wide = target.value * percent / 100
        return round(wide, 0 if wide >= 1 else 2)

    return [replace(t, tolerance=tolerance(t)) for t in targets]


def number_words(value: float, unit: str, qualifier: str) -> str:
    """A target's number with its word where the language puts it: 14,300人以内, 不低于27,500人."""
    said = f"{value:,.12g}{unit}"
    return f"{said}{qualifier}" if qualifier in FOLLOWING else f"{qualifier}{said}"


def tolerance_words(limit: float, unit: str) -> str:
    """What a number with a tolerance is held against: 含容差为 5.6%."""
    return f"含容差为 {limit:,.12g}{unit}"


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
    found = _announcements(target, announced)
    if len({t.value for t in found}) < 2:
        return target
    spans: list[Span] = []
    for month in pd.period_range(target.first_month, target.last_month, freq="M"):
        then = _in_month(found, month)
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
    for its period nor keeps the previous one from being carried over.
    """
    numbered = [t for t in announced if t.value is not None]
    chosen = {
        key: _with_changes(t, numbered)
        for key, t in _latest(t for t in numbered if t.covers(month)).items()
    }
    before = _latest(t for t in numbered if t.covers(month - t.length))
    chosen |= {key: _carried(t, as_of) for key, t in before.items() if key not in chosen}
    silent = _latest(t for t in announced if t.value is None and t.covers(month))
    answered = {key[:2] for key in chosen}
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
            *(_CHOICES[k].index(getattr(t, k)) for k in ("tier", "direction", "basis")),
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
    found = in_force(listed, region, indicator, origin + 1, as_of, demo=demo)
    starts = {
        t.first_month
        for t in listed
        if (t.region, t.indicator) == (region, indicator)
        and t.known_on(as_of)
        and origin + 1 < t.first_month <= origin + horizon
    }
    for start in sorted(starts):
        found += [
            t
            for t in in_force(listed, region, indicator, start, as_of, demo=demo)
            if not t.carried and t.first_month == start and t not in found
        ]
    return found


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
    found = _announcements(target, (t for t in targets if t.known_on(as_of)))
    if target.carried or not found:
        return target.limit
    limit = _in_month(found, month).limit
    assert limit is not None
    return limit
