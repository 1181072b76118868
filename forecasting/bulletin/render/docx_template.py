"""A docx of the bureau in place of ours: bookmarks say where the parts of a bulletin go.

`正文` marks the paragraph that the whole text takes the place of; without it the text follows at
the end. 发文机关标志, 发文字号, 签发人, 标题, 主送机关, 署名 and 成文日期 may each have a bookmark
of their own and are then not written again in the text. Styles of the template keep their look.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from docx import Document
from docx.document import Document as Opened
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph

TEXT_MARK = "正文"


def _marked(document: Opened) -> dict[str, Any]:
    """The paragraph elements that hold a bookmark, by its name, headers and footers left out."""
    marks = {}
    for mark in document.element.body.iter(qn("w:bookmarkStart")):
        parent = mark.getparent()
        while parent is not None and parent.tag != qn("w:p"):
            parent = parent.getparent()
        if parent is not None:
            marks[str(mark.get(qn("w:name")))] = parent
    return marks


def fill(document: Opened, parts: Mapping[str, str]) -> frozenset[str]:
    """Write parts where the template has a bookmark for them; which ones it has.

    What a draft lacks yet is emptied.
    """
    marks = _marked(document)
    placed = frozenset(name for name in parts if name in marks)
    for name in placed:
        runs = Paragraph(marks[name], document).runs
        if runs:
            runs[0].text = parts[name]
            for run in runs[1:]:
                run.text = ""
        else:
            Paragraph(marks[name], document).add_run(parts[name])
    return placed


def move_to_mark(document: Opened, before: Sequence[Any]) -> None:
    """Let what was written since take the place of the paragraph that is marked `正文`."""
    marked = _marked(document).get(TEXT_MARK)
    if marked is None:
        return
    known = set(map(id, before))
    for element in [e for e in document.element.body if id(e) not in known]:
        marked.addprevious(element)
    marked.getparent().remove(marked)


def is_docx(content: bytes) -> bool:
    """Whether a file can be opened as a docx."""
    try:
        Document(io.BytesIO(content))
    except (KeyError, ValueError, zipfile.BadZipFile):
        return False
    return True
