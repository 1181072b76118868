"""Formats by content, encodings, limits: what a file is, and what is refused before it can hurt."""

import codecs
import contextlib
import io
import re
import time
import tracemalloc
import zipfile
from dataclasses import replace
from datetime import date

import openpyxl
import pytest
import xlwt

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.errors import DataError, ForecastError, UsageError
from employment_forecast.data.readers import read_bytes, read_file
from employment_forecast.data.readers.formats import LIMITS, Limits
from employment_forecast.data.readers.formats.numberformat import parse_format
from employment_forecast.data.readers.formats.opening import load, open_sheets
from employment_forecast.data.readers.formats.xlsx import serial_date
from employment_forecast.data.records.place import Place, column_letters

CATALOGUE = load_catalogue()
MEGABYTE = 1024 * 1024
TEXT = "月份,登记失业人数\r\n2021年1月,9120\r\n"


def xlsx(rows=(("月份", "登记失业人数"), ("2021年1月", 9120)), change=None):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if change:
        change(book)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def xls(rows=(("月份", "登记失业人数"), ("2021年1月", 9120))):
    book = xlwt.Workbook()
    page = book.add_sheet("表")
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            page.write(r, c, value)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def repacked(data, name, content):
    """The same archive with one part exchanged or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", 8) as new:
        for part in old.namelist():
            if part != name:
                new.writestr(part, old.read(part))
        new.writestr(name, content)
    return out.getvalue()


def rows_of(data, limits=LIMITS):
    return open_sheets(data, limits).sheets[0].rows


@pytest.mark.parametrize(
    ("data", "kind", "encoding"),
    [
        (TEXT.encode("utf-8"), "csv", "utf-8"),
        (TEXT.encode("utf-8-sig"), "csv", "utf-8-sig"),
        (TEXT.encode("gb18030"), "csv", "gb18030"),
        (TEXT.replace(",", "\t").encode("utf-16"), "csv", "utf-16"),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "csv", "utf-16"),
        (xlsx(), "xlsx", None),
        (xls(), "xls", None),
        (b"<table><tr><td>1</table>", "html", "utf-8"),
        ("\ufeff<html><table><tr><td>甲</table>".encode(), "html", "utf-8-sig"),
    ],
)
def test_the_content_tells_the_format(data, kind, encoding):
    opened = open_sheets(data)
    assert (opened.format, opened.encoding) == (kind, encoding)


def test_the_name_does_not_tell_the_format(tmp_path):
    for data in (TEXT.encode("gb18030"), xlsx(), xls()):
        path = tmp_path / "报表.dat"
        path.write_bytes(data)
        result = read_file(path, CATALOGUE, region="嘉定")
        assert [r.observation.value for r in result.readings] == [9120]


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "空"),
        (b" \r\n ", "空"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"{\\rtf1 ...", "RTF"),
        (b"MIME-Version: 1.0\r\n", "MHT"),
        (
            b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
            "2003",
        ),
        (b"<html><body><p>x</p></body></html>", "没有表格"),
        (b"\x00\x01\x02\x03binary", "控制字符"),
        (b"\xff\xff\xff\xff\xff", "编码"),
        (b"PK\x03\x04 and then nothing", "损坏"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and then nothing", "旧版"),
        (b'a,"b\n' + b"c,d\n" * 2000, "引号"),
    ],
)
def test_what_is_no_table_is_refused_by_its_kind(data, word):
    with pytest.raises(DataError) as caught:
        read_bytes(data, "附件.xls", CATALOGUE)
    assert word in str(caught.value)
    assert caught.value.hint


def test_other_archives_are_no_workbooks():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    with pytest.raises(DataError, match="不是 Excel"):
        open_sheets(out.getvalue())


def test_missing_files_and_folders_are_named(tmp_path):
    with pytest.raises(UsageError, match="找不到"):
        read_file(tmp_path / "没有.csv", CATALOGUE)
    with pytest.raises(UsageError, match="不是文件"):
        read_file(tmp_path, CATALOGUE)


def test_a_file_of_200_megabytes_is_refused_unread(tmp_path):
    path = tmp_path / "大.xlsx"
    with path.open("wb") as stream:
        stream.truncate(200 * MEGABYTE)
    tracemalloc.start()
    with pytest.raises(DataError, match="200 MB"):
        load(path)
    assert tracemalloc.get_traced_memory()[1] < MEGABYTE
    tracemalloc.stop()


def bomb(megabytes, name="xl/worksheets/sheet1.xml"):
    """A workbook one of whose parts unpacks to so many megabytes of spaces."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx())) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.namelist():
            if part != name:
                new.writestr(part, old.read(part))
        info = zipfile.ZipInfo(name)
        info.compress_type = zipfile.ZIP_DEFLATED
        with new.open(info, "w", force_zip64=True) as stream:
            stream.write(b"<worksheet>")
            for _ in range(megabytes):
                stream.write(b" " * MEGABYTE)
    return out.getvalue()


def test_a_zip_bomb_is_refused_in_bounded_memory():
    data = bomb(300)
    assert len(data) < MEGABYTE
    tracemalloc.start()
    with pytest.raises(DataError, match="压缩炸弹"):
        open_sheets(data)
    assert tracemalloc.get_traced_memory()[1] < 8 * MEGABYTE
    tracemalloc.stop()


def test_a_part_that_packs_too_well_is_refused():
    with pytest.raises(DataError, match="压缩比"):
        open_sheets(bomb(20))


def test_a_part_that_lies_about_its_size_is_refused():
    """A directory that declares 1 KB for a part of 20 MB gives 1 KB and a wrong checksum."""
    data = bytearray(repacked(xlsx(), "xl/worksheets/sheet1.xml", b" " * 20 * MEGABYTE))
    real = (20 * MEGABYTE).to_bytes(4, "little")
    while (at := data.find(real)) >= 0:
        data[at : at + 4] = (1024).to_bytes(4, "little")
    tracemalloc.start()
    with pytest.raises(DataError, match="损坏"):
        open_sheets(bytes(data))
    assert tracemalloc.get_traced_memory()[1] < 8 * MEGABYTE
    tracemalloc.stop()


def test_entities_cannot_blow_up():
    laughs = (
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
        b"<worksheet><sheetData><row><c t='str'><v>&b;</v></c></row></sheetData></worksheet>"
    )
    with pytest.raises(DataError, match="实体"):
        open_sheets(repacked(xlsx(), "xl/worksheets/sheet1.xml", laughs))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"cells": 3}, "单元格"),
        ({"elements": 5}, "元素"),
        ({"sheets": 0}, "工作表"),
        ({"parts": 2}, "部件"),
        ({"unpacked_bytes": 100}, "解压"),
        ({"part_bytes": 100}, "解压"),
        ({"file_bytes": 100}, "MB"),
        ({"columns": 1}, "范围"),
        ({"rows": 1}, "范围"),
    ],
)
def test_every_limit_of_a_workbook_holds(change, word):
    with pytest.raises(DataError, match=word):
        open_sheets(xlsx(), replace(LIMITS, **change))


@pytest.mark.parametrize(
    ("data", "change"),
    [
        (TEXT.encode(), {"cells": 3}),
        (TEXT.encode(), {"rows": 1}),
        (TEXT.encode(), {"columns": 1}),
        (TEXT.encode(), {"line_chars": 5}),
        (TEXT.encode(), {"cell_chars": 2}),
        (xls(), {"legacy_bytes": 100}),
        (xls(), {"cells": 3}),
        (b"<table><tr><td>1</table>", {"legacy_bytes": 10}),
    ],
)
def test_every_limit_of_the_other_formats_holds(data, change):
    with pytest.raises(DataError, match="文件过大"):
        open_sheets(data, replace(LIMITS, **change))


def test_huge_spans_are_refused_and_not_built():
    wide = b"<table><tr>" + b"<td colspan=1000></td>" * 20 + b"</table>"
    with pytest.raises(DataError, match="列数"):
        open_sheets(wide)
    tall = b"<table>" + b"<tr><td rowspan=1000 colspan=1000>1</td>" * 2000 + b"</table>"
    with pytest.raises(DataError, match="列数"):
        open_sheets(tall)
    many = b"<table>" + b"<tr><td colspan=900></td>" * 200 + b"</table>"
    with pytest.raises(DataError, match="合并"):
        open_sheets(many, replace(LIMITS, cells=100_000))
    deep = b"<table><tr><td>" * 50
    with pytest.raises(DataError, match="嵌套"):
        open_sheets(deep)


BROKEN_TAGS = ("<!--", "<", "</", "<a ", "<a b='", '<td x="', "&#", "<!", "<script>", "<table ")


@pytest.mark.parametrize("piece", BROKEN_TAGS)
def test_broken_pages_take_linear_time(piece):
    page = ("<html><table><tr><td>" + piece * 100_000).encode()
    began = time.process_time()
    with contextlib.suppress(DataError):
        open_sheets(page)
    assert time.process_time() - began < 2.0


def test_one_part_named_many_times_is_counted_every_time():
    data = xlsx()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        book = archive.read("xl/workbook.xml").decode()
    (sheet,) = re.findall(r"<sheet [^>]*/>", book)
    many = repacked(data, "xl/workbook.xml", book.replace(sheet, sheet * 300))
    with pytest.raises(DataError, match="元素"):
        open_sheets(many, replace(LIMITS, elements=2000))


def test_a_merged_area_over_everything_is_refused():
    cells = "<row r='1048576'><c r='XFD1048576'><v>1</v></c></row>"
    merges = "<mergeCells><mergeCell ref='A5:XFD1048570'/></mergeCells>"
    part = f"<worksheet><sheetData>{cells}</sheetData>{merges}</worksheet>"
    (sheet,) = open_sheets(repacked(xlsx(), "xl/worksheets/sheet1.xml", part)).sheets
    with pytest.raises(DataError, match="合并"):
        sheet.text(5, 5)


def test_dates_percentages_and_formulas_of_a_workbook():
    def fill(book):
        page = book.active
        page["A5"], page["A5"].number_format = 44256, 'yyyy"年"m"月"'
        page["B5"], page["B5"].number_format = 0.0315, "0.00%"
        page["C5"] = "=SUM(B2:B3)"
        page["D5"] = True
        page["E5"], page["E5"].number_format = 44256, "#,##0_);[Red](#,##0)"
        page["F5"], page["F5"].number_format = 0.5, "h:mm"

    row = rows_of(xlsx(change=fill))[5]
    assert row[1] == date(2021, 3, 1)
    assert row[2] == "3.15%"
    assert "公式" in row[3]
    assert row[4] == "TRUE"
    assert row[5] == 44256
    assert row[6] == 0.5


def test_phonetic_guides_and_rich_text_of_shared_strings():
    strings = (
        '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        "<si><r><t>登记</t></r><r><t>失业</t></r><rPh sb='0' eb='1'><t>dj</t></rPh></si></sst>"
    )
    sheet = "<worksheet><sheetData><row><c t='s'><v>0</v></c></row></sheetData></worksheet>"
    data = repacked(xlsx(), "xl/sharedStrings.xml", strings)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        relations = archive.read("xl/_rels/workbook.xml.rels").decode()
    if "sharedStrings" not in relations:
        extra = '<Relationship Id="rId9" Type="x/sharedStrings" Target="sharedStrings.xml"/>'
        relations = relations.replace("</Relationships>", f"{extra}</Relationships>")
        data = repacked(data, "xl/_rels/workbook.xml.rels", relations)
    assert rows_of(repacked(data, "xl/worksheets/sheet1.xml", sheet)) == {1: {1: "登记失业"}}
    broken = sheet.replace(">0<", ">7<")
    with pytest.raises(DataError, match="不存在的文字"):
        open_sheets(repacked(data, "xl/worksheets/sheet1.xml", broken))


def test_encrypted_workbooks_say_so():
    data = bytes.fromhex("d0cf11e0a1b11ae1") + "EncryptedPackage".encode("utf-16-le")
    with pytest.raises(DataError, match="加密"):
        open_sheets(data)


def test_html_spans_breaks_entities_and_nested_tables():
    page = (
        "<table><tr><td rowspan=2>甲<br>乙</td><td colspan=2>&lt;1&gt;&nbsp;</td></tr>"
        "<tr><td>2<td>3<table><tr><td>内</table></table><script>'<td>'</script>"
    )
    first, second = open_sheets(page.encode()).sheets
    assert first.rows == {1: {1: "甲 乙", 2: "<1>"}, 2: {2: "2", 3: "3"}}
    assert first.text(2, 1) == "甲 乙"
    assert first.text(1, 3) == "<1>"
    assert second.rows == {1: {1: "内"}}


@pytest.mark.parametrize(
    ("identifier", "code", "shown"),
    [
        (0, None, "number"),
        (9, None, "percent"),
        (14, None, "date"),
        (57, None, "date"),
        (31, None, "date"),
        (58, None, "date"),
        (164, 'yyyy"年"m"月"', "date"),
        (164, "[$-804]yyyy-mm", "date"),
        (164, "0.00%", "percent"),
        (164, "#,##0.00", "number"),
        (164, '0"月"', "number"),
        (164, "[Red]General", "number"),
        (164, "0.00E+00", "number"),
    ],
)
def test_number_formats(identifier, code, shown):
    assert parse_format(identifier, code).kind == shown


def test_serial_numbers_of_both_calendars():
    assert serial_date(44256.0, date(1899, 12, 30)) == date(2021, 3, 1)
    assert serial_date(59.0, date(1899, 12, 30)) == date(1900, 2, 28)
    assert serial_date(61.0, date(1899, 12, 30)) == date(1900, 3, 1)
    assert serial_date(42794.0, date(1904, 1, 1)) == date(2021, 3, 1)
    assert serial_date(0.5, date(1899, 12, 30)) == 0.5


def test_percent_text_keeps_the_digits():
    assert parse_format(10, None).text(0.055) == "5.5%"
    assert parse_format(164, "0.0%").text(0.0315) == "3.15%"


def test_addresses():
    assert [column_letters(n) for n in (1, 26, 27, 52, 703, 16384)] == [
        "A", "Z", "AA", "AZ", "AAA", "XFD",
    ]  # fmt: skip
    assert str(Place("a.csv", "", 3, 28)) == "“a.csv”单元格 AB3（第3行第28列）"


def test_errors_name_the_file():
    with pytest.raises(ForecastError, match=r"附件二\.xlsx"):
        read_bytes(b"PK\x03\x04", "附件二.xlsx", CATALOGUE, limits=Limits())
