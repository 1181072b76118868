"""Figures of a month in progress: read with their days, stored with the day they became known."""

from __future__ import annotations

from datetime import date

import pytest
from openpyxl import load_workbook

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.errors import DataError
from employment_forecast.data.imports.importing import ImportOptions, import_files
from employment_forecast.data.readers import read_file
from employment_forecast.data.readers.template import PART_SHEET, template
from employment_forecast.data.store import Store, part_vintages

CATALOGUE = load_catalogue()
TODAY = date(2026, 11, 25)
STOCK, INFLOW = "registered_unemployed", "registered_inflow"


@pytest.fixture
def read(tmp_path):
    def reading(text: str, **options):
        file = tmp_path / "月中.csv"
        file.write_text(text, "utf-8")
        return read_file(file, CATALOGUE, **options)

    return reading


@pytest.fixture
def store(tmp_path):
    with_table = Store(f"sqlite:///{tmp_path / 'o.db'}")
    yield with_table
    with_table.close()


@pytest.fixture
def imported(store, tmp_path):
    def importing(text: str, *, today=TODAY, **options):
        file = tmp_path / "月中.csv"
        file.write_text(text, "utf-8")
        return import_files(
            store, CATALOGUE, [file], ImportOptions(**options), today=today, command="test"
        )

    return importing


def rows(result):
    return [(r.region, r.indicator, r.first_day, r.last_day, r.value) for r in result.part_months]


TENTH, TWENTIETH = date(2026, 11, 10), date(2026, 11, 20)
FIRST = date(2026, 11, 1)


def test_a_column_of_days(read):
    result = read(
        "地区,截至日期,登记失业人数（人）,新登记失业人数（人）,发布日期\n"
        "嘉定区,2026-11-10,12000,800,2026-11-12\n"
        "嘉定区,2026-11-20,1.21万人,1600,2026-11-22\n"
    )
    assert rows(result) == [
        ("310114", STOCK, TENTH, TENTH, 12000.0),
        ("310114", INFLOW, FIRST, TENTH, 800.0),
        ("310114", STOCK, TWENTIETH, TWENTIETH, 12100.0),
        ("310114", INFLOW, FIRST, TWENTIETH, 1600.0),
    ]
    assert [r.published_on for r in result.part_months[::2]] == [
        date(2026, 11, 12),
        date(2026, 11, 22),
    ]
    assert (result.readings, result.findings) == ((), ())


@pytest.mark.parametrize(
    "text",
    [
        "2026年就业情况\n地区,截至11月20日登记失业人数,11月1—20日新登记失业人数\n嘉定,12100,1600\n",
        "截至2026年11月20日登记失业情况\n地区,登记失业人数,新登记失业人数\n嘉定,12100,1600\n",
        "2026年11月月中数\n地区,截至2026年11月20日登记失业人数,1-20日新登记失业人数\n嘉定,12100,1600\n",
    ],
)
def test_days_in_heads_and_titles(read, text):
    assert rows(read(text)) == [
        ("310114", STOCK, TWENTIETH, TWENTIETH, 12100.0),
        ("310114", INFLOW, FIRST, TWENTIETH, 1600.0),
    ]


def test_a_week_has_its_first_day(read):
    result = read(
        "地区,起始日期,截至日期,新登记失业人数\n嘉定,2026-10-26,2026-11-01,310\n"
        "嘉定,2026/11/2,2026/11/8,290\n"
    )
    assert [r[2:] for r in rows(result)] == [
        (date(2026, 10, 26), FIRST, 310.0),
        (date(2026, 11, 2), date(2026, 11, 8), 290.0),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "地区,月份,登记失业人数\n嘉定,2026-11,12100\n",
        "地区,月份,登记失业人数\n嘉定,2026-11-30,12100\n",
        "2026年\n地区,截至11月30日登记失业人数\n嘉定,12100\n",
    ],
)
def test_monthly_tables_are_read_as_before(read, text):
    assert read(text).part_months == ()


def test_what_is_wrong_names_its_cell(read):
    result = read(
        "地区,截至日期,登记失业人数\n嘉定,2026-11-10,1x\n某地,2026-11-10,5\n嘉定,去年,7\n"
    )
    assert [(f.check, f.row, f.column) for f in result.findings] == [
        ("unreadable_value", 2, 3),
        ("unknown_region", 3, 1),
        ("unknown_month", 4, 2),
    ]


def test_stored_as_of_revised_and_withdrawn(store, imported):
    table = "地区,截至日期,登记失业人数,发布日期\n嘉定,{},{},{}\n"
    first = imported(table.format("2026-11-10", 12000, "2026-11-12"))
    assert (first.part_months, first.added) == (1, 0)
    assert imported(table.format("2026-11-10", 12000, "")).batch is None
    with pytest.raises(DataError, match="截至 2026-11-10 已有 12000，文件里是 12050"):
        imported(table.format("2026-11-10", 12050, ""))
    second = imported(table.format("2026-11-10", 12050, ""), revise=True)
    vintages = part_vintages(store, "310114", STOCK)
    assert vintages.as_of(date(2026, 11, 11)).values.tolist() == []
    assert vintages.known_hash(date(2026, 11, 11)) == ""
    assert vintages.as_of(date(2026, 11, 12)).values.tolist() == [12000.0]
    assert vintages.as_of(TODAY).values.tolist() == [12050.0]
    assert vintages.as_of(TODAY).last_day.tolist() == [TENTH]
    store.withdraw(second.batch)
    assert part_vintages(store, "310114", STOCK).as_of(TODAY).values.tolist() == [12000.0]


def test_an_unknown_day_is_estimated_but_hides_nothing(store, imported):
    imported("地区,截至日期,登记失业人数\n嘉定,2026-11-10,12000\n嘉定,2026-11-24,12300\n")
    stored = part_vintages(store, "310114", STOCK).rows
    assert [d.date() for d in stored["published_on"]] == [date(2026, 11, 13), TODAY]
    assert stored["published_estimated"].tolist() == [True, False]


@pytest.mark.parametrize(
    ("day", "value", "said"),
    [("2026-12-10", 5, "之后"), ("2026-11-10", -5, "为负数")],
)
def test_impossible_figures_are_refused(imported, day, value, said):
    with pytest.raises(DataError, match=said):
        imported(f"地区,截至日期,登记失业人数\n嘉定,{day},{value}\n")


PLAIN = "地区,截至日期,登记失业人数\n嘉定,2026-11-20,{}\n"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("单位：万人\n" + PLAIN.format(1.29), 12900.0),
        ("嘉定区月中数（单位：千人）\n" + PLAIN.format(13), 13000.0),
        (PLAIN.format(13) + "注：单位为千人\n", 13000.0),
        ("单位：人、%\n" + PLAIN.format(12900), 12900.0),
        ("地区,单位,截至日期,登记失业人数\n嘉定,万人,2026-11-20,1.29\n", 12900.0),
        ("单位：万人\n" + PLAIN.format("12900人"), 12900.0),
    ],
)
def test_units_beside_the_figures_of_part_months(read, text, value):
    assert rows(read(text)) == [("310114", STOCK, TWENTIETH, TWENTIETH, value)]


@pytest.mark.parametrize(
    "text",
    [
        PLAIN.format(1.29),
        "单位：万人、人\n" + PLAIN.format(12900),
        "地区,截至日期,登记失业率\n嘉定,2026-11-20,0.032\n",
        "地区,截至日期,登记失业率\n嘉定,2026-11-20,320\n",
    ],
)
def test_part_months_in_another_unit_are_refused(read, text):
    result = read(text)
    assert [f.check for f in result.errors] == ["unreadable_value"]
    assert result.part_months == ()


def test_a_part_month_sheet_without_a_known_head_says_so(read):
    result = read("截至2026年11月20日\n指标,数值\n登记失业人数,12900\n")
    assert [f.check for f in result.warnings] == ["unknown_label"]
    assert "月中数" in str(result.refusal())


@pytest.mark.parametrize("value", [0, 13, 1290, 129000])
def test_part_months_far_from_the_months_are_refused(imported, value):
    imported("地区,月份,登记失业人数\n嘉定,2026-09,12000\n嘉定,2026-10,12100\n")
    with pytest.raises(DataError, match="相差悬殊"):
        imported(PLAIN.format(value))
    assert imported(PLAIN.format(12900)).part_months == 1


def test_a_part_month_total_since_january_is_refused(imported):
    imported("地区,月份,城镇新增就业\n嘉定,2026年1-9月,9000\n嘉定,2026年1-10月,10000\n")
    table = "地区,截至日期,城镇新增就业\n嘉定,2026-11-20,{}\n"
    with pytest.raises(DataError, match="像是1月起的累计数"):
        imported(table.format(10600))
    assert imported(table.format(600)).part_months == 1


def test_the_template_is_understood(tmp_path):
    file = tmp_path / "模板.xlsx"
    file.write_bytes(template(CATALOGUE, CATALOGUE.region("嘉定")))
    book = load_workbook(file)
    page = book[PART_SHEET]
    heads = [c.value for c in page[1]]
    page.cell(2, 1, "嘉定")
    page.cell(2, heads.index("截至日期") + 1, "2026-11-20")
    page.cell(2, heads.index("登记失业人数（人）") + 1, 12100)
    book.save(file)
    assert rows(read_file(file, CATALOGUE)) == [("310114", STOCK, TWENTIETH, TWENTIETH, 12100.0)]
