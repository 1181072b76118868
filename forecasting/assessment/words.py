"""Caps, what breaks them and breaches in Chinese words: the same on terminal, feed and warnings."""

from __future__ import annotations

from employment_forecast.data.targets import TIER_NAMES, Target, number_words, tolerance_words
from employment_forecast.forecasting.assessment.bases import basis_of
from employment_forecast.forecasting.assessment.caps import Assessment, Breach

_POINTS = "个百分点"


def cap_id(target: Target) -> str:
    """Name of a cap within a document: tier, basis, period and value."""
    return f"{target.tier}.{target.basis}.{target.period}.{target.value:.12g}"


def cap_words(target: Target) -> str:
    """A cap as people say it: 市控制数 14,300人以内（2026，各月）."""
    # The Government Work Report sets an expected target (预期目标), not a cap handed down.
    kind = "预期目标" if target.tier == "national" else "控制数"
    number = number_words(target.value or 0.0, target.unit, target.qualifier)
    limit, tolerance = target.limit, ""
    if limit is not None and target.tolerance:
        tolerance = f"，{tolerance_words(limit, target.unit)}"
    return (
        f"{TIER_NAMES[target.tier]}{kind} {number}"
        f"（{target.period}，{basis_of(target).words}{tolerance}）"
    )


def difference_words(value: float, unit: str, decimals: int) -> str:
    """The size of a difference: 150人, 0.3个百分点."""
    return f"{abs(value):,.{decimals}f}{_POINTS if unit == '%' else unit}"


def event_words(item: Assessment) -> str:
    """What is still to come of a cap, as a level speaks of it: 此后至 2026-12 有任一月突破."""
    target = item.target
    functional = basis_of(target).functional
    if functional == "last":
        return f"考核期末 {target.last_month} 突破"
    if functional == "mean":
        return "全年平均突破" if target.length == 12 else "期内平均突破"
    if target.length == 1:
        return f"{target.last_month} 突破"
    return f"今后至 {target.last_month} 有任一月突破"


def breach_words(breach: Breach, target: Target, decimals: int, *, over: bool = False) -> str:
    """A breach as a fact: since when, how many months, by how much, against which number.

    `over` says that the period has ended.
    """
    unit, ended = target.unit, "，考核期已结束" if over else ""
    if not basis_of(target).by_month:
        worst = breach.largest
        return (
            f"已突破{cap_words(target)}：平均为 {worst.value:,.{decimals}f}{unit}，"
            f"高出 {difference_words(worst.excess, unit, decimals)}{ended}"
        )
    worst, count = breach.largest, len(breach.months)
    parts = [f"已突破{cap_words(target)}：自 {breach.since} 起共 {count} 个月高于控制数"]
    if count == 1:
        parts = [f"已突破{cap_words(target)}：{breach.since} 高于控制数"]
    most = (
        f"最多高出 {difference_words(worst.excess, unit, decimals)}"
        if count > 1
        else (f"高出 {difference_words(worst.excess, unit, decimals)}")
    )
    parts.append(f"{most}（{worst.month} 为 {worst.value:,.{decimals}f}{unit}）")
    changed = dict.fromkeys(m.cap for m in breach.months if m.cap != target.limit)
    for cap in changed:
        months = [m.month for m in breach.months if m.cap == cap]
        span = str(months[0]) if len(months) == 1 else f"{months[0]} 至 {months[-1]}"
        parts.append(f"{span} 按当时的控制数 {cap:,.12g}{unit} 计")
    newest = "最新月仍高于控制数" if breach.newest_above else "最新月已回到控制数以内"
    return "，".join(parts) + (ended or f"，{newest}")
