"""What stands behind a table: its titles, the names of sheet and file, options and mapping."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from employment_forecast.data.catalogue import Indicator, Region
from employment_forecast.data.readers.tables.doubts import other_time
from employment_forecast.data.readers.tables.entries import ValueCell
from employment_forecast.data.readers.tables.facts import (
    REPORTED,
    Facts,
    context,
    facts_before,
    facts_of,
    title_facts,
    units_aside,
)
from employment_forecast.data.readers.tables.layout import LocatedTable
from employment_forecast.data.readers.vocabulary import (
    Vocabulary,
    is_unpublished_title,
    parse_when,
)
from employment_forecast.data.records import shown

_GENERIC = re.compile(r"(?:sheet|工作表|表)?\d*", re.IGNORECASE)
_TITLES = {"region": "地区", "indicator": "指标", "group": "群体", "when": "年月"}


class Background:
    """Facts behind the tables of one file.

    Parameters
    ----------
    file : str
        File name, a last hint.
    vocabulary : Vocabulary
        Recognises labels.
    region, indicator : Region, Indicator or None
        Options: fill what no table states.
    notes : list of str
        Receives what was taken from names.

    Attributes
    ----------
    region_unstated : bool
        True if neither titles nor the sheet's name say the region of the last table.
    """

    def __init__(
        self,
        file: str,
        vocabulary: Vocabulary,
        region: Region | None,
        indicator: Indicator | None,
        notes: list[str],
    ) -> None:
        self.file, self.vocabulary, self.notes = file, vocabulary, notes
        self.region, self.indicator = region, indicator
        self.region_unstated = True
        self._named: set[str] = set()

    def of(self, table: LocatedTable) -> Facts:
        """Facts behind a table: titles, then sheet name, options, mapping, and the file name."""
        mapping = self.vocabulary.mapping
        facts = context(table.sheet, table.banners, self.vocabulary)
        above = context(table.sheet, table.sheet_banners, self.vocabulary)
        facts = facts_before(facts, Facts(region=above.region, when=above.when))
        # A sheet of a workbook often is one region or month; an option only fills what is left.
        sheet = table.sheet.name
        if not _GENERIC.fullmatch(sheet) or parse_when(sheet) is not None:
            named = self._name_facts(sheet)
            self.notes += other_time(facts.when, named.when, "工作表名")
            facts = facts_before(facts, named)
        self.region_unstated = facts.region is None
        facts = facts.over(Facts(region=self.region, indicator=self.indicator))
        if mapping.month is not None:
            when = parse_when(str(mapping.month))
            facts = facts.over(Facts(when=when))
        if mapping.unit is not None:
            facts = facts.over(Facts(units=(mapping.unit,)))
        facts = self._with_units_of_names(facts, sheet)
        stem = Path(self.file).stem
        named = replace(self._name_facts(stem), units=(), form=None)
        if named.when is not None and named.when.last and REPORTED.search(stem):
            named = replace(named, when=None)
        self.notes += other_time(facts.when, named.when, "文件名")
        self._note_named_forecast()
        complete = facts_before(facts, named)
        self._named = {n for n in _TITLES if getattr(complete, n) != getattr(facts, n)}
        return complete

    def _note_named_forecast(self) -> None:
        """Say that the name of the file speaks of figures that nobody published."""
        name = Path(self.file).stem
        if is_unpublished_title(name):
            self.notes.append(f"文件名“{shown(name)}”像是预计、预测或计划，请核对各数是否已公布。")

    def _with_units_of_names(self, facts: Facts, sheet: str) -> Facts:
        """Facts with the unit that the name of the sheet or file has in brackets: （万人）."""
        for name, title in ((sheet, "工作表名"), (Path(self.file).stem, "文件名")):
            units = units_aside(name)
            if units and not facts.units:
                said = "、".join(unit.name for unit in units)
                self.notes.append(f"单位“{said}”取自{title}，表中另有单位的除外。")
                return replace(facts, units=units)
        return facts

    def note_file_name(self, entry: ValueCell) -> None:
        """Say once what was taken from the file name."""
        if not self._named:
            return
        stated = entry.row.facts.over(entry.column)
        whole = stated.when is not None and stated.when.month is not None
        used = {
            name
            for name in self._named
            if (not whole if name == "when" else not getattr(stated, name))
            and getattr(entry.facts, name) is not None
        }
        self._named -= used
        if used:
            titles = "、".join(title for name, title in _TITLES.items() if name in used)
            self.notes.append(f"表中没有写明{titles}，取自文件名。")

    def _name_facts(self, name: str) -> Facts:
        if not name:
            return Facts()
        label = self.vocabulary.classify(name)
        if label.when is not None and label.when.day is not None:
            self.notes.append(f"“{shown(name)}”是日期，按所在月份读取。")
            label = replace(label, when=replace(label.when, day=None))
        if label.known and label.states and not label.derived:
            return replace(facts_of([label]), total=None, skip=False, part=False)
        return title_facts(name, self.vocabulary)
