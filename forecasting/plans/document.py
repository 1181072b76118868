"""Progress of a region's plans as one document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from employment_forecast.data.catalogue import Catalogue, Indicator, Region, phrase
from employment_forecast.forecasting.assessment import (
    Assessment,
    Breach,
    TotalAssessment,
    basis_of,
)
from employment_forecast.forecasting.documents import (
    caps_document,
    milestone_document,
    total_document,
)
from employment_forecast.forecasting.documents.fields import published, share
from employment_forecast.forecasting.documents.tables import likelihood
from employment_forecast.forecasting.plans.progress import PlanRow

# What of a period a cap is held against, by the functional of its basis.
EVENTS = {"each": "", "last": "期末", "mean": "平均"}


def _row(row: PlanRow, catalogue: Catalogue) -> dict[str, Any]:
    entry = row.target
    content: dict[str, Any] = {
        "plan": row.plan.source,
        "key": entry.key,
        "name": entry.name,
        "indicator": entry.indicator,
        "period": entry.period,
        "period_name": entry.period_name,
        "direction": entry.direction,
        "repeat": entry.repeat,
        "value": entry.value,
        "limit": next((t.limit for t in row.targets if t.tolerance), None),
        "unit": entry.unit,
        "qualifier": entry.qualifier,
        "attribute": entry.attribute,
        "unconfirmed": list(entry.unconfirmed),
        "quote": entry.quote,
        "achieved": [a.quote for a in entry.achieved],
        "assessed": not row.missing and bool(row.targets),
        "missing": row.missing,
    }
    if row.history is None or row.missing:
        return content
    indicator = catalogue.indicator(entry.indicator)
    assessed = row.assessments
    middle = row.midterm
    return {
        **content,
        "data_start": str(row.history.start),
        "data_month": str(row.history.origin),
        "data_demo": row.history.demo,
        "sources": list(row.history.sources),
        "caps": caps_document(assessed.caps, indicator),
        "floors": [total_document(a, indicator) for a in assessed.totals],
        "levels_assessed": [milestone_document(a, indicator) for a in assessed.levels],
        "reported": published(row.reported, indicator),
        "midterm": None
        if middle is None
        else {
            "month": str(middle.month),
            "figure": published(middle.figure, indicator),
            "progress": share(middle.progress),
            "progress_time": 0.5,
        },
        "years": [
            {
                "year": y.year,
                "value": y.value,
                "months": y.months,
                "figure": published(y.figure, indicator),
                "months_above": y.months_above,
                "met": y.met,
            }
            for y in row.years
        ],
        "result": _result(row, indicator),
    }


def _result(row: PlanRow, indicator: Indicator) -> str:
    """The period's end in a few words of Chinese; single years are in the yearly view."""
    assert row.history is not None
    end, assessed = row.history.origin, row.assessments
    words = []
    kinds: list[tuple[list[Assessment | TotalAssessment], str]] = [
        ([*assessed.caps], "突破"),
        ([*assessed.totals], "完成"),
    ]
    for settled, verb in kinds:
        over = [a for a in settled if a.target.last_month <= end]
        if len(row.targets) > 1 and over:
            words.append(_years(over, verb))
            settled = [a for a in settled if a not in over]
        words += [_one(a, indicator, over=a in over) for a in settled]
    for level in assessed.levels:
        chance = level.p_reach
        words.append(
            level.reasons["p_reach"] if chance is None else f"达到概率 {likelihood(chance)}"
        )
    if not row.targets and row.reported is not None:
        words.append(f"数据为 {_amount(row.reported, indicator)}")
    return "；".join(words)


def _amount(value: float, indicator: Indicator) -> str:
    return f"{phrase(value, indicator)}{indicator.unit}"


def _cap(value: float, indicator: Indicator) -> str:
    """A number as it was announced, which may have more or fewer digits than the figures."""
    return f"{value:,.12g}{indicator.unit}"


def _years(over: Sequence[Assessment | TotalAssessment], verb: str) -> str:
    """How many of the years that are over broke the cap, or reached the floor."""
    outcome: dict[str, bool | None] = {}
    for item in over:
        came = (
            item.already_breached
            if isinstance(item, Assessment)
            else None
            if item.p_reach is None
            else item.p_reach == 1.0
        )
        key = item.target.period
        outcome[key] = came if key not in outcome else bool(outcome[key]) or bool(came)
    came_in = [year for year, came in outcome.items() if came]
    unknown = [year for year, came in outcome.items() if came is None]
    text = f"{len(outcome)} 年中 {len(came_in)} 年{verb}"
    if came_in and len(came_in) < len(outcome):
        text += f"（{'、'.join(came_in)}）"
    return text + (f"，{len(unknown)} 年数据不全" if unknown else "")


def _one(item: Assessment | TotalAssessment, indicator: Indicator, *, over: bool) -> str:
    """One cap or total in words."""
    target = item.target
    name = f"{target.period} 年" if target.length == 12 else ""
    if isinstance(item, Assessment):
        name += EVENTS[basis_of(target).functional]
        value = _cap(target.limit or 0.0, indicator)
        if item.breach is not None:
            return f"{name}{_broken(item, item.breach, indicator)}"
        if item.probability is None:
            return f"{name}{next(iter(item.reasons.values()))}"
        if over:
            return f"{name}未突破 {value}"
        return f"{name}突破 {value} 的概率 {likelihood(item.probability)}"
    if item.published is None:
        return f"{name}{item.reasons['published']}"
    reached = _amount(item.published, indicator)
    if target.direction == "cap":
        chance = "无法评估" if item.p_above is None else likelihood(item.p_above)
        return f"{name}累计 {reached}，突破 {_cap(target.limit or 0.0, indicator)} 的概率 {chance}"
    if item.already_reached:
        return f"{name}已完成 {reached}"
    if over:
        return f"{name}未完成（{reached}）"
    if item.p_reach is None:
        return f"{name}已完成 {reached}，{item.reasons.get('p_reach', '无法评估')}"
    mark = "，未经回测" if item.untested else ""
    return f"{name}已完成 {reached}，完成概率 {likelihood(item.p_reach)}{mark}"


def _broken(item: Assessment, breach: Breach, indicator: Indicator) -> str:
    """Since when a cap is broken, against the number of then, and what is still to come."""
    first = breach.months[0]
    said = f"已突破 {_cap(first.cap, indicator)}"
    if not basis_of(item.target).by_month:
        return said
    count = len(breach.months)
    said += f"（{first.month} 起 {count} 个月）" if count > 1 else f"（{first.month}）"
    if item.p_any_remaining is None:
        return said
    again = _cap(item.target.limit or 0.0, indicator)
    return f"{said}，今后再突破 {again} 的概率 {likelihood(item.p_any_remaining)}"


def progress_document(
    region: Region,
    day: date,
    rows: Sequence[PlanRow],
    catalogue: Catalogue,
    origins: Sequence[str] = (),
) -> dict[str, Any]:
    """Progress of a region's plans as one JSON-able object.

    Parameters
    ----------
    region : Region
        Whose plans.
    day : datetime.date
        Day of knowledge.
    rows : sequence of PlanRow
        From `plan_rows`.
    catalogue : Catalogue
        Knows the indicators.
    origins : sequence of str
        Where the forecasts of running periods are from, in Chinese.

    Returns
    -------
    dict
        `targets` one entry each, `missing` counted by reason, `demo` true where demonstration
        data or caps enter.
    """
    targets = [_row(row, catalogue) for row in rows]
    missing: dict[str, int] = {}
    for item in targets:
        if item["missing"]:
            missing[item["missing"]] = missing.get(item["missing"], 0) + 1
    notes = list(origins)
    of_demo = [item for item in targets if _is_demo(item)]
    if of_demo:
        assessed = [item for item in targets if "data_demo" in item]
        names = dict.fromkeys(catalogue.indicator(item["indicator"]).name for item in of_demo)
        whose = "" if len(of_demo) == len(assessed) else f"{'、'.join(names)}的"
        notes.append(
            f"规划为真实文件，{whose}数据（及逐年控制数）为演示数据：只演示方法，不代表实际完成情况"
        )
    return {
        "region": {"code": region.code, "name": region.name},
        "as_of": day.isoformat(),
        "demo": bool(of_demo),
        "assessed": sum(item["assessed"] for item in targets),
        "targets": targets,
        "missing": missing,
        "notes": notes,
    }


def _is_demo(item: Mapping[str, Any]) -> bool:
    caps = any(cap["demo"] for cap in item.get("caps", ()))
    return bool(item.get("data_demo", False)) or caps
