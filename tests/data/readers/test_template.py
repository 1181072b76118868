"""The template asks for what the reader reads: filled in, it gives exactly what was filled in."""

import io
from datetime import date

import openpyxl
import pytest

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.readers import read_bytes
from employment_forecast.data.readers.template import (
    FIRM_SHEET,
    GROUP_SHEET,
    GUIDE_SHEET,
    INDICATOR_SHEET,
    PART_SHEET,
    indicator_head,
    template,
)
from employment_forecast.data.readers.vocabulary.labels import Vocabulary

CATALOGUE = load_catalogue()


def filled(fill):
    book = openpyxl.load_workbook(io.BytesIO(template(CATALOGUE, CATALOGUE.region("嘉定"))))
    fill(book)
    stream = io.BytesIO()
    book.save(stream)
    return read_bytes(stream.getvalue(), "模板.xlsx", CATALOGUE)


def put(page, row, values, head=1):
    columns = {page.cell(head, c).value: c for c in range(1, page.max_column + 1)}
    for name, value in values.items():
        page.cell(row, columns[name], value)


def test_every_indicator_head_is_read_back():
    vocabulary = Vocabulary(CATALOGUE)
    for indicator in CATALOGUE.indicators:
        label = vocabulary.classify(indicator_head(indicator))
        assert label.indicator == indicator
        assert [u.name for u in label.units] == [indicator.unit]
        form = "cumulative" if indicator.reporting == "year_to_date" else None
        assert label.form == form


def test_the_sheets_are_there_and_the_guide_names_the_region():
    book = openpyxl.load_workbook(io.BytesIO(template(CATALOGUE, CATALOGUE.region("嘉定"))))
    assert book.sheetnames == [GUIDE_SHEET, INDICATOR_SHEET, GROUP_SHEET, FIRM_SHEET, PART_SHEET]
    texts = [cell.value or "" for (cell,) in book[GUIDE_SHEET]["A1:A20"]]
    assert any("嘉定区" in t for t in texts)
    assert any("姓名" in t for t in texts)


def test_an_empty_template_gives_nothing_and_says_so():
    result = read_bytes(template(CATALOGUE), "模板.xlsx", CATALOGUE)
    assert [e.check for e in result.errors] == ["nothing_read"]


def test_indicators_come_back():
    def fill(book):
        page = book[INDICATOR_SHEET]
        put(page, 2, {"地区": "嘉定区", "月份": "2021-02", "登记失业人数（人）": 9230,
                      "城镇新增就业（人，1月起累计）": 3030, "发布日期": "2021-03-09"})  # fmt: skip
        put(page, 3, {"地区": "嘉定区", "月份": "2021-03", "登记失业人数（人）": 9180,
                      "登记失业率（%）": 3.16})  # fmt: skip

    result = filled(fill)
    assert result.findings == ()
    rows = [r.observation for r in result.readings]
    assert [(r.indicator, str(r.month), r.value, r.published_on) for r in rows] == [
        ("registered_unemployed", "2021-02", 9230, date(2021, 3, 9)),
        ("new_jobs", "2021-02", 3030, date(2021, 3, 9)),
        ("registered_unemployed", "2021-03", 9180, None),
        ("registered_unemployment_rate", "2021-03", 3.16, None),
    ]


def test_groups_come_back():
    def fill(book):
        put(
            book[GROUP_SHEET],
            2,
            {"地区": "嘉定区", "月份": "2021-02", "高校毕业生登记失业人数（人）": 655},
        )

    (reading,) = filled(fill).groups
    assert (reading.group, reading.observation.value) == ("graduates", 655)


def test_firms_come_back():
    def fill(book):
        values = {"企业编码": "JD001", "月份": "2021-03", "地区": "嘉定区", "行业": "制造业",
                  "企业规模": "大型", "所在街镇": "安亭镇", "建档期就业人数": 100, "新招人数": 5,
                  "减员人数": 9, "调查期末就业人数": 96, "劳务派遣人数": 3, "隐性失业人数": 1,
                  "用人单位解除": 2, "劳动者解除": 7, "生产经营困难": 4, "其他原因": 5}  # fmt: skip
        put(book[FIRM_SHEET], 3, values, head=2)

    result = filled(fill)
    assert result.findings == ()
    (firm,) = result.firms
    assert (firm.firm, str(firm.month), firm.region) == ("JD001", "2021-03", "310114")
    assert (firm.base, firm.hires, firm.separations, firm.end) == (100, 5, 9, 96)
    assert (firm.dispatched, firm.hidden) == (3, 1)
    assert firm.by_type == {"employer": 2, "employee": 7}
    assert firm.by_cause == {"hardship": 4, "other": 5}
    assert (firm.industry, firm.size, firm.street) == ("制造业", "大型", "安亭镇")
    assert firm.places["end"].address == "J3"


@pytest.mark.parametrize(
    ("change", "cell"),
    [
        ({"企业编码": None}, "A3"),
        ({"企业编码": "某某公司"}, "A3"),
        ({"月份": "三月份左右"}, "B3"),
        ({"建档期就业人数": None}, "G3"),
        ({"新招人数": 2.5}, "H3"),
        ({"减员人数": -1}, "I3"),
        ({"地区": "嘉丁区"}, "C3"),
    ],
)
def test_incomplete_firm_rows_are_refused_at_their_cell(change, cell):
    values = {"企业编码": "JD001", "月份": "2021-03", "地区": "嘉定区", "建档期就业人数": 100,
              "新招人数": 5, "减员人数": 9, "调查期末就业人数": 96} | change  # fmt: skip
    result = filled(lambda book: put(book[FIRM_SHEET], 3, values, head=2))
    assert result.firms == ()
    assert result.errors[0].place.address == cell


def test_a_firm_may_report_a_month_only_once():
    values = {"企业编码": "JD001", "月份": "2021-03", "地区": "嘉定区", "建档期就业人数": 100,
              "新招人数": 5, "减员人数": 9, "调查期末就业人数": 96}  # fmt: skip

    def fill(book):
        put(book[FIRM_SHEET], 3, values, head=2)
        put(book[FIRM_SHEET], 4, values, head=2)

    result = filled(fill)
    assert len(result.firms) == 1
    assert [e.place.address for e in result.errors] == ["A4"]


def test_a_firm_that_did_not_report_is_left_out():
    values = {"企业编码": "JD001", "月份": "2021-03", "地区": "嘉定区"}
    result = filled(lambda book: put(book[FIRM_SHEET], 3, values, head=2))
    assert result.firms == ()
    assert [e.check for e in result.errors] == ["nothing_read"]
