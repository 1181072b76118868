"""Targets from a CSV file."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from employment_forecast.data import clock
from employment_forecast.data.catalogue import Catalogue
from employment_forecast.data.errors import DataError, ForecastError, NotFoundError
from employment_forecast.data.files import visible
from employment_forecast.data.targets.target import (
    CHOICES,
    USUAL_WORD,
    Target,
    demand_direction,
    usual_direction,
)
from employment_forecast.data.typed import read_period, read_value

COLUMNS = {
    "地区": "region", "指标": "indicator", "层级": "tier", "方向": "direction",
    "考核": "basis", "用语": "qualifier", "时期": "period", "数值": "value",
    "公布日": "announced_on", "来源": "source", "单位": "unit",
}  # fmt: skip
# Columns that say nothing of the number; `caps allocate` names each region beside its code.
_IDLE = ("名称", "备注", "说明", "序号", "编号", "性质", "责任部门", "责任单位", "牵头单位", "")
REQUIRED = ("region", "indicator", "tier", "period", "value", "source")
# The figure may be blank: a document need not give one.
_FILLED = tuple(key for key in REQUIRED if key != "value")
DEFAULTS = {
    "direction": "", "basis": "any_month", "qualifier": "", "announced_on": "", "unit": "",
}  # fmt: skip


def _decoded(file: Path) -> str:
    try:
        raw = file.read_bytes()
    except FileNotFoundError as error:
        raise NotFoundError(f"没有文件“{file}”。", "请核对文件名。") from error
    except OSError as error:
        raise NotFoundError(
            f"文件“{file}”无法读取（{error.strerror}）。", "请核对文件名。"
        ) from error
    if raw.startswith(b"PK"):
        raise DataError(f"文件“{file}”是工作簿，不是 CSV。", "请在办公软件中另存为 CSV 后重试。")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise DataError(f"文件“{file}”的编码无法识别。", "请另存为 UTF-8 或 GB18030 编码的 CSV。")


def _target(
    raw: Mapping[str, str], catalogue: Catalogue, aliases: Mapping[str, Mapping[str, str]]
) -> Target:
    region = catalogue.region(raw["region"])
    indicator = catalogue.indicator(raw["indicator"])
    stated, unit = raw["value"], raw["unit"]
    if stated and not stated.endswith(unit):
        # The 万 of 万人 may stand behind the figure already.
        stated += unit.removeprefix("万") if stated.endswith("万") else unit
    value = read_value(stated, indicator.unit, "数值") if stated else None
    given = raw["announced_on"]
    day = clock.parse_past_day(given, "公布日") if given else clock.today()
    named: dict[str, Any] = {k: aliases[k].get(raw[k], raw[k]) for k in aliases}
    named["direction"] = named["direction"] or usual_direction(indicator, raw["qualifier"])
    for title, key in COLUMNS.items():
        if key in CHOICES and named[key] not in CHOICES[key]:
            known = "、".join(aliases[key] or CHOICES[key])
            raise DataError(f"“{title}”不能是“{raw[key]}”。", f"可用的值：{known}。")
    target = Target(
        region=region.code,
        indicator=indicator.code,
        qualifier=raw["qualifier"] or USUAL_WORD.get(named["direction"], ""),
        period=read_period(raw["period"]),
        value=value,
        unit=indicator.unit,
        announced_on=day,
        announced_estimated=not given,
        source=raw["source"],
        **named,
    )
    demand_direction(target)
    return target


def read_targets(
    file: Path, catalogue: Catalogue, aliases: Mapping[str, Mapping[str, str]]
) -> list[Target]:
    """Read targets from a CSV file.

    Parameters
    ----------
    file : pathlib.Path
        UTF-8 or GB18030, header in Chinese (`COLUMNS`) or by field name.
    catalogue : Catalogue
        Knows the names.
    aliases : mapping
        Chinese words for `tier`, `direction` and `basis`.

    Returns
    -------
    list of Target

    Raises
    ------
    NotFoundError
        If the file cannot be read.
    DataError
        Naming file, line and remedy.
    """
    # Line ends of every system; the csv module takes no bare carriage return.
    content = "\n".join(re.split(r"\r\n|\r|\n", _decoded(file)))
    reader = csv.DictReader(io.StringIO(content))
    try:
        return _targets(reader, file, catalogue, aliases)
    except csv.Error as error:
        raise DataError(
            f"文件“{file}”第 {reader.line_num + 1} 行无法读取（引号不成对，或一格的文字太长）。",
            "请在办公软件中打开检查，另存为 CSV 后重试。",
        ) from error


def _cut_off(row: Mapping[str, str | None], names: Mapping[str, str]) -> set[str]:
    """Columns that a line ends before; one without any cell is blank."""
    cut = {names[k] for k, v in row.items() if v is None}
    return cut if any(row.values()) else set()


def _targets(
    reader: csv.DictReader[str],
    file: Path,
    catalogue: Catalogue,
    aliases: Mapping[str, Mapping[str, str]],
) -> list[Target]:
    names = {h: COLUMNS.get((h or "").strip(), (h or "").strip()) for h in reader.fieldnames or []}
    missing = [zh for zh, en in COLUMNS.items() if en in REQUIRED and en not in names.values()]
    if missing:
        raise DataError(f"文件“{file}”缺少列：{'、'.join(missing)}。", "请补上列名后重试。")
    heads = Counter(COLUMNS.get((h or "").strip(), h) for h in reader.fieldnames or [])
    twice = [zh for zh, en in COLUMNS.items() if heads[en] > 1]
    if twice:
        raise DataError(f"文件“{file}”有几列都是“{'、'.join(twice)}”。", "每种列只留一列后重试。")
    foreign = [h for h, en in names.items() if en not in COLUMNS.values() and en not in _IDLE]
    targets: list[Target] = []
    lines: dict[tuple[object, ...], int] = {}
    for line, row in enumerate(reader, start=2):
        told = [h for h in foreign if (row.get(h) or "").strip()]
        if told:
            raise DataError(
                f"文件“{file}”的列“{'、'.join(told)}”没有认出，不能略去不看。",
                f"可用的列：{'、'.join(COLUMNS)}、备注；与数值无关的请删去。",
            )
        if None in row:
            raise DataError(
                f"文件“{file}”第 {line} 行的格数比表头多，多半是数值里有千分位逗号。",
                "请去掉逗号（13,900 写成 13900），或给整格加引号。",
            )
        short = [zh for zh, en in COLUMNS.items() if en in REQUIRED and en in _cut_off(row, names)]
        if short:
            raise DataError(
                f"文件“{file}”第 {line} 行的格数比表头少，缺少：{'、'.join(short)}。",
                "请补上后重试；没有内容的格也要留出逗号。",
            )
        raw = {**DEFAULTS}
        raw |= {names[k]: (v or "").strip() for k, v in row.items() if k in names}
        unsaid = not raw["basis"]
        raw |= {k: v for k, v in DEFAULTS.items() if not raw[k]}
        if not any(raw[k] for k in REQUIRED):
            continue
        blank = [zh for zh, en in COLUMNS.items() if en in _FILLED and not raw[en]]
        if blank:
            raise DataError(f"文件“{file}”第 {line} 行没有写{'、'.join(blank)}。", "请补上后重试。")
        odd = [zh for zh, en in COLUMNS.items() if (text := raw.get(en, "")) != visible(text)]
        if odd:
            raise DataError(
                f"文件“{file}”第 {line} 行的{'、'.join(odd)}含有换行或控制字符。",
                "请写成一行文字后重试。",
            )
        try:
            target = _target(raw, catalogue, aliases)
            if unsaid and catalogue.indicator(target.indicator).kind == "flow":
                raise DataError(
                    f"没有写明“{raw['indicator']}”怎样考核。",
                    "请加“考核”一列：全年累计，或各月、期末、当月。",
                )
            about = (target.region, target.indicator, target.tier, target.direction)
            about_when = (target.basis, target.period, target.announced_on)
            before = lines.setdefault((*about, *about_when), line)
            if before != line:
                raise DataError(
                    f"与第 {before} 行的地区、指标、层级、方向、考核、时期和公布日都相同。",
                    "同一目标只留一行；是调整的写明各自的公布日。",
                )
            targets.append(target)
        except ForecastError as error:
            raise DataError(f"文件“{file}”第 {line} 行：{error.message}", error.hint) from error
    if not targets:
        raise DataError(f"文件“{file}”里没有一行目标。", "请在表头下逐行填写后重试。")
    return targets
