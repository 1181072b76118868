"""Cumulative and monthly figures: brought to the form in which an indicator is kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from itertools import pairwise

from employment_forecast.data.catalogue import Indicator
from employment_forecast.data.readers.tables.entries import ValueCell
from employment_forecast.data.readers.vocabulary import Form, TableForm
from employment_forecast.data.records import Findings

_Month = tuple[int, int]
_SeriesKey = tuple[str, str, str | None, date | None]


@dataclass(frozen=True)
class Settled:
    """An entry whose month and value are final.

    Attributes
    ----------
    entry : ValueCell
        Where it came from.
    year, month : int
        Month the value is about.
    value : decimal.Decimal
        In the indicator's unit and reporting form.
    mark : str
        Put behind the source where the value is no published one, in Chinese.
    """

    entry: ValueCell
    year: int
    month: int
    value: Decimal
    mark: str = ""


def settle_forms(
    entries: Sequence[ValueCell], plain: TableForm | None, findings: Findings
) -> list[Settled]:
    """Bring every series to its indicator's reporting form.

    Flows published as 1—N月累计 are kept cumulative or turned into months by differences, monthly
    ones the other way round, as the catalogue says. Stocks, and rates taken at the end of a period,
    take the last month of a span; other rates over a span are averages and left out. A sum of
    January and February alone is halved and marked. Whatever cannot be converted is reported.
    """
    series: dict[_SeriesKey, list[ValueCell]] = defaultdict(list)
    for entry in entries:
        facts = entry.facts
        assert facts.region is not None
        assert facts.indicator is not None
        key = (facts.region.code, facts.indicator.code, facts.group, facts.published_on)
        series[key].append(entry)
    settled: list[Settled] = []
    for cells in series.values():
        indicator = cells[0].indicator
        assert indicator is not None
        if indicator.kind == "flow":
            settled += _Flow(cells, indicator, plain, findings).run()
        else:
            settled += _levels(cells, findings)
    return settled


def _month_of(entry: ValueCell) -> _Month:
    when = entry.when
    assert when is not None
    assert when.year is not None
    assert when.last is not None
    return when.year, when.last


def _value_of(entry: ValueCell) -> Decimal:
    value = entry.converted()
    assert value is not None
    return value


def _is_labelled_cumulative(entry: ValueCell) -> bool:
    """True if the row's or column's own label says 累计; a title over many indicators does not."""
    sources = (entry.row.facts, entry.column)
    return any(s.form == "cumulative" or (s.when and s.when.cumulative) for s in sources)


def _levels(entries: list[ValueCell], findings: Findings) -> list[Settled]:
    entries = _without_averages(entries, findings)
    plain = [e for e in entries if not _is_labelled_cumulative(e)]
    known = {_month_of(e): _value_of(e) for e in plain}
    for entry in entries:
        if _is_labelled_cumulative(entry) and known.get(_month_of(entry)) != _value_of(entry):
            name = entry.indicator.name if entry.indicator else ""
            findings.add(
                "cumulative_stock",
                entry.place,
                f"“{name}”是期末数（或率、指数），不能标为累计",
                "请核对表头；若该列其实是期末数，请去掉“累计”二字。",
                entry.raw,
            )
    return _unique([Settled(e, *_month_of(e), _value_of(e)) for e in plain], findings)


def _without_averages(entries: list[ValueCell], findings: Findings) -> list[ValueCell]:
    """Leave out what spans several months of a rate that is no month-end figure: an average."""
    indicator = entries[0].indicator if entries else None
    if indicator is None or indicator.kind == "stock" or indicator.period_end:
        return entries
    spans = [e for e in entries if e.when is not None and e.when.is_range]
    if spans:
        when = spans[0].when
        assert when is not None
        findings.add(
            "span_average",
            spans[0].place,
            f"“{indicator.name}”写的是{when.first}—{when.last}月，是这几个月的平均，"
            f"不是{when.last}月当月值，共 {len(spans)} 个，没有导入",
            "请提供各月当月的值；若确是当月值，请把时间写成单个月份。",
            spans[0].raw,
        )
    left_out = {id(e) for e in spans}
    return [e for e in entries if id(e) not in left_out]


def _unique(settled: list[Settled], findings: Findings) -> list[Settled]:
    """One value per month; two different ones are a contradiction."""
    first: dict[_Month, Settled] = {}
    for item in settled:
        before = first.setdefault((item.year, item.month), item)
        if before.value != item.value:
            findings.add(
                "contradiction",
                item.entry.place,
                f"与单元格 {before.entry.place.address} 的“{before.entry.raw}”同为"
                f"{item.year}年{item.month}月，数值却不同",
                "请只保留正确的一个；若是修订，请分两次导入并分别写明发布日期。",
                item.entry.raw,
            )
    return list(first.values())


class _Flow:
    """One flow series on its way to the reporting form."""

    def __init__(
        self,
        entries: list[ValueCell],
        indicator: Indicator,
        plain: TableForm | None,
        findings: Findings,
    ) -> None:
        self.indicator, self.findings = indicator, findings
        self.cumulative: dict[_Month, ValueCell] = {}
        self.monthly: dict[_Month, ValueCell] = {}
        self.marks: dict[_Month, str] = {}
        ordered = sorted(entries, key=_month_of)
        forms = {id(e): self._form(e) for e in ordered}
        if plain is not None:
            decided: Form = "monthly" if plain == "monthly" else "cumulative"
        else:
            decided = self._decide(ordered, forms)
        for entry in ordered:
            when = entry.when
            assert when is not None
            form = forms[id(entry)] or decided
            if form == "cumulative" and when.is_range and when.first != 1:
                self._refuse(entry, "累计的跨度不是从1月起")
                continue
            table = self.cumulative if form == "cumulative" else self.monthly
            self._put(table, entry)

    @staticmethod
    def _form(entry: ValueCell) -> Form | None:
        """Form an entry states, its own labels before the title; None for a plain month."""
        own = (entry.row.facts, entry.column)
        if any(s.form == "monthly" for s in own):
            return "monthly"
        if any(s.form or (s.when and (s.when.cumulative or s.when.is_range)) for s in own):
            return "cumulative"
        when = entry.when
        assert when is not None
        spans = when.cumulative or when.is_range
        return entry.facts.form or ("cumulative" if spans else None)

    def _decide(self, ordered: list[ValueCell], forms: dict[int, Form | None]) -> Form:
        """Form of plain months; where cumulative ones stand beside them, their course tells."""
        usual: Form = "monthly" if self.indicator.reporting == "monthly" else "cumulative"
        plain = [e for e in ordered if forms[id(e)] is None]
        stated = {forms[id(e)] for e in ordered if _month_of(e)[1] > 1} - {None}
        if stated == {"monthly"}:
            return "cumulative"
        if not plain or "cumulative" not in stated:
            return usual
        sums = {_month_of(e): _value_of(e) for e in ordered if forms[id(e)] == "cumulative"}
        shared = [e for e in plain if _month_of(e) in sums and _month_of(e)[1] > 1]
        if shared:
            same = all(_value_of(e) == sums[_month_of(e)] for e in shared)
            return "cumulative" if same else "monthly"
        rising = all(
            _value_of(a) <= _value_of(b)
            for a, b in pairwise(ordered)
            if _month_of(a)[0] == _month_of(b)[0]
        )
        if rising and usual == "monthly" and (later := self._fits_monthly(ordered, forms)):
            self._refuse(later, "有的写明累计，有的没有写明，两种读法都说得通")
        return "cumulative" if rising else "monthly"

    @staticmethod
    def _fits_monthly(
        ordered: Sequence[ValueCell], forms: Mapping[int, Form | None]
    ) -> ValueCell | None:
        """A plain month after January where plain months fit as 当月数 too; None if they do not."""
        sums: dict[int, Decimal] = defaultdict(Decimal)
        later = None
        for entry in ordered:
            year, month = _month_of(entry)
            if forms[id(entry)] is None:
                sums[year] += _value_of(entry)
                later = later or (entry if month > 1 else None)
            elif _value_of(entry) < sums[year]:
                return None
        return later

    def _put(self, table: dict[_Month, ValueCell], entry: ValueCell) -> None:
        before = table.setdefault(_month_of(entry), entry)
        if _value_of(before) != _value_of(entry):
            items = [Settled(e, *_month_of(e), _value_of(e)) for e in (before, entry)]
            _unique(items, self.findings)

    def _refuse(self, entry: ValueCell, why: str) -> None:
        wanted = "当月数" if self.indicator.reporting == "monthly" else "1月起的累计数"
        self.findings.add(
            "form",
            entry.place,
            f"“{self.indicator.name}”{why}",
            f"该指标按{wanted}保存：请提供{wanted}，或补齐当年1月以来各月。",
            entry.raw,
        )

    def run(self) -> list[Settled]:
        """Values in the reporting form, in order of time."""
        figures = (
            self._accumulated() if self.indicator.reporting != "monthly" else self._differenced()
        )
        return [
            Settled(e, *month, value, self.marks.get(month, ""))
            for month, (e, value) in sorted(figures.items())
        ]

    def _accumulated(self) -> dict[_Month, tuple[ValueCell, Decimal]]:
        figures = {m: (e, _value_of(e)) for m, e in self.cumulative.items()}
        for month, entry in sorted(self.monthly.items()):
            year, number = month
            before = (entry, Decimal(0)) if number == 1 else figures.get((year, number - 1))
            if month in figures and _value_of(entry) > figures[month][1]:
                self._compare(entry, figures[month][1], _value_of(entry))
                continue
            if before is None:
                if month not in figures:
                    self._refuse(entry, "的当月数缺少1月以来各月，无法累计")
                continue
            total = before[1] + _value_of(entry)
            if month in figures:
                self._compare(figures[month][0], figures[month][1], total)
            else:
                figures[month] = (entry, total)
        return figures

    def _differenced(self) -> dict[_Month, tuple[ValueCell, Decimal]]:
        figures = {m: (e, _value_of(e)) for m, e in self.monthly.items()}
        for year in sorted({y for y, _ in (*self.monthly, *self.cumulative)}):
            self._settle_january(year, figures)
            running: Decimal | None = Decimal(0)
            for number in range(1, 13):
                month = (year, number)
                stated = self.cumulative.get(month)
                if stated is not None:
                    total = _value_of(stated)
                    if month in figures and running is not None:
                        self._compare(stated, total, running + figures[month][1])
                    elif running is not None:
                        figures[month] = (stated, total - running)
                    elif month not in figures:
                        self._refuse(stated, "的累计数缺少上月累计，无法换算成当月数")
                    running = total
                elif month in figures and running is not None:
                    running += figures[month][1]
                else:
                    running = None
        return figures

    def _settle_january(self, year: int, figures: dict[_Month, tuple[ValueCell, Decimal]]) -> None:
        """Take January out of a sum of January and February that was published alone."""
        january, february = (year, 1), (year, 2)
        both = self.cumulative.get(february)
        if both is None or january in figures or january in self.cumulative:
            return
        total = _value_of(both)
        if february in figures:
            figures[january] = (both, total - figures[february][1])
            return
        half = total / 2
        if self.indicator.precision >= 1:
            half = half.to_integral_value(ROUND_FLOOR)
        figures[january], figures[february] = (both, half), (both, total - half)
        self.marks |= dict.fromkeys((january, february), "（1—2月合计，各半）")
        self.findings.add(
            "split_months",
            both.place,
            f"“{self.indicator.name}”{year}年1—2月只有合计 {total:f}，按各半记入1月 {half:f}、"
            f"2月 {total - half:f}，来源已注明",
            "有分月的数时请补充导入（用 --revise）。",
            both.raw,
        )

    def _compare(self, entry: ValueCell, stated: Decimal, summed: Decimal) -> None:
        grain = entry.grain * (entry.unit.factor if entry.unit else 1)
        slack = Decimal(0) if grain == 1 else grain * 7
        if abs(stated - summed) > slack:
            self.findings.add(
                "total_mismatch",
                entry.place,
                f"累计 {stated:f} 与各月之和 {summed:f} 不符",
                "请核对累计数与各月数，改正后重新导入。",
                entry.raw,
            )
