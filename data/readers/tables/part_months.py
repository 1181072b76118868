"""Tables of a month in progress: a column of days, or heads such as 截至11月20日登记失业人数."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from employment_forecast.data.catalogue import Indicator, Region, how_to_register
from employment_forecast.data.readers.formats import Sheet, Value, text_of
from employment_forecast.data.readers.tables.entries import fitting, most_people
from employment_forecast.data.readers.vocabulary import (
    FIRST_DAYS,
    LAST_DAYS,
    Label,
    Vocabulary,
    conversion,
    find_when,
    fold,
    parse_amount,
    spelling_fault,
    units_in,
)
from employment_forecast.data.records import Findings, PartMonth, Place

_LAST_HEADS = {fold(t) for t in LAST_DAYS}
_FIRST_HEADS = {fold(t) for t in FIRST_DAYS}
_PUBLISHED_HEADS = {fold(t) for t in ("发布日期", "公布日期", "上报日期")}
_MOST_HEADER_ROWS = 8
_YEAR = r"(?:(?P<y>(?:19|20)\d{2})年)?"
_MONTH = r"(?:(?P<m>1[0-2]|0?[1-9])月)"
_DAY = r"(?P<d>3[01]|[12]\d|0?[1-9])[日号]"
_STOOD = re.compile(rf"(?:截至|截止到?){_YEAR}{_MONTH}{_DAY}(?P<rest>.*)")
_CAME = re.compile(rf"{_YEAR}{_MONTH}?(?<!\d)(?P<a>[12]?\d|3[01])[日号]?[-至到]{_DAY}(?P<rest>.*)")
_DAY_ONLY = re.compile(r"(?P<y>(?:19|20)\d{2})[-/.年](?P<m>\d{1,2})[-/.月](?P<d>\d{1,2})日?")


def _is_of_days(label: Label) -> bool:
    """False for a figure since January, and for the new ones of a stock (本月新增登记失业人数)."""
    stock = label.indicator is not None and label.indicator.kind == "stock"
    return label.form != "cumulative" and not (stock and "新增" in label.text)


@dataclass(frozen=True)
class _Head:
    """A column of figures, with the days its head names."""

    label: Label
    first: date | None = None
    last: date | None = None


def _days(text: str, year: int | None, month: int | None) -> tuple[str, date, date] | None:
    """What is left of a head that names days, and the days; None if it names none."""
    folded = fold(text)
    match = _named(folded)
    if match is None:
        return None
    groups = match.groupdict()
    in_year = int(groups["y"]) if groups["y"] else year
    in_month = int(groups["m"]) if groups["m"] else month
    if in_year is None or in_month is None:
        return None
    try:
        last = date(in_year, in_month, int(groups["d"]))
        first = date(in_year, in_month, int(groups["a"])) if groups.get("a") else last
    except ValueError:
        return None
    return folded[: match.start()] + groups["rest"], first, last


def _named(text: str) -> re.Match[str] | None:
    """Days a folded text names, unless the last one ends a month: that figure is the month's."""
    match = _STOOD.search(text) or _CAME.search(text)
    if match is None or not match["m"]:
        return match
    year = int(match["y"]) if match["y"] else 2023
    ends = monthrange(year, int(match["m"]))[1]
    return None if int(match["d"]) >= ends else match


def _header_row(sheet: Sheet) -> int | None:
    titled = False
    for row in sorted(sheet.rows)[:_MOST_HEADER_ROWS]:
        texts = [fold(text_of(value)) for value in sheet.rows[row].values()]
        if len(texts) == 1:
            titled = titled or _named(texts[0]) is not None
        elif titled or any(t in _LAST_HEADS or _named(t) for t in texts):
            return row
    return None


def is_part_month_sheet(sheet: Sheet) -> bool:
    """True if a head is a day or names one."""
    return _header_row(sheet) is not None


class PartMonthReader:
    """Reads one sheet of part-month figures.

    A flow without a first day is counted from the first of its month.
    """

    def __init__(
        self,
        sheet: Sheet,
        vocabulary: Vocabulary,
        file: str,
        findings: Findings,
        region: Region | None,
        published_on: date | None,
        source: str,
    ) -> None:
        self.sheet, self.vocabulary, self.file = sheet, vocabulary, file
        self.findings, self.region = findings, region
        self.published_on, self.source = published_on, source
        header = _header_row(sheet)
        assert header is not None
        self.header = header
        titles = [text_of(v) for r, row in sheet.rows.items() if r < header for v in row.values()]
        times = [time[0] for t in (*titles, sheet.name) if (time := find_when(t)) is not None]
        dated = [match for t in titles if (match := _named(fold(t)))]
        self.year = next((t.year for t in times if t.year is not None), None)
        self.month = next((t.last for t in times if t.last is not None), None)
        self.year = next((int(m["y"]) for m in dated if m["y"]), self.year)
        self.title = next((d for t in titles if (d := _days(t, self.year, self.month))), None)
        # A note above, below or beside the figures: in none of the columns that hold them.
        self.units = tuple(dict.fromkeys(u for t in self._texts() for u in units_in(t)))
        self.units = self.units or ((unit,) if (unit := vocabulary.mapping.unit) else ())
        self.columns: dict[str, int] = {}
        self.heads: dict[int, _Head] = {}
        for column, value in sheet.rows[header].items():
            self._read_head(column, text_of(value))

    def _texts(self) -> Iterator[str]:
        """Texts of the sheet apart from its heads and figures, and its names."""
        yield from re.findall(r"[(（][^()（）]+[)）]", f"{self.sheet.name} {self.file}")
        for row, cells in self.sheet.rows.items():
            yield from (v for v in cells.values() if isinstance(v, str) and row != self.header)

    def _read_head(self, column: int, text: str) -> None:
        folded = fold(text)
        for name, words in (
            ("last", _LAST_HEADS),
            ("first", _FIRST_HEADS),
            ("published", _PUBLISHED_HEADS),
        ):
            if folded in words:
                self.columns[name] = column
                return
        named = _days(text, self.year, self.month)
        label = self.vocabulary.classify(text if named is None else named[0])
        if label.dimension == "region":
            self.columns["region"] = column
        elif label.indicator is not None and label.group is None and _is_of_days(label):
            dated = named or (self.title if "last" not in self.columns else None)
            self.heads[column] = _Head(label, *(dated[1:] if dated else ()))
        elif not label.ignored and not label.dimension:
            self._report(self.header, column, "月中数表的这一栏没有认出指标或日期，该列略去",
                         "栏名写成“截至11月20日登记失业人数”“1—20日新登记失业人数”，"
                         "或设“截至日期”一列；本年累计数不能作月中数。",
                         text, "unknown_label")  # fmt: skip

    def _report(
        self, row: int, column: int, message: str, remedy: str, raw: str, check: str
    ) -> None:
        place = Place(self.file, self.sheet.name, row, column)
        self.findings.add(check, place, message, remedy, raw)

    def read(self) -> list[PartMonth]:
        """Every figure of the sheet."""
        figures = []
        if not self.heads:
            self._report(self.header, 1, "月中数表里没有认出写着指标的栏",
                         "请每个指标一栏、每个地区一行，栏名写成“登记失业人数”，"
                         "版式见 forecast data template 的“月中数”表。",
                         "", "unknown_label")  # fmt: skip
        for row in sorted(r for r in self.sheet.rows if r > self.header):
            cells = self.sheet.rows[row]
            if not any(column in cells for column in self.heads):
                continue
            region = self._region(row, cells)
            if region is None:
                continue
            for column, head in self.heads.items():
                figure = self._figure(row, column, head, region)
                if figure is not None:
                    figures.append(figure)
        return figures

    def _region(self, row: int, cells: dict[int, Value]) -> Region | None:
        column = self.columns.get("region")
        text = text_of(cells.get(column)) if column is not None else ""
        if not text.strip():
            if self.region is None:
                self._report(
                    row,
                    column or 1,
                    "没有写明地区",
                    "请填地区，或用 --region 指明。",
                    "",
                    "not_stated",
                )
            return self.region
        stated = self.vocabulary.classify(text).region
        if stated is None:
            remedy = how_to_register(text)
            self._report(row, column or 1, "地区不在目录中", remedy, text, "unknown_region")
        elif self.region is not None and stated.code != self.region.code:
            return None
        return stated

    def _figure(self, row: int, column: int, head: _Head, region: Region) -> PartMonth | None:
        value = self.sheet.rows[row].get(column)
        amount = parse_amount(value)
        if amount.missing:
            return None
        indicator = head.label.indicator
        assert indicator is not None
        days = self._span(row, head, indicator)
        if days is None:
            return None
        if fault := spelling_fault(value, indicator.precision, indicator.signed):
            self._report(row, column, f"数值{fault}", "请填完整的数。",
                         text_of(value), "unreadable_value")  # fmt: skip
            return None
        units = (amount.unit,) if amount.unit else head.label.units
        # A note may be for other columns, a unit of the figure's own has to fit.
        fit = tuple(fitting(units or self.units, indicator))
        if not fit and all(u.factor != 1 and u.dimension != "money" for u in self.units):
            units = units or self.units
        units = fit or units
        factors = {conversion(unit, indicator.unit) for unit in units} or {Decimal(1)}
        factor = factors.pop()
        if amount.number is None or factor is None or factors:
            self._report(row, column, "数值或单位无法识别",
                         f"请按“{indicator.name}”的单位（{indicator.unit}）只填数字。",
                         text_of(value), "unreadable_value")  # fmt: skip
            return None
        number = amount.number * factor
        if self._is_odd(number, indicator, region):
            self._report(row, column, f"数值不像是以{indicator.unit}为单位的{indicator.name}",
                         f"请按“{indicator.name}”的单位（{indicator.unit}）填写，或写明单位。",
                         text_of(value), "unreadable_value")  # fmt: skip
            return None
        published = self._day(row, "published")
        return PartMonth(
            region.code, indicator.code, *days, float(number),
            published or self.published_on, self.source,
        )  # fmt: skip

    @staticmethod
    def _is_odd(number: Decimal, indicator: Indicator, region: Region) -> bool:
        """A part of a person, more than there are, or an impossible rate: the unit is another."""
        most = most_people(indicator.of_everybody, indicator.unit, region.level)
        if most is not None and number > most:
            return True
        if indicator.precision >= 1 and number % 1:
            return True
        low, high = indicator.smallest, indicator.largest
        return 0 < number < low or 0 < high < number

    def _span(self, row: int, head: _Head, indicator: Indicator) -> tuple[date, date] | None:
        last = head.last or self._day(row, "last")
        if last is None:
            self._report(row, self.columns.get("last", 1), "没有写明截至日期，或日期无法识别",
                         "请写成 2026-11-20 这样的年-月-日。", "", "unknown_month")  # fmt: skip
            return None
        if indicator.kind != "flow":
            return last, last
        first = head.first if head.first != head.last else None
        return first or self._day(row, "first") or last.replace(day=1), last

    def _day(self, row: int, name: str) -> date | None:
        column = self.columns.get(name)
        value = None if column is None else self.sheet.rows[row].get(column)
        if isinstance(value, date):
            return value
        match = _DAY_ONLY.fullmatch(fold(text_of(value)).split("t")[0])
        try:
            return date(*(int(match[g]) for g in "ymd")) if match else None
        except ValueError:
            return None
