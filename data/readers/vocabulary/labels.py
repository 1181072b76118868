"""What a label says: region, indicator, group, time, unit, form, total, 其中 …."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, TypeVar

from employment_forecast.data.catalogue import Catalogue, Indicator, Region
from employment_forecast.data.readers.vocabulary.folding import fold
from employment_forecast.data.readers.vocabulary.mapping import IGNORE, Mapping
from employment_forecast.data.readers.vocabulary.months import When, find_when, parse_when
from employment_forecast.data.readers.vocabulary.units import Unit, parse_units, unit_note
from employment_forecast.data.readers.vocabulary.unpublished import is_unpublished
from employment_forecast.data.readers.vocabulary.words import (
    DERIVED,
    DIMENSIONS,
    FORMS,
    HEADING,
    NEUTRAL,
    SUBTOTALS,
    TOTALS,
    Dimension,
    Form,
)
from employment_forecast.data.records import FIRM_FIELDS

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
    def unpublished(self) -> bool:
        """True if the label says that the values are expected, forecast, planned or aimed at."""
        return self.derived and is_unpublished(self.text)

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
            ours, other = getattr(self, name), getattr(piece, name)
            if ours and other:
                return None
            added[name] = ours or other
        return _Draft(**added)


_ENUMERATION = re.compile(
    r"^(?:[一二三四五六七八九十]+、|\([一二三四五六七八九十\d]+\)|\d+[、.](?!\d)|[①-⑳])"
)
_FOOTNOTE = re.compile(r"[*①-⑳]+$")
_SEX = re.compile(r"(?<=[女男性])\([fm]\)$")
_PART = re.compile(r"^(?:[#*]+:?(?:其中)?:?|其中:?)")
_BRACKETS = re.compile(r"^(.*?)\(([^()]+)\)$")
_TRAILING_UNIT = re.compile(r"^(.+?)(?:[:/,](.+)|(%))$")
_JOINTS = "-:的、,"
_MAX_PIECES = 5
_MAX_CHARS = 40
_TITLE_CHARS = 200
# Nobody reads a label that long, and expressions below take more than linear time.
_LONGEST = 300
_LONG_CODE = re.compile(r"\d{9}|\d{12}")
_CORNER = re.compile(r"[/\\|、,与和-]")


def _inverted(table: dict[str, tuple[str, ...]]) -> dict[str, str]:
    return {fold(name): key for key, names in table.items() for name in names}


_DIMENSION_WORDS: dict[str, Dimension] = {
    fold(name): dimension for dimension, names in DIMENSIONS.items() for name in names
}
_FIRM_WORDS = _inverted(FIRM_FIELDS)


class _Names(dict[str, T]):
    """Names with their meanings, found at the ends of a text and inside it, longest first."""

    @cached_property
    def _lengths(self) -> tuple[int, ...]:
        return tuple(sorted({len(n) for n in self if len(n) > 1 and not n.isascii()}, reverse=True))

    def affixes(self, text: str) -> Iterator[tuple[str, str]]:
        """Names that start or end a text, each with the text without it."""
        for length in self._lengths:
            if length >= len(text):
                continue
            if text[:length] in self:
                yield text[:length], text[length:].lstrip(_JOINTS)
            if text[-length:] in self:
                yield text[-length:], text[:-length].rstrip(_JOINTS)

    def inside(self, text: str) -> list[T]:
        """Meanings of the longest names in a text; no character is used twice."""
        meanings: list[T] = []
        for length in self._lengths:
            at = 0
            while at + length <= len(text):
                name = text[at : at + length]
                if name in self:
                    meanings.append(self[name])
                    text = text[:at] + "\n" + text[at + length :]
                at += 1
        return meanings


_FORM_WORDS = _Names[Form]({fold(n): form for form, names in FORMS.items() for n in names})
_NEUTRAL = _Names[None](dict.fromkeys(map(fold, NEUTRAL)))
_TOTAL_WORDS = _Names[Total](dict.fromkeys(map(fold, TOTALS), "total"))
_TOTAL_WORDS.update(dict.fromkeys(map(fold, SUBTOTALS), "subtotal"))


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
        # Statistical offices write 310114 with six zeros more, and for streets with three.
        long = {r.code + "0" * n: r for r in self.catalogue.regions for n in (3, 6)}
        regions |= {code: region for code, region in long.items() if _LONG_CODE.fullmatch(code)}
        indicators = {fold(n): i for i in reversed(self.catalogue.indicators) for n in i.names}
        groups = {fold(n): g.code for g in reversed(self.catalogue.groups) for n in g.names}
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
        self._regions, self._indicators = _Names(regions), _Names(indicators)
        self._groups = _Names(groups)
        self._named: _Names[object] = _Names({**regions, **indicators, **groups})
        # 国家统计局 and 中国 in a title do not make a national table.
        national = {fold(a) for r in self.catalogue.regions if r.parent is None for a in r.aliases}
        self._titles = _Names({n: r for n, r in regions.items() if n not in national})
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
        if len(text) > _LONGEST:
            return Label(text, residue=text[:_MAX_CHARS])
        whole = fold(text)
        if whole in self._ignored:
            return Label(text, ignored=True)
        role = self.mapping.columns.get(whole)
        if role is not None:
            return _mapped(text, role)
        if whole not in self._indicators and whole not in self._regions:
            whole = _ENUMERATION.sub("", whole)
            whole = _SEX.sub("", _FOOTNOTE.sub("", whole) or whole)
        bare = _PART.sub("", whole)
        part = bare != whole and bool(bare)
        whole = bare or whole
        if whole in self._ignored:
            return Label(text, part=part, ignored=True)
        if whole in _FIRM_WORDS:
            # 自然减员 heads a column of firm panels and is an indicator elsewhere.
            indicator = self._indicators.get(whole)
            return Label(text, part=part, firm=_FIRM_WORDS[whole], indicator=indicator)
        dimension = _dimension(whole) or _dimension(whole.strip("()"))
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
        bracketed = _BRACKETS.match(whole)
        front = bracketed.group(1) if bracketed else whole
        units = parse_units(bracketed.group(2)) if bracketed else ()
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
            for word, rest in self._regions.affixes(text):
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
        match = _BRACKETS.match(text)
        if match and (inside := self._inside(match.group(2))):
            yield inside, match.group(1)
        match = _TRAILING_UNIT.match(text)
        if match and (units := parse_units(match.group(2) or match.group(3))):
            yield _Draft(units=units), match.group(1)
        if time := find_when(text):
            rest = time[1].lstrip(_JOINTS)
            if rest.startswith("累计"):
                yield _Draft(when=replace(time[0], cumulative=True)), rest[2:].lstrip(_JOINTS)
            yield _Draft(when=time[0]), rest.rstrip(_JOINTS)
        for word, rest in self._regions.affixes(text):
            yield _Draft(region=self._regions[word]), rest
        for word, rest in self._groups.affixes(text):
            yield _Draft(group=self._groups[word]), rest
        for word, rest in _FORM_WORDS.affixes(text):
            yield _Draft(form=_FORM_WORDS[word]), rest
        for word, rest in _TOTAL_WORDS.affixes(text):
            yield _Draft(total=_TOTAL_WORDS[word]), rest
        for _, rest in _NEUTRAL.affixes(text):
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
        named = {r.code: r for r in self._titles.inside(fold(text[:_LONGEST])[:_TITLE_CHARS])}
        parents = {r.code: r.parent for r in self.catalogue.regions} if len(named) > 1 else {}
        for region in list(named.values()):
            parent = region.parent
            while parent is not None:
                named.pop(parent, None)
                parent = parents.get(parent)
        return next(iter(named.values())) if len(named) == 1 else None

    def find_indicator(self, text: str) -> Indicator | None:
        """The one indicator a title names, None if it names none or several."""
        named = {i.code: i for i in self._indicators.inside(fold(text[:_LONGEST])[:_TITLE_CHARS])}
        return next(iter(named.values())) if len(named) == 1 else None

    def groups_in(self, text: str) -> frozenset[str]:
        """Groups of people that a title names, and not in the name of something else."""
        named = self._named.inside(fold(text[:_LONGEST])[:_TITLE_CHARS])
        return frozenset(each for each in named if isinstance(each, str))


def _dimension(text: str) -> Dimension | None:
    known = _DIMENSION_WORDS.get(text)
    if known is not None:
        return known
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
