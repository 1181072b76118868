"""Series of a whole from those of its parts (汇总), as they could be added up on any day."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import groupby
from math import fsum

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.data.catalogue import Catalogue, Indicator, Region, phrase
from employment_forecast.data.clock import month_key
from employment_forecast.data.errors import UnknownNameError
from employment_forecast.data.records import COLUMNS, Vintages

# What reads series of some regions as they were brought in.
Recorded = Callable[[Sequence[str], str], Mapping[str, Vintages]]
Apart = tuple[pd.Timestamp, tuple[int, ...], float]
SUMMED = "汇总"
_ASKED_AT_ONCE = 200
_NAMED, _MONTHS_NAMED, _REVISIONS_NAMED = 6, 3, 2


@dataclass(frozen=True)
class Summed:
    """Which parts a whole was added up from.

    Attributes
    ----------
    indicator : Indicator
        What is added up.
    spans : tuple of (int, int, tuple of Region)
        First and last month (YYYYMM) and the regions that make up the whole in them; empty for a
        quotient.
    told : pandas.DataFrame
        Day on which each part (column, by code) first told each month (index, YYYYMM).
    sums : pandas.DataFrame
        Rows that are sums, as in `Vintages`.
    own : pandas.DataFrame
        Rows of the whole's own.
    apart : tuple of (pandas.Timestamp, tuple of int, float)
        Days from which on other months had an own figure that is not the sum, and the median of
        what the sum has beyond it, as a share of it.
    """

    indicator: Indicator
    spans: tuple[tuple[int, int, tuple[Region, ...]], ...]
    told: pd.DataFrame
    sums: pd.DataFrame
    own: pd.DataFrame
    apart: tuple[Apart, ...] = ()

    def members(self, month: int) -> tuple[Region, ...]:
        """Regions that make up the whole in a month (YYYYMM)."""
        return next((parts for first, last, parts in self.spans if first <= month <= last), ())

    def missing(self, day: date) -> dict[int, tuple[Region, ...]]:
        """Months (YYYYMM) that some parts had told by a day and others had not, and those."""
        months = self.told.index.to_numpy()
        known = self._first_told <= np.datetime64(day)
        columns = {code: at for at, code in enumerate(self.told.columns)}
        incomplete = {}
        for first, last, parts in self.spans:
            rows = np.flatnonzero((months >= first) & (months <= last))
            at = np.array([columns[p.code] for p in parts], dtype=int)
            told = known[rows][:, at]
            for row in np.flatnonzero(told.any(axis=1) & ~told.all(axis=1)):
                absent = (p for p, had in zip(parts, told[row], strict=True) if not had)
                incomplete[int(months[rows[row]])] = tuple(absent)
        return incomplete

    @cached_property
    def _first_told(self) -> npt.NDArray[np.datetime64]:
        return self.told.to_numpy(dtype="datetime64[s]")

    def notes(self, day: date) -> tuple[str, ...]:
        """What was added up, what is missing and what was revised, as known on a day."""
        notes: list[str] = []
        now = pd.Timestamp(day)
        own = self.own["month"][self.own["published_on"] <= now]
        # A sum stands until the month has an own figure.
        rows = self.sums[(self.sums["published_on"] <= now) & ~self.sums["month"].isin(own)]
        notes += self._origin(rows)
        if len(rows):
            revised = rows[rows["month"].duplicated()].sort_values("published_on")
            unit = self.indicator.unit
            notes += [
                f"{_text(month)} {source}为 {phrase(value, self.indicator)}{unit}"
                for month, source, value in zip(
                    *(revised[c].tail(_REVISIONS_NAMED) for c in ("month", "source", "value")),
                    strict=True,
                )
            ]
        apart, gap = next((a[1:] for a in reversed(self.apart) if a[0] <= now), ((), 0.0))
        if apart:
            shown = "、".join(map(_text, apart[-_MONTHS_NAMED:]))
            more = "等" if len(apart) > _MONTHS_NAMED else ""
            notes.append(
                f"各下级之和与自己的数在 {len(apart)} 个月不一致（{shown}{more}；"
                f"多数月份{'多' if gap > 0 else '少'} {abs(gap):.1%}），不以{SUMMED}补缺，"
                "请核对下级是否齐全（parts_complete）"
            )
        have = {*rows["month"], *own}
        absent = {m: r for m, r in self.missing(day).items() if m not in have}
        notes += [
            f"{_text(m)} 缺{_named(absent[m])}，没有{SUMMED}"
            for m in sorted(absent)[-_MONTHS_NAMED:]
        ]
        return tuple(notes)

    def _origin(self, rows: pd.DataFrame) -> Iterator[str]:
        """A sentence for the months whose figures came about alike, stretch by stretch."""
        newest = rows.drop_duplicates("month", keep="last").sort_values("month")
        sources = zip(newest["month"], newest["source"], strict=True)
        for how, alike in groupby(sources, key=lambda each: self._how(*each)):
            months = [int(month) for month, _ in alike]
            # A month that is missing or has an own figure ends a stretch.
            places = [month // 100 * 12 + month % 100 for month in months]
            starts = [
                at for at, place in enumerate(places) if at == 0 or place != places[at - 1] + 1
            ]
            lasts = [*(at - 1 for at in starts[1:]), len(months) - 1]
            spans = [
                f"{_text(months[a])} 至 {_text(months[b])}"
                for a, b in zip(starts, lasts, strict=True)
            ]
            more = f"等 {len(spans)} 段" if len(spans) > _MONTHS_NAMED else ""
            mark = f"{SUMMED}：" if self.spans or SUMMED in how else ""
            yield f"{mark}{'、'.join(spans[-_MONTHS_NAMED:])}{more} 由{how}"

    def _how(self, month: int, source: str) -> str:
        parts = self.members(month)
        return f" {len(parts)} 个地区相加（{_named(parts)}）" if parts else source


def _text(month: int) -> str:
    return f"{month // 100}-{month % 100:02d}"


def _named(regions: Sequence[Region]) -> str:
    shown = "、".join(r.name for r in regions[:_NAMED])
    return f"{shown}等 {len(regions)} 个" if len(regions) > _NAMED else shown


def with_sums(recorded: Recorded, catalogue: Catalogue, region: str, code: str) -> Vintages:
    """A series in which months without a figure of the region's own are sums of its parts.

    The months before a merger are those of all that merged, so that they compare with the months
    after it. A month that any part has not told has no sum. A rate is the quotient of sums. Real
    figures are never added to demonstration data; where only parts have real figures, the
    demonstration series of the whole is left aside.

    Parameters
    ----------
    recorded : callable
        Reads series of several regions.
    catalogue : Catalogue
        Regions and their parts.
    region, code : str
        Catalogue codes of the region and the indicator.
    """
    try:
        whole, indicator = catalogue.region(region), catalogue.indicator(code)
    except UnknownNameError:
        return recorded([region], code)[region]
    if indicator.aggregation == "sum":
        return _Sums(recorded, catalogue, indicator).whole(whole)
    if indicator.numerator and indicator.denominator and _has_parts(catalogue, whole):
        return _quotient(recorded, catalogue, whole, indicator)
    return recorded([region], code)[region]


def wholes_of(
    catalogue: Catalogue, stored: Mapping[tuple[str, str], bool]
) -> list[tuple[str, str]]:
    """Series of wholes of which some part, or every count of a rate, is real.

    Parameters
    ----------
    catalogue : Catalogue
        Regions and their parts.
    stored : mapping of (str, str) to bool
        Whether each stored (region, indicator) is demonstration data.
    """
    indicators = {i.code: i for i in catalogue.indicators}
    regions = {r.code: r for r in catalogue.regions}
    real = {key for key, demo in stored.items() if not demo}
    waiting, summed = list(real), set[tuple[str, str]]()
    while waiting:
        code, indicator = waiting.pop()
        if indicator not in indicators or indicators[indicator].aggregation != "sum":
            continue
        for parent in {e.parent for e in regions[code].entries} if code in regions else ():
            key = (parent or "", indicator)
            new = key not in real and key not in summed
            if parent and new and catalogue.lists_parts(regions[parent]):
                summed.add(key)
                waiting.append(key)
    counted = real | summed
    wholes = {c for c, _ in counted if c in regions and _has_parts(catalogue, regions[c])}
    for region in wholes:
        for rate in (i for i in indicators.values() if i.numerator):
            if all((region, c) in counted for c in (*rate.numerator, *rate.denominator)):
                summed.add((region, rate.code))
    return sorted(summed - real)


def added_up_to(catalogue: Catalogue, region: Region) -> set[str]:
    """Codes of a region and of everything that is or ever was added up to it."""
    codes, waiting = {region.code}, [region]
    while waiting:
        whole = waiting.pop()
        below = catalogue.children(whole) if catalogue.lists_parts(whole) else ()
        waiting += [part for part in below if part.code not in codes]
        codes |= {part.code for part in below}
    return codes


def _has_parts(catalogue: Catalogue, region: Region) -> bool:
    return catalogue.lists_parts(region) or bool(catalogue.merged_into(region))


class _Sums:
    """Sums of one indicator; every series is read once."""

    def __init__(self, recorded: Recorded, catalogue: Catalogue, indicator: Indicator) -> None:
        self.recorded, self.catalogue, self.indicator = recorded, catalogue, indicator
        self.read: dict[str, Vintages] = {}
        self.made: dict[str, Vintages] = {}

    def own(self, regions: Sequence[Region]) -> list[Vintages]:
        wanted = [r.code for r in regions if r.code not in self.read]
        for start in range(0, len(wanted), _ASKED_AT_ONCE):
            asked = wanted[start : start + _ASKED_AT_ONCE]
            self.read.update(self.recorded(asked, self.indicator.code))
        return [self.read[r.code] for r in regions]

    def whole(self, region: Region) -> Vintages:
        """With what merged into it."""
        merged = self.catalogue.merged_into(region)
        plain = self.plain(region)
        if not merged:
            return plain
        ends = {e.code: e.until for e in merged if e.until is not None}
        former = [self.catalogue.region(code) for code in ends]

        def members(month: pd.Period) -> tuple[Region, ...]:
            before = tuple(r for r in former if month <= ends[r.code] and r.entry_in(month))
            return (*((region,) if region.entry_in(month) else ()), *before) if before else ()

        parts = {r.code: self.whole(r) for r in former} | {region.code: plain}
        since = [e.since for r in (region, *former) for e in r.entries if e.since is not None]
        spans = _spans([*since, *(u + 1 for u in ends.values())], members)
        after = plain.rows[plain.rows["month"] > month_key(max(ends.values()))]
        return _joined(plain, after, self.indicator, parts, spans)

    def plain(self, region: Region) -> Vintages:
        """Of its own territory alone."""
        if region.code not in self.made:
            self.made[region.code] = self._plain(region)
        return self.made[region.code]

    def _plain(self, region: Region) -> Vintages:
        own = self.own([region])[0]
        parts = self.parts(region)
        real = any(_is_real(v) for v in parts.values())
        if not parts or (not real and len(own.rows)):
            return own
        real_rows = own.rows[~own.rows["demo"]] if real else own.rows
        return _joined(own, real_rows, self.indicator, parts, self.spans(region))

    def parts(self, region: Region) -> dict[str, Vintages]:
        """Series of everything that was ever part of a region; all real ones or none."""
        below = self.catalogue.children(region) if self.catalogue.lists_parts(region) else ()
        self.own(below)
        parts = {r.code: self.plain(r) for r in below}
        if not any(_is_real(v) for v in parts.values()):
            return parts
        # Generated figures of a part are no figures beside real ones.
        return {c: v if _is_real(v) else replace(v, rows=v.rows.iloc[:0]) for c, v in parts.items()}

    def spans(self, region: Region) -> tuple[tuple[int, int, tuple[Region, ...]], ...]:
        """Which regions make up a region, and when."""
        entries = [e for r in self.catalogue.children(region) for e in r.entries]
        since = [e.since for e in entries if e.since is not None]
        after = [e.until + 1 for e in entries if e.until is not None]
        return _spans([*since, *after], lambda m: self.catalogue.children(region, m))


def sums_of_parts(
    recorded: Recorded, catalogue: Catalogue, region: Region, indicator: Indicator
) -> Vintages:
    """Sums of a region's parts alone, whatever figures of its own it has."""
    sums = _Sums(recorded, catalogue, indicator)
    own = sums.own([region])[0]
    return _joined(own, own.rows.iloc[:0], indicator, sums.parts(region), sums.spans(region))


def _is_real(vintages: Vintages) -> bool:
    return len(vintages.rows) > 0 and not vintages.rows["demo"].all()


def _spans(
    cuts: Sequence[pd.Period], in_month: Callable[[pd.Period], tuple[Region, ...]]
) -> tuple[tuple[int, int, tuple[Region, ...]], ...]:
    """Spans of months (YYYYMM) in which a whole has the same parts."""
    starts = [pd.Period("1900-01", freq="M"), *sorted(set(cuts))]
    lasts = [*(s - 1 for s in starts[1:]), pd.Period("2999-12", freq="M")]
    return tuple(
        (month_key(a), month_key(b), in_month(a)) for a, b in zip(starts, lasts, strict=True)
    )


def _added(
    parts: Mapping[str, Vintages], spans: tuple[tuple[int, int, tuple[Region, ...]], ...]
) -> pd.DataFrame:
    """Sums of all months that every part has told, one row for each day they changed."""
    sums: list[tuple[object, ...]] = []
    for first, last, members in spans:
        if not members or any(parts[r.code].rows.empty for r in members):
            continue
        frames = [
            rows[(rows["month"] >= first) & (rows["month"] <= last)].assign(part=at)
            for at, rows in enumerate(parts[r.code].rows for r in members)
        ]
        table = pd.concat(frames, ignore_index=True)
        for month, reports in table.groupby("month", sort=True):
            if reports["part"].nunique() == len(members):
                sums += _sums_of_month(month, reports, members)
    return _table(sums)


def _table(records: Sequence[tuple[object, ...]]) -> pd.DataFrame:
    rows = pd.DataFrame(records, columns=list(COLUMNS))
    rows["published_on"] = pd.to_datetime(rows["published_on"]).astype("datetime64[s]")
    return rows.astype({"month": "int64", "value": float, "demo": bool})


def _sums_of_month(
    month: object, reports: pd.DataFrame, members: Sequence[Region]
) -> Iterator[tuple[object, ...]]:
    """Rows of one month: when the last part was told, and whenever a part was revised."""
    ordered = reports.sort_values(["published_on", "id"], kind="stable")
    latest: dict[int, tuple[float, bool]] = {}
    before: float | None = None
    demo = bool(reports["demo"].any())
    for day, rows in ordered.groupby("published_on", sort=True):
        for part, value, estimated in zip(
            rows["part"], rows["value"], rows["published_estimated"], strict=True
        ):
            latest[int(part)] = (float(value), bool(estimated))
        if len(latest) < len(members):
            continue
        value = fsum(v for v, _ in latest.values())
        if value == before:
            continue
        if before is None:
            source = f"{SUMMED}（{_named(members)}）"
        else:
            who = _named([members[int(p)] for p in dict.fromkeys(rows["part"])])
            source = f"{SUMMED}随{who} {day:%Y-%m-%d} 修订"
        before = value
        yield month, value, day, any(e for _, e in latest.values()), source, demo, 0


def _joined(
    series: Vintages,
    own: pd.DataFrame,
    indicator: Indicator,
    parts: Mapping[str, Vintages],
    spans: tuple[tuple[int, int, tuple[Region, ...]], ...],
    sums: pd.DataFrame | None = None,
) -> Vintages:
    """Own rows, with sums for the months and until the days without one.

    While any month has both and they differ by more than rounding, they do not measure the same
    and no further sum stands in for a figure.
    """
    if not any(len(v.rows) for v in parts.values()):
        return replace(series, rows=own)
    sums = _added(parts, spans) if sums is None else sums
    usable, apart = _while_agreeing(own, sums, indicator)
    first_own = own.groupby("month")["published_on"].min()
    until = pd.Series(first_own.reindex(sums["month"]).to_numpy(), index=sums.index)
    added = sums[usable & (until.isna() | (sums["published_on"] < until))]
    # Without the parts that told nothing: the months of an empty one are of no integer type.
    first_days = pd.DataFrame(
        {c: v.rows.groupby("month")["published_on"].min() for c, v in parts.items() if len(v.rows)}
    ).reindex(columns=list(parts))
    first_days = first_days.astype("datetime64[s]")
    composition = Summed(indicator, spans, first_days.sort_index(), added, own, apart)
    if added.empty:
        return replace(series, rows=own, composition=composition)
    rows = pd.concat([t for t in (own, added) if len(t)])
    rows = rows.sort_values(["month", "published_on", "id"], kind="stable", ignore_index=True)
    rows = rows.assign(id=np.arange(1, len(rows) + 1))[list(COLUMNS)]
    return replace(series, rows=rows, composition=composition)


def _while_agreeing(
    own: pd.DataFrame, sums: pd.DataFrame, indicator: Indicator
) -> tuple[npt.NDArray[np.bool_], tuple[Apart, ...]]:
    """Of each sum whether everything known on its day agreed; the months apart, by day."""
    usable = np.ones(len(sums), dtype=bool)
    if own.empty or sums.empty:
        return usable, ()
    events = pd.concat([own.assign(at=-1), sums.assign(at=np.arange(len(sums)))])
    ours: dict[int, float] = {}
    theirs: dict[int, float] = {}
    apart: set[int] = set()
    changes: list[Apart] = []
    columns = ["month", "value", "at"]
    # Figures that were all typed in 万, 千 or 百 so far agree with whatever rounds to them.
    grids = [g for g in (1e4, 1e3, 1e2) if indicator.kind in ("stock", "flow")]
    for day, rows in events.groupby("published_on", sort=True):
        touched = {month for month, _, _ in rows[columns].itertuples(index=False)}
        for month, value, at in rows[columns].itertuples(index=False):
            (ours if at < 0 else theirs)[month] = value
            finer = [g for g in grids if at >= 0 or value % g == 0]
            if finer != grids:
                grids, touched = finer, set(ours)
        last_digit = max([indicator.precision, *grids[:1]])
        for month in touched & ours.keys() & theirs.keys():
            slack = last_digit / 2 + 1e-9 * abs(ours[month])
            differ = abs(ours[month] - theirs[month]) > slack
            (apart.add if differ else apart.discard)(month)
        usable[[at for at in rows["at"] if at >= 0]] = not apart
        now = tuple(sorted(apart))
        if now != (changes[-1][1] if changes else ()):
            gaps = [(theirs[m] - ours[m]) / ours[m] for m in now if ours[m]]
            gap = float(np.median(gaps)) if gaps else 0.0
            changes.append((pd.Timestamp(day), now, gap))  # type: ignore[arg-type]
    return usable, tuple(changes)


def _are_sums(vintages: Vintages) -> npt.NDArray[np.bool_]:
    """Of each row whether it is a sum; own ones of the month are of later days."""
    if not isinstance(vintages.composition, Summed):
        return np.zeros(len(vintages.rows), dtype=bool)
    sums = pd.MultiIndex.from_frame(vintages.composition.sums[["month", "published_on"]])
    return pd.MultiIndex.from_frame(vintages.rows[["month", "published_on"]]).isin(sums)


def _quotient(
    recorded: Recorded, catalogue: Catalogue, region: Region, indicator: Indicator
) -> Vintages:
    """A rate of a whole: its own where there is one, else its counts divided."""
    own = recorded([region.code], indicator.code)[region.code]
    counts = {
        code: with_sums(recorded, catalogue, region.code, code)
        for code in dict.fromkeys((*indicator.numerator, *indicator.denominator))
    }
    empty = any(v.rows.empty or v.rows["demo"].all() for v in counts.values())
    if (empty and len(own.rows)) or any(v.rows.empty for v in counts.values()):
        return own
    real = own.rows[~own.rows["demo"]]
    table = pd.concat(
        [v.rows.assign(part=c, summed=_are_sums(v)) for c, v in counts.items()], ignore_index=True
    )
    table = table.sort_values(["month", "published_on", "id"], kind="stable")
    rates: list[tuple[object, ...]] = []
    scale = 100.0 if indicator.unit == "%" else 1.0
    names = "、".join(catalogue.indicator(c).name for c in counts)
    for month, reports in table.groupby("month", sort=True):
        latest: dict[str, float] = {}
        summed: dict[str, bool] = {}
        for day, rows in reports.groupby("published_on", sort=True):
            latest.update(zip(rows["part"], rows["value"], strict=True))
            summed.update(zip(rows["part"], rows["summed"], strict=True))
            source = f"{names}{f'{SUMMED}后' if any(summed.values()) else ''}相除"
            if len(latest) == len(counts):
                above = fsum(latest[c] for c in indicator.numerator)
                below = fsum(latest[c] for c in indicator.denominator)
                if below > 0:
                    estimated = bool(reports["published_estimated"].any())
                    demo = bool(reports["demo"].any())
                    rates.append((month, scale * above / below, day, estimated, source, demo, 0))
    return _joined(own, real, indicator, counts, (), _table(rates))
