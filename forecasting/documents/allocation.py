"""Proposals for sharing out a cap as a table, a sentence and a file for `caps import`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd

from employment_forecast.data.catalogue import DEMO_MARK, Series
from employment_forecast.data.files import as_csv
from employment_forecast.data.targets import BASES
from employment_forecast.forecasting.documents.tables import (
    PROBABILITY,
    Form,
    Table,
    columns,
    figures,
    likelihood,
    number,
)
from employment_forecast.forecasting.documents.workbook import tables_workbook


def summary(content: Mapping[str, Any], series: Series) -> str:
    """What the whole's number means, in Chinese."""
    marks = "".join(
        f"（{mark}）"
        for mark, here in ((DEMO_MARK, content["demo"]), ("未经回测", content["untested"]))
        if here
    )
    joint = "各级协调后的路径" if content["reconciled"] else "各自的路径（未协调，见注）"
    return (
        f"{series.title}{content['period']} 控制数 {content['value']:,}{content['unit']}"
        f"（{BASES[content['basis']]}考核）：突破概率 {likelihood(content['p_break'])}，"
        f"按{joint}计算{marks}"
    )


def allocation_table(content: Mapping[str, Any]) -> Table[Any]:
    """Every rule beside the others: number, probability, and what one person more changes."""
    rules = content["rules"]
    head = [column for rule in rules for column in _columns(rule["name"])]
    rows = []
    for at, part in enumerate(rules[0]["parts"]):
        cells: list[Any] = [part["name"] + ("（已定）" if part["kept"] else "")]
        for rule in rules:
            each = rule["parts"][at]
            cells += [each["cap"], each["p_break"], each["per_person"]]
        rows.append(tuple(cells))
    total: list[Any] = ["合计；至少一个下级突破"]
    for rule in rules:
        total += [sum(each["cap"] for each in rule["parts"]), rule["p_some"], None]
    return Table(
        "控制数分解（提议）",
        (*columns("地区"), *head),
        (*rows, tuple(total)),
        notes=tuple(content["notes"]),
        strong=frozenset({len(rows)}),
    )


def allocation_workbook(content: Mapping[str, Any], series: Series, as_of: date) -> bytes:
    """The proposal as a workbook, every rule beside the others."""
    mark = f"（{DEMO_MARK}）" if content["demo"] else ""
    table = allocation_table(content)
    notes = (f"注：{note}" for note in table.notes)
    return tables_workbook(
        {"分解提议": [replace(table, notes=())]},
        title=f"{series.title}{content['period']} 控制数{mark}",
        lines=(summary(content, series), *notes),
        as_of=as_of,
        demo=content["demo"],
    )


def _columns(rule: str) -> tuple[Any, ...]:
    points = Form(lambda v: f"{100 * v:+.3f} 点", "+0.000%;-0.000%")
    return (
        *figures(rule, form=number(0)),
        *figures("突破概率", form=PROBABILITY),
        *figures("每多 1 人", form=points),
    )


def caps_file(content: Mapping[str, Any], rule: str, series: Series, tier: str) -> bytes:
    """The proposal as a CSV that `forecast caps import` takes."""
    chosen = next(each for each in content["rules"] if each["rule"] == rule)
    rows = [
        {
            "地区": part["region"],
            "名称": part["name"],
            "指标": series.indicator.name,
            "层级": tier,
            "方向": "控制数",
            "考核": content["basis"],
            "用语": "以内",
            "时期": content["period"],
            "数值": part["cap"],
            "公布日": "",
            "来源": f"{series.region.name} {content['value']:,} 的分解（{chosen['name']}）",
        }
        for part in chosen["parts"]
    ]
    return as_csv(pd.DataFrame(rows))
