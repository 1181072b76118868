"""TOML tables checked against declared constraints: one validator for every file a bureau writes.

A schema is data beside the class that is built from the table. Errors name the file, the table and
the key, say what is allowed, and give the nearest known name.
"""

from __future__ import annotations

import json
import math
import re
import tomllib
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from employment_forecast.data.errors import SettingsError, suggestion

_SHOWN_CHARS = 60
_CODE = re.compile(r"\w(?:[\w.\-]{0,78}\w)?")


@dataclass(frozen=True)
class Constraint:
    """What the value of one key may be.

    Attributes
    ----------
    fits : callable
        True for a value that may be.
    wanted : str
        What that is, in Chinese, as it follows 应为.
    choices : tuple of str
        Every allowed text where there are only some; the nearest one is suggested.
    meaning : str
        What the key is for, in Chinese; printed behind what is wanted.
    secret : bool
        True if a wrong value may hold a password: it is not repeated in the message.
    """

    fits: Callable[[Any], bool]
    wanted: str
    choices: tuple[str, ...] = ()
    meaning: str = ""
    secret: bool = False


@dataclass(frozen=True)
class TableSchema:
    """The keys of one table.

    Attributes
    ----------
    keys : mapping of str to Constraint
        Known keys.
    required : tuple of str
        Those that must be there.
    others : Constraint or None
        Values of keys that the bureau names itself; None if only known keys may be.
    """

    keys: Mapping[str, Constraint]
    required: tuple[str, ...] = ()
    others: Constraint | None = None


def read_toml(text: str, where: str) -> dict[str, Any]:
    """Parse a file.

    Parameters
    ----------
    text : str
        Content.
    where : str
        What the file is called in errors, such as 配置文件“forecast.toml”.

    Returns
    -------
    dict

    Raises
    ------
    SettingsError
        If it is no TOML, with line and column.
    """
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        cause = "嵌套太深" if isinstance(error, RecursionError) else _cause(str(error))
        quotes = "" if text.isascii() else '中文的键名要加英文引号，如 "期别" = "month"。'
        raise SettingsError(
            f"{where}不是有效的 TOML（{cause}）。",
            f"请改正所示的行；不需要的键可整行删去。{_full_width(text, str(error))}{quotes}",
        ) from None


_PLACE = re.compile(r"\(at (?:line (\d+), column (\d+)|end of document)\)$")
# What tomllib says, by how it begins.
_CAUSES = {
    "Cannot overwrite": "一个键写了两次",
    "Cannot declare": "一个表写了两次",
    "Cannot mutate": "一个表写了两次",
    "Duplicate inline": "一个键写了两次",
    "Invalid value": "这里应当是数字、true、false 或加英文引号的文字",
    "Invalid statement": "行首不是键名",
    "Expected newline": "这里应当换行",
    "Expected '='": "键名后面应当是等号",
    "Unclosed": "括号没有写完",
    "Expected ']": "方括号没有写完",
    "Expected '": "引号没有写完",
    'Expected "': "引号没有写完",
    "Unterminated": "引号没有写完",
    "Illegal character": "有不能用的字符，或引号没有写完",
    "Unescaped": "反斜杠要写两个",
}


def _cause(said: str) -> str:
    """What the parser of Python says in English, in Chinese and with the place."""
    place = _PLACE.search(said)
    words = next((zh for en, zh in _CAUSES.items() if said.startswith(en)), "写法不对")
    if place is None:
        return words
    return f"第 {place[1]} 行第 {place[2]} 列：{words}" if place[1] else f"文件末尾：{words}"


def _full_width(text: str, said: str) -> str:
    """The signs of a Chinese keyboard in the line at fault, which TOML does not know."""
    place = _PLACE.search(said)
    lines = text.split("\n")
    line = lines[int(place[1]) - 1] if place and place[1] else lines[-1]
    signs = "".join(dict.fromkeys(re.findall("[！-～　“”‘’]", line)))
    return f"该行的 {signs} 是全角或中文标点，请改为半角。" if signs else ""


def check_table(raw: Mapping[str, Any], schema: TableSchema, where: str) -> dict[str, Any]:
    """Check one table.

    Parameters
    ----------
    raw : mapping
        As parsed.
    schema : TableSchema
        What may be in it.
    where : str
        File and table, as they begin an error.

    Returns
    -------
    dict
        The same, lists as tuples.

    Raises
    ------
    SettingsError
        For the first unknown key, wrong value or missing key.
    """
    for key, value in raw.items():
        constraint = schema.keys.get(key, schema.others)
        if constraint is None:
            # A dotted key is a key of some table and not the table itself.
            known = [k for k in schema.keys if "." in k or "." not in key]
            hint = suggestion(key, known) or f"可用的键：{'、'.join(known)}。"
            raise SettingsError(f"{where}里有未知的键“{one_line(key)}”。", hint)
        if not constraint.fits(value):
            raise _wrong_value(key, value, constraint, where)
    missing = [key for key in schema.required if key not in raw]
    if missing:
        raise SettingsError(f"{where}里缺少必填的键“{'、'.join(missing)}”。", "请补上后重试。")
    return {k: tuple(v) if isinstance(v, list) else v for k, v in raw.items()}


def _wrong_value(key: str, value: Any, constraint: Constraint, where: str) -> SettingsError:
    written = f" {one_line(json.dumps(value, ensure_ascii=False, default=str))} "
    near = suggestion(value, constraint.choices) if isinstance(value, str) else ""
    meaning = f"：{constraint.meaning}" if constraint.meaning else ""
    return SettingsError(
        f"{where}里“{one_line(key)}”的值{'' if constraint.secret else written}不可用。",
        f"{near}应为{constraint.wanted}{meaning}。",
    )


def one_line(text: str) -> str:
    """Text fit for one line of a message."""
    flat = "".join(c if c.isprintable() else "?" for c in text)
    return flat if len(flat) <= _SHOWN_CHARS else flat[:_SHOWN_CHARS] + "…"


def text(wanted: str = "加引号的文字", *, secret: bool = False) -> Constraint:
    """Any text, an empty one too."""
    return Constraint(lambda v: isinstance(v, str), wanted, secret=secret)


def filled(wanted: str = "加引号的非空文字") -> Constraint:
    """Text with something in it."""
    return Constraint(lambda v: isinstance(v, str) and bool(v.strip()), wanted)


def line(wanted: str = "加引号的非空文字，写在一行") -> Constraint:
    """Text on one line, without control characters."""
    return Constraint(lambda v: isinstance(v, str) and bool(v.strip()) and v.isprintable(), wanted)


def pattern(expression: str, wanted: str) -> Constraint:
    """Text of a form."""
    compiled = re.compile(expression)
    return Constraint(lambda v: isinstance(v, str) and bool(compiled.fullmatch(v)), wanted)


def is_code(value: Any) -> bool:
    """True for a text that may name a registered model and a file."""
    return (
        isinstance(value, str)
        and bool(_CODE.fullmatch(value))
        and unicodedata.normalize("NFKC", value) == value
    )


def code() -> Constraint:
    """Code of a region or an indicator: it becomes part of file names and model names."""
    return Constraint(
        is_code, "由字母、数字、点、下划线、短横组成的代码，首尾是字母或数字，不超过80个字符"
    )


def texts(wanted: str = '文字的列表，如 ["甲", "乙"]') -> Constraint:
    """A list of texts."""
    return Constraint(lambda v: isinstance(v, list) and all(isinstance(i, str) for i in v), wanted)


def one_of(*choices: str) -> Constraint:
    """One of some words."""
    words = "、".join(f'"{c}"' for c in choices)
    return Constraint(lambda v: isinstance(v, str) and v in choices, f"以下之一：{words}", choices)


def some_of(*choices: str) -> Constraint:
    """A list of some words."""
    words = "、".join(f'"{c}"' for c in choices)
    return Constraint(
        lambda v: isinstance(v, list) and all(isinstance(i, str) and i in choices for i in v),
        f"由这些值组成的列表：{words}",
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def number(low: float, high: float, wanted: str) -> Constraint:
    """A finite number within bounds."""
    return Constraint(lambda v: _is_number(v) and low <= v <= high, wanted)


def integer(low: int, high: int, wanted: str = "") -> Constraint:
    """An integer within bounds."""
    return Constraint(
        lambda v: isinstance(v, int) and not isinstance(v, bool) and low <= v <= high,
        wanted or f"{low}—{high} 的整数",
    )


def table(wanted: str) -> Constraint:
    """A table of its own; what stands in its place may be meant for a secret key of it."""
    return Constraint(lambda v: isinstance(v, dict), wanted, secret=True)


def tables(wanted: str = "若干个表", *, empty: bool = True) -> Constraint:
    """A list of tables."""
    return Constraint(
        lambda v: (
            isinstance(v, list) and (empty or bool(v)) and all(isinstance(i, dict) for i in v)
        ),
        wanted,
    )


FLAG = Constraint(lambda v: isinstance(v, bool), "true 或 false，不加引号")
DAY = Constraint(lambda v: type(v) is date, "不加引号的日期，如 2016-11-28")
