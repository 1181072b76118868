"""Titles, remarks and neighbours that make a figure another one: refused, or read as they say."""

import io

import openpyxl
import pytest

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.readers import read_bytes

CATALOGUE = load_catalogue()


def read(text, name="月报.csv", region="嘉定"):
    data = text if isinstance(text, bytes) else text.encode()
    return read_bytes(data, name, CATALOGUE, region=region)


def figures(result):
    assert not result.errors
    return {str(r.observation.month): r.observation.value for r in result.readings}


def errors(text, **how):
    return {f.check for f in read(text, **how).errors}


def column(head, cells, below=""):
    lines = [f"2025-{month:02d},{cell}\n" for month, cell in enumerate(cells, 1)]
    return f"月份,{head}\n{''.join(lines)}{below}"


TABLE = "指标,数值\n登记失业人数,13600\n"


@pytest.mark.parametrize(
    "title",
    [
        "嘉定区2025年3月上旬登记失业情况",
        "2025年3月上半月失业登记情况",
        "2025年3月第2周登记失业情况",
        "2025年3月初登记失业情况",
        "2025年3月日均登记失业情况",
        "2025年1-3月平均登记失业情况",
        "农历2025年3月登记失业情况",
        "上报时间：2025年4月",
        "更新时间：2025-04",
        "编制日期：2025年4月",
        "查询月份：2025年4月",
    ],
)
def test_a_title_that_is_no_month_of_the_figures(title):
    assert "unknown_month" in errors(f"{title}\n{TABLE}")
    name = title.replace("：", "") + ".csv"
    assert ("时间" in title or "日期" in title or "月份" in title) or errors(TABLE, name=name)


@pytest.mark.parametrize(
    "title",
    [
        "统计时间：2025年3月",
        "数据所属期：2025年3月",
        "报表月份：2025年3月",
        "2025年3月月报",
        "2025年3月初步统计",
        "业务月份：2025年3月",
        "时间：2025年3月",
        "截止日期：2025年3月31日",
        "截至时间：2025年3月",
        "2025年3月初次登记失业情况",
    ],
)
def test_a_title_that_is_the_month_of_the_figures(title):
    assert figures(read(f"{title}\n{TABLE}")) == {"2025-03": 13600}


def test_a_title_says_nothing_where_the_rows_have_their_months():
    text = f"2025年3月上旬印发\n{column('登记失业人数', [13600, 13700])}"
    assert figures(read(text)) == {"2025-01": 13600, "2025-02": 13700}


def sheets(**tables):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in tables.items():
        page = book.create_sheet(name.removeprefix("_"))
        for row in rows:
            page.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_a_sheet_named_for_another_month_than_its_title():
    rows = [["嘉定区2025年1月登记失业情况"], ["指标", "数值"], ["登记失业人数", 13600]]
    assert errors(sheets(_2月=rows), name="a.xlsx") == {"contradiction"}
    assert figures(read(sheets(_1月=rows), "a.xlsx")) == {"2025-01": 13600}


HALF = "月份,人数\n11月,13600\n12月,13610\n"


@pytest.mark.parametrize(
    "between", ["月份,人数\n", "续表\n月份,人数\n", "\n登记失业人数（续）\n月份,人数\n"]
)
def test_a_table_that_goes_on_in_the_next_year(between):
    text = f"2024年登记失业人数\n{HALF}{between}1月,13620\n2月,13630\n"
    assert errors(text) == {"unknown_month"}


@pytest.mark.parametrize("own", ["2025年登记失业人数", "登记失业人数（2025年）"])
def test_a_table_with_a_year_of_its_own(own):
    text = f"2024年登记失业人数\n{HALF}\n{own}\n月份,人数\n1月,13620\n"
    assert figures(read(text))["2025-01"] == 13620


def test_a_table_that_goes_on_keeps_the_unit():
    text = "单位：百人\n月份,新登记失业人数\n2025-01,12\n\n续表\n月份,新登记失业人数\n2025-02,13\n"
    assert figures(read(text)) == {"2025-01": 1200, "2025-02": 1300}


def test_a_corner_with_the_time_of_the_table():
    months = "2025年,1月,2月,合计\n新登记失业人数,100,110,210\n"
    assert figures(read(months)) == {"2025-01": 100, "2025-02": 110}
    down = "2025年,新登记失业人数\n1月,100\n2月,110\n"
    assert figures(read(down)) == {"2025-01": 100, "2025-02": 110}
    years = "登记失业人数（人）,2024年,2025年\n1月,13000,13600\n"
    assert figures(read(years)) == {"2024-01": 13000, "2025-01": 13600}
    beside = "2025年3月,本月,上月,去年同月,增减\n登记失业人数,13600,13500,13000,100\n"
    assert figures(read(beside)) == {"2025-03": 13600}


@pytest.mark.parametrize(
    "text",
    [
        f"单位：万户\n{column('登记失业人数', [13600])}",
        f"单位：万人\n{column('新登记失业人数', [120, 135])}",
        f"单位：万人\n{column('登记失业人数', [95])}",
        "单位：万户\n地区,截至日期,登记失业人数\n嘉定区,2026-11-20,13600\n",
        "单位：万人\n地区,截至日期,新登记失业人数\n嘉定区,2026-11-20,120\n",
    ],
)
def test_units_that_cannot_be_those_of_the_figures(text):
    assert errors(text)
    assert not read(text).part_months


def test_a_unit_in_a_remark_by_another_word():
    assert figures(read(column("登记失业人数", [2], "备注：以上人数均以万人计\n"))) == {
        "2025-01": 20000
    }


@pytest.mark.parametrize(
    "head", ["本月新增登记失业人数", "当月新增登记失业人数", "本月失业登记人数"]
)
def test_the_new_ones_of_a_month_are_no_stock(head):
    assert errors(column(head, [300])) == {"form"}
    result = read(f"地区,截至日期,{head}\n嘉定区,2026-11-20,300\n")
    assert not result.part_months or "新增" not in head


@pytest.mark.parametrize("head", ["失业登记人数", "登记失业人员数", "实有登记失业人数"])
def test_further_names_of_the_register(head):
    assert figures(read(column(head, [13600]))) == {"2025-01": 13600}


@pytest.mark.parametrize(
    ("head", "cells", "note", "expected"),
    [
        ("新登记失业人数", [100, 210, 330], "注：表中数据为1月起累计数", [100, 110, 120]),
        ("新登记失业人数", [100, 210, 330], "注：表中数据是累计数", [100, 110, 120]),
        ("新登记失业人数", [100, 210], "注：长期失业指数据为累计失业满12个月", [100, 210]),
        ("新登记失业人数", [100, 210, 330], "备注：各月均为当年累计", [100, 110, 120]),
        ("城镇新增就业", [10, 11, 9], "注：本表为当月数", [10, 21, 30]),
        ("城镇新增就业", [10, 11, 12], "说明：城镇新增就业人数为当月数，非累计数。", [10, 21, 33]),
        ("新登记失业人数", [100, 110, 120], "注：城镇新增就业为累计数", [100, 110, 120]),
        ("登记失业人数", [100, 110, 120], "注：各月均为当年累计", [100, 110, 120]),
        ("新登记失业人数", [100, 110, 120], "注：累计缴费满一年的人员", [100, 110, 120]),
        ("新登记失业人数", [100, 110, 120], "注：人数不含累计退出人员", [100, 110, 120]),
        ("新登记失业人数", [100, 110, 120], "注：另有累计数见附表", [100, 110, 120]),
    ],
)
def test_a_remark_gives_the_form(head, cells, note, expected):
    for text in (column(head, cells, f"{note}\n"), f"{note}\n{column(head, cells)}"):
        result = read(text)
        assert list(figures(result).values()) == expected
        assert any("按说明" in n for n in result.notes) == (expected != cells)


@pytest.mark.parametrize(
    "note",
    [
        "注：2月数据为预计数。",
        "注：2月为暂估数",
        "注：2025年2月数据有误，应为13750。",
        "备注：2月数作废",
        "注：2月数据截至2月20日。",
    ],
)
def test_a_remark_that_one_of_the_figures_is_none(note):
    assert errors(column("登记失业人数", [13600, 13700], f"{note}\n")) == {"remarked"}


@pytest.mark.parametrize(
    "note",
    [
        "注：下月数据预计于3月10日公布。",
        "注：1月原13500有误，更正为13600。",
        "注：数据截至2025年2月28日。",
        "注：与预计数比较",
        "注：目标数由市局下达。",
        "注：*为预计数",
        "注：自2025年起统计周期改为12个月，原表作废。",
        "注：统计对象应为16岁以上人员。",
    ],
)
def test_a_remark_that_changes_no_figure(note):
    assert len(figures(read(column("登记失业人数", [13600, 13700], f"{note}\n")))) == 2


@pytest.mark.parametrize(
    ("remark", "refused"),
    [
        ("数据有误，应为13750", True),
        ("作废", True),
        ("应为1.375万", True),
        ("原13500有误，已更正为13700", False),
        ("更正为1.37万人", False),
        ("数据有误", False),
        ("缺报马陆镇", False),
    ],
)
def test_a_remark_beside_a_figure(remark, refused):
    result = read(f"月份,登记失业人数,备注\n2025-01,13600,\n2025-02,13700,{remark}\n")
    assert {f.check for f in result.errors} == ({"remarked"} if refused else set())
    assert refused or "请核对" in "".join(result.notes)


@pytest.mark.parametrize("head", ["修订数", "更正后", "核实数", "修订后登记失业人数"])
def test_figures_with_revised_ones_beside_them(head):
    beside = f"月份,登记失业人数,{head}\n2025-01,13600,13650\n"
    below = f"指标,2025年1月\n登记失业人数,13600\n{head},13650\n"
    assert errors(beside) == errors(below) == {"remarked"}
    empty = f"月份,登记失业人数,{head}\n2025-01,13600,\n"
    assert figures(read(empty)) == {"2025-01": 13600}


@pytest.mark.parametrize("head", ["失业保险金核定人数", "社保核定单位数", "政策调整后补贴人数"])
def test_other_figures_are_no_revised_ones(head):
    beside = f"月份,登记失业人数,{head}\n2025-01,13600,50\n"
    below = f"指标,2025年1月\n登记失业人数,13600\n{head},50\n"
    assert figures(read(beside)) == figures(read(below)) == {"2025-01": 13600}


@pytest.mark.parametrize(
    "text",
    [
        f"全市2025年3月就业情况\n{TABLE}",
        "月份,登记失业人数（全市）\n2025-01,136000\n",
        "指标,2025年1月\n全市登记失业人数,136000\n",
    ],
)
def test_the_whole_is_no_part(text):
    assert errors(text) == {"contradiction"}
    assert not errors(text.replace("全市", "全区"))
    assert not errors(text, region="上海")


def test_the_whole_of_a_region_whose_name_does_not_say_its_kind():
    own = {"code": "310117", "name": "松江", "parent": "310000", "level": "district"}
    catalogue = load_catalogue([own])
    for kind, refused in (("区", False), ("市", True)):
        text = f"全{kind}2025年3月就业情况\n{TABLE}".encode()
        result = read_bytes(text, "月报.csv", catalogue, region="松江")
        assert bool(result.errors) == refused


def test_a_total_over_unknown_parts_says_what_to_do():
    text = "街镇,2025年1月登记失业人数\n马陆镇,600\n南翔镇,700\n合计,1300\n"
    assert "把“合计”二字改成“嘉定区”" in str(read(text).refusal())
    assert figures(read(text.replace("合计", "嘉定区"))) == {"2025-01": 1300}


@pytest.mark.parametrize(("whole", "refused"), [("全市,150000", False), ("全市,1500", True)])
def test_the_whole_above_a_single_district_is_there_to_compare_with(whole, refused):
    text = f"地区,2025年1月登记失业人数\n{whole}\n嘉定区,12345\n"
    assert ("total_mismatch" in errors(text)) == refused
    assert refused or figures(read(text)) == {"2025-01": 12345}
    assert "total_mismatch" in errors(text.replace("全市", "合计"))


def test_months_partly_marked_as_cumulative():
    text = "月份,新登记失业人数\n2025年1月,100\n2025年2月,110\n2025年1-3月,{}\n"
    assert errors(text.format(330)) == {"form"}
    assert figures(read(text.format(200)))["2025-03"] == 90


def test_a_legend_of_marks_that_are_there():
    text = "月份,登记失业人数\n2025-01,13600\n2025-02,{}\n*为预计数\n"
    assert errors(text.format("13700*")) == {"remarked"}
    assert len(figures(read(text.format("13700")))) == 2


def test_a_remark_on_columns_that_are_left_out():
    text = "月份,登记失业人数,登记失业人数（预计）\n2025-01,13600,13700\n注：预计数仅供参考\n"
    assert figures(read(text)) == {"2025-01": 13600}


@pytest.mark.parametrize(
    "title",
    [
        "嘉定区马陆镇2025年3月登记失业情况",
        "2025年3月嘉定区外冈镇登记失业人数",
        "嘉定工业区2025年3月登记失业情况",
        "上海市嘉定区新成路街道2025年3月登记失业情况",
        "2025年3月\n填报单位：马陆镇社区事务受理服务中心",
    ],
)
def test_a_part_is_not_the_whole(title):
    assert errors(f"{title}\n{TABLE}") == {"contradiction"}


@pytest.mark.parametrize(
    "title",
    [
        "嘉定区城镇登记失业情况（2025年3月）",
        "嘉定区各街道2025年3月登记失业情况",
        "嘉定区2025年3月城乡登记失业情况",
        "嘉定区乡村劳动力登记失业情况（2025年3月）",
        "嘉定区街道办事处汇总（2025年3月）",
        "2025年3月\n填报单位：上海市嘉定区人力资源和社会保障局",
        "2025年3月\n填报单位：嘉定区就业促进中心",
    ],
)
def test_the_whole_with_words_that_name_no_part(title):
    assert figures(read(f"{title}\n{TABLE}")) == {"2025-03": 13600}


@pytest.mark.parametrize(
    "title",
    ["2025年3月登记失业情况（样表）", "2025年3月登记失业情况（模拟数据）", "填报示例：2025年3月"],
)
def test_samples_are_no_figures(title):
    assert not read(f"{title}\n{TABLE}").readings


def test_heads_that_nothing_explains_are_no_title():
    result = read("季度,登记失业人数（季均）\n2025年一季度,13600\n")
    assert not result.readings
    assert "登记失业人数（季均）" in str(result.refusal())


def test_a_month_of_sending_in_is_not_that_of_the_figures():
    assert errors(TABLE, name="2025年4月上报.csv") == {"unknown_month"}
    assert figures(read(TABLE, "2025年4月报表.csv")) == {"2025-04": 13600}


def test_a_single_rate_above_what_it_ever_is():
    assert errors(column("登记失业率", [3.2, 33, 3.1])) == {"implausible_rate"}
    assert len(figures(read(column("城镇调查失业率", [5.1, 20.9, 5.2])))) == 3
