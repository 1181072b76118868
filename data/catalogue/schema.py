"""What the catalogue knows of a region and of an indicator."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, get_args

import pandas as pd

from employment_forecast.data.clock import estimated_publication
from employment_forecast.data.files.toml_tables import (
    FLAG,
    TableSchema,
    check_table,
    code,
    filled,
    integer,
    line,
    number,
    one_of,
    pattern,
    tables,
    text,
    texts,
)

Kind = Literal["stock", "flow", "rate", "index"]
Transform = Literal["log", "none"]
Aggregation = Literal["sum", "none"]
Reporting = Literal["monthly", "year_to_date"]
Treatment = Literal["split", "dummy"]


@dataclass(frozen=True)
class Region:
    """An administrative division after GB/T 2260, or a street a workspace added.

    Attributes
    ----------
    parent : str or None
        Code of the region it is part of.
    parts_complete : bool or None
        Whether the catalogue lists every part: only then are parts added up to the whole. None
        where nobody says so: two parts or more are taken for all of them, a single one is not.
    since, until : pandas.Period or None
        First and last month of the entry; None where it was always so, or still is.
    successors : tuple of str
        Codes of the regions its people belong to after `until` (撤并).
    earlier : tuple of Region
        Entries of the same code with earlier dates: another name, or another parent.
    """

    code: str
    name: str
    aliases: tuple[str, ...] = ()
    parent: str | None = None
    level: str = "district"
    default_indicator: str = "registered_unemployed"
    parts_complete: bool | None = None
    since: pd.Period | None = None
    until: pd.Period | None = None
    successors: tuple[str, ...] = ()
    earlier: tuple[Region, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Everything the region answers to, earlier names last."""
        before = (n for entry in self.earlier for n in entry.names)
        return tuple(dict.fromkeys((self.code, self.name, *self.aliases, *before)))

    @property
    def entries(self) -> tuple[Region, ...]:
        """The region and its earlier entries, newest first."""
        return (self, *self.earlier)

    def entry_in(self, month: pd.Period) -> Region | None:
        """The entry that holds in a month; None where the region did not exist."""
        return next((e for e in self.entries if e.covers(month)), None)

    def covers(self, month: pd.Period) -> bool:
        """Whether this very entry holds in a month."""
        return (self.since is None or self.since <= month) and (
            self.until is None or month <= self.until
        )


@dataclass(frozen=True)
class Break:
    """A change of definition (口径): first month under the new one; `demo`: of demo data only."""

    region: str
    month: pd.Period
    treatment: Treatment = "split"
    note: str = ""
    demo: bool = False


@dataclass(frozen=True)
class Indicator:
    """A published monthly figure.

    Attributes
    ----------
    kind : {"stock", "flow", "rate", "index"}
        期末数, 当月数, 率 or 指数.
    unit : str
        Unit of the stored value.
    transform : {"log", "none"}
        Scale on which models work.
    aggregation : {"sum", "none"}
        Whether regions add up to their parent.
    reporting : {"monthly", "year_to_date"}
        Form of the published figure.
    lag_days : int
        Days from month end to publication where the real day is unknown.
    precision : float
        Last printed digit, in `unit`.
    january_with_february : bool
        January is published together with February, as the statistical offices do.
    period_end : bool
        A rate or an index taken at the end of its period (登记失业率): of a span it is the last
        month's. Others are averages over a span, which are no month's value.
    signed : bool
        May be negative (net changes); a year-to-date figure of it may fall within its year.
    smallest : float
        No value comes below it, but for a fraction taken for a percentage; 0 for no such bound.
    largest : float
        No value comes above it, but for another unit (‰, a percentage without its sign); 0 for no
        such bound.
    numerator, denominator : tuple of str
        Codes of the indicators whose sums divided give a rate of a whole; empty where unknown.
    group : str
        Code of the group of people it counts; empty for everybody.
    """

    code: str
    name: str
    kind: Kind
    unit: str
    synonyms: tuple[str, ...] = ()
    transform: Transform = "log"
    aggregation: Aggregation = "none"
    reporting: Reporting = "monthly"
    lag_days: int = 15
    precision: float = 1.0
    january_with_february: bool = False
    period_end: bool = False
    signed: bool = False
    smallest: float = 0.0
    largest: float = 0.0
    numerator: tuple[str, ...] = ()
    denominator: tuple[str, ...] = ()
    breaks: tuple[Break, ...] = field(default=())
    group: str = ""

    @property
    def of_everybody(self) -> str:
        """Code of the indicator that counts everybody."""
        return self.code.removesuffix(f".{self.group}") if self.group else self.code

    @property
    def names(self) -> tuple[str, ...]:
        """Everything the indicator answers to."""
        return (self.code, self.name, *self.synonyms)

    @property
    def decimals(self) -> int:
        """Digits printed after the decimal point."""
        text = f"{self.precision:.10f}".rstrip("0")
        return len(text.split(".")[1])

    def usually_published(self, month: pd.Period) -> date:
        """Day a month is taken to have become known where nobody recorded it."""
        late = self.january_with_february and month.month == 1
        return estimated_publication(month + 1 if late else month, self.lag_days)

    def breaks_in(self, region: str, demo: bool) -> tuple[Break, ...]:
        """Breaks that concern one region's real or demonstration data, in order of time."""
        concerned = (b for b in self.breaks if b.region in ("*", region) and b.demo <= demo)
        return tuple(sorted(concerned, key=lambda b: b.month.ordinal))


@dataclass(frozen=True)
class Group:
    """People of whom a series of their own is kept, each by its own definition.

    Attributes
    ----------
    code, name : str
        Catalogue code and what people call it.
    synonyms : tuple of str
        As they stand in office tables.
    partition : str
        Division (industry, occupation …) whose groups exclude each other and together make up
        everybody; empty for groups that overlap with others and are never added up.
    definition : str
        Who is counted, as the bureau defines it.
    """

    code: str
    name: str
    synonyms: tuple[str, ...] = ()
    partition: str = ""
    definition: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Everything the group answers to."""
        return (self.code, self.name, *self.synonyms)


_GROUP = TableSchema(
    {
        "code": pattern(r"[A-Za-z0-9][A-Za-z0-9_\-]{0,39}", "由字母、数字、下划线、短横组成的代码"),
        "name": line(),
        "synonyms": texts('名称的列表，如 ["毕业生"]'),
        "partition": pattern(r"[A-Za-z0-9_\-]{0,39}", '分类的代码，如 "industry"'),
        "definition": text("加引号的口径说明"),
    },
    required=("code", "name"),
)
_MONTH = pattern(r"[0-9]{4}-(?:0[1-9]|1[0-2])", '"2021-01" 这样的月份')
_REGION = TableSchema(
    {
        "code": code(),
        "name": line(),
        "aliases": texts('名称的列表，如 ["嘉定", "嘉定区"]'),
        "parent": code(),
        "level": line("加引号的级别，如 district、street"),
        "default_indicator": filled("加引号的指标代码"),
        "parts_complete": FLAG,
        "from": _MONTH,
        "until": _MONTH,
        "successor": texts('接收其人员的地区代码的列表，如 ["310114103"]'),
    },
    required=("code", "name"),
)
_INDICATOR = TableSchema(
    {
        "code": code(),
        "name": line(),
        "kind": one_of(*get_args(Kind)),
        "unit": line("加引号的单位，如 人、%"),
        "synonyms": texts('名称的列表，如 ["在册失业"]'),
        "transform": one_of(*get_args(Transform)),
        "aggregation": one_of(*get_args(Aggregation)),
        "reporting": one_of(*get_args(Reporting)),
        "lag_days": integer(0, 366),
        "precision": number(1e-9, 1e9, "公布数字的最末一位，如 1、0.1、0.01"),
        "january_with_february": FLAG,
        "period_end": FLAG,
        "signed": FLAG,
        "smallest": number(0, 1e9, "非负数：小于它的值多半是单位写错"),
        "largest": number(0, 1e9, "非负数：大于它的值多半是单位写错"),
        "numerator": texts('指标代码的列表，如 ["registered_unemployed"]'),
        "denominator": texts("指标代码的列表，相加为分母"),
        "breaks": tables("若干个表，请写成 [[indicators.breaks]]"),
    },
    required=("code", "name", "kind", "unit"),
)
_BREAK = TableSchema(
    {
        "region": filled('加引号的地区代码，或 "*"'),
        "month": _MONTH,
        "treatment": one_of(*get_args(Treatment)),
        "note": text(),
        "demo": FLAG,
    },
    required=("month",),
)


def read_region(raw: dict[str, Any], where: str) -> Region:
    """Build a region from one TOML table; raises SettingsError naming the file and key."""
    known = check_table(raw, _REGION, where)
    since, until = known.pop("from", None), known.pop("until", None)
    successors = known.pop("successor", ())
    return Region(
        **known,
        successors=successors,
        since=None if since is None else pd.Period(since, freq="M"),
        until=None if until is None else pd.Period(until, freq="M"),
    )


def read_indicator(raw: dict[str, Any], where: str) -> Indicator:
    """Build an indicator from one TOML table; raises SettingsError naming the file and key."""
    known = check_table(raw, _INDICATOR, where)
    breaks = tuple(_read_break(item, f"{where}的 breaks ") for item in known.get("breaks", ()))
    return Indicator(**{**known, "breaks": breaks})


def read_group(raw: dict[str, Any], where: str) -> Group:
    """Build a group from one TOML table; raises SettingsError naming the file and key."""
    return Group(**check_table(raw, _GROUP, where))


def _read_break(raw: dict[str, Any], where: str) -> Break:
    known = check_table({"region": "*", **raw}, _BREAK, where)
    return Break(**{**known, "month": pd.Period(known["month"], freq="M")})
