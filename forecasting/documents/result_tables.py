"""The tables of a run, made from its document: ranking, forecast, caps and other targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from employment_forecast.data.catalogue import DEMO_MARK, Indicator, phrase
from employment_forecast.data.targets import BASES, TIER_NAMES, number_words, tolerance_words
from employment_forecast.forecasting.assessment import difference_words
from employment_forecast.forecasting.documents.tables import (
    ABSENT,
    PERCENT,
    PROBABILITY,
    SCORE,
    TENTHS_OF_PERCENT,
    Form,
    Table,
    columns,
    figures,
    likelihood,
    number,
)
from employment_forecast.forecasting.documents.workbook import tables_workbook

# Months ahead that are all shown; of later ones, which reach far beyond any test, only Decembers.
SHOWN_IN_FULL = 24
# Months with less than this share of first breaches are not listed.
LEAST_SHOWN = 0.005
# Months ahead whose score a back-test shows one by one.
SHOWN_HORIZONS = (1, 3, 6, 12)
DIRECTIONS = {"cap": "控制数", "floor": "下限", "level": "目标值"}
UNTESTED = "未经回测"
_QUANTILES = {
    "q025": "95%下限", "q10": "80%下限", "q50": "中位数", "q90": "80%上限", "q975": "95%上限",
}  # fmt: skip


def _marks(row: Mapping[str, Any]) -> str:
    marks = [DEMO_MARK] if row["demo"] else []
    marks += ["沿用上期"] if row["carried"] else []
    marks += [UNTESTED] if row["untested"] else []
    return f"（{'、'.join(marks)}）" if marks else ""


def _tolerance(row: Mapping[str, Any]) -> str:
    """What an approximate value is held against; nothing in documents of earlier releases."""
    return f"（{tolerance_words(row['limit'], row['unit'])}）" if row.get("tolerance") else ""


def cap_value(row: Mapping[str, Any]) -> str:
    """A cap's value with its qualifier and marks, from its row in a document."""
    value = number_words(row["value"], row["unit"], row["qualifier"])
    return f"{value}{_tolerance(row)}{_marks(row)}"


def cap_name(row: Mapping[str, Any]) -> str:
    """A cap's tier, value and marks, from its row in a document."""
    # The Government Work Report sets an expected target (预期目标), not a cap that is handed down.
    kind = "预期目标" if row["tier"] == "national" else "控制数"
    return f"{TIER_NAMES[row['tier']]}{kind} {cap_value(row)}"


def target_name(row: Mapping[str, Any]) -> str:
    """A floor's or milestone's tier, value and marks, from its row in a document."""
    value = f"{number_words(row['value'], row['unit'], row['qualifier'])}{_tolerance(row)}"
    return f"{TIER_NAMES[row['tier']]}{DIRECTIONS[row['direction']]} {value}{_marks(row)}"


def amount(indicator: Indicator) -> Form:
    """Figures of an indicator as they are printed."""
    return Form(lambda v: phrase(v, indicator), number(indicator.decimals).number_format)


def leaderboard_table(content: Mapping[str, Any]) -> Table[Any]:
    """The competition's ranking; the chosen model stands out."""
    rows = content["leaderboard"]
    chosen = content["champion"]["model"]

    def note(row: Mapping[str, Any]) -> str:
        return "；".join(t for t in ("简单基准" if row["floor"] else "", row["failure"] or "") if t)

    return Table(
        f"模型竞赛（回测 {content['backtest_origins']} 个预测起点；WIS、MASE 越小越好；"
        "覆盖率为校准前）",
        (
            *columns("", "模型"),
            *figures("WIS", "MASE", form=SCORE),
            *figures("80%覆盖", "95%覆盖", form=PERCENT),
            *columns("说明"),
        ),
        tuple(
            (
                "★" if row["model"] == chosen else "",
                f"{row['label']}（{row['model']}）",
                row["wis"],
                row["mase"],
                row["coverage80"],
                row["coverage95"],
                note(row),
            )
            for row in rows
        ),
        strong=frozenset(at for at, row in enumerate(rows) if row["model"] == chosen),
    )


def backtest_table(content: Mapping[str, Any]) -> Table[Any]:
    """The ranking of a back-test, with the scores of single months ahead."""
    months = [h for h in SHOWN_HORIZONS if h <= content["horizon"]]

    def scores(row: Mapping[str, Any]) -> list[float | None]:
        by_month = row["wis_by_horizon"]
        return [by_month[h - 1] if h <= len(by_month) else None for h in months]

    return Table(
        "模型竞赛（WIS、MASE 越小越好）",
        (
            *columns("", "模型"),
            *figures("WIS", *(f"第{h}月" for h in months), "MASE", form=SCORE),
            *figures("80%覆盖", "95%覆盖", form=PERCENT),
        ),
        tuple(
            (
                "★" if row["model"] == content["champion"] else "",
                f"{row['label']}（{row['model']}）",
                row["wis"],
                *scores(row),
                row["mase"],
                row["coverage80"],
                row["coverage95"],
            )
            for row in content["leaderboard"]
        ),
    )


def reliability_table(content: Mapping[str, Any]) -> Table[Any]:
    """Shares of outcomes at or below each quantile."""
    return Table(
        "可靠性：实际低于各分位数的比例",
        (
            *columns("模型"),
            *figures(*(f"{level:.1%}" for level in content["levels"]), form=TENTHS_OF_PERCENT),
        ),
        tuple((row["label"], *row["observed"]) for row in content["reliability"]),
    )


_BY = {
    "length": ("按历史长度（稳健组合，相同的起点）", "历史"),
    "day": ("按当月的日子（对当月数的误差）", "截至"),
    "maturity": ("按数据成熟度（用当时的公布数计分）", "公布数"),
}


def breakdown_table(content: Mapping[str, Any]) -> Table[Any]:
    """Scores by length of history, day of the month or maturity of the figures."""
    by = content["by"]
    title, first = _BY[by]
    if by == "day":
        return Table(
            title,
            (
                *columns(first),
                *figures("月数", form=number(0)),
                *figures("误差", "不用月中数", form=TENTHS_OF_PERCENT),
                *figures("80%覆盖", "95%覆盖", form=PERCENT),
            ),
            tuple(
                (f"{row['day']} 日", row["months"], row["error"], row["error_without"],
                 row["coverage80"], row["coverage95"])
                for row in content["rows"]
            ),
        )  # fmt: skip

    def named(value: int | None) -> str:
        if by == "length":
            return "全部" if value is None else f"{value} 个月"
        return "最新" if value is None else "首次公布" if value == 0 else f"{value} 个月后"

    aged = by == "maturity"
    return Table(
        title,
        (
            *columns(first),
            *figures("起点", form=number(0)),
            *figures("WIS", *(["同月用最新数"] if aged else []), "MASE", form=SCORE),
            *figures("80%覆盖", "95%覆盖", form=PERCENT),
        ),
        tuple(
            (named(row[by]), row["origins"], row["wis"], *([row["wis_newest"]] if aged else []),
             row["mase"], row["coverage80"], row["coverage95"])
            for row in content["rows"]
        ),
    )  # fmt: skip


def span(low: float | None, high: float | None, indicator: Indicator) -> str:
    """An interval's two ends."""
    return f"{optional(low, indicator)} — {optional(high, indicator)}"


def optional(value: float | None, indicator: Indicator) -> str:
    """A figure as it is printed, a dash for none."""
    return ABSENT if value is None else phrase(value, indicator)


def forecast_table(content: Mapping[str, Any], indicator: Indicator) -> Table[Any]:
    """Median and intervals by month, as people read them."""
    rows = content["forecast"]
    later = [row for row in rows[SHOWN_IN_FULL:] if row["month"].endswith("-12")]
    return Table(
        f"{indicator.name}预测（{indicator.unit}）",
        (
            *columns("月份"),
            *figures("中位数", form=amount(indicator)),
            *columns("80%区间", "95%区间", align="right"),
        ),
        tuple(
            (
                row["month"] + (f" {UNTESTED}" if row["untested"] else ""),
                row["q50"],
                span(row["q10"], row["q90"], indicator),
                span(row["q025"], row["q975"], indicator),
            )
            for row in [*rows[:SHOWN_IN_FULL], *later]
        ),
        notes=(f"第 {SHOWN_IN_FULL} 个月以后只列各年 12 月，全部月份见 --output 或 --json",)
        if len(rows) > SHOWN_IN_FULL
        else (),
    )


def quantiles_table(
    rows: Sequence[Mapping[str, Any]], indicator: Indicator, caption: str
) -> Table[Any]:
    """Every month's quantiles, a column each, for a spreadsheet."""
    return Table(
        caption,
        (
            *columns("月份"),
            *figures(*_QUANTILES.values(), form=amount(indicator)),
            *columns("说明"),
        ),
        tuple(
            (row["month"], *(row[q] for q in _QUANTILES), UNTESTED if row["untested"] else "")
            for row in rows
        ),
    )


def cap_rows(rows: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """Rows of a document's caps, those of one number on several bases together."""
    together: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        key = tuple(row[k] for k in ("tier", "period", "value", "demo"))
        together.setdefault(key, []).append(row)
    return list(together.values())


def caps_table(content: Mapping[str, Any], indicator: Indicator) -> Table[Any]:
    """Caps of a run's document with their probabilities."""

    def first(rows: Sequence[Mapping[str, Any]]) -> str:
        by_month = [row for row in rows if row["basis"] != "period_average"]
        months = [row["first_breach_month"] for row in by_month if row["first_breach_month"]]
        return min(months) if months else "无" if by_month else ABSENT

    def chance(rows: Sequence[Mapping[str, Any]], name: str) -> float | None:
        return next((row[name] for row in rows if row[name] is not None), None)

    return Table(
        "对照控制数",
        (
            *columns("控制数", "期间", "考核"),
            *figures("期内突破", "今后突破", "期末突破", "均值突破", form=PROBABILITY),
            *columns("首次突破月", align="right"),
            *figures("余量", form=amount(indicator)),
        ),
        tuple(
            (
                cap_name(rows[0]),
                rows[0]["period"],
                "、".join(BASES[row["basis"]] for row in rows),
                "已突破" if any(row["already_breached"] for row in rows) else chance(rows, "p_any"),
                *(chance(rows, p) for p in ("p_any_remaining", "p_end", "p_average")),
                first(rows),
                rows[0]["headroom"],
            )
            for rows in cap_rows(content["caps"])
        ),
    )


def breach_notes(content: Mapping[str, Any], indicator: Indicator) -> list[str]:
    """How a breach would come about: when, for how long, by how much; and caps together."""
    notes = []
    for row in content["caps"]:
        parts = []
        broken = row["already_breached"]
        shares = [
            f"{s['month']} {likelihood(s['probability'])}"
            for s in row["first_breach"]
            if s["probability"] >= LEAST_SHOWN
        ]
        if shares and not broken:
            parts.append(f"首次突破 {'、'.join(shares)}")
        if row["expected_months_above"] is not None and row["basis"] != "period_end":
            so_far = f"（含已公布的 {len(row['breach']['months'])} 个月）" if broken else ""
            parts.append(f"预计超出 {row['expected_months_above']:.1f} 个月{so_far}")
        if row["excess_if_broken"] is not None:
            size = difference_words(row["excess_if_broken"], indicator.unit, indicator.decimals)
            parts.append(f"{'' if broken else '如突破，'}平均最多超出 {size}")
        if row.get("breach_words"):
            notes.append(f"{row['breach_words']}。")
        if parts:
            notes.append(f"{cap_name(row)}（{BASES[row['basis']]}）：{'；'.join(parts)}。")
    joint = content["caps_joint"]
    if joint is not None:
        some = (
            "已有突破"
            if any(row["already_breached"] for row in content["caps"])
            else f"至少一项突破 {likelihood(joint['p_at_least_one'])}"
        )
        notes.append(
            f"{len(joint['caps'])} 项控制数合看：{some}，全部突破 {likelihood(joint['p_all'])}。"
        )
    return notes


def floors_table(rows: Sequence[Mapping[str, Any]], indicator: Indicator) -> Table[Any]:
    """Targets on totals and averages: what is reached, what is due, and how likely it is."""

    def chance(row: Mapping[str, Any]) -> str:
        if row["direction"] == "cap":
            return f"突破 {ABSENT if row['p_above'] is None else likelihood(row['p_above'])}"
        if row["already_reached"]:
            return "已完成"
        return ABSENT if row["p_reach"] is None else likelihood(row["p_reach"])

    return Table(
        "对照累计目标",
        (
            *columns("目标"),
            *figures("已完成", form=amount(indicator)),
            *figures("进度", "时间", "历年同期", form=TENTHS_OF_PERCENT),
            *figures("预计", form=amount(indicator)),
            *columns("80%区间", "完成概率", align="right"),
            *figures("每月还需", "近年月均", form=amount(indicator)),
        ),
        tuple(
            (
                f"{row['period']} {target_name(row)}",
                row["published"],
                row["progress"],
                row["progress_time"],
                row["progress_seasonal"],
                row["q50"],
                span(row["q10"], row["q90"], indicator),
                chance(row),
                row["needed_pace"],
                row["recent_pace"],
            )
            for row in rows
        ),
    )


def milestones_table(rows: Sequence[Mapping[str, Any]], indicator: Indicator) -> Table[Any]:
    """Figures to be reached: latest value, what it lacks, how likely it is reached."""
    return Table(
        "对照目标值",
        (
            *columns("目标", "期间", "考核"),
            *figures("最新值", "尚差", "期末预计", form=amount(indicator)),
            *columns("80%区间", align="right"),
            *figures("达到概率", form=PROBABILITY),
        ),
        tuple(
            (
                target_name(row),
                row["period"],
                BASES[row["basis"]],
                row["latest"],
                row["gap"],
                row["q50"],
                span(row["q10"], row["q90"], indicator),
                "未达到" if row["already_missed"] else row["p_reach"],
            )
            for row in rows
        ),
    )


def contributions_table(content: Mapping[str, Any], indicator: Indicator) -> Table[Any]:
    """What each part adds to the change of the whole, largest first."""
    printed, points = amount(indicator), number(2, signed=True)
    signed = number(indicator.decimals, signed=True)

    def cells(row: Mapping[str, Any]) -> tuple[Any, ...]:
        changes = [row[name] or {} for name in ("month_on_month", "year_on_year")]
        breadth = "、".join(
            text
            for text, told in (("连升三月", row["rising"]), ("高于低点一成", row["above_low"]))
            if told
        )
        moved = (c.get(key) for c in changes for key in ("change", "points"))
        return (row["name"], row["value"], row["share"], *moved, breadth)

    breadth = content["breadth"]
    said = (
        f"{breadth['parts']} 个下级中有 {breadth['broad']} 个连续三个月上升，"
        "或比近 12 个月低点高 10% 以上"
    )
    return Table(
        f"{content['month']} 各下级的拉动（百分点为对总数增幅的贡献）",
        (
            *columns("下级"),
            *figures("数值", form=printed),
            *figures("占比", form=TENTHS_OF_PERCENT),
            *figures("环比", form=signed),
            *figures("百分点", form=points),
            *figures("同比", form=signed),
            *figures("百分点", form=points),
            *columns("走势"),
        ),
        tuple(cells(row) for row in (*content["parts"], {**content["whole"], "name": "合计"})),
        (*([said] if breadth["parts"] else []), *content["notes"]),
        strong=frozenset([len(content["parts"])]),
    )


def backtest_workbook(content: Mapping[str, Any]) -> bytes:
    """A back-test's ranking and reliability, from its document."""
    mark = f"（{DEMO_MARK}）" if content["demo"] else ""
    return tables_workbook(
        {
            "模型": [backtest_table(content)],
            "可靠性": [reliability_table(content)],
            **({"分项": [breakdown_table(content)]} if "by" in content else {}),
        },
        title=f"{content['region']['name']}{content['indicator_name']}回测{mark}",
        lines=(
            f"{content['backtest_origins']} 个预测起点，数据截至 {content['data_month']}",
            f"选用：{content['choice_reason']}",
            *content["notes"],
        ),
        as_of=date.fromisoformat(content["as_of"]),
        demo=content["demo"],
    )
