"""A bulletin before it takes a form: headings, sentences, tables, charts and annexes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from employment_forecast.forecasting.bulletin.text.facts import CitedText, Fact
from employment_forecast.forecasting.documents import tables

DEMO = "（演示数据）"


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is numbered 一、, level 2 （一）."""

    text: CitedText
    level: int = 1


@dataclass(frozen=True)
class Paragraph:
    """Running text; `note` is smaller and stands under tables and charts."""

    text: CitedText
    note: bool = False


@dataclass(frozen=True)
class CitedTable(tables.Table[CitedText]):
    """A table whose cells cite their figures."""


def cited_columns(
    titles: Sequence[CitedText], numeric: Sequence[bool], widths: Sequence[float]
) -> tuple[tables.Column[CitedText], ...]:
    """Columns of a table; numbers are aligned to the right, widths are shares that sum to 1."""
    return tuple(
        tables.Column(title, "right" if number else "left", width)
        for title, number, width in zip(titles, numeric, widths, strict=True)
    )


@dataclass(frozen=True)
class Fan:
    """What a fan chart shows.

    Attributes
    ----------
    title : str
        Region, indicator and last known month.
    unit : str
        Of all values.
    digits : int
        Digits after the point of the axis and of published values.
    ahead_digits : int
        Those that the forecast deserves, negative for tens.
    past : tuple of (month, value)
        Published values, oldest first, months as `YYYY-MM`.
    ahead : tuple of (month, q025, q10, q50, q90, q975)
        The forecast.
    caps : tuple of (label, tuple of (value, first month, last month))
        Horizontal lines, a part for each number that applied.
    demo : bool
        Marked as demonstration data.
    """

    title: str
    unit: str
    digits: int
    ahead_digits: int
    past: tuple[tuple[str, float], ...]
    ahead: tuple[tuple[str, float, float, float, float, float], ...]
    caps: tuple[tuple[str, tuple[tuple[float, str, str], ...]], ...]
    demo: bool


@dataclass(frozen=True)
class Chart:
    """A fan chart with its caption and the text for those who cannot see it."""

    fan: Fan
    caption: CitedText
    alternative: CitedText


Block = Heading | Paragraph | CitedTable | Chart


@dataclass(frozen=True)
class Annex:
    """An annex (附件): its number, title and content, on a page of its own."""

    number: CitedText
    title: CitedText
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Bulletin:
    """A bulletin, ready to be rendered.

    Attributes
    ----------
    title : tuple of CitedText
        Lines, broken where the sense breaks.
    marks : tuple of CitedText
        Under the title: 演示数据, 草稿, 更正.
    number : CitedText
        Line of 发文字号 and 签发人; empty in a draft.
    signer : CitedText
        签发人; empty in a draft.
    addressee : CitedText
        主送机关; empty in a draft.
    blocks : tuple
        Body.
    annexes : tuple of Annex
        After the body.
    office : CitedText
        发文机关署名; empty where the settings name none.
    date : CitedText
        成文日期; empty in a draft.
    made_on : str
        Day of knowledge of a draft, 成文日期 of what is issued; YYYY-MM-DD.
    facts : tuple of Fact
        Everything cited.
    demo : bool
        Made from demonstration data.
    letterhead : CitedText
        发文机关标志; empty in a draft.
    """

    title: tuple[CitedText, ...]
    marks: tuple[CitedText, ...]
    number: CitedText
    signer: CitedText
    addressee: CitedText
    blocks: tuple[Block, ...]
    annexes: tuple[Annex, ...]
    office: CitedText
    date: CitedText
    made_on: str
    facts: tuple[Fact, ...]
    demo: bool
    letterhead: CitedText = ()
