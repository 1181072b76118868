"""What a label says: region, indicator, group, time, unit, form, total, 其中 …."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

from data.catalogue import Catalogue, Indicator, Region
from data.readers.mapping import IGNORE, Mapping
from data.readers.months import When, find_when, parse_when
from data.readers.normal import fold
from data.readers.units import Unit, parse_units, unit_note
from data.readers.words import (
    DERIVED,
    DIMENSIONS,
    FIRM_FIELDS,
    FORMS,
    GROUPS,
    HEADING,
    NEUTRAL,
    SUBTOTALS,
    TOTALS,
    Dimension,
    Form,
)

Total = Literal["total", "subtotal"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Label:
    """Everything recognised in one label.

    Attributes
    ----------
    text : str
        As typed.
    residue : str
        Folded rest that nothing explains; empty if the label is fully understood.
    dimension : str or None
        Set if the label heads a column of regions, months, values and so on.
    region, indicator, group, when, units, form, total
        What the label states, if anything.
    part : bool
        True for `#` and 其中 rows.
    derived : bool
        True for comparisons, shares, targets and the like, which are not observations.
    ignored : bool
        True if the mapping says so, or for remarks and serial numbers.
    heading : bool
        True for a head that only gives a block its name, such as 失业情况.
    firm : str or None
        Field of the firm panel the label heads.
    """

    text: str
    residue: str = ""
    dimension: Dimension | None = None
    region: Region | None = None
    indicator: Indicator | None = None
    group: str | None = None
    when: When | None = None
    units: tuple[Unit, ...] = ()
    form: Form | None = None
    total: Total | None = None
    part: bool = False
    derived: bool = False
    ignored: bool = False
    heading: bool = False
    firm: str | None = None

    @property
    def known(self) -> bool:
        """True if the label is understood, be it as something to leave out."""
        return not self.residue or self.derived or self.ignored or self.heading

    @property
    def states(self) -> bool:
        """True if the label says anything about the values beside or below it."""
        return bool(
            self.region
            or self.indicator
            or self.group
            or self.when
            or self.form
            or self.total
            or self.derived
        )


@dataclass(frozen=True, slots=True)
class _Draft:
    """What has been taken off a label so far."""

    region: Region | None = None
    indicator: Indicator | None = None
    group: str | None = None
    when: When | None = None
    units: tuple[Unit, ...] = ()
    form: Form | None = None
    total: Total | None = None

    def with_piece(self, piece: _Draft) -> _Draft | None:
        """Both together; None if they state the same thing twice."""
        added = {}
        for name in self.__slots__:
            mine, its = getattr(self, name), getattr(piece, name)
            if mine and its:
                return None
            added[name] = mine or its
        return _Draft(**added)


_ENUMERATION = re.compile(
    r"^(?:[一二三四五六七八九十]+、|\([一二三四五六七八九十\d]+\)|\d+[、.](?!\d)|[①-⑳])"
)
_FOOTNOTE = re.compile(r"[*①-⑳]+$")
_PART = re.compile(r"^(?:[#*]+:?(?:其中)?:?|其中:?)")
_BRACKETS = re.compile(r"^(.*?)\(([^()]+)\)$")
_TRAILING_UNIT = re.compile(r"^(.+?)(?:[:/,](.+)|(%))$")
_JOINTS = "-:的、,"
_MAX_PIECES = 5
_MAX_CHARS = 40
_CORNER = re.compile(r"[/\\|、,与和-]")


def _inverted(table: dict[str, tuple[str, ...]]) -> dict[str, str]:
    return {fold(name): key for key, names in table.items() for name in names}


_DIMENSION_WORDS: dict[str, Dimension] = {
    fold(name): dimension for dimension, names in DIMENSIONS.items() for name in names
}
_FORM_WORDS: dict[str, Form] = {fold(n): form for form, names in FORMS.items() for n in names}
_FIRM_WORDS = _inverted(FIRM_FIELDS)
_NEUTRAL = {fold(n) for n in NEUTRAL}
_TOTAL_WORDS: dict[str, Total] = dict.fromkeys(map(fold, TOTALS), "total")
_TOTAL_WORDS.update(dict.fromkeys(map(fold, SUBTOTALS), "subtotal"))


def _affixed(text: str, words: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Words that start or end a text, longest first, each with the text without it."""
    for word in words:
        if not 1 < len(word) < len(text):
            continue
        if text.startswith(word):
            yield word, text[len(word) :].lstrip(_JOINTS)
        if text.endswith(word):
            yield word, text[: -len(word)].rstrip(_JOINTS)


def _longest_first(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(words, key=len, reverse=True))


@dataclass
class Vocabulary:
    """Recognises labels by the catalogue, the shipped words and the bureau's mapping.

    Parameters
    ----------
    catalogue : Catalogue
        Regions and indicators.
    mapping : Mapping
        Names of the bureau; they come first.
    """

    catalogue: Catalogue
    mapping: Mapping = field(default_factory=Mapping)

    def __post_init__(self) -> None:
        regions = {fold(n): r for r in reversed(self.catalogue.regions) for n in r.names}
        indicators = {fold(n): i for i in reversed(self.catalogue.indicators) for n in i.names}
        groups = _inverted(GROUPS)
        self._ignored = set()
        for name, code in self.mapping.regions.items():
            if code == IGNORE:
                self._ignored.add(name)
            else:
                regions[name] = self.catalogue.region(code)
        for name, code in self.mapping.indicators.items():
            if code == IGNORE:
                self._ignored.add(name)
            else:
                indicators[name] = self.catalogue.indicator(code)
        for name, code in self.mapping.groups.items():
            if code == IGNORE:
                self._ignored.add(name)
            else:
                groups[name] = code
        self._regions, self._indicators, self._groups = regions, indicators, groups
        self._region_affixes = _longest_first(n for n in regions if not n.isascii())
        self._group_affixes = _longest_first(n for n in groups if not n.isascii())
        self._form_affixes = _longest_first(_FORM_WORDS)
        self._neutral_affixes = _longest_first(_NEUTRAL)
        self._total_affixes = _longest_first(_TOTAL_WORDS)
        self._cache: dict[str, Label] = {}

    def classify(self, text: str) -> Label:
        """Take a label apart.

        Parameters
        ----------
        text : str
            Cell text.

        Returns
        -------
        Label
            With `residue` set if part of the text is not understood.
        """
        label = self._cache.get(text)
        if label is None:
            label = self._classify(text)
            if len(self._cache) < 50_000:
                self._cache[text] = label
        return label

    def _classify(self, text: str) -> Label:
        whole = fold(text)
        if whole in self._ignored:
            return Label(text, ignored=True)
        role = self.mapping.columns.get(whole)
        if role is not None:
            return _mapped(text, role)
        if whole not in self._indicators and whole not in self._regions:
            whole = _ENUMERATION.sub("", whole)
            whole = _FOOTNOTE.sub("", whole) or whole
        bare = _PART.sub("", whole)
        part = bare != whole and bool(bare)
        whole = bare or whole
        if whole in self._ignored:
            return Label(text, part=part, ignored=True)
        if whole in _FIRM_WORDS:
            return Label(text, part=part, firm=_FIRM_WORDS[whole])
        dimension = _dimension(whole)
        if dimension is not None:
            return Label(text, dimension=dimension, ignored=dimension == "ignore")
        draft = self._resolve(whole) if len(whole) <= _MAX_CHARS else None
        if draft is None:
            return self._headed(text, whole, part)
        return Label(
            text,
            region=draft.region,
            indicator=draft.indicator,
            group=draft.group,
            when=draft.when,
            units=draft.units,
            form=draft.form,
            total=draft.total,
            part=part,
        )

    @staticmethod
    def _headed(text: str, whole: str, part: bool) -> Label:
        """A label that is no statement: a column head with a bracket, a comparison, or unknown."""
        found = _BRACKETS.match(whole)
        front = found.group(1) if found else whole
        units = parse_units(found.group(2)) if found else ()
        if front in _FIRM_WORDS:
            return Label(text, part=part, units=units, firm=_FIRM_WORDS[front])
        dimension = _dimension(front)
        if dimension is not None:
            return Label(text, units=units, dimension=dimension, ignored=dimension == "ignore")
        return Label(
            text,
            residue=whole,
            part=part,
            derived=bool(DERIVED.search(whole)),
            heading=bool(HEADING.fullmatch(whole)),
        )

    def _resolve(self, text: str, depth: int = _MAX_PIECES) -> _Draft | None:
        """Explain the whole text by known pieces, None if a rest remains."""
        piece = self._exact(text)
        if piece is not None or depth == 0:
            return piece
        for piece, rest in self._splits(text):
            if not rest:
                continue
            below = self._resolve(rest, depth - 1)
            both = below.with_piece(piece) if below is not None else None
            if both is not None:
                return both
        return None

    def _exact(self, text: str) -> _Draft | None:
        """The single thing a text states; an empty draft for a neutral word."""
        if text in self._indicators:
            indicator = self._indicators[text]
            # A synonym may carry the region in front: 全国城镇调查失业率.
            for word, rest in _affixed(text, self._region_affixes):
                if text.startswith(word) and self._indicators.get(rest) == indicator:
                    return _Draft(region=self._regions[word], indicator=indicator)
            return _Draft(indicator=indicator)
        if text in self._regions:
            return _Draft(region=self._regions[text])
        if text in self._groups:
            return _Draft(group=self._groups[text])
        if when := parse_when(text):
            return _Draft(when=when)
        if text in _FORM_WORDS:
            return _Draft(form=_FORM_WORDS[text])
        if text in _TOTAL_WORDS:
            return _Draft(total=_TOTAL_WORDS[text])
        if units := unit_note(text):
            return _Draft(units=units)
        return _Draft() if text in _NEUTRAL else None

    def _splits(self, text: str) -> Iterator[tuple[_Draft, str]]:
        """Ways to take one known piece off a text: the piece and the rest."""
        found = _BRACKETS.match(text)
        if found and (inside := self._inside(found.group(2))):
            yield inside, found.group(1)
        found = _TRAILING_UNIT.match(text)
        if found and (units := parse_units(found.group(2) or found.group(3))):
            yield _Draft(units=units), found.group(1)
        if time := find_when(text):
            rest = time[1].lstrip(_JOINTS)
            if rest.startswith("累计"):
                yield _Draft(when=replace(time[0], cumulative=True)), rest[2:].lstrip(_JOINTS)
            yield _Draft(when=time[0]), rest.rstrip(_JOINTS)
        for word, rest in _affixed(text, self._region_affixes):
            yield _Draft(region=self._regions[word]), rest
        for word, rest in _affixed(text, self._group_affixes):
            yield _Draft(group=self._groups[word]), rest
        for word, rest in _affixed(text, self._form_affixes):
            yield _Draft(form=_FORM_WORDS[word]), rest
        for word, rest in _affixed(text, self._total_affixes):
            yield _Draft(total=_TOTAL_WORDS[word]), rest
        for _, rest in _affixed(text, self._neutral_affixes):
            yield _Draft(), rest

    def _inside(self, text: str) -> _Draft | None:
        """What a bracket states: units, or a list of known pieces."""
        if units := parse_units(text):
            return _Draft(units=units)
        whole = _Draft()
        for word in re.split(r"[,;、]", text):
            piece = self._exact(word)
            both = whole.with_piece(piece) if piece is not None else None
            if both is None:
                return None
            whole = both
        return whole

    def find_region(self, text: str) -> Region | None:
        """The one region a title names; the lowest where it names a line of them (上海市嘉定区)."""
        names = {n: r for n, r in self._regions.items() if len(n) > 1 and not n.isascii()}
        for region in self.catalogue.regions:
            if region.parent is None:  # 国家统计局 and 中国 do not make a national table
                for alias in region.aliases:
                    names.pop(fold(alias), None)
        found = {r.code: r for r in _longest_inside(fold(text), names)}
        for region in list(found.values()):
            parent = region.parent
            while parent is not None:
                found.pop(parent, None)
                parent = next((r.parent for r in self.catalogue.regions if r.code == parent), None)
        return next(iter(found.values())) if len(found) == 1 else None

    def find_indicator(self, text: str) -> Indicator | None:
        """The one indicator a title names, None if it names none or several."""
        names = {n: i for n, i in self._indicators.items() if len(n) > 3 or n == "pmi"}
        found = {i.code: i for i in _longest_inside(fold(text), names)}
        return next(iter(found.values())) if len(found) == 1 else None


def _longest_inside(text: str, names: dict[str, T]) -> list[T]:
    found = []
    for name in _longest_first(names):
        if name in text:
            found.append(names[name])
            text = text.replace(name, "\n")
    return found


def _dimension(text: str) -> Dimension | None:
    found = _DIMENSION_WORDS.get(text)
    if found is not None:
        return found
    pieces = [p for p in _CORNER.split(text) if p]
    if len(pieces) > 1 and all(p in _DIMENSION_WORDS for p in pieces):
        return "any"
    for cut in range(1, len(text)):
        if text[:cut] in _DIMENSION_WORDS and text[cut:] in _DIMENSION_WORDS:
            return "any"
    return None


def _mapped(text: str, role: str) -> Label:
    if role in DIMENSIONS:
        dimension: Dimension = next(d for d in DIMENSIONS if d == role)
        return Label(text, dimension=dimension, ignored=role == IGNORE)
    if role in FORMS:
        return Label(text, form=next(f for f in FORMS if f == role))
    return Label(text, total="total") if role == "total" else Label(text, firm=role)
