"""The terminal report of a scenario: baseline and scenario side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cli.report import cap_name, console, percent
from data.catalogue import Indicator
from forecasting.document import BASES, DEMO_MARK, phrase


def _head(content: Mapping[str, Any], indicator: Indicator) -> Panel:
    lines = [content["description"], f"数据截至 {content['data_month']}；情景不是预测，不用于预警"]
    lines += [
        f"假设：{row['label']} {row['range']}（{row['source']}）；{row['profile']}"
        for row in content["assumptions"]
    ]
    title = f"{content['region']['name']} · {indicator.name} · 情景推演"
    if content["demo"]:
        title += f" · {DEMO_MARK}"
    style = "yellow" if content["demo"] else ""
    return Panel(Text("\n".join(lines)), title=title, title_align="left", style=style)


def _forecast(content: Mapping[str, Any], indicator: Indicator) -> Table:
    table = Table(
        title=f"{indicator.name}（{indicator.unit}）", title_justify="left", header_style="bold"
    )
    table.add_column("月份")
    for name in ("基线中位数", "基线80%区间", "情景中位数", "情景80%区间", "增减", "增减80%区间"):
        table.add_column(name, justify="right")
    sides = (content["baseline"]["forecast"], content["scenario"]["forecast"])
    for *pair, change in zip(*sides, content["difference"], strict=True):
        cells = []
        for row in (*pair, change):
            text = {k: phrase(float(row[k]), indicator) for k in ("q10", "q50", "q90")}
            cells += [text["q50"], f"{text['q10']} — {text['q90']}"]
        month = pair[0]["month"] + (" 未经回测" if pair[0]["untested"] else "")
        table.add_row(month, *cells)
    return table


def _probability(row: Mapping[str, Any], name: str) -> str:
    return "已突破" if name == "p_any" and row["already_breached"] else percent(row[name])


def _caps(content: Mapping[str, Any]) -> Table:
    table = Table(title="对照控制数", title_justify="left", header_style="bold")
    for name in ("控制数", "期间", "考核", "", "基线", "情景"):
        table.add_column(name, justify="right" if name in ("基线", "情景") else "left")
    names = {
        "p_any": "期内突破", "p_any_remaining": "今后突破", "p_end": "期末突破",
        "p_average": "均值突破",
    }  # fmt: skip
    pairs = zip(content["baseline"]["caps"], content["scenario"]["caps"], strict=True)
    for before, after in pairs:
        heads = [cap_name(before), before["period"], BASES[before["basis"]]]
        for key, name in names.items():
            if before[key] is None and after[key] is None:
                continue
            table.add_row(*heads, name, _probability(before, key), _probability(after, key))
            heads = ["", "", ""]
        first = [row["first_breach_month"] or "无" for row in (before, after)]
        table.add_row(*heads, "首次突破月", *first, end_section=True)
    return table


def print_scenario(content: Mapping[str, Any], indicator: Indicator) -> None:
    """Print baseline and scenario side by side.

    Parameters
    ----------
    content : mapping
        From `forecasting.comparison.comparison_document`.
    indicator : Indicator
        Knows name, unit and precision.
    """
    out = console()
    out.print(_head(content, indicator))
    out.print(_forecast(content, indicator))
    if content["baseline"]["caps"]:
        out.print(_caps(content))
    else:
        out.print("对照控制数：本地区该指标没有登记可评估的控制数。")
    out.print(f"运行编号：{content['run_id'] or '未记录'}（情景，不登记模型版本）", soft_wrap=True)
