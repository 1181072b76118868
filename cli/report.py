"""The terminal report of a run."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from data.catalogue import Indicator
from data.targets import TIER_NAMES
from forecasting.document import BASES, DEMO_MARK, phrase

WIDTH_WITHOUT_TERMINAL = 110
# Months with less than this share of first breaches are not listed.
LEAST_SHOWN = 0.005
DIRECTIONS = {"cap": "控制数", "floor": "下限", "level": "目标值"}
_KINDS = {"stock": "期末数", "flow": "当月数", "rate": "率", "index": "指数"}


def console() -> Console:
    """Console for results on stdout; a fixed width where there is no terminal to ask."""
    if sys.stdout.isatty():
        return Console(highlight=False)
    width = int(os.environ.get("COLUMNS") or WIDTH_WITHOUT_TERMINAL)
    return Console(highlight=False, width=width, soft_wrap=False)


def percent(value: float | None) -> str:
    """Probability in words a person trusts: never 0 or 100 % from a finite number of paths."""
    if value is None:
        return "—"
    if value <= 0.0:
        return "<0.1%"
    if value >= 1.0:
        return ">99.9%"
    return f"{value:.1%}"


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
    for name in ("月份", "中位数", "80%区间", "95%区间"):
        table.add_column(name, justify="left" if name == "月份" else "right")
    for row in content["forecast"]:
        text = {k: phrase(float(row[k]), indicator) for k in row if k.startswith("q")}
        month = row["month"] + (" 未经回测" if row["untested"] else "")
        table.add_row(
            month,
            text["q50"],
            f"{text['q10']} — {text['q90']}",
            f"{text['q025']} — {text['q975']}",
        )
    return table


def cap_name(row: Mapping[str, Any]) -> str:
    """A cap's tier, value and marks, from its row in a document."""
    # The Government Work Report sets an expected target (预期目标), not a cap that is handed down.
    kind = "预期目标" if row["tier"] == "national" else "控制数"
    words = [f"{TIER_NAMES[row['tier']]}{kind} {row['value']:,.12g}{row['unit']}{row['qualifier']}"]
    marks = [DEMO_MARK] if row["demo"] else []
    marks += ["沿用上期"] if row["carried"] else []
    marks += ["未经回测"] if row["untested"] else []
    return "".join(words) + (f"（{'、'.join(marks)}）" if marks else "")


def _caps(content: Mapping[str, Any], indicator: Indicator) -> Table:
    table = Table(title="对照控制数", title_justify="left", header_style="bold")
    for name in (
        "控制数",
        "期间",
        "考核",
        "期内突破",
        "今后突破",
        "期末突破",
        "均值突破",
        "首次突破月",
        "余量",
    ):
        table.add_column(name, justify="left" if name in ("控制数", "期间", "考核") else "right")
    for row in content["caps"]:
        average = row["basis"] == "period_average"
        any_month = "已突破" if row["already_breached"] else percent(row["p_any"])
        table.add_row(
            cap_name(row),
            row["period"],
            BASES[row["basis"]],
            any_month,
            percent(row["p_any_remaining"]),
            percent(row["p_end"]),
            percent(row["p_average"]),
            row["first_breach_month"] or ("—" if average else "无"),
            phrase(row["headroom"], indicator),
        )
    return table


def _breach_notes(content: Mapping[str, Any], indicator: Indicator) -> list[str]:
    """How a breach would come about: when, for how long, by how much; and caps together."""
    notes = []
    for row in content["caps"]:
        parts = []
        shares = [f"{s['month']} {percent(s['probability'])}" for s in row["first_breach"]
                  if s["probability"] >= LEAST_SHOWN]  # fmt: skip
        if shares and not row["already_breached"]:
            parts.append(f"首次突破 {'、'.join(shares)}")
        if row["expected_months_above"] is not None and row["basis"] != "period_end":
            parts.append(f"预计超出 {row['expected_months_above']:.1f} 个月")
        if row["excess_if_broken"] is not None:
            parts.append(
                f"如突破，平均最多超出 {phrase(row['excess_if_broken'], indicator)}{indicator.unit}"
            )
        if parts:
            notes.append(f"{cap_name(row)}（{BASES[row['basis']]}）：{'；'.join(parts)}。")
    joint = content["caps_joint"]
    if joint is not None:
        notes.append(
            f"{len(joint['caps'])} 项控制数合看：至少一项突破 {percent(joint['p_at_least_one'])}，"
            f"全部突破 {percent(joint['p_all'])}。"
        )
    return notes


def target_name(row: Mapping[str, Any]) -> str:
    """A floor's or level's tier, value and marks, from its row in a document."""
    marks = [DEMO_MARK] if row["demo"] else []
    marks += ["沿用上期"] if row["carried"] else []
    marks += ["未经回测"] if row["untested"] else []
    name = (
        f"{TIER_NAMES[row['tier']]}{DIRECTIONS[row['direction']]} "
        f"{row['qualifier']}{row['value']:,.12g}{row['unit']}"
    )
    return name + (f"（{'、'.join(marks)}）" if marks else "")


def _optional(value: float | None, indicator: Indicator) -> str:
    return "—" if value is None else phrase(value, indicator)


def _progress(value: float | None) -> str:
    return "—" if value is None else f"{value:.1%}"


def floors_table(rows: Sequence[Mapping[str, Any]], indicator: Indicator) -> Table:
    """Targets on totals and averages: what is reached, what is due, and how likely it is.

    Parameters
    ----------
    rows : sequence of mapping
        From `forecasting.document.total_document`.
    indicator : Indicator
        Knows unit and precision.
    """
    table = Table(title="对照累计目标", title_justify="left", header_style="bold")
    for name, justify in (
        ("目标", "left"), ("已完成", "right"), ("进度", "right"), ("时间", "right"),
        ("历年同期", "right"), ("预计", "right"), ("80%区间", "right"), ("完成概率", "right"),
        ("每月还需", "right"), ("近年月均", "right"),
    ):  # fmt: skip
        table.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for row in rows:
        reach = "已完成" if row["already_reached"] else percent(row["p_reach"])
        above = row["direction"] == "cap"
        table.add_row(
            f"{row['period']} {target_name(row)}",
            _optional(row["published"], indicator),
            _progress(row["progress"]),
            _progress(row["progress_time"]),
            _progress(row["progress_seasonal"]),
            _optional(row["q50"], indicator),
            f"{_optional(row['q10'], indicator)} — {_optional(row['q90'], indicator)}",
            f"突破 {percent(row['p_above'])}" if above else reach,
            _optional(row["needed_pace"], indicator),
            _optional(row["recent_pace"], indicator),
        )
    return table


def levels_table(rows: Sequence[Mapping[str, Any]], indicator: Indicator) -> Table:
    """Figures to be reached: latest value, what it lacks, how likely it is reached.

    Parameters
    ----------
    rows : sequence of mapping
        From `forecasting.document.level_document`.
    indicator : Indicator
        Knows unit and precision.
    """
    table = Table(title="对照目标值", title_justify="left", header_style="bold")
    for name, justify in (
        ("目标", "left"), ("期间", "left"), ("考核", "left"), ("最新值", "right"),
        ("尚差", "right"), ("期末预计", "right"), ("80%区间", "right"), ("达到概率", "right"),
    ):  # fmt: skip
        table.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for row in rows:
        table.add_row(
            target_name(row),
            row["period"],
            BASES[row["basis"]],
            phrase(row["latest"], indicator),
            phrase(row["gap"], indicator),
            _optional(row["q50"], indicator),
            f"{_optional(row['q10'], indicator)} — {_optional(row['q90'], indicator)}",
            "未达到" if row["already_missed"] else percent(row["p_reach"]),
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
    title = f"{content['region']['name']} · {indicator.name}"
    if content["demo"]:
        title += f" · {DEMO_MARK}"
    return Panel(lines, title=title, title_align="left", style="yellow" if content["demo"] else "")


def print_report(content: Mapping[str, Any], indicator: Indicator) -> None:
    """Print the whole report.

    Parameters
    ----------
    content : mapping
        From `forecasting.document.document`.
    indicator : Indicator
        Knows name, unit and precision.
    """
    out = console()
    out.print(_head(content, indicator))
    out.print(_leaderboard(content))
    out.print(f"选用：{content['choice_reason']}\n", soft_wrap=True)
    out.print(_forecast(content, indicator))
    assessed = [*content["caps"], *content["floors"], *content["levels_assessed"]]
    if content["caps"]:
        out.print(_caps(content, indicator))
        for note in _breach_notes(content, indicator):
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
