"""The terminal report of a scenario: baseline and scenario side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from employment_forecast.cli.forecasts.report_targets import cap_name, percent, target_name
from employment_forecast.cli.shell.output import console
from employment_forecast.data.catalogue import DEMO_MARK, Indicator, phrase
from employment_forecast.data.targets import BASES
from employment_forecast.forecasting.scenario import change_phrase


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
        for row, words in ((pair[0], phrase), (pair[1], phrase), (change, change_phrase)):
            text = {k: words(float(row[k]), indicator) for k in ("q10", "q50", "q90")}
            cells += [text["q50"], f"{text['q10']} — {text['q90']}"]
        month = pair[0]["month"] + (" 未经回测" if pair[0]["untested"] else "")
        table.add_row(month, *cells)
    return table


_SHOWN: dict[str, dict[str, str]] = {
    "caps": {
        "p_any": "期内突破", "p_any_remaining": "今后突破", "p_end": "期末突破",
        "p_average": "均值突破", "first_breach_month": "首次突破月",
        "expected_months_above": "预计超出月数",
    },
    "floors": {"p_reach": "完成概率", "p_above": "突破", "q50": "预计", "reach_month": "完成月"},
    "levels_assessed": {"p_reach": "达到概率", "q50": "期末预计"},
}  # fmt: skip


def _cell(row: Mapping[str, Any], name: str, indicator: Indicator) -> str:
    value = row[name]
    if name == "p_any" and row["already_breached"]:
        return "已突破"
    if name.startswith("p_"):
        return percent(value)
    if value is None:
        return "无"
    if name == "q50":
        return phrase(value, indicator)
    return value if isinstance(value, str) else f"{value:.1f}"


def _targets(content: Mapping[str, Any], indicator: Indicator) -> Table:
    table = Table(title="对照控制数与目标", title_justify="left", header_style="bold")
    for name in ("目标", "期间", "考核", "", "基线", "情景"):
        table.add_column(name, justify="right" if name in ("基线", "情景") else "left")
    for key, names in _SHOWN.items():
        name_of = cap_name if key == "caps" else target_name
        for pair in zip(content["baseline"][key], content["scenario"][key], strict=True):
            heads = [name_of(pair[0]), pair[0]["period"], BASES[pair[0]["basis"]]]
            cells = [(label, *(_cell(row, name, indicator) for row in pair))
                     for name, label in names.items()
                     if any(row[name] is not None for row in pair)]  # fmt: skip
            for at, row in enumerate(cells, start=1):
                table.add_row(*heads, *row, end_section=at == len(cells))
                heads = ["", "", ""]
    return table


def print_scenario(content: Mapping[str, Any], indicator: Indicator) -> None:
    """Print baseline and scenario side by side."""
    out = console()
    out.print(_head(content, indicator))
    out.print(_forecast(content, indicator))
    table = _targets(content, indicator)
    if table.row_count:
        out.print(table)
    else:
        out.print("对照控制数与目标：本地区该指标没有登记可评估的控制数或目标。")
    levels = [content[side]["level"] for side in ("baseline", "scenario")]
    if all(levels):
        before, after = levels
        out.print(
            f"预警等级：基线 {before['name']}，情景 {after['name']}"
            f"（{content['levels_source']}；只按本次概率与规则，不计此前已发等级）",
            soft_wrap=True,
        )
        for reason in after["reasons"]:
            out.print(f"情景等级依据：{reason}", soft_wrap=True)
    out.print(f"运行编号：{content['run_id'] or '未记录'}（情景，不登记模型版本）", soft_wrap=True)
