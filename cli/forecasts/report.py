"""The terminal report of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.panel import Panel
from rich.text import Text

from employment_forecast.cli.shell.output import console, print_table
from employment_forecast.cli.shell.phrases import shock_line
from employment_forecast.data.catalogue import DEMO_MARK, Indicator, phrase, sources_phrase
from employment_forecast.data.targets import BASES, TIER_NAMES
from employment_forecast.forecasting.documents.result_tables import (
    DIRECTIONS,
    breach_notes,
    caps_table,
    contributions_table,
    floors_table,
    forecast_table,
    leaderboard_table,
    milestones_table,
)

_KINDS = {"stock": "期末数", "flow": "当月数", "rate": "率", "index": "指数"}


def _head(content: Mapping[str, Any], indicator: Indicator) -> Panel:
    lines = Text()
    latest = phrase(float(content["latest"]), indicator)
    lines.append(
        f"{content['data_start']} 至 {content['data_month']}  最新值 {latest}{indicator.unit}"
        f"（{_KINDS[indicator.kind]}）\n"
    )
    lines.append(f"来源：{sources_phrase(content['sources'])}")
    if content["pseudo_real_time"]:
        lines.append("\n部分发布日期为估计（月末加发布滞后），回测为准实时")
    if content["overdue"]:
        lines.append(f"\n数据已逾期：按发布惯例 {content['overdue']} 应已公布，请先导入")
    for note in content["notes"]:
        lines.append(f"\n{note}")
    for row in content["shocks"]:
        lines.append(f"\n{shock_line(row)}")
    title = f"{content['region']['name']} · {indicator.name}"
    if content["demo"]:
        title += f" · {DEMO_MARK}"
    return Panel(lines, title=title, title_align="left", style="yellow" if content["demo"] else "")


def print_report(content: Mapping[str, Any], indicator: Indicator) -> None:
    """Print the whole report."""
    out = console()
    out.print(_head(content, indicator))
    print_table(leaderboard_table(content))
    out.print(f"选用：{content['choice_reason']}\n", soft_wrap=True)
    print_table(forecast_table(content, indicator))
    if content.get("parts"):
        print_table(contributions_table(content["parts"], indicator))
    assessed = [*content["caps"], *content["floors"], *content["levels_assessed"]]
    for row in content["caps_ended"]:
        out.print(f"{row['breach_words']}。", soft_wrap=True)
    if content["caps"]:
        print_table(caps_table(content, indicator))
        for note in breach_notes(content, indicator):
            out.print(note, soft_wrap=True)
    if content["floors"]:
        print_table(floors_table(content["floors"], indicator))
    if content["levels_assessed"]:
        print_table(milestones_table(content["levels_assessed"], indicator))
    if not assessed:
        out.print("对照目标：本地区该指标没有登记可评估的控制数或目标，只作预测。")
    for note in dict.fromkeys(row["note"] for row in assessed if row["note"]):
        out.print(f"注：{note}", soft_wrap=True)
    for row in content["targets_unassessed"]:
        value = "" if row["value"] is None else f" {row['value']:,.12g}{row['unit']}"
        out.print(
            f"未评估的目标：{row['period']} {TIER_NAMES[row['tier']]}"
            f"{DIRECTIONS[row['direction']]}{value}（{BASES[row['basis']]}），{row['reason']}。"
            f"{row['quote']}",
            soft_wrap=True,
        )
    champion = content["champion"]
    kind = "试算" if content.get("trial") else "候选"
    version = f" 第 {champion['version']} 版（{kind}）" if champion["version"] else ""
    out.print(
        f"回测单元：新算 {content['cells_computed']} 个，沿用 {content['cells_reused']} 个。"
        f"登记模型：{champion['registered_name']}{version}。"
        f"运行编号：{content['run_id'] or '未记录'}",
        soft_wrap=True,
    )
    gate = content.get("gate")
    if gate is not None:
        force = f"现役为第 {gate['in_force']} 版" if gate["in_force"] else "尚无现役版本"
        reason = gate["reason"] if force in gate["reason"] else f"{gate['reason']}；{force}"
        out.print(f"晋级检查：{gate['text']}。{reason}。", soft_wrap=True)
