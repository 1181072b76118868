"""What a number format shows: dates, percentages, units written as text, scaling commas.

Format codes are read once, character by character (ECMA-376 Part 1, 18.8.31): no regular
expression, so that a code of any length takes linear time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from math import isfinite
from operator import eq, ge, gt, le, lt, ne
from typing import Literal

Shown = Literal["number", "date", "percent"]

# Excel takes no longer ones; nothing that a person wrote comes near.
MOST_CODE_CHARS = 1000
_MOST_SECTIONS = 4
# ECMA-376 Part 1, 18.8.30: built-in formats that files do not spell out, 27 to 36 and 50 to 58 as
# Chinese editions show them. Formats that only show a number or a time of day are left out.
_BUILT_IN = (
    dict.fromkeys((9, 10), "0%")
    | dict.fromkeys((14, 22), "yyyy-m-d")
    | {15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 30: "m-d-yy", 31: 'yyyy"年"m"月"d"日"'}
    | dict.fromkeys((27, 36, 50, 52, 57), 'yyyy"年"m"月"')
    | dict.fromkeys((28, 29, 51, 53, 54, 58), 'm"月"d"日"')
)
_COMPARE = {">=": ge, "<=": le, "<>": ne, ">": gt, "<": lt, "=": eq}
# Words behind a number that say in what it counts, that it is a month or a year, or that it is
# expected, planned or aimed at (预计, 计划, 目标).
_FORESEEN = ("e", "f")
_TELLING = frozenset("十百千万亿‰%年月季人名个家户元倍点岗次kKmM预划标")


@dataclass
class _Section:
    """One of the sections of a code that semicolons part.

    Attributes
    ----------
    condition : (str, float) or None
        Operator and number of a condition such as `[>=10000]`.
    before, after : list of str
        Literal text in front of the digits and behind them.
    digits : bool
        True if it shows digits.
    percents : int
        Percent signs: each multiplies by a hundred.
    thousands : int
        Commas that divide by a thousand.
    moved : int
        Digits behind a decimal point that is written as text (`0!.0,`): each divides by ten.
    letters : set of str
        Date and time letters.
    """

    condition: tuple[str, float] | None = None
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    digits: bool = False
    percents: int = 0
    thousands: int = 0
    moved: int = 0
    letters: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class NumberFormat:
    """How a format shows a number.

    Attributes
    ----------
    kind : {"number", "date", "percent"}
        What it shows above all.
    sections : tuple
        For positive numbers, negative ones and zero, or with conditions of their own.
    """

    kind: Shown
    sections: tuple[_Section, ...]

    @property
    def plain(self) -> bool:
        """True if it changes neither the number nor its unit."""
        return self.kind == "number" and not any(
            s.thousands or s.moved or s.before or s.after for s in self.sections
        )

    def text(self, number: float) -> float | str:
        """The number as the format shows it, without rounding; text if it carries a unit.

        0.055 under `0.0%` is `5.5%`, 1.37 under `0.00"万人"` is `1.37万人`, and 13,600 under
        `0!.0,"万"` is `1.36万`.
        """
        if not isfinite(number):
            return number
        section = self._section(number)
        shown = Decimal(repr(number)).scaleb(2 * section.percents - section.moved)
        shown = shown.scaleb(-3 * section.thousands)
        if self.kind == "percent":
            return f"{_plain(shown)}%"
        unit = "".join(section.after).strip(" ()（）")
        if not _TELLING.intersection(unit) and unit not in _FORESEEN:
            front = "".join(section.before).strip(" ()（）")
            unit = front if set("千万亿‰预划标") & set(front) else ""
        if unit:
            return f"{_plain(shown)}{unit}"
        return float(shown) if section.thousands or section.moved else number

    def day(self, moment: date) -> date | str:
        """A day as the format shows it: the first of the month if it shows none.

        A day without a year is text: whoever typed 1-9 never wrote the year that a spreadsheet
        added.
        """
        letters = self.sections[0].letters
        if "d" not in letters:
            return moment.replace(day=1)
        if "y" not in letters:
            return f"{moment.month}月{moment.day}日"
        return moment

    def _section(self, number: float) -> _Section:
        if any(s.condition for s in self.sections):
            for section in self.sections:
                if section.condition is None:
                    return section
                operator, bound = section.condition
                if _COMPARE[operator](number, bound):
                    return section
            return self.sections[-1]
        index = 1 if number < 0 else 2 if number == 0 else 0
        return self.sections[index] if index < len(self.sections) else self.sections[0]


def _plain(number: Decimal) -> str:
    """Up to 15 digits, never with an exponent."""
    return f"{Decimal(f'{number:.15g}'):f}"


@lru_cache(maxsize=1024)
def parse_format(identifier: int, code: str | None) -> NumberFormat:
    """Read a number format.

    Parameters
    ----------
    identifier : int
        Its number; decides where the file spells out no code.
    code : str or None
        As the file spells it.

    Returns
    -------
    NumberFormat
    """
    if code is None:
        code = _BUILT_IN.get(identifier, "")
    sections = tuple(islice(_sections(code[:MOST_CODE_CHARS]), _MOST_SECTIONS)) or (_Section(),)
    first = sections[0]
    if first.percents:
        return NumberFormat("percent", sections)
    return NumberFormat("date" if first.letters & set("ymd") else "number", sections)


def _sections(code: str) -> Iterator[_Section]:
    section, commas, text_point = _Section(), 0, False
    for kind, text in _tokens(code):
        if kind == "end":
            section.thousands += commas
            yield section
            section, commas, text_point = _Section(), 0, False
        elif kind == "digit":
            section.digits, commas = True, 0
            section.moved += text_point
        elif kind == "comma":
            commas += section.digits
        elif kind == "point":
            section.thousands, commas = section.thousands + commas, 0
        elif kind == "percent":
            section.percents += 1
        elif kind == "letter":
            section.letters.add(text)
        elif kind == "bracket":
            section.condition = _condition(text) or section.condition
            section.letters |= set(text) & set("hms") if set(text) <= set("hms") else set()
        elif text == "." and section.digits:
            text_point = True
        else:
            (section.after if section.digits else section.before).append(text)


def _condition(text: str) -> tuple[str, float] | None:
    for operator in _COMPARE:
        if text.startswith(operator):
            try:
                return operator, float(text[len(operator) :])
            except ValueError:
                return None
    return None


_GENERAL = ("general", "g/通用格式")
_CLASSES = {"0": "digit", "#": "digit", "?": "digit", ",": "comma", ".": "point", "%": "percent"}


def _tokens(code: str) -> Iterator[tuple[str, str]]:
    """Kinds and texts of a code's pieces, each section ended by `end`."""
    lower, at = code.lower(), 0
    while at < len(code):
        character = lower[at]
        whole = next((g for g in _GENERAL if lower.startswith(g, at)), "")
        if whole:
            yield "digit", "0"
            at += len(whole)
        elif character in '"[':
            end = code.find('"' if character == '"' else "]", at + 1)
            end = len(code) if end < 0 else end
            yield "literal" if character == '"' else "bracket", code[at + 1 : end].lower()
            at = end + 1
        elif character in "\\!":
            yield "literal", code[at + 1 : at + 2]
            at += 2
        elif character in "_*":  # as wide as, or filled with, the next character
            at += 2
        elif character == ";":
            yield "end", ""
            at += 1
        elif character == "e" and lower[at + 1 : at + 2] in ("+", "-"):
            at += 2
        else:
            letter = "y" if character == "e" else character
            kind = "letter" if letter in "ymdhs" else _CLASSES.get(character, "literal")
            yield kind, letter
            at += 1
    yield "end", ""
