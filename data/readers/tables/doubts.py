"""What titles, names and units beside values leave open: refused, or noted."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from employment_forecast.data.readers.formats import text_of
from employment_forecast.data.readers.tables.columns import Columns
from employment_forecast.data.readers.tables.entries import ValueCell
from employment_forecast.data.readers.tables.facts import Facts, context
from employment_forecast.data.readers.tables.layout import LocatedTable, is_note
from employment_forecast.data.readers.tables.remarks import is_adjusted
from employment_forecast.data.readers.vocabulary import Vocabulary, When, fold, parse_unit
from employment_forecast.data.records import Findings, Place, shown

# What a title says of its time that makes it no month of the calendar.
_NO_MONTH = (
    (
        re.compile(
            r"月份?(?:[上中下]旬|[上下]半月|第?[一二三四五1-5]周|初(?![步次始]))|第\d{1,2}周"
        ),
        "不是整月",
    ),
    (
        re.compile(r"(?:月份?|季度|年度?)(?:[日月周季]?均(?![衡等可为已按含])|[日月周季]?平均)"),
        "是平均数，不是某月的数",
    ),
    (re.compile(r"(?:农历|阴历|夏历)(?=\d{4}年)|\d年?(?:财年|财政年度|学年)"), "不是公历年月"),
)
# What a title or a name says of its figures that makes them others than those of the head.
_OTHERS = (
    (
        # No 网上年报, 线上月报.
        re.compile(
            "(?<![网线以])上[年月期]|(?<!过)去年|同[比期]|环比|增[幅速]|净[增减]|占比|比重"
            "|增减(?!变[化动])|[增减变][加少动化][量数]|排名|位次"
        ),
        "是比较或变动的数，或另一个时期的数",
    ),
    (
        re.compile("平均(?:[人数值]|$)|[动月年季]平均|均值|[日月年季]均(?![衡等可为已按含])"),
        "是平均数",
    ),
    (re.compile("抽样|估算|推算"), "是抽样或估算的数"),
    (re.compile("控制(?:数|线|上限)(?!.*(?:完成|执行|实[际绩]))"), "是控制数"),
)
# 16岁以上 are all who may work.
_SOME_PEOPLE = re.compile(
    r"(?<!\d)(?!16周?岁及?以上)\d+周?岁|(?<![按分])户籍(?!所在|地)|来沪|零就业家庭|低保"
    "|外(?:来|[省市]市?|地)(?:人员|人口|从业|务工|劳动力)|农村(?:劳动力|人员|户口)?(?:登记)?失业"
)
_ADDED_PEOPLE = re.compile(r"(?<![不未])含[^()]*")  # 登记失业（含长期失业）
# Times of a series in the tables above, by region, indicator and group.
Times = dict[tuple[object, ...], list[When]]


def _turns_of_year(times: Sequence[When]) -> Iterator[int]:
    """Where times in the order of a sheet run on into another year that is not theirs: 12月, 1月.

    What was named before (1月 … 12月, 1月) is the same month again. Spans turn only behind the
    one before (三季度, 四季度, 一季度; 1—11月, 1—12月, 1—2月): 全年 may stand before 上半年.
    """
    seen: set[int | None] = set()
    for index, (before, when) in enumerate(pairwise(times), 1):
        seen.add(before.last)
        if when.last in seen or when.year != before.year:
            continue
        earlier = times[index - 2] if index > 1 else None
        alike = earlier is not None and earlier.is_range == before.is_range and when.is_range
        alike = alike and (before.first != 1 or times[index - 2].last == 11)
        single = not (before.is_range or when.is_range)
        falling = single and earlier is not None and (earlier.last, before.last) == (2, 1)
        rising = (single or alike) and before.last == 12 and when.first == 1
        if rising or (falling and when.first == 12):
            yield index


def _check_turns(
    table: LocatedTable,
    columns: Columns,
    values: Sequence[ValueCell],
    vocabulary: Vocabulary,
    above: Times,
    findings: Findings,
) -> None:
    """Refuse a month that follows December and has the year of a title, or of a cell before.

    A table without a year of its own goes on from those above it: `above`, which is brought up to
    date.
    """
    series = defaultdict[tuple[object, ...], list[tuple[ValueCell, When]]](list)
    for entry in values:
        if entry.when is not None and entry.when.last is not None:
            series[entry.region, entry.indicator, entry.facts.group].append((entry, entry.when))
    own = context(table.sheet, table.own_banners, vocabulary).when
    for key, dated in series.items():
        times, before = [when for _, when in dated], above.get(key, [])
        above[key] = [*before, *times]
        last = [when.last for when in before[-2:] if not when.is_range]
        if (own is not None and own.year) or last not in ([11, 12], [2, 1]):
            before = []
        turns = (at - len(before) for at in _turns_of_year([*before, *times]))
        for entry, when in (dated[at] for at in turns if at >= 0):
            if when.year is not None and not _states_year(table, columns, entry, vocabulary):
                findings.add(
                    "unknown_month",
                    entry.place,
                    f"各月跨了年，{when.last}月自己没有写年份，不能都算{when.year}年的",
                    "请在每个月份前写明年份，如 2025年12月、2026年1月。",
                    entry.raw,
                )
                break


def _check_later(
    table: LocatedTable,
    columns: Columns,
    values: Sequence[ValueCell],
    vocabulary: Vocabulary,
    said: When | None,
    findings: Findings,
) -> None:
    """Refuse 11月 under a title or name of 2025年1月: it is of the year before."""
    if said is None or said.year is None or said.last is None:
        return
    for entry in values:
        when = entry.when
        if entry.number is None or when is None or when.last is None:
            continue  # months to come are printed in advance
        if when.year != said.year or when.last <= said.last:
            continue
        if not _states_year(table, columns, entry, vocabulary):
            findings.add(
                "unknown_month",
                entry.place,
                f"题名或文件名写的是{_words(said)}，{when.last}月在它之后，自己没有写年份",
                "请在每个月份前写明年份，如 2025年12月、2026年1月。",
                entry.raw,
            )
            return


def _states_year(
    table: LocatedTable, columns: Columns, entry: ValueCell, vocabulary: Vocabulary
) -> bool:
    """Whether the row or the column of a value states the year in a cell of its own."""
    cells = table.sheet.rows.get(entry.place.row, {})
    texts = (text_of(cells[c]) for c in columns.labels if c in cells)
    heads = (h for h in table.heads[entry.place.column] if h.column == entry.place.column)
    labels = [*map(vocabulary.classify, texts), *(h.label for h in heads)]
    return any(label.when is not None and label.when.year for label in labels)


def other_time(title: When | None, named: When | None, name: str) -> list[str]:
    """The note on a name of a sheet or file that speaks of another time than the title."""
    if title is None or named is None:
        return []
    pairs = ((title.year, named.year), (title.last, named.last))
    if not any(a and b and a != b for a, b in pairs):
        return []
    return [f"表题写的是{_words(title)}，{name}写的是{_words(named)}，按表题读取，请核对。"]


def _words(when: When) -> str:
    return (f"{when.year}年" if when.year else "") + (f"{when.last}月" if when.last else "")


def _check_titles(
    table: LocatedTable,
    values: Sequence[ValueCell],
    vocabulary: Vocabulary,
    file: str,
    findings: Findings,
) -> None:
    """Refuse figures whose month is that of a title which speaks of no month, or of two."""
    undated = [e for e in values if not _states_month(e)]
    if not undated:
        return
    name = table.sheet.name
    titles = [(Place(file, name, r, c), text) for r, c, text in _titles(table)]
    title = context(table.sheet, table.banners, vocabulary).when
    names = [name] if title is not None and title.last is not None else [name, Path(file).stem]
    for place, text in (*titles, *((undated[0].place, name) for name in names)):
        folded = fold(text[:200])
        why = next((why for pattern, why in _NO_MONTH if pattern.search(folded)), "")
        if why:
            findings.add(
                "unknown_month",
                place,
                f"“{shown(text)}”说的{why}",
                "请提供整月（月末）的数，标题写成 2025年3月；月中数请设“截至日期”一列。",
                text,
            )
            return
    named = vocabulary.classify(name).when
    months = [when.last for when in (title, named) if when is not None and when.last]
    if title is not None and named is not None and len(set(months)) > 1:
        findings.add(
            "contradiction",
            undated[0].place,
            f"表题写的是{_words(title)}，工作表名写的是{_words(named)}，不知道是哪个月的数",
            "请改正表题或工作表名，两者写同一个月。",
            undated[0].raw,
        )


def subject_of(text: str, vocabulary: Vocabulary) -> tuple[str, frozenset[str] | None]:
    """What a title or name says that figures are, if not those of everybody.

    Returns
    -------
    str
        Empty if it says nothing of the kind.
    frozenset of str or None
        Where it is some people: their groups, as far as the catalogue knows them.
    """
    folded, label = fold(text[:200]), vocabulary.classify(text)
    why = next((why for pattern, why in _OTHERS if pattern.search(folded)), "")
    why = why or ("是季节调整后的数" if is_adjusted(folded) else "")
    bare = _ADDED_PEOPLE.sub("", folded)
    groups = vocabulary.groups_in(bare)
    people = groups or _SOME_PEOPLE.search(bare) is not None
    if not why and people and not (label.known and label.group):
        return "是一部分人的数", groups
    return why, None


def _check_subject(
    table: LocatedTable,
    columns: Columns,
    values: Sequence[ValueCell],
    vocabulary: Vocabulary,
    file: str,
    findings: Findings,
) -> None:
    """Refuse figures under a title or name that speaks of comparisons or of some people only.

    Not where heads or rows of the table speak of the same themselves: then the others are the rest.
    """
    names = [table.sheet.name, Path(file).stem]
    titles = [(Place(file, table.sheet.name, r, c), text) for r, c, text in _titles(table)]
    doubts: list[tuple[Place | None, str, str, frozenset[str] | None]] = []
    for place, text in (*titles, *((None, name) for name in names)):
        why, groups = subject_of(text, vocabulary)
        if why:
            doubts.append((place, text, why, groups))
    if not doubts or not values:
        return
    labels = [h.label for heads in table.heads.values() for h in heads]
    cells = (table.sheet.text(r, c) for r in table.rows for c in columns.labels)
    labels += map(vocabulary.classify, cells)
    stated = {x.group for x in labels if x.group}.union(
        *(vocabulary.groups_in(x.text) for x in labels)
    )
    unknown_part = any(x.part and not x.group for x in labels)
    compared = any(x.derived for x in labels)
    for place, text, why, groups in doubts:
        if compared if groups is None else unknown_part or (stated and groups <= stated):
            continue
        findings.add(
            "contradiction",
            place or values[0].place,
            f"“{shown(text)}”说的{why}，表头却没有说",
            "若确是这样的数，请在表头写明"
            + ("（如 登记失业人数（高校毕业生））" if groups is not None else "")
            + "或不导入；若不是，请改正题名或文件名。",
            text,
        )
        return


def _states_month(entry: ValueCell) -> bool:
    return any(f.when is not None and f.when.last for f in (entry.row.facts, entry.column))


def _titles(table: LocatedTable) -> Iterator[tuple[int, int, str]]:
    for row in table.banners:
        for column, value in sorted(table.sheet.rows.get(row, {}).items()):
            text = text_of(value)
            if (row, column) not in table.sheet.covered and not is_note(text):
                yield row, column, text


def question(
    table: LocatedTable,
    columns: Columns,
    background: Facts,
    values: Sequence[ValueCell],
    vocabulary: Vocabulary,
    above: Times,
    file: str,
    findings: Findings,
) -> list[str]:
    """Refuse times that are not those of the figures; return notes on what is doubtful."""
    _check_turns(table, columns, values, vocabulary, above, findings)
    _check_later(table, columns, values, vocabulary, background.when, findings)
    _check_titles(table, values, vocabulary, file, findings)
    _check_subject(table, columns, values, vocabulary, file, findings)
    title = context(table.sheet, table.banners, vocabulary).when
    notes = _no_such_year(title, values)
    first = {(e.facts.label, e.indicator, e.unit): e for e in values if e.number is not None}
    flows = any(i is not None and i.kind == "flow" for _, i, _ in first)
    titled = "" if flows else _titled_flow(table, file)
    for (label, indicator, unit), entry in first.items():
        if indicator is None:
            continue
        if indicator.kind == "stock" and (said := _said_new(table, entry)):
            findings.add(
                "form",
                entry.place,
                f"“{shown(said)}”说的是当月新增的人数，不是期末的“{indicator.name}”",
                "新登记的人数请把栏名写成“新登记失业人数”；确是期末数的，请去掉“新增”。",
                entry.raw,
            )
        if titled and indicator.kind == "stock" and "失业" in indicator.name:
            findings.add(
                "form",
                entry.place,
                f"“{shown(titled)}”说的是新增、减少或累计的人数，不是期末的“{indicator.name}”",
                "新登记的人数请把栏名写成“新登记失业人数”；确是期末数的，请改正题名或文件名。",
                entry.raw,
            )
        if indicator.kind == "stock" and vocabulary.classify(label).form == "monthly":
            name = f"“{shown(label)}”读作期末的“{indicator.name}”"
            notes.append(f"{name}；若是当月新增的人数，请改正名称。")
        counted = parse_unit(indicator.unit)
        if unit is None and background.units and counted and counted.dimension == "persons":
            said = "、".join(u.name for u in background.units)
            if all(u.factor != 1 and u.dimension != "money" for u in background.units):
                findings.add(
                    "unit_conflict",
                    entry.place,
                    f"表上写的单位“{said}”不是“{indicator.name}”的单位",
                    f"请在表头写明这一栏的单位，如 {indicator.name}（{indicator.unit}）。",
                    entry.raw,
                )
                continue
            unfit = f"单位“{said}”不是“{indicator.name}”的单位"
            notes.append(f"{unfit}，按{indicator.unit}读取，请核对。")
    return notes


_NEW = re.compile("新增|净增|失业登记人")


_FLOW = re.compile(
    "(?:新增(?:城镇)?(?:登记)?|新登记|累计新?(?:登记)?)失业(?!保险)"
    "|失业(?:登记)?(?:人员|人数)?(?:新增|注销|退出|[增减][加少])"
)


def _titled_flow(table: LocatedTable, file: str) -> str:
    """The title or name that speaks of those who came or went; empty if there is none."""
    texts = (*(text for *_, text in _titles(table)), table.sheet.name, Path(file).stem)
    return next(filter(is_of_flow, texts), "")


def is_of_flow(text: str) -> bool:
    """Whether a title or name speaks of the unemployed who came or went."""
    return _FLOW.search(fold(text[:200])) is not None


def _said_new(table: LocatedTable, entry: ValueCell) -> str:
    """The head or label by which a figure is one of a month, new in it; empty if there is none."""
    if entry.facts.form != "monthly":
        return ""
    heads = (h.label.text for h in table.heads[entry.place.column])
    return next((t for t in (*heads, *entry.row.labels.values()) if _NEW.search(fold(t))), "")


def _no_such_year(title: When | None, values: Sequence[ValueCell]) -> list[str]:
    """The note on a title with a year that no value of its table is of."""
    years = {e.when.year for e in values if e.when is not None}
    if title is None or title.year is None or not years or title.year in years:
        return []
    return [f"表题写的是{title.year}年，表中各月都不是这一年的，请核对。"]
