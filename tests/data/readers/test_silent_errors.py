"""What looks like a figure and is none, or is another one: recognised, or refused with the cause.

Each kind comes in the dresses in which offices send it. A value is either right or not taken in.
"""

import io
import zipfile
from dataclasses import replace
from datetime import date

import openpyxl
import pytest
import xlwt

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.errors import ForecastError
from employment_forecast.data.imports.checks import Batch, run_checks
from employment_forecast.data.readers import read_bytes
from employment_forecast.data.targets import Target

CATALOGUE = load_catalogue()
TODAY = date(2026, 11, 23)
UNEMPLOYED, RATE = "registered_unemployed", "registered_unemployment_rate"
SURVEYED, JOBS, INFLOW = "surveyed_unemployment_rate", "new_jobs", "registered_inflow"


def read(text, name="月报.csv", **options):
    data = text if isinstance(text, bytes) else text.encode()
    return read_bytes(data, name, CATALOGUE, **{"region": "嘉定", **options})


def checked(result, **batch):
    """Findings of reading and of all checks."""
    checks = run_checks(replace(Batch.of([result], CATALOGUE, TODAY), **batch))
    return [*result.findings, *(f for c in checks for f in c.findings)]


def errors(result, **batch):
    return {f.check for f in checked(result, **batch) if f.severity == "error"}


def values(result):
    return [r.observation.value for r in result.readings]


def months(result):
    return [str(r.observation.month) for r in result.readings]


def column(head, cells, start=2025):
    lines = [f"{start + i // 12}-{i % 12 + 1:02d},{cell}" for i, cell in enumerate(cells)]
    return f"月份,{head}\n" + "\n".join(lines) + "\n"


def workbook(rows, change=None):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if change:
        change(book.active)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


YOUTH = ["0.153", "0.16", "0.159", "0.182", "0.184", "0.193", "0.199", "0.187", "0.213"]


@pytest.mark.parametrize(
    ("head", "cells", "first"),
    [
        ("16-24岁人口调查失业率", YOUTH, 15.3),
        ("登记失业率", ["0.031", "0.0315", "0.032"], 3.1),
        ("登记失业率", ["0.0315"], 3.15),
        ("城镇登记失业率", [".031", ".032"], 3.1),
        ("城镇调查失业率", ["0.055", "0.056", "0.061"], 5.5),
        ("城镇调查失业率", ["0.046", "0.047", "0.21"], 4.6),
        ("调查失业率", ["0.05", "0.05", "0.051"], 5),
        ("全国城镇调查失业率", ["0.052", "0.051"], 5.2),
        ("31个大城市城镇调查失业率", ["0.05", "0.054"], 5.0),
        ("登记失业率", ["０．０３１", "０．０３２"], 3.1),
        ("登记失业率", ["0.031", "…", "0.033"], 3.1),
        ("登记失业率", ["0.031 ", " 0.032"], 3.1),
    ],
)
def test_rates_as_fractions_are_read_as_percentages_and_said_so(head, cells, first):
    region = "全国" if head.startswith("全国") else "嘉定"
    result = read(column(head, cells), region=region)
    assert values(result)[0] == pytest.approx(first)
    assert min(values(result)) >= 0.4
    assert "rate_as_fraction" in {f.check for f in result.warnings}
    assert not errors(result)


@pytest.mark.parametrize(
    ("head", "cells"),
    [
        ("登记失业率（%）", ["0.031", "0.032"]),
        ("登记失业率(％)", ["0.0315"]),
        ("登记失业率", ["0.031%", "0.032%"]),
        ("城镇调查失业率（%）", ["0.055", "0.056"]),
        ("城镇调查失业率（‰）", ["0.55", "0.56"]),
        ("登记失业率", ["3.1", "0.032", "3.2"]),
        ("登记失业率", ["0.031", "0.032", "3.2"]),
        ("登记失业率", ["3.1", "3.2", "320"]),
        ("16—24岁劳动力城镇调查失业率(不含在校生)（%）", ["0.153", "0.16"]),
    ],
)
def test_fractions_that_a_unit_or_a_neighbour_contradicts_are_refused(head, cells):
    assert errors(read(column(head, cells)))


@pytest.mark.parametrize(
    ("head", "cells", "first"),
    [
        ("登记失业率", ["0.71", "0.69"], 0.71),
        ("登记失业率", ["0.5%", "0.6%"], 0.5),
        ("登记失业率（‰）", ["31", "32"], 3.1),
        ("登记失业率", ["3.1%", "3.2%"], 3.1),
        ("城镇调查失业率", ["5.5", "20.9"], 5.5),
        ("求人倍率", ["0.05", "0.06"], 0.05),
    ],
)
def test_small_rates_and_ratios_are_taken_as_they_are(head, cells, first):
    result = read(column(head, cells))
    assert values(result)[0] == pytest.approx(first)
    assert not errors(result)


@pytest.mark.parametrize(
    ("form", "number", "value"),
    [
        ('0.00"万人"', 1.37, 13700),
        ("0.00万人", 1.37, 13700),
        ('0.00"万"', 1.37, 13700),
        ('#,##0.0"千人"', 13.7, 13700),
        ('0.0_ "万人"', 1.4, 14000),
        ("0.00\\万\\人", 1.37, 13700),
        ('0"百人"', 137, 13700),
        ('[Red]0.00"万人"', 1.37, 13700),
        ('0.00"万人";-0.00"万人"', 1.37, 13700),
        ('[>=10]0.00"万人";0.00"万人"', 1.37, 13700),
        ('0!.0,"万"', 13700, 13700),
        ('0.0,"千人"', 13700, 13700),
        ('#,##0"人"', 13700, 13700),
        ("#,##0", 13700, 13700),
        ("#,##0_);(#,##0)", 13700, 13700),
        ("General", 13700, 13700),
        ('G/通用格式"人"', 13700, 13700),
        ('"约"0.00"万人"', 1.37, 13700),
        ('_ * #,##0_ ;_ * -#,##0_ ;_ * "-"_ ;_ @_ ', 13700, 13700),
    ],
)
def test_a_number_format_says_the_unit(form, number, value):
    def formatted(page):
        page["B2"].number_format = form

    result = read(workbook([["月份", "登记失业人数"], ["2025年1月", number]], formatted), "a.xlsx")
    assert values(result) == [value]
    assert not errors(result)


@pytest.mark.parametrize(
    ("form", "number", "value"),
    [
        ('0.0"‰"', 31, 3.1), ("0.0‰", 31, 3.1), ("0.00%", 0.031, 3.1), ('0.00"%"', 3.1, 3.1),
        ("0%", 0.03, 3), ("0.00", 3.1, 3.1),
    ],
)  # fmt: skip
def test_a_number_format_of_a_rate(form, number, value):
    def formatted(page):
        page["B2"].number_format = form

    result = read(workbook([["月份", "登记失业率"], ["2025年1月", number]], formatted), "a.xlsx")
    assert values(result) == [pytest.approx(value)]


def test_a_scaling_comma_shows_thousands_under_a_title_that_says_so():
    def formatted(page):
        page["B3"].number_format = "#,##0.0,"

    rows = [["单位：千人"], ["月份", "登记失业人数"], ["2025年1月", 13700]]
    assert values(read(workbook(rows, formatted), "a.xlsx")) == [13700]


def test_number_formats_of_the_legacy_format():
    book = xlwt.Workbook()
    page = book.add_sheet("表")
    style = xlwt.XFStyle()
    style.num_format_str = '0.00"万人"'
    page.write(0, 0, "月份")
    page.write(0, 1, "登记失业人数")
    page.write(1, 0, "2025年1月")
    page.write(1, 1, 1.37, style)
    stream = io.BytesIO()
    book.save(stream)
    assert values(read(stream.getvalue(), "a.xls")) == [13700]


BODY = "月份,登记失业人数\n2025年1月,1.36\n2025年2月,1.37\n"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (BODY + "注：本表数据单位为万人。,\n", 13600),
        (BODY + "注：本表数据单位为千人。,\n", 1360),
        (BODY + "注：单位：万人\n", 13600),
        (BODY + "单位：万人,\n", 13600),
        (BODY + "（单位：万人）\n", 13600),
        (BODY + "说明：计量单位为万人，按月统计\n", 13600),
        (BODY + "注1：人数以万人为单位。\n", 13600),
        (BODY + "备注：单位均为万人。\n", 13600),
        (BODY + "注：登记失业人数单位为万人。\n", 13600),
        (BODY + ",\n注：本表单位是万人。\n", 13600),
        (BODY + "填报人：\n单位负责人：\n注：表中人数单位均为“万人”\n", 13600),
        ("月份,登记失业人数,备注\n2025年1月,1.36,单位：万人\n", 13600),
        ("月份,登记失业人数,登记失业率\n,万人,%\n2025年1月,1.36,3.1\n", 13600),
        ("单位：万人\n" + BODY, 13600),
        ("计量单位：万人,\n" + BODY, 13600),
        ("嘉定区就业情况（单位：万人）\n" + BODY, 13600),
        ("月份,登记失业人数,单位：万人\n2025年1月,1.36,\n2025年2月,1.37,\n", 13600),
        ("月份,登记失业人数,\n2025年1月,1.36,单位：万人\n2025年2月,1.37,\n", 13600),
        ("月份,登记失业人数（万人）\n2025年1月,1.36\n", 13600),
        ("月份,登记失业人数/万人\n2025年1月,1.36\n", 13600),
        ("月份,登记失业人数\n2025年1月,1.36万\n", 13600),
        ("月份,登记失业人数\n2025年1月,1.36万人\n", 13600),
        ("月份,计量单位,登记失业人数\n2025年1月,万人,1.36\n", 13600),
    ],
)
def test_units_above_below_and_beside_the_table(text, value):
    result = read(text)
    assert values(result)[0] == value
    assert not errors(result)


@pytest.mark.parametrize(
    "cells",
    [
        ["1.37", "1.38"], ["900.5"], ["13.600"], ["13.600", "14.100"], ["9000", "0.91"], ["1.5"],
        ["１．３７"], ["9,000.5"], ["0.9"], ["1.36", "9000", "9100"],
    ],
)  # fmt: skip
def test_parts_of_persons_are_refused(cells):
    assert "part_of_person" in errors(read(column("登记失业人数", [f'"{c}"' for c in cells])))


@pytest.mark.parametrize(
    ("cells", "severity"),
    [
        (["9000", "9100", "90500", "9050"], "warning"),
        (["9000", "9100", "905000", "9050"], "error"),
        (["9000", "9100", "9050000", "9050"], "error"),
        (["9000", "9100", "90500", "9050", "9000"], "warning"),
        (["9000", "9100", "91", "9050"], "error"),
        (["9000", "9100", "9", "9050"], "error"),
        (["9000", "9100", "905", "9050"], "warning"),
    ],
)
def test_jumps_by_powers_of_ten_are_questioned(cells, severity):
    jumps = [f for f in checked(read(column("登记失业人数", cells))) if f.check == "unit_jump"]
    assert [f.severity for f in jumps] == [severity]


def cap(value, indicator=UNEMPLOYED, unit="人"):
    return Target(
        region="310114", indicator=indicator, tier="district", direction="cap", basis="any_month",
        qualifier="以内", period="2025", value=value, unit=unit, announced_on=date(2025, 1, 1),
        announced_estimated=False, source="测试文件",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "bad"),
    [
        (["9000", "9100"], None), (["14000"], None), (["3000"], None), (["90"], "error"),
        (["91"], "error"), (["9"], "error"), (["905000", "910000"], "error"),
        (["90000", "91000"], "warning"), (["900"], "warning"), (["9000000"], "error"),
    ],
)  # fmt: skip
def test_first_figures_are_held_against_the_cap(cells, bad):
    result = read(column("登记失业人数", cells))
    findings = [f for f in checked(result, targets=(cap(9000.0),)) if f.check == "first_size"]
    assert [f.severity for f in findings] == ([bad] if bad else [])


def test_first_figures_are_held_against_the_rate_and_the_level():
    text = "月份,登记失业人数,登记失业率\n2025-01,{},{}\n"
    assert "first_size" in errors(read(text.format(12, 3.1)))
    assert "first_size" not in errors(read(text.format(9000, 3.1)))
    assert "first_size" not in errors(read(text.format(30, 2.0)))
    national = read(column("城镇新增就业", ["120", "250", "380"]), region="全国")
    assert "first_size" in errors(national)
    assert not errors(read(column("城镇新增就业（万人）", ["120", "250"]), region="全国"))


@pytest.mark.parametrize(
    ("head", "cell"),
    [
        ("新登记失业人数", "(201)"), ("新登记失业人数", "-200"), ("登记失业人数", "-1"),
        ("招聘人数", "（30）"), ("求职人数", "－30"), ("城镇新增就业", "-5"),
        ("登记失业率", "-3.1"),
        ("登记失业人员再就业人数", "(12)"), ("退出失业登记人数", "-12"), ("期末从业人员", "-1"),
        ("失业保险金初次申领人数", "(5)"), ("零就业家庭", "-1"), ("创业带动就业人数", "(1)"),
        ("农村劳动力转移就业人数", "-1"), ("领取失业保险金人数", "(7)"), ("累计新就业", "-9"),
        ("自然减员人数", "(9)"), ("新增就业岗位", "-9"), ("基金支撑月数", "-3"),
        ("新登记失业人数", "−200"),
    ],
)  # fmt: skip
def test_counts_are_never_negative(head, cell):
    assert errors(read(column(head, [cell])))


def test_net_changes_may_be_negative_where_the_workspace_says_so():
    net = {
        "code": "net", "name": "净增就业", "kind": "flow", "unit": "人",
        "reporting": "year_to_date", "signed": True,
    }  # fmt: skip
    catalogue = load_catalogue(extra_indicators=[net])
    result = read_bytes(
        column("净增就业", ["100", "-20"]).encode(), "a.csv", catalogue, region="嘉定"
    )
    checks = run_checks(Batch.of([result], catalogue, TODAY))
    assert values(result) == [100, -20]
    assert not [f for c in checks for f in c.findings if f.severity == "error"]


def dated(days, form='m"月"d"日"', head="城镇新增就业人数"):
    rows = [["月份", head], *([day, 1000 * (i + 1)] for i, day in enumerate(days))]

    def formatted(page):
        for row in range(2, len(rows) + 1):
            page.cell(row, 1).number_format = form

    return workbook(rows, formatted)


@pytest.mark.parametrize(
    "data",
    [
        dated([date(2026, 1, 9)]),
        dated([date(2026, 1, 9)], "yyyy-mm-dd"),
        dated([date(2026, 1, 9)], "d-mmm"),
        dated([date(2026, 1, 2), date(2026, 1, 3)]),
        dated([date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 3)], "yyyy/m/d"),
        dated([date(2026, 1, 12)], "m/d/yyyy"),
        *(
            f"月份,登记失业人数\n{label},9000\n".encode()
            for label in (
                "2025-02-30", "2025-04-31", "2025年2月29日", "2025/6/31", "20250230", "2025-01-09",
                "2025/1/9", "2025年1月9日", "20250109", "1月9日", "2025.1.9", "2025-03-15",
                "2025-13", "2025年13月",
            )
        ),
    ],
)  # fmt: skip
def test_days_are_no_months(data):
    result = read(data, "a.xlsx" if data.startswith(b"PK") else "a.csv")
    assert "unknown_month" in errors(result)


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        (["2025-01-31", "2025-02-28", "2025-03-31"], False),
        (["2025-01-01", "2025-02-01", "2025-03-01"], False),
        (["20250131", "20250228"], False),
        (["2025年1月31日", "2025年2月28日"], False),
        (["2025-01-25", "2025-02-25", "2025-03-25"], True),
        (["2025-01-28", "2025-02-26", "2025-03-30"], True),
        (["2025年1月", "2025年2月"], False),
    ],
)
def test_days_that_only_date_the_months_are_read_as_these(labels, told):
    text = "月份,登记失业人数\n" + "".join(f"{x},{9000 + i}\n" for i, x in enumerate(labels))
    result = read(text)
    assert months(result) == [f"2025-{i + 1:02d}" for i in range(len(labels))]
    assert ("day_in_month" in {f.check for f in result.warnings}) is told
    assert not errors(result)


@pytest.mark.parametrize(
    ("label", "month"),
    [
        ("2012년 1월", "2012-01"), ("民国114年1月", "2025-01"), ("平成24年1月", "2012-01"),
        ("昭和60年3月", "1985-03"), ("令和7年2月", "2025-02"), ("2020年末", "2020-12"),
        ("2020年底", "2020-12"), ("2020年1季度末", "2020-03"),
    ],
)  # fmt: skip
def test_other_calendars_and_the_end_of_a_year(label, month):
    assert months(read(f"月份,登记失业人数\n{label},9000\n")) == [month]


@pytest.mark.parametrize("head", ["城镇调查失业率", "31个大城市城镇调查失业率", "求人倍率", "PMI"])
@pytest.mark.parametrize("span", ["2025年1-9月", "2025年1—9月", "2025年一季度", "2025年上半年"])
def test_averages_over_a_span_are_no_month(head, span):
    usual = 50.2 if head == "PMI" else 5.2
    result = read(f"月份,{head}\n{span},{usual}\n2025年10月,{usual}\n")
    assert months(result) == ["2025-10"]
    assert "span_average" in {f.check for f in result.warnings}
    alone = read(f"月份,{head}\n{span},{usual}\n")
    assert "nothing_read" in errors(alone)
    assert "平均" in str(alone.refusal())


@pytest.mark.parametrize(
    ("label", "month"),
    [
        ("2025Q1", "2025-03"), ("2025年Q2", "2025-06"), ("2025-q3", "2025-09"),
        ("2025/Q4", "2025-12"), ("2025H1", "2025-06"), ("2025年h2", "2025-12"),
    ],
)  # fmt: skip
def test_quarters_and_halves_by_their_letters(label, month):
    assert months(read(f"月份,登记失业人数\n{label},9000\n")) == [month]
    assert "unknown_month" in errors(read("月份,登记失业人数\n2025H3,9000\n"))


def test_the_serial_number_of_a_day_is_called_so():
    refused = read("月份,登记失业人数\n45688,9000\n").refusal()
    assert "日期序号（2025-01-31）" in str(refused)


@pytest.mark.parametrize("head", ["登记失业率", "登记失业人数", "期末从业人员", "基金支撑月数"])
def test_figures_at_the_end_of_a_period_are_its_last_month(head):
    assert months(read(f"月份,{head}\n2025年1-9月,3\n")) == ["2025-09"]


@pytest.mark.parametrize("label", ["2025年1-2月", "2025年1—2月", "2025年1至2月", "2025年1-2月累计"])
@pytest.mark.parametrize("total", [300, 301])
def test_a_sum_of_january_and_february_is_halved_and_marked(label, total):
    result = read(f"月份,新登记失业人数\n{label},{total}\n2025年3月,180\n")
    assert values(result) == [150, total - 150, 180]
    assert "1—2月合计" in result.readings[0].observation.source
    assert "1—2月合计" not in result.readings[2].observation.source
    assert "split_months" in {f.check for f in result.warnings}


JANUARY_AND_FEBRUARY = [
    "1-2月", "1—2月", "1–2月", "1～2月", "1至2月", "1到2月", "1、2月", "1月和2月", "1月、2月",
    "1月-2月", "1月至2月", "01-02月", "1-2月份", "1月份至2月份", "一至二月", "1-2月累计", "1及2月",
    "1与2月", "１－２月", "1 - 2 月",
]  # fmt: skip


@pytest.mark.parametrize("label", JANUARY_AND_FEBRUARY)
@pytest.mark.parametrize("head", ["新登记失业人数", "招聘人数"])
def test_january_and_february_together_in_any_spelling(label, head):
    result = read(f"月份,{head}\n2025年{label},300\n2025年3月,180\n")
    assert values(result) == [150, 150, 180]
    across = read(f"指标,2025年{label},2025年3月\n{head},300,180\n")
    assert values(across) == [150, 150, 180]


@pytest.mark.parametrize(
    "remark",
    ["1-2月合计", "1—2月合并数", "（1-2月）", "1、2月合计", "1至2月累计", "1-2月两个月合计",
     "1-2月之和", "1—2月数据合并报送"],
)  # fmt: skip
@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (2, 0, 1)])
def test_a_remark_says_which_months_a_figure_sums_up(remark, order):
    rows = [
        ("月份", "新登记失业人数", "备注"),
        ("2025年2月", "300", remark),
        ("2025年3月", "180", ""),
    ]
    result = read("".join(",".join(row[i] for i in order) + "\n" for row in rows))
    assert values(result) == [150, 150, 180]
    assert "split_months" in {f.check for f in result.warnings}


@pytest.mark.parametrize("remark", ["比1-2月减少", "3月", "2月", "已核", "1-3月合计", "同上"])
def test_other_remarks_change_nothing(remark):
    assert values(read(f"月份,新登记失业人数,备注\n2025年2月,300,{remark}\n")) == [300]


@pytest.mark.parametrize("span", ["1、3月", "2至1月", "2、1月", "1、2、3月"])
def test_months_that_are_no_span_are_refused(span):
    assert "unknown_month" in errors(read(f"月份,新登记失业人数\n2025年{span},300\n"))


def test_january_follows_from_the_sum_where_february_is_known():
    result = read("月份,新登记失业人数\n2025年1-2月,300\n2025年2月,160\n")
    assert dict(zip(months(result), values(result), strict=True)) == {
        "2025-01": 140,
        "2025-02": 160,
    }
    assert not result.warnings


@pytest.mark.parametrize(
    ("heads", "codes"),
    [
        (("失业6个月以上", "失业一年以上"), ("over_6_months", "over_1_year")),
        (("半年以上", "1年以上"), ("over_6_months", "over_1_year")),
        (("长期失业", "失业一年以上"), ("long_term", "over_1_year")),
        (("16—24岁", "35岁以下"), ("youth_16_24", "youth_under_35")),
        (("青年", "16-24岁青年"), ("youth", "youth_16_24")),
        (("应届毕业生", "离校未就业高校毕业生"), ("new_graduates", "unplaced_graduates")),
        (("高校毕业生", "大学生"), ("graduates", "students")),
        (("应届高校毕业生", "高校毕业生"), ("new_graduates", "graduates")),
        (("就业困难人员", "青年"), ("hard_to_place", "youth")),
        (("登记失业6个月及以上", "登记失业1年及以上"), ("over_6_months", "over_1_year")),
        (("失业半年以上", "失业12个月以上"), ("over_6_months", "over_1_year")),
        (("35岁及以下", "16-35岁"), ("youth_under_35", "youth_16_35")),
        (("16至24岁", "16至35岁"), ("youth_16_24", "youth_16_35")),
        (("农民工", "脱贫人口"), ("migrant_workers", "relieved_of_poverty")),
        (("新业态从业人员", "灵活就业人员"), ("new_forms_of_work", "flexible")),
        (("残疾人", "退役军人"), ("disabled", "veterans")),
        (("女性", "男性"), ("women", "men")),
        (("4050人员", "就业困难人员"), ("older", "hard_to_place")),
        (("其中：农民工", "其中：女性"), ("migrant_workers", "women")),
        (("登记失业人数（农民工）", "登记失业人数（女）"), ("migrant_workers", "women")),
    ],
)
def test_groups_of_different_definitions_stay_apart(heads, codes):
    result = read(f"月份,登记失业人数,{heads[0]},{heads[1]}\n2025-01,9000,500,300\n")
    assert [(r.group, r.observation.value) for r in result.groups] == list(
        zip(codes, (500, 300), strict=True)
    )


@pytest.mark.parametrize(
    ("head", "code"),
    [
        ("新增就业岗位（个）", "new_positions"), ("城镇新增就业岗位", "new_positions"),
        ("城镇新增就业人数（人）", JOBS), ("新增城镇就业人数", JOBS),
        ("累计新就业", "newly_employed"),
        ("自然减员", "natural_attrition"), ("期末从业人员", "employed_at_period_end"),
        ("失业保险金领取人数", "unemployment_insurance_recipients"),
        ("失业金初次申领人数", "unemployment_insurance_initial_claims"),
        ("基金支撑月数（个月）", "fund_support_months"),
        ("农村劳动力转移就业", "rural_labour_transferred"),
        ("零就业家庭（户）", "zero_employment_households"), ("创业带动就业", "jobs_from_startups"),
        ("全国城镇不包含在校生的16—24岁劳动力失业率",
         "surveyed_unemployment_rate_16_24_without_students"),
        ("16—24岁人口城镇调查失业率", "surveyed_unemployment_rate_16_24_with_students"),
        ("城镇失业人员再就业", "unemployed_reemployed"),
        ("失业人员再就业人数", "unemployed_reemployed"),
        ("登记失业人员再就业", "registered_reemployed"),
        ("就业困难人员就业", "hard_to_employ_reemployed"),
        ("就业困难人员实现就业人数", "hard_to_employ_reemployed"),
        ("失业保险参保人数", "unemployment_insurance_insured"),
        ("首次申领失业保险金人数", "unemployment_insurance_initial_claims"),
        ("招聘需求人数", "job_openings"), ("求职登记人数", "job_seekers"),
        ("岗位空缺与求职人数比率", "openings_to_seekers"),
        ("城镇新增就业岗位数", "new_positions"),
        ("登記失業人數", UNEMPLOYED), ("城鎮新增就業", JOBS), ("調查失業率", SURVEYED),
    ],
)  # fmt: skip
def test_indicators_by_the_names_that_offices_use(head, code):
    region = "全国" if head.startswith("全国") else "嘉定"
    (reading,) = read(f"月份,{head}\n2025-01,31\n", region=region).readings
    assert reading.observation.indicator == code


def test_new_jobs_are_the_newly_employed_less_attrition():
    text = "月份,城镇新增就业,累计新就业,自然减员\n2025-01,{},350,50\n2025-02,690,800,110\n"
    assert not errors(read(text.format(300)))
    assert errors(read(text.format(310))) == {"new_jobs_identity"}


def test_the_rate_goes_with_the_employed():
    text = "月份,登记失业率,登记失业人数,期末从业人员\n2025-01,{},9000,291000\n"
    assert not errors(read(text.format("3.00")))
    assert not errors(read(text.format("3.0")))
    assert "rate_against_counts" in errors(read(text.format("3.2")))


@pytest.mark.parametrize(
    ("name", "indicator", "group"),
    [
        ("青年.csv", "登记失业人数", "youth"), ("youth.csv", "登记失业人数", "youth"),
        ("高校毕业生2025年.csv", "登记失业人数", "graduates"),
        ("youth.csv", "16-24岁人口调查失业率", None), ("青年.csv", "登记失业率", None),
    ],
)  # fmt: skip
def test_a_group_from_a_file_name_is_told(name, indicator, group):
    result = read(f"月份,{indicator}\n2025-01,9\n", name)
    assert [r.group for r in (*result.readings, *result.groups)] == [group]
    assert any("群体" in n and "文件名" in n for n in result.notes) is (group is not None)


def flattened(data):
    """The workbook, its rows and columns of a height or width of 5.5 without any."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            part = old.read(name).replace(b'ht="5.5"', b'ht="0"')
            new.writestr(name, part.replace(b'width="5.5"', b'width="0"'))
    return stream.getvalue()


@pytest.mark.parametrize("last", range(4, 8))
@pytest.mark.parametrize("first", [2, 3, 4])
@pytest.mark.parametrize("means", ["hidden", "height", "outline"])
def test_rows_hidden_in_any_way_are_left_out_and_named(first, last, means):
    rows = [["月份", "登记失业人数"], *([f"2025-{i:02d}", 9000 + i] for i in range(1, 10))]

    def hide(page):
        for row in range(first, last + 1):
            if means == "height":
                page.row_dimensions[row].height = 5.5
            elif means == "outline":
                page.row_dimensions.group(row, row, hidden=True)
            else:
                page.row_dimensions[row].hidden = True

    result = read(flattened(workbook(rows, hide)), "a.xlsx")
    assert values(result) == [9000 + i for i in range(1, 10) if not first <= i + 1 <= last]
    assert any("隐藏的行" in n for n in result.notes)


@pytest.mark.parametrize("column", ["B", "C", "D"])
@pytest.mark.parametrize("means", ["hidden", "width"])
def test_columns_hidden_in_any_way_are_left_out_and_named(column, means):
    rows = [["月份", "登记失业人数", "新登记失业人数", "招聘人数"], ["2025-01", 9001, 301, 71]]

    def hide(page):
        if means == "width":
            page.column_dimensions[column].width = 5.5
        else:
            page.column_dimensions[column].hidden = True

    result = read(flattened(workbook(rows, hide)), "a.xlsx")
    assert values(result) == [v for c, v in zip("BCD", (9001, 301, 71), strict=True) if c != column]
    assert any("隐藏的列" in n and f"{column}列" in n for n in result.notes)


def test_hidden_rows_and_columns_are_left_out_and_told():
    heads = ["月份", "登记失业人数", "登记失业率"]
    rows = [heads, *([f"2025-0{i}", 9000 + i, 3] for i in (1, 2, 3))]

    def hide(page):
        page.row_dimensions[3].hidden = True
        page.column_dimensions["C"].hidden = True

    result = read(workbook(rows, hide), "a.xlsx")
    assert values(result) == [9001, 9003]
    assert any("隐藏的行" in n and "第3行" in n for n in result.notes)
    assert any("隐藏的列" in n and "C列" in n for n in result.notes)


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("月份,失业登记率\n2021-01,3.1\n", {}, "登记失业率"),
        ("月份,某某数\n2021-01,3.1\n", {}, "mapping.toml"),
        ("月份,某某街道\n2021-01,31\n", {"indicator": UNEMPLOYED, "region": None}, "regions"),
        ("月份;登记失业率\n2025-01;3,2\n", {}, "逗号"),
        ("年份,登记失业人数\n2020,9000\n", {}, "2020年末"),
        ("月份,登记失业人数\n2025-02-30,9000\n", {}, "没有这一天"),
    ],
)
def test_a_refusal_carries_its_cause(text, options, said):
    refused = read(text, **options).refusal()
    assert isinstance(refused, ForecastError)
    assert said in str(refused)
    assert "：没有" not in str(refused).split("\n")[1][:4]


def test_equal_findings_are_counted_and_not_listed():
    lines = "".join(f"2025-01,某{'区' * (i % 7 + 1)}{i},甲\n" for i in range(492))
    refused = str(read("月份,地区,登记失业人数\n" + lines, region=None).refusal())
    assert refused.count("\n") < 30
    assert "同样的共" in refused


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ("月份，登记失业人数\n2025-01，9000\n".encode(), 9000),
        ("月份,登記失業人數\n2025年1月,9000\n".encode("big5"), 9000),
        ("月份,登记失业人数\n2025年1月,9000\n".encode("gb18030"), 9000),
        ("年月,失業率\n2025年1月,3.1\n".encode("shift_jis"), 3.1),
    ],
)
def test_spellings_of_neighbours_are_recognised(data, value):
    result = read(data, indicator="登记失业率" if value < 4 else "登记失业人数")
    assert values(result) == [value]


def test_an_option_names_the_one_column_of_numbers():
    result = read("date,unemployment_rate\n2026-05-01,3.0\n", indicator=RATE)
    assert values(result) == [3.0]
    assert any("unemployment_rate" in n for n in result.notes)


PAGE = "<table>{caption}<tr><td>月份<td>招聘人数</tr><tr><td>2025-01<td>9</tr></table>"


@pytest.mark.parametrize(
    ("page", "wanted"),
    [
        (PAGE.format(caption="<caption>单位：万人</caption>"), [90000]),
        ("<p>单位：万人</p>" + PAGE.format(caption=""), [90000]),
        ("<div>上海市统计局 单位：万人</div>" + PAGE.format(caption=""), [90000]),
        (PAGE.format(caption="") + "<p>注：单位：万人</p>", [90000]),
        (PAGE.format(caption="<caption>单位：万人</caption>")
         + PAGE.format(caption="<caption>单位：人</caption>").replace("招聘", "求职"), [90000, 9]),
        ("<p>制表单位：上海市统计局</p>" + PAGE.format(caption=""), [9]),
    ],
)  # fmt: skip
def test_units_beside_the_tables_of_a_page(page, wanted):
    result = read(page, "月报.xls")
    assert values(result) == wanted
    assert {r.observation.region for r in result.readings} == {"310114"}


@pytest.mark.parametrize("where", ["sheet", "file"])
def test_units_in_brackets_of_names(where):
    def named(page):
        page.title = "招聘（万人）" if where == "sheet" else "招聘"

    data = workbook([["月份", "招聘人数", "求人倍率"], ["2025-01", 9, 1.1]], named)
    result = read(data, "月报（万人）.xlsx" if where == "file" else "月报.xlsx")
    assert values(result) == [90000, 1.1]
    assert any("万人" in n and "名" in n for n in result.notes)


def test_sheets_that_are_called_by_their_year():
    book = openpyxl.Workbook()
    for year in (2024, 2025):
        page = book.create_sheet(str(year))
        page.append(["月份", "登记失业人数"])
        page.append(["1月", year])
    stream = io.BytesIO()
    book.save(stream)
    result = read(stream.getvalue(), "月报.xlsx")
    assert dict(zip(months(result), values(result), strict=True)) == {
        "2024-01": 2024,
        "2025-01": 2025,
    }


@pytest.mark.parametrize(
    ("head", "cells", "wanted"),
    [
        ("制造业PMI", ["0.501", "0.502"], [50.1, 50.2]),
        ("制造业PMI", ["5.01", "5.02"], None),
        ("登记失业率", ["31", "32", "31.5"], None),
        ("城镇调查失业率", ["51", "52"], None),
        ("求人倍率", ["112", "113"], None),
        ("16—24岁劳动力城镇调查失业率(不含在校生)", ["17.8", "21.3"], [17.8, 21.3]),
        ("登记失业人数（万人）", ["0.91234567"], None),
        ("登记失业人数（万人）", ["0.9123"], [9123]),
    ],
)
def test_sizes_that_nothing_of_the_kind_has(head, cells, wanted):
    result = read(column(head, cells))
    if wanted is None:
        assert errors(result) & {"implausible_rate", "part_of_person"}
    else:
        assert values(result) == pytest.approx(wanted)
        assert not errors(result)


def test_an_indicator_over_regions_with_a_blank_corner():
    rows = [
        [None, "登记失业人数", None, "招聘人数", None],
        ["月份", "嘉定区", "徐汇区", "嘉定区", "徐汇区"],
        ["2025-01", 900, 1200, 80, 90],
    ]
    result = read(workbook(rows), "a.xlsx", region=None)
    assert [(r.observation.region, r.observation.value) for r in result.readings] == [
        ("310114", 900),
        ("310104", 1200),
        ("310114", 80),
        ("310104", 90),
    ]


def test_a_file_named_for_another_year_than_its_title_is_told():
    rows = [["2024年登记失业人数"], ["月份", "人数"], ["1月", 9100]]
    result = read(workbook(rows), "2025年登记失业.xlsx")
    assert months(result) == ["2024-01"]
    assert any("2024年" in n and "2025年" in n for n in result.notes)


def test_a_refusal_repeats_the_heads_that_it_could_not_use():
    refused = read("月份,登记失业人数（人）/登记失业率（%）\n2025-01,9100/3.1\n").refusal()
    assert "登记失业人数（人）/登记失业率（%）" in str(refused)


@pytest.mark.parametrize(
    "text",
    [
        "2025年登记失业人数\n月份,人数\n11月,12100\n12月,12200\n1月,12300\n",
        "2025年登记失业人数\n月份,人数\n12月,12000\n1月,12100\n2月,12200\n",
        "2025年登记失业人数\n月份,人数\n3月,12300\n2月,12200\n1月,12100\n12月,12000\n",
        "2025年登记失业人数\n季度,人数\n三季度,12000\n四季度,12100\n一季度,12200\n",
        "嘉定区\n指标,2025年,,\n,11月,12月,1月\n登记失业人数,12100,12200,12300\n",
        "年份,月份,登记失业人数\n2025,11,12100\n,12,12200\n,1,12300\n",
    ],
)
def test_months_do_not_run_into_a_year_that_they_do_not_state(text):
    assert [e.check for e in read(text).errors] == ["unknown_month"]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("月份,登记失业人数\n2025年10月,1\n2025年11月,2\n2025年12月,3\n2025年1月,4\n", 4),
        ("年份,月份,登记失业人数\n2025,12,1\n2025,1,2\n", 2),
        ("2025年登记失业人数\n地区,月份,人数\n嘉定区,12月,2\n江夏区,1月,3\n", 2),
        ("2025年登记失业人数\n月份,人数\n3月,3\n2月,2\n1月,1\n", 3),
        ("2025年登记失业人数\n月份,人数\n三季度,3\n四季度,4\n全年,4\n上半年,2\n三季度,3\n", 3),
        ("嘉定区\n指标,2025年,,2026年\n,11月,12月,1月\n登记失业人数,1,2,3\n", 3),
    ],
)
def test_years_that_are_stated_or_begin_anew_are_taken(text, count):
    result = read(text, region=None if "江夏" in text else "嘉定")
    assert not result.errors
    assert len(result.readings) == count


def test_other_times_units_and_remarks_beside_figures_are_told():
    def notes(text, name="月报.csv"):
        result = read(text, name)
        assert not result.errors
        return "".join(result.notes)

    march = "嘉定区2026年3月就业情况\n指标,数值\n登记失业人数,12100\n"
    assert "文件名写的是2026年4月" in notes(march, "2026年4月.csv")
    assert "写的是" not in notes(march, "2026年3月.csv")
    assert "2025年" in notes("2025年就业情况\n月份,登记失业人数\n2026-01,12100\n")
    assert "“万元”" in notes("单位：万元\n月份,登记失业人数\n2026-01,121\n")
    assert "有误" in notes("月份,登记失业人数,备注\n2026-01,12100,数据有误\n")
    assert "当月新增" in notes("月份,本月登记失业人数\n2026-01,300\n")
    assert not notes("月份,登记失业人数,备注\n2026-01,12100,实有\n")


@pytest.mark.parametrize(
    ("above", "unit", "refused"),
    [
        ("单位：百人\n", "", True),
        ("", "（百人）", True),
        ("单位：人\n", "", False),
        ("", "", False),
    ],
)
def test_firms_are_counted_in_persons(above, unit, refused):
    head = f"企业编码,月份,地区,行业,建档期就业人数{unit},新招,减员,调查期末就业人数{unit}\n"
    result = read(f"{above}{head}A1,2026-10,嘉定区,制造业,12,1,2,11\n")
    assert ("firm_row" in errors(result), len(result.firms)) == (refused, 0 if refused else 1)


@pytest.mark.parametrize(
    "text",
    [
        "上海市登记失业人数\n区,2026年8月,2026年9月\n黄浦区,1200,1230\n",
        "上海市登记失业人数\n辖区,2026年8月,2026年9月\n黄浦区,1200,1230\n",
        "上海市登记失业人数\n填报单位,2026年8月,2026年9月\n黄浦区人社局,1200,1230\n",
        "上海市登记失业人数\n填报单位,月份,登记失业人数\n上海市黄浦区就业促进中心,2026-08,1200\n",
        "嘉定区登记失业人数\n月份,镇,登记失业人数\n2026年8月,安亭,1200\n2026年9月,安亭,1230\n",
        "嘉定区登记失业人数\n月份,填报单位,登记失业人数\n2026年8月,徐汇区人社局,1200\n",
    ],
)
def test_rows_of_a_place_that_is_not_in_the_catalogue_are_not_the_titles(text):
    result = read(text, region=None)
    assert {f.check for f in result.errors} <= {"unknown_region", "contradiction"}
    assert result.errors
    assert not result.readings or "contradiction" in {f.check for f in result.errors}


@pytest.mark.parametrize(
    "text",
    [
        "登记失业人数\n区,2026年8月,2026年9月\n嘉定,12000,12300\n徐汇,13000,13100\n",
        "上海市登记失业人数\n区（县）,2026年8月,2026年9月\n嘉定区,12000,12300\n",
        "嘉定区登记失业人数\n月份,填报单位,登记失业人数\n2026年8月,嘉定区人社局,12000\n",
        "嘉定区登记失业人数\n月份,填报单位,登记失业人数\n2026年8月,上海市嘉定区就业促进中心,1\n",
        "月份,地区,填报单位,登记失业人数\n2026年8月,嘉定区,安亭镇社保所,12000\n",
        "嘉定区登记失业人数\n月份,登记失业人数,来源\n2026年8月,12000,上海市人社局\n",
    ],
)
def test_regions_under_the_heads_that_offices_write_are_read(text):
    result = read(text, region=None)
    assert not result.errors
    assert {r.observation.region for r in result.readings} <= {"310114", "310104"}


OFFICES = "月份,{},登记失业人数\n2026年8月,嘉定区人社局,12000\n2026年9月,徐汇区就业促进中心,13000\n"


@pytest.mark.parametrize("head", ["填报单位", "单位", "单位名称", "报送部门"])
def test_offices_say_the_region_where_nothing_else_does(head):
    def regions(**options):
        return [r.observation.region for r in read(OFFICES.format(head), **options).readings]

    assert regions(region=None) == ["310114", "310104"]
    assert regions(region="徐汇") == ["310104"]


def test_offices_beside_a_column_of_regions_are_no_figures():
    text = "地区,单位名称,月份,登记失业人数\n嘉定区,嘉定区人社局,2026-08,12000\n"
    assert values(read(text)) == [12000]
    assert not errors(read(text))


def test_figures_of_one_office_are_not_taken_for_another_region():
    one = "月份,{},登记失业人数\n2026年8月,嘉定区人社局,12000\n2026年9月,嘉定区人社局,13000\n"
    assert errors(read(one.format("填报单位"), region="徐汇")) == {"nothing_read"}
    assert errors(read(one.format("审核"), region="徐汇")) == {"contradiction"}
    assert errors(read(one.format("审核单位"), region=None)) == {"not_stated"}


def test_with_an_option_places_that_nobody_knows_are_told():
    text = "月份,街镇,登记失业人数\n2026年8月,马陆镇,1200\n2026年9月,马陆镇,1300\n"
    assert "目录里没有的“马陆镇”" in str(read(text).refusal())


@pytest.mark.parametrize(
    ("title", "month"),
    [
        ("2025年3月31日嘉定区登记失业情况", "2025-03"),
        ("截至2025年2月28日嘉定区登记失业情况", "2025-02"),
        ("嘉定区登记失业情况（2025年3月31日）", "2025-03"),
        # The day of the paper, not of the figures.
        ("嘉定区登记失业情况（2025年3月31日印发）", None),
        ("嘉定区人力资源和社会保障局（2025年3月31日）", None),
        ("（2025年3月31日）", None),
        ("2025年3月31日", None),
        ("2025年4月1日嘉定区登记失业情况", None),
        ("2025年3月30日嘉定区登记失业情况", None),
        ("2025年3月31日嘉定区人力资源和社会保障局", None),
        ("嘉定区就业促进中心（2025年3月31日）", None),
        ("嘉定区人社局就业科（2025年3月31日）", None),
        ("嘉定区登记失业情况（2025年3月31日更新）", None),
        ("嘉定区就业工作会议（2025年3月31日）", None),
        ("嘉定区登记失业情况（截至2025年3月31日）", "2025-03"),
    ],
)
def test_a_title_dated_the_last_day_of_a_month_is_of_that_month(title, month):
    result = read(f"{title}\n指标,单位,数值\n登记失业人数,人,12345\n")
    assert list(map(str, months(result))) == ([] if month is None else [month])


@pytest.mark.parametrize(
    ("title", "name", "refused"),
    [
        # Sent in January, about the year before.
        ("嘉定区登记失业情况（2025年1月5日印发）", "月报.csv", True),
        ("2025年1月5日嘉定区登记失业情况", "月报.csv", True),
        ("嘉定区登记失业情况（2025年1月31日）", "月报.csv", True),
        ("2025年1月嘉定区登记失业情况", "月报.csv", True),
        ("嘉定区登记失业情况", "2025年1月月报.csv", True),
        ("2025年嘉定区登记失业情况", "月报.csv", False),
        ("2025年嘉定区登记失业情况（截至12月底）", "月报.csv", False),
        ("2025年12月嘉定区登记失业情况", "月报.csv", False),
        ("2025年1月嘉定区登记失业情况（2025年新口径）", "月报.csv", True),
        ("2025年嘉定区登记失业情况（2025年1—12月）", "月报.csv", False),
    ],
)
def test_months_after_that_of_the_title_are_not_of_its_year(title, name, refused):
    text = f"{title}\n月份,登记失业人数\n11月,12000\n12月,12100\n"
    assert errors(read(text, name)) == ({"unknown_month"} if refused else set())
    dated = text.replace("\n1", "\n2025年1")
    assert errors(read(dated, name)) == set()


@pytest.mark.parametrize("where", ["sheet", "title"])
def test_a_month_after_that_of_a_name_is_not_of_its_year(where):
    rows = [["指标", "数值"], ["登记失业人数", 12000]]
    if where == "sheet":
        data, name = workbook(rows, lambda page: setattr(page, "title", "12月")), "2025年1月.xlsx"
    else:
        data, name = workbook([["12月嘉定区登记失业情况"], *rows]), "2025年1月.xlsx"
    assert errors(read(data, name)) == {"unknown_month"}
    assert months(read(data, "2025年12月.xlsx")) == ["2025-12"]


def test_months_to_come_that_are_printed_in_advance_are_no_matter():
    text = "2025年1月嘉定区登记失业情况\n月份,登记失业人数\n1月,12000\n2月,-\n3月,/\n4月,\n"
    assert not errors(read(text))
    assert values(read(text)) == [12000]


def test_a_unit_is_of_some_figures_only_where_its_clause_says_so():
    text = "月份,登记失业人数\n2025年1月,12000\n2025年2月,12100\n注：{}\n"
    assert errors(read(text.format("口径自2024年起调整，单位为人"))) == set()
    assert errors(read(text.format("3月起单位为十人"))) == {"remarked"}


def test_a_namesake_in_another_city_is_not_what_the_title_means():
    zhoushan = {"code": "330903", "name": "普陀区", "parent": "330900"}
    catalogue = load_catalogue([zhoushan])

    def of(title):
        text = f"{title}登记失业人数\n区,2026年8月\n普陀区,1200\n".encode()
        return {f.check for f in read_bytes(text, "月报.csv", catalogue).errors}

    assert of("上海市") == {"contradiction"}
    assert of("舟山市") == set()
    assert of("") == set()


@pytest.mark.parametrize(
    ("head", "cell"),
    [("学历", "本科"), ("户籍", "外省市"), ("失业原因", "合同到期"), ("登记类型", "首次登记"),
     ("片区", "北片"), ("村居", "樊家村")],
)  # fmt: skip
def test_figures_of_some_people_or_places_that_nobody_knows_are_not_of_all(head, cell):
    text = f"月份,{head},登记失业人数\n2025-01,{cell},600\n"
    assert read(text).readings == ()
    assert values(read(f"{text}2025-01,合计,1300\n")) == (
        [] if head in ("片区", "村居") else [1300]
    )


def test_columns_of_texts_that_nobody_knows_are_told():
    result = read("月份,登记失业人数,审核状态,经办科室\n2025-01,600,已审核,二科\n")
    assert values(result) == [600]
    assert any("“审核状态”“经办科室”" in note for note in result.notes)


@pytest.mark.parametrize(
    ("whole", "wanted"), [("合计", []), ("全区", [1300]), ("全区合计", [1300]), ("嘉定区", [1300])]
)
def test_a_total_beside_streets_that_nobody_knows_is_no_region_unless_it_says_so(whole, wanted):
    text = f"月份,马陆镇,南翔镇,{whole}\n2025-01,600,700,1300\n"
    assert values(read(text, indicator="登记失业人数")) == wanted


YEAR = "月份,人数\n2025-01,14\n2025-02,15\n"


@pytest.mark.parametrize(
    ("title", "wanted"),
    [
        ("嘉定区登记失业人数走势（千人）", [14000, 15000]),
        ("嘉定区登记失业人数走势（单位：千人）", [14000, 15000]),
        ("嘉定区登记失业人数走势——千人", [14000, 15000]),
        ("嘉定区登记失业人数走势（月）", [14, 15]),
        ("嘉定区登记失业人数走势（人、%）", [14, 15]),
    ],
)
def test_units_at_the_end_of_titles_that_say_more(title, wanted):
    assert values(read(f"{title}\n{YEAR}")) == wanted


def test_a_title_of_figures_new_in_each_month():
    text = "2025年城镇新增就业（{}）\n月份,人数\n1月,1020\n2月,1080\n"
    assert values(read(text.format("各月新增"))) == [1020, 2100]
    assert values(read(text.format("各月累计"))) == [1020, 1080]
    assert values(read(text.format("各月新增及累计"))) == [1020, 1080]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("指标,统计指标,2025年1月\n登记失业人数,35岁以下的,600\n", []),
        ("指标代码,指标名称,2025年1月\nA01,登记失业人数,600\n", [600]),
        ("月份,登记失业人数（X人）\n2025-01,600\n", []),
        ("月份,登记失业人数（×10人）\n2025-01,60\n", [600]),
    ],
)
def test_what_only_looks_like_a_code_or_a_unit(text, wanted):
    assert values(read(text)) == wanted


BARE = "月份,登记失业人数\n2025-01,13600\n2025-02,13650\n"


@pytest.mark.parametrize(
    ("title", "table", "refused"),
    [
        ("嘉定区登记失业人数同比增减", BARE, True),
        ("嘉定区登记失业人数净增情况", BARE, True),
        ("上年同期", BARE, True),
        ("嘉定区登记失业人数月平均数", BARE, True),
        ("嘉定区登记失业人数（季节调整后）", BARE, True),
        ("嘉定区登记失业人数（未经季节调整）", BARE, False),
        ("嘉定区登记失业人数及同比", BARE.replace("数\n", "数,同比\n"), False),
        ("嘉定区登记失业变动情况", BARE, False),
        ("嘉定区高校毕业生登记失业情况", BARE, True),
        ("嘉定区35岁以下人员登记失业情况", BARE, True),
        ("嘉定区本市户籍人员登记失业情况", BARE, True),
        ("嘉定区高校毕业生等登记失业情况", BARE.replace("数\n", "数,其中：高校毕业生\n"), False),
        ("嘉定区就业困难人员就业和登记失业情况", BARE, False),
        ("嘉定区登记失业人数（经季节调整）", BARE, True),
        ("嘉定区登记失业人数三月移动平均", BARE, True),
        ("嘉定区35周岁以下人员登记失业情况", BARE, True),
        ("嘉定区农村劳动力登记失业情况", BARE, True),
        # The women of a table are not the graduates of its title.
        ("嘉定区高校毕业生登记失业情况", BARE.replace("数\n", "数,其中：女性\n"), True),
        ("嘉定区登记失业人数日均", BARE, True),
        ("嘉定区登记失业人数排名", BARE, True),
        ("嘉定区登记失业人数变动数", BARE, True),
        ("嘉定区登记失业人数（估算）", BARE, True),
        ("嘉定区登记失业人数控制数", BARE, True),
        ("嘉定区登记失业人数控制数执行情况", BARE, False),
        ("嘉定区登记失业人数增减变化情况", BARE, False),
        ("工业增加值和登记失业月报", BARE, False),
        ("嘉定区登记失业（含长期失业）情况", BARE, False),
        ("网上月报", BARE, False),
        ("线上年报", BARE, False),
        ("嘉定区第三季调查登记失业情况", BARE, False),
        ("嘉定区16周岁以上登记失业情况", BARE, False),
        ("嘉定区登记失业情况（按户籍所在地）", BARE, False),
    ],
)
@pytest.mark.parametrize("where", ["title", "sheet", "file"])
def test_titles_and_names_that_make_figures_others_than_their_head(title, table, refused, where):
    rows = [line.split(",") for line in table.splitlines()]

    def named(page):
        page.title = title if where == "sheet" else "Sheet"

    data = workbook([[title], *rows] if where == "title" else rows, named)
    names = (f"{title}.xlsx", f"{title}.csv") if where == "file" else ("月报.xlsx",)
    for name, content in zip(names, (data, table), strict=False):
        assert ("contradiction" in errors(read(content, name))) == refused


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("马陆镇登记失业", True), ("2025年马陆镇", True), ("经济技术开发区", True),
        ("全市登记失业", True), ("全镇登记失业", True), ("青浦区", True),
        ("嘉定区及青浦区登记失业", True),
        ("嘉定青浦两区登记失业", True),
        ("上海市嘉定区", False), ("全区登记失业", False), ("返乡人员登记失业", False),
        ("城镇登记失业", False),
        ("各街镇汇总", False), ("乡村振兴", False), ("310114", False),
        # Anywhere in a title, behind marks, numbers and the short name of the region.
        ("嘉定区（马陆镇）登记失业", True), ("嘉定区登记失业-马陆镇", True),
        ("附件1：马陆镇登记失业", True), ("登记失业人数马陆镇", True),
        ("嘉定新城登记失业", True), ("嘉定镇登记失业", True),
        ("附件1：全市登记失业", True), ("截至2025年2月底全市登记失业", True),
        ("2025年2月28日全市登记失业", True),
        ("江苏省登记失业", True), ("广东登记失业", True), ("长宁登记失业", True),
        ("菊园新区登记失业", True), ("开发区登记失业", True), ("嘉定区园区登记失业", True),
        ("嘉定区各镇、街道、工业区登记失业汇总", False),
        ("16个区登记失业", True), ("本市登记失业", True),
        ("嘉定区登记失业（含各街镇、园区）", False), ("嘉定区下属街道登记失业汇总", False),
        ("嘉定区美丽乡村登记失业", False), ("附件1：登记失业", False), ("健全市场登记失业", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("where", ["title", "sheet", "file"])
def test_titles_and_names_of_other_places_than_the_option(name, refused, where):
    rows = [line.split(",") for line in BARE.splitlines()]

    def named(page):
        page.title = name if where == "sheet" else "Sheet"

    data = workbook([[name], *rows] if where == "title" else rows, named)
    files = (f"{name}.xlsx", f"{name}.csv") if where == "file" else ("月报.xlsx",)
    for file, content in zip(files, (data, BARE), strict=False):
        assert ("contradiction" in errors(read(content, file))) == refused


def test_a_name_that_speaks_of_aims_says_the_region_too():
    result = read(BARE, "嘉定区就业工作目标任务完成情况.csv", region=None)
    assert values(result) == [13600, 13650]


def test_the_name_of_a_file_with_a_sheet_or_a_column_for_its_regions_is_no_matter():
    def named(page):
        page.title = "嘉定区"

    rows = [line.split(",") for line in BARE.splitlines()]
    assert not errors(read(workbook(rows, named), "全市登记失业.xlsx"))
    listed = "地区,月份,登记失业人数\n嘉定区,2025-01,13600\n"
    assert not errors(read(listed, "全市登记失业.csv"))


@pytest.mark.parametrize("where", ["title", "file"])
@pytest.mark.parametrize(
    ("title", "refused"),
    [
        ("嘉定区每月新增登记失业人数", True),
        ("嘉定区累计登记失业人数", True),
        ("嘉定区登记失业注销情况", True),
        ("嘉定区登记失业减少情况", True),
        ("嘉定区新增失业保险参保和登记失业情况", False),
        ("嘉定区登记失业变动情况", False),
    ],
)
def test_titles_of_those_who_came_or_went(title, refused, where):
    text, name = (f"{title}\n{BARE}", "月报.csv") if where == "title" else (BARE, f"{title}.csv")
    assert errors(read(text, name)) == ({"form"} if refused else set())
    inflow = text.replace("登记失业人数\n2025-01", "新登记失业人数\n2025-01")
    assert errors(read(inflow, name)) == set()


@pytest.mark.parametrize(
    ("remark", "refused"),
    [
        ("季节调整后", True), ("高校毕业生", True), ("全市数", True), ("含徐汇区", True),
        ("高校毕业生集中登记", False), ("未经季节调整", False), ("各街道已核实", False),
        ("含1月补登", False), ("全市统一口径", False),
    ],
)  # fmt: skip
def test_remarks_beside_a_figure_on_its_place_and_make(remark, refused):
    text = f"月份,登记失业人数,备注\n2025-01,13600,{remark}\n"
    assert bool(errors(read(text))) == refused
    grouped = f"群体,{text}".replace("\n2", "\n青年,2")
    assert bool(errors(read(grouped))) == (refused and remark != "高校毕业生")


@pytest.mark.parametrize(
    ("remark", "refused"),
    [
        ("不含安亭镇。", True), ("含徐汇区数据。", True), ("以上为全市数据", True),
        ("2月起单位为千人", True), ("以上为季节调整后数据", True),
        ("数据未经季节调整", False), ("不含乡镇企业人员", False), ("不含徐汇区数据", False),
        ("以上为全区数据", False), ("全市数据见附表", False), ("含嘉定区各街镇", False),
        ("不包含安亭镇", True), ("未包括安亭镇", True), ("缺安亭镇数据", True),
        ("安亭镇未报", True),
        ("不含青浦区，含徐汇区", True), ("2月起单位改为千人", True),
        ("不包含徐汇区数据", False), ("2024年起不再包括徐汇区", False), ("各街道无漏报", False),
        ("统计口径为全市统一口径", False), ("数据经三季调查核实", False),
    ],
)  # fmt: skip
def test_remarks_on_the_place_and_the_make_of_figures(remark, refused):
    assert bool(errors(read(BARE + f"注：{remark}\n"))) == refused
