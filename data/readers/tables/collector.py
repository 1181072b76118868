"""From sheets to readings: tables read one by one, options applied, forms settled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import lru_cache
from itertools import islice

import pandas as pd

from employment_forecast.data.catalogue import Indicator, Region, how_to_register
from employment_forecast.data.readers.formats import Sheet, text_of
from employment_forecast.data.readers.tables.axis import DAY_REMEDY, DAYS_READ
from employment_forecast.data.readers.tables.background import Background
from employment_forecast.data.readers.tables.columns import Columns, roles, side_by_side
from employment_forecast.data.readers.tables.doubts import Times, question
from employment_forecast.data.readers.tables.entries import EntryReader, ValueCell
from employment_forecast.data.readers.tables.facts import (
    Facts,
    UnitRemark,
    facts_of,
    unit_remarks,
)
from employment_forecast.data.readers.tables.firms import (
    FirmReader,
    is_firm_table,
    lacking_measures,
)
from employment_forecast.data.readers.tables.forms import Settled, settle_forms
from employment_forecast.data.readers.tables.layout import LocatedTable, is_note, locate
from employment_forecast.data.readers.tables.part_months import (
    PartMonthReader,
    is_part_month_sheet,
)
from employment_forecast.data.readers.tables.plausibility import settle_sizes
from employment_forecast.data.readers.tables.regions import (
    check_regions,
    column_of_offices,
    is_like_region,
)
from employment_forecast.data.readers.tables.remarks import (
    check_remarks,
    is_revised,
    with_stated_forms,
)
from employment_forecast.data.readers.tables.rows import RowReader, TableRow, unknown_hint
from employment_forecast.data.readers.tables.totals import settle_totals
from employment_forecast.data.readers.vocabulary import (
    Vocabulary,
    When,
    is_unpublished_title,
    looks_like_value,
    unread_unit,
)
from employment_forecast.data.records import (
    Findings,
    FirmMonth,
    Observation,
    PartMonth,
    Place,
    Reading,
    shown,
)

_MOST_HEADS = 8
_MOST_LOOKED_AT = 1000
_PROBE = 20_000
_FIRM_COLUMNS = (
    "请把栏名改成这样；要保留原名的，在 mapping.toml 的 [columns] 里写明"
    "（base、hires、separations、end）。"
)


class Collector:
    """Collects what the sheets of one file hold.

    Parameters
    ----------
    file : str
        File name, for provenance and as a last hint.
    vocabulary : Vocabulary
        Recognises labels.
    region, indicator : Region, Indicator or None
        Options: fill what no table states, and filter what one does.
    published_on : datetime.date or None
        Day of publication where no column says so.
    source : str
        Source where no column says so.
    """

    def __init__(
        self,
        file: str,
        vocabulary: Vocabulary,
        region: Region | None,
        indicator: Indicator | None,
        published_on: date | None,
        source: str,
    ) -> None:
        self.file, self.vocabulary = file, vocabulary
        self.region, self.indicator = region, indicator
        self.published_on, self.source = published_on, source
        self.findings = Findings()
        self.notes: list[str] = []
        self.background = Background(file, vocabulary, region, indicator, self.notes)
        self.firms: list[FirmMonth] = []
        self.part_months: list[PartMonth] = []
        self._entries: list[ValueCell] = []
        self._filtered = self._totals = 0
        self._sheets: list[str] = []
        self._strangers: dict[str, None] = {}
        self._no_firms: dict[Place, str] = {}
        self._heads: list[str] = []
        self._said: set[tuple[str, str]] = set()
        self._times: Times = {}

    def read_sheet(self, sheet: Sheet) -> None:
        """Read every table of one sheet."""
        self._sheets.append(sheet.name)
        self._times = {}
        if is_part_month_sheet(sheet):
            self.part_months += PartMonthReader(
                sheet,
                self.vocabulary,
                self.file,
                self.findings,
                self.region,
                self.published_on,
                self.source,
            ).read()
            return
        mapping = self.vocabulary.mapping
        for table in locate(sheet, self.vocabulary, mapping.header_rows):
            background = self.background.of(table)
            if is_firm_table(table):
                reader = FirmReader(
                    table,
                    self.vocabulary,
                    background,
                    mapping.base,
                    self.file,
                    self.findings,
                    self.published_on,
                    self.source,
                )
                rows = reader.read()
                wanted = [r for r in rows if not self.region or r.region == self.region.code]
                self._filtered += len(rows) - len(wanted)
                self.firms += wanted
            elif lacking := lacking_measures(table):
                place = Place(self.file, sheet.name, table.rows[0], min(table.heads))
                self._no_firms[place] = f"像是监测企业表，没有认出{'、'.join(lacking)}这几栏"
            else:
                self._read_table(table, background)

    def _read_table(self, table: LocatedTable, background: Facts) -> None:
        columns = roles(table, self.vocabulary)
        unstated = self.background.region_unstated and background.region in (None, self.region)
        if unstated and "region" not in columns.labels.values():
            offices = column_of_offices(table)
            columns.labels |= {} if offices is None else {offices: "region"}
        below = (heads[-1].label.text for _, heads in sorted(table.heads.items()) if heads)
        self._heads += islice(map(shown, below), max(0, _MOST_HEADS - len(self._heads)))
        self._take_as_named(table, columns)
        self._report_unknown(table, columns)
        if columns.dated:
            head = table.heads[columns.dated][-1]
            place = Place(self.file, table.sheet.name, head.row, head.column)
            self.findings.add("day_in_month", place, *DAYS_READ, head.label.text)
        blocks = side_by_side(columns)
        if len(table.rows) > _PROBE and self._lacks_something(table, blocks[0], background):
            # That refuses the file: what the other rows hold need not be found out.
            del table.rows[_PROBE:]
        readers = [self._rows_of(table, block) for block in blocks]
        rows = [list(reader.read()) for reader in readers]
        self._strangers |= {shown(name): None for reader in readers for name in reader.strangers}
        if self._is_unpublished(table, columns, readers):
            return
        for block, own in zip(blocks, rows, strict=True):
            entries = self._entries_of(table, block, background, own)
            figures = {v for e in entries if (v := e.converted()) is not None}
            heads = (h.label for heads in table.heads.values() for h in heads)
            left_out = any(h.unpublished for h in heads) or any(r.unpublished for r in readers)
            remarks = self._remarks(table)
            starred = bool(remarks) and any(
                "*" in e.raw or any("*" in text for text in e.row.labels.values()) for e in entries
            )
            check_remarks(remarks, figures, left_out, starred, self.findings)
            texts = [text for _, text in remarks]
            entries = with_stated_forms(entries, texts, self.vocabulary, self.notes)
            # A total under the last of several blocks may add up all of them.
            sink = self.findings if len(blocks) == 1 else Findings()
            catalogue = self.vocabulary.catalogue if len(blocks) == 1 else None
            beside = {
                c for c, hs in table.heads.items() if any(h.label.text[:1] == "全" for h in hs)
            }
            places = any(is_like_region(h.label.text) for h in columns.unknown.values())
            values, totals, wholes = settle_totals(entries, block, sink, catalogue, beside, places)
            where = f"工作表“{shown(table.sheet.name)}”" if table.sheet.name else "表中"
            if wholes:
                self.notes.append(f"{where}的合计作为{'、'.join(wholes)}自己的数导入。")
            self._totals += totals
            if totals:
                use = "只用于核对，没有导入" if len(blocks) == 1 else "没有核对，也没有导入"
                self.notes.append(f"{where}的合计、小计{use}。")
            self._check_regions(table, values)
            self.notes += question(
                table, block, background, values, self.vocabulary, self._times, self.file,
                self.findings,
            )  # fmt: skip
            self._collect([e for e in values if e.number is not None])

    def _check_regions(self, table: LocatedTable, values: list[ValueCell]) -> None:
        """Hold the regions of values against titles and names, as far as those are wanted."""
        read = {e.facts.region.code: e.facts.region for e in values if e.facts.region is not None}
        wanted = [r for r in read.values() if self.region in (None, r)]
        stated = any(e.row.facts.region or e.column.region for e in values)
        vocabulary, findings = self.vocabulary, self.findings
        labels: dict[str, None] = {}
        if not stated:
            columns = dict.fromkeys(e.place.column for e in values)
            labels = dict.fromkeys(h.label.text for c in columns for h in table.heads[c])
            labels |= {text: None for e in values for text in e.row.labels.values()}
        self.notes += check_regions(table, vocabulary, wanted, stated, self.file, findings, labels)

    def _take_as_named(self, table: LocatedTable, columns: Columns) -> None:
        """Where an option names the indicator, the one column of numbers holds it."""
        if self.indicator is None or len(columns.unknown) != 1:
            return
        if any(not f.skip for f in columns.values.values()):
            return
        ((column, head),) = columns.unknown.items()
        if is_like_region(head.label.text):
            return
        columns.unknown.clear()
        columns.values[column] = facts_of(h.label for h in table.heads[column] if h.label.known)
        self.notes.append(f"栏目“{shown(head.label.text)}”按 --indicator 作{self.indicator.name}。")

    def _lacks_something(self, table: LocatedTable, columns: Columns, background: Facts) -> bool:
        """Whether no figure of the first rows has its indicator, region and month stated."""
        probe, unheard = replace(table, rows=table.rows[:_PROBE]), Findings()
        rows = list(self._rows_of(probe, columns, unheard).read())
        cells = EntryReader(probe, columns, background, self.file, False, unheard)
        entries = [e for row in rows for e in cells.read(row) if e.number is not None]
        return bool(entries) and not any(
            f.indicator and f.region and f.when and f.when.year and f.when.last
            for f in (entry.facts for entry in entries)
        )

    def _rows_of(
        self, table: LocatedTable, columns: Columns, findings: Findings | None = None
    ) -> RowReader:
        sink = self.findings if findings is None else findings
        lenient = self.region is not None
        return RowReader(table, columns, self.vocabulary, sink, self.file, lenient)

    def _is_unpublished(self, table: LocatedTable, columns: Columns, rows: list[RowReader]) -> bool:
        """Say what was not published and is left out; True if that is the whole table."""
        marked = {place: text for reader in rows for place, text in reader.unpublished.items()}
        for column, facts in columns.values.items():
            heads = (h for h in table.heads[column] if facts.skip and h.label.unpublished)
            if (head := next(heads, None)) and _has_numbers(table, column):
                marked[head.row, head.column] = head.label.text
        title = next(iter(_titles_of_plans(table)), None)
        if title is not None and not marked:
            place = Place(self.file, table.sheet.name, *title[:2]) if title[0] else None
            self.findings.add(
                "not_published",
                place,
                "题名写明是预计、预测、计划或目标，整张表略去",
                "已公布的数请改正题名后导入；计划、目标请登记为控制数（forecast caps）。",
                title[2],
            )
            return True
        if marked:
            (first, text), more = min(marked.items()), len(marked) - 1
            self.findings.add(
                "not_published",
                Place(self.file, table.sheet.name, *first),
                "写明是预计、预测、计划或目标，不是已公布的数，该行或该列略去"
                + (f"（同样的还有 {more} 处）" if more else ""),
                "已公布的数请去掉这样的字样后导入。",
                text,
            )
        mentions = {place: text for reader in rows for place, text in reader.mentions.items()}
        if mentions:
            (row, _), text = min(mentions.items())
            self.notes.append(
                f"第{row}行等 {len(mentions)} 处备注提到“{shown(text)}”，请核对这些数。"
            )
        return False

    def _entries_of(
        self, table: LocatedTable, columns: Columns, background: Facts, rows: list[TableRow]
    ) -> list[ValueCell]:
        cells = EntryReader(
            table,
            columns,
            background,
            self.file,
            self.vocabulary.mapping.zero_is_missing,
            self.findings,
            self._unit_remarks(table, columns),
        )
        cells.report_headless()
        return [entry for row in rows for entry in cells.read(row)]

    def _remarks(self, table: LocatedTable) -> list[tuple[Place, str]]:
        """Remarks under a table, inside it or above it, with their places."""
        return [
            (Place(self.file, table.sheet.name, row, column), text_of(value))
            for row in (*table.remarks, *table.banners)
            for column, value in sorted(table.sheet.rows.get(row, {}).items())
            if row in table.remarks or is_note(text_of(value))
        ]

    def _unit_remarks(self, table: LocatedTable, columns: Columns) -> list[UnitRemark]:
        texts = [text for _, text in self._remarks(table)]
        above = (table.sheet.rows.get(number, {}) for number in table.banners)
        stated = [text_of(value) for cells in above for value in cells.values()]
        if unread := next(filter(None, map(unread_unit, [*stated, *texts])), ""):
            self.notes.append(f"没有认出单位“{shown(unread)}”，各数按指标自己的单位读取，请核对。")
        remarks = unit_remarks([*texts, *columns.unit_cells], self.vocabulary)
        if remarks:
            names = dict.fromkeys(unit.name for remark in remarks for unit in remark.units)
            self.notes.append(f"单位“{'、'.join(names)}”取自表下或表旁的说明，表头另有单位的除外。")
        return remarks

    def _report_unknown(self, table: LocatedTable, columns: Columns) -> None:
        self.notes += columns.notes()
        for column, head in columns.unknown.items():
            if is_revised(head.label.text, self.vocabulary) and _has_numbers(table, column):
                self.findings.add(
                    "remarked",
                    Place(self.file, table.sheet.name, head.row, head.column),
                    "同一张表里另有修订、更正或核实的数，不知道以哪一栏为准",
                    "请只保留最终的数；修订以前月份时，先导入原数，再用 --revise 导入修订数。",
                    head.label.text,
                )
            self.findings.add(
                "unknown_label",
                Place(self.file, table.sheet.name, head.row, head.column),
                "栏目名称不在目录中，该列略去",
                unknown_hint(head.label, self.vocabulary, self.findings),
                head.label.text,
            )

    def _collect(self, entries: list[ValueCell]) -> None:
        """Collect entries that are complete and wanted; say once per table what is missing."""
        for entry in entries:
            facts = entry.facts
            if facts.indicator is None and entry.row.facts.group is None:
                self._missing(entry, "指标", "请加 --indicator，或在表头、标题写明指标。")
            elif facts.indicator is None:
                self._missing(entry, "群体所属的指标", "请在表头或上一行写明指标。")
            elif self.indicator is not None and facts.indicator != self.indicator:
                self._filtered += 1
            elif facts.region is None:
                self._missing(entry, "地区", "请加 --region，或在标题、地区栏写明地区。")
            elif self.region is not None and facts.region != self.region:
                self._filtered += 1
            elif facts.when is None or facts.when.year is None:
                self._missing(entry, "年份", "请在标题、表头或文件名写明年份。")
            elif facts.when.day is not None:
                self._one_day(entry, facts.when)
            elif facts.when.unpadded:
                self._missing(
                    entry,
                    "月份（如 2021.1 可能是1月，也可能是10月）",
                    "请写成 2021-01 或 2021-10，或把该列设为文本格式。",
                )
            elif facts.when.last is None:
                self._missing(
                    entry,
                    "月份（只有年份）",
                    "年末数请写成“2020年末”或 2020-12，全年累计数请写成“2020年1-12月”；"
                    "年平均数不是任何一个月的数，不能导入。逐月的数请每月一行，月份写成 2020-03。",
                )
            else:
                self.background.note_file_name(entry)
                self._entries.append(entry)

    def _one_day(self, entry: ValueCell, when: When) -> None:
        """Refuse a day within a month, once per sheet: it is no month of a monthly figure."""
        if ("day", entry.place.sheet) not in self._said:
            self._said.add(("day", entry.place.sheet))
            day = f"{when.year}年{when.last}月{when.day}日"
            message = f"时间写的是{day}，是某一天，不是月份"
            self.findings.add("unknown_month", entry.place, message, DAY_REMEDY, entry.raw)

    def _missing(self, entry: ValueCell, attribute: str, remedy: str) -> None:
        timely = attribute.startswith(("年份", "月份"))
        key = (attribute, entry.place.sheet)
        if key not in self._said:
            self._said.add(key)
            self.findings.add(
                "unknown_month" if timely else "not_stated",
                entry.place,
                f"没有写明{attribute}",
                remedy,
                entry.raw,
            )

    def readings(self) -> list[Reading]:
        """Final values, in file order; says so if there is nothing at all."""
        cells = settle_sizes(self._entries, self.findings)
        settled = settle_forms(cells, self.vocabulary.mapping.form, self.findings)
        order = {name: number for number, name in enumerate(self._sheets)}
        settled.sort(
            key=lambda s: (order[s.entry.place.sheet], s.entry.place.row, s.entry.place.column)
        )
        if self._filtered:
            self.notes.append(left_out(self._filtered))
        found = bool(settled or self.firms or self.part_months)
        for place, said in self._no_firms.items():
            # Beside figures it may as well be a list of employers.
            if found:
                self.notes.append(f"{place}{said}，没有读取。")
            else:
                self.findings.add("firm_row", place, said, _FIRM_COLUMNS, "")
        if not (found or self.findings.any_error):
            self.findings.add("nothing_read", None, *self._nothing())
        return [_reading(s, self.published_on, self.source) for s in settled]

    def _nothing(self) -> tuple[str, str]:
        """Why nothing was read, and what to do."""
        wanted = [x.name for x in (self.region, self.indicator) if x is not None]
        if self.region is not None and self._totals and not self._filtered:
            name = self.region.name
            return (
                f"表中没有写明是{name}的数，只有没有写明地区的合计",
                f"若合计就是{name}的数，请把“合计”二字改成“{name}”。",
            )
        if self.region is not None and self._strangers and not self._filtered:
            first, name = next(iter(self._strangers)), self.region.name
            several = f"等 {len(self._strangers)} 个" if len(self._strangers) > 1 else ""
            return (
                f"文件里没有“{name}”的数据，写明的地区是目录里没有的“{first}”{several}",
                f"若就是{name}，请改成“{name}”；若是别处，{how_to_register(first)}",
            )
        if self._filtered and wanted:
            return (
                f"文件里没有“{'”“'.join(wanted)}”的数据",
                "请核对 --region、--indicator 与文件内容；不加选项则导入文件里的全部地区和指标。",
            )
        causes = any(f.severity == "warning" for f in self.findings.all())
        message = "没有读出可以导入的数" if causes else "没有找到可识别的表格或数值"
        if self._heads:
            message += f"（各栏的表头：{'、'.join(dict.fromkeys(self._heads))}）"
        return (
            message,
            "请核对文件；版式特殊时用 mapping.toml 说明，或用 forecast data template 的模板填报。",
        )


def _has_numbers(table: LocatedTable, column: int) -> bool:
    values = (table.sheet.value(row, column) for row in table.rows)
    return any(looks_like_value(v) for v in islice(values, _MOST_LOOKED_AT))


def _titles_of_plans(table: LocatedTable) -> Iterator[tuple[int, int, str]]:
    """Titles that say that nothing below was published, with their places; the sheet's at 0, 0."""
    for row in table.banners:
        for column, value in sorted(table.sheet.rows.get(row, {}).items()):
            text = text_of(value)
            if not is_note(text) and is_unpublished_title(text):
                yield row, column, text
    if is_unpublished_title(table.sheet.name):
        yield 0, 0, table.sheet.name


def left_out(count: int) -> str:
    """The note on figures that an option did not want."""
    return f"另有 {count} 个其他地区或指标的数未取。"


@lru_cache(maxsize=4096)
def _month(year: int, month: int) -> pd.Period:
    return pd.Period(year=year, month=month, freq="M")


def _reading(settled: Settled, published_on: date | None, source: str) -> Reading:
    entry = settled.entry
    facts = entry.facts
    assert facts.region is not None
    assert facts.indicator is not None
    observation = Observation(
        region=facts.region.code,
        indicator=facts.indicator.code,
        month=_month(settled.year, settled.month),
        value=float(settled.value),
        published_on=facts.published_on or published_on,
        source=(facts.source or source) + settled.mark,
    )
    return Reading(observation, entry.place, entry.raw, facts.group, facts.label)
