"""Sections that people write: 原因分析, 存在问题, 下一步措施, 会商意见."""

from __future__ import annotations

from employment_forecast.forecasting.bulletin.text.blocks import Block, Heading, Paragraph
from employment_forecast.forecasting.bulletin.text.facts import CitedRecord, join, sentence

TO_WRITE = "（待填写）"
# How the line begins that a draft has above texts which figures have outrun.
OUTRUN = "（文字写成后数字有变动"


def written(record: CitedRecord, *, draft: bool) -> list[list[Block]]:
    """Each section word by word; a draft shows the empty ones too, and what changed since."""
    sections = []
    for at, section in enumerate(record.get("/written/sections") or ()):
        pointer = f"/written/sections/{at}"
        paragraphs: list[Block] = [
            Paragraph((record.cite(f"{pointer}/paragraphs/{i}", "verbatim"),))
            for i in range(len(section["paragraphs"]))
        ]
        if not paragraphs and not draft:
            continue
        heading = Heading((record.cite(f"{pointer}/title"),))
        sections.append([heading, *(paragraphs or [Paragraph(sentence(TO_WRITE))])])
    changes = record.get("/written/changes") or ()
    if sections and draft and changes:
        said = join(
            [
                sentence(
                    "{label}由{before}变为{after}",
                    label=record.cite(f"/written/changes/{at}/label"),
                    before=record.cite(f"/written/changes/{at}/before"),
                    after=record.cite(f"/written/changes/{at}/after"),
                )
                for at in range(len(changes))
            ]
        )
        note = sentence("{outrun}，请核对：{said}。本行不进入签发件。）", outrun=OUTRUN, said=said)
        sections[0].insert(1, Paragraph(note, note=True))
    return sections
