"""What a person sees at a glance: crossed-out figures, raised marks of notes, hidden text."""

import io
import zipfile

import openpyxl
import pytest
import xlwt
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.readers import read_bytes

CATALOGUE = load_catalogue()


def read(data, name):
    return read_bytes(data, name, CATALOGUE, region="嘉定")


def values(result):
    assert not result.errors
    return [r.observation.value for r in result.readings]


def page(cell, head="登记失业人数"):
    return (
        f"<meta charset='utf-8'><table><tr><td>月份</td><td>{head}</td></tr>"
        f"<tr><td>2025年1月</td>{cell}</tr></table>"
    ).encode()


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("<td>13600<sup>1</sup></td>", 13600),
        ("<td>13600<sub>12</sub></td>", 13600),
        ("<td><del>13500</del>13600</td>", 13600),
        ("<td><span style='text-decoration: line-through'>13500</span>13600</td>", 13600),
        ("<td>13600<span style='display:none'>99</span></td>", 13600),
        ("<td>13600<i hidden>99</i></td>", 13600),
        ("<td><p>13600</p></td>", 13600),
    ],
)
def test_pages_are_read_as_they_look(cell, value):
    assert values(read(page(cell), "a.xls")) == [value]


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("<td><s>13600</s></td>", "删除线"),
        ("<td style='text-decoration:line-through'>13600</td>", "删除线"),
        ("<td><p>3.2</p><p>4</p></td>", "几个数"),
        ("<td><div>136</div><div>00</div></td>", "几个数"),
        ("<td><select><option>1<option>2</select></td>", "没有"),
    ],
)
def test_pages_that_show_no_one_figure_are_refused(cell, said):
    assert said in str(read(page(cell), "a.xls").refusal())


def test_rows_that_a_page_does_not_show_are_left_out_and_named():
    text = "<td>1</td></tr><tr style='display:none'><td>2025年2月</td><td>9</td>"
    result = read(page(text), "a.xls")
    assert values(result) == [1]
    assert "隐藏的行未读取：第3行" in "".join(result.notes)


def test_an_unseen_element_left_open_ends_with_its_cell():
    text = "<td>1<b hidden>9</td></tr><tr><td>2025年2月</td><td>2</td>"
    assert values(read(page(text), "a.xls")) == [1, 2]


def workbook(value, font=None):
    book = openpyxl.Workbook()
    book.active.append(["月份", "登记失业人数"])
    book.active.append(["2025年1月", value])
    if font is not None:
        book.active["B2"].font = font
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def shared(data):
    """The workbook with its text of several runs among the shared strings, as Excel writes it."""
    source, stream = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    parts = {n: source.read(n).decode() for n in source.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"]
    begin, end = sheet.index("<r>"), sheet.rindex("</r>") + len("</r>")
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    parts["xl/sharedStrings.xml"] = f'<sst xmlns="{space}"><si>{sheet[begin:end]}</si></sst>'
    cell = f'<c r="B2" t="s"><v>0</v></c>{sheet[sheet.index("</c>", end) + 4 :]}'
    parts["xl/worksheets/sheet1.xml"] = sheet[: sheet.rindex("<c", 0, begin)] + cell
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    parts["xl/_rels/workbook.xml.rels"] = parts["xl/_rels/workbook.xml.rels"].replace(
        "</Relationships>",
        f'<Relationship Id="rS" Type="{kind}" Target="sharedStrings.xml"/></Relationships>',
    )
    with zipfile.ZipFile(stream, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return stream.getvalue()


def runs(*pieces):
    return CellRichText(*(TextBlock(InlineFont(**font), text) for text, font in pieces))


@pytest.mark.parametrize("keep", [lambda data: data, shared])
def test_runs_of_a_text(keep):
    noted = runs(("13600", {}), ("1", {"vertAlign": "superscript"}))
    corrected = runs(("13500", {"strike": True}), ("13600", {}))
    gone = runs(("13500", {"strike": True}))
    assert values(read(keep(workbook(noted)), "a.xlsx")) == [13600]
    assert values(read(keep(workbook(corrected)), "a.xlsx")) == [13600]
    assert "删除线" in str(read(keep(workbook(gone)), "a.xlsx").refusal())


def test_a_crossed_out_cell_is_no_figure():
    assert "删除线" in str(read(workbook(13600, Font(strike=True)), "a.xlsx").refusal())
    assert values(read(workbook(13600, Font(bold=True)), "a.xlsx")) == [13600]


def test_the_legacy_format():
    def legacy(write):
        book = xlwt.Workbook()
        sheet = book.add_sheet("表")
        sheet.write(0, 0, "月份")
        sheet.write(0, 1, "登记失业人数")
        sheet.write(1, 0, "2025年1月")
        write(sheet)
        stream = io.BytesIO()
        book.save(stream)
        return read(stream.getvalue(), "a.xls")

    struck, high = xlwt.Font(), xlwt.Font()
    struck.struck_out, high.escapement = True, xlwt.Font.ESCAPEMENT_SUPERSCRIPT
    style = xlwt.XFStyle()
    style.font = struck
    assert "删除线" in str(legacy(lambda s: s.write(1, 1, 13600, style)).refusal())
    texts = [("13600", xlwt.Font()), ("1", high)]
    assert values(legacy(lambda s: s.write_rich_text(1, 1, texts))) == [13600]
    texts = [("13500", struck), ("13600", xlwt.Font())]
    assert values(legacy(lambda s: s.write_rich_text(1, 1, texts))) == [13600]
