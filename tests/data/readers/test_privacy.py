"""Person-level files are refused whole, and no message repeats what they hold."""

import io
from datetime import date

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.errors import RefusedError
from employment_forecast.data.readers import read_bytes
from employment_forecast.data.readers.privacy import is_identity_number

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
