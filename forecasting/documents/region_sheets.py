"""The sheets of a region's workbook: data, forecast, caps, warning lines, trial, ranking, notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from employment_forecast.data.catalogue import DEMO_MARK, Indicator, sources_phrase
from employment_forecast.data.targets import TIER_NAMES, period_months
from employment_forecast.forecasting.documents.result_tables import (
    UNTESTED,
    amount,
    breach_notes,
    cap_rows,
    caps_table,
    floors_table,
    leaderboard_table,
    milestones_table,
    quantiles_table,
)
from employment_forecast.forecasting.documents.tables import (
    TENTHS_OF_PERCENT,
    Form,
    Table,
    columns,
    figures,
    number,
)
from employment_forecast.forecasting.documents.workbook import Formula, Input, Lines, WorkbookSheet

Content = Mapping[str, Any]
Months = Sequence[tuple[str, float]]
# Published months that the chart shows before the forecast.
CHART_MONTHS = 36
TRIAL = "试算"
NO_LEVEL = "未达到预警"
_STATES = {"unreachable": "不会达到", "already": "已达到"}
# Written into a cell that no figure reaches, and one that every figure reaches.
_NEVER, _ALWAYS = 9.9e12, 0.0


def title_of(content: Content) -> str:
    """Region and indicator, with the mark of demonstration data."""
    mark = f"（{DEMO_MARK}）" if content["demo"] else ""
    return f"{content['region']['name']}{content['indicator_name']}{mark}"


def _subtitle(content: Content) -> str:
    return f"数据截至 {content['data_month']}，以 {content['as_of']} 所知编制"


def _cap_title(cap: Content) -> str:
    kind = "预期目标" if cap["tier"] == "national" else "控制数"
    mark = "，沿用上期" if cap["carried"] else ""
    return f"{TIER_NAMES[cap['tier']]}{kind}（{cap['period']}{mark}）"


def _applied(cap: Content, month: str) -> float | None:
    """Number of a cap that applied to a month; documents of earlier releases know only the last."""
    first, last = (str(m) for m in period_months(cap["period"]))
    whole = {"first": first, "last": last, "value": cap["value"]}
    spans = cap.get("changed") or [whole]
    return next((s["value"] for s in spans if s["first"] <= month <= s["last"]), None)


def _limit(cap: Content) -> float:
    """What figures are held against: documents of earlier releases know no tolerance."""
    return float(cap.get("limit", cap["value"]))


def data_sheet(content: Content, published: Months, indicator: Indicator) -> WorkbookSheet:
    """Published values with their changes, newest first."""
    known = dict(published)
    step = number(indicator.decimals, signed=True)

    def change(month: str, back: int) -> float | None:
        year, of_year = int(month[:4]), int(month[5:]) - back
        earlier = known.get(f"{year + (of_year - 1) // 12}-{(of_year - 1) % 12 + 1:02d}")
        return None if earlier is None else known[month] - earlier

    rows = tuple(
        (month, value, change(month, 1), change(month, 12)) for month, value in reversed(published)
    )
    return WorkbookSheet(
        "数据",
        f"{title_of(content)}：已公布数据",
        (
            Table(
                f"{indicator.name}（{indicator.unit}）",
                (
                    *columns("月份"),
                    *figures("数值", form=amount(indicator)),
                    *figures("比上月", "比上年同月", form=step),
                ),
                rows,
            ),
        ),
        (_subtitle(content), f"来源：{sources_phrase(content['sources'])}"),
    )


def forecast_sheet(content: Content, published: Months, indicator: Indicator) -> WorkbookSheet:
    """The forecast by month with the recent past and the caps, and their chart."""
    by_month = [c for c in content["caps"] if c["basis"] != "period_average"]
    caps = [rows[0] for rows in cap_rows(by_month)]
    names = [_cap_title(c) for c in caps]
    quantiles = ("q025", "q10", "q50", "q90", "q975")

    def applied(month: str) -> list[float | None]:
        return [_applied(c, month) for c in caps]

    past = published[-CHART_MONTHS:]
    rows: list[tuple[Any, ...]] = [(m, v, *[None] * 5, *applied(m), "") for m, v in past]
    # The fan begins at the last published value.
    last_month, last = past[-1]
    rows[-1] = (last_month, last, *[last] * 5, *applied(last_month), "")
    rows += [
        (r["month"], None, *(r[q] for q in quantiles), *applied(r["month"]),
         UNTESTED if r["untested"] else "")
        for r in content["forecast"]
    ]  # fmt: skip
    shown = quantiles_table(content["forecast"], indicator, "")
    heads = [c.title for c in shown.columns[1:-1]]
    form = _gap(amount(indicator))
    table = Table(
        f"{indicator.name}（{indicator.unit}）",
        (
            *columns("月份"),
            *figures("已公布", *heads, *dict.fromkeys(names), form=form),
            *columns("说明"),
        ),
        tuple(tuple("" if v is None else v for v in row) for row in rows),
    )
    return WorkbookSheet(
        "预测",
        f"{title_of(content)}：预测",
        (table,),
        (_subtitle(content), f"模型：{content['model_label']}"),
    )


def chart_sheet(content: Content, forecast: WorkbookSheet, indicator: Indicator) -> WorkbookSheet:
    """The fan of the forecast with the recent past and the caps."""
    (table,) = forecast.tables
    titles = [column.title for column in table.columns]
    lines = Lines(
        f"{title_of(content)}预测",
        indicator.unit,
        forecast.name,
        published=("已公布",),
        median=("中位数",),
        inner=("80%下限", "80%上限"),
        outer=("95%下限", "95%上限"),
        caps=tuple(t for t in titles if t in {_cap_title(c) for c in content["caps"]}),
    )
    return WorkbookSheet(
        "走势图", f"{title_of(content)}：走势和预测", lines=forecast.lines, chart=lines
    )


def _gap(form: Form) -> Form:
    return Form(lambda v: "" if v == "" else form.text(v), form.number_format)


def targets_sheet(content: Content, indicator: Indicator) -> WorkbookSheet:
    """Caps, totals and figures to be reached, with their probabilities."""
    tables: list[Table[Any]] = []
    if content["caps"]:
        tables.append(caps_table(content, indicator))
    if content["floors"]:
        tables.append(floors_table(content["floors"], indicator))
    if content["levels_assessed"]:
        tables.append(milestones_table(content["levels_assessed"], indicator))
    none = () if tables else ("本地区该指标没有登记可评估的控制数或目标。",)
    notes = [f"{row['breach_words']}。" for row in content.get("caps_ended", ())]
    notes += breach_notes(content, indicator) if content["caps"] else []
    return WorkbookSheet(
        "控制数",
        f"{title_of(content)}：控制数和目标",
        tuple(tables),
        (_subtitle(content), *none, *notes),
    )


def lines_sheet(content: Content, feed: Content, indicator: Indicator) -> WorkbookSheet:
    """Warning lines of the coming months, a table for each cap."""
    levels = feed["scheme"]["levels"]
    tables = []
    for cap in feed["caps"]:
        by_month: dict[str, dict[str, Content]] = {}
        for row in feed["lines"]:
            if row["cap"] == cap["id"]:
                by_month.setdefault(row["month"], {})[row["level"]] = row
        if not by_month:
            continue
        tables.append(
            Table(
                cap["title"],
                (
                    *columns("月份"),
                    *figures(*(lv["name"] for lv in levels), form=amount(indicator)),
                ),
                tuple(
                    (month, *(_line(row.get(lv["code"])) for lv in levels))
                    for month, row in sorted(by_month.items())
                ),
            )
        )
    cuts = "、".join(f"{lv['name']} {lv['probability']:.0%}" for lv in levels)
    level = feed["level"]
    now = feed["level_reason"] if level is None else f"当前等级：{level['name']}"
    none = () if tables else ("没有可推算的失业警戒线。",)
    return WorkbookSheet(
        "警戒线",
        f"{title_of(content)}：失业警戒线（{indicator.unit}）",
        tuple(tables),
        (
            f"{now}。警戒线是该月公布值达到时突破控制数的概率达到相应等级界限的数值；界限：{cuts}。",
            *none,
        ),
    )


def _line(row: Content | None) -> Any:
    if row is None:
        return None
    return _STATES.get(row["state"], "不能给出") if row["value"] is None else row["value"]


def _threshold(feed: Content, month: str, level: str) -> float | None:
    """The lowest figure of a month that reaches a level, over all caps; None where none does."""
    values = []
    for row in feed["lines"]:
        if row["month"] == month and row["level"] == level:
            if row["state"] == "already":
                values.append(_ALWAYS)
            elif row["value"] is not None:
                values.append(float(row["value"]))
    return min(values) if values else None


def trial_sheet(content: Content, feed: Content, indicator: Indicator) -> WorkbookSheet | None:
    """A figure typed in for a coming month shows its level, margins and changes at once."""
    months = sorted({row["month"] for row in feed["lines"]})
    if not months:
        return None
    levels = list(feed["scheme"]["levels"])  # mildest first
    medians = {row["month"]: row["q50"] for row in content["forecast"]}
    caps = [rows[0] for rows in cap_rows(feed["caps"])]
    form, change = amount(indicator), number(indicator.decimals, signed=True)
    letters = "CDEFGHIJKLMNOPQRSTUVWXYZ"
    first_cap = len(levels)
    verdict = f'"{NO_LEVEL}"'
    for at, level in enumerate(levels):
        verdict = f'IF(B{{row}}>={letters[at]}{{row}},"{level["name"]}",{verdict})'
    latest = float(content["latest"])

    def row(month: str) -> tuple[Any, ...]:
        lines = [_threshold(feed, month, lv["code"]) for lv in levels]
        typed = medians.get(month)
        reached = [
            lv["name"]
            for lv, line in zip(levels, lines, strict=True)
            if typed is not None and line is not None and typed >= line
        ]
        level = "" if typed is None else (reached[-1] if reached else NO_LEVEL)
        margins = [
            Formula(
                f'=IF(B{{row}}="","",{_limit(cap)!r}-B{{row}})',
                "" if typed is None else _limit(cap) - typed,
            )
            for cap in caps
        ]
        moved = Formula(
            f'=IF(B{{row}}="","",B{{row}}-{latest!r})', "" if typed is None else typed - latest
        )
        share = Formula(
            f'=IF(B{{row}}="","",B{{row}}/{latest!r}-1)',
            "" if typed is None or not latest else typed / latest - 1,
        )
        return (
            month,
            Input(typed),
            *(_NEVER if line is None else line for line in lines),
            *margins,
            moved,
            share,
            Formula(f'=IF(B{{row}}="","",{verdict})', level),
        )

    assert first_cap + len(caps) < len(letters)
    unreachable = Form(form.text, f'[>=9000000000000]"不会达到";[<=0]"已达到";{form.number_format}')
    return WorkbookSheet(
        TRIAL,
        f"{title_of(content)}：试填一个数，看预警等级",
        (
            Table(
                f"在黄色格中填入该月的{indicator.name}（{indicator.unit}），右侧随即给出等级；"
                "先填的是预测中位数",
                (
                    *columns("月份"),
                    *figures("试填数值", form=form),
                    *figures(*(f"{lv['name']}警戒线" for lv in levels), form=unreachable),
                    *figures(*(f"距{cap['title']}" for cap in caps), form=change),
                    *figures("比最新公布值", form=change),
                    *figures("变动率", form=TENTHS_OF_PERCENT),
                    *columns("等级"),
                ),
                tuple(row(month) for month in months),
                notes=(
                    "有几项控制数的，警戒线取最先达到的；等级只按警戒线判定，"
                    "不计连续月数、解除等规则，也不作为正式预警。",
                ),
            ),
        ),
        (f"最新公布：{content['data_month']} 为 {form.text(latest)}{indicator.unit}",),
    )


def ranking_sheet(content: Content) -> WorkbookSheet:
    """The competition of models."""
    return WorkbookSheet(
        "模型",
        f"{title_of(content)}：模型竞赛",
        (leaderboard_table(content),),
        (f"选用：{content['choice_reason']}",) if content.get("choice_reason") else (),
    )


def notes_sheet(content: Content) -> WorkbookSheet:
    """What a reader must know, and what a person who checks wants to know."""
    facts = [
        ("地区", f"{content['region']['name']}（{content['region']['code']}）"),
        ("指标", f"{content['indicator_name']}（{content['indicator']}），{content['unit']}"),
        ("数据", f"{content['data_start']} 至 {content['data_month']}"),
        ("所知日期", content["as_of"]),
        ("来源", "；".join(content["sources"])),
        ("性质", DEMO_MARK if content["demo"] else "正式数据"),
        ("模型", f"{content['model_label']}（{content['champion']['model']}）"),
        (
            "登记",
            f"{content['champion']['registered_name']}"
            f" 第 {content['champion']['version'] or '—'} 版",
        ),
        ("数据指纹", content["data_fingerprint"] or ""),
        ("模拟路径", f"{content['paths']} 条，随机种子 {content['seed']}"),
        ("回测检验", f"到今后 {content['tested_horizon']} 个月"),
        *(("提示", note) for note in content["notes"]),
    ]
    if content["pseudo_real_time"]:
        facts.append(("提示", "部分发布日期为估计（月末加发布滞后），回测为准实时"))
    return WorkbookSheet(
        "说明",
        f"{title_of(content)}：说明",
        (Table("来源和口径", columns("项目", "内容"), tuple(facts)),),
    )


def region_sheets(
    content: Content, published: Months, indicator: Indicator, feed: Content | None = None
) -> list[WorkbookSheet]:
    """The sheets of a region's workbook.

    Parameters
    ----------
    content : mapping
        As `documents.document` gives it, with `model_label`.
    published : sequence of (month, value)
        Oldest first, months as YYYY-MM.
    indicator : Indicator
        Catalogue entry.
    feed : mapping, optional
        Warning lines, as the schema of thresholds describes them; without them two sheets are
        left out.

    Returns
    -------
    list of WorkbookSheet
    """
    forecast = forecast_sheet(content, published, indicator)
    chart = chart_sheet(content, forecast, indicator)
    sheets = [chart, forecast, targets_sheet(content, indicator)]
    if feed is not None and feed["scheme"]:
        sheets.append(lines_sheet(content, feed, indicator))
        trial = trial_sheet(content, feed, indicator)
        sheets += [] if trial is None else [trial]
    if content["leaderboard"]:
        sheets.append(ranking_sheet(content))
    return [*sheets, data_sheet(content, published, indicator), notes_sheet(content)]
