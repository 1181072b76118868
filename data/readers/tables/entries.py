"""From the cells of a table to entries: a number, its place, and everything said about it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache

from employment_forecast.data.catalogue import Indicator, Region
from employment_forecast.data.readers.formats import text_of
from employment_forecast.data.readers.tables.columns import Columns
from employment_forecast.data.readers.tables.facts import Facts, UnitRemark, contradicts
from employment_forecast.data.readers.tables.layout import LocatedTable
from employment_forecast.data.readers.tables.rows import TableRow
from employment_forecast.data.readers.vocabulary import (
    Amount,
    Unit,
    When,
    conversion,
    fold,
    looks_like_value,
    parse_amount,
    parse_unit,
    spelling_fault,
)
from employment_forecast.data.records import Findings, Place

# Beyond the largest population of each level (2020 census: China 1,412 million, Guangdong 126,
# Chongqing 32, Pudong 5.7, the largest towns below 1), so that only a wrong unit can get there.
_MOST_PEOPLE = {
    "national": Decimal(1_500_000_000),
    "province": Decimal(150_000_000),
    "city": Decimal(40_000_000),
    "district": Decimal(10_000_000),
    "street": Decimal(1_500_000),
}
# Of all people no more than one in twenty is unemployed, claims a benefit or comes to work within a
# year: a rate of 10 % among half of them.
_LARGEST_PART = dict.fromkeys(
    (
        *("registered_unemployed", "registered_inflow", "registered_reemployed"),
        *("registered_exited", "unemployed_reemployed", "hard_to_employ_reemployed"),
        *("unemployment_insurance_recipients", "unemployment_insurance_initial_claims"),
        "jobs_from_startups",
    ),
    20,
)


_DECIMAL_COMMA = re.compile(r"[+-]?\d{1,3}(?:\.\d{3})*,\d{1,2}%?")


@dataclass(frozen=True)
class ValueCell:
    """One value cell.

    Attributes
    ----------
    place : Place
        Provenance.
    raw : str
        Cell text.
    number : decimal.Decimal or None
        As printed, before conversion of units; None if missing.
    facts : Facts
        Region, indicator, time and the rest.
    row : TableRow
        The row it stands in.
    column : Facts
        What the head of its column says.
    unit : Unit or None
        Unit in force for the number.
    grain : decimal.Decimal
        Value of the last printed digit.
    """

    place: Place
    raw: str
    number: Decimal | None
    facts: Facts
    row: TableRow
    column: Facts
    unit: Unit | None
    grain: Decimal

    @property
    def indicator(self) -> Indicator | None:
        """Indicator, if stated."""
        return self.facts.indicator

    @property
    def region(self) -> Region | None:
        """Region, if stated."""
        return self.facts.region

    @property
    def when(self) -> When | None:
        """Time, if stated."""
        return self.facts.when

    def converted(self) -> Decimal | None:
        """Number in the indicator's unit; None if missing."""
        if self.number is None or self.indicator is None:
            return None
        factor = conversion(self.unit, self.indicator.unit) if self.unit else Decimal(1)
        return self.number * (factor if factor is not None else Decimal(1))


class EntryReader:
    """Reads the value cells of one table.

    Parameters
    ----------
    table, columns : LocatedTable, Columns
        Located table and its column roles.
    background : Facts
        From titles, sheet and file names and options; the least specific.
    file : str
        File name, for provenance.
    zero_is_missing : bool
        True if the mapping says that a zero means 未公布.
    findings : Findings
        Receives what is wrong.
    remarks : sequence of UnitRemark
        Units stated under or beside the table; the last to be asked.
    """

    def __init__(
        self,
        table: LocatedTable,
        columns: Columns,
        background: Facts,
        file: str,
        zero_is_missing: bool,
        findings: Findings,
        remarks: Sequence[UnitRemark] = (),
    ) -> None:
        self.table, self.columns, self.background = table, columns, background
        self.file = file
        self.zero_is_missing, self.findings = zero_is_missing, findings
        self.remarks = remarks
        self._main: dict[int, Indicator] = {}

    def read(self, row: TableRow) -> list[ValueCell]:
        """Entries of one data row, missing values included."""
        if row.facts.skip:
            return []
        read = self._sum_only if row.bad else self._entry
        entries = (read(row, c, head) for c, head in self.columns.values.items() if not head.skip)
        return [e for e in entries if e is not None]

    def _sum_only(self, row: TableRow, column: int, head: Facts) -> ValueCell | None:
        """Entry of a row that will not be kept; it still belongs to the totals."""
        value = self.table.sheet.value(row.number, column)
        amount = parse_amount(value)
        place = Place(self.file, self.table.sheet.name, row.number, column)
        raw = text_of(value)
        return ValueCell(place, raw, amount.number, Facts(), row, head, amount.unit, _grain(raw))

    def _entry(self, row: TableRow, column: int, head: Facts) -> ValueCell | None:
        place = Place(self.file, self.table.sheet.name, row.number, column)
        value = self.table.sheet.value(row.number, column)
        amount = parse_amount(value)
        raw = text_of(value)
        if (row.number, column) in self.table.sheet.covered:
            if amount.number is not None and not self._is_repeated(row.number, column):
                self.findings.add(
                    "unreadable_value",
                    place,
                    "数值在合并单元格里，跨了几个不同的行或列",
                    "请取消合并，逐格填写。",
                    raw,
                )
            return None
        if amount.fault:
            self._report_fault(place, raw, amount)
            return None
        conflict = contradicts(row.facts, head)
        if conflict is not None and amount.number is not None:
            self.findings.add(
                "contradiction",
                place,
                f"行与列写明的{conflict}不一致",
                "请核对行标题与列标题。",
                raw,
            )
            return None
        facts = row.facts.over(head)
        if facts.indicator is None and facts.group is not None and column in self._main:
            facts = replace(facts, indicator=self._main[column])
        stated_group = facts.group
        facts = facts.over(self.background)
        if facts.group is not stated_group and facts.indicator is not None:
            # A sheet or file called 青年 says whom counts are about; a rate says that itself.
            counted = facts.indicator.aggregation == "sum"
            facts = facts if counted else replace(facts, group=None)
        if row.facts.indicator is not None and facts.group is None:
            self._main[column] = row.facts.indicator
        indicator = facts.indicator
        if indicator is not None:
            fault = spelling_fault(value, indicator.precision, indicator.signed)
            if fault:
                self._report_fault(place, raw, replace(amount, fault=fault))
                return None
        number = amount.number
        if number == 0 and self.zero_is_missing:
            number = None
        unit = self._unit(place, raw, amount, row, head, facts)
        entry = ValueCell(place, raw, number, facts, row, head, unit, _grain(raw))
        self._check_size(entry)
        return entry

    def _is_repeated(self, row: int, column: int) -> bool:
        """True if a merged value's labels and heads are merged likewise: it is one value."""
        sheet = self.table.sheet
        top, left = sheet.anchor(row, column)
        labels = self.columns.labels
        same_row = all(sheet.anchor(row, c) == sheet.anchor(top, c) for c in labels) or row == top
        heads = [{(h.row, h.column) for h in self.table.heads[c]} for c in (left, column)]
        return same_row and heads[0] == heads[1]

    def _report_fault(self, place: Place, raw: str, amount: Amount) -> None:
        comma = _DECIMAL_COMMA.fullmatch(fold(raw[:40])) is not None
        self.findings.add(
            "unreadable_value",
            place,
            "数值像是用逗号作小数点" if comma else f"数值{amount.fault}",
            "请把逗号改成点（3,2 写成 3.2）。"
            if comma
            else "请改成数字；没有公布的写“…”“—”或留空。",
            raw,
        )

    def _unit(
        self, place: Place, raw: str, amount: Amount, row: TableRow, head: Facts, facts: Facts
    ) -> Unit | None:
        """Unit in force: the cell's own, else its column's, its row's, the table's."""
        indicator = facts.indicator
        if indicator is None or amount.number is None:
            return None
        own = (amount.unit,) if amount.unit else ()
        for units in (own, head.units, row.facts.units):
            if not units:
                continue
            own_kind = fitting(units, indicator)
            if own_kind:
                self._demand_one(place, raw, own_kind)
                self._warn_change(place, raw, own_kind[0])
                return own_kind[0]
            self.findings.add(
                "unit_conflict",
                place,
                f"单位“{'、'.join(u.name for u in units)}”不是“{indicator.name}”的单位"
                f"（应为{indicator.unit}或可换算的单位）",
                "请核对表头、单位栏与指标名称。",
                raw,
            )
            return None
        general = self.background.units or next(
            (r.units for r in self.remarks if r.indicator in (None, indicator)), ()
        )
        own_kind = fitting(general, indicator)
        self._demand_one(place, raw, own_kind)
        return own_kind[0] if own_kind else None

    def _demand_one(self, place: Place, raw: str, units: Sequence[Unit]) -> None:
        if len({unit.factor for unit in units}) > 1:
            self.findings.add(
                "unit_conflict",
                place,
                f"单位写了“{'、'.join(u.name for u in units)}”，不知道这个数用哪一个",
                "请在表头逐栏写明单位，如 登记失业人数（万人）。",
                raw,
            )

    def _warn_change(self, place: Place, raw: str, unit: Unit) -> None:
        if unit.change:
            self.findings.add(
                "unit_change",
                place,
                "水平值的单位写成百分点，像是增减幅度",
                "若确是水平值请改写成 %；若是增减幅度，请在表头写明“增减”。",
                raw,
            )

    def _check_size(self, entry: ValueCell) -> None:
        value, indicator = entry.converted(), entry.indicator
        if value is None or indicator is None:
            return
        level = entry.region.level if entry.region else "national"
        most = most_people(indicator.of_everybody, indicator.unit, level)
        if most is not None and abs(value) > most:
            used = entry.unit.name if entry.unit else indicator.unit
            self.findings.add(
                "implausible_size",
                entry.place,
                f"按单位“{used}”换算后超过当地可能的人数",
                "多半是表头写万人而数值是人，或丢了小数点：请改正表头的单位或数值。",
                entry.raw,
            )

    def report_headless(self) -> None:
        """Report values in columns without a head."""
        sheet = self.table.sheet
        for column in self.columns.headless:
            for number in self.table.rows:
                value = sheet.rows.get(number, {}).get(column)
                if value is not None and looks_like_value(value):
                    self.findings.add(
                        "stray_value",
                        Place(self.file, sheet.name, number, column),
                        "数值所在的列没有表头",
                        "若是 CSV 里的千分位逗号（如 68,151），请给数值加引号或去掉逗号；"
                        "否则请补上表头或删去多余的数。",
                        text_of(value),
                    )


def fitting(units: Sequence[Unit], indicator: Indicator) -> list[Unit]:
    """Units that a figure of an indicator may have; of 万人 and 个 for people the first alone."""
    alike = [u for u in units if conversion(u, indicator.unit) is not None]
    people = [u for u in alike if u.dimension == "persons" and u.name.endswith(indicator.unit)]
    return people or alike


@lru_cache(maxsize=4096)
def most_people(code: str, unit: str, level: str) -> float | None:
    """Largest figure of an indicator that a region can have; None if it counts no people."""
    counted = parse_unit(unit)
    people = conversion(counted, "人") if counted is not None else None
    most = _MOST_PEOPLE.get(level, _MOST_PEOPLE["district"])
    return None if people is None else float(most / people / _LARGEST_PART.get(code, 1))


def _grain(raw: str) -> Decimal:
    """Value of the last printed digit, from the text as typed."""
    digits = fold(raw).partition(".")[2]
    shown = len(digits) - len(digits.lstrip("0123456789"))
    return Decimal(1).scaleb(-min(shown, 12))
