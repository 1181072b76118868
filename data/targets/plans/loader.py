"""Reads plans from TOML: every key known, every value checked, every doubt explained."""

from __future__ import annotations

import math
from collections.abc import Mapping
from importlib import resources
from typing import Any, get_args

from employment_forecast.data.catalogue import Catalogue, load_catalogue
from employment_forecast.data.errors import DataError, SettingsError, UnknownNameError, suggestion
from employment_forecast.data.files.toml_tables import (
    DAY,
    FLAG,
    Constraint,
    TableSchema,
    check_table,
    filled,
    number,
    one_of,
    read_toml,
    some_of,
    tables,
    text,
)
from employment_forecast.data.targets.plans.schema import (
    Achieved,
    Attribute,
    Domain,
    Doubt,
    Measure,
    Plan,
    PlanDirection,
    PlanTarget,
    Repeat,
)
from employment_forecast.data.targets.target import Basis, Tier, period_months


def _is_period(value: Any) -> bool:
    try:
        period_months(value if isinstance(value, str) else "")
    except DataError:
        return False
    return True


_PERIOD = Constraint(_is_period, '"2026"（年）、"2021-2025"（规划期）或 "2026-10"（月）')
_NUMBER = number(0, math.inf, "非负数，不加引号")
_TABLES = tables(empty=False)

_PLAN = TableSchema(
    {
        "region": filled(),
        "title": filled(),
        "number": text(),
        "issuer": text(),
        "period": _PERIOD,
        "signed_on": DAY,
        "page_dated": DAY,
        "announced_on": DAY,
        "announced_estimated": FLAG,
        "note": text(),
        "targets": _TABLES,
    },
    required=("region", "title", "period", "announced_on", "announced_estimated", "targets"),
)
_TARGET = TableSchema(
    {
        "key": filled(),
        "domain": one_of(*get_args(Domain)),
        "indicator": filled(),
        "name": filled(),
        "period": _PERIOD,
        "period_name": text(),
        "repeat": one_of(*get_args(Repeat)),
        "direction": one_of(*get_args(PlanDirection)),
        "qualifier": text(),
        "value": _NUMBER,
        "no_value": filled(),
        "set_by": some_of(*get_args(Tier)),
        "unit": text(),
        "attribute": one_of(*get_args(Attribute)),
        "basis": one_of(*get_args(Basis)),
        "unconfirmed": some_of(*get_args(Doubt)),
        "part_of": filled(),
        "same_as": filled(),
        "achieved": _TABLES,
        "quote": filled(),
        "note": text(),
    },
    required=("key", "indicator", "name", "period", "direction", "unit", "basis", "quote"),
)
_ACHIEVED = TableSchema(
    {
        "value": _NUMBER,
        "unit": text(),
        "measure": one_of(*get_args(Measure)),
        "qualifier": text(),
        "quote": filled(),
    },
    required=("measure", "quote"),
)


def _indicator(code: str, name: str, catalogue: Catalogue) -> tuple[str, bool]:
    """Code to use, and whether the catalogue knows the indicator by code or by name."""
    for known_as in (code, name):
        if catalogue.knows_indicator(known_as):
            return catalogue.indicator(known_as).code, True
    return code, False


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _read_achieved(raw: Mapping[str, Any], where: str) -> Achieved:
    known = check_table(raw, _ACHIEVED, f"{where}的 achieved ")
    figure = Achieved(**{**known, "value": _number(known.get("value"))})
    if figure.value is not None and not figure.unit:
        raise SettingsError(f"{where}的 achieved 里有数值而没有单位。", "请补上 unit。")
    _refuse_foreign(figure.qualifier, figure.quote, f"{where}的 achieved ")
    return figure


def _refuse_foreign(qualifier: str, quote: str, where: str) -> None:
    if qualifier not in quote:
        raise SettingsError(
            f"{where}里限定词“{qualifier}”不在引文“{quote}”中。", "限定词须照引文原样摘录。"
        )


def _read_target(
    raw: Mapping[str, Any], region: str, title: str, catalogue: Catalogue, where: str
) -> PlanTarget:
    where = f"{where}的目标“{raw.get('key', '?')}”"
    known = check_table(raw, _TARGET, where)
    code, catalogued = _indicator(known["indicator"], known["name"], catalogue)
    achieved = tuple(_read_achieved(item, where) for item in known.get("achieved", ()))
    target = PlanTarget(
        **{
            **known,
            "region": region,
            "plan": title,
            "indicator": code,
            "catalogued": catalogued,
            "value": _number(known.get("value")),
            "achieved": achieved,
        }
    )
    if (target.value is None) != bool(target.no_value):
        raise SettingsError(
            f"{where}里 value 和 no_value 须恰有其一。",
            "有数值写 value；没有数值写 no_value，说明原因。",
        )
    if target.unconfirmed and not target.note:
        raise SettingsError(f"{where}有未确认之处而没有说明。", "请在 note 中写明原文的几种读法。")
    if target.value is not None and not target.unit and target.unit_confirmed:
        raise SettingsError(
            f"{where}有数值而没有单位。",
            '请补上 unit；原文读不出单位时在 unconfirmed 中写 "unit"。',
        )
    if target.repeat == "year" and target.first_month.month != 1:
        raise SettingsError(f"{where}按年重复，时期却不是整年。", "请把 period 写成年或起止年。")
    _refuse_foreign(target.qualifier, target.quote, where)
    return target


def _refuse_loose_ends(targets: tuple[PlanTarget, ...], where: str) -> None:
    """Keys are unique, and `part_of` and `same_as` point at entries of the plan."""
    keys = [t.key for t in targets]
    for target in targets:
        if keys.count(target.key) > 1:
            raise SettingsError(f"{where}里目标“{target.key}”出现两次。", "请为其中一个换名。")
        for link in (target.part_of, target.same_as):
            if link and (link not in keys or link == target.key):
                raise SettingsError(
                    f"{where}里目标“{target.key}”所指的“{link}”不存在。",
                    suggestion(link, keys) or "请核对 part_of 和 same_as。",
                )


def parse_plan(content: str, where: str, catalogue: Catalogue) -> Plan:
    """Read one plan.

    Parameters
    ----------
    content : str
        TOML; the keys are the attributes of `Plan`, `PlanTarget` and `Achieved`.
    where : str
        File named in errors.
    catalogue : Catalogue
        Regions must be in it; indicators may be.

    Returns
    -------
    Plan

    Raises
    ------
    SettingsError
        On bad TOML, unknown or missing keys, values that cannot be, a region the catalogue does
        not know, a doubt without a note, or a qualifier that is not in the quoted phrase.
    """
    place = f"规划文件“{where}”"
    raw = read_toml(content, place)
    known = check_table(raw, _PLAN, place)
    try:
        region = catalogue.region(known["region"]).code
    except UnknownNameError as error:
        raise SettingsError(f"{place}的 region 无法识别：{error.message}", error.hint) from error
    targets = tuple(
        _read_target(item, region, known["title"], catalogue, place) for item in known["targets"]
    )
    _refuse_loose_ends(targets, place)
    return Plan(**{**known, "region": region, "targets": targets})


def load_plans(catalogue: Catalogue | None = None) -> tuple[Plan, ...]:
    """Read the plans that ship with the program.

    Parameters
    ----------
    catalogue : Catalogue, optional
        The workspace's; the shipped one by default.

    Returns
    -------
    tuple of Plan
        Ordered by region code.

    Raises
    ------
    SettingsError
        As in `parse_plan`.
    """
    catalogue = catalogue or load_catalogue()
    files = sorted(
        (
            f
            for f in resources.files("employment_forecast.data.targets.plans").iterdir()
            if f.name.endswith(".toml")
        ),
        key=lambda f: f.name,
    )
    return tuple(parse_plan(f.read_text("utf-8"), f.name, catalogue) for f in files)


def plan_targets(region: str, catalogue: Catalogue | None = None) -> list[PlanTarget]:
    """Every entry of a region's plans, labour relations included.

    Parameters
    ----------
    region : str
        Code, name or alias.
    catalogue : Catalogue, optional
        As in `load_plans`.

    Returns
    -------
    list of PlanTarget
        Empty for a region without a plan.

    Raises
    ------
    UnknownNameError
        If the catalogue does not know the region.
    """
    catalogue = catalogue or load_catalogue()
    code = catalogue.region(region).code
    return [t for plan in load_plans(catalogue) if plan.region == code for t in plan.targets]
