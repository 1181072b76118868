"""The terminal report of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from employment_forecast.cli.forecasts.report_targets import (
    DIRECTIONS,
    breach_notes,
    caps_table,
    floors_table,
    levels_table,
)
from employment_forecast.cli.shell.output import console
from employment_forecast.cli.shell.phrases import shock_line
from employment_forecast.data.catalogue import DEMO_MARK, Indicator, phrase
from employment_forecast.data.targets import BASES, TIER_NAMES

# Months ahead that are all shown; of later ones, which reach far beyond any test, only Decembers.
SHOWN_IN_FULL = 24
_KINDS = {"stock": "期末数", "flow": "当月数", "rate": "率", "index": "指数"}


def _score(value: float | None, digits: int = 3) -> str:
    return "—" if value is None else f"{value:.{digits}f}"


def _leaderboard(content: Mapping[str, Any]) -> Table:
    table = Table(
        title=f"模型竞赛（回测 {content['backtest_origins']} 个预测起点；"
        "WIS、MASE 越小越好；覆盖率为校准前）",
        title_justify="left",
        header_style="bold",
    )
    for name, justify in (
        ("", "left"), ("模型", "left"), ("WIS", "right"), ("MASE", "right"),
        ("80%覆盖", "right"), ("95%覆盖", "right"), ("说明", "left"),
    ):  # fmt: skip
        table.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for row in content["leaderboard"]:
        chosen = row["model"] == content["champion"]["model"]
        kind = "简单基准" if row["floor"] else ""
        note = "；".join(t for t in (kind, row["failure"] or "") if t)
        cover = ["—" if row[k] is None else f"{row[k]:.0%}" for k in ("coverage80", "coverage95")]
        table.add_row(
            "★" if chosen else "",
            f"{row['label']}（{row['model']}）",
            _score(row["wis"]),
            _score(row["mase"]),
            *cover,
            note,
            style="bold" if chosen else None,
        )
    return table


def _forecast(content: Mapping[str, Any], indicator: Indicator) -> Table:
    table = Table(
        title=f"{indicator.name}预测（{indicator.unit}）", title_justify="left", header_style="bold"
    )
    if len(content["forecast"]) > SHOWN_IN_FULL:
        table.caption = f"第 {SHOWN_IN_FULL} 个月以后只列各年 12 月，全部月份见 --output 或 --json"
    for name in ("月份", "中位数", "80%区间", "95%区间"):
        table.add_column(name, justify="left" if name == "月份" else "right")
    rows = content["forecast"]
    later = [row for row in rows[SHOWN_IN_FULL:] if row["month"].endswith("-12")]
    for row in [*rows[:SHOWN_IN_FULL], *later]:
        text = {k: phrase(float(row[k]), indicator) for k in row if k.startswith("q")}
        month = row["month"] + (" 未经回测" if row["untested"] else "")
        table.add_row(
            month,
            text["q50"],
            f"{text['q10']} — {text['q90']}",
            f"{text['q025']} — {text['q975']}",
        )
    return table


def _head(content: Mapping[str, Any], indicator: Indicator) -> Panel:
    lines = Text()
    latest = phrase(float(content["latest"]), indicator)
    lines.append(
        f"{content['data_start']} 至 {content['data_month']}  最新值 {latest}{indicator.unit}"
        f"（{_KINDS[indicator.kind]}）\n"
    )
    lines.append(f"来源：{'；'.join(content['sources'])}")
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
    out.print(_leaderboard(content))
    out.print(f"选用：{content['choice_reason']}\n", soft_wrap=True)
    out.print(_forecast(content, indicator))
    assessed = [*content["caps"], *content["floors"], *content["levels_assessed"]]
    if content["caps"]:
        out.print(caps_table(content, indicator))
        for note in breach_notes(content, indicator):
            out.print(note, soft_wrap=True)
    if content["floors"]:
        out.print(floors_table(content["floors"], indicator))
    if content["levels_assessed"]:
        out.print(levels_table(content["levels_assessed"], indicator))
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
    version = f" 第 {champion['version']} 版（候选）" if champion["version"] else ""
    out.print(
        f"回测单元：新算 {content['cells_computed']} 个，沿用 {content['cells_reused']} 个。"
        f"登记模型：{champion['registered_name']}{version}。"
        f"运行编号：{content['run_id'] or '未记录'}",
        soft_wrap=True,
    )
    gate = content.get("gate")
    if gate is not None:
        force = f"现役为第 {gate['in_force']} 版" if gate["in_force"] else "尚无现役版本"
        out.print(f"晋级检查：{gate['text']}。{gate['reason']}；{force}。", soft_wrap=True)
