"""What a correction (更正) changes: every fact that differs, and how people are told of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from forecasting.bulletin.blocks import Bulletin
from forecasting.bulletin.facts import Fact, steps
from forecasting.bulletin.figures import show
from forecasting.bulletin.tiers import tier_word

MOST_ROWS = 24
SECTIONS = {
    "series": "总体情况和市场供求", "people": "重点群体", "sample": "监测企业用工",
    "progress": "计划目标进度", "outlook": "走势预测", "warning": "预警等级和失业警戒线",
    "review": "上月预测和以往预警的检验", "notes": "数据说明",
}  # fmt: skip
_ASIDE = ("as_of", "program", "office", "stamp", "correction", "annexes", "scale")
# What a registered version is called, from what bytes it was made and how it was tested: a program
# that was upgraded registers another one with the same forecast.
ASIDE_OF_VERSION = ("version", "registered_name", "as_of", "data_fingerprint", "coverage80", "wis",
                    "evidence_origins", "source")  # fmt: skip
_OF_VERSION = {f"/{part}/{key}" for part in ("outlook", "review/forecast")
               for key in ASIDE_OF_VERSION}  # fmt: skip
_BESIDE = {
    "month_on_month": "比上月增减", "year_on_year": "比上年同期增减",
    "flow/month_on_month": "当月比上月增减", "flow/year_on_year": "当月比上年同月增减",
}  # fmt: skip
_COUNTS = {"firms": "家数", "opening": "期初就业", "hires": "新招", "separations": "减员",
           "end": "期末就业", "net": "净变动"}  # fmt: skip
_CHANCES = ("p_any", "p_any_remaining", "p_end", "p_average")


def _aside(pointer: str) -> bool:
    if pointer in _OF_VERSION:
        return True
    if pointer.endswith("/overdue") or pointer == "/warning/state_reason":
        return True
    if pointer.startswith("/notes/") and pointer.endswith("/published_on"):
        return True  # a value that was changed and changed back
    return pointer.split("/")[1] in _ASIDE


def _measured(row: Mapping[str, Any], path: str, name: str) -> str:
    """What a part of a series is called, with its unit."""
    unit = "" if row["unit"] in ("倍", "指数") else f"（{row['unit']}）"
    point = "（百分点）" if row["unit"] == "%" else unit
    whole, _, last = path.rpartition("/")
    if path in ("value", "flow/value"):
        return f"{name}{'当月数' if whole else ''}{unit}"
    if whole in _BESIDE and last == "change":
        return f"{name}{_BESIDE[whole]}{point}"
    if whole in _BESIDE and last == "percent":
        return f"{name}{_BESIDE[whole]}（%）"
    if path == "share":
        return f"{name}占比（%）"
    return f"{name}余量{point}" if whole.startswith("caps/") and last == "headroom" else ""


def label(record: Mapping[str, Any], pointer: str) -> str:
    """What a fact is called in Chinese; empty where its section has to stand for it.

    Parameters
    ----------
    record : mapping
        That holds the fact.
    pointer : str
        Its place.

    Returns
    -------
    str
    """
    head, *rest = steps(pointer)
    part = record.get(head) or {}
    path = "/".join(rest)
    if head in ("series", "people") and len(rest) > 1:
        row = part[rest[0]]
        return _measured(row, "/".join(rest[1:]), row.get("label", row.get("name", "")))
    if head == "warning" and path == "level/name":
        return "预警等级"
    if head == "warning" and rest[0] == "lines" and rest[-1] == "value":
        return f"{show(rest[1], 'month')}{part['level_names'][rest[2]]}警戒线"
    if head == "sample" and rest[0] == "totals" and rest[1] in _COUNTS:
        return f"监测企业{_COUNTS[rest[1]]}（{'家' if rest[1] == 'firms' else '人'}）"
    if head == "sample" and path == "matched/change":
        return "可比企业岗位比上月增减（%）"
    if head == "progress" and rest[-1] in ("done", "share"):
        done = f"完成数（{part[rest[0]]['unit']}）" if rest[-1] == "done" else "完成比例（%）"
        return f"{show(part[rest[0]]['period'], 'period')}{part[rest[0]]['name']}{done}"
    if head == "outlook" and rest[0] == "caps" and rest[-1] in _CHANCES:
        cap = part["caps"][rest[1]]
        who = tier_word(str(record["region"]["name"]), cap["tier"])
        kind = "预期目标" if cap["tier"] == "national" else "控制数"
        return f"{show(cap['period'], 'period')}突破{who}{kind}的概率"
    if head == "outlook" and rest[0] == "months" and rest[-1] == "q50":
        first = rest[1] == next(iter(part["months"]))
        return f"{show(rest[1], 'month')}{part['name']}预测中位数" if first else ""
    return ""


def _shown(fact: Fact | None) -> str:
    """A fact by itself: with its sign and without the unit that a sentence gives it."""
    if fact is None:
        return ""
    if fact.form in ("size", "signed", "ten_thousands"):
        digits = 0 if fact.form == "ten_thousands" else fact.digits
        moved = fact.pointer.endswith(("/change", "/percent", "/net"))
        return show(fact.value, "signed" if moved else "plain", digits)
    return fact.text


def changed_facts(
    before: Bulletin,
    after: Bulletin,
    old_record: Mapping[str, Any],
    new_record: Mapping[str, Any],
) -> list[dict[str, str]]:
    """Facts of two bulletins whose text differs, in the order of the later one.

    Parameters
    ----------
    before, after : Bulletin
        What was issued, and what would be issued now.
    old_record, new_record : mapping
        What they were composed from.

    Returns
    -------
    list of dict
        `id`, `source`, `before`, `after`, `label` (empty for what is told of by section alone) and
        `section`; a fact that only one of them cites has an empty text in the other, and one that
        is written in several forms stands there once. What is known of the program, the names
        and scores of registered versions, days of knowledge, delays and the annexes is left out.
    """
    old = {f.id: f for f in before.facts if not _aside(f.pointer)}
    new = {f.id: f for f in after.facts if not _aside(f.pointer)}
    found: list[dict[str, str]] = []
    seen: set[str] = set()
    for name in [*new, *(n for n in old if n not in new)]:
        was, now = old.get(name), new.get(name)
        told = now or was
        if told is None or told.pointer in seen:
            continue
        # A figure that stands in a sentence and in a table is told once.
        if ("" if was is None else was.text) == ("" if now is None else now.text):
            continue
        seen.add(told.pointer)
        found.append(
            {
                "id": name,
                "source": told.source,
                "before": _shown(was),
                "after": _shown(now),
                "label": label(old_record if now is None else new_record, told.pointer),
                "section": SECTIONS.get(steps(told.pointer)[0], ""),
            }
        )
    return found


def divided(
    changes: Sequence[Mapping[str, str]],
) -> tuple[list[dict[str, str]], dict[str, dict[str, Any]]]:
    """Changes that are listed one by one, and how many others each section has.

    Parameters
    ----------
    changes : sequence of mapping
        From `changed_facts`.

    Returns
    -------
    listed : list of dict
        At most `MOST_ROWS`, each label once.
    others : dict
        By section: `section` and `count`.
    """
    listed: dict[str, dict[str, str]] = {}
    others: Counter[str] = Counter()
    for change in changes:
        name = change.get("label", "")
        if name and name not in listed and len(listed) < MOST_ROWS:
            listed[name] = dict(change)
        else:
            others[change.get("section") or "其他"] += 1
    return list(listed.values()), {k: {"section": k, "count": n} for k, n in others.items()}
