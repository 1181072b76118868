"""A random table in a random layout, spelling, encoding and format is read back unchanged."""

import html
import io
import re
from dataclasses import dataclass

import openpyxl
import pandas as pd
import pytest
import xlwt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.campaigns import examples, tries

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.readers import read_bytes

CATALOGUE = load_catalogue()
REGIONS = {"310104": "徐汇区", "310114": "嘉定区", "330900": "舟山市"}
INDICATORS = {
    "registered_unemployed": ("登记失业人数", "人"),
    "registered_unemployment_rate": ("登记失业率", "%"),
    "new_jobs": ("城镇新增就业", "人"),
}
MONTH_SPELLINGS = (
    "{y}年{m}月",
    "{y}年{m:02d}月份",
    "{y}{m:02d}",
    "{y}-{m:02d}",
    "{y}.{m:02d}",
    "{y}/{m}",
    "{y}{m:02d}28",
    "{y}-{m:02d}-01",
)
SPAN_SPELLINGS = ("{y}年1-{m}月", "{y}年1—{m}月累计")
MISSING = ("…", "/", "—", "", "……", "-")
WIDE = str.maketrans("0123456789.,-", "０１２３４５６７８９．，－")


@dataclass
class Page:
    """Rows of texts, and areas (top, left, bottom, right) that are merged."""

    rows: list[list[str]]
    merges: list[tuple[int, int, int, int]]


def series(draw, indicator, months):
    """Values as printed text, by month; None where nothing was published."""
    texts = {}
    total = 0
    for month in months:
        if month.month == 1:
            total = 0
        if indicator == "registered_unemployment_rate":
            text = f"{draw(st.integers(100, 999)) / 100:.2f}"
        elif indicator == "new_jobs":
            total += draw(st.integers(100, 9000))
            text = str(total)
        else:
            text = str(draw(st.integers(1000, 200000)))
        texts[month] = None if draw(st.integers(0, 9)) == 0 else text
    return texts


@st.composite
def tables(draw):
    """A table of values: {(region, indicator, month): text or None}."""
    regions = draw(st.lists(st.sampled_from(sorted(REGIONS)), min_size=1, max_size=3, unique=True))
    indicators = draw(
        st.lists(st.sampled_from(sorted(INDICATORS)), min_size=1, max_size=3, unique=True)
    )
    first = pd.Period(year=draw(st.integers(2012, 2023)), month=draw(st.integers(1, 12)), freq="M")
    months = [first + i for i in range(draw(st.integers(1, 14)))]
    table = {}
    for region in regions:
        for indicator in indicators:
            for month, text in series(draw, indicator, months).items():
                table[region, indicator, month] = text
    return regions, indicators, months, table


class Spelling:
    """How one file writes months, numbers, missing values and units."""

    def __init__(self, draw, indicators):
        only_flows = indicators == ["new_jobs"]
        spellings = SPAN_SPELLINGS if only_flows and draw(st.booleans()) else MONTH_SPELLINGS
        self.month_pattern = draw(st.sampled_from(spellings))
        self.scaled = draw(st.booleans())
        self.style = draw(st.sampled_from(("plain", "grouped", "wide")))
        self.missing = draw(st.sampled_from(MISSING))
        self.percent = draw(st.booleans())

    def month(self, month):
        return self.month_pattern.format(y=month.year, m=month.month)

    def number(self, text, indicator):
        if text is None:
            return self.missing
        if indicator == "registered_unemployment_rate":
            text += "%" * self.percent
        elif self.scaled:
            text = f"{int(text) / 10000:.4f}"
        elif self.style == "grouped":
            text = f"{int(text):,}"
        return text.translate(WIDE) if self.style == "wide" else text

    def unit(self, indicator):
        unit = INDICATORS[indicator][1]
        return "万人" if self.scaled and unit == "人" else unit

    def head(self, indicator):
        return f"{INDICATORS[indicator][0]}（{self.unit(indicator)}）"


def long_page(draw, regions, indicators, months, table, spell):
    columns = draw(st.permutations(["地区", "指标", "月份", "数值", "单位"]))
    rows = [list(columns)]
    for (region, indicator, month), text in table.items():
        cells = {
            "地区": draw(st.sampled_from((REGIONS[region], region))),
            "指标": INDICATORS[indicator][0],
            "月份": spell.month(month),
            "数值": spell.number(text, indicator),
            "单位": spell.unit(indicator),
        }
        rows.append([cells[c] for c in columns])
    return [Page(rows, [])]


def indicator_columns(draw, regions, indicators, months, table, spell):
    rows = [["序号", "地区", "月份", *map(spell.head, indicators)]]
    for region in regions:
        for month in months:
            values = [spell.number(table[region, i, month], i) for i in indicators]
            rows.append([str(len(rows)), REGIONS[region], spell.month(month), *values])
    if draw(st.booleans()):
        rows[0] += ["同比（%）", "备注"]
        for row in rows[1:]:
            row += [draw(st.sampled_from(("-1.2", "0.5（百分点）", "—"))), "初步数"]
    return [Page(rows, [])]


def month_columns(draw, regions, indicators, months, table, spell):
    rows = [["地区", "指标", "计量单位", *map(spell.month, months)]]
    merges = []
    for region in regions:
        top = len(rows) + 1
        for indicator in indicators:
            values = [spell.number(table[region, indicator, m], indicator) for m in months]
            rows.append(["", INDICATORS[indicator][0], spell.unit(indicator), *values])
        rows[top - 1][0] = REGIONS[region]
        merges.append((top, 1, len(rows), 1))
    if draw(st.booleans()):
        rows.append(["嘉定区", "技能培训人次", "人次", *["12"] * len(months)])
    return [Page(rows, merges)]


def two_levels(draw, regions, indicators, months, table, spell):
    top, below, merges = ["地区"], [""], [(1, 1, 2, 1)]
    for indicator in indicators:
        merges.append((1, len(top) + 1, 1, len(top) + len(months)))
        top += [spell.head(indicator), *[""] * (len(months) - 1)]
        below += map(spell.month, months)
    rows = [top, below]
    lines = []
    for region in regions:
        keys = [(region, i, m) for i in indicators for m in months]
        lines.append([REGIONS[region], *(spell.number(table[k], k[1]) for k in keys)])
    total = ["合　计"]
    for indicator in indicators:
        for month in months:
            texts = [table[r, indicator, month] for r in regions]
            if indicator == "registered_unemployment_rate" or None in texts:
                total.append("—")
            else:
                total.append(spell.number(str(sum(map(int, texts))), indicator))
    if draw(st.booleans()) and len(regions) > 1:
        lines.insert(draw(st.sampled_from((0, len(lines)))), total)
    return [Page([*rows, *lines], merges)]


def year_over_months(draw, regions, indicators, months, table, spell):
    pattern = draw(st.sampled_from(("{}", "{}月", "{}月份")))
    top, below, merges = ["地区", "指标"], ["", ""], [(1, 1, 2, 1), (1, 2, 2, 2)]
    for year in sorted({m.year for m in months}):
        mine = [m for m in months if m.year == year]
        merges.append((1, len(top) + 1, 1, len(top) + len(mine)))
        top += [f"{year}年", *[""] * (len(mine) - 1)]
        below += [pattern.format(m.month) for m in mine]
    rows = [top, below]
    for region in regions:
        for indicator in indicators:
            values = [spell.number(table[region, indicator, m], indicator) for m in months]
            name = f"{INDICATORS[indicator][0]}（{spell.unit(indicator)}）"
            rows.append([REGIONS[region], name, *values])
    return [Page(rows, merges)]


def sheet_per_region(draw, regions, indicators, months, table, spell):
    pages = []
    for region in regions:
        title = [f"{REGIONS[region]}就业失业主要指标"]
        rows = [title, ["月份", *map(spell.head, indicators)]]
        for month in months:
            values = [spell.number(table[region, i, month], i) for i in indicators]
            rows.append([spell.month(month), *values])
        rows.append(["注：本表为月度快报数，以年报为准。"])
        pages.append(Page(rows, [(1, 1, 1, len(indicators) + 1)]))
    return pages


def region_columns(draw, regions, indicators, months, table, spell):
    pages = []
    for indicator in indicators:
        name = INDICATORS[indicator][0]
        unit = ["", f"单位：{spell.unit(indicator)}"]
        rows = [[f"各地区{name}"], unit, ["月份", *(REGIONS[r] for r in regions)]]
        for month in months:
            values = [spell.number(table[r, indicator, month], indicator) for r in regions]
            rows.append([spell.month(month), *values])
        pages.append(Page(rows, []))
    return pages


def years_across(draw, regions, indicators, months, table, spell):
    pages = []
    years = sorted({m.year for m in months})
    for region in regions:
        for indicator in indicators:
            title = f"{REGIONS[region]}{INDICATORS[indicator][0]}（单位：{spell.unit(indicator)}）"
            rows = [[title], ["月份", *(f"{y}年" for y in years)]]
            for number in range(1, 13):
                cells = [pd.Period(year=y, month=number, freq="M") for y in years]
                texts = [table.get((region, indicator, c)) for c in cells]
                rows.append([f"{number}月", *(spell.number(t, indicator) for t in texts)])
            pages.append(Page(rows, []))
    return pages


LAYOUTS = (
    long_page,
    indicator_columns,
    month_columns,
    two_levels,
    year_over_months,
    sheet_per_region,
    region_columns,
    years_across,
)


def decorated(draw, page):
    """The page with a title, a line of who and when, blank rows, and notes and names below."""
    above = []
    if draw(st.booleans()):
        above.append([draw(st.sampled_from(("主要指标表", "附表2", "就业失业统计月报")))])
    if draw(st.booleans()):
        above.append(["填报日期：2024年4月12日", "", "表号：就业1表"])
    above += [[]] * draw(st.integers(0, 2))
    below = [[]] * draw(st.integers(0, 1))
    if draw(st.booleans()):
        below.append(["注：2019年起口径调整；资料来源为业务系统。"])
    if draw(st.booleans()):
        below.append(["单位负责人：", "", "填表人：", "联系电话：59991234"])
    down = len(above)
    merges = [(t + down, x, b + down, r) for t, x, b, r in page.merges]
    return Page([*above, *page.rows, *below], merges)


def as_csv(pages, encoding):
    (page,) = pages
    lines = [",".join(f'"{c}"' if "," in c else c for c in r) for r in page.rows]
    return "\r\n".join(lines).encode(encoding)


def as_xlsx(pages, numeric):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for page in pages:
        sheet = book.create_sheet()
        for r, row in enumerate(page.rows, 1):
            for c, text in enumerate(row, 1):
                if text:
                    sheet.cell(r, c, number_or_text(text) if numeric else text)
        for top, left, bottom, right in page.merges:
            sheet.merge_cells(start_row=top, start_column=left, end_row=bottom, end_column=right)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def as_xls(pages, numeric):
    book = xlwt.Workbook()
    for number, page in enumerate(pages):
        sheet = book.add_sheet(f"S{number}", cell_overwrite_ok=True)
        for r, row in enumerate(page.rows):
            for c, text in enumerate(row):
                if text:
                    sheet.write(r, c, number_or_text(text) if numeric else text)
        for top, left, bottom, right in page.merges:
            sheet.merge(top - 1, bottom - 1, left - 1, right - 1)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def number_or_text(text):
    # As a number 2021.10 would be 2021.1, which only its neighbours can tell from January.
    if re.fullmatch(r"20\d\d\.\d\d", text):
        return text
    try:
        return float(text)
    except ValueError:
        return text


def as_html(pages, encoding):
    out = ["<html><body>"]
    for page in pages:
        spans = {(t, x): (b - t + 1, r - x + 1) for t, x, b, r in page.merges}
        hidden = {
            (r, c)
            for top, left, bottom, right in page.merges
            for r in range(top, bottom + 1)
            for c in range(left, right + 1)
            if (r, c) != (top, left)
        }
        out.append("<table>")
        for r, row in enumerate(page.rows, 1):
            out.append("<tr>")
            for c, text in enumerate(row, 1):
                if (r, c) not in hidden:
                    down, across = spans.get((r, c), (1, 1))
                    out.append(f"<td rowspan={down} colspan={across}>{html.escape(text)}</td>")
            out.append("</tr>")
        out.append("</table>")
    return "".join(out).encode(encoding)


@st.composite
def files(draw):
    regions, indicators, months, table = draw(tables())
    spell = Spelling(draw, indicators)
    layout = draw(st.sampled_from(LAYOUTS))
    pages = layout(draw, regions, indicators, months, table, spell)
    pages = [decorated(draw, p) for p in pages]
    formats = ["xlsx", "xlsx-text", "xls", "html-utf8", "html-gb"]
    if len(pages) == 1:
        formats += ["utf-8", "utf-8-sig", "gb18030", "utf-16"]
    chosen = draw(st.sampled_from(formats))
    if chosen.startswith("html"):
        data = as_html(pages, "gb18030" if chosen == "html-gb" else "utf-8")
    elif chosen == "xls":
        data = as_xls(pages, draw(st.booleans()))
    elif chosen.startswith("xlsx"):
        data = as_xlsx(pages, chosen == "xlsx")
    else:
        data = as_csv(pages, chosen)
    expected = {k: float(t) for k, t in table.items() if t is not None}
    return layout.__name__, chosen, pages, data, expected


def read_back(file):
    """Assert that a file gives exactly the numbers it was made from."""
    layout, chosen, pages, data, expected = file
    result = read_bytes(data, "月报", CATALOGUE)
    values = {}
    for reading in result.readings:
        row = reading.observation
        values[row.region, row.indicator, row.month] = row.value
    errors = [str(e) for e in result.errors if expected or e.check != "nothing_read"]
    assert errors == [], (layout, chosen, pages)
    assert values == expected, (layout, chosen, pages)
    assert len(result.readings) == len(expected)


@settings(max_examples=examples(30), deadline=None, suppress_health_check=list(HealthCheck))
@given(files())
def test_every_layout_gives_its_numbers_back(file):
    read_back(file)


@pytest.mark.soak
@settings(max_examples=tries(3000), deadline=None, suppress_health_check=list(HealthCheck))
@given(files())
def test_every_layout_gives_its_numbers_back_at_length(file):
    read_back(file)
