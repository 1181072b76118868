"""The terminal report of a scenario: baseline and scenario side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.panel import Panel
from rich.text import Text

from employment_forecast.cli.shell.output import console, print_table
from employment_forecast.data.catalogue import DEMO_MARK, Indicator
from employment_forecast.forecasting.scenario import (
    scenario_forecast_table,
    scenario_targets_table,
)


def _head(content: Mapping[str, Any], indicator: Indicator) -> Panel:
    lines = [content["description"], f"数据截至 {content['data_month']}；情景不是预测，不用于预警"]
    lines.append(content["baseline_source"]["text"])
    lines += [
        f"假设：{row['label']} {row['range']}（{row['source']}）；{row['profile']}"
        for row in content["assumptions"]
    ]
    title = f"{content['region']['name']} · {indicator.name} · 情景推演"
    if content["demo"]:
        title += f" · {DEMO_MARK}"
    style = "yellow" if content["demo"] else ""
    return Panel(Text("\n".join(lines)), title=title, title_align="left", style=style)


def print_scenario(content: Mapping[str, Any], indicator: Indicator) -> None:
    """Print baseline and scenario side by side."""
    out = console()
    out.print(_head(content, indicator))
    print_table(scenario_forecast_table(content, indicator))
    targets = scenario_targets_table(content, indicator)
    if targets.rows:
        print_table(targets)
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
