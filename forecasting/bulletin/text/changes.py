"""What a correction (更正) changes: every fact that differs, and what it is called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from employment_forecast.forecasting.bulletin.text.blocks import Bulletin
from employment_forecast.forecasting.bulletin.text.cap_wording import basis_word
from employment_forecast.forecasting.bulletin.text.facts import Fact, steps
from employment_forecast.forecasting.bulletin.text.figures import show
from employment_forecast.forecasting.bulletin.text.tiers import cap_words

MOST_ROWS = 24
SECTIONS = {
    "series": "总体情况和市场供求", "flows": "总体情况和市场供求", "people": "重点群体",
    "sample": "监测企业用工",
    "progress": "计划目标进度", "outlook": "走势预测", "warning": "预警等级和失业警戒线",
    "review": "检验", "notes": "检验和数据说明",
    "written": "文字分析",
}  # fmt: skip
_ASIDE = ("as_of", "program", "office", "letterhead", "stamp", "correction", "annexes", "scale")
# What a registered version is called, from what bytes it was made and how it was tested: a program
# that was upgraded registers another one with the same forecast.
ASIDE_OF_VERSION = ("version", "registered_name", "as_of", "data_fingerprint", "coverage80", "wis",
                    "evidence_origins", "source")  # fmt: skip
_OF_VERSION = {
    f"/{part}/{key}" for part in ("outlook", "review/forecast") for key in ASIDE_OF_VERSION
}
_COMPARISONS = {
    "month_on_month": "比上月增减",
    "year_on_year": "比上年同期增减",
    "flow/month_on_month": "当月比上月增减",
    "flow/year_on_year": "当月比上年同月增减",
}
_COUNTS = {"firms": "家数", "opening": "期初就业", "hires": "新招", "separations": "减员",
           "end": "期末就业", "net": "净变动"}  # fmt: skip
# Which event each probability of a cap is of.
_CHANCES = {"p_any": "any_month", "p_end": "period_end", "p_average": "period_average"}
_AGAIN = "p_any_remaining"
_LAST = 9


def _aside(pointer: str) -> bool:
    if pointer in _OF_VERSION:
        return True
    if pointer.startswith("/written/") and "/paragraphs/" not in pointer:
        return True
    if pointer.endswith("/overdue") or pointer == "/warning/state_reason":
        return True
    if pointer.startswith("/notes/") and pointer.endswith("/published_on"):
        return True  # a value that was changed and changed back
    return pointer.split("/")[1] in _ASIDE


def _cap(record: Mapping[str, Any], cap: Mapping[str, Any]) -> str:
    return cap_words(str(record["region"]["name"]), cap["tier"])


def _margin(record: Mapping[str, Any], row: Mapping[str, Any], key: str, name: str) -> str:
    """How far a series is from a cap; there may be several of them."""
    cap = row["caps"][key]
    when = f"{show(cap['period'], 'period')}{basis_word(cap['basis'], cap['period'])}"
    unit = "" if row["unit"] in ("倍", "指数") else f"（{row['unit']}）"
    point = "（百分点）" if row["unit"] == "%" else unit
    return f"{name}距{when}{_cap(record, cap)}余量{point}"


def _measured(row: Mapping[str, Any], path: str, name: str) -> str:
    """What a part of a series is called, with its unit; empty for one that is withheld."""
    if row.get("withheld"):
        return ""
    unit = "" if row["unit"] in ("倍", "指数") else f"（{row['unit']}）"
    point = "（百分点）" if row["unit"] == "%" else unit
    whole, _, last = path.rpartition("/")
    if path in ("value", "flow/value"):
        return f"{name}{'当月数' if whole else ''}{unit}"
    if whole in _COMPARISONS and last == "change":
        return f"{name}{_COMPARISONS[whole]}{point}"
    if whole in _COMPARISONS and last == "percent":
        return f"{name}{_COMPARISONS[whole]}（%）"
    if path == "share":
        return f"{name}占比（%）"
    return ""


def label(record: Mapping[str, Any], pointer: str) -> str:
    """What a fact is called in Chinese; empty where its section has to stand for it."""
    head, *rest = steps(pointer)
    part = record.get(head) or {}
    path = "/".join(rest)
    if head in ("series", "people") and len(rest) > 1:
        row = part[rest[0]]
        name = row.get("label", row.get("name", ""))
        if rest[1] == "caps" and rest[-1] == "headroom":
            return _margin(record, row, rest[2], name)
        return _measured(row, "/".join(rest[1:]), name)
    if head == "flows" and path == "residual":
        return "存量变动与流量之差（人）"
    if head == "warning" and path == "level/name":
        return "预警等级"
    if head == "warning" and rest[0] == "lines" and rest[-1] == "value":
        return f"{show(rest[1], 'month')}{part['level_names'][rest[2]]}警戒线"
    if head == "sample" and rest[0] == "totals" and rest[1] in _COUNTS:
        return f"监测企业{_COUNTS[rest[1]]}（{'家' if rest[1] == 'firms' else '人'}）"
    if head == "sample" and path == "matched/change":
        return "可比企业岗位比上月增减（%）"
    if head == "progress" and rest[-1] in ("done", "share"):
        suffix = f"完成数（{part[rest[0]]['unit']}）" if rest[-1] == "done" else "完成比例（%）"
        return f"{show(part[rest[0]]['period'], 'period')}{part[rest[0]]['name']}{suffix}"
    if head == "outlook" and rest[0] == "caps" and rest[-1] in (*_CHANCES, _AGAIN):
        cap = part["caps"][rest[1]]
        period = show(cap["period"], "period")
        if rest[-1] == _AGAIN:
            return f"{period}今后各月再次突破{_cap(record, cap)}的概率"
        when = f"{period}{basis_word(_CHANCES[rest[-1]], cap['period'])}"
        return f"{when}突破{_cap(record, cap)}的概率"
    if head == "outlook" and rest[0] == "months" and rest[-1] == "q50":
        first = rest[1] == next(iter(part["months"]))
        return f"{show(rest[1], 'month')}{part['name']}预测中位数" if first else ""
    return ""


def _rank(record: Mapping[str, Any], pointer: str) -> int:
    """How early a change is told, 0 first: what decides on the warning before what follows."""
    head, *rest = steps(pointer)
    part, last = record.get(head) or {}, rest[-1] if rest else ""
    if head == "series" and rest[0] == record.get("indicator") and rest[1:] == ["value"]:
        return 0
    if head == "series" and last == "headroom":
        return 1
    if head == "outlook" and rest[0] == "caps" and last in (*_CHANCES, _AGAIN):
        return 2
    if head == "warning" and rest == ["level", "name"]:
        return 3
    if head == "warning" and rest[0] == "lines" and rest[1] == next(iter(part["lines"])):
        return 4
    if head == "outlook" and rest[0] == "months" and rest[1] == next(iter(part["months"])):
        return 5
    if head == "flows":
        return 6
    if head == "series":
        return 6 if rest[0] == record.get("indicator") else 7
    return 8 if head in ("people", "progress", "sample") else _LAST


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
    """Facts of two bulletins whose text differs, the most important first.

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
    # A count that has become large is written in another form, and is the same fact.
    by_pointer = [{f.pointer: f for f in reversed(each.values())} for each in (old, new)]
    changes: list[dict[str, str]] = []
    ranks: list[int] = []
    seen: set[str] = set()
    for name in [*new, *(n for n in old if n not in new)]:
        pointer = (new.get(name) or old[name]).pointer
        was, now = (
            facts.get(name) or pointers.get(pointer)
            for facts, pointers in zip((old, new), by_pointer, strict=True)
        )
        fact = now or was
        if fact is None or pointer in seen:
            continue
        # A figure that stands in a sentence and in a table is told once.
        if was is not None and now is not None:
            same_form = was.id == now.id
            if was.text == now.text if same_form else was.value == now.value:
                continue
        seen.add(pointer)
        record = old_record if now is None else new_record
        ranks.append(_rank(record, pointer))
        changes.append(
            {
                "id": name,
                "source": fact.source,
                "before": _shown(was),
                "after": _shown(now),
                "label": label(record, pointer),
                "section": SECTIONS.get(steps(pointer)[0], ""),
            }
        )
    order = sorted(range(len(changes)), key=lambda at: ranks[at])
    return [changes[at] for at in order]


def divided(
    changes: Sequence[Mapping[str, str]],
) -> tuple[list[dict[str, str]], dict[str, dict[str, Any]]]:
    """Changes that are listed one by one, and how many others each section has."""
    listed: list[dict[str, str]] = []
    others: Counter[str] = Counter()
    for change in changes:
        if change.get("label") and len(listed) < MOST_ROWS:
            listed.append(dict(change))
        else:
            others[change.get("section") or "其他"] += 1
    return listed, {k: {"section": k, "count": n} for k, n in others.items()}
