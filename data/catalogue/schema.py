"""What the catalogue knows of a region and of an indicator."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, Literal, get_args

import pandas as pd

from employment_forecast.data.clock import estimated_publication
from employment_forecast.data.errors import SettingsError, suggestion

Kind = Literal["stock", "flow", "rate", "index"]
Transform = Literal["log", "none"]
Aggregation = Literal["sum", "none"]
Reporting = Literal["monthly", "year_to_date"]
Treatment = Literal["split", "dummy"]


@dataclass(frozen=True)
class Region:
    """An administrative division after GB/T 2260, or a street a workspace added."""

    code: str
    name: str
    aliases: tuple[str, ...] = ()
    parent: str | None = None
    level: str = "district"
    default_indicator: str = "registered_unemployed"

    @property
    def names(self) -> tuple[str, ...]:
        """Everything the region answers to."""
        return (self.code, self.name, *self.aliases)


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
    breaks: tuple[Break, ...] = field(default=())

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
        targets_in_force = (b for b in self.breaks if b.region in ("*", region) and b.demo <= demo)
        return tuple(sorted(targets_in_force, key=lambda b: b.month.ordinal))


_CHOICES: dict[str, tuple[str, ...]] = {
    "kind": get_args(Kind),
    "transform": get_args(Transform),
    "aggregation": get_args(Aggregation),
    "reporting": get_args(Reporting),
    "treatment": get_args(Treatment),
}
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


def _checked(cls: type, raw: dict[str, Any], where: str) -> dict[str, Any]:
    """Refuse unknown keys, wrong types and wrong choices; turn lists into tuples."""
    known = {f.name: str(f.type) for f in fields(cls)}
    for key, value in raw.items():
        if key not in known:
            raise SettingsError(
                f"{where}里有未知的键“{key}”。", suggestion(key, known) or "请删除该键。"
            )
        if key in _CHOICES and value not in _CHOICES[key]:
            raise SettingsError(
                f"{where}里“{key}”的值“{value}”不可用。", f"可用的值：{'、'.join(_CHOICES[key])}。"
            )
        wanted = known[key]
        fits = {
            "str": isinstance(value, str),
            "str | None": isinstance(value, str),
            "tuple[str, ...]": isinstance(value, list) and all(isinstance(v, str) for v in value),
            "int": isinstance(value, int) and not isinstance(value, bool),
            "float": isinstance(value, int | float) and not isinstance(value, bool),
            "bool": isinstance(value, bool),
        }
        if not fits.get(wanted, True):
            raise SettingsError(
                f"{where}里“{key}”的值“{value}”类型不对。",
                "文字请加引号，数字不要加引号，多个值用 [ ] 列出。",
            )
    missing = [k for k in ("code", "name", "kind", "unit", "month") if k in known and k not in raw]
    if missing:
        raise SettingsError(f"{where}里缺少必填的键“{'、'.join(missing)}”。", "请补上后重试。")
    return {k: tuple(v) if isinstance(v, list) else v for k, v in raw.items()}


def read_region(raw: dict[str, Any], where: str) -> Region:
    """Build a region from one TOML table; raises SettingsError naming the file and key."""
    return Region(**_checked(Region, raw, where))


def read_indicator(raw: dict[str, Any], where: str) -> Indicator:
    """Build an indicator from one TOML table; raises SettingsError naming the file and key."""
    rest = {k: v for k, v in raw.items() if k != "breaks"}
    listed = raw.get("breaks", [])
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise SettingsError(f"{where}里 breaks 的写法不对。", "请写成 [[indicators.breaks]]。")
    breaks = [_read_break(item, f"{where}的 breaks ") for item in listed]
    indicator = Indicator(**_checked(Indicator, rest, where), breaks=tuple(breaks))
    if not 0 < indicator.precision < math.inf:
        raise SettingsError(
            f"{where}里“precision”的值“{indicator.precision}”不可用。",
            "应为公布数字的最末一位，如 1、0.1、0.01。",
        )
    return indicator


def _read_break(raw: dict[str, Any], where: str) -> Break:
    checked = _checked(Break, {"region": "*", **raw}, where)
    text = str(checked["month"])
    if not _MONTH.fullmatch(text):
        raise SettingsError(f"{where}里月份“{text}”无法识别。", '请写成 "2021-01"。')
    return Break(**{**checked, "month": pd.Period(text, freq="M")})
