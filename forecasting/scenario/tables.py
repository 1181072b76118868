"""The tables of a scenario: baseline and scenario side by side."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from employment_forecast.data.catalogue import Indicator, phrase
from employment_forecast.data.targets import BASES
from employment_forecast.forecasting.documents.result_tables import (
    UNTESTED,
    amount,
    cap_name,
    target_name,
)
from employment_forecast.forecasting.documents.tables import (
    ABSENT,
    Form,
    Table,
    columns,
    figures,
    likelihood,
)
from employment_forecast.forecasting.documents.workbook import Lines, WorkbookSheet, workbook
from employment_forecast.forecasting.scenario.comparison import change_phrase

_QUANTILES = ("q50", "q10", "q90")
_COMPARED: dict[str, dict[str, str]] = {
    "caps": {
        "p_any": "期内突破",
        "p_any_remaining": "今后突破",
        "p_end": "期末突破",
        "p_average": "均值突破",
        "first_breach_month": "首次突破月",
        "expected_months_above": "预计超出月数",
    },
    "floors": {"p_reach": "完成概率", "p_above": "突破", "q50": "预计", "reach_month": "完成月"},
    "levels_assessed": {"p_reach": "达到概率", "q50": "期末预计"},
}


def scenario_forecast_table(content: Mapping[str, Any], indicator: Indicator) -> Table[Any]:
    """Medians and intervals of baseline, scenario and their difference, by month."""
    change = Form(lambda v: change_phrase(v, indicator), amount(indicator).number_format)
    parts = (
        (content["baseline"]["forecast"], amount(indicator)),
        (content["scenario"]["forecast"], amount(indicator)),
        (content["difference"], change),
    )
    heads = [
        column
        for name, (_, form) in zip(("基线", "情景", "增减"), parts, strict=True)
        for column in (
            *figures("增减" if name == "增减" else f"{name}中位数", form=form),
            *columns(f"{name}80%区间", align="right"),
        )
    ]
    rows: list[tuple[Any, ...]] = []
    for months in zip(*(rows for rows, _ in parts), strict=True):
        cells: list[Any] = [months[0]["month"] + (f" {UNTESTED}" if months[0]["untested"] else "")]
        for row, (_, form) in zip(months, parts, strict=True):
            cells += [row["q50"], f"{form.text(row['q10'])} — {form.text(row['q90'])}"]
        rows.append(tuple(cells))
    return Table(f"{indicator.name}（{indicator.unit}）", (*columns("月份"), *heads), tuple(rows))


def _compared(row: Mapping[str, Any], name: str, indicator: Indicator) -> str:
    value = row[name]
    if name == "p_any" and row["already_breached"]:
        return "已突破"
    if name.startswith("p_"):
        return ABSENT if value is None else likelihood(value)
    if value is None:
        return "无"
    if name == "q50":
        return phrase(value, indicator)
    return value if isinstance(value, str) else f"{value:.1f}"


def scenario_targets_table(content: Mapping[str, Any], indicator: Indicator) -> Table[Any]:
    """What the scenario does to every assessed cap and target."""
    rows: list[tuple[str, ...]] = []
    ends: list[int] = []
    for key, names in _COMPARED.items():
        name_of = cap_name if key == "caps" else target_name
        before = ("", "")
        for pair in zip(content["baseline"][key], content["scenario"][key], strict=True):
            about = (name_of(pair[0]), pair[0]["period"])
            if about == before:  # the same number on another basis
                ends.pop()
            heads = (*(("", "") if about == before else about), BASES[pair[0]["basis"]])
            before = about
            for name, title in names.items():
                end_only = name == "expected_months_above" and pair[0]["basis"] == "period_end"
                if any(row[name] is not None for row in pair) and not end_only:
                    sides = (_compared(row, name, indicator) for row in pair)
                    rows.append((*heads, title, *sides))
                    heads = ("", "", "")
            ends.append(len(rows) - 1)
    return Table(
        "对照控制数与目标",
        (*columns("目标", "期间", "考核", ""), *columns("基线", "情景", align="right")),
        tuple(rows),
        ruled=frozenset(ends),
    )


def scenario_workbook(content: Mapping[str, Any], indicator: Indicator) -> bytes:
    """Both forecasts with their chart, the targets compared, and what was assumed.

    Parameters
    ----------
    content : mapping
        From `comparison_document`.
    indicator : Indicator
        Catalogue entry.
    """
    form, change = (
        amount(indicator),
        Form(lambda v: change_phrase(v, indicator), amount(indicator).number_format),
    )
    heads = ("中位数", "80%下限", "80%上限")
    sides = (content["baseline"]["forecast"], content["scenario"]["forecast"])
    rows = tuple(
        (
            base["month"],
            *(base[q] for q in _QUANTILES),
            *(changed[q] for q in _QUANTILES),
            *(moved[q] for q in _QUANTILES),
            UNTESTED if base["untested"] else "",
        )
        for base, changed, moved in zip(*sides, content["difference"], strict=True)
    )
    forecast = Table(
        f"{indicator.name}（{indicator.unit}）",
        (
            *columns("月份"),
            *figures(*(f"基线{h}" for h in heads), *(f"情景{h}" for h in heads), form=form),
            *figures(*(f"增减{h}" for h in heads), form=change),
            *columns("说明"),
        ),
        rows,
    )
    title = f"{content['region']['name']}{indicator.name}情景推演"
    assumed = Table(
        "假设",
        columns("项目", "取值", "来源", "时间"),
        tuple((r["label"], r["range"], r["source"], r["profile"]) for r in content["assumptions"]),
    )
    said = (content["description"], f"数据截至 {content['data_month']}；情景不是预测，不用于预警")
    lines = Lines(
        title, indicator.unit, "推演",
        published=("基线中位数",), median=("情景中位数",),
        outer=("基线80%下限", "基线80%上限"), inner=("情景80%下限", "情景80%上限"),
    )  # fmt: skip
    sheets = [
        WorkbookSheet("走势图", f"{title}：走势", lines=said, chart=lines),
        WorkbookSheet("推演", f"{title}：各月", (forecast,)),
        WorkbookSheet(
            "控制数", f"{title}：控制数和目标", (scenario_targets_table(content, indicator),)
        ),
        WorkbookSheet("假设", f"{title}：假设", (assumed,), said),
    ]
    as_of = date.fromisoformat(content["as_of"])
    return workbook(sheets, title=title, as_of=as_of, demo=content["demo"])
