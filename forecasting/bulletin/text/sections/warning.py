"""七、预警等级和警戒线, 八、上月预测和以往预警的检验."""

from __future__ import annotations

from employment_forecast.forecasting.bulletin.text.blocks import (
    Block,
    CitedTable,
    Heading,
    Paragraph,
    cited_columns,
)
from employment_forecast.forecasting.bulletin.text.cap_wording import (
    cap_chance,
    measure,
    most_at_risk,
)
from employment_forecast.forecasting.bulletin.text.facts import (
    CitedRecord,
    CitedText,
    join,
    sentence,
)
from employment_forecast.forecasting.bulletin.text.wording import amount, difference, direction
from employment_forecast.forecasting.early_warning.scheme import NONE

_LINE_STATES = {"unreachable": "不会达到", "already": "已达到"}


def _below(record: CitedRecord) -> CitedText:
    """Why there is no warning: the cap most at risk, and the cut that it stays below."""
    key = most_at_risk(record)
    cuts = {c: p for c, p in (record.get("/warning/cuts") or {}).items() if p is not None}
    if key is None or not cuts:
        return ()
    row = record.get(f"/outlook/caps/{key}")
    lowest = min(cuts, key=lambda c: cuts[c])
    ahead = row["p_any_remaining"] if row["already_breached"] else row[measure(row["basis"])]
    if ahead is None or ahead >= cuts[lowest]:
        return ()  # held back by a rule of the scheme that says so itself
    return sentence(
        "{chance}，低于{name}的界限{cut}",
        chance=cap_chance(record, f"/outlook/caps/{key}"),
        name=record.cite(f"/warning/level_names/{lowest}"),
        cut=record.cite(f"/warning/cuts/{lowest}", "per_cent"),
    )


def _level(record: CitedRecord) -> list[Block]:
    level = record.get("/warning/level")
    name = record.cite("/warning/level/name")
    until: CitedText = ()
    if record.get("/warning/data_month") != record.get("/month"):
        until = sentence("按{month}数据，", month=record.cite("/warning/data_month", "month"))
    quiet = level["code"] == NONE
    said = sentence(
        "{until}{verb}{name}",
        until=until,
        verb="没有达到任何预警等级，为" if quiet else "预警等级为",
        name=name,
    )
    if level.get("since"):
        since = str(level["since"])
        form = "month" if len(since) == len("YYYY-MM") else "day"
        said = sentence(
            "{said}，自{since}起", said=said, since=record.cite("/warning/level/since", form)
        )
    said = sentence("{said}。", said=said)
    reasons: list[CitedText] = [
        (record.cite(f"/warning/level/reasons/{i}", "reason"),)
        for i in range(len(level.get("reasons") or ()))
    ]
    if quiet and not reasons:
        reasons = [r for r in (_below(record),) if r]
    if reasons:
        said = sentence("{said}理由：{why}。", said=said, why=join(reasons))
    blocks: list[Block] = [Paragraph(said)]
    if moved := _moved(record):
        blocks.append(Paragraph(moved))
    steps = []
    if level.get("step"):
        steps.append(sentence("应采取的措施：{step}", step=record.cite("/warning/level/step")))
    if level.get("report_hours"):
        hours = record.cite("/warning/level/report_hours", "plain")
        steps.append(sentence("报告时限{hours}小时", hours=hours))
    if steps:
        blocks.append(Paragraph(sentence("{steps}。", steps=join(steps, "，"))))
    return blocks


def _moved(record: CitedRecord) -> CitedText:
    """From which level, and what is new since: the month's figure against what was expected."""
    warnings = record.get("/review/warnings") or {}
    if not warnings:
        return ()
    month = max(warnings)
    before, now = warnings[month]["level_name"], record.get("/warning/level/name")
    said = sentence(
        "{month}为{before}，{moved}",
        month=record.cite(f"/review/warnings/{month}/month", "month"),
        before=record.cite(f"/review/warnings/{month}/level_name"),
        moved="本月没有变化" if before == now else "本月有变化",
    )
    review_ = record.get("/review/forecast")
    if review_ is None or not review_["error"]:
        return sentence("{said}。", said=said)
    unit, pointer = review_["unit"], "/review/forecast"
    size = difference(record, f"{pointer}/error", unit, review_["decimals"])
    return sentence(
        "{said}；{when}实际数{way}上月预测的中位数{size}，在{inner}%区间{where}。",
        said=said,
        when=record.cite(f"{pointer}/month", "month"),
        way="高于" if review_["error"] > 0 else "低于",
        size=size,
        inner=record.cite("/intervals/inner", "plain"),
        where="之内" if review_["inside80"] else "之外",
    )


def _other_caps(record: CitedRecord) -> list[Block]:
    """The next month's lines of the caps that the table does not show, or why one has none."""
    unit, digits = record.get("/warning/unit"), record.get("/warning/decimals")
    said = []
    for key, row in (record.get("/warning/other_caps") or {}).items():
        pointer = f"/warning/other_caps/{key}"
        title = record.cite(f"{pointer}/title")
        if not row["lines"]:
            said.append(sentence("{title}没有可推算的警戒线", title=title))
            continue
        lines = [
            sentence(
                "{level}{value}",
                level=record.cite(f"/warning/level_names/{code}"),
                value=amount(record, f"{pointer}/lines/{code}/value", unit, digits)
                if line["value"] is not None
                else sentence(_LINE_STATES.get(line["state"], "不能给出")),
            )
            for code, line in row["lines"].items()
        ]
        month = record.cite(f"{pointer}/month", "month")
        if all(line["state"] == "unreachable" for line in row["lines"].values()):
            said.append(sentence("{title}在{month}不会达到任何等级", title=title, month=month))
            continue
        said.append(
            sentence("{title}在{month}的警戒线为{lines}", title=title, month=month,
                     lines=join(lines, "、"))
        )  # fmt: skip
    return [Paragraph(sentence("另外，{said}。", said=join(said)), note=True)] if said else []


def _lines(record: CitedRecord) -> list[Block]:
    lines = record.get("/warning/lines") or {}
    if not lines:
        return [Paragraph(sentence("没有可推算的失业警戒线。"))]
    names = record.get("/warning/level_names")
    codes = [c for c in names if any(c in row for row in lines.values())]
    unit, digits = record.get("/warning/unit"), record.get("/warning/decimals")

    def cell(month: str, code: str) -> CitedText:
        pointer = f"/warning/lines/{month}/{code}"
        row = record.get(pointer)
        if row is None:
            return ()
        if row["value"] is None:
            return sentence(_LINE_STATES.get(row["state"], "不能给出"))
        return (record.cite(f"{pointer}/value", "plain", digits),)

    shown = "" if unit in ("倍", "指数") else f"（单位：{unit}）"
    table = CitedTable(
        caption=sentence("今后各月失业警戒线{unit}", unit=shown),
        columns=cited_columns(
            (("月份",), *((record.cite(f"/warning/level_names/{c}"),) for c in codes)),
            (False, *[True] * len(codes)),
            (0.28, *[0.72 / len(codes)] * len(codes)),
        ),
        rows=tuple(
            (
                (record.cite(f"/warning/line_months/{month}", "month"),),
                *(cell(month, c) for c in codes),
            )
            for month in lines
        ),
    )
    # What is cited must be printed: only the words that are used are fetched.
    warning = record.get("/warning")
    if warning.get("lines_event") and warning.get("lines_title"):
        said, title = record.cite("/warning/lines_event"), record.cite("/warning/lines_title")
        event = sentence("{title}被突破（{said}）", title=title, said=said)
    elif warning.get("lines_event"):
        said = record.cite("/warning/lines_event")
        cap = amount(record, "/warning/lines_cap", unit, digits)
        event = sentence("{said}（控制数{cap}）", said=said, cap=cap)
    else:
        event = sentence("突破控制数{cap}", cap=amount(record, "/warning/lines_cap", unit, digits))
    note = sentence(
        "注：警戒线是指该月公布值达到这一水平时，按现役模型推算，{event}的概率达到相应"
        "等级的界限。等级与界限：{levels}。",
        event=event,
        levels=join(
            [
                sentence(
                    "{name}{p}",
                    name=record.cite(f"/warning/level_names/{c}"),
                    p=record.cite(f"/warning/cuts/{c}", "per_cent"),
                )
                for c in codes
                if record.get(f"/warning/cuts/{c}") is not None
            ],
            "、",
        ),
    )
    return [table, Paragraph(note, note=True)]


def _missing(record: CitedRecord) -> str:
    """Why there is no level at all."""
    status = record.get("/outlook/status")
    if status in ("late", "candidate"):  # one in force may know later months
        return "没有以本月或此前数据为起点的现役模型"
    if status != "champion":
        return "没有现役模型"
    if not record.get("/outlook/caps"):
        return "没有可评估的控制数"
    return "没有适用于本月数据的预警阈值"


def warning(record: CitedRecord) -> list[Block]:
    """预警等级 with its reason, and the lines of the coming months."""
    head = Heading(("预警等级和失业警戒线",))
    part = record.get("/warning")
    if part is None:
        return [head, Paragraph(sentence("尚未生成预警等级（{why}）。", why=_missing(record)))]
    blocks: list[Block] = [head]
    if part["state"] not in ("current", "demo") and part["state_reason"]:
        why = record.cite("/warning/state_reason")
        blocks.append(Paragraph(sentence("{why}。", why=why)))
    if part["level"] is None:
        none = "" if record.get("/outlook/caps") else "（没有可评估的控制数）"
        blocks.append(Paragraph(sentence("本期没有可评定的预警等级{none}。", none=none)))
        return blocks
    return [*blocks, *_level(record), *_lines(record), *_other_caps(record)]


def _last_forecast(record: CitedRecord) -> CitedText:
    row = record.get("/review/forecast")
    if row is None:
        return ()
    pointer, unit = "/review/forecast", row["unit"]
    digits = row["digits"]
    error = row["error"]
    inner, outer = (
        record.cite("/intervals/inner", "plain"),
        record.cite("/intervals/outer", "plain"),
    )
    said = sentence(
        "以{origin}数据为起点的预测（第{version}版）给出{month}中位数{expected}、"
        "{inner}%区间{low}—{high}{unit}，实际为{actual}，",
        origin=record.cite(f"{pointer}/origin", "month"),
        version=record.cite(f"{pointer}/version"),
        month=record.cite(f"{pointer}/month", "month"),
        expected=amount(record, f"{pointer}/expected", unit, digits),
        inner=inner,
        low=record.cite(f"{pointer}/q10", "plain", digits),
        high=record.cite(f"{pointer}/q90", "plain", digits),
        unit="" if unit in ("倍", "指数") else unit,
        actual=amount(record, f"{pointer}/actual", unit, row["decimals"]),
    )
    if error == 0:
        said = sentence("{said}与中位数相同", said=said)
    else:
        point = "个百分点" if unit == "%" else ""
        size = (
            sentence("{e}{p}", e=record.cite(f"{pointer}/error", "size", row["decimals"]), p=point)
            if point
            else amount(record, f"{pointer}/error", unit, row["decimals"])
        )
        way = "高于" if direction(error, "rate") == "上升" else "低于"
        said = sentence("{said}{way}中位数{size}", said=said, way=way, size=size)
        if row["error_percent"] is not None and row["error_percent"] > 0:
            percent = record.cite(f"{pointer}/error_percent", "plain", 1)
            said = sentence("{said}（误差{percent}%）", said=said, percent=percent)
    if row["inside80"]:
        return sentence("{said}，落在{inner}%区间之内。", said=said, inner=inner)
    if row["inside95"]:
        return sentence(
            "{said}，在{inner}%区间之外、{outer}%区间之内。", said=said, inner=inner, outer=outer
        )
    return sentence("{said}，落在{outer}%区间之外。", said=said, outer=outer)


def _past_warnings(record: CitedRecord) -> list[Block]:
    rows = list(record.get("/review/warnings") or {})
    if not rows:
        return []

    def row(key: str) -> tuple[CitedText, ...]:
        pointer = f"/review/warnings/{key}"
        warned = record.get(pointer)
        lead: CitedText = ()
        if warned["lead_months"] is not None:
            lead = (record.cite(f"{pointer}/lead_months", "plain"),)
        return (
            (record.cite(f"{pointer}/month", "month"),),
            (record.cite(f"{pointer}/as_of", "day"),),
            (record.cite(f"{pointer}/level_name"),),
            (record.cite(f"{pointer}/verdict"),) if warned["verdict"] else sentence("尚未到期"),
            lead,
        )

    titles = ("数据月份", "发布日", "等级", "结果", "提前（月）")
    return [
        CitedTable(
            caption=("以往预警及结果",),
            columns=cited_columns(
                tuple((t,) for t in titles),
                (False, False, False, False, True),
                (0.22, 0.26, 0.18, 0.18, 0.16),
            ),
            rows=tuple(row(k) for k in rows),
        )
    ]


def review(record: CitedRecord) -> list[Block]:
    """How last month's forecast and past warnings did."""
    last = _last_forecast(record)
    return [*([Paragraph(last)] if last else []), *_past_warnings(record)]
