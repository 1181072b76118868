"""Layouts that invite misreading: each is read as meant or refused, never read wrongly."""

import io

import openpyxl
import pytest

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.errors import SettingsError, UnknownNameError
from employment_forecast.data.readers import read_bytes

CATALOGUE = load_catalogue()


def csv(text):
    return text.strip("\n").encode("utf-8")


def workbook(sheets, merges=(), hidden=()):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        page = book.create_sheet(name)
        for row in rows:
            page.append(row)
        if name in hidden:
            page.sheet_state = "hidden"
    for area in merges:
        book.worksheets[0].merge_cells(area)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def read(data, name="月报.csv", **options):
    return read_bytes(data, name, CATALOGUE, **options)


def values(result):
    return {
        (r.observation.region, r.observation.indicator, str(r.observation.month), r.group): (
            r.observation.value
        )
        for r in (*result.readings, *result.groups)
    }


def unemployed(region="310114", **months):
    return {
        (region, "registered_unemployed", key[1:].replace("_", "-"), None): value
        for key, value in months.items()
    }


def checks(result):
    return {f.check for f in result.errors}


def test_two_tables_side_by_side_keep_their_own_months():
    result = read(
        csv("""
嘉定区2021年登记失业人数
月份,人数,月份,人数
1月,9120,3月,9180
2月,9230,4月,9100
""")
    )
    assert values(result) == unemployed(m2021_01=9120, m2021_02=9230, m2021_03=9180, m2021_04=9100)
    assert result.errors == ()


def test_monthly_flows_are_told_by_their_total():
    result = read(
        csv("""
嘉定区2021年城镇新增就业
地区,1月,2月,3月,合计
嘉定区,1810,1820,1850,5480
""")
    )
    assert [r.observation.value for r in result.readings] == [1810, 3630, 5480]


def test_a_january_total_says_nothing_about_cumulative_figures():
    result = read(
        csv("""
嘉定区2021年城镇新增就业
地区,1月,2月,3月
嘉定区,1810,3630,5480
""")
    )
    assert [r.observation.value for r in result.readings] == [1810, 3630, 5480]


def test_an_unknown_subgroup_over_a_known_name_is_not_read_as_the_whole():
    data = workbook(
        {
            "表": [
                ["月份", "已婚", "未婚"],
                [None, "登记失业人数", "登记失业人数"],
                ["2021-01", 4600, 4520],
            ]
        },
        merges=["A1:A2"],
    )
    result = read(data, region="嘉定")
    assert result.readings == ()
    assert {f.place.address for f in result.warnings} == {"B1", "C1"}
    assert checks(result) == {"nothing_read"}


def test_an_unknown_of_which_row_is_left_out_with_a_warning():
    result = read(
        csv("""
嘉定区登记失业人数
项目,2021年1月
登记失业人数,9120
其中：未婚,4300
""")
    )
    assert values(result) == unemployed(m2021_01=9120)
    assert [f.place.address for f in result.warnings] == ["A4"]


def test_annual_columns_are_not_taken_for_months():
    result = read(
        csv("""
2021年12月嘉定区登记失业人数
指标,2019年,2020年,2021年
登记失业人数,9000,9100,9200
""")
    )
    assert checks(result) == {"unknown_month"}
    assert [e.place.address for e in result.errors] == ["B3"]


def test_a_month_without_a_year_is_refused():
    result = read(csv("月份,登记失业人数\n1月,9120\n2月,9230\n"), region="嘉定")
    assert checks(result) == {"unknown_month"}
    assert "年份" in result.errors[0].message


def test_months_running_into_the_next_year_need_their_year():
    text = "月份,登记失业人数\n2021年11月,9120\n12月,9230\n1月,9180\n"
    result = read(csv(text), region="嘉定")
    assert values(result) == unemployed(m2021_11=9120, m2021_12=9230)
    assert [e.place.address for e in result.errors] == ["B4"]


def test_a_decimal_month_that_may_be_january_or_october_is_refused():
    data = workbook({"嘉定区": [["月份", "登记失业人数"], [2021.1, 9120]]})
    result = read(data, "a.xlsx")
    assert result.readings == ()
    assert [(e.check, e.place.address) for e in result.errors] == [("unknown_month", "B2")]


def test_decimal_months_start_anew_with_every_region():
    rows = [["地区", "月份", "登记失业人数"]]
    for region in ("徐汇区", "嘉定区"):
        rows += [[region, 2021 + m / 10, 8000 + m] for m in range(1, 10)]
    result = read(workbook({"表": rows}), "a.xlsx")
    assert result.errors == ()
    months = {str(r.observation.month) for r in result.readings}
    assert months == {f"2021-0{m}" for m in range(1, 10)}


def test_a_year_is_not_carried_into_the_next_region():
    text = "地区,月份,登记失业人数\n徐汇区,2021年1月,8040\n,2月,8110\n嘉定区,3月,9120\n"
    result = read(csv(text))
    assert len(result.readings) == 2
    assert [e.place.address for e in result.errors] == ["C4"]


def test_a_corner_that_names_the_other_axis():
    result = read(csv("2021年登记失业人数,,\n月份,1,2\n嘉定区,9120,9230\n"))
    assert values(result) == unemployed(m2021_01=9120, m2021_02=9230)
    result = read(csv("2021年登记失业人数,\n地区,嘉定区\n1月,9120\n2月,9230\n"))
    assert values(result) == unemployed(m2021_01=9120, m2021_02=9230)


@pytest.mark.parametrize("head", ["上年同期", "同比增减", "年度目标", "预测值", "比上月", "占比%"])
def test_comparisons_and_targets_are_no_observations(head):
    result = read(csv(f"月份,登记失业人数,{head}\n2021-01,9120,8800\n"), region="嘉定")
    assert values(result) == unemployed(m2021_01=9120)
    assert result.errors == ()


def test_unquoted_thousands_are_found_out():
    result = read(csv("月份,登记失业人数\n2021-01,9,120\n2021-02,9,230\n"), region="嘉定")
    assert checks(result) == {"stray_value"}
    assert {e.place.address for e in result.errors} == {"C2", "C3"}


def test_a_header_of_ten_thousands_over_persons_is_refused():
    text = "嘉定区登记失业人数\n单位：万人\n月份,登记失业人数\n2021-01,9120\n"
    result = read(csv(text))
    assert checks(result) == {"implausible_size"}
    assert result.errors[0].place.address == "B4"


def test_persons_in_an_unlabelled_cell_of_ten_thousands():
    result = read(csv("月份,登记失业人数（人）\n2021-01,0.912万\n2021-02,9230人\n"), region="嘉定")
    assert values(result) == unemployed(m2021_01=9120, m2021_02=9230)


def test_a_rate_beside_counts_in_ten_thousands_keeps_its_percent():
    text = "单位：万人\n月份,登记失业人数,登记失业率\n2021-01,0.912,3.15\n"
    result = read(csv(text), region="嘉定")
    assert [r.observation.value for r in result.readings] == [9120, 3.15]


def test_money_is_not_people():
    result = read(csv("月份,登记失业人数（万元）\n2021-01,9120\n"), region="嘉定")
    assert checks(result) == {"unit_conflict"}


def test_a_level_in_percentage_points_is_refused():
    result = read(csv("月份,登记失业率\n2021-01,0.5（百分点）\n"), region="嘉定")
    assert [f.check for f in result.errors] == ["unit_change"]


def test_a_stock_marked_cumulative_is_refused():
    result = read(csv("月份,登记失业人数累计\n2021-01,9120\n"), region="嘉定")
    assert checks(result) == {"cumulative_stock"}


def test_a_quarter_that_starts_in_april_cannot_be_cumulative():
    result = read(csv("时期,城镇新增就业\n2021年4-6月,5000\n"), region="嘉定")
    assert checks(result) == {"form"}


def test_monthly_flows_without_january_cannot_be_accumulated():
    result = read(csv("月份,城镇新增就业当月数\n2021-02,1220\n2021-03,2450\n"), region="嘉定")
    assert checks(result) == {"form"}
    assert [e.place.address for e in result.errors] == ["B2", "B3"]


def test_cumulative_figures_become_months_where_the_catalogue_keeps_months():
    monthly = {
        "code": "vacancies",
        "name": "新增岗位需求",
        "kind": "flow",
        "unit": "人",
        "reporting": "monthly",
        "aggregation": "sum",
    }
    catalogue = load_catalogue(extra_indicators=[monthly])
    text = "时期,新增岗位需求\n2021年1月,100\n2021年1-2月,250\n2021年1-3月,450\n"
    result = read_bytes(csv(text), "a.csv", catalogue, region="嘉定")
    assert [r.observation.value for r in result.readings] == [100, 150, 200]
    broken = csv("时期,新增岗位需求\n2021年1-3月,450\n")
    result = read_bytes(broken, "a.csv", catalogue, region="嘉定")
    assert checks(result) == {"form"}


def test_a_value_merged_over_two_regions_is_refused():
    rows = [["地区", "2021年1月"], ["徐汇区", 17160], ["嘉定区", None]]
    data = workbook({"登记失业人数": rows}, merges=["B2:B3"])
    result = read(data, "a.xlsx")
    assert checks(result) == {"unreadable_value"}
    assert result.errors[0].place.address == "B3"


def test_a_value_merged_with_its_label_is_one_value():
    rows = [["地区", "2021年1月"], ["徐汇区", 8040], [None, None], ["嘉定区", 9120]]
    data = workbook({"登记失业人数": rows}, merges=["A2:A3", "B2:B3"])
    result = read(data, "a.xlsx")
    assert len(result.readings) == 2
    assert result.errors == ()


def test_an_option_fills_what_the_file_leaves_open():
    result = read(csv("月份,数值\n2021-01,9120\n"), region="嘉定", indicator="登记失业人数")
    assert values(result) == unemployed(m2021_01=9120)


def test_an_option_takes_one_of_several_regions_and_indicators():
    text = "地区,月份,登记失业人数,登记失业率\n徐汇区,2021-01,8040,2.9\n嘉定区,2021-01,9120,3.1\n"
    result = read(csv(text), region="嘉定", indicator="登记失业人数")
    assert values(result) == unemployed(m2021_01=9120)
    assert any("另有 3 个" in note for note in result.notes)


def test_an_option_never_renames_a_region_the_file_names():
    result = read(csv("徐汇区登记失业人数\n月份,登记失业人数\n2021-01,8040\n"), region="嘉定")
    assert result.readings == ()
    assert checks(result) == {"nothing_read"}
    assert "嘉定区" in result.errors[0].message


def test_unknown_regions_do_not_matter_beside_an_option():
    text = "地区,2021年1月\n合计,26000\n黄浦区,8840\n徐汇区,8040\n嘉定区,9120\n"
    result = read(csv(text), region="嘉定", indicator="登记失业人数")
    assert values(result) == unemployed(m2021_01=9120)
    assert result.errors == ()


def test_without_an_option_an_unknown_region_stops_the_import():
    result = read(csv("地区,2021年1月\n黄埔区,8840\n嘉定区,9120\n"), indicator="登记失业人数")
    assert [(e.check, e.place.address) for e in result.errors] == [("unknown_region", "A2")]


def test_month_and_region_may_come_from_the_file_name():
    data = csv("指标,数值\n登记失业人数,9120\n")
    result = read(data, "嘉定区2021年3月月报.csv")
    assert values(result) == unemployed(m2021_03=9120)
    assert any("文件名" in note for note in result.notes)


def test_a_print_date_is_not_the_month_of_the_data():
    text = "嘉定区就业情况\n填报日期：2021年4月6日\n指标,数值\n登记失业人数,9120\n"
    assert checks(read(csv(text))) == {"unknown_month"}


def test_the_same_month_with_two_values_names_both_cells():
    result = read(csv("月份,登记失业人数\n2021-01,9120\n2021年1月,9121\n"), region="嘉定")
    (error,) = result.errors
    assert error.check == "contradiction"
    assert error.place.address == "B3"
    assert "B2" in error.message


def test_the_same_value_twice_is_taken_once():
    result = read(csv("月份,登记失业人数\n2021-01,9120\n2021年1月,9120\n"), region="嘉定")
    assert values(result) == unemployed(m2021_01=9120)
    assert len(result.readings) == 1


def test_row_and_column_may_not_contradict_each_other():
    result = read(csv("地区,徐汇区登记失业人数\n嘉定区,9120\n"), "2021年1月.csv")
    assert checks(result) == {"contradiction"}


def test_a_hidden_sheet_is_not_read_and_said_so():
    rows = [["月份", "登记失业人数"], ["2021-01", 9120]]
    other = [["月份", "登记失业人数"], ["2021-02", 1]]
    result = read(workbook({"嘉定区": rows, "草稿": other}, hidden=["草稿"]), "a.xlsx")
    assert len(result.readings) == 0 or values(result) == unemployed(m2021_01=9120)
    assert any("草稿" in note for note in result.notes)


def test_demonstration_rows_are_refused():
    text = "region,indicator,month,value,demo\n310114,registered_unemployed,2021-01,9120,true\n"
    assert checks(read(csv(text))) == {"demo"}


def test_a_subtotal_is_compared_with_its_block():
    text = "地区,2021年1月\n徐汇区,8040\n小计,8040\n嘉定区,9120\n小计,9130\n合计,17160\n"
    result = read(csv(text), indicator="登记失业人数")
    assert [e.place.address for e in result.errors] == ["B5"]


def test_a_total_over_missing_parts_only_has_to_be_large_enough():
    text = "地区,2021年1月,2021年2月\n合计,17000,9000\n徐汇区,…,…\n嘉定区,9120,9230\n"
    result = read(csv(text), indicator="登记失业人数")
    assert [e.place.address for e in result.errors] == ["C2"]


def test_rounding_in_ten_thousands_is_no_contradiction():
    text = "单位：万人\n地区,2021年1月\n合计,1.7\n徐汇区,0.84\n嘉定区,0.86\n"
    assert read(csv(text), indicator="登记失业人数").errors == ()
    text = "单位：万人\n地区,2021年1月\n合计,1.8\n徐汇区,0.84\n嘉定区,0.86\n"
    assert checks(read(csv(text), indicator="登记失业人数")) == {"total_mismatch"}


def test_totals_of_rates_are_not_sums():
    text = "地区,2021年1月\n合计,3.1\n徐汇区,2.9\n嘉定区,3.2\n"
    result = read(csv(text), indicator="登记失业率")
    assert result.errors == ()
    assert len(result.readings) == 2


def test_a_total_in_the_column_of_serial_numbers():
    text = "序号,地区,2021年1月\n1,徐汇区,8040\n2,嘉定区,9120\n合计,,17160\n"
    result = read(csv(text), indicator="登记失业人数")
    assert len(result.readings) == 2
    assert result.errors == ()


def test_zero_may_stand_for_not_published_where_the_mapping_says_so():
    text = csv("月份,登记失业人数\n2021-01,9120\n2021-02,0\n")
    assert len(read(text, region="嘉定").readings) == 2
    mapping = {"table": {"zero": "missing"}}
    assert len(read(text, region="嘉定", mapping=mapping).readings) == 1


def test_the_mapping_explains_a_layout_of_its_own():
    text = csv("""
导出批次,88
统计口径,本地
批次,期别,在册,单位代号
7,202101,0.912,JD
7,202102,0.923,JD
""")
    mapping = {
        "table": {"header_rows": [3], "unit": "万人"},
        "columns": {"批次": "ignore", "期别": "month", "单位代号": "region"},
        "indicators": {"在册": "registered_unemployed"},
        "regions": {"JD": "嘉定"},
    }
    assert values(read(text, mapping=mapping)) == unemployed(m2021_01=9120, m2021_02=9230)


def test_the_mapping_says_that_plain_months_are_monthly():
    text = csv("月份,城镇新增就业\n2021-01,1000\n2021-02,1100\n")
    result = read(text, region="嘉定", mapping={"table": {"form": "monthly"}})
    assert [r.observation.value for r in result.readings] == [1000, 2100]


@pytest.mark.parametrize(
    ("mapping", "word"),
    [
        ({"tabel": {}}, "table"),
        ({"table": {"hedder": 1}}, "header_rows"),
        ({"table": {"form": "weekly"}}, "monthly"),
        ({"table": {"unit": "头"}}, "万人"),
        ({"table": {"month": "2021年1月"}}, "2021-03"),
        ({"table": {"header_rows": ["x"]}}, "[3, 4]"),
        ({"table": {"header_rows": list(range(1, 100_000))}}, "至多 20 行"),
        ({"table": {"sheet": "\x07汇总"}}, "?汇总"),
        ({"table": "x"}, "[table]"),
        ({"columns": {"期别": "mont"}}, "month"),
        ({"columns": ["a"]}, "在册"),
    ],
)
def test_a_wrong_mapping_is_refused_with_the_nearest_word(mapping, word):
    with pytest.raises(SettingsError) as caught:
        read(csv("月份,数值\n2021-01,1\n"), mapping=mapping)
    assert word in str(caught.value)


@pytest.mark.parametrize(
    "mapping",
    [{"indicators": {"在册": "registered_unemploied"}}, {"groups": {"4050": "yuoth"}}],
)
def test_a_mapping_to_an_unknown_indicator_or_group_is_refused(mapping):
    with pytest.raises(UnknownNameError, match=r"registered_unemployed|youth"):
        read(csv("a,b\n1,2\n"), mapping=mapping)


def test_only_the_named_sheet_is_read():
    rows = [["月份", "登记失业人数"], ["2021-01", 9120]]
    data = workbook({"汇总": rows, "草稿": [["月份", "登记失业人数"], ["2021-01", 1]]})
    result = read(data, "a.xlsx", region="嘉定", mapping={"table": {"sheet": "汇总"}})
    assert values(result) == unemployed(m2021_01=9120)
    with pytest.raises(SettingsError, match="汇总"):
        read(data, "a.xlsx", mapping={"table": {"sheet": "汇总表"}})


def test_every_reading_carries_its_cell():
    data = workbook({"嘉定区": [["标题"], ["月份", "登记失业人数"], ["2021-01", 9120]]})
    (reading,) = read(data, "月报.xlsx").readings
    assert str(reading.place) == "“月报.xlsx”工作表“嘉定区”单元格 B3（第3行第2列）"
    assert reading.raw == "9120"
    assert reading.observation.source == "月报.xlsx"


def test_the_refusal_lists_every_error_once():
    result = read(csv("月份,登记失业人数\n2021-01,甲\n2021-02,乙\n2021-03,9180\n"), region="嘉定")
    refusal = result.refusal()
    assert refusal is not None
    assert "2 处问题" in refusal.message
    assert "B2" in refusal.message
    assert "B3" in refusal.message
    assert read(csv("月份,登记失业人数\n2021-03,9180\n"), region="嘉定").refusal() is None


def test_names_are_read_where_codes_that_nobody_knows_stand_beside():
    text = "机构名称,统计期,指标代码,指标名称,指标值\n嘉定区人社局,202101,A01,登记失业人数,9120\n"
    assert values(read(csv(text))) == unemployed(m2021_01=9120)


def test_heads_of_blocks_that_repeat_the_heads_below():
    rows = [
        ["月份", "失业人数", None, "失业登记"],
        [None, "登记失业人数（人）", "同比（%）", "登记失业率（%）"],
        ["2021年1月", 9120, 1.2, 3.1],
    ]
    data = workbook({"嘉定区": rows}, merges=["A1:A2", "B1:C1"])
    result = read(data, "a.xlsx")
    assert values(result) == unemployed(m2021_01=9120) | {
        ("310114", "registered_unemployment_rate", "2021-01", None): 3.1
    }
    rows[0][1] = "失业人数（已婚）"
    married = read(workbook({"嘉定区": rows}, merges=["A1:A2", "B1:C1"]), "a.xlsx")
    assert [r.observation.indicator for r in married.readings] == ["registered_unemployment_rate"]


@pytest.mark.parametrize(
    ("label", "total", "wanted"),
    [
        ("全区合计", 1300, 1300),
        ("全区", 1300, 1300),
        ("全区合计", 1400, None),
        ("全市合计", 1300, None),
    ],
)
def test_the_whole_district_under_its_streets(label, total, wanted):
    text = f"街镇,2021年1月登记失业人数\n马陆镇,600\n南翔镇,700\n{label},{total}\n"
    result = read(csv(text), region="嘉定")
    assert bool(result.errors) == (wanted is None)
    if wanted:
        assert values(result) == unemployed(m2021_01=wanted)


def test_the_city_in_a_column_beside_a_single_district():
    text = "月份,全市,嘉定区\n2021-01,15000,9120\n"
    result = read(csv(text), region="嘉定", indicator="登记失业人数")
    assert values(result) == unemployed(m2021_01=9120)
    assert not result.errors
    # 合计 is a sum, of one district too.
    summed = read(csv(text.replace("全市", "合计")), region="嘉定", indicator="登记失业人数")
    assert [e.check for e in summed.errors] == ["total_mismatch"]


def test_the_year_of_a_title_with_several_months():
    title = "2021年各街镇登记失业情况（截至6月底）"
    result = read(csv(f"{title}\n地区,5月末登记失业人数\n嘉定区,9120\n"))
    assert values(result) == unemployed(m2021_05=9120)


def test_units_under_the_word_for_them_in_brackets():
    text = "月份,登记失业人数,登记失业率\n（单位）,百人,%\n2021-01,91,3.1\n"
    assert [r.observation.value for r in read(csv(text), region="嘉定").readings] == [9100, 3.1]


def test_a_sample_of_firms_without_its_columns_is_told_which():
    text = "企业名称,行业,建档期岗位数,调查期岗位数\n甲,制造业,120,118\n"
    (error,) = read(csv(text), region="嘉定").errors
    assert error.check == "firm_row"
    assert all(word in error.message for word in ("建档期就业人数", "新招", "减员"))


def test_a_list_of_employers_in_a_workbook_of_figures_is_left_out():
    sheets = {
        "登记失业": [["月份", "登记失业人数"], ["2021-01", 9120]],
        "重点企业": [["企业名称", "行业", "用工人数"], ["甲", "制造业", 120]],
    }
    result = read(workbook(sheets), "a.xlsx", region="嘉定")
    assert values(result) == unemployed(m2021_01=9120)
    assert not result.errors
    assert any("重点企业" in note and "没有读取" in note for note in result.notes)
