"""One file, whatever it is, ends as one refusal; the next one is read."""

import io
import os
import signal
import zipfile

import openpyxl
import pytest

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.errors import DataError, ForecastError, RefusedError
from employment_forecast.data.readers import process as processes
from employment_forecast.data.readers import read_apart, read_file
from employment_forecast.data.readers.process import ReaderProcess
from employment_forecast.data.readers.tables import collector

CATALOGUE = load_catalogue()
GOOD = "月份,登记失业人数,青年\n2025-01,9000,900\n"
SHEET = "xl/worksheets/sheet1.xml"


def written(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def workbook(part=None, content=b""):
    stream = io.BytesIO()
    book = openpyxl.Workbook()
    book.active.append(["月份", "登记失业人数"])
    book.active.append(["2025-01", 9000])
    book.save(stream)
    if part is None:
        return stream.getvalue()
    out = io.BytesIO()
    with zipfile.ZipFile(stream) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name != part:
                new.writestr(name, old.read(name))
        new.writestr(part, content)
    return out.getvalue()


def test_the_same_as_reading_here(tmp_path):
    path = written(tmp_path, "a.csv", GOOD)
    assert read_apart(path, CATALOGUE, region="嘉定") == read_file(path, CATALOGUE, region="嘉定")


def test_errors_cross_the_border_with_both_texts(tmp_path):
    with pytest.raises(RefusedError) as caught:
        read_apart(written(tmp_path, "a.csv", "姓名\n甲\n"), CATALOGUE)
    assert caught.value.hint
    with pytest.raises(ForecastError, match="找不到"):
        read_apart(tmp_path / "无.csv", CATALOGUE)


def test_a_file_that_takes_too_long_ends_the_process_and_not_the_caller(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "SECONDS", 0.0)
    slow = written(tmp_path, "慢.csv", "月份,登记失业人数\n" + "2025-01,1\n" * 300_000)
    monkeypatch.setattr(processes, "SECONDS_PER_MEGABYTE", 0.0)
    reader = ReaderProcess()
    try:
        with pytest.raises(DataError, match="秒，已停止"):
            reader.read(slow, CATALOGUE, {})
        monkeypatch.setattr(processes, "SECONDS", 15.0)
        good = written(tmp_path, "a.csv", GOOD)
        assert reader.read(good, CATALOGUE, {"region": "嘉定"}).readings
    finally:
        reader.end()


def test_a_process_that_dies_is_one_refusal(tmp_path):
    reader = ReaderProcess()
    try:
        process = reader.start()
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        good = written(tmp_path, "a.csv", GOOD)
        assert reader.read(good, CATALOGUE, {"region": "嘉定"}).readings
    finally:
        reader.end()
    assert process.returncode == -signal.SIGKILL


def test_what_the_first_rows_lack_refuses_without_reading_the_rest(tmp_path, monkeypatch):
    monkeypatch.setattr(collector, "_PROBE", 3)
    path = written(tmp_path, "a.csv", "".join(f"{n}\n" for n in range(1000, 1100)))
    result = read_file(path, CATALOGUE, region="嘉定")
    assert [f.check for f in result.errors] == ["not_stated"]
    rows = "".join(f"2025-{m:02d},{9000 + m}\n" for m in range(1, 13))
    good = written(tmp_path, "b.csv", f"标题\n月份,登记失业人数\n{rows}")
    assert len(read_file(good, CATALOGUE, region="嘉定").readings) == 12


def diagonal():
    rows = "".join(f'<row r="{i}"><c r="A{i}"/><c><v>1</v></c></row>' for i in range(1, 3))
    cells = "".join(
        f'<row r="{i}"><c r="{openpyxl.utils.get_column_letter(i)}{i}"><v>{i}</v></c></row>'
        for i in range(3, 16385)
    )
    return f"<worksheet><sheetData>{rows}{cells}</sheetData></worksheet>"


def styles():
    with zipfile.ZipFile(io.BytesIO(workbook())) as archive:
        text = archive.read("xl/styles.xml").decode()
    code = "[" * 7_900_000
    formats = f'<numFmts count="1"><numFmt numFmtId="164" formatCode="{code}"/></numFmts>'
    at = text.index(">", text.index("<styleSheet")) + 1
    return text[:at] + formats + text[at:].replace("<numFmts", "<ignored", 1)


def many_formats():
    codes = "".join(
        f'<numFmt numFmtId="{164 + i}" formatCode="{";" * 990}{i}"/>' for i in range(9000)
    )
    cells = "".join(f'<xf numFmtId="{164 + i}"/>' for i in range(9000))
    return f"<styleSheet><numFmts>{codes}</numFmts><cellXfs>{cells}</cellXfs></styleSheet>"


def merges():
    areas = "".join(f'<mergeCell ref="A{i}:B{i}"/>' for i in range(1, 200_001))
    rows = "".join(f'<row r="{i}"><c r="C{i}"><v>{i}</v></c></row>' for i in range(1, 500))
    return f"<worksheet><sheetData>{rows}</sheetData><mergeCells>{areas}</mergeCells></worksheet>"


def overlapping():
    areas = '<mergeCell ref="A1:B300000"/>' * 1000
    last = '<row r="300000"><c r="B300000"><v>1</v></c></row>'
    return f"<worksheet><sheetData>{last}</sheetData><mergeCells>{areas}</mergeCells></worksheet>"


HOSTILE = {
    "formats.xlsx": lambda: workbook("xl/styles.xml", many_formats()),
    "diagonal.xlsx": lambda: workbook(SHEET, diagonal()),
    "brackets.xlsx": lambda: workbook("xl/styles.xml", styles()),
    "merges.xlsx": lambda: workbook(SHEET, merges()),
    "overlapping.xlsx": lambda: workbook(SHEET, overlapping()),
    "reference.html": lambda: f"<table><tr><td>&#{'9' * 4301};</table>",
    "attribute.html": lambda: f"<table><tr><td x='{'y' * 15_000_000}'>1</table>",
    "stars.csv": lambda: "月份,登记失业人数\n" + f"2025-01,{'*' * 32000}x\n" * 50,
    "banners.csv": lambda: "标题\n" * 20_000 + "月份,数\n2025-01,1\n标题\n" * 900,
    "header.csv": lambda: ",甲,乙\n" * 50_000,
    "unit.csv": lambda: "单位" * 15_000 + "\n月份,登记失业人数\n2025-01,9000\n",
}


# The longest of them.
LONG = ("formats.xlsx", "merges.xlsx", "banners.csv", "header.csv")


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=pytest.mark.soak if n in LONG else ()) for n in HOSTILE],
)
def test_hostile_files_are_answered_within_their_clock(name, tmp_path):
    """The kernel ends what takes longer; then the message would speak of seconds."""
    path = written(tmp_path, name, HOSTILE[name]())
    try:
        said = str(read_apart(path, CATALOGUE, region="嘉定").refusal() or "")
    except DataError as error:
        said = str(error)
    assert "已停止" not in said
    assert "中断" not in said


@pytest.mark.skipif(os.name != "posix", reason="names of files are bytes on POSIX alone")
def test_a_name_that_is_no_utf8_is_shown_readably(tmp_path):
    path = os.fsencode(tmp_path) + "/一月\x1b[31m.csv".encode("gb18030")
    with open(path, "wb") as stream:
        stream.write(GOOD.encode())
    result = read_apart(tmp_path / os.fsdecode(os.path.basename(path)), CATALOGUE, region="嘉定")
    assert result.file == "一月?[31m.csv"
    assert result.readings[0].observation.source.encode("utf-8")
