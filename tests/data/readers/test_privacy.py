"""Person-level files are refused whole, and no message repeats what they hold."""

import io
from datetime import date

import openpyxl
import openpyxl.comments
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.errors import RefusedError
from employment_forecast.data.imports.importing import ImportOptions, import_files
from employment_forecast.data.readers import read_bytes
from employment_forecast.data.readers.privacy import is_identity_number
from employment_forecast.data.store import Store

CATALOGUE = load_catalogue()
# Invented: right in form and check digit, belonging to nobody.
IDENTITY = "11010519491231002X"
SURNAME = "张三丰"


def check_digit(first_17):
    weights = [2 ** (17 - i) % 11 for i in range(17)]
    return "10X98765432"[sum(w * int(d) for w, d in zip(weights, first_17, strict=True)) % 11]


def read(text, name="名单.csv"):
    data = text if isinstance(text, bytes) else text.encode("gb18030")
    return read_bytes(data, name, CATALOGUE, region="嘉定", indicator="登记失业人数")


@pytest.mark.parametrize(
    "head",
    [
        "姓名",
        "姓　　名",
        "人员姓名",
        "失业人员姓名",
        "身份证",
        "身份证号码",
        "公民身份号码",
        "证件号码",
        "社会保障号",
        "手机",
        "手机号码",
        "本人手机号",
        "移动电话",
        "姓名*",
        "手机号（必填）",
        "ID_Card",
        "mobile",
    ],
)
def test_a_head_is_enough(head):
    with pytest.raises(RefusedError) as caught:
        read(f"序号,{head},登记失业人数\n1,{SURNAME},1\n")
    assert "第2列（B列）" in caught.value.message
    assert SURNAME not in str(caught.value)
    assert caught.value.hint


def test_identity_numbers_are_found_without_a_head():
    with pytest.raises(RefusedError) as caught:
        read(f"甲,乙\n{SURNAME}（{IDENTITY}）,1\n")
    assert "身份证号" in caught.value.message
    assert IDENTITY not in str(caught.value)
    assert SURNAME not in str(caught.value)


def test_columns_of_mobile_numbers_are_found_without_a_head():
    with pytest.raises(RefusedError, match="手机号"):
        read("月份,登记失业人数,x\n2021-01,9120,13812345678\n2021-02,9230,139 1234 5678\n")


def test_identity_numbers_rounded_by_a_spreadsheet_are_found():
    book = openpyxl.Workbook()
    book.active.append(["月份", "号码"])
    book.active.append(["2021-01", 310114199001011230.0])
    stream = io.BytesIO()
    book.save(stream)
    with pytest.raises(RefusedError, match="身份证号"):
        read(stream.getvalue(), "a.xlsx")


def test_old_identity_numbers_are_found_in_a_column():
    lines = "".join(f"2021-0{i},310114{70 + i}0{i}15{i}23\n" for i in range(1, 5))
    with pytest.raises(RefusedError, match="15位"):
        read("月份,号码\n" + lines)


def test_hidden_sheets_are_looked_at():
    book = openpyxl.Workbook()
    book.active.append(["月份", "登记失业人数"])
    book.active.append(["2021-01", 9120])
    page = book.create_sheet("底册")
    page.append(["姓名"])
    page.sheet_state = "hidden"
    stream = io.BytesIO()
    book.save(stream)
    with pytest.raises(RefusedError, match="底册"):
        read(stream.getvalue(), "a.xlsx")


@pytest.mark.parametrize(
    "text",
    [
        "月份,登记失业人数\n2021-01,9120\n注：本表不含姓名、身份证、手机等个人信息。,\n",
        "月份,登记失业人数\n2021-01,9120\n填表人姓名：张三丰,联系电话：13812345678\n",
        "单位名称,月份,登记失业人数\n嘉定区,2021-01,9120\n",
        "月份,登记失业人数,失业保险基金结余（元）\n2021-01,9120,13812345678\n2021-02,9130,13912345679\n",
    ],
)
def test_what_is_no_personal_data_is_read(text):
    assert read(text).readings[0].observation.value == 9120


def test_numeric_credit_codes_of_firms_are_no_identity_numbers():
    text = (
        "2021年3月\n企业编码,建档期就业人数,新招人数,减员人数,调查期末就业人数\n"
        "913101141234567890,100,5,9,96\n123101147654321098,10,0,0,10\n"
    )
    assert len(read(text).firms) == 2


def test_messages_mask_long_numbers():
    result = read("月份,登记失业人数\n2021-01,电话13812345678\n")
    (error,) = result.errors
    assert "13812345678" not in str(error)
    assert "***" in error.value


@settings(deadline=None)
@given(
    st.sampled_from(["310114", "110105", "650102", "820000"]),
    st.dates(date(1930, 1, 1), date(2020, 12, 31)),
    st.integers(0, 999),
)
def test_the_check_digit_decides(place, born, serial):
    first = f"{place}{born:%Y%m%d}{serial:03d}"
    right = check_digit(first)
    assert is_identity_number(first + right)
    for other in set("0123456789X") - {right}:
        assert not is_identity_number(first + other)


@pytest.mark.parametrize("text", ["11010519491331002X", "9" * 18, "1" * 17, "00010519491231002X"])
def test_impossible_numbers_are_none(text):
    assert not is_identity_number(text)


MOBILE = "13812345678"
TABLE = "月份,登记失业人数,备注\n2021-01,9120,{}\n"
DRESSES = {
    "plain": IDENTITY,
    "dots": "110105.19491231.002X",
    "slashes": "110105/19491231/002x",
    "spaces": "110105 1949 1231 002X",
    "word joiners": "110105\u206019491231\u2060002X",
    "zero width": "110105\u200b19491231\u200b002X",
    "full width": "１１０１０５１９４９１２３１００２Ｘ",
    "underscores": "110105_19491231_002X",
    "in words": "一一零一零五一九四九一二三一零零二X",
    "wrong check digit": "110105194912310021",
    "in a sentence": f"张三（{IDENTITY}）已就业",
    "in a longer code": f"92{IDENTITY}",
    "with a label": "身份证110105-1949-1231-002X号",
    "name": "姓名：张三",
    "dashes": "110105—19491231—002X",
    "thin spaces": "110105\u2009194912\u200931002X",
    "no-break spaces": "110105\u00a019491231\u00a0002X",
    "directions": "\u202e110105194912310\u202c02X",
    "isolates": "\u2066110105194912310\u206902X",
    "Arabic digits": "١١٠١٠٥١٩٤٩١٢٣١٠٠٢X",
    "circled digits": "①①⓪①⓪⑤①⑨④⑨①②③①⓪⓪②X",
    "mathematical digits": "𝟏𝟏𝟎𝟏𝟎𝟓𝟏𝟗𝟒𝟗𝟏𝟐𝟑𝟏𝟎𝟎𝟐X",
    "financial numerals": "壹壹零壹零伍壹玖肆玖壹贰叁壹零零贰X",
    "a Roman ten": "11010519491231002Ⅹ",
    "a Cyrillic letter": "11010519491231002Х",
    "a formula": '="11010519491231002X"',
    "a permit": "香港身份证A123456(7)",
    "a passport": "护照E12345678",
    "a passport, said after": "E12345678护照",
    "a telephone abroad": "+86-138-0013-8002",
    "a telephone in brackets": "(86)13800138002",
    "a telephone in words": "一三八零零一三八零零二",
    "a telephone and a name": "王五 13800138002",
    "a telephone, digit by digit": "1 3 8 0 0 1 3 8 0 0 2",
    "a messenger": "微信：zhang_san002",
    "another messenger": "QQ：1234567002",
    "a mail address": "zhangsan002@example.com",
    "a disguised mail address": "zhangsan002(at)example.com",
    "a bank card": "6222 0212 3456 7800 002",
    "a day of birth": "出生日期：1949-12-31",
    "a householder": "户主：张三",
}


@pytest.mark.parametrize("dress", DRESSES)
def test_persons_in_any_dress_are_refused_and_never_repeated(dress):
    with pytest.raises(RefusedError) as caught:
        read(TABLE.format(DRESSES[dress]).encode())
    assert "002" not in str(caught.value)
    assert "张三" not in str(caught.value)


def test_an_identity_number_split_over_columns():
    with pytest.raises(RefusedError, match="身份证号"):
        read("月份,登记失业人数,甲,乙,丙\n2021-01,9120,110105,19491231,002X\n")


@pytest.mark.parametrize(
    "head",
    [
        "姓名：", "联系人", "申请人", "邮箱", "电子邮箱", "住址", "家庭住址", "出生日期",
        "出生年月", "名字", "申领人", "户主", "通讯地址", "生日", "个人编号", "社保编号",
        "港澳通行证", "开户行账号", "身份证号后四位", "手机尾号", "联系方式", "phone", "address",
        "银行账号", "护照号", "本人联系人",
    ],
)  # fmt: skip
def test_further_heads_of_lists_of_persons(head):
    with pytest.raises(RefusedError):
        read(f"月份,登记失业人数,{head}\n2021-01,9120,甲\n")


@pytest.mark.parametrize(
    "name", [f"{IDENTITY}.csv", f"张三{MOBILE}.csv", "138-1234-5678.csv", "张三身份证.csv"]
)
def test_names_of_files(name):
    with pytest.raises(RefusedError) as caught:
        read(TABLE.format(""), name)
    assert "文件名" in caught.value.message
    assert "5678" not in str(caught.value)


@pytest.mark.parametrize(
    "source", [f"李四{MOBILE}", "0086 138 1234 5678", "一三八一二三四五六七八"]
)
def test_what_is_kept_as_source_holds_no_telephone(source):
    with pytest.raises(RefusedError):
        read(f"月份,登记失业人数,来源\n2021-01,9120,{source}\n".encode())


@pytest.mark.parametrize("code", [IDENTITY, f"92{IDENTITY}", MOBILE])
def test_codes_of_firms_are_no_persons(code):
    heads = "企业编码,建档期就业人数,新招人数,减员人数,调查期末就业人数"
    with pytest.raises(RefusedError):
        read(f"2021年3月\n{heads}\n{code},100,5,9,96\n")


def in_a_workbook(change):
    book = openpyxl.Workbook()
    book.active.append(["月份", "登记失业人数"])
    book.active.append(["2021-01", 9120])
    change(book, book.active)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def comment(text):
    return lambda book, page: setattr(page["B2"], "comment", openpyxl.comments.Comment(text, "x"))


BESIDE = {
    "comment": comment(IDENTITY),
    "telephone": comment(f"联系人：张三 {MOBILE}"),
    "header": lambda book, page: setattr(page.oddHeader.center, "text", IDENTITY),
    "description": lambda book, page: setattr(book.properties, "description", "姓名：张三"),
    "author": lambda book, page: setattr(book.properties, "creator", f"张三 {MOBILE}"),
    "keywords": lambda book, page: setattr(book.properties, "keywords", IDENTITY),
    "sheet": lambda book, page: setattr(page, "title", IDENTITY),
    "link": lambda book, page: setattr(page["B2"], "hyperlink", f"mailto:a@b.cn?cc={IDENTITY}"),
    "format": lambda book, page: setattr(page["B2"], "number_format", f'0"{IDENTITY}"'),
    "formula": lambda book, page: setattr(page["C2"], "value", f'=IF(1,"{IDENTITY}",0)'),
    "name": lambda book, page: book.defined_names.update(
        a=DefinedName("a", attr_text=f'"{IDENTITY}"')
    ),
    "list": lambda book, page: page.add_data_validation(
        DataValidation("list", formula1=f'"{IDENTITY},甲"', sqref="C2")
    ),
}


@pytest.mark.parametrize("where", BESIDE)
def test_what_lies_beside_the_cells_is_looked_at(where):
    with pytest.raises(RefusedError):
        read(in_a_workbook(BESIDE[where]), "a.xlsx")


HEADS = ("姓名", "身份证号码", "手机", "联系人", "住址", "出生日期", "银行账号", "护照号", "户主")
NAMES = (IDENTITY, f"张三{MOBILE}", "138-1234-5678", "张三身份证", "一三八一二三四五六七八")
FIRMS = "2021年3月\n企业编码,建档期就业人数,新招人数,减员人数,调查期末就业人数\n{},100,5,9,96\n"
SPLIT = "月份,登记失业人数,甲,乙,丙\n2021-01,9120,110105,19491231,002X\n"


def ways_in():
    """Names and contents of files that bring persons in, each in another way."""
    for text in DRESSES.values():
        yield "月报.csv", TABLE.format(text).encode()
    for text in list(DRESSES.values())[:12]:  # as the source, which is kept
        yield "月报.csv", TABLE.replace("备注", "来源").format(text).encode()
    for head in HEADS:
        yield "月报.csv", f"月份,登记失业人数,{head}\n2021-01,9120,张三\n".encode()
    for name in NAMES:
        yield f"{name}.csv", TABLE.format("").encode()
    for code in (IDENTITY, f"92{IDENTITY}", MOBILE):
        yield "企业.csv", FIRMS.format(code).encode()
    yield "月报.csv", SPLIT.encode()
    for change in BESIDE.values():
        yield "月报.xlsx", in_a_workbook(change)


@pytest.mark.soak
def test_ways_to_bring_persons_in_leave_nothing_in_the_store(tmp_path):
    database, tried, said = tmp_path / "o.db", list(ways_in()), []
    store = Store(f"sqlite:///{database}")
    options = ImportOptions(region="嘉定")
    for name, content in tried:
        file = tmp_path / name
        file.write_bytes(content)
        try:
            import_files(store, CATALOGUE, [file], options, today=date(2026, 11, 20), command="t")
        except RefusedError as refused:
            said.append(str(refused))
    left = database.read_bytes()
    store.close()
    print(f"persons: {len(tried)} ways tried, {len(said)} refused")
    assert len(said) == len(tried)
    for mark in ("张三", MOBILE, "19491231", "002X"):
        assert mark.encode() not in left
        assert not any(mark in text for text in said)


@pytest.mark.parametrize("code", ["91310114MA1GT3QB2X", "913101141234567890", "310114000123456"])
def test_codes_of_firms_that_only_look_long_are_taken(code):
    heads = "企业编码,建档期就业人数,新招人数,减员人数,调查期末就业人数"
    assert read(f"2021年3月\n{heads}\n{code},100,5,9,96\n").firms


@pytest.mark.parametrize(
    "remark",
    [
        "嘉人社〔2026〕1号", "沪人社规〔2022〕12号", "编号20210131001", "电话会议后核定",
        "同名单位合并", "未含联合社区", "http://rsj.sh.gov.cn/", "1,234,567", "12 345 678 901",
        "13,812,345,678",
        "100000000001", "填表人：张三 联系电话：13812345678", "单位负责人：李四",
        "rsj@jiading.gov.cn", "统一社会信用代码91310114MA1GT3QB2X", "见2021年第12期",
    ],
)  # fmt: skip
def test_remarks_and_who_filled_in_the_form_are_no_persons(remark):
    assert read(f'月份,登记失业人数,备注\n2021-01,9120,"{remark}"\n', "a.csv").readings


@pytest.mark.parametrize(
    ("head", "cell"),
    [
        ("企业编码", "1"), ("行政区划代码", "310114"), ("联合社数", "1"), ("年龄段", "1"),
        ("单位名称", "1"), ("零就业家庭户数", "1"), ("名称", "1"),
    ],
)  # fmt: skip
def test_heads_that_only_sound_alike(head, cell):
    result = read(f"月份,登记失业人数,{head}\n2021-01,9120,{cell}\n", "a.csv")
    assert [r.observation.value for r in result.readings] == [9120]
