"""What people write into a bulletin (文字稿): read from the text file or the docx, never lost.

A file that was edited when the next draft is due has its hand-written sections taken over word by
word; where a part that the program writes was changed too, the file is saved as a copy first.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from employment_forecast.data.errors import DataError
from employment_forecast.data.files import write_atomically
from employment_forecast.data.store import BulletinState, states
from employment_forecast.data.workspace import Session
from employment_forecast.experiments.bulletins.files import file_name, folder, stem, template_of
from employment_forecast.experiments.bulletins.hand_edits import edited, save_copy
from employment_forecast.forecasting.bulletin.render.docx import render_docx
from employment_forecast.forecasting.bulletin.text import Bulletin, Heading, plain
from employment_forecast.forecasting.bulletin.text.sections.written import OUTRUN, TO_WRITE

MOST_CHANGES = 8
_TITLE = re.compile(r"\s*【(.+?)】\s*")
_GUIDE = (
    "# 在各标题下写文字，一段一行，保存后重新运行 forecast bulletin。",
    "# 也可以直接写在 docx 的同名章节里。以 # 开头的行不进入月报；【】中的标题请勿改动。",
)
_NUMBERED = re.compile(r"[一二三四五六七八九十]+、(.+)")
# What follows the last section: the list of annexes or the first of them; in drafts of earlier
# releases a section of the program's.
_CLOSING = re.compile(r"附件(：1\..*|1)|.+、检验和数据说明")
# XML has no place for these.
_CONTROL = dict.fromkeys([*range(32), 0xFFFE, 0xFFFF], " ")

Sections = dict[str, list[str]]


@dataclass
class Edits:
    """What people changed since files were last written.

    Attributes
    ----------
    sections : dict
        Paragraphs by title of section; None where nobody wrote anything new.
    copies : list of pathlib.Path
        Edited files that were saved as copies, because the next draft would overwrite them.
    notices : list of str
        What to tell people, in Chinese.
    """

    sections: Sections | None = None
    copies: list[Path] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def clean(text: str) -> str:
    """A paragraph on one line, without characters that no document can hold."""
    return text.translate(_CONTROL).strip()


def read_text(file: Path, titles: Sequence[str]) -> Sections:
    """Paragraphs of a text file under its titles in 【】, in UTF-8 or, from old editors, GB 18030.

    Raises
    ------
    DataError
        If a title is none of the sections: what stands below it would be lost.
    """
    content = file.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030", "replace")
    sections: Sections = {title: [] for title in titles}
    current: str | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("#") or not line.strip():
            continue
        if heading := _TITLE.fullmatch(line):
            current = heading[1].strip()
        if current is None or current not in sections:
            raise DataError(
                f"文字稿“{file}”第 {number} 行不在任何章节之下：{line.strip()[:30]}",
                f"标题只能是：{'、'.join(f'【{t}】' for t in titles)}；"
                "章节由 forecast.toml 的 bulletin.sections 设定。",
            )
        if not heading:
            sections[current].append(clean(line))
    return sections


def text_file(sections: Mapping[str, Sequence[str]], remarks: Sequence[str] = ()) -> bytes:
    """Sections as a text file; what changed since they were written stands above as remarks."""
    lines = [*_GUIDE, *(f"# {r}" for r in remarks)]
    for title, paragraphs in sections.items():
        lines += ["", f"【{title}】", *paragraphs]
    return ("\r\n".join(lines) + "\r\n").encode("utf-8-sig")


def _headings(bulletin: Bulletin) -> list[str]:
    return [
        clean(plain(b.text)) for b in bulletin.blocks if isinstance(b, Heading) and b.level == 1
    ]


def read_docx(
    content: bytes, bulletin: Bulletin, titles: Sequence[str]
) -> tuple[Sections, list[str]]:
    """Hand-written sections of a docx, and every text outside of them.

    Parameters
    ----------
    content : bytes
        As python-docx, Word, WPS or LibreOffice saved it.
    bulletin : Bulletin
        What it was written from: its headings divide the text.
    titles : sequence of str
        Hand-written sections.

    Returns
    -------
    tuple
        Paragraphs by title, for the sections whose heading is there, and the machine's texts.
    """
    from docx import Document

    document = Document(io.BytesIO(content))
    headings = _headings(bulletin)
    sections: Sections = {}
    rest: list[str] = []
    current: str | None = None
    for paragraph in document.paragraphs:
        text = clean(paragraph.text)
        numbered = _NUMBERED.fullmatch(text)
        # Another release may have given a section another number.
        own = numbered[1] if numbered and numbered[1] in titles else ""
        if own:
            current = own
            sections[own] = []
        elif text in headings or _CLOSING.fullmatch(text.replace(" ", "")):
            current = None
        if current is None or own or text.startswith(OUTRUN):
            rest.append(" ".join(text.split()))
        elif text and text != TO_WRITE:
            sections[current].append(text)
    for table in document.tables:
        rest += [" ".join(clean(c.text).split()) for row in table.rows for c in row.cells]
    return sections, [t for t in rest if t]


def text_name(session: Session, edition: BulletinState) -> str:
    """Name of the text file that goes with a bulletin."""
    return f"{stem(session, edition).replace('就业失业月报', '月报文字稿')}.txt"


def sections_of(record: Mapping[str, Any], titles: Sequence[str]) -> Sections:
    """Paragraphs by title; empty for a section that the record does not have."""
    known = {
        s["title"]: list(s["paragraphs"])
        for s in (record.get("written") or {}).get("sections") or ()
    }
    return {title: known.get(title, []) for title in titles}


def written_record(sections: Sections, changes: Sequence[Mapping[str, str]] = ()) -> dict[str, Any]:
    """Hand-written sections as a part of a bulletin's record."""
    shown = [{k: c[k] for k in ("label", "before", "after")} for c in changes if c["label"]]
    return {
        "sections": [{"title": t, "paragraphs": p} for t, p in sections.items()],
        "changes": shown[:MOST_CHANGES],
        "source": "文字稿",
    }


def collect_edits(session: Session, edition: BulletinState, bulletin: Bulletin) -> Edits:
    """What people changed in the files of a bulletin since they were written.

    Parameters
    ----------
    session : Session
        Workspace.
    edition : BulletinState
        The last state of the bulletin.
    bulletin : Bulletin
        What its files were written from.

    Returns
    -------
    Edits
        With copies made of whatever the next draft would overwrite.
    """
    titles = section_titles(session)
    before = sections_of(edition.record, titles)
    every = states(session.store, edition.region, edition.indicator, edition.month)
    destination, edits = folder(session, edition), Edits()
    changed: list[tuple[Path, Sections]] = []
    for form in ("docx", "html", "md"):
        file = destination / file_name(session, edition, form, every)
        content = edited(file)
        if content is None:
            continue
        if form == "docx" and (read := _edited_docx(session, content, bulletin)) is not None:
            sections, machine_part_changed = read
            if {**before, **sections} != before:
                changed.append((file, {**before, **sections}))
            if not machine_part_changed:
                continue
        copy = save_copy(file, content)
        edits.copies.append(copy)
        edits.notices.append(
            f"“{file.name}”中由程序撰写的部分被改动过。该部分以数据为准，重新生成时不保留改动；"
            f"改动过的文件已另存为“{copy.name}”。需要补充的话请写进{'、'.join(titles)}各节。"
        )
    text = destination / text_name(session, edition)
    if text.exists() and (sections := read_text(text, titles)) != before:
        changed.append((text, sections))
    if changed:
        edits.sections = changed[0][1]
    if len(changed) > 1 and changed[0][1] != changed[1][1]:
        copy = save_copy(text, text.read_bytes())
        edits.copies.append(copy)
        edits.notices.append(
            f"docx 和文字稿都改过且不一致，采用了 docx 中的文字；文字稿已另存为“{copy.name}”。"
        )
    return edits


def _edited_docx(
    session: Session, content: bytes, bulletin: Bulletin
) -> tuple[Sections, bool] | None:
    """Hand-written sections and whether anything else differs; None where it cannot be read."""
    titles = section_titles(session)
    try:
        sections, rest = read_docx(content, bulletin, titles)
    except (KeyError, ValueError, zipfile.BadZipFile):
        return None
    ours = render_docx(bulletin, template_of(session))
    return sections, rest != read_docx(ours, bulletin, titles)[1]


def section_titles(session: Session) -> tuple[str, ...]:
    """Hand-written sections by the settings."""
    return tuple(session.settings["bulletin.sections"])


def missing_sections(session: Session, record: Mapping[str, Any]) -> list[str]:
    """Obligatory sections in which nothing is written."""
    written = sections_of(record, section_titles(session))
    return [title for title in session.settings["bulletin.required"] if not written.get(title)]


def write_text_file(session: Session, edition: BulletinState) -> None:
    """Write the text file anew where it does not say what the bulletin says."""
    titles = section_titles(session)
    if not titles:
        return
    file = folder(session, edition) / text_name(session, edition)
    sections = sections_of(edition.record, titles)
    if file.exists() and read_text(file, titles) == sections:
        return
    remarks = [
        f"文字写成后数字有变动：{c['label']} {c['before']} → {c['after']}"
        for c in (edition.record.get("written") or {}).get("changes") or ()
    ]
    write_atomically(file, text_file(sections, remarks))
