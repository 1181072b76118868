"""A bureau's own names and layout, from its `mapping.toml`."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import pandas as pd

from employment_forecast.data.catalogue import Catalogue
from employment_forecast.data.files.toml_tables import (
    Constraint,
    TableSchema,
    check_table,
    filled,
    one_of,
    pattern,
    table,
)
from employment_forecast.data.readers.vocabulary.folding import fold
from employment_forecast.data.readers.vocabulary.units import Unit, parse_unit
from employment_forecast.data.readers.vocabulary.words import Dimension
from employment_forecast.data.records import FIRM_FIELDS, Base

IGNORE = "ignore"
TableForm = Literal["monthly", "year_to_date"]

_MOST_HEADER_ROWS = 20
_TABLES: dict[str, TableSchema] = {
    "table": TableSchema(
        {
            "sheet": filled("加引号的工作表名"),
            "header_rows": Constraint(
                lambda v: (
                    isinstance(v, list)
                    and len(v) <= _MOST_HEADER_ROWS
                    and all(type(r) is int and 0 < r < 10**7 for r in v)
                ),
                f"行号的列表，如 [3, 4]，至多 {_MOST_HEADER_ROWS} 行",
            ),
            "unit": Constraint(
                lambda v: isinstance(v, str) and parse_unit(v) is not None,
                "已知的单位，如 人、万人、%",
            ),
            "month": pattern(r"(?:19|20)\d{2}-(?:0[1-9]|1[0-2])", '"2021-03" 这样的月份'),
            "form": one_of(*get_args(TableForm)),
            "zero": one_of("value", "missing"),
            "base": one_of(*get_args(Base)),
        }
    ),
    "columns": TableSchema(
        {},
        others=one_of(*get_args(Dimension), "total", "monthly", "cumulative", *FIRM_FIELDS),
    ),
    "indicators": TableSchema({}, others=filled(f"加引号的指标代码、名称，或 {IGNORE}")),
    "regions": TableSchema({}, others=filled(f"加引号的地区代码、名称，或 {IGNORE}")),
    "groups": TableSchema({}, others=filled(f"加引号的群体代码、名称，或 {IGNORE}")),
}
_NAMES = '“名称 = 代码”的列表，如 "在册失业" = "registered_unemployed"'
_SECTIONS = TableSchema(
    {
        name: table("表，请写成 [table]，下面写 键 = 值" if name == "table" else _NAMES)
        for name in _TABLES
    }
)


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
        For a region, indicator or group outside the catalogue.
    """
    sections = check_table(raw, _SECTIONS, where)
    checked = {
        name: check_table(sections.get(name, {}), schema, f"{where} 的 [{name}] ")
        for name, schema in _TABLES.items()
    }
    names = {
        name: {fold(key): value for key, value in checked[name].items()}
        for name in ("columns", "indicators", "regions", "groups")
    }
    return Mapping(
        columns=names["columns"],
        indicators={
            k: v if v == IGNORE else catalogue.indicator(v).code
            for k, v in names["indicators"].items()
        },
        regions={
            k: v if v == IGNORE else catalogue.region(v).code for k, v in names["regions"].items()
        },
        groups={
            k: v if v == IGNORE else catalogue.group(v).code for k, v in names["groups"].items()
        },
        **_layout(checked["table"]),
    )


def _layout(raw: AnyMapping[str, Any]) -> dict[str, Any]:
    """Fields of `Mapping` that the table [table] sets."""
    known = {k: v for k, v in raw.items() if k not in ("zero", "unit", "month", "header_rows")}
    known["zero_is_missing"] = raw.get("zero") == "missing"
    known["header_rows"] = tuple(sorted(raw.get("header_rows", ())))
    if "unit" in raw:
        known["unit"] = parse_unit(raw["unit"])
    if "month" in raw:
        known["month"] = pd.Period(raw["month"], freq="M")
    return known
