"""A docx of the bureau takes the place of ours: its styles, page and fixed texts stay."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from docx import Document
from docx.oxml.ns import qn
from docx.oxml.parser import OxmlElement
from docx.shared import Mm, Pt

from employment_forecast.forecasting.bulletin.render.docx import render_docx
from employment_forecast.forecasting.bulletin.render.docx_template import is_docx
from employment_forecast.forecasting.bulletin.text.blocks import (
    Bulletin,
    CitedTable,
    Heading,
    Paragraph,
    cited_columns,
)

BULLETIN = Bulletin(
    title=(("嘉定区",), ("月报",)), marks=(), number=("嘉人社〔二〕号",), signer=("张三",),
    addressee=("区政府",),
    blocks=(
        Heading(("一、总体情况",)), Paragraph(("正文一段。",)),
        CitedTable(("表",), cited_columns((("甲",), ("乙",)), (False, True), (0.5, 0.5)),
              ((("行",), ("数",)),)),
    ),
    annexes=(), office=("某局",), date=("某日",), made_on="2026-11-23", facts=(), demo=False,
    letterhead=("某局文件",),
)  # fmt: skip


def template(*marks: str) -> bytes:
    """A page of its own, a style that is set otherwise, fixed texts before and after the marks."""
    document = Document()
    document.sections[0].page_width = Mm(250)
    document.styles["Heading 1"].font.size = Pt(19)
    document.add_paragraph("本局固定的抬头")
    for number, name in enumerate(marks, start=7):
        paragraph = document.add_paragraph(f"（{name}）")
        for tag in ("w:bookmarkStart", "w:bookmarkEnd"):
            mark = OxmlElement(tag)
            mark.set(qn("w:id"), str(number))
            if tag.endswith("Start"):
                mark.set(qn("w:name"), name)
            paragraph._p.append(mark)
    document.add_paragraph("本局固定的落款")
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def texts(content: bytes) -> list[str]:
    return [p.text for p in Document(io.BytesIO(content)).paragraphs if p.text]


def test_parts_go_where_the_bookmarks_are_and_stand_there_once() -> None:
    content = render_docx(BULLETIN, template("发文字号", "标题", "正文", "署名"))
    said = texts(content)
    assert said[:3] == ["本局固定的抬头", "嘉人社〔二〕号", "嘉定区月报"]
    assert said[-2:] == ["某局", "本局固定的落款"]
    assert said.index("一、总体情况") < said.index("正文一段。") < said.index("某局")
    for once in ("嘉人社〔二〕号", "嘉定区月报", "某局", "某局文件"):
        assert said.count(once) == 1
    assert "（正文）" not in said
    assert render_docx(BULLETIN, template("发文字号", "标题", "正文", "署名")) == content


def test_styles_and_page_of_the_template_stay_and_missing_styles_are_added() -> None:
    document = Document(io.BytesIO(render_docx(BULLETIN, template("正文"))))
    assert document.styles["Heading 1"].font.size == Pt(19)
    assert document.sections[0].page_width == pytest.approx(Mm(250), rel=1e-4)
    assert "表格文字" in [style.name for style in document.styles]
    ids = [m.get(qn("w:id")) for m in document.element.body.iter(qn("w:bookmarkStart"))]
    assert len(ids) == len(set(ids))


def test_a_draft_leaves_the_places_of_a_signed_bulletin_empty() -> None:
    unsigned = replace(BULLETIN, number=(), office=(), date=(), letterhead=())
    said = texts(render_docx(unsigned, template("发文字号", "正文", "署名")))
    assert said[0] == "本局固定的抬头"
    assert "（发文字号）" not in said
    assert "（署名）" not in said


def test_without_a_mark_the_text_follows_the_template() -> None:
    said = texts(render_docx(BULLETIN, template()))
    assert said[:2] == ["本局固定的抬头", "本局固定的落款"]
    assert "正文一段。" in said


def test_what_is_no_docx_is_told_apart() -> None:
    assert is_docx(template())
    assert not is_docx(b"no docx")
