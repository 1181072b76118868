"""The month in progress as a document: what is known of it and what that made of its law."""

from __future__ import annotations

from typing import Any

from employment_forecast.data.catalogue import figure, phrase
from employment_forecast.forecasting.competition import Competition


def nowcast_document(result: Competition) -> dict[str, Any] | None:
    """JSON-able account of the months in progress; None without part-month figures."""
    nowcast = result.nowcast
    if nowcast is None:
        return None
    indicator = result.indicator
    names = ("q10", "q50", "q90")
    return {
        "first_day": nowcast.first_day.isoformat(),
        "last_day": nowcast.last_day.isoformat(),
        "value": figure(nowcast.value, indicator),
        "figures": nowcast.figures,
        "months": [
            {
                "month": str(each.month),
                "learned_months": each.learned,
                "without": {
                    n: figure(v, indicator) for n, v in zip(names, each.before, strict=True)
                },
                "with": {n: figure(v, indicator) for n, v in zip(names, each.after, strict=True)},
                "narrower": round(each.narrower, 3),
            }
            for each in nowcast.months
        ],
        "notes": list(nowcast_notes(result)),
    }


def nowcast_notes(result: Competition) -> tuple[str, ...]:
    """Sentences about the months in progress, for every report; none without figures."""
    nowcast = result.nowcast
    if nowcast is None:
        return ()
    indicator = result.indicator

    def said(value: float) -> str:
        return phrase(value, indicator)

    flow = nowcast.first_day < nowcast.last_day
    days = f"{nowcast.first_day} 至 {nowcast.last_day}" if flow else f"截至 {nowcast.last_day}"
    known = f"月中数已知{days}的 {said(nowcast.value)}{indicator.unit}"
    if not nowcast.months:
        return (f"{known}；往月没有同日的月中数可比，或并不比模型更准，未据以调整",)
    return tuple(
        f"{each.month} {known}，按 {each.learned} 个往月从同一工作日到月末的经验，"
        f"中位数由 {said(each.before[1])} 改为 {said(each.after[1])}{indicator.unit}，"
        f"80% 区间由 {said(each.before[0])}—{said(each.before[2])} "
        f"改为 {said(each.after[0])}—{said(each.after[2])}"
        f"（{'窄' if each.narrower >= 0 else '宽'} {abs(each.narrower):.0%}），其后各月随之调整"
        for each in nowcast.months
    )
