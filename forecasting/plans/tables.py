"""The tables of the progress of plans: period end, half-way, by year, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from employment_forecast.data.catalogue import DEMO_MARK
from employment_forecast.data.targets import number_words, tolerance_words
from employment_forecast.forecasting.documents.tables import (
    PERCENT,
    TENTHS_OF_PERCENT,
    Form,
    Table,
    columns,
    figures,
)
from employment_forecast.forecasting.documents.workbook import tables_workbook

Rows = Sequence[Mapping[str, Any]]
AMOUNT = Form(lambda v: f"{v:,.12g}", "General")
_FIGURES = (
    "数据：控制数按各月考核的为最高月，按期末的为最近一月，按平均的为各月平均；累计目标为累计数。"
    "超出月数按各月当时的控制数计。"
)
_MET = {True: "是", False: "否", None: None}


def _name(row: Mapping[str, Any]) -> str:
    return f"{row['period_name'] or row['period']} {row['name']}"


def _value(row: Mapping[str, Any]) -> str:
    if row["value"] is None:
        return "逐年下达" if row["direction"] == "cap" else "未载明"
    said = number_words(row["value"], row["unit"], row["qualifier"])
    limit = row["limit"]
    return said if limit is None else f"{said}（{tolerance_words(limit, row['unit'])}）"


def period_ends_table(rows: Rows) -> Table[Any]:
    """What becomes of each target by the end of its period."""

    def note(row: Mapping[str, Any]) -> str:
        kind = "" if row["assessed"] else "规划回顾的已完成数"
        doubts = "基于未确认的读法" if row["unconfirmed"] else ""
        return "；".join(t for t in (kind, doubts) if t)

    return Table(
        "期末",
        columns("目标", "数值", "属性", "规划所报", "评估", "说明"),
        tuple(
            (_name(row), _value(row), row["attribute"], "；".join(row["achieved"]), row["result"],
             note(row))
            for row in rows
        ),
    )  # fmt: skip


def midterm_table(rows: Rows) -> Table[Any]:
    """What was reached half-way."""

    def line(row: Mapping[str, Any]) -> tuple[Any, ...]:
        middle = row["midterm"]
        known, figure = middle["progress"] is not None, middle["figure"]
        if figure is None:
            figure = "尚未到期" if middle["month"] > row["data_month"] else "数据不全"
        return (_name(row), row["unit"], middle["month"], figure, middle["progress"],
                middle["progress_time"] if known else None)  # fmt: skip

    return Table(
        "中期",
        (
            *columns("目标", "单位", "截至"),
            *figures("数据", form=AMOUNT),
            *figures("进度", form=TENTHS_OF_PERCENT),
            *figures("时间进度", form=PERCENT),
        ),
        tuple(line(row) for row in rows if row["midterm"] is not None),
    )


def yearly_table(rows: Rows) -> Table[Any]:
    """Each year of each target."""
    lines: list[tuple[Any, ...]] = []
    for row in rows:
        known = [year for year in row["years"] if year["months"]]
        lines.extend(
            (
                *((_name(row), row["unit"]) if year is known[0] else ("", "")),
                str(year["year"]),
                *(year[key] for key in ("value", "figure", "months", "months_above")),
                _MET[year["met"]],
            )
            for year in known
        )
    return Table(
        "年度",
        (
            *columns("目标", "单位", "年"),
            *figures("当年目标", "数据", "月数", "超出月数", form=AMOUNT),
            *columns("达标"),
        ),
        tuple(lines),
        notes=(_FIGURES,) if lines else (),
    )


def unassessed_table(rows: Rows) -> Table[Any]:
    """Targets that cannot be assessed, and what is missing."""
    return Table(
        "未评估",
        columns("目标", "数值", "缺什么"),
        tuple((_name(row), _value(row), row["missing"]) for row in rows if row["missing"]),
    )


def plans_workbook(content: Mapping[str, Any]) -> bytes:
    """The progress of a region's plans, a sheet for each view, from its document."""
    shown = [row for row in content["targets"] if not row["missing"]]
    mark = f"（{DEMO_MARK}）" if content["demo"] else ""
    views = {
        "期末": period_ends_table(shown),
        "中期": midterm_table(shown),
        "年度": yearly_table(shown),
        "未评估": unassessed_table(content["targets"]),
    }
    return tables_workbook(
        {name: [table] for name, table in views.items() if table.rows},
        title=f"{content['region']['name']}规划进度{mark}",
        lines=(
            f"截至 {content['as_of']}：{len(content['targets'])} 项中评估 {content['assessed']} 项",
            *(f"注：{note}" for note in content["notes"]),
        ),
        as_of=date.fromisoformat(content["as_of"]),
        demo=content["demo"],
    )
