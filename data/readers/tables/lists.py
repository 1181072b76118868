"""Long lists, one figure a line, read straight through: many times faster than tables.

Only what is plain in every line is read here: known regions, indicators and months, numbers without
a word or a mark. It gives exactly what the tables would give. Whatever else a line holds is theirs:
then nothing is read here and `NotPlain` says so.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import TypeVar

import pandas as pd

from employment_forecast.data.catalogue import Indicator, Region
from employment_forecast.data.readers.formats import Sheet
from employment_forecast.data.readers.privacy import refuse_personal_data, split_identity
from employment_forecast.data.readers.tables.axis import day_of
from employment_forecast.data.readers.tables.collector import Collector, left_out
from employment_forecast.data.readers.tables.columns import Columns, roles
from employment_forecast.data.readers.tables.doubts import is_of_flow, subject_of
from employment_forecast.data.readers.tables.entries import most_people
from employment_forecast.data.readers.tables.facts import Facts
from employment_forecast.data.readers.tables.firms import is_firm_table
from employment_forecast.data.readers.tables.layout import LocatedTable, locate
from employment_forecast.data.readers.tables.part_months import is_part_month_sheet
from employment_forecast.data.readers.tables.regions import (
    check_regions,
    code_fits,
    division_code,
    is_elsewhere,
    is_of_place,
    is_office,
)
from employment_forecast.data.readers.tables.remarks import is_adjusted, span_of
from employment_forecast.data.readers.tables.rows import heads_codes, source_of
from employment_forecast.data.readers.vocabulary import (
    Label,
    Mapping,
    Unit,
    conversion,
    fold,
    is_doubted,
    parse_amount,
    parse_unit,
    remark_on_publication,
    unit_note,
)

# Lines that tell what the columns are.
SAMPLE = 50
# Longer ones may be numbers of telephones and documents: the tables look at them closely.
_NUMBER = re.compile(r"-?\d{1,9}(?:\.\d{1,6})?")
_MARKED = re.compile("[+＋eEｅＥ]")
_LONGEST_NUMBER, _MOST_DIGITS, _LONGEST_SERIAL = 11, 10, 8
_MOST_TEXTS = 20_000
T = TypeVar("T")
# Region, indicator, month, value, day of publication, source, line, column, text, label.
ListRow = tuple[str, str, pd.Period, float, date | None, str, int, int, str, str]
Line = tuple[int, list[str]]


class NotPlain(Exception):
    """Something that only the tables can read."""


class _Meanings(dict[str, T]):
    """What the texts of one column mean; None for one that means more makes it not plain."""

    def __init__(self, meaning: Callable[[str], T | None]) -> None:
        super().__init__()
        self._meaning = meaning

    def __missing__(self, text: str) -> T:
        meaning = self._meaning(text)
        if meaning is None or len(self) >= _MOST_TEXTS:
            raise NotPlain
        self[text] = meaning
        return meaning


@dataclass(frozen=True)
class _Kind:
    """How figures of one indicator in one unit are read."""

    code: str
    unit: str
    label: str
    factor: Decimal | None
    whole: bool
    bounded: bool


@dataclass(frozen=True)
class _Roles:
    """Columns of a list, counted from 0; -1 for one that it has not.

    Those of `regions` name the region once more: by its division code, mostly.
    """

    region: int
    indicator: int
    month: int
    unit: int
    published_on: int
    source: int
    ignored: tuple[int, ...]
    regions: tuple[int, ...]
    values: tuple[tuple[int, Facts], ...]

    @property
    def labels(self) -> tuple[int, ...]:
        """Columns that say what the figures are about."""
        columns = (
            self.region, self.indicator, self.month, self.unit, self.published_on, self.source,
            *self.ignored, *self.regions,
        )  # fmt: skip
        return tuple(index for index in columns if index >= 0)


class ListReader:
    """Reads the lines of one list.

    Parameters
    ----------
    header : list of str
        First line.
    sample : list of (int, list of str)
        The lines after it, up to `SAMPLE`, with their numbers from 2.
    collector : Collector
        Knows the words, the options and the file.

    Raises
    ------
    NotPlain
        If the columns are not those of a plain list.
    """

    def __init__(self, header: list[str], sample: Sequence[Line], collector: Collector) -> None:
        self._collector, self._classify = collector, collector.vocabulary.classify
        self._width = len(header)
        self._roles, self._table = _roles(header, sample, collector)
        used = {*self._roles.labels, *(index for index, _ in self._roles.values)}
        self._unused = [i for i in range(self._width) if i not in used]
        self._zero_is_missing = collector.vocabulary.mapping.zero_is_missing
        self._regions = _Meanings(self._region)
        self._months = _Meanings(self._month)
        self._sources = _Meanings(self._source)
        self._days = _Meanings(day_of)
        self._ignored = _Meanings(self._remark)
        self._kinds: dict[tuple[int, str, str], _Kind] = {}
        self._agreeing: set[tuple[str, str, bool]] = set()
        self._left_out = 0

    def region_of(self, fields: Sequence[str]) -> Region:
        """The region that a line is about; raises NotPlain if one of its labels is not plain."""
        at = self._roles
        self._labels(fields)
        indicator = self._classify(fields[at.indicator]) if at.indicator >= 0 else None
        if indicator is not None and not _states_only(indicator, "indicator"):
            raise NotPlain
        return self._region_on(fields)

    def _region_on(self, fields: Sequence[str]) -> Region:
        """The region of a line, with which its other columns of regions and codes agree."""
        at = self._roles
        region = self._regions[fields[at.region]] if at.region >= 0 else self._collector.region
        assert region is not None
        for index in at.regions:
            names_regions = index not in at.ignored
            agreement = (region.code, fields[index], names_regions)
            if agreement not in self._agreeing:
                self._demand_agreement(region, fields[index], names_regions)
                self._agreeing.add(agreement)
        return region

    def _demand_agreement(self, region: Region, text: str, names_regions: bool) -> None:
        catalogue, code = self._collector.vocabulary.catalogue, division_code(text)
        named = self._classify(text).region
        if named or (names_regions and text.strip()):
            fits = named == region
        else:
            fits = not code or code_fits(code, region, catalogue, below=False)
        if not fits or len(self._agreeing) >= _MOST_TEXTS:
            raise NotPlain

    @property
    def label_columns(self) -> tuple[int, ...]:
        """Columns that say what the figures are about, from 0."""
        return self._roles.labels

    @property
    def file(self) -> str:
        """File name."""
        return self._collector.file

    def notes(self) -> tuple[str, ...]:
        """What was left out, in the words of the tables."""
        collector = self._collector
        read = {r.code: r for r in self._regions.values() if collector.region in (None, r)}
        said = check_regions(
            self._table, collector.vocabulary, read.values(), True, self.file, collector.findings
        )
        left = (left_out(self._left_out),) if self._left_out else ()
        return tuple(dict.fromkeys((*collector.notes, *said, *left)))

    def read(self, lines: Iterable[Line]) -> list[ListRow]:
        """Figures of whole series, in the order of the file.

        Raises
        ------
        NotPlain
            If a line or a series is for the tables.
        RefusedError
            For lines about persons.
        """
        rows: list[ListRow] = []
        self._rates: dict[tuple[str, str], list[float]] = defaultdict(list)
        self._seen: set[tuple[str, str, int, date | None]] = set()
        for number, fields in lines:
            self._read(number, fields, rows)
        for (_, indicator), values in self._rates.items():
            counted = self._collector.vocabulary.catalogue.indicator(indicator)
            usual = median(values)
            highest = max(values) if counted.kind == "rate" else usual
            if usual < counted.smallest or 0 < counted.largest < highest:
                raise NotPlain
        self._refuse_persons()
        return rows

    def _read(self, number: int, fields: list[str], rows: list[ListRow]) -> None:
        if not any(fields):
            return
        at = self._roles
        month, published_on, source = self._labels(fields)
        region = self._region_on(fields)
        if fields[at.month].isdecimal() and split_identity(dict(enumerate(fields, 1))):
            raise NotPlain  # the tables say where
        named = fields[at.indicator] if at.indicator >= 0 else ""
        unit = fields[at.unit] if at.unit >= 0 else ""
        for index, head in at.values:
            text = number_text = fields[index]
            if not _NUMBER.fullmatch(text) or len(text) > _LONGEST_NUMBER:
                number_text = self._odd(text)
                if not number_text:
                    continue
            kind = self._kinds.get((index, named, unit)) or self._kind(index, head, named, unit)
            value = float(number_text)
            if value == 0 and self._zero_is_missing:
                continue
            if kind.factor is not None:
                value = float(Decimal(number_text) * kind.factor)
            if kind.whole and value != int(value):
                raise NotPlain
            most = most_people(kind.code, kind.unit, region.level)
            if most is not None and abs(value) > most:
                raise NotPlain
            if kind.bounded and value > 0:
                self._rates[region.code, kind.code].append(value)
            key = (region.code, kind.code, month.ordinal, published_on)
            if key in self._seen:
                raise NotPlain
            self._seen.add(key)
            if self._unwanted(region, kind.code):
                self._left_out += 1
                continue
            rows.append(
                (
                    region.code, kind.code, month, value, published_on, source,
                    number, index + 1, text, kind.label,
                )
            )  # fmt: skip

    def _labels(self, fields: Sequence[str]) -> tuple[pd.Period, date | None, str]:
        """Month, day of publication and source of a line; raises NotPlain for what is odd."""
        at, collector = self._roles, self._collector
        if len(fields) != self._width or any(fields[index].strip() for index in self._unused):
            raise NotPlain
        published_on, source = collector.published_on, collector.source
        if at.published_on >= 0 and fields[at.published_on].strip():
            published_on = self._days[fields[at.published_on]]
        if at.source >= 0 and fields[at.source].strip():
            source = self._sources[fields[at.source]] or source
        for index in at.ignored:
            if not (fields[index].isdecimal() and len(fields[index]) < _LONGEST_SERIAL):
                self._ignored[fields[index]]  # raises where it means something
        return self._months[fields[at.month]], published_on, source

    @staticmethod
    def _odd(text: str) -> str:
        """Number of a cell with more than digits, such as 1,234; empty for one without a value."""
        amount = parse_amount(text)
        marked = amount.unit is not None or _MARKED.search(text)
        if amount.fault or marked or sum(map(str.isdecimal, text)) > _MOST_DIGITS:
            raise NotPlain
        return "" if amount.number is None else str(amount.number)

    def _unwanted(self, region: Region, indicator: str) -> bool:
        wanted = self._collector.region, self._collector.indicator
        return (wanted[0] is not None and region != wanted[0]) or (
            wanted[1] is not None and indicator != wanted[1].code
        )

    def _kind(self, index: int, head: Facts, named: str, unit: str) -> _Kind:
        """How figures under a head are read, whose line names an indicator and a unit."""
        label = head.label
        indicator = head.indicator
        if self._roles.indicator >= 0:
            classified = self._classify(named)
            if not _states_only(classified, "indicator"):
                raise NotPlain
            indicator, label = classified.indicator, classified.text
        if indicator is None:
            indicator, label = self._collector.indicator, ""
        assert indicator is not None
        units = head.units
        if not units and unit.strip():
            stated = self._classify(unit)
            if not stated.units or not _states_only(stated, "units"):
                raise NotPlain
            units = stated.units
        kind = _kind_of(indicator, label, units)
        if len(self._kinds) >= _MOST_TEXTS:
            raise NotPlain
        self._kinds[index, named, unit] = kind
        return kind

    def _region(self, text: str) -> Region | None:
        label = self._classify(text)
        return label.region if _states_only(label, "region") else None

    def _month(self, text: str) -> pd.Period | None:
        when = self._classify(text).when if _states_only(self._classify(text), "when") else None
        if when is None or when.month is None or "." in text or "．" in text:
            return None
        plain = not (when.is_range or when.cumulative or when.unpadded or when.day)
        return when.month if plain else None

    def _source(self, text: str) -> str | None:
        published = not remark_on_publication(text)
        return source_of(text, f"“{self._collector.file}”") if published else None

    def _remark(self, text: str) -> bool | None:
        label = self._classify(text)
        idle = label.total is None and span_of(text) is None and not unit_note(text)
        idle = idle and not remark_on_publication(text) and not is_doubted(text)
        idle = idle and not (is_office(text) or is_adjusted(fold(text[:200])))
        idle = idle and not label.group and (self._roles.region >= 0 or not is_of_place(text))
        return (idle and len(text) <= 40) or None

    def _refuse_persons(self) -> None:
        """Look at every text that is no number, each once in its column."""
        columns: dict[int, Iterable[str]] = {self._roles.source + 1: self._sources}
        columns |= {index + 1: self._ignored for index in self._roles.ignored}
        columns[self._roles.region + 1] = self._regions
        sheet = Sheet("")
        for column, texts in columns.items():
            for row, text in enumerate(texts, 1):
                if column and text.strip():
                    sheet.rows.setdefault(row, {})[column] = text
        refuse_personal_data(self._collector.file, (sheet,))


def _states_only(label: Label, attribute: str) -> bool:
    """True for a label that states one thing and nothing besides."""
    bare = replace(label, **{attribute: getattr(Label(""), attribute)})
    return bool(getattr(label, attribute)) and bare == Label(label.text)


def _kind_of(indicator: Indicator, label: str, units: tuple[Unit, ...]) -> _Kind:
    fitting = [u for u in units if conversion(u, indicator.unit) is not None]
    if units and (not fitting or fitting[0].change):
        raise NotPlain
    own = parse_unit(indicator.unit)
    factor = conversion(fitting[0], indicator.unit) if fitting else None
    counted = own is not None and own.dimension in ("persons", "firms") and indicator.precision >= 1
    return _Kind(
        code=indicator.code,
        unit=indicator.unit,
        label=label,
        factor=None if factor == 1 else factor,
        whole=counted,
        bounded=bool(indicator.smallest or indicator.largest),
    )


def _roles(
    header: list[str], sample: Sequence[Line], collector: Collector
) -> tuple[_Roles, LocatedTable]:
    """The columns of a list, as the tables tell them apart."""
    sheet, mapping = Sheet(""), collector.vocabulary.mapping
    for number, fields in ((1, header), *sample):
        cells = {column: text for column, text in enumerate(fields, 1) if text.strip()}
        if cells:
            sheet.rows[number] = dict(cells)
    refuse_personal_data(collector.file, (sheet,))
    names_only = replace(mapping, columns={}, indicators={}, regions={}, groups={})
    if replace(names_only, zero_is_missing=False) != Mapping():
        raise NotPlain
    tables = locate(sheet, collector.vocabulary)
    if is_part_month_sheet(sheet) or len(tables) != 1 or is_firm_table(tables[0]):
        raise NotPlain
    (table,) = tables
    whole = table.header == [1] and table.rows == [number for number, _ in sample]
    if not whole or table.banners or table.sections or table.remarks:
        raise NotPlain
    background = collector.background.of(table)
    if background.units or background.form or background.total or background.group:
        raise NotPlain
    name, vocabulary = Path(collector.file).stem, collector.vocabulary
    if subject_of(name, vocabulary)[0] or is_of_flow(name):
        raise NotPlain
    coded = {c for c, heads in table.heads.items() if any(map(heads_codes, heads))}
    columns = roles(table, vocabulary)
    at = _checked(columns, coded, collector)
    if at.region < 0 and collector.region and is_elsewhere(name, collector.region, vocabulary):
        raise NotPlain
    collector.notes += columns.notes()
    return at, table


def _checked(columns: Columns, coded: set[int], collector: Collector) -> _Roles:
    at: dict[str, int] = {}
    for column, dimension in columns.labels.items():
        if dimension in _Roles.__annotations__:
            at.setdefault(dimension, column - 1)
    ignored = tuple(column - 1 for column, d in columns.labels.items() if d == "ignore")
    again = [c - 1 for c, d in columns.labels.items() if d == "region" and c - 1 != at["region"]]
    unusual = columns.unknown or columns.headless or columns.unit_cells or columns.dated
    roles_known = len(at) + len(ignored) + len(again) == len(columns.labels)
    if unusual or not roles_known or "month" not in at:
        raise NotPlain
    heads = columns.values
    for head in heads.values():
        bare = replace(head, indicator=None, units=(), label="")
        if bare != Facts() or (head.indicator is not None and "indicator" in at):
            raise NotPlain
        if head.indicator is None and "indicator" not in at and collector.indicator is None:
            raise NotPlain
    if not heads or ("region" not in at and collector.region is None):
        raise NotPlain
    return _Roles(
        region=at.get("region", -1),
        indicator=at.get("indicator", -1),
        month=at["month"],
        unit=at.get("unit", -1),
        published_on=at.get("published_on", -1),
        source=at.get("source", -1),
        ignored=ignored,
        regions=(*again, *(index for index in ignored if index + 1 in coded)),
        values=tuple((column - 1, head) for column, head in sorted(heads.items())),
    )
