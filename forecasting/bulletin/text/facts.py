"""Facts: what a bulletin says and where in the record it stands.

Sentences are made by `sentence`, which refuses a digit that is not cited, so that a figure in a
bulletin that nobody can trace cannot come about.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Any

from employment_forecast.data.files import to_json
from employment_forecast.forecasting.bulletin.text.figures import show

_DIGIT = re.compile(r"[0-9０-９]")


@dataclass(frozen=True)
class Fact:
    """One figure, month, name or quotation of a bulletin.

    Attributes
    ----------
    id : str
        Place in the record and form, such as `series.registered_unemployed.value:plain`.
    pointer : str
        Place in the record as a JSON pointer (RFC 6901).
    value : float, int or str
        As it stands there.
    form : str
        How it is written, see `forecasting.bulletin.text.figures.FORMS`.
    digits : int
        Digits after the point.
    text : str
        As it stands in the bulletin.
    source : str
        Where the record has it from, in Chinese.
    """

    id: str
    pointer: str
    value: Any
    form: str
    digits: int
    text: str
    source: str


@dataclass(frozen=True)
class Cited:
    """A fact within a sentence or a table cell: its id and its text."""

    fact: str
    text: str


CitedText = tuple[str | Cited, ...]
Part = str | Cited | CitedText


class UncitedFigureError(ValueError):
    """A sentence holds a digit that belongs to no fact."""


def _checked(literal: str) -> str:
    if _DIGIT.search(literal):
        raise UncitedFigureError(f"a digit without a fact: {literal!r}")
    return literal


def sentence(template: str, **parts: Part) -> CitedText:
    """A sentence."""
    pieces: list[str | Cited] = []
    for literal, name, _, _ in Formatter().parse(template):
        if literal:
            pieces.append(_checked(literal))
        if name is None:
            continue
        part = parts[name]
        if isinstance(part, tuple):
            pieces.extend(part)
        elif isinstance(part, Cited) or part:
            pieces.append(part if isinstance(part, Cited) else _checked(part))
    return tuple(pieces)


def join(texts: Sequence[CitedText], between: str = "；") -> CitedText:
    """Texts one after the other with a mark between them."""
    pieces: list[str | Cited] = []
    for position, text in enumerate(t for t in texts if t):
        if position:
            pieces.append(_checked(between))
        pieces.extend(text)
    return tuple(pieces)


def plain(text: CitedText) -> str:
    """A text without its citations."""
    return "".join(p if isinstance(p, str) else p.text for p in text)


def resolve(record: Mapping[str, Any], pointer: str) -> Any:
    """The value at a JSON pointer; raises KeyError where there is none."""
    here: Any = record
    for step in steps(pointer):
        here = here[int(step)] if isinstance(here, list) else here[step]
    return here


def steps(pointer: str) -> list[str]:
    """The keys and positions of a JSON pointer."""
    return [s.replace("~1", "/").replace("~0", "~") for s in pointer.split("/")[1:]]


def record_key(name: object) -> str:
    """A name from the data as a key of the record: without what pointers give a meaning to."""
    return str(name).replace("/", "／").replace("~", "～")


class CitedRecord:
    """The record while sentences are written: every figure is read, and remembered, here.

    Parameters
    ----------
    record : mapping
        JSON-able; a `source` in a part of it speaks for all below.
    """

    def __init__(self, record: Mapping[str, Any]) -> None:
        self.record = record
        self._facts: dict[str, Fact] = {}

    @property
    def facts(self) -> tuple[Fact, ...]:
        """Everything cited so far, in order of first mention."""
        return tuple(self._facts.values())

    def get(self, pointer: str) -> Any:
        """The value at a pointer; None where the record has nothing."""
        try:
            return resolve(self.record, pointer)
        except (KeyError, IndexError, TypeError):
            return None

    def cite(self, pointer: str, form: str = "text", digits: int = 0) -> Cited:
        """Write a value of the record and remember it as a fact."""
        value = resolve(self.record, pointer)
        if value is None or isinstance(value, dict | list):
            raise KeyError(pointer)
        shown = f"{form}{digits}" if digits else form
        name = f"{pointer[1:].replace('/', '.')}:{shown}"
        if name not in self._facts:
            text = show(value, form, digits)
            self._facts[name] = Fact(
                name, pointer, value, form, digits, text, self._source(pointer)
            )
        return Cited(name, self._facts[name].text)

    def _source(self, pointer: str) -> str:
        here: Any = self.record
        source = str(self.record.get("source", ""))
        for step in steps(pointer):
            here = here[int(step)] if isinstance(here, list) else here.get(step)
            if isinstance(here, dict) and "source" in here:
                source = str(here["source"])
            if not isinstance(here, dict | list):
                break
        return source


def anchor(fact: str) -> str:
    """Name of a fact's bookmark in a docx.

    Parameters
    ----------
    fact : str
        Its id, which may be longer than the 40 characters of a bookmark and hold any of them.

    Returns
    -------
    str
        Begins with an underscore, which keeps it out of the lists of word processors.
    """
    return f"_F{hashlib.sha256(fact.encode()).hexdigest()[:16]}"


def facts_document(facts: tuple[Fact, ...]) -> dict[str, Any]:
    """Facts as one JSON-able object, by id, with the bookmark each has in a docx."""
    return {
        "facts": {
            f.id: {**{k: v for k, v in vars(f).items() if k != "id"}, "bookmark": anchor(f.id)}
            for f in facts
        }
    }


def render_facts(facts: tuple[Fact, ...]) -> bytes:
    """Facts as a JSON file; the same facts give the same bytes."""
    return to_json(facts_document(facts)).encode("utf-8")
