"""What the label columns and section heads of a table say about each row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from employment_forecast.data.catalogue import Region, how_to_register
from employment_forecast.data.errors import nearest
from employment_forecast.data.readers.formats import Value, text_of
from employment_forecast.data.readers.privacy import refuse_personal_text
from employment_forecast.data.readers.tables.axis import (
    DAYS_READ,
    day_of,
    days_are_months,
    decimal_habit,
    month_fault,
    settled,
)
from employment_forecast.data.readers.tables.columns import ATTRIBUTES, Columns
from employment_forecast.data.readers.tables.facts import NOTHING, Facts, facts_of
from employment_forecast.data.readers.tables.layout import Headed, LocatedTable
from employment_forecast.data.readers.tables.regions import (
    REMEDY,
    code_fits,
    division_code,
    is_like_region,
    region_of_office,
)
from employment_forecast.data.readers.tables.remarks import (
    is_adjusted,
    is_revised,
    replaced_figure,
    span_of,
)
from employment_forecast.data.readers.vocabulary import (
    Label,
    Vocabulary,
    When,
    bare_when,
    fold,
    is_doubted,
    parse_amount,
    parse_units,
    remark_on_publication,
    unit_note,
)
from employment_forecast.data.records import Findings, Place, printable, shown

_CODE_HEAD = re.compile("码|code", re.IGNORECASE)
_OTHER_CODE = re.compile("组织|机构代码|信用|邮|电话|手机|单位|行业|职业|zip|post", re.IGNORECASE)
# Heads of columns that name what a row is part of: its code may be of the part.
_WHOLES = ("省份", "省市", "省", "城市", "地市", "市", "地级市", "所属市", "所属区")
_YES = ("true", "1", "是", "yes", "y")


@dataclass(frozen=True)
class TableRow:
    """One data row.

    Attributes
    ----------
    number : int
        Row in the sheet, from 1.
    facts : Facts
        What its labels and section heads say.
    labels : dict of int to str
        Folded text of its labels by column, blank ones left out.
    total_column : int or None
        For 合计 rows the column that says so.
    total_over : str
        For 合计 rows what the rows it adds up differ in: `region`, `when`, `group`, `indicator`
        or `none`.
    sections : tuple of int
        One-cell rows that head it.
    bad : bool
        True if a label was not understood; its values serve only to check totals.
    """

    number: int
    facts: Facts
    labels: dict[int, str]
    total_column: int | None = None
    total_over: str = ""
    sections: tuple[int, ...] = ()
    bad: bool = False


class RowReader:
    """Reads the labels of the data rows of one table."""

    def __init__(
        self,
        table: LocatedTable,
        columns: Columns,
        vocabulary: Vocabulary,
        findings: Findings,
        file: str,
        lenient_regions: bool,
    ) -> None:
        self.table, self.columns, self.vocabulary = table, columns, vocabulary
        self.findings, self.file, self.lenient = findings, file, lenient_regions
        # Names of places that are not in the catalogue.
        self.strangers: dict[str, None] = {}
        self._previous: dict[int, When] = {}
        self._filled: dict[int, str] = {}
        self._habits = {
            c: decimal_habit(self._text(r, c) for r in table.rows)
            for c, d in columns.labels.items()
            if d in ("month", "any")
        }
        heads = (fold(h.label.text) for c in columns.labels for h in table.heads[c])
        self._wholes = any(text in _WHOLES for text in heads)
        self._coded = [
            c
            for c, heads in table.heads.items()
            if c not in columns.values and any(map(heads_codes, heads))
        ]
        self._dated: dict[int, bool] = {}
        self.unpublished: dict[tuple[int, int], str] = {}
        self.mentions: dict[tuple[int, int], str] = {}
        self._block: dict[int, str] = {}
        self._sections_above: tuple[int, ...] = ()
        named = [c for c, d in columns.labels.items() if d in ATTRIBUTES]
        self._fillable = set(named[:-1]) if not table.sheet.merges else set()

    def _text(self, row: int, column: int) -> str:
        return self.table.sheet.text(row, column)

    def place(self, row: int, column: int) -> Place:
        """Provenance of a cell."""
        return Place(self.file, self.table.sheet.name, row, column)

    def read(self) -> Iterator[TableRow]:
        """Data rows, top down."""
        for number in self.table.rows:
            yield self._read(number)

    def _read(self, number: int) -> TableRow:
        facts, labels, bad = NOTHING, {}, False
        stated: dict[int, Label] = {}
        total_column: int | None = None
        unnumbered_total = False  # 合计 written into the column of serial numbers
        remarked: When | None = None
        self._start_block(number)
        has_values = any(self._text(number, c) for c in self.columns.values)
        for column, dimension in self.columns.labels.items():
            value = self.table.sheet.value(number, column)
            if dimension not in ATTRIBUTES:
                text = text_of(value)
                if dimension in ("ignore", "source", "unit"):
                    facts = facts.over(self._remark(number, column, text, has_values))
                if dimension == "ignore" and value is not None:
                    unnumbered_total |= self.vocabulary.classify(text).total == "total"
                    remarked = span_of(text) or remarked
                    facts = facts.over(Facts(units=unit_note(text)))
                elif value is not None:
                    facts = self._extra(number, column, dimension, value).over(facts)
                continue
            label = self._label(number, column, dimension, value)
            if label is None:
                continue
            labels[column] = fold(label.text)
            if not self._fits(label, dimension):
                if has_values:
                    self._report(number, column, dimension, label)
                bad = True
                facts = Facts(part=label.part).over(facts)
                continue
            if label.unpublished and has_values:
                self.unpublished[number, column] = label.text
            if label.region is not None:
                stated[column] = label
            facts = self._one_region(number, column, facts_of([label]), facts).over(facts)
            if label.total and not label.indicator and not label.region:
                total_column = column
        if has_values and facts.region is not None:
            self._check_named(number, stated)
            self._check_codes(number, facts.region)
        attributes = [c for c, d in self.columns.labels.items() if d in ATTRIBUTES]
        if total_column is None and unnumbered_total and attributes and not labels:
            total_column = attributes[0]
            facts = Facts(total="total").over(facts)
        elif total_column is None and facts.total is not None:
            facts = replace(facts, total=None)
        if remarked and facts.when and (facts.when.first, facts.when.last) == (remarked.last,) * 2:
            facts = replace(facts, when=replace(facts.when, first=remarked.first))
        return TableRow(
            number,
            facts.over(self._sections(number)),
            labels,
            total_column,
            self._kind(total_column) if total_column else "",
            tuple(self.table.sections.get(number, ())),
            bad,
        )

    def _one_region(self, number: int, column: int, label: Facts, before: Facts) -> Facts:
        """A label whose region is the lower one of two (上海市, 嘉定区); others contradict."""
        if label.region is None or before.region is None:
            return label
        lower = self.vocabulary.catalogue.lower(label.region, before.region)
        if lower is None:
            self._contradict(number, column, before.region)
        return replace(label, region=lower or label.region)

    def _check_named(self, number: int, stated: dict[int, Label]) -> None:
        """Hold codes that are of a part against the lowest region that the row names in words."""
        coded = {c: x.region for c, x in stated.items() if x.region and division_code(x.text)}
        named: Region | None = None
        for column, label in stated.items():
            if column not in coded and label.region is not None:
                lower = self.vocabulary.catalogue.lower(label.region, named or label.region)
                named = lower or label.region
        if named is None or self._wholes:
            return
        for column, region in coded.items():
            if self.vocabulary.catalogue.lower(region, named) not in (named, None):
                self._contradict(number, column, named)

    def _contradict(self, number: int, column: int, region: Region) -> None:
        self.findings.add(
            "contradiction",
            self.place(number, column),
            f"与同一行的{region.name}（{region.code}）不是同一个地区",
            REMEDY,
            self._text(number, column),
        )

    def _check_codes(self, number: int, region: Region) -> None:
        """Hold the division code that a row has beside its region against it."""
        for column in self._coded:
            code = division_code(self._text(number, column))
            below = code_fits(code, region, self.vocabulary.catalogue, below=self._wholes)
            if code and not below:
                self._contradict(number, column, region)

    def _remark(self, number: int, column: int, text: str, has_values: bool) -> Facts:
        """What a remark says of its row: that it was not published, or just something about it."""
        said = remark_on_publication(text) if has_values else ""
        if has_values and replaced_figure(text, self._figures(number)):
            self.findings.add(
                "remarked",
                self.place(number, column),
                "备注写明这一行的数作废，或应为另一个数",
                "请改正这个数，并去掉这句备注后重新导入。",
                text,
            )
        if said == "unpublished":
            self.unpublished[number, column] = text
            return Facts(skip=True)
        why = "的数是季节调整后的" if is_adjusted(fold(text[:200])) else ""
        why = "只是一部分人的数" if self._adds_group(number, text) else why
        if why and has_values:
            self.findings.add(
                "remarked",
                self.place(number, column),
                f"备注写明这一行{why}",
                "请改用全部的数，并去掉这句备注后重新导入；一部分人的数请加“群体”一栏。",
                text,
            )
        if said or (has_values and is_doubted(text)):
            self.mentions[number, column] = text
        return NOTHING

    def _adds_group(self, number: int, text: str) -> bool:
        """Whether a remark is a group of people that neither its row nor a head states."""
        label = self.vocabulary.classify(text)
        if not (label.known and label.group):
            return False
        labels = (self.vocabulary.classify(self._text(number, c)) for c in self.columns.labels)
        stated = [x.group for x in labels if x.text != text]
        stated += [facts.group for facts in self.columns.values.values()]
        return not any(stated)

    def _figures(self, number: int) -> set[Decimal]:
        amounts = (
            parse_amount(self.table.sheet.value(number, column)) for column in self.columns.values
        )
        return {
            a.number * (a.unit.factor if a.unit else 1) for a in amounts if a.number is not None
        }

    def _start_block(self, number: int) -> None:
        """Forget the times of the rows above where another region or indicator begins."""
        block = dict(self._block)
        for column, dimension in self.columns.labels.items():
            named = dimension if dimension != "any" else self.columns.kinds.get(column)
            text = fold(self._text(number, column))
            if named in ("region", "indicator", "group") and text:
                block[column] = text
        sections = tuple(self.table.sections.get(number, ()))
        if block != self._block or sections != self._sections_above:
            self._previous.clear()
        self._block, self._sections_above = block, sections

    def _kind(self, column: int) -> str:
        kind = self.columns.kinds.get(column, "none")
        if kind == "none" and self.columns.labels[column] == "region":
            return "region"
        return kind

    def _label(self, row: int, column: int, dimension: str, value: Value | None) -> Label | None:
        """Label of one cell, None if it is blank."""
        text = text_of(value)
        if text.strip():
            self._filled[column] = text
        elif column in self._fillable and self._names_something_else(row, column):
            above = self._filled.get(column, "")
            text = "" if self._names_its_region(row, column, above) else above
        if not text.strip():
            return None
        label = self.vocabulary.classify(text)
        if not label.known and (column in self.columns.bare or dimension == "month"):
            when = bare_when(text)
            label = Label(text, when=when) if when is not None else label
        elif not label.known and dimension == "region":
            label = replace(label, region=region_of_office(text, self.vocabulary))
            label = replace(label, residue="") if label.region else label
        if label.when is not None:
            settled_when = self._settled(column, self._without_day(row, column, label.when))
            if settled_when is not label.when:
                label = replace(label, when=settled_when)
        return label

    def _without_day(self, row: int, column: int, when: When) -> When:
        """The month alone where the days of its column only date the months."""
        if when.day is None:
            return when
        if column not in self._dated:
            labels = (self.vocabulary.classify(self._text(r, column)) for r in self.table.rows)
            self._dated[column] = days_are_months(x.when for x in labels if x.when is not None)
            if self._dated[column]:
                self.findings.add(
                    "day_in_month", self.place(row, column), *DAYS_READ, self._text(row, column)
                )
        return replace(when, day=None) if self._dated[column] else when

    def _names_something_else(self, row: int, column: int) -> bool:
        others = (c for c, d in self.columns.labels.items() if c > column and d in ATTRIBUTES)
        return any(self._text(row, c) for c in others)

    def _names_its_region(self, row: int, column: int, above: str) -> bool:
        """Whether a row says where it is, so that a blank beside does not mean the one above."""
        labels = self.columns.labels
        if labels[column] != "region":
            return False
        coded = bool(division_code(above))
        others = (c for c, d in labels.items() if d == "region" and c != column)
        return any(self._text(row, c) for c in others if coded or c < column)

    def _settled(self, column: int, when: When) -> When:
        if when.last is None:
            self._previous.pop(column, None)
            return when
        settled_when = settled(
            when, self._previous.get(column), self._habits.get(column, "unknown")
        )
        self._previous[column] = settled_when
        return settled_when

    @staticmethod
    def _fits(label: Label, dimension: str) -> bool:
        if label.derived or label.ignored or label.total:
            return True
        if not label.known or label.heading:
            return False
        wanted = {
            "region": label.region,
            "indicator": label.indicator or label.group,
            "group": label.group,
            "month": label.when,
            "year": label.when,
        }
        return dimension == "any" or bool(wanted[dimension]) or bool(label.group)

    def _report(self, row: int, column: int, dimension: str, label: Label) -> None:
        place = self.place(row, column)
        kind = self.columns.kinds.get(column, "none") if dimension == "any" else dimension
        if label.part and not label.region and dimension not in ("month", "year"):
            self.findings.add(
                "unknown_label",
                place,
                "“其中”的分组不在目录中，该行略去",
                "需要导入时，请在 mapping.toml 的 [groups] 里写明它对应的群体。",
                label.text,
            )
        elif kind == "region":
            self.strangers[label.text] = None
            if not self.lenient:
                names = (
                    [n for r in self.vocabulary.catalogue.regions for n in (r.name, *r.aliases)]
                    if self.findings.may_hint()
                    else []
                )
                close = "、".join(nearest(shown(label.text), names))
                self.findings.add(
                    "unknown_region",
                    place,
                    "地区不在目录中",
                    (f"最接近的有：{close}。" if close else "")
                    + how_to_register(label.text)
                    + "不需要的地区可在 mapping.toml 的 [regions] 里写成 ignore。",
                    label.text,
                )
        elif kind in ("month", "year", "when"):
            self.findings.add("unknown_month", place, *month_fault(label.text), label.text)
        elif is_revised(label.text, self.vocabulary):
            self.findings.add(
                "remarked",
                place,
                "同一张表里另有修订、更正或核实的数，不知道以哪一行为准",
                "请只保留最终的数；修订以前月份时，先导入原数，再用 --revise 导入修订数。",
                label.text,
            )
        else:
            self.findings.add(
                "unknown_label",
                place,
                "指标或分组名称不在目录中，该行略去",
                unknown_hint(label, self.vocabulary, self.findings),
                label.text,
            )

    def _extra(self, row: int, column: int, dimension: str, value: Value) -> Facts:
        """Facts from unit, publication day, source and demo columns."""
        text = text_of(value)
        if dimension == "unit":
            return Facts(units=self.vocabulary.classify(text).units or parse_units(text))
        if dimension == "source":
            return Facts(source=source_of(text, f"{self.place(row, column)}"))
        if dimension == "demo" and (fold(text) in _YES or fold(text) in ("演示", "演示数据")):
            self.findings.add(
                "demo",
                self.place(row, column),
                "这是演示数据，不能当作真实数据导入",
                "请删去演示行；演示数据由程序自带，无需导入。",
                text,
            )
            return Facts(skip=True)
        if dimension == "unpublished" and fold(text) in _YES:
            self.unpublished[row, column] = text
            return Facts(skip=True)
        if dimension == "published_on":
            day = value if isinstance(value, date) else day_of(text)
            if day is None:
                self.findings.add(
                    "unknown_month",
                    self.place(row, column),
                    "发布日期无法识别",
                    "请写成 2021-04-18 这样的年-月-日。",
                    text,
                )
            return Facts(published_on=day)
        return Facts()

    def _sections(self, row: int) -> Facts:
        facts = NOTHING
        for section in self.table.sections.get(row, []):
            for column in sorted(self.table.sheet.rows[section]):
                label = self.vocabulary.classify(self._text(section, column))
                if label.unpublished:
                    self.unpublished[section, column] = label.text
                if label.known and not label.heading and (label.states or label.units):
                    facts = facts_of([label]).over(facts)
        return replace(facts, total=None) if facts.total else facts


def heads_codes(head: Headed) -> bool:
    """True for the head of a column of codes, which may be those of regions."""
    text = head.label.text
    return _CODE_HEAD.search(text) is not None and not _OTHER_CODE.search(text)


def source_of(text: str, place: str) -> str:
    """A source as it is kept; raises RefusedError for one that names a person."""
    refuse_personal_text(text, f"{place}的来源")
    return printable(" ".join(text.split()))


def unknown_hint(label: Label, vocabulary: Vocabulary, findings: Findings) -> str:
    """Remedy for a name outside the catalogue, with the nearest known ones."""
    known = vocabulary.catalogue.indicators if findings.may_hint() else ()
    names = [n for i in known for n in (i.name, *i.synonyms)]
    if is_like_region(label.text):
        return (
            f"像是地区：需要导入时，{how_to_register(label.text)}"
            "也可在 mapping.toml 的 [regions] 里写明它对应的地区。"
        )
    close = "、".join(nearest(shown(label.text), names))
    return (
        f"最接近的有：{close}。" if close else "指标名称可用 forecast indicators 查看。"
    ) + "需要导入时，请在 mapping.toml 的 [indicators] 里写明它对应的指标。"
