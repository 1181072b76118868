"""Times in a row or column of labels: what one of them leaves open, its neighbours may settle."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from employment_forecast.data.readers.vocabulary import When, fold

DecimalHabit = Literal["padded", "plain", "unknown"]

_PADDED = re.compile(r"\d{4}\.0\d")
_PLAIN = re.compile(r"\d{4}\.(?:[2-9]|10)")


def decimal_habit(labels: Iterable[str]) -> DecimalHabit:
    """How an axis writes months as decimals.

    A spreadsheet shows 2021.10 as 2021.1, so that label alone says nothing: where January is
    2021.01 (`padded`) it is October, where February is 2021.2 (`plain`) it may be either.
    """
    habit: DecimalHabit = "unknown"
    for label in labels:
        text = fold(label)
        if _PADDED.fullmatch(text):
            return "padded"
        if _PLAIN.fullmatch(text):
            habit = "plain"
    return habit


def settled(when: When, previous: When | None, habit: DecimalHabit) -> When:
    """A time in the light of the one before it on its axis."""
    if when.unpadded:
        month = _january_or_october(when, previous, habit)
        return when if month is None else replace(when, first=month, last=month, unpadded=False)
    if when.year is not None or previous is None or previous.year is None:
        return when
    later = previous.last is not None and when.last is not None and when.last > previous.last
    return replace(when, year=previous.year) if later else when


def _january_or_october(when: When, previous: When | None, habit: DecimalHabit) -> int | None:
    if habit == "padded":
        return 10
    if previous is not None and previous.year is not None and when.year is not None:
        if previous.year == when.year and previous.last in (9, 11):
            return 10
        if previous.year == when.year - 1 and previous.last == 12:
            return 1
    return 1 if habit == "plain" else None
