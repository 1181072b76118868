"""The monthly panel of monitored sample firms (失业动态监测), one row per firm and month."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pandas as pd

from employment_forecast.data.catalogue import Region, how_to_register
from employment_forecast.data.readers.formats import Sheet, Value, text_of
from employment_forecast.data.readers.privacy import refuse_personal_text
from employment_forecast.data.readers.tables.axis import decimal_habit, month_fault, settled
from employment_forecast.data.readers.tables.facts import Facts
from employment_forecast.data.readers.tables.layout import Headed, LocatedTable
from employment_forecast.data.readers.vocabulary import (
    FIRM_HEADS,
    Label,
    Vocabulary,
    bare_when,
    conversion,
    fold,
    parse_amount,
    spelling_fault,
)
from employment_forecast.data.records import (
    FIRM_FIELDS,
    Base,
    Findings,
    FirmMonth,
    Place,
    printable,
)

_MEASURES = ("base", "hires", "separations", "end")
_NUMBERS = (*_MEASURES, "dispatched", "hidden")
_TEXTS = ("industry", "sector", "ownership", "size", "street")
_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z_\-/.]{0,39}")
_STREET = re.compile("街|镇|乡")
_OTHER = ("其他", "其它", "其他原因", "其他类型")


def is_firm_table(table: LocatedTable) -> bool:
    """True if the heads are those of a firm panel."""
    fields = {h.label.firm for heads in table.heads.values() for h in heads}
    return len(fields & set(_MEASURES)) >= 3


def lacking_measures(table: LocatedTable) -> list[str]:
    """Columns that a table of firms lacks; empty for a table of anything else."""
    labels = [h.label for heads in table.heads.values() for h in heads]
    fields = {x.firm for x in labels}
    firms = any(x.firm in ("firm", "firm_name") and "企业" in x.text for x in labels)
    if not firms or any(x.indicator for x in labels):
        return []
    return [FIRM_FIELDS[m][0] for m in _MEASURES if m not in fields]


@dataclass(frozen=True)
class _Cell:
    """A number read from one cell."""

    place: Place
    raw: str
    number: int | None
    faulty: bool = False


class FirmReader:
    """Reads one located firm panel.

    Parameters
    ----------
    table : LocatedTable
        Located table for which `is_firm_table` holds.
    vocabulary : Vocabulary
        Recognises labels.
    background : Facts
        Region and month where the table has no column for them.
    base : {"previous_month", "january"} or None
        What 建档期 refers to, if the mapping says so.
    file : str
        File name, for provenance.
    findings : Findings
        Receives what is wrong.
    published_on, source
        Day of publication and document of every row.
    """

    def __init__(
        self,
        table: LocatedTable,
        vocabulary: Vocabulary,
        background: Facts,
        base: Base | None,
        file: str,
        findings: Findings,
        published_on: date | None,
        source: str,
    ) -> None:
        self.table, self.vocabulary, self.background = table, vocabulary, background
        self.file, self.findings = file, findings
        self.published_on, self.source = published_on, source
        self._region_missing = False
        self.base: Base = base or _stated_base(table.sheet)
        self.fields: dict[int, str] = {}
        for column, heads in table.heads.items():
            field = _field(heads)
            if field is not None and field not in self.fields.values():
                self.fields[column] = field
        self._seen: dict[tuple[str, pd.Period], Place] = {}
        self._sums: dict[tuple[int, pd.Period], int] = defaultdict(int)

    def read(self) -> list[FirmMonth]:
        """Rows of the panel; rows of firms that did not report at all are left out."""
        codes = [c for c, f in self.fields.items() if f == "firm"]
        if not codes:
            row = self.table.header[0] if self.table.header else self.table.rows[0]
            self._report(
                self._place(row, min(self.table.heads)),
                "监测企业表缺少企业编码列",
                "请加一列“企业编码”（用编码，不用名称），每家企业一个固定编码。",
                "",
            )
            return []
        stated = (u for c in self.fields for head in self.table.heads[c] for u in head.label.units)
        units = (*self.background.units, *stated)
        scaled = [u for u in units if u.dimension == "persons" and u.factor != 1]
        if scaled:
            row = self.table.header[0] if self.table.header else self.table.rows[0]
            place = self._place(row, min(self.table.heads))
            self._report(
                place,
                f"监测企业表的单位是“{scaled[0].name}”，各企业的人数须按人填写",
                "请改成按人填写的数，并改正或去掉单位后重新导入。",
                scaled[0].name,
            )
            return []
        firms = (self._row(row, codes[0]) for row in self.table.rows)
        return [firm for firm in firms if firm is not None]

    def _place(self, row: int, column: int) -> Place:
        return Place(self.file, self.table.sheet.name, row, column)

    def _report(self, place: Place, message: str, remedy: str, raw: str) -> None:
        self.findings.add("firm_row", place, message, remedy, raw)

    def _value(self, row: int, field: str) -> tuple[int | None, Value | None]:
        for column, name in self.fields.items():
            if name == field:
                return column, self.table.sheet.value(row, column)
        return None, None

    def _row(self, row: int, code_column: int) -> FirmMonth | None:
        place = self._place(row, code_column)
        code = text_of(self.table.sheet.value(row, code_column)).strip()
        month = self._month(row)
        cells = self._numbers(row)
        reported = [c for c in cells.values() if c.number is not None]
        if self.vocabulary.classify(code).total or self._is_total(row):
            self._check_sums(cells, month)
            return None
        if not code and not reported:
            return None
        refuse_personal_text(code, f"{place}的企业编码")
        if not _CODE.fullmatch(code) or re.fullmatch(r"\d\.\d+e\+\d+", code.lower()):
            self._report(
                place,
                "企业编码缺失、像是名称，或被 Excel 转成了科学计数",
                "请填企业编码（字母、数字），并把该列设为“文本”格式。",
                code,
            )
            return None
        if month is None:
            self._report(
                place, "没有写明月份", "请加“月份”列，或在标题写明年月（如 2021年3月）。", code
            )
            return None
        if not reported or any(c.faulty for c in cells.values()):
            return None  # the firm did not report this month, or its faults are reported already
        # One firm may be typed as a1 and A1; twice in a panel it would count twice.
        if (code.casefold(), month) in self._seen:
            first = self._seen[code.casefold(), month].address
            self._report(
                place, f"该企业 {month} 已在单元格 {first} 出现", "同一企业每月只能有一行。", code
            )
            return None
        self._seen[code.casefold(), month] = place
        return self._firm(row, place, code, month, cells)

    def _is_total(self, row: int) -> bool:
        first = min(self.table.heads)
        return self.vocabulary.classify(self.table.sheet.text(row, first)).total is not None

    def _month(self, row: int) -> pd.Period | None:
        when = None
        for column, heads in sorted(self.table.heads.items()):
            dimension = next((h.label.dimension for h in heads if h.label.dimension), None)
            if dimension not in ("month", "year"):
                continue
            text = self.table.sheet.text(row, column)
            stated = self.vocabulary.classify(text).when
            if stated is None and dimension == "month":
                stated = bare_when(text)
            if stated is not None and stated.unpadded:
                labels = (self.table.sheet.text(r, column) for r in self.table.rows)
                stated = settled(stated, None, decimal_habit(labels))
            if stated is not None and not stated.unpadded and stated.day is None:
                when = Facts(when=when).over(Facts(when=stated)).when
            elif text.strip() and not self.vocabulary.classify(text).total:
                self.findings.add(
                    "unknown_month", self._place(row, column), *month_fault(text), text
                )
        complete = Facts(when=when).over(self.background).when
        return complete.month if complete is not None else None

    def _numbers(self, row: int) -> dict[str, _Cell]:
        numbers = {}
        for column, field in self.fields.items():
            if field not in _NUMBERS and ":" not in field:
                continue
            place = self._place(row, column)
            value = self.table.sheet.value(row, column)
            amount = parse_amount(value)
            number = amount.number
            fault = amount.fault or spelling_fault(value, 1.0, signed=False)
            if number is not None and amount.unit is not None:
                factor = conversion(amount.unit, "人")
                number = None if factor is None else number * factor
                fault = fault or ("" if factor is not None else f"的单位是“{amount.unit.name}”")
            if number is not None and (number != number.to_integral_value() or number < 0):
                fault = "不是非负整数"
            if fault:
                self._report(place, f"人数{fault}", "请填整数人数；没有的留空。", text_of(value))
                number = None
            numbers[field] = _Cell(
                place, text_of(value), None if number is None else int(number), bool(fault)
            )
        return numbers

    def _firm(
        self, row: int, place: Place, code: str, month: pd.Period, cells: dict[str, _Cell]
    ) -> FirmMonth | None:
        def number(field: str) -> int | None:
            cell = cells.get(field)
            return cell.number if cell is not None else None

        base, end = number("base"), number("end")
        for field, value, title in (
            ("base", base, "建档期就业人数"),
            ("end", end, "调查期末就业人数"),
        ):
            if value is None:
                at = cells[field].place if field in cells else place
                self._report(at, f"缺少{title}", f"请补填{title}；未报的企业请把整行留空。", code)
        if base is None or end is None:
            return None
        by_type = {f[5:]: c.number for f, c in cells.items() if f[:5] == "type:" and c.number}
        by_cause = {f[6:]: c.number for f, c in cells.items() if f[:6] == "cause:" and c.number}
        separations = number("separations") or 0
        _, cause = self._value(row, "main_cause")
        if cause is not None and separations and not by_cause:
            named = self.vocabulary.classify(text_of(cause)).firm or "cause:other"
            by_cause = {named.partition(":")[2] or "other": separations}
        for column, field in self.fields.items():
            if field in cells and cells[field].number is not None:
                self._sums[column, month] += cells[field].number or 0
        texts = {f: printable(" ".join(text_of(self._value(row, f)[1]).split())) for f in _TEXTS}
        for text in texts.values():
            refuse_personal_text(text, f"{place}所在的行")
        region = self._region(row)
        if region is None:
            self._no_region(place, code)
            return None
        return FirmMonth(
            firm=code,
            month=month,
            base=base,
            hires=number("hires") or 0,
            separations=separations,
            end=end,
            dispatched=number("dispatched"),
            hidden=number("hidden"),
            by_type=by_type,
            by_cause=by_cause,
            region=region.code,
            industry=texts["industry"],
            sector=texts["sector"],
            ownership=texts["ownership"],
            size=texts["size"],
            street=texts["street"],
            base_is=self.base,
            published_on=self.published_on,
            source=self.source,
            places={"firm": place} | {f: c.place for f, c in cells.items()},
        )

    def _region(self, row: int) -> Region | None:
        for column, heads in self.table.heads.items():
            if column in self.fields or not any(h.label.dimension == "region" for h in heads):
                continue
            text = self.table.sheet.text(row, column)
            label = self.vocabulary.classify(text) if text.strip() else None
            if label is None:
                continue
            if label.region is None:
                self._region_missing = True
                self.findings.add(
                    "unknown_region",
                    self._place(row, column),
                    "地区不在目录中",
                    how_to_register(text),
                    text,
                )
            return label.region
        return self.background.region

    def _no_region(self, place: Place, code: str) -> None:
        if not self._region_missing:
            self._region_missing = True
            self.findings.add(
                "not_stated",
                place,
                "没有写明地区",
                "请加 --region，或在标题、地区栏写明地区。",
                code,
            )

    def _check_sums(self, cells: dict[str, _Cell], month: pd.Period | None) -> None:
        for column, field in self.fields.items():
            cell = cells.get(field)
            if cell is None or cell.number is None:
                continue
            summed = sum(
                n for (c, m), n in self._sums.items() if c == column and month in (None, m)
            )
            if summed and summed != cell.number:
                self.findings.add(
                    "total_mismatch",
                    cell.place,
                    f"合计 {Decimal(cell.number)} 与各企业之和 {summed} 不符",
                    "请核对分项或合计，改正后重新导入。",
                    cell.raw,
                )


def _field(heads: list[Headed]) -> str | None:
    """Field a column holds: its lowest known head, 其他 by the head above it."""
    if not heads:
        return None
    lowest: Label = heads[-1].label
    if fold(lowest.text) in _OTHER:
        above = "".join(fold(h.label.text) for h in heads[:-1])
        for kind, words in FIRM_HEADS.items():
            if any(w in above for w in words):
                return f"{kind}:other"
    if lowest.dimension == "region" and _STREET.search(fold(lowest.text)):
        return "street"
    if lowest.dimension is not None or (not lowest.known and not lowest.firm):
        return None
    return next((h.label.firm for h in reversed(heads) if h.label.firm), None)


def _stated_base(sheet: Sheet) -> Base:
    """What the notes of a sheet say 建档期 refers to; last month's end is the monthly habit."""
    for cells in sheet.rows.values():
        for value in cells.values():
            if isinstance(value, date | float) or "建档期" not in value:
                continue
            if re.search(r"建档期.{0,8}(?:年初|1月|上年末|上年12月|去年末)", fold(value)):
                return "january"
    return "previous_month"
