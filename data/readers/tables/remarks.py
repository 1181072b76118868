"""What remarks on a table say of its figures: their form, or that one of them is wrong."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Collection, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from employment_forecast.data.readers.vocabulary import (
    Form,
    Vocabulary,
    When,
    fold,
    parse_amount,
    parse_when,
    remark_on_publication,
    units_in,
)
from employment_forecast.data.records import Findings, Place, shown

if TYPE_CHECKING:
    from employment_forecast.data.readers.tables.entries import ValueCell

_CUMULATIVE = re.compile(
    r"[为系是均][^,;。含见另除与比和]{0,8}累计(?:人数|数据|数|值)?(?=[,;。()]|$)"
)
_MONTHLY = re.compile(r"(?:[为系是]|均为)(?:各)?(?:当月|本月|单月|月度)(?:新增|发生|完成)?[数值人]")
_NOT_CUMULATIVE = re.compile("(?:非|不是|不含)累计(?:数|值)?")
_WRONG = re.compile(
    r"^作废|(?:数据?|数值|[此该本][行月表]|月份?)[^,;。]{0,3}作废"
    r"|(?:应为|应是|更正为|修正为|订正为)(?P<number>\d[\d,.]*[万千]?)(?![\d年月日个岁周天次季项类])"
)
_PART_OF_MONTH = re.compile(
    r"(?P<m>1[0-2]|0?[1-9])月[^,;。]{0,8}截[至止](?:当月|(?P=m)月)?(?P<d>\d{1,2})日"
)
# A unit of some of the figures only; streets that a whole is short of.
_SINCE, _CLAUSE = re.compile("起|以[前后]|之[前后]"), re.compile("[,;。]")
_STREET = "(?:(?<![城乡村集])镇|街道|(?<!城)乡(?![镇村]))"
_SHORT_OF = re.compile(
    f"(?:[不未](?:包?含|包括|计入)|剔除|缺[少报]?|漏报)[^,;。]{{1,8}}?{_STREET}"
    f"|{_STREET}[^,;。]{{0,6}}(?<![无没未])(?:未|没有|没(?!有)|[缺漏])(?![缺漏])[^,;。]{{0,2}}报"
)
# What a remark adds to the months that it says a figure covers: 1-2月合计, 含1月.
_SUMMED = re.compile(r"(?:两个?月|\d+个月)?(?:合计|合并|累计|之和|数据?|值|报送|统计)*$")
# A head or name beside figures that are not the last word; one that may be, and what else it says.
_REVISED = re.compile("修订|修正|更正|订正")
_CHECKED = re.compile("核实|核定|复核|调整(?=[后数])")
_BESIDES = re.compile(r"[\d年月后数值人的()]")
_ADJUSTED = re.compile("(?P<not>[未不没无非][^,;。]{0,3})?季(?:节性?调整|调(?![查研]))")
_LONGEST = 200
# Only of what is expected: plans and targets stand in columns of their own.
_FORESEEN = re.compile("预计|预测|预估|暂估")
_REMEDY = "请改正或删去说明所指的数，再去掉这句说明后重新导入。"


def form_of(remark: str) -> Form | None:
    """Form that a remark gives the figures (表中数据为累计数); None if it gives none or two."""
    folded = fold(remark[:_LONGEST])
    bare = _NOT_CUMULATIVE.sub("", folded)
    cumulative, monthly = _CUMULATIVE.search(bare), _MONTHLY.search(bare)
    if bool(cumulative) == bool(monthly):
        return None
    return "cumulative" if cumulative else "monthly"


def is_revised(label: str, vocabulary: Vocabulary) -> bool:
    """True for figures that revise others (修订数, 核实数), not for others: 失业保险金核定人数."""
    folded = fold(label[:_LONGEST])
    bare = _CHECKED.sub("", folded)
    same = not _BESIDES.sub("", bare) or vocabulary.find_indicator(bare) is not None
    return bool(_REVISED.search(folded)) or (bare != folded and same)


def replaced_figure(remark: str, figures: Collection[Decimal]) -> bool:
    """True for a remark by which a figure is void or another one (应为13750) that is not there."""
    match = _WRONG.search(fold(remark[:_LONGEST]))
    if match is None:
        return False
    if match["number"] is None:
        return True
    stated = parse_amount(match["number"].rstrip(",."))
    number = stated.number
    if number is not None and stated.unit is not None:
        number *= stated.unit.factor
    return number not in figures


def with_stated_forms(
    entries: Sequence[ValueCell], texts: Sequence[str], vocabulary: Vocabulary, notes: list[str]
) -> list[ValueCell]:
    """Flows with the form that remarks of their table give them, where nothing nearer does."""
    forms = {t: form for t in texts if (form := form_of(t)) is not None}
    if not forms:
        return list(entries)
    about = {text: vocabulary.find_indicator(text) for text in forms}
    used: dict[str, None] = {}
    settled = []
    for entry in entries:
        indicator = entry.indicator
        flow = indicator is not None and indicator.kind == "flow"
        text = next((t for t in forms if flow and about[t] in (None, indicator)), None)
        if text is not None and entry.facts.form is None:
            entry = replace(entry, facts=replace(entry.facts, form=forms[text]))
            used[text] = None
        settled.append(entry)
    for text in used:
        name = "1月起的累计数" if forms[text] == "cumulative" else "当月数"
        notes.append(f"按说明“{shown(text)}”读作{name}。")
    return settled


def check_remarks(
    remarks: Sequence[tuple[Place, str]],
    figures: Collection[Decimal],
    left_out: bool,
    starred: bool,
    findings: Findings,
) -> None:
    """Refuse a table whose remarks say that some figure was not published, is wrong, or partial.

    Parameters
    ----------
    remarks : sequence of (Place, str)
        Texts and their places.
    figures : collection of decimal.Decimal
        What the table holds, in the units of its indicators.
    left_out : bool
        True if heads or names mark what was not published: it is left out already.
    starred : bool
        True if something in the table bears the mark * of a note.
    findings : Findings
        Receives what is wrong.
    """
    for place, text in remarks:
        folded = fold(text[:_LONGEST])
        part = _PART_OF_MONTH.search(folded)
        why = ""
        expected = _FORESEEN.search(folded) and (starred or "*" not in folded) and not left_out
        if expected and remark_on_publication(_bare(folded)) == "unpublished":
            why = "有的数是预计、预测或计划，不是已公布的数"
        elif replaced_figure(folded, figures):
            why = "有的数有误、作废或已经更正"
        elif part and int(part["d"]) < monthrange(2023, int(part["m"]))[1]:
            why = "有的数不是整月的"
        elif any(units_in(t) and _SINCE.search(t) for t in _CLAUSE.split(folded)):
            why = "各数的单位前后不一"
        elif _SHORT_OF.search(folded):
            why = "缺某个街镇的数"
        elif is_adjusted(folded):
            why = "数是季节调整后的，不是原数"
        if why:
            findings.add("remarked", place, f"说明写着{why}", _REMEDY, text)


def is_adjusted(folded: str) -> bool:
    """Whether a folded text says that figures are seasonally adjusted."""
    adjusted = _ADJUSTED.search(folded)
    return adjusted is not None and not adjusted["not"]


def _bare(folded: str) -> str:
    """A remark without the word that makes it one."""
    return re.sub(r"^\(?(?:注|说明|备注|附注)\d?[:、.)]?", "", folded)


def span_of(remark: str) -> When | None:
    """Months that a remark says the figure of its row covers: 1-2月合计; None if it says none."""
    when = parse_when(_SUMMED.sub("", fold(remark[:40])).strip("()"))
    return when if when is not None and when.is_range else None
