"""Page, grid, fonts and styles of official documents (GB/T 9704-2012) in a docx.

Sizes in the standard's own words: A4; 天头 37 mm, 订口 28 mm, 版心 156 x 225 mm; 22 lines of 28
characters; title 2号小标宋, text 3号仿宋, headings 黑体 and 楷体; page numbers 4号 half-width 宋体
between dashes, 7 mm below the text area.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle

PAGE_MM = (210.0, 297.0)
TOP_MM, LEFT_MM = 37.0, 28.0
TEXT_MM = (156.0, 225.0)
LINES, CHARACTERS = 22, 28
TWIPS_PER_MM = 1440 / 25.4
# Rounded down, so that 22 lines fit the 225 mm.
LINE_TWIPS = int(TEXT_MM[1] * TWIPS_PER_MM / LINES)
BODY_PT, TITLE_PT, NUMBER_PT, TABLE_PT, NOTE_PT = 16.0, 22.0, 14.0, 10.5, 10.5
# 28 characters of 16 pt are wider than 156 mm. A step less and LibreOffice sets 27 of them.
TIGHTER_PT = -0.25

LETTERHEAD_PT = 48.0
RED = RGBColor(0xE6, 0x00, 0x12)

SONG_TITLE, HEI, KAI, FANG, SONG = "方正小标宋简体", "黑体", "楷体_GB2312", "仿宋_GB2312", "宋体"
LATIN = "Times New Roman"
# What a word processor takes where the font is not installed, best first.
FALLBACKS = {
    SONG_TITLE: "FZXiaoBiaoSong-B05S,小标宋,华文中宋,STZhongsong,Noto Serif CJK SC,宋体",
    HEI: "SimHei,STHeiti,Noto Sans CJK SC,WenQuanYi Micro Hei",
    KAI: "楷体,KaiTi,STKaiti,Noto Serif CJK SC",
    FANG: "仿宋,FangSong,STFangsong,Noto Serif CJK SC",
    SONG: "SimSun,STSong,Noto Serif CJK SC",
}


@dataclass(frozen=True)
class Look:
    """A paragraph style.

    Attributes
    ----------
    name : str
        As word processors list it.
    font : str
        For Chinese.
    size : float
        In points.
    align : WD_ALIGN_PARAGRAPH
        Alignment.
    indent : int
        First line, in hundredths of a character.
    exact : bool
        One line of the grid for every line; False where a line may be higher or lower.
    before, after : float
        Space in points, where the grid does not hold.
    """

    name: str
    font: str
    size: float
    align: WD_ALIGN_PARAGRAPH
    indent: int = 0
    exact: bool = True
    before: float = 0.0
    after: float = 0.0


_BOTH, _CENTER = WD_ALIGN_PARAGRAPH.JUSTIFY, WD_ALIGN_PARAGRAPH.CENTER
_LEFT, _RIGHT = WD_ALIGN_PARAGRAPH.LEFT, WD_ALIGN_PARAGRAPH.RIGHT
LOOKS = (
    Look("Title", SONG_TITLE, TITLE_PT, _CENTER, exact=False, after=3),
    Look("Heading 1", HEI, BODY_PT, _LEFT, 200),
    Look("Heading 2", KAI, BODY_PT, _LEFT, 200),
    Look("Body Text", FANG, BODY_PT, _BOTH, 200),
    Look("发文机关标志", SONG_TITLE, LETTERHEAD_PT, _CENTER, exact=False, before=18, after=18),
    Look("公文标识", KAI, BODY_PT, _CENTER),
    Look("主送机关", FANG, BODY_PT, _LEFT),
    Look("发文字号", FANG, BODY_PT, _LEFT),
    Look("署名日期", FANG, BODY_PT, _RIGHT),
    Look("附件说明", FANG, BODY_PT, _LEFT),
    Look("附件序号", HEI, BODY_PT, _LEFT),
    Look("附件标题", SONG_TITLE, TITLE_PT, _CENTER, exact=False),
    Look("Caption", HEI, TABLE_PT, _CENTER, exact=False, before=8, after=3),
    Look("表格文字", FANG, TABLE_PT, _LEFT, exact=False, before=2, after=2),
    Look("表注", FANG, NOTE_PT, _LEFT, exact=False, before=3, after=8),
    Look("图", FANG, BODY_PT, _CENTER, exact=False, before=6),
)


# The schema (ECMA-376, part 1, 17.3 and 17.4) fixes the order; validators refuse any other.
_ORDERS = {
    "pPr": "pStyle keepNext keepLines pageBreakBefore widowControl pBdr shd tabs snapToGrid "
    "spacing ind contextualSpacing jc outlineLvl rPr sectPr",
    "rPr": "rStyle rFonts b bCs i iCs caps smallCaps noProof snapToGrid vanish color spacing w "
    "kern position sz szCs highlight u lang",
    "tblPr": "tblStyle tblW jc tblInd tblBorders tblLayout tblCellMar tblLook",
}


def _ordered(parent: Any) -> None:
    order = _ORDERS.get(parent.tag.rsplit("}", 1)[-1], "").split()
    places = {qn(f"w:{name}"): place for place, name in enumerate(order)}
    if order:
        parent[:] = sorted(parent, key=lambda each: places.get(each.tag, len(order)))


def child(parent: Any, tag: str, **attributes: str) -> Any:
    """Add an element of the `w` namespace in its place, instead of one of that name."""
    for old in parent.findall(qn(tag)):
        parent.remove(old)
    made = OxmlElement(tag)
    for name, value in attributes.items():
        made.set(qn(f"w:{name}"), value)
    parent.append(made)
    _ordered(parent)
    return made


def _fonts(style: ParagraphStyle, font: str, size: float) -> None:
    style.font.name = LATIN
    style.font.size = Pt(size)
    style.font.bold = False
    style.font.italic = False
    style.font.color.rgb = RGBColor(0, 0, 0)
    properties = style.element.get_or_add_rPr()
    for tag in ("w:spacing", "w:kern"):
        for old in properties.findall(qn(tag)):
            properties.remove(old)
    if size == BODY_PT:
        child(properties, "w:spacing", val=str(int(20 * TIGHTER_PT)))
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    # A theme font would win over a named one.
    for name in [n for n in fonts.attrib if n.endswith("Theme")]:
        del fonts.attrib[name]
    for part in ("ascii", "hAnsi", "cs"):
        fonts.set(qn(f"w:{part}"), LATIN)
    fonts.set(qn("w:eastAsia"), font)


def _paragraphs(style: ParagraphStyle, look: Look) -> None:
    shape = style.paragraph_format
    shape.alignment = look.align
    shape.space_before = shape.space_after = Pt(0)
    shape.widow_control = False
    if look.exact:
        shape.line_spacing_rule = WD_LINE_SPACING.EXACTLY
        shape.line_spacing = Pt(LINE_TWIPS / 20)
    else:
        shape.line_spacing = 1.0
        shape.space_before, shape.space_after = Pt(look.before), Pt(look.after)
        # Smaller and larger type does not stand on the grid of the text.
        child(style.element.get_or_add_pPr(), "w:snapToGrid", val="0")
        child(style.element.get_or_add_rPr(), "w:snapToGrid", val="0")
    if look.indent:
        shape.first_line_indent = Pt(look.size * look.indent / 100)
        indent = style.element.get_or_add_pPr().find(qn("w:ind"))
        indent.set(qn("w:firstLineChars"), str(look.indent))
    if look.name.startswith(("Heading", "Caption")) or look.name == "图":
        shape.keep_with_next = look.name != "图"
    if look.name == "表注":
        shape.keep_together = True


def apply(document: Document) -> None:
    """Give a new document the page and the styles of an official one."""
    normal = document.styles["Normal"]
    assert isinstance(normal, ParagraphStyle)
    _fonts(normal, FANG, BODY_PT)
    child(normal.element.get_or_add_rPr(), "w:lang", val="en-US", eastAsia="zh-CN")
    child(document.settings.element, "w:themeFontLang", val="en-US", eastAsia="zh-CN")
    for look in LOOKS:
        _style(document, look)
    _page(document)
    _font_table(document)


def complete(document: Document) -> None:
    """Add the styles that a template lacks; those that it has are left as they are."""
    known = {style.name for style in document.styles}
    for look in LOOKS:
        if look.name not in known:
            _style(document, look)
    if "Table Grid" not in known:
        document.styles.add_style("Table Grid", WD_STYLE_TYPE.TABLE)


def _style(document: Document, look: Look) -> None:
    known = look.name in [s.name for s in document.styles]
    style = (
        document.styles[look.name]
        if known
        else document.styles.add_style(look.name, WD_STYLE_TYPE.PARAGRAPH)
    )
    assert isinstance(style, ParagraphStyle)
    if look.name == "Title":
        for border in style.element.get_or_add_pPr().findall(qn("w:pBdr")):
            style.element.get_or_add_pPr().remove(border)
    _fonts(style, look.font, look.size)
    if look.name == "发文机关标志":
        style.font.color.rgb = RED
    _paragraphs(style, look)


def _page(document: Document) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(PAGE_MM[0]), Mm(PAGE_MM[1])
    section.top_margin, section.left_margin = Mm(TOP_MM), Mm(LEFT_MM)
    section.right_margin = Mm(PAGE_MM[0] - LEFT_MM - TEXT_MM[0])
    section.bottom_margin = Mm(PAGE_MM[1] - TOP_MM - TEXT_MM[1])
    section.header_distance = Mm(15)
    # The number stands 7 mm below the text area; its own line takes the rest.
    section.footer_distance = Mm(PAGE_MM[1] - TOP_MM - TEXT_MM[1] - 7 - NUMBER_PT * 25.4 / 72)
    # The grid holds the lines. Its characters are left to the styles: LibreOffice takes a grid that
    # is narrower than its characters for one of two cells a character.
    child(section._sectPr, "w:docGrid", type="lines", linePitch=str(LINE_TWIPS))
    document.settings.odd_and_even_pages_header_footer = True
    _number(section.footer, "right")
    _number(section.even_page_footer, "left")


def red_rule(paragraph: Any) -> None:
    """The red line that parts the head of a document from its text, 4 mm below the number."""
    border = child(paragraph._p.get_or_add_pPr(), "w:pBdr")
    child(border, "w:bottom", val="single", sz="12", space="11", color=str(RED))


def run_header(document: Document, text: str) -> None:
    """Put a line above the text of every page, odd and even."""
    section = document.sections[0]
    for header in (section.header, section.even_page_header):
        header.is_linked_to_previous = False
        paragraph = header.paragraphs[0]
        paragraph.alignment = _CENTER
        made = paragraph.add_run(text)
        made.font.size = Pt(NUMBER_PT)
        made._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), HEI)


def _number(footer: Any, side: str) -> None:
    """A page number between dashes, one character in from the outer side."""
    footer.is_linked_to_previous = False
    paragraph = footer.paragraphs[0]
    paragraph.alignment = _RIGHT if side == "right" else _LEFT
    indent = child(paragraph._p.get_or_add_pPr(), "w:ind")
    indent.set(qn(f"w:{side}"), str(int(NUMBER_PT * 20)))
    indent.set(qn(f"w:{side}Chars"), "100")

    def run(content: Any) -> None:
        made = paragraph.add_run()
        made.font.size = Pt(NUMBER_PT)
        made.font.name = SONG
        made._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), SONG)
        made._r.append(content)

    def text(content: str) -> Any:
        made = OxmlElement("w:t")
        made.text = content
        made.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
        return made

    def mark(kind: str) -> Any:
        made = OxmlElement("w:fldChar")
        made.set(qn("w:fldCharType"), kind)
        return made

    instruction = OxmlElement("w:instrText")
    instruction.text = "PAGE"
    run(text("— "))
    run(mark("begin"))
    run(instruction)
    run(mark("separate"))
    run(text("1"))
    run(mark("end"))
    run(text(" —"))


def _font_table(document: Document) -> None:
    """Name the fonts with those that may stand in for them."""
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/fontTable"
    part: Any = document.part.part_related_by(kind)
    fonts = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{others}"/><w:charset w:val="86"/>'
        '<w:family w:val="auto"/><w:pitch w:val="variable"/></w:font>'
        for name, others in FALLBACKS.items()
    )
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    part._blob = f'{head}\n<w:fonts xmlns:w="{space}">{fonts}</w:fonts>'.encode()
