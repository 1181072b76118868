"""The page measured as it is printed: LibreOffice makes the PDF, poppler says where words stand."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import resources
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from statistics import median
from xml.etree import ElementTree

import pytest
from support.paths import FIXTURES

from employment_forecast.data.store.bulletins import brought_up_to_date
from employment_forecast.forecasting.bulletin.render import ofd
from employment_forecast.forecasting.bulletin.render.docx import render_docx
from employment_forecast.forecasting.bulletin.render.ofd import convert_ofd
from employment_forecast.forecasting.bulletin.render.pdf import print_pdf, program
from employment_forecast.forecasting.bulletin.text.blocks import (
    Annex,
    Bulletin,
    CitedTable,
    Heading,
    Paragraph,
    cited_columns,
)
from employment_forecast.forecasting.bulletin.text.compose import Stamp, compose
from employment_forecast.forecasting.fonts import FONT_PACKAGE

pytestmark = pytest.mark.skipif(
    program() is None or shutil.which("pdftotext") is None,
    reason="needs LibreOffice and poppler",
)
MM = 72 / 25.4
TOP, LEFT, WIDTH, HEIGHT = 37 * MM, 28 * MM, 156 * MM, 225 * MM
CHARACTER, NUMBER = 16.0, 14.0
SENTENCE = "登记失业人数比上月增加比上年同月减少就业形势总体稳定市场供求基本平衡"
ROWS = tuple((("某年某月",), ("甲",)) for _ in range(9))
LONG = Bulletin(
    title=(("嘉定区某年某月",), ("就业失业形势分析与失业预警月报",)), marks=(("（演示数据）",),),
    number=("嘉人社〔2026〕12号",), signer=("张三",), addressee=("区人民政府",),
    blocks=(
        Heading(("一、总体情况",)), Heading(("（一）重点群体",), 2),
        Paragraph((SENTENCE * 70,)),
        CitedTable(("表题",), cited_columns((("月份",), ("数",)), (False, True), (0.5, 0.5)), ROWS),
        Paragraph(("注：" + SENTENCE * 3,), note=True),
    ),
    annexes=(Annex(("1",), ("主要指标",), ()), Annex(("2",), ("各月预测",), ())),
    office=("嘉定区人力资源和社会保障局",), date=("2026年11月23日",), made_on="2026-11-23",
    facts=(), demo=True,
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One printed line; points from the upper left corner of the page."""

    text: str
    left: float
    right: float
    top: float
    bottom: float


@dataclass(frozen=True)
class Sheet:
    """One printed page."""

    width: float
    height: float
    lines: tuple[Line, ...]

    def line(self, words: str) -> Line:
        (line,) = [x for x in self.lines if words in x.text]
        return line


def printed(bulletin: Bulletin, folder: Path) -> list[Sheet]:
    """Pages with their lines, words at one height joined."""
    file = folder / "printed.pdf"
    file.write_bytes(print_pdf(render_docx(bulletin)))
    layout = subprocess.run(
        ["pdftotext", "-bbox", str(file), "-"], capture_output=True, check=True
    ).stdout.decode()
    sheets = []
    for page in ElementTree.fromstring(layout).iter("{http://www.w3.org/1999/xhtml}page"):
        rows = defaultdict(list)
        for word in page:
            box = [float(word.get(k, "nan")) for k in ("xMin", "xMax", "yMin", "yMax")]
            rows[round(box[3])].append((word.text or "", *box))
        lines = [
            Line("".join(w[0] for w in sorted(row, key=lambda w: w[1])), min(w[1] for w in row),
                 max(w[2] for w in row), min(w[3] for w in row), max(w[4] for w in row))
            for _, row in sorted(rows.items())
        ]  # fmt: skip
        size = float(page.get("width", "nan")), float(page.get("height", "nan"))
        sheets.append(Sheet(*size, tuple(lines)))
    return sheets


@pytest.fixture(scope="module", autouse=True)
def shipped_fonts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Measure with the fonts that we ship, whatever the machine has."""
    folder = tmp_path_factory.mktemp("fonts")
    settings = folder / "fonts.conf"
    settings.write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
        f"<dir>{resources.files(FONT_PACKAGE)}</dir><cachedir>{folder / 'cache'}</cachedir>"
        "</fontconfig>",
        "utf-8",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FONTCONFIG_FILE", str(settings))
        yield


@pytest.fixture(scope="module")
def sheets(tmp_path_factory: pytest.TempPathFactory) -> list[Sheet]:
    return printed(LONG, tmp_path_factory.mktemp("printed"))


def numbered(sheet: Sheet) -> Line:
    return next(x for x in reversed(sheet.lines) if re.fullmatch(r"—\d+—", x.text))


def test_every_page_says_that_the_data_are_for_demonstration(sheets: list[Sheet]) -> None:
    assert len(sheets) > 3
    for sheet in sheets:
        assert sheet.lines[0].text == "（演示数据）"
        assert sheet.lines[0].bottom < TOP


def test_a_full_page_has_22_lines_of_28_characters(sheets: list[Sheet]) -> None:
    full = sheets[1]
    body = [x for x in full.lines if set(x.text) <= set(SENTENCE)]
    assert len(body) == 22
    assert {len(x.text) for x in body} == {28}
    pitches = [b.bottom - a.bottom for a, b in pairwise(body)]
    assert median(pitches) == pytest.approx(HEIGHT / 22, abs=0.15)
    assert 28 <= median(pitches) <= 29


def test_margins_are_those_of_the_standard(sheets: list[Sheet]) -> None:
    for sheet in sheets:
        assert (sheet.width, sheet.height) == pytest.approx((210 * MM, 297 * MM), abs=0.5)
        text = [x for x in sheet.lines[1:] if x is not numbered(sheet)]
        # 1 mm is allowed; a line of type stands within its pitch.
        assert min(x.left for x in text) >= LEFT - 1 * MM
        assert max(x.right for x in text) <= LEFT + WIDTH + 1 * MM
        assert min(x.top for x in text) >= TOP - 1 * MM
        assert max(x.bottom for x in text) <= TOP + HEIGHT + 1 * MM
    body = [x for x in sheets[1].lines if len(x.text) == 28]
    assert min(x.left for x in body) == pytest.approx(LEFT, abs=1 * MM)
    assert max(x.right for x in body) == pytest.approx(LEFT + WIDTH, abs=1 * MM)
    assert sheets[1].lines[1].top == pytest.approx(TOP, abs=4 * MM)


def test_page_numbers_stand_outside_below_the_text(sheets: list[Sheet]) -> None:
    assert len(sheets) > 4
    for at, sheet in enumerate(sheets, start=1):
        number = numbered(sheet)
        assert number.text == f"—{at}—"
        if at % 2:
            assert number.right == pytest.approx(LEFT + WIDTH - NUMBER, abs=2)
        else:
            assert number.left == pytest.approx(LEFT + NUMBER, abs=2)
        # The dashes' line lies 7 mm under the text area.
        assert number.top - (TOP + HEIGHT) == pytest.approx(7 * MM, abs=2 * MM)


def test_first_lines_heads_and_titles_stand_where_they_belong(sheets: list[Sheet]) -> None:
    first = sheets[0]
    for words in ("一、总体情况", "（一）重点群体", SENTENCE[:20]):
        line = next(x for x in first.lines if words in x.text)
        assert line.left == pytest.approx(LEFT + 2 * CHARACTER, abs=6)
    title = first.line("就业失业形势分析与失业预警月报")
    assert (title.left + title.right) / 2 == pytest.approx(LEFT + WIDTH / 2, abs=3)
    assert (title.right - title.left) / 15 == pytest.approx(22, abs=0.5)
    assert first.line("区人民政府：").left == pytest.approx(LEFT, abs=2)


def test_number_and_signer_stand_on_one_line(sheets: list[Sheet]) -> None:
    line = next(x for x in sheets[0].lines if "签发人：张三" in x.text)
    assert line.text.startswith("嘉人社〔2026〕12号")
    assert line.left == pytest.approx(LEFT + CHARACTER, abs=3)
    assert line.right == pytest.approx(LEFT + WIDTH - CHARACTER, abs=3)


def test_date_and_office(sheets: list[Sheet]) -> None:
    sheet = next(s for s in sheets if any("11月23日" in x.text for x in s.lines))
    date, office = sheet.line("11月23日"), sheet.line("嘉定区人力资源和社会保障局")
    assert date.right == pytest.approx(LEFT + WIDTH - 4 * CHARACTER, abs=3)
    assert (office.left + office.right) / 2 == pytest.approx((date.left + date.right) / 2, abs=6)
    assert office.bottom < date.bottom
    listed = sheet.line("附件：1.")
    assert listed.left == pytest.approx(LEFT + 2 * CHARACTER, abs=3)


@pytest.mark.parametrize("lines", [30, 34])
def test_no_page_bears_a_date_without_text(lines: int, tmp_path: Path) -> None:
    blocks = (Paragraph(("登" * (28 * lines - 3),)), Paragraph(("末段。",)))
    sheets = printed(replace(LONG, blocks=blocks), tmp_path)
    sheet = next(s for s in sheets if any("11月23日" in x.text for x in s.lines))
    assert sheet.line("末段。").top < sheet.line("附件：1.").top


def test_annexes_begin_a_page_with_their_number(sheets: list[Sheet]) -> None:
    for number, name in (("附件1", "主要指标"), ("附件2", "各月预测")):
        sheet = next(s for s in sheets if s.lines[1].text == number)
        assert sheet.lines[1].left == pytest.approx(LEFT, abs=2)
        title = sheet.line(name)
        # 第三行
        assert title.bottom - sheet.lines[1].bottom == pytest.approx(2 * HEIGHT / 22, abs=12)


# Paragraphs of 600 characters in all, as offices write them.
OWN = {"原因分析": (56, 57, 54), "存在问题": (64, 38, 24), "下一步措施": (62, 52, 58, 42),
       "会商意见": (93,)}  # fmt: skip


def test_a_district_with_everything_is_told_of_on_five_pages(tmp_path: Path) -> None:
    file = FIXTURES / "records" / "bulletin-2026-11-23.json"
    record = brought_up_to_date(json.loads(file.read_text("utf-8")))
    sections = [
        {"title": title, "paragraphs": [("文" * (n - 1)) + "。" for n in lengths]}
        for title, lengths in OWN.items()
    ]
    record["written"] = {"sections": sections, "changes": [], "source": "文字稿"}
    record["letterhead"] = "嘉定区人力资源和社会保障局文件"
    bulletin = compose(record, Stamp("嘉人社〔2026〕12号", "区人民政府", "张三", "2026-11-23"))
    sheets = printed(bulletin, tmp_path)
    (annexed,) = [at for at, sheet in enumerate(sheets) if sheet.lines[1].text == "附件1"]
    assert annexed == 5
    assert any("2026年11月23日" in line.text for line in sheets[4].lines)


def test_a_table_is_not_torn_apart(tmp_path: Path) -> None:
    """A table that would begin on the last lines of a page goes to the next with its caption."""
    pushed = replace(LONG, blocks=(Paragraph((SENTENCE * 9,)), *LONG.blocks[3:]), annexes=())
    sheets = printed(pushed, tmp_path)
    (sheet,) = [s for s in sheets if any(x.text.startswith("某年某月") for x in s.lines)]
    assert sum(x.text.startswith("某年某月") for x in sheet.lines) == len(ROWS)
    assert sheet.line("表题").top > TOP
    # The page before had room for some of its rows, and was left empty for the whole.
    before = sheets[sheets.index(sheet) - 1]
    assert before.lines[-2].bottom < TOP + HEIGHT - 2 * HEIGHT / 22


@pytest.mark.skipif(find_spec("pdf2ofd") is None, reason="pdf2ofd is not installed")
def test_the_printed_page_as_ofd(
    sheets: list[Sheet], tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real converter: every page and its size; each letter an outline where it was printed."""
    file = next(tmp_path_factory.getbasetemp().glob("printed*/printed.pdf"))
    monkeypatch.setattr(ofd, "print_pdf", lambda docx: file.read_bytes())
    made = convert_ofd(b"", f"'{sys.executable}' -m pdf2ofd --quiet {{pdf}} {{ofd}}")
    space = {"ofd": "http://www.ofdspec.org/2016"}
    with zipfile.ZipFile(io.BytesIO(made)) as package:
        document = ElementTree.fromstring(package.read("Doc_0/Document.xml"))
        where = [p.get("BaseLoc", "") for p in document.iterfind("ofd:Pages/ofd:Page", space)]
        pages = [ElementTree.fromstring(package.read(f"Doc_0/{name}")) for name in where]
    assert len(pages) == len(sheets)
    for page, sheet in zip(pages, sheets, strict=True):
        box = (page.findtext("ofd:Area/ofd:PhysicalBox", "", space)).split()
        assert [float(v) for v in box] == pytest.approx([0, 0, 210, 297], abs=0.2)
        drawn = [d.text or "" for d in page.iter(f"{{{space['ofd']}}}AbbreviatedData")]
        letters = sum(len(x.text.replace(" ", "")) for x in sheet.lines)
        assert len(drawn) >= letters
        # An outline starts somewhere within its letter.
        starts = [float(d.split()[1]) for d in drawn]
        letter = CHARACTER / MM
        assert min(starts) == pytest.approx(min(x.left for x in sheet.lines) / MM, abs=letter)
        assert max(starts) == pytest.approx(max(x.right for x in sheet.lines) / MM, abs=letter)
