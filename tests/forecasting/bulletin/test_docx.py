"""The docx measured from its XML, and a bulletin whose names are hostile."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from docx import Document
from docx.oxml.ns import qn

from employment_forecast.data.store.bulletins import brought_up_to_date
from employment_forecast.forecasting.bulletin.render.docx import render_docx
from employment_forecast.forecasting.bulletin.render.html import render_html
from employment_forecast.forecasting.bulletin.render.markdown import render_markdown
from employment_forecast.forecasting.bulletin.text.blocks import (
    Annex,
    Bulletin,
    Chart,
    CitedTable,
    Fan,
    Heading,
    Paragraph,
    cited_columns,
)
from employment_forecast.forecasting.bulletin.text.compose import compose
from employment_forecast.forecasting.bulletin.text.facts import Cited, anchor, plain
from employment_forecast.forecasting.bulletin.text.figures import show

HOSTILE = '</script><script>alert(1)</script>"&$x_1$|`'
TWIPS = 1440 / 25.4
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def bulletin(name: str = "嘉定区") -> Bulletin:
    fan = Fan(
        title=name, unit="人", digits=0, ahead_digits=-1,
        past=tuple((f"2026-{m:02d}", 13000.0 + 10 * m) for m in range(1, 11)),
        ahead=(("2026-11", 12900.0, 13000.0, 13100.0, 13200.0, 13300.0),
               ("2026-12", 12800.0, 12950.0, 13150.0, 13350.0, 13500.0)),
        caps=(("市控制数14300", ((14300.0, "2026-01", "2026-12"),)),), demo=True,
    )  # fmt: skip
    columns = cited_columns((("指标",), ("数值",)), (False, True), (0.5, 0.5))
    table = CitedTable((name,), columns, (((name,), ("1",)), (("空",), ())))
    return Bulletin(
        title=((name,), ("月报",)), marks=(("（演示数据）",),), number=("嘉人社〔2026〕1号",),
        signer=("张三",), addressee=("区政府",),
        blocks=(Heading(("一、", name)), Heading(("（一）", name), 2), Paragraph((name,)),
                Paragraph(("注：", name), note=True), table, Chart(fan, (name,), ("图：", name))),
        annexes=(Annex(("1",), (name,), (table,)), Annex(("2",), ("乙",), ())),
        office=("嘉定区人力资源和社会保障局",), date=("2026年11月23日",), made_on="2026-11-23",
        facts=(), demo=True,
    )  # fmt: skip


def part(content: bytes, name: str) -> ElementTree.Element:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return ElementTree.fromstring(archive.read(name))


@pytest.fixture(scope="module")
def content() -> bytes:
    return render_docx(bulletin())


def test_page_and_grid_are_those_of_the_standard(content: bytes) -> None:
    section = part(content, "word/document.xml").find(f".//{W}sectPr")
    assert section is not None
    size, margins, grid = (section.find(f"{W}{n}") for n in ("pgSz", "pgMar", "docGrid"))
    assert size is not None
    assert margins is not None
    assert grid is not None

    def mm(element: ElementTree.Element, name: str) -> float:
        return float(element.get(f"{W}{name}", "0")) / TWIPS

    assert (round(mm(size, "w")), round(mm(size, "h"))) == (210, 297)
    # GB/T 9704-2012 allows 1 mm.
    assert abs(mm(margins, "top") - 37) < 0.1
    assert abs(mm(margins, "left") - 28) < 0.1
    width = 210 - mm(margins, "left") - mm(margins, "right")
    assert abs(width - 156) < 0.2
    assert abs(297 - mm(margins, "top") - mm(margins, "bottom") - 225) < 0.1
    pitch = int(grid.get(f"{W}linePitch", "0"))
    assert grid.get(f"{W}type") == "lines"
    assert int(225 * TWIPS / pitch) == 22
    spacing = Document(io.BytesIO(content)).styles["Body Text"].element.rPr.find(qn("w:spacing"))
    character = 20 * 16 + int(spacing.get(qn("w:val")))
    assert int(width * TWIPS / character) == 28


def test_styles_are_the_fonts_and_sizes_of_the_standard(content: bytes) -> None:
    styles = Document(io.BytesIO(content)).styles
    expected = {
        "Title": ("方正小标宋简体", 22), "Heading 1": ("黑体", 16),
        "Heading 2": ("楷体_GB2312", 16),
        "Body Text": ("仿宋_GB2312", 16), "主送机关": ("仿宋_GB2312", 16), "附件序号": ("黑体", 16),
    }  # fmt: skip
    for name, (font, size) in expected.items():
        style = styles[name]
        fonts = style.element.rPr.rFonts
        assert fonts.get(qn("w:eastAsia")) == font
        assert fonts.get(qn("w:eastAsiaTheme")) is None
        assert style.font.size.pt == size
    assert styles["Body Text"].element.pPr.find(qn("w:ind")).get(qn("w:firstLineChars")) == "200"
    assert styles["Body Text"].paragraph_format.line_spacing.pt * 22 <= 225 / 25.4 * 72
    names = {f.get(f"{W}name") for f in part(content, "word/fontTable.xml")}
    assert {font for font, _ in expected.values()} <= names


def test_styles_that_are_used_are_there_and_of_tables_no_others(content: bytes) -> None:
    styles = [s for s in part(content, "word/styles.xml") if s.tag == f"{W}style"]
    known = {s.get(f"{W}styleId") for s in styles}
    names = {f"{W}{kind}Style" for kind in ("p", "r", "tbl")}
    used = {e.get(f"{W}val") for e in part(content, "word/document.xml").iter() if e.tag in names}
    rests_on = {e.get(f"{W}val") for s in styles for e in s if e.tag in (f"{W}basedOn", f"{W}link")}
    assert used | rests_on <= known
    of_tables = {s.get(f"{W}styleId") for s in styles if s.get(f"{W}type") == "table"}
    assert of_tables == {"TableNormal", *used & {"TableGrid"}}
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        assert "word/stylesWithEffects.xml" not in package.namelist()


def test_page_numbers_stand_on_the_outer_side(content: bytes) -> None:
    document = Document(io.BytesIO(content))
    assert document.settings.odd_and_even_pages_header_footer
    section = document.sections[0]
    for footer, side in ((section.footer, "right"), (section.even_page_footer, "left")):
        paragraph = footer.paragraphs[0]
        assert paragraph.text.replace("1", "") == "—  —"
        assert paragraph._p.pPr.find(qn("w:ind")).get(qn(f"w:{side}Chars")) == "100"
        assert paragraph._p.pPr.find(qn("w:jc")).get(qn("w:val")) == side
        assert {run.font.size.pt for run in paragraph.runs} == {14}
        assert {run._r.rPr.rFonts.get(qn("w:eastAsia")) for run in paragraph.runs} == {"宋体"}
        assert "PAGE" in paragraph._p.xpath("string(.//w:instrText)")


def test_demonstration_data_are_marked_on_every_page(content: bytes) -> None:
    real = render_docx(replace(bulletin(), demo=False))
    for each, marked in ((content, "（演示数据）"), (real, "")):
        section = Document(io.BytesIO(each)).sections[0]
        for header in (section.header, section.even_page_header):
            assert "".join(p.text for p in header.paragraphs) == marked
    # One section: annexes have the same pages as the body.
    assert len(Document(io.BytesIO(content)).sections) == 1


def test_tables_and_charts_of_demonstration_data_say_so() -> None:
    file = next((Path(__file__).parents[2] / "data/fixtures/records").glob("bulletin-*.json"))
    record = brought_up_to_date(json.loads(file.read_text("utf-8")))
    for demo in (True, False):
        made = compose({**record, "demo": demo})
        blocks = [*made.blocks, *(b for a in made.annexes for b in a.blocks)]
        captions = [plain(b.caption) for b in blocks if isinstance(b, CitedTable | Chart)]
        assert len(captions) > 3
        # The words for probabilities are no data.
        unmarked = [c for c in captions if not c.endswith("（演示数据）")]
        assert unmarked == (["概率用语"] if demo else captions)


def test_tables_repeat_their_header_and_pictures_have_a_text(content: bytes) -> None:
    document = Document(io.BytesIO(content))
    assert len(document.tables) == 2
    for table in document.tables:
        heads = [row._tr.trPr.find(qn("w:tblHeader")) is not None for row in table.rows]
        assert heads == [True, False, False]
        assert table.cell(2, 1).text == "—"
    pictures = document.element.xpath(".//wp:docPr")
    assert [p.get("descr") for p in pictures] == ["图：嘉定区"]


def test_the_parts_of_an_issued_document_are_in_order(content: bytes) -> None:
    lines = [p.text for p in Document(io.BytesIO(content)).paragraphs if p.text]
    assert lines[0] == "嘉人社〔2026〕1号\t签发人：张三"
    at = [lines.index(t) for t in (
        "月报", "区政府：", "一、嘉定区", "附件：1. 嘉定区", "嘉定区人力资源和社会保障局",
        "2026年11月23日", "附件1",
    )]  # fmt: skip
    assert at == sorted(at)


def test_same_bulletin_same_bytes(content: bytes) -> None:
    assert render_docx(bulletin()) == content
    assert render_html(bulletin()) == render_html(bulletin())


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not any(name.startswith("on") or name in ("src", "href") for name, _ in attrs)


def test_hostile_names_stay_text() -> None:
    page = render_html(bulletin(HOSTILE)).decode()
    tags = Tags()
    tags.feed(page)
    assert tags.tags.count("script") == 1  # the facts, as JSON
    assert "<script>alert" not in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")
    document = Document(io.BytesIO(render_docx(bulletin(HOSTILE))))
    shown = "\n".join(p.text for p in document.paragraphs)
    assert "</script>" in shown
    assert show("a\x07b\n", "text") == "a b"
    assert "<script>" not in render_markdown(bulletin(HOSTILE)).decode().replace("\\<", "")


def test_cited_figures_are_bookmarks_once_each() -> None:
    value, other = Cited("series.a.value:plain", "13612"), Cited("业/界:text", "制造业")
    columns = cited_columns(((other,), ("数",)), (False, True), (0.5, 0.5))
    table = CitedTable(("表",), columns, (((other,), (value,)),))
    cited = replace(bulletin(), blocks=(Paragraph(("人数", value, "人，仍为", value)), table))
    body = part(render_docx(cited), "word/document.xml")
    starts = {b.get(f"{W}name"): b.get(f"{W}id") for b in body.iter(f"{W}bookmarkStart")}
    first, second = anchor(value.fact), anchor(other.fact)
    assert list(starts) == [first, f"{first}_2", second, f"{second}_2", f"{first}_3"]
    assert [b.get(f"{W}id") for b in body.iter(f"{W}bookmarkEnd")] == list(starts.values())
    assert all(len(name) <= 40 and name.isidentifier() for name in starts if name)
    line = next(p for p in body.iter(f"{W}p") if "人，仍为" in "".join(p.itertext()))
    inside: dict[str, str] = {}
    opened = ""
    for node in line:
        if node.tag == f"{W}bookmarkStart":
            opened = node.get(f"{W}name") or ""
        elif node.tag == f"{W}bookmarkEnd":
            opened = ""
        elif opened:
            inside[opened] = "".join(node.itertext())
    assert inside == {first: "13612", f"{first}_2": "13612"}
