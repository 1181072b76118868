"""Units of cells and headers, and exact conversion to the unit of an indicator."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from employment_forecast.data.readers.formats import stated_units
from employment_forecast.data.readers.vocabulary.folding import fold


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: what is measured and how many base units one of it is.

    Attributes
    ----------
    name : str
        As written.
    dimension : str
        `persons`, `percent`, `money`, `firms`, `ratio`, `months` or `index`.
    factor : decimal.Decimal
        Base units in one.
    change : bool
        True for 百分点, which measures a change and not a level.
    """

    name: str
    dimension: str
    factor: Decimal
    change: bool = False


_BASES = {
    "人": "persons",
    "人次": "persons",
    "个": "persons",
    "个岗位": "persons",
    "岗位": "persons",
    "名": "persons",
    "元": "money",
    "家": "firms",
    "户": "firms",
    "%": "percent",
    "百分比": "percent",
    "百分点": "percent",
    "个百分点": "percent",
    "‰": "percent",
    "指数": "index",
    "点": "index",
    "倍": "ratio",
    "比值": "ratio",
    "月": "months",
    "个月": "months",
}
_SCALES = {"": 1, "十": 10, "百": 100, "千": 1000, "万": 10_000, "十万": 100_000}
_SCALES |= {"百万": 1_000_000, "千万": 10_000_000, "亿": 100_000_000}
_COUNTED = {"persons", "money", "firms"}
_SCALED = re.compile(r"(?P<power>10{0,8})?(?P<scale>十万|百万|千万|[十百千万亿]?)(?P<base>\D.*)")


_THOUSANDS = re.compile(r"(?<=\d)[, ，](?=000)")


@lru_cache(maxsize=1024)
def parse_unit(text: str) -> Unit | None:
    """Read one unit, such as 万人, % or 百分点; None if it is none.

    万 alone is taken as 万人, the habit of employment reports.
    """
    name = re.sub(r"^[×x*](?=\d)", "", fold(text).strip("\"'"))
    if name in _BASES:
        factor = Decimal("0.1") if name == "‰" else Decimal(1)
        return Unit(name, _BASES[name], factor, change="百分点" in name)
    if name in ("万", "千"):
        return Unit(name, "persons", Decimal(_SCALES[name]))
    match = _SCALED.fullmatch(name)
    if not match or _BASES.get(match["base"]) not in _COUNTED:
        return None
    factor = Decimal(match["power"] or 1) * _SCALES[match["scale"]]
    return Unit(name, _BASES[match["base"]], factor)


def parse_units(text: str) -> tuple[Unit, ...]:
    """Read a list such as `人、%`; empty unless every part is a unit."""
    text = _THOUSANDS.sub("", text)
    parts = [p for p in re.split(r"[、,，;；/和]|及", text) if p.strip()]
    units = [parse_unit(p) for p in parts]
    return tuple(u for u in units if u is not None) if parts and all(units) else ()


_LONGEST = 60
_UNIT_ROW = re.compile(r"(?:计量|数量|统计)?单位:(?P<list>.+)")


@lru_cache(maxsize=8192)
def unit_note(text: str) -> tuple[Unit, ...]:
    """Units stated by a `单位：万人` note or a lone `（万人）`; empty if the text is none.

    `10人` alone is a number of persons, and a unit only behind 单位.
    """
    if len(text) > _LONGEST:
        return ()
    folded = fold(text).strip("()")
    match = _UNIT_ROW.fullmatch(folded)
    if match:
        return parse_units(match["list"])
    return () if any(map(str.isdigit, folded)) else parse_units(folded)


# A unit that is none of ours, and no name of an office: 单位:W人.
_UNREAD = re.compile(
    r"(?:计量|数量|统计)?单位:(?=.*[\d万千百亿人%‰a-z])"
    r"(?P<name>[^局处科室司心街镇区县市]{1,8}|[\da-z]{9,24})"
)


def unread_unit(text: str) -> str:
    """What a 单位 note names that is no unit known here; empty if it names none or a known one."""
    match = _UNREAD.fullmatch(fold(text[:_LONGEST]).strip("()")) if "位" in text else None
    return "" if match is None or parse_units(match["name"]) else match["name"]


@lru_cache(maxsize=1024)
def units_in(text: str) -> tuple[Unit, ...]:
    """Units that a remark states in passing: 注：本表数据单位为万人. Empty if it states none."""
    return unit_note(text) or parse_units(stated_units(text))


def conversion(source: Unit, target_name: str) -> Decimal | None:
    """Factor from a unit to an indicator's unit, None if they measure different things."""
    target = parse_unit(target_name)
    if target is None:
        return Decimal(1) if fold(target_name) == source.name else None
    return source.factor / target.factor if source.dimension == target.dimension else None
