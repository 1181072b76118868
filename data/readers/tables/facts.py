"""What header, row, section and title together say about a value."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from employment_forecast.data.catalogue import Indicator, Region
from employment_forecast.data.readers.formats import Sheet, Value, text_of
from employment_forecast.data.readers.tables.layout import is_note
from employment_forecast.data.readers.vocabulary import (
    Form,
    Label,
    Total,
    Unit,
    Vocabulary,
    When,
    find_when,
    fold,
    parse_when,
    unit_note,
    units_in,
)


@dataclass(frozen=True, slots=True)
class Facts:
    """Attributes of a value, as far as one source states them.

    Attributes
    ----------
    region, indicator, group, when, units, form, total
        As in `Label`.
    part : bool
        `#` or 其中.
    skip : bool
        Not an observation: comparisons, targets, remarks.
    published_on : datetime.date or None
        From a column of its own.
    source : str
        From a column of its own.
    label : str
        Text that states the indicator.
    """

    region: Region | None = None
    indicator: Indicator | None = None
    group: str | None = None
    when: When | None = None
    units: tuple[Unit, ...] = ()
    form: Form | None = None
    total: Total | None = None
    part: bool = False
    skip: bool = False
    published_on: date | None = None
    source: str = ""
    label: str = ""

    def over(self, other: Facts) -> Facts:
        """These facts, completed by those of a more general source.

        A month without a year takes the year of `other`; a year without a month takes the month of
        `other` only if that is of no other year.
        """
        if self is NOTHING or other is NOTHING:
            return other if self is NOTHING else self
        # Spelled out: this runs several times for every cell of a file.
        return Facts(
            self.region or other.region,
            self.indicator or other.indicator,
            self.group or other.group,
            complete(self.when, other.when),
            self.units or other.units,
            self.form or other.form,
            self.total or other.total,
            self.part or other.part,
            self.skip or other.skip,
            self.published_on or other.published_on,
            self.source or other.source,
            self.label if self.indicator is not None else other.label,
        )


NOTHING = Facts()


def complete(specific: When | None, general: When | None) -> When | None:
    """A time completed by a more general one; see `Facts.over`."""
    if specific is None or general is None:
        return specific or general
    if specific.year is None:
        return replace(specific, year=general.year)
    if specific.last is None and general.year in (None, specific.year):
        return replace(general, year=specific.year)
    return specific


def contradicts(one: Facts, two: Facts) -> str | None:
    """What row and column state differently, in Chinese; None if they agree."""
    for name, title in (("region", "地区"), ("indicator", "指标"), ("group", "群体")):
        first, second = getattr(one, name), getattr(two, name)
        if first is not None and second is not None and first != second:
            return title
    if one.when is None or two.when is None:
        return None
    years = {w.year for w in (one.when, two.when)} - {None}
    months = {(w.first, w.last) for w in (one.when, two.when) if w.last is not None}
    return "月份" if len(years) > 1 or len(months) > 1 else None


def facts_of(labels: Iterable[Label]) -> Facts:
    """Facts of several labels that head the same value, most general first."""
    facts = NOTHING
    for label in labels:
        facts = Facts(
            region=label.region,
            indicator=label.indicator,
            group=label.group,
            when=label.when,
            units=label.units,
            form=label.form,
            total=label.total,
            part=label.part,
            skip=label.derived or label.ignored,
            label=label.text if label.indicator is not None else "",
        ).over(facts)
    return facts


_KEY = re.compile(r"^([^:]{1,10}):(.*)$")
# Units that a title or a name has in brackets or behind a dash: 新增就业(万人), 新增就业-万人.
_ASIDE = re.compile(r"\(([^()]{1,8})\)|-([^-()]{1,4})$")
_MONTHLY_TITLE = re.compile("当月|单月|[各每逐]月新增")
_CLERICAL = re.compile(
    "填报|填表|制表|打印|报送|印发|审核|导出|制定|批准|有效期|联系|负责|表号|发布"
    # Of other times only those of the figures count: 统计时间, 所属期, 报表月份.
    "|^(?!.*(?:统计|数据|所属|归属|报告|调查|报表|月报|起止|会计|截[止至]|期末|本期|当前|业务|核算|考核))"
    ".+(?:时间|日期|月份|年月|时点)$"
)
_DAY = re.compile(r"\d[日号]|(?:19|20)\d{2}[-/.]\d{1,2}[-/.]\d{1,2}")
# In front of a title or in its bracket; alone or beside an office it dates the paper.
_TITLE_DAY = re.compile(
    r"(?P<begins>^(?:截[至止]到?)?)?(?(begins)|(?<=[^(])\((?:截[至止]到?)?)"
    r"(?P<day>(?:19|20)\d{2}年\d{1,2}月(?!0?1[日号])\d{1,2}[日号])(?(begins)(?=[^)])|[止数]?\))"
)
_SENDER = re.compile(r"(?:[局厅委部处科室办站所]|中心|会议|材料|通知|方案)\)?$")
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2})(?!\d)")
_BARE_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}年(?!\d{1,2}月)")
_YEAR_OF_MONTH = re.compile(r"(?<!\d)(?:19|20)\d{2}年\d{1,2}月(?!份?[-至到\d])")
_LONGEST = 400  # of a title
_UNTIL = re.compile("截至|截止|报告期|统计")


def context(sheet: Sheet, banners: list[int], vocabulary: Vocabulary) -> Facts:
    """What the rows above a table say about all of its values."""
    facts = Facts()
    for row in banners:
        for column, value in sorted(sheet.rows.get(row, {}).items()):
            if (row, column) not in sheet.covered:
                facts = facts_before(facts, _statement(value, vocabulary))
    return facts


def facts_before(facts: Facts, general: Facts) -> Facts:
    """Facts of titles and names over more general ones; a month after theirs has another year."""
    when, other = facts.when, general.when
    if when is None or when.year is not None or other is None:
        return facts.over(general)
    if when.last and other.last and when.last > other.last:
        general = replace(general, when=None)
    return facts.over(general)


@dataclass(frozen=True)
class UnitRemark:
    """A unit that a remark states, for one indicator or, if that is None, for the whole table."""

    indicator: Indicator | None
    units: tuple[Unit, ...]


def unit_remarks(texts: Iterable[str], vocabulary: Vocabulary) -> list[UnitRemark]:
    """Units stated in remarks under or beside a table, those for one indicator first."""
    remarks = [UnitRemark(vocabulary.find_indicator(t), units_in(t)) for t in texts if units_in(t)]
    return sorted(remarks, key=lambda remark: remark.indicator is None)


def units_aside(text: str) -> tuple[Unit, ...]:
    """Units in the brackets of a title or a name, or at its end; （月） says how often it comes."""
    asides = ("".join(match) for match in _ASIDE.findall(fold(text[:_LONGEST])))
    return tuple(u for aside in asides for u in unit_note(aside) if u.dimension != "months")


# A month by which figures were sent in is not theirs: 2025年4月上报.
REPORTED = re.compile("上报|报送|提交|印发|发布|下载|导出")


def is_clerical(folded: str) -> bool:
    """True for a folded text that says who filled in, checked or sent the table."""
    key = _KEY.match(folded)
    return bool(key and _CLERICAL.search(key.group(1)))


def _statement(value: Value, vocabulary: Vocabulary) -> Facts:
    text = text_of(value)[:_LONGEST]
    if is_note(text):
        return Facts()
    if isinstance(value, date):
        whole = value.day == 1 or (value + timedelta(days=1)).day == 1
        return Facts(when=parse_when(text)) if whole else Facts()
    if units := unit_note(text):
        return Facts(units=units)
    folded = fold(text)
    key = _KEY.match(folded)
    if key and is_clerical(folded):
        return Facts(region=vocabulary.find_region(key.group(2)))
    dated = _DAY.search(folded) and not _UNTIL.search(folded)
    if key and not dated:
        known = _named(key.group(2), vocabulary)
        if known is not None:
            return known
    known = _named(text, vocabulary)
    if known is not None and not dated:
        return known
    facts = title_facts(text, vocabulary)
    return replace(facts, units=facts.units or units_aside(text))


def _named(text: str, vocabulary: Vocabulary) -> Facts | None:
    label = vocabulary.classify(text)
    return facts_of([label]) if label.known and label.states and not label.derived else None


def _month_end(folded: str) -> tuple[When, str] | None:
    """The month whose last day a title states; who sent it on that day is no title."""
    dated = _TITLE_DAY.search(folded)
    if dated is None or _CLERICAL.search(folded):
        return None
    said = folded[: dated.start()] or folded[dated.end() :]
    when = parse_when(dated["day"]) if dated["begins"] or not _SENDER.search(said) else None
    return None if when is None or when.day else (when, folded)


def _one_year(folded: str) -> tuple[When, str] | None:
    """The year alone of a title with several months, none of another year: 2025年…(截至6月底).

    A year in front of a month may be that of the day on which the paper was made; with months of
    the year before in the table.
    """
    years = set(_YEAR.findall(folded))
    if len(years) != 1 or not _BARE_YEAR.search(folded) or _YEAR_OF_MONTH.search(folded):
        return None
    return When(year=int(min(years))), folded


def title_facts(text: str, vocabulary: Vocabulary) -> Facts:
    """What a free text, such as a title or a file name, says in passing."""
    folded = fold(text[:_LONGEST])
    time = find_when(text) or _month_end(folded) or _one_year(folded)
    form: Form | None = None
    monthly, cumulative = _MONTHLY_TITLE.search(folded) is not None, "累计" in folded
    if monthly != cumulative:  # 各月新增及累计 says neither of a column
        form = "monthly" if monthly else "cumulative"
    indicator = vocabulary.find_indicator(text)
    return Facts(
        region=vocabulary.find_region(text),
        indicator=indicator,
        when=time[0] if time else None,
        units=units_in(text) if "单位" in folded else (),
        form=form,
        label=text if indicator is not None else "",
    )
