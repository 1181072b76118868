"""Sentences about breaking a cap: which event, and how likely it is."""

from __future__ import annotations

from employment_forecast.forecasting.assessment import BASES
from employment_forecast.forecasting.bulletin.text.facts import CitedRecord, CitedText, sentence
from employment_forecast.forecasting.bulletin.text.wording import (
    amount,
    cap_name,
    chance,
    difference,
)


def measure(basis: str) -> str:
    """Which probability of an assessed cap its basis asks for."""
    return BASES[basis].probability


def basis_word(basis: str, period: str) -> str:
    """What a cap is held against within its period: 内, 末, 期末, 全年平均; empty for a month."""
    yearly, monthly = len(period) == len("2026"), len(period) == len("2026-10")
    words = {
        "period_end": "末" if yearly else "期末",
        "period_average": "全年平均" if yearly else "平均",
    }
    return "" if monthly else words.get(basis, "内")


def _when(record: CitedRecord, pointer: str) -> CitedText:
    """2026年内, 2026年末, 2026年全年平均, 2021—2025年内, 2026年10月."""
    row = record.get(pointer)
    word = basis_word(row["basis"], row["period"])
    return sentence("{period}{word}", period=record.cite(f"{pointer}/period", "period"), word=word)


def _first(record: CitedRecord, pointer: str) -> CitedText:
    """Since when, against which number, how often, by how much: ，首次在2026年8月（5213人），…."""
    breach = record.get(f"{pointer}/breached")
    if breach is None:
        return ()
    unit, digits = record.get("/outlook/unit"), record.get("/outlook/decimals")
    then: CitedText = ()
    if breach.get("cap") is not None:
        cap = amount(record, f"{pointer}/breached/cap", unit, digits)
        then = sentence("，当时控制数为{cap}", cap=cap)
    said = sentence(
        "，首次在{month}（{value}{then}）",
        month=record.cite(f"{pointer}/breached/month", "month"),
        value=amount(record, f"{pointer}/breached/value", unit, digits),
        then=then,
    )
    if breach.get("excess") is None:  # records of earlier releases do not say
        return said
    size = difference(record, f"{pointer}/breached/excess", unit, digits)
    if breach["months"] == 1:
        return sentence("{said}，高出{size}", said=said, size=size)
    count = record.cite(f"{pointer}/breached/months", "plain")
    return sentence("{said}，共{count}个月，最多高出{size}", said=said, count=count, size=size)


def cap_chance(record: CitedRecord, pointer: str) -> CitedText:
    """How likely a cap of the forecast is broken: 2026年内突破区控制数（…）的概率为62%（…）."""
    row = record.get(pointer)
    name = cap_name(record, pointer, record.get("/outlook/unit"), record.get("/outlook/decimals"))
    when = _when(record, pointer)
    if row["already_breached"]:
        said = sentence(
            "{when}已突破{name}{first}", when=when, name=name, first=_first(record, pointer)
        )
        if row["p_any_remaining"] is None:
            return said
        again = chance(record, f"{pointer}/p_any_remaining", "今后各月再次突破")
        return sentence("{said}，{again}", said=said, again=again)
    event = sentence("{when}突破{name}", when=when, name=name)
    basis = measure(row["basis"])
    if row[basis] is None:
        why = record.cite(f"{pointer}/reasons/{basis}")
        return sentence("{event}的概率不能给出：{why}", event=event, why=why)
    return chance(record, f"{pointer}/{basis}", event)


def most_at_risk(record: CitedRecord) -> str | None:
    """Key of the cap that is most likely to be broken, by a forecast in force from this month."""
    if record.get("/outlook/status") != "champion":
        return None
    if record.get("/outlook/origin") != record.get("/month"):
        return None
    chances = {
        key: 1.0 if row["already_breached"] else row[measure(row["basis"])]
        for key, row in (record.get("/outlook/caps") or {}).items()
    }
    known = {key: p for key, p in chances.items() if p is not None}
    return max(known, key=lambda k: known[k]) if known else None
