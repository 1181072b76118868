"""The bulletin as an editable docx: real styles, real tables, pictures with their text.

Every cited figure is a bookmark named after its fact, see `bulletin.text.facts.anchor`; a
fact that is cited again gets a further bookmark with a number.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections import Counter
from collections.abc import Sequence
from copy import deepcopy
from datetime import datetime
from functools import cache
from itertools import pairwise
from typing import Any

from docx import Document
from docx.document import Document as Opened
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.oxml.ns import qn
from docx.shared import Length, Mm, Pt
from docx.table import _Row
from docx.text.paragraph import Paragraph as Written
from lxml import etree

from employment_forecast.forecasting.bulletin.render.docx_style import (
    BODY_PT,
    LETTERHEAD_PT,
    TEXT_MM,
    apply,
    child,
    complete,
    red_rule,
    run_header,
)
from employment_forecast.forecasting.bulletin.render.docx_template import fill, move_to_mark
from employment_forecast.forecasting.bulletin.render.fan_png import fan_png
from employment_forecast.forecasting.bulletin.text import (
    DEMO,
    Annex,
    Block,
    Bulletin,
    Chart,
    CitedTable,
    CitedText,
    Heading,
    Paragraph,
    anchor,
    plain,
)

# Longer tables may go over a page; their header is repeated.
KEPT_ROWS = 14
_NONE: CitedText = ("—",)
_LONG = re.compile("[!-~]{12,}")
# Blanks are kept as they were written; only breaks become blanks.
_SPACE = re.compile(r"[\t\r\n\f\v\x1c-\x1e\x85\u2028\u2029]+")
# Midnight on the first of January 1980, as the headers of a zip archive have it.
_ZIP_DAY = struct.pack("<2H", 0, 1 << 5 | 1)
# What the library's template relates to and no document of ours needs: a picture of the empty page,
# and the styles once more for a Word of 2007.
_NEEDLESS = (
    "http://schemas.openxmlformats.org/package/2006/relationships/metadata/thumbnail",
    "http://schemas.microsoft.com/office/2007/relationships/stylesWithEffects",
)


def _clean(text: CitedText) -> str:
    return " ".join(plain(text).split())


def _write(paragraph: Any, text: str) -> None:
    if text.isspace():
        Written(paragraph, paragraph).add_run(text)
        return
    # As `add_run` and `add_text` do it, without the search for a place: it is always the last.
    written = etree.SubElement(etree.SubElement(paragraph, qn("w:r")), qn("w:t"))
    written.text = text
    if text.strip() != text:
        written.set(qn("xml:space"), "preserve")


class _Page:
    def __init__(self, document: Opened) -> None:
        self.document = document
        self.pictures = 0
        ids = [m.get(qn("w:id")) for m in document.element.body.iter(qn("w:bookmarkStart"))]
        self._bookmarks = max((int(i) for i in ids if i and i.isdigit()), default=0)
        self._cited: Counter[str] = Counter()
        # Looking a style up by name for every cell takes most of the time.
        self._styles = {style.name: style.style_id for style in document.styles}
        section = document.sections[0]
        margins = (section.left_margin or 0) + (section.right_margin or 0)
        self.width = Length((section.page_width or Mm(TEXT_MM[0])) - margins)

    def paragraph(self, text: CitedText, style: str) -> Written:
        return self.styled(self.document.add_paragraph(), text, style)

    def styled(self, paragraph: Written, text: CitedText, style: str) -> Written:
        """Give an empty paragraph its style and text."""
        look = etree.SubElement(etree.SubElement(paragraph._p, qn("w:pPr")), qn("w:pStyle"))
        look.set(qn("w:val"), self._styles[style])
        self.cite(paragraph._p, text)
        return paragraph

    def cite(self, paragraph: Any, text: CitedText) -> None:
        """Write text at the end of a paragraph's element, its figures within bookmarks."""
        for part in text:
            if isinstance(part, str):
                _write(paragraph, part if part.isspace() else _SPACE.sub(" ", part))
            else:
                self._bookmarks += 1
                name, number = anchor(part.fact), {qn("w:id"): str(self._bookmarks)}
                self._cited[name] += 1
                again = self._cited[name]
                start = etree.SubElement(paragraph, qn("w:bookmarkStart"), number)
                start.set(qn("w:name"), name if again == 1 else f"{name}_{again}")
                _write(paragraph, _SPACE.sub(" ", part.text))
                etree.SubElement(paragraph, qn("w:bookmarkEnd"), number)

    def blocks(self, blocks: Sequence[Block]) -> None:
        for at, block in enumerate(blocks):
            after = blocks[at + 1] if at + 1 < len(blocks) else None
            self.block(block, noted=isinstance(after, Paragraph) and after.note)

    def block(self, block: Block, *, noted: bool) -> None:
        if isinstance(block, Heading):
            self.paragraph(block.text, f"Heading {block.level}")
        elif isinstance(block, Paragraph):
            written = self.paragraph(block.text, "表注" if block.note else "Body Text")
            if _LONG.search(_clean(block.text)):
                # A line broken before a long name would be stretched to the margin.
                written.alignment = WD_ALIGN_PARAGRAPH.LEFT
        elif isinstance(block, CitedTable):
            self.table(block, noted=noted)
        else:
            self.chart(block)

    def table(self, table: CitedTable, *, noted: bool) -> None:
        self.paragraph(table.caption, "Caption")
        made = self.document.add_table(1, len(table.columns))
        made._tbl.tblStyle_val = self._styles["Table Grid"]
        made.alignment = WD_TABLE_ALIGNMENT.CENTER
        made.autofit = False
        child(made._tbl.tblPr, "w:tblW", w="5000", type="pct")
        for made_column, column in zip(made.columns, table.columns, strict=True):
            made_column.width = Length(int(self.width * column.width))
        head = made.rows[0]
        # All rows below the head are formed alike, and cheaper copied than formed one by one.
        body = _Row(deepcopy(head._tr), made)
        together = len(table.rows) <= KEPT_ROWS
        for row in (head, body):
            row_properties = row._tr.get_or_add_trPr()
            child(row_properties, "w:cantSplit")
            if row is head:
                child(row_properties, "w:tblHeader")
            for cell, column in zip(row.cells, table.columns, strict=True):
                cell.width = Length(int(self.width * column.width))
                paragraph = self.styled(cell.paragraphs[0], (), "表格文字")
                if row is head:
                    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
                elif column.align == "right":
                    paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
                if together:
                    child(paragraph._p.get_or_add_pPr(), "w:keepNext")
        for cell, column in zip(head.cells, table.columns, strict=True):
            self.cite(cell.paragraphs[0]._p, column.title or _NONE)
            for run in cell.paragraphs[0].runs:
                run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), "黑体")
        for texts in table.rows:
            made._tbl.append(deepcopy(body._tr))
            written = made._tbl.tr_lst[-1].iter(qn("w:p"))
            for paragraph, text in zip(written, texts, strict=True):
                self.cite(paragraph, text or _NONE)
        if together and not noted:
            for mark in list(made._tbl.tr_lst[-1].iter(qn("w:keepNext"))):
                mark.getparent().remove(mark)

    def chart(self, chart: Chart) -> None:
        self.pictures += 1
        paragraph = self.paragraph((), "图")
        paragraph.paragraph_format.keep_with_next = True
        shape = paragraph.add_run().add_picture(io.BytesIO(fan_png(chart.fan)), self.width)
        about = shape._inline.docPr
        about.set("name", f"图{self.pictures}")
        about.set("descr", _clean(chart.alternative))
        caption = self.paragraph(chart.caption, "Caption")
        caption.paragraph_format.keep_with_next = False

    def annex(self, annex: Annex) -> None:
        number = self.paragraph(("附件", *annex.number), "附件序号")
        number.paragraph_format.page_break_before = True
        self.blank()
        self.paragraph(annex.title, "附件标题")
        self.blank()
        self.blocks(annex.blocks)

    def blank(self) -> None:
        self.paragraph((), "Body Text")


def _letterhead(page: _Page, bulletin: Bulletin) -> None:
    """发文机关标志: one line of red type, as large as the width of the text allows."""
    line = page.paragraph(bulletin.letterhead, "发文机关标志")
    width = TEXT_MM[0] * 72 / 25.4 / max(_characters(_clean(bulletin.letterhead)), 1.0)
    for run in line.runs:
        run.font.size = Pt(int(min(LETTERHEAD_PT, width)))


def _top(page: _Page, bulletin: Bulletin, placed: frozenset[str]) -> None:
    if bulletin.letterhead and "发文机关标志" not in placed:
        _letterhead(page, bulletin)
    if bulletin.number and "发文字号" not in placed:
        line = page.paragraph((*bulletin.number, "\t", "签发人：", *bulletin.signer), "发文字号")
        line.paragraph_format.left_indent = Pt(BODY_PT)
        stops = line.paragraph_format.tab_stops
        stops.add_tab_stop(Mm(TEXT_MM[0]) - Pt(BODY_PT), WD_TAB_ALIGNMENT.RIGHT)
        if bulletin.letterhead:
            red_rule(line)
        page.blank()
        page.blank()
    for line_text in () if "标题" in placed else bulletin.title:
        page.paragraph(line_text, "Title")
    for mark in bulletin.marks:
        page.paragraph(mark, "公文标识")
    page.blank()
    if bulletin.addressee and "主送机关" not in placed:
        page.paragraph((*bulletin.addressee, "："), "主送机关")


def _characters(text: str) -> float:
    """Width in Chinese characters: half for what is printed half-width.

    Word processors put a quarter between a Chinese character and a digit or letter.
    """
    seams = sum(a.isascii() != b.isascii() for a, b in pairwise(text))
    return sum(0.5 if c.isascii() else 1.0 for c in text) + 0.25 * seams


def _bottom(page: _Page, bulletin: Bulletin, placed: frozenset[str]) -> None:
    """Annexes, office and date, on the page on which the text ends: no page bears a date alone."""
    begun = len(page.document.paragraphs)
    _signature(page, bulletin, placed)
    for line in page.document.paragraphs[begun - 1 : -1]:
        line.paragraph_format.keep_with_next = True


def _signature(page: _Page, bulletin: Bulletin, placed: frozenset[str]) -> None:
    page.blank()
    several = len(bulletin.annexes) > 1
    for at, annex in enumerate(bulletin.annexes):
        lead = "附件：" if at == 0 else "　　　"
        number: CitedText = (*annex.number, ". ") if several else ()
        line = page.paragraph((lead, *number, *annex.title), "附件说明")
        line.paragraph_format.left_indent = Pt(2 * BODY_PT)
    date = "" if "成文日期" in placed else _clean(bulletin.date)
    office = "" if "署名" in placed else _clean(bulletin.office)
    if not (office or date):
        return
    page.blank()
    page.blank()
    if office:
        # Above the date and centred on it.
        right = 4 + (_characters(date) - _characters(office)) / 2 if date else 4
        line = page.paragraph(bulletin.office, "署名日期")
        line.paragraph_format.right_indent = Pt(BODY_PT * max(right, 0))
    if date:
        line = page.paragraph(bulletin.date, "署名日期")
        line.paragraph_format.right_indent = Pt(4 * BODY_PT)


def render_docx(bulletin: Bulletin, template: bytes | None = None) -> bytes:
    """Write the bulletin as a docx after GB/T 9704-2012, or into a template of the bureau.

    Parameters
    ----------
    bulletin : Bulletin
        What to write.
    template : bytes, optional
        A docx whose page, styles, headers and fixed texts are kept; see `docx_template`.
    """
    document = Document(io.BytesIO(_empty() if template is None else template))
    if template is not None:
        complete(document)
    if bulletin.demo:
        run_header(document, DEMO)
    placed = frozenset() if template is None else fill(document, _parts(bulletin))
    before = list(document.element.body)
    page = _Page(document)
    _top(page, bulletin, placed)
    page.blocks(bulletin.blocks)
    _bottom(page, bulletin, placed)
    for annex in bulletin.annexes:
        page.annex(annex)
    if template is not None:
        move_to_mark(document, before)
    _properties(document, bulletin)
    stream = io.BytesIO()
    document.save(stream)
    return _repacked(stream.getvalue())


def _parts(bulletin: Bulletin) -> dict[str, str]:
    """Texts that a template may have a place of its own for, by the name of its bookmark."""
    return {
        "发文机关标志": _clean(bulletin.letterhead),
        "发文字号": _clean(bulletin.number),
        "签发人": _clean(bulletin.signer),
        "标题": "".join(_clean(line) for line in bulletin.title),
        "主送机关": _clean(bulletin.addressee),
        "署名": _clean(bulletin.office),
        "成文日期": _clean(bulletin.date),
    }


@cache
def _empty() -> bytes:
    """An official document without text, whose styles take as long to make as many a text."""
    document = Document()
    _slim(document)
    apply(document)
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def _slim(document: Opened) -> None:
    """Leave out what takes most of the library's template: parts, and a hundred looks of tables."""
    related: Any
    for related in (document.part.rels, document.part.package.rels):
        for key in [k for k, r in related.items() if r.reltype in _NEEDLESS]:
            del related[key]
    for style in list(document.styles):
        if style.type == WD_STYLE_TYPE.TABLE and style.name not in ("Normal Table", "Table Grid"):
            style.delete()


def _properties(document: Opened, bulletin: Bulletin) -> None:
    day = datetime.fromisoformat(bulletin.made_on)
    about = document.core_properties
    about.title = "".join(_clean(line) for line in bulletin.title)
    about.author = about.last_modified_by = _clean(bulletin.office)
    about.comments = about.keywords = ""
    about.subject = "".join(_clean(m) for m in bulletin.marks)
    about.created = about.modified = day
    about.revision = 1
    about.language = "zh-CN"


def _repacked(content: bytes) -> bytes:
    """The same package without the moment at which it was packed, and nothing compressed anew."""
    package = bytearray(content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entry = archive.start_dir
        for member in archive.infolist():
            package[member.header_offset + 10 : member.header_offset + 14] = _ZIP_DAY
            package[entry + 12 : entry + 16] = _ZIP_DAY
            sizes = struct.unpack_from("<3H", package, entry + 28)
            entry += 46 + sum(sizes)
    return bytes(package)
