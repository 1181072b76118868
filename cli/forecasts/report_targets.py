"""How targets are shown on the terminal: caps, totals, figures to be reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from employment_forecast.data.catalogue import DEMO_MARK, Indicator, phrase
from employment_forecast.data.targets import BASES, TIER_NAMES

# Months with less than this share of first breaches are not listed.
LEAST_SHOWN = 0.005
DIRECTIONS = {"cap": "控制数", "floor": "下限", "level": "目标值"}


def percent(value: float | None) -> str:
    """Probability in words a person trusts: never 0 or 100 % from a finite number of paths."""
    if value is None:
        return "—"
    if value <= 0.0:
        return "<0.1%"
    if value >= 1.0:
        return ">99.9%"
    return f"{value:.1%}"


def cap_name(row: Mapping[str, Any]) -> str:
    """A cap's tier, value and marks, from its row in a document."""
    # The Government Work Report sets an expected target (预期目标), not a cap that is handed down.
    kind = "预期目标" if row["tier"] == "national" else "控制数"
    words = [f"{TIER_NAMES[row['tier']]}{kind} {row['value']:,.12g}{row['unit']}{row['qualifier']}"]
    marks = [DEMO_MARK] if row["demo"] else []
    marks += ["沿用上期"] if row["carried"] else []
    marks += ["未经回测"] if row["untested"] else []
    return "".join(words) + (f"（{'、'.join(marks)}）" if marks else "")


def caps_table(content: Mapping[str, Any], indicator: Indicator) -> Table:
    """Caps of a run's document with their probabilities."""
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


def breach_notes(content: Mapping[str, Any], indicator: Indicator) -> list[str]:
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
    """Targets on totals and averages: what is reached, what is due, and how likely it is."""
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
    """Figures to be reached: latest value, what it lacks, how likely it is reached."""
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
