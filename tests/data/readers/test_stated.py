"""What a table says of its region, of its publication and of its unit is held to.

A division code that is of another region is refused, figures that nobody published are left out
and told, and a unit is understood in every spelling.
"""

import io

import openpyxl
import pytest
from openpyxl.comments import Comment

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.readers import read_bytes
from employment_forecast.data.readers.formats import stated_units
from employment_forecast.data.readers.tables.regions import code_fits, division_code

CATALOGUE = load_catalogue(
    extra_regions=[
        {"code": "310114001", "name": "新成路街道", "parent": "310114", "level": "street"},
        {"code": "JD-02", "name": "真新街道", "parent": "310114", "level": "street"},
    ]
)
HEAD = "月份,登记失业人数\n"
LIST = "地区,{head},月份,登记失业人数\n{region},{code},2025-01,9000\n"


def read(text, name="月报.csv", **options):
    data = text if isinstance(text, bytes) else text.encode()
    return read_bytes(data, name, CATALOGUE, **options)


def checks(result):
    return {f.check for f in result.findings}


def workbook(rows, title="表", change=None):
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    if change:
        change(book.active)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("head", "region", "code"),
    [
        ("行政区划代码", "嘉定区", "310104"),  # known, of another region
        ("行政区划代码", "嘉定区", "310115"),  # not in the catalogue
        ("区划代码", "嘉定", "310115"),
        ("代码", "嘉定区", "310115"),
        ("代码", "嘉定区", "310115000000"),
        ("代码", "上海市", "330000"),
        ("代码", "嵊州市", "330782"),
        ("机构编码", "嘉定区", "440305"),
        ("region code", "嘉定区", "310115"),
        ("地区编码", "徐汇区", "310114"),
        ("代码", "新成路街道", "310115001"),
        ("代码", "真新街道", "310104002"),
        ("代码", "上海市", "310114"),  # a figure of the city, or of its district
        ("代码", "全国", "310000"),
    ],
)
def test_a_code_that_is_of_another_region_is_refused(head, region, code):
    result = read(LIST.format(head=head, region=region, code=code))
    assert "contradiction" in checks(result)
    numbers = [["地区", head, "月份", "登记失业人数"], [region, int(code), "2025-01", 9000]]
    if head != "机构编码" and head != "region code":
        assert "contradiction" in checks(read(workbook(numbers), "a.xlsx"))


@pytest.mark.parametrize(
    ("head", "region", "code"),
    [
        ("行政区划代码", "嘉定区", "310114"), ("行政区划代码", "嘉定区", "310114000000"),
        ("代码", "嘉定区", "310000"), ("代码", "新成路街道", "310114"), ("代码", "嘉定区", "A01"),
        ("代码", "嘉定区", "110001"), ("序号", "嘉定区", "310115"), ("省份", "嘉定区", "上海市"),
        ("代码", "真新街道", "310114003"), ("代码", "全国", "100000"),
    ],
)  # fmt: skip
def test_codes_of_the_same_place_and_other_numbers_are_no_contradiction(head, region, code):
    result = read(LIST.format(head=head, region=region, code=code))
    assert [r.observation.value for r in result.readings] == [9000]
    assert [r.observation.region for r in result.readings] == [CATALOGUE.region(region).code]
    assert checks(result) <= {"unknown_label"}


def test_the_code_of_a_part_beside_the_name_of_its_province():
    result = read("省份,区划代码,月份,登记失业人数\n上海市,310114,2025-01,9000\n")
    assert [r.observation.region for r in result.readings] == ["310114"]


def test_division_codes():
    assert division_code("310114000000") == "310114"
    assert [division_code(c) for c in ("310000", "330600", "３１０１１４")] == [
        "31",
        "3306",
        "310114",
    ]
    assert [division_code(c) for c in ("202501", "110001", "31011", "3101140", "9")] == [""] * 5
    jiading = CATALOGUE.region("嘉定")
    assert code_fits("3101", jiading, CATALOGUE)
    assert not code_fits("310115", CATALOGUE.region("真新街道"), CATALOGUE)


@pytest.mark.parametrize(
    "above",
    [
        "行政区划代码：310115", "嘉定区登记失业情况\n区划代码：310104", "行政区划代码(310115)",
        "地区：徐汇区\n嘉定区登记失业情况", "嘉定区登记失业情况\n地区：徐汇区",
        "区县代码：440305000000",
    ],
)  # fmt: skip
def test_what_stands_above_a_table_may_not_contradict_itself(above):
    assert read(f"{above}\n{HEAD}2025-01,9000\n", region="嘉定").errors
    rows = f"{above}\n地区,{HEAD}嘉定区,2025-01,9000\n"
    assert "contradiction" in checks(read(rows))


@pytest.mark.parametrize(
    ("title", "name"),
    [("徐汇区", "月报"), ("310115", "月报"), ("表", "徐汇区月报"), ("表", "310115_月报")],
)
def test_names_of_sheets_and_files_that_say_another_region_are_told(title, name):
    rows = [["嘉定区登记失业情况"], ["月份", "登记失业人数"], ["2025-01", 9000]]
    result = read(workbook(rows, title), f"{name}.xlsx")
    assert [r.observation.region for r in result.readings] == ["310114"]
    assert any("嘉定区" in note and "请核对" in note for note in result.notes)
    plain = read(f"地区,{HEAD}嘉定区,2025-01,9000\n", f"{name}.csv")
    assert title != "表" or any("请核对" in note for note in plain.notes)


TWO = "2026-01,9000\n2026-09,9100\n"
# What is marked, and what is left; None for a file that is refused.
UNPUBLISHED = {
    "column": ("月份,登记失业人数,预计数\n2026-01,9000,70\n2026-09,9100,70\n", [9000, 9100]),
    "merged head": ("月份,登记失业人数,登记失业人数\n,实际,预计\n2026-01,9000,9100\n", [9000]),
    "month": (f"{HEAD}2026-01,9000\n2026年9月（预计）,9100\n", [9000]),
    "short": (f"{HEAD}2026-01,9000\n2026年9月(预),9100\n", [9000]),
    "letter": (f"{HEAD}2026-01,9000\n2026-09(E),9100\n", [9000]),
    "column of a month": ("指标,2026年1月,2026年9月（预测）\n登记失业人数,9000,9100\n", [9000]),
    "row of a plan": ("指标,2026年1月\n登记失业人数,9000\n登记失业人数计划,9100\n", [9000]),
    "row of an aim": ("指标,2026年1月\n登记失业人数,9000\n年度控制目标,9100\n", [9000]),
    "section": (f"{HEAD}实际\n2026-01,9000\n预计\n2026-09,9100\n", [9000]),
    "kind": ("类别,月份,登记失业人数\n实际值,2026-01,9000\n预测值,2026-09,9100\n", [9000]),
    "status": ("月份,登记失业人数,数据性质\n2026-01,9000,实际\n2026-09,9100,预计\n", [9000]),
    "flag": ("月份,登记失业人数,是否预测\n2026-01,9000,否\n2026-09,9100,是\n", [9000]),
    "number flag": ("月份,登记失业人数,预测标志\n2026-01,9000,0\n2026-09,9100,1\n", [9000]),
    "remark": ("月份,登记失业人数,备注\n2026-01,9000,\n2026-09,9100,预计数\n", [9000]),
    "sentence": ("月份,登记失业人数,备注\n2026-01,9000,\n2026-09,9100,该数为预测\n", [9000]),
    "until": ("月份,登记失业人数,备注\n2026-01,9000,\n2026-09,9100,预计，以公布为准\n", [9000]),
    "source": ("月份,登记失业人数,来源\n2026-01,9000,月报\n2026-09,9100,预测值\n", [9000]),
    "unit": ("月份,登记失业人数,单位\n2026-01,9000,人\n2026-09,9100,人（预计）\n", [9000]),
    "title": (f"嘉定区2026年登记失业人数预测\n{HEAD}{TWO}", []),
    "line below it": (f"嘉定区登记失业人数\n（预计数）\n{HEAD}{TWO}", []),
    "key": (f"数据性质：计划数\n{HEAD}{TWO}", []),
    "table of aims": ("2026年城镇新增就业目标任务分解表\n地区,城镇新增就业\n嘉定区,90\n", []),
    "page": ("<h1>2026年登记失业人数预测表</h1><table><tr><td>月份<td>登记失业人数<tr><td>2026-01"
             "<td>9000</table>", []),
}  # fmt: skip


@pytest.mark.parametrize("kind", UNPUBLISHED)
def test_what_was_not_published_is_left_out_and_told(kind):
    text, wanted = UNPUBLISHED[kind]
    result = read(text, region="嘉定")
    assert [r.observation.value for r in result.readings] == wanted
    assert "not_published" in checks(result)
    assert bool(result.errors) == (wanted == [])


@pytest.mark.parametrize(
    "cell", ["9100（预计）", "预计9100", "9100(预)", "9100E", "计划9100", "目标数9100"]
)
def test_a_figure_that_says_so_itself_is_refused(cell):
    assert "unreadable_value" in checks(read(f"{HEAD}2026-01,{cell}\n", region="嘉定"))


@pytest.mark.parametrize("form", ['0"（预计）"', '"预计"0', '0"E"', '0"计划"'])
def test_a_number_format_that_says_so_is_refused(form):
    def formatted(page):
        page["B2"].number_format = form

    rows = [["月份", "登记失业人数"], ["2026-01", 9000]]
    assert "unreadable_value" in checks(
        read(workbook(rows, change=formatted), "a.xlsx", region="嘉定")
    )


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f"2026年目标任务完成情况表\n{HEAD}{TWO}", "月报.csv"),
        (f"失业预测预警监测月报\n{HEAD}{TWO}", "月报.csv"),
        (f"报送：规划财务处\n{HEAD}{TWO}", "月报.csv"),
        (f"{HEAD}{TWO}", "2026年目标任务完成情况.csv"),
        ("<li>规划计划</li><table><tr><td>月份<td>登记失业人数<tr><td>2026-01<td>9000"
         "<tr><td>2026-09<td>9100</table>", "a.html"),
    ],
)  # fmt: skip
def test_published_figures_beside_such_words_are_taken(text, name):
    result = read(text, name, region="嘉定")
    assert [r.observation.value for r in result.readings] == [9000, 9100]
    assert not result.findings


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("月份,登记失业人数,备注\n2026-01,9000,完成年度目标\n", "月报.csv", "第2行"),
        ("月份,登记失业人数,备注\n2026-01,9000,非预测数\n", "月报.csv", "第2行"),
        (f"地区,{HEAD}嘉定区,2026-01,9000\n", "2026年失业人数预测.csv", "文件名"),
    ],
)
def test_words_in_passing_are_told(text, name, said):
    result = read(text, name, region="嘉定")
    assert [r.observation.value for r in result.readings] == [9000]
    assert any(said in note for note in result.notes)


def test_a_comment_that_says_so_is_told():
    def commented(page):
        page["B2"].comment = Comment("预计数，待公布", "x")

    rows = [["月份", "登记失业人数"], ["2026-01", 9000]]
    result = read(workbook(rows, change=commented), "a.xlsx", region="嘉定")
    assert any("预计数" in note for note in result.notes)


SPELLINGS = [
    "单位：万人", "单 位：万人", "单　位　：　万　人", "單位：萬人", "单位∶万人", "单位﹕万人",
    "单位︰万人", "单位（万人）", "（单位：万人）", "【单位：万人】", "单位 万人", "计量单位为万人",
    "数据单位均为万人", "以万人为单位", "本表以“万人”为单位", "单位：（万人）", "单位：“万人”",
    "（万人）", "万人", "单位：万人，％",
    "单位：%、万人", "单位－万人", "单位：万人；个", "单位：10000人", "单位：10,000人", "单位：万",
    "单位：万人（百分比除外）", "注：本表人数单位为万人。",
    "单位：万人&nbsp;&nbsp;数据来源：人社局", "单位&#65306;万人", "单<b>位</b>：万<i>人</i>",
    "单位；万人", "2026年失业情况（单位：万人）",
]  # fmt: skip
BODY = "<tr><td>月份</td><td>登记失业人数</td></tr><tr><td>2026-01</td><td>136</td></tr></table>"


@pytest.mark.parametrize("said", SPELLINGS)
def test_spellings_of_a_unit_on_a_page(said):
    for page in (
        f"<p>{said}</p><table>{BODY}",
        f"<table>{BODY}<div>{said}</div>",
        f"<table><caption>{said}</caption>{BODY}",
        f"<table><tr><td colspan=2>{said}</td></tr>{BODY}",
    ):
        result = read(f"<html><body>{page}", "月报.html", region="嘉定")
        assert [r.observation.value for r in result.readings] == [1360000], page


@pytest.mark.parametrize(
    "said",
    [
        "事业单位人员情况表",
        "主办单位：个体户协会",
        "填报单位：千灯镇",
        "用人单位（户主）",
        "家",
        "单位：人",
    ],
)
def test_what_states_no_scale(said):
    assert stated_units(said) in ("", "人")


def test_a_unit_in_brackets_of_money():
    assert stated_units("货币单位（万元）") == "万元"


def test_a_unit_that_is_none_is_told_and_two_are_refused():
    result = read(f"单位：W人\n{HEAD}2026-01,9000\n", region="嘉定")
    assert any("没有认出单位“w人”" in note for note in result.notes)
    assert "unit_conflict" in checks(read(f"单位：人、万人\n{HEAD}2026-01,9000\n", region="嘉定"))


# Remarks on the size of employers: no unit of the figures.
SIZES = [
    "注：监测范围为用人单位10人以上的企业", "用人单位100人以上裁员", "注：用人单位为百人以上",
    "嘉定区重点用人单位（千人以上）用工情况", "重点用人单位（1000人以上）用工情况",
    "注：参保单位（百户）", "监测单位：1000户", "参保单位100家", "用人单位：1000人以上",
    "注：监测单位－百人、千人以上各半", "单位百人以上的企业", "工作单位百户", "10人", "（100人）",
    "以100户为单位抽样", "注：10人", "单位：百人、千人以上", "单位（百人、千人以上）",
]  # fmt: skip


@pytest.mark.parametrize("said", SIZES)
def test_the_size_of_employers_multiplies_nothing(said):
    plain = f"{HEAD}2025-01,8123\n2025-02,8210\n"
    remarked = "月份,登记失业人数,备注\n2025-01,8123,{}\n2025-02,8210,{}\n"
    tables = [f"{said}\n{plain}", f"{plain}{said}\n", f"{HEAD}2025-01,8123\n{said}\n2025-02,8210"]
    for text in (*tables, remarked.format(said, ""), remarked.format(said, said)):
        result = read(text, region="嘉定")
        assert [r.observation.value for r in result.readings] == [8123, 8210], text
    page = f"<p>{said}</p><table><tr><td>月份<td>登记失业人数<tr><td>2025-01<td>8123</table>"
    result = read(page, "月报.html", region="嘉定")
    assert [r.observation.value for r in result.readings] == [8123]
    books = [("表", f"{said}.xlsx"), (said.replace("：", " ")[:31], "a.xlsx")]
    for title, name in books:
        rows = [["月份", "登记失业人数"], ["2025-01", 8123]]
        result = read(workbook(rows, title), name, region="嘉定")
        assert [r.observation.value for r in result.readings] == [8123]


def test_a_column_of_units_may_say_ten_thousand_persons():
    result = read("月份,登记失业人数,单位\n2025-01,1,10000人\n2025-02,2,万人\n", region="嘉定")
    assert [r.observation.value for r in result.readings] == [10000, 20000]


# Remarks that only compare with figures nobody published, or speak of something else.
COMPARING = [
    "比预计数多50人", "与计划数一致", "较目标值少20人", "占年度目标值的95%", "预计数已更正为实际数",
    "系预测系统导出", "为年度目标值的95%", "与预计数持平", "超出计划数3人", "下期数据预计20日发布",
    "含目标群体", "未达到预期目标值",
]  # fmt: skip


@pytest.mark.parametrize("said", COMPARING)
def test_a_remark_that_compares_leaves_its_row(said):
    result = read(f"月份,登记失业人数,备注\n2025-01,8123,{said}\n2025-02,8210,\n", region="嘉定")
    assert [r.observation.value for r in result.readings] == [8123, 8210]


@pytest.mark.parametrize(
    "said",
    [
        "该数为预计数，比计划数少",
        "预计数，与计划一致",
        "目标值（占比未定）",
        "实际数未出，系预计数",
    ],
)
def test_a_remark_that_also_compares_is_still_taken_at_its_word(said):
    result = read(f"月份,登记失业人数,备注\n2025-01,8123,\n2025-02,8210,{said}\n", region="嘉定")
    assert [r.observation.value for r in result.readings] == [8123]


@pytest.mark.parametrize(
    "above",
    [
        "下期数据预计11月20日发布",
        "嘉定区登记失业人数（用于预测）",
        "规划区2025年报表",
        "供全市预测",
    ],
)
def test_a_line_above_that_says_nothing_of_the_figures_leaves_the_table(above):
    plain = read(f"{above}\n{HEAD}2025-01,8123\n2025-02,8210\n", region="嘉定")
    cells = "<tr><td>月份<td>登记失业人数<tr><td>2025-01<td>8123<tr><td>2025-02<td>8210"
    page = read(f"<p>{above}</p><table>{cells}</table>", "a.html", region="嘉定")
    for result in (plain, page):
        assert [r.observation.value for r in result.readings] == [8123, 8210]
        assert not result.errors


def test_women_by_a_letter_and_heads_that_only_hold_such_a_word():
    result = read(
        "月份,登记失业人数,女（F）,男性(M),企业(E),目标群体登记失业人数\n2025-01,8123,4000,4123,7,9\n",
        region="嘉定",
    )
    assert [r.observation.value for r in result.readings] == [8123]
    assert [(r.group, r.observation.value) for r in result.groups] == [
        ("women", 4000),
        ("men", 4123),
    ]
    assert "not_published" not in checks(result)
    assert "unknown_label" in checks(result)


@pytest.mark.parametrize(
    "above",
    [
        "组织机构代码：11310115MB2F34567X", "组织机构代码：310115123", "邮政编码：316000",
        "统一社会信用代码：11310115MB2F34567X", "单位代码：310115", "机构代码：310115001",
        "地区邮政编码：316000", "行政区划代码：310114", "电话区号：021",
    ],
)  # fmt: skip
def test_codes_of_organisations_and_posts_above_a_table_are_no_division_codes(above):
    for text in (f"{above}\n{HEAD}2025-01,9000\n", f"{above}\n地区,{HEAD}嘉定区,2025-01,9000\n"):
        result = read(text, region="嘉定")
        assert [r.observation.value for r in result.readings] == [9000]
        assert not result.errors


@pytest.mark.parametrize(
    ("rows", "region"),
    [
        ("地区,邮政编码,月份,登记失业人数\n舟山市,316000,2025-01,9000\n", "舟山"),
        ("地区,组织机构代码,月份,登记失业人数\n嘉定区,310115123,2025-01,9000\n", "嘉定"),
        ("地区,区县代码,区县,月份,登记失业人数\n上海市,310114,嘉定区,2025-01,9000\n", "嘉定"),
        ("区县代码,地区,区县,月份,登记失业人数\n310114,上海市,嘉定区,2025-01,9000\n", "嘉定"),
        ("地区,区县,区县代码,月份,登记失业人数\n上海市,嘉定区,310114,2025-01,9000\n", "嘉定"),
    ],
)
def test_codes_beside_names_that_go_with_the_lowest_region_of_the_row(rows, region):
    result = read(rows)
    assert [r.observation.value for r in result.readings] == [9000]
    assert [r.observation.region for r in result.readings] == [CATALOGUE.region(region).code]
    assert "contradiction" not in checks(result)


@pytest.mark.parametrize(
    "rows",
    [
        "地区,区县代码,区县,月份,登记失业人数\n上海市,310104,嘉定区,2025-01,9000\n",
        "地区,区县,区县代码,月份,登记失业人数\n上海市,嘉定区,310115,2025-01,9000\n",
        "代码,地区,月份,登记失业人数\n310114,上海市,2025-01,9000\n",
    ],
)
def test_codes_beside_names_that_do_not(rows):
    assert "contradiction" in checks(read(rows))
