"""A bureau's own names and layout, from its `mapping.toml`."""

from __future__ import annotations

import re
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import pandas as pd

from employment_forecast.data.catalogue import Catalogue
from employment_forecast.data.errors import SettingsError, suggestion
from employment_forecast.data.readers.vocabulary.folding import fold
from employment_forecast.data.readers.vocabulary.units import Unit, parse_unit
from employment_forecast.data.readers.vocabulary.words import GROUPS, Dimension
from employment_forecast.data.records import FIRM_FIELDS, Base

IGNORE = "ignore"
_SECTIONS = ("table", "columns", "indicators", "regions", "groups")
_ROLES: tuple[str, ...] = (*get_args(Dimension), "total", "monthly", "cumulative", *FIRM_FIELDS)

TableForm = Literal["monthly", "year_to_date"]


@dataclass(frozen=True)
class Mapping:
    """What a bureau says about its own files.

    Attributes
    ----------
    columns : dict of str to str
        Folded header text to role: a dimension, a form, `total`, a firm field or `ignore`.
    indicators, regions, groups : dict of str to str
        Folded text to code, or to `ignore`.
    sheet : str or None
        Only this worksheet is read.
    header_rows : tuple of int
        Rows (from 1) that make up the header; empty to let it be found.
    unit : Unit or None
        Unit of values whose table states none.
    month : pandas.Period or None
        Month of values whose table states none.
    form : {"monthly", "year_to_date"} or None
        What a plain month means for flows.
    zero_is_missing : bool
        True if a zero means 未公布.
    base : {"previous_month", "january"} or None
        What 建档期 refers to in firm panels.
    """

    columns: dict[str, str] = field(default_factory=dict)
    indicators: dict[str, str] = field(default_factory=dict)
    regions: dict[str, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    sheet: str | None = None
    header_rows: tuple[int, ...] = ()
    unit: Unit | None = None
    month: pd.Period | None = None
    form: TableForm | None = None
    zero_is_missing: bool = False
    base: Base | None = None


def _bad(where: str, what: str, hint: str) -> SettingsError:
    return SettingsError(f"{where}里{what}。", hint)


def _texts(raw: AnyMapping[str, Any], section: str, where: str) -> dict[str, str]:
    table = raw.get(section, {})
    if not isinstance(table, dict) or not all(isinstance(v, str) for v in table.values()):
        raise _bad(where, f" [{section}] 应为“名称 = 代码”的列表", '例如 "在册失业" = "…"。')
    return {fold(key): value for key, value in table.items()}


def read_mapping(
    raw: AnyMapping[str, Any], catalogue: Catalogue, where: str = "mapping.toml"
) -> Mapping:
    """Check the content of a mapping file.

    Parameters
    ----------
    raw : mapping
        Parsed TOML with any of the tables `table`, `columns`, `indicators`, `regions`, `groups`.
    catalogue : Catalogue
        Knows the codes.
    where : str
        File named in errors.

    Returns
    -------
    Mapping

    Raises
    ------
    SettingsError
        For unknown tables, keys, roles or values, with the nearest known one.
    UnknownNameError
        For a region or indicator outside the catalogue.
    """
    for section in raw:
        if section not in _SECTIONS:
            raise _bad(where, f"有未知的表 [{section}]", suggestion(section, _SECTIONS))
    columns = _texts(raw, "columns", where)
    for role in columns.values():
        if role not in _ROLES:
            hint = suggestion(role, _ROLES) or f"可用的值：{'、'.join(_ROLES)}。"
            raise _bad(where, f" [columns] 的值“{role}”不可用", hint)
    indicators = _texts(raw, "indicators", where)
    regions = _texts(raw, "regions", where)
    groups = _texts(raw, "groups", where)
    for group in groups.values():
        if group not in (*GROUPS, IGNORE):
            raise _bad(where, f" [groups] 的值“{group}”不可用", f"可用的值：{'、'.join(GROUPS)}。")
    return Mapping(
        columns=columns,
        indicators={
            k: v if v == IGNORE else catalogue.indicator(v).code for k, v in indicators.items()
        },
        regions={k: v if v == IGNORE else catalogue.region(v).code for k, v in regions.items()},
        groups=groups,
        **_table(raw.get("table", {}), where),
    )


def _table(raw: Any, where: str) -> dict[str, Any]:
    keys = ("sheet", "header_rows", "unit", "month", "form", "zero", "base")
    if not isinstance(raw, dict):
        raise _bad(where, " [table] 应为表", "请写成 [table] 后接 键 = 值。")
    for key in raw:
        if key not in keys:
            hint = suggestion(key, keys) or f"可用的键：{'、'.join(keys)}。"
            raise _bad(where, f" [table] 有未知的键“{key}”", hint)
    rows = raw.get("header_rows", [])
    if not isinstance(rows, list) or not all(type(r) is int and r > 0 for r in rows):
        raise _bad(where, " header_rows 应为行号列表", "例如 header_rows = [3, 4]。")
    checked: dict[str, Any] = {"header_rows": tuple(sorted(rows))}
    choices = {
        "form": ("monthly", "year_to_date"),
        "zero": ("value", "missing"),
        "base": ("previous_month", "january"),
    }
    for key in ("sheet", "unit", "month", *choices):
        value = raw.get(key)
        if value is None:
            continue
        if not isinstance(value, str) or value not in choices.get(key, (value,)):
            hint = f"可用的值：{'、'.join(choices[key])}。" if key in choices else "应为文字。"
            raise _bad(where, f" [table] 的 {key} 值不可用", hint)
        checked[key] = value
    checked["zero_is_missing"] = checked.pop("zero", "value") == "missing"
    if "unit" in checked:
        checked["unit"] = parse_unit(checked["unit"])
        if checked["unit"] is None:
            raise _bad(where, " [table] 的 unit 不是已知单位", "例如 人、万人、%。")
    if "month" in checked:
        if not re.fullmatch(r"(?:19|20)\d{2}-(?:0[1-9]|1[0-2])", checked["month"]):
            raise _bad(where, " [table] 的 month 不是月份", '例如 month = "2021-03"。')
        checked["month"] = pd.Period(checked["month"], freq="M")
    return checked
