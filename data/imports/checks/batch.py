"""What the checks look at, and what one check gives."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Literal

from employment_forecast.data.catalogue import Catalogue, Indicator
from employment_forecast.data.records import (
    CheckInfo,
    Finding,
    FirmMonth,
    Reading,
    ReadResult,
    Severity,
    shown,
)
from employment_forecast.data.targets import Target

Status = Literal["pass", "warning", "error"]
SeriesKey = tuple[str, str, str | None]


@dataclass(frozen=True)
class CheckedSeries:
    """One series: what is new beside what is already known.

    Attributes
    ----------
    key : tuple
        Region code, indicator code, group or None.
    indicator : Indicator
        Its catalogue entry.
    new : dict of int to Reading
        New values by month ordinal; of several vintages the last published one.
    known : dict of int to float
        Latest stored values by month ordinal.
    """

    key: SeriesKey
    indicator: Indicator
    new: dict[int, Reading]
    known: Mapping[int, float]

    @cached_property
    def values(self) -> dict[int, float]:
        """Known and new values by month ordinal, new ones first, in order of time."""
        merged = {**self.known} | {m: r.observation.value for m, r in self.new.items()}
        return dict(sorted(merged.items()))

    def reference(self, month: int) -> float | None:
        """Usual size: median of known values, else of the other new ones; None if there are none.

        Flows that accumulate are compared with the same month of other years where there are any.
        """
        own = self._usual_of(self.known, month)
        return self._usual_of(self._new_values, month) if own is None else own

    @cached_property
    def _new_values(self) -> dict[int, float]:
        return {m: r.observation.value for m, r in self.new.items()}

    def _usual_of(self, values: Mapping[int, float], month: int) -> float | None:
        """Median of the positive values of other months; None if there are none."""
        if self.indicator.reporting == "year_to_date":
            alike = self._median(values, month, month % 12)
            if alike is not None:
                return alike
        return self._median(values, month, None)

    def _median(self, values: Mapping[int, float], month: int, season: int | None) -> float | None:
        own = values.get(month, 0.0)
        return median_without(self._sorted(values, season), own if own > 0 else None)

    def _sorted(self, values: Mapping[int, float], season: int | None) -> list[float]:
        """Positive values, ascending; of one calendar month where it is given."""
        key = (id(values), season)
        if key not in self._sorted_values:
            chosen = (v for m, v in values.items() if v > 0 and season in (None, m % 12))
            self._sorted_values[key] = sorted(chosen)
        return self._sorted_values[key]

    @cached_property
    def _sorted_values(self) -> dict[tuple[int, int | None], list[float]]:
        return {}

    def has_alike(self, month: int) -> bool:
        """True if other months compare with this one; of a year-to-date flow its like only."""
        if self.indicator.reporting != "year_to_date":
            return True
        return any(m != month and (m - month) % 12 == 0 for m in self.values)


def median_without(ascending: list[float], left_out: float | None) -> float | None:
    """Median of sorted values without one of them; None if no other is left."""
    at, count = len(ascending), len(ascending)
    if left_out is not None:
        at, count = bisect_left(ascending, left_out), count - 1
    if not count:
        return None
    middle = count // 2
    upper = ascending[middle + (middle >= at)]
    return upper if count % 2 else (ascending[middle - 1 + (middle - 1 >= at)] + upper) / 2


@dataclass(frozen=True)
class Batch:
    """Everything one command brings in, beside what is already known.

    Attributes
    ----------
    readings, groups : tuple of Reading
        Observations for everybody, and for groups of people.
    firms : tuple of FirmMonth
        Rows of firm panels.
    known : mapping of (str, str) to mapping of int to float
        Latest stored values by region and indicator code and month ordinal.
    catalogue : Catalogue
        Indicators and regions.
    today : datetime.date
        Day of the import.
    revise : bool
        True if another value for a known month is welcome.
    targets : sequence of Target
        Real targets, to hold first figures against.
    """

    readings: tuple[Reading, ...]
    catalogue: Catalogue
    today: date
    groups: tuple[Reading, ...] = ()
    firms: tuple[FirmMonth, ...] = ()
    known: Mapping[tuple[str, str], Mapping[int, float]] = field(default_factory=dict)
    revise: bool = False
    targets: Sequence[Target] = ()

    @classmethod
    def of(
        cls,
        results: Iterable[ReadResult],
        catalogue: Catalogue,
        today: date,
        known: Mapping[tuple[str, str], Mapping[int, float]] | None = None,
        revise: bool = False,
    ) -> Batch:
        """Everything the files of one command gave."""
        files = tuple(results)
        return cls(
            readings=tuple(r for f in files for r in f.readings),
            groups=tuple(r for f in files for r in f.groups),
            firms=tuple(r for f in files for r in f.firms),
            catalogue=catalogue,
            today=today,
            known=known or {},
            revise=revise,
        )

    @cached_property
    def series(self) -> tuple[CheckedSeries, ...]:
        """New readings by series, in order of first appearance."""
        by_series: dict[SeriesKey, dict[int, Reading]] = {}
        for reading in (*self.readings, *self.groups):
            row = reading.observation
            months = by_series.setdefault((row.region, row.indicator, reading.group), {})
            before = months.get(row.month.ordinal)
            if before is None or _is_later(reading, before):
                months[row.month.ordinal] = reading
        return tuple(
            CheckedSeries(key, self.catalogue.indicator(key[1]), new, self._known(key))
            for key, new in by_series.items()
        )

    def _known(self, key: SeriesKey) -> Mapping[int, float]:
        return self.known.get(key[:2], {}) if key[2] is None else {}

    def explained(self, series: CheckedSeries) -> set[int]:
        """Months (ordinals) from which figures count something else, as the catalogue has it."""
        region, _, _ = series.key
        merged = self.catalogue.merged_into(self.catalogue.region(region))
        joined = {e.until.ordinal + 1 for e in merged if e.until is not None}
        return joined | {b.month.ordinal for b in series.indicator.breaks_in(region, demo=False)}

    def value(self, region: str, indicator: str, month: int) -> float | None:
        """New or known value for everybody; None if there is none."""
        return self.values(region, indicator).get(month)

    def values(self, region: str, indicator: str) -> Mapping[int, float]:
        """New and known values for everybody by month ordinal."""
        new = self.by_key.get((region, indicator, None))
        return self.known.get((region, indicator), {}) if new is None else new.values

    def reading(self, region: str, indicator: str, month: int) -> Reading | None:
        """New reading for everybody; None if there is none."""
        series = self.by_key.get((region, indicator, None))
        return None if series is None else series.new.get(month)

    @cached_property
    def by_key(self) -> dict[SeriesKey, CheckedSeries]:
        """The series by their keys."""
        return {s.key: s for s in self.series}


def _is_later(new: Reading, old: Reading) -> bool:
    first, second = new.observation.published_on, old.observation.published_on
    return first is not None and (second is None or first > second)


@dataclass(frozen=True)
class CheckResult:
    """What one check gave.

    Attributes
    ----------
    info : CheckInfo
        The check.
    findings : tuple of Finding
        Empty if it passed.
    """

    info: CheckInfo
    findings: tuple[Finding, ...]

    @property
    def status(self) -> Status:
        """`pass`, `warning` or `error`: the worst finding."""
        if any(f.severity == "error" for f in self.findings):
            return "error"
        return "warning" if self.findings else "pass"


@dataclass(frozen=True)
class Check:
    """A check and its line in the table."""

    info: CheckInfo
    function: Callable[[Batch], list[Finding]]

    def run(self, batch: Batch) -> CheckResult:
        """Apply it to a batch."""
        return CheckResult(self.info, tuple(self.function(batch)))


def finding(check: str, severity: Severity, reading: Reading, message: str, remedy: str) -> Finding:
    """Finding about one reading."""
    return Finding(check, severity, reading.place, shown(reading.raw), message, remedy)


def month_text(ordinal: int) -> str:
    """A month ordinal as 2021年3月."""
    return f"{1970 + ordinal // 12}年{ordinal % 12 + 1}月"
