"""The bulletin as Markdown, for comparing one month or one draft with another."""

from __future__ import annotations

from employment_forecast.forecasting.bulletin.text import (
    Block,
    Bulletin,
    Chart,
    CitedTable,
    CitedText,
    Heading,
    Paragraph,
    plain,
)
from employment_forecast.forecasting.documents.tables import ABSENT, markdown_table, markdown_text


def _escaped(text: CitedText) -> str:
    """Text in which nothing is markup, on one line."""
    return markdown_text(plain(text))


def _table(table: CitedTable) -> str:
    return f"**{_escaped(table.caption)}**\n\n" + markdown_table(
        table, lambda cell, _: plain(cell) or ABSENT
    )


def _block(block: Block, level: int) -> str:
    if isinstance(block, Heading):
        return f"{'#' * (level + block.level - 1)} {_escaped(block.text)}"
    if isinstance(block, Paragraph):
        return _escaped(block.text)
    if isinstance(block, CitedTable):
        return _table(block)
    assert isinstance(block, Chart)
    return f"（图）{_escaped(block.caption)}。{_escaped(block.alternative)}"


def render_markdown(bulletin: Bulletin) -> bytes:
    """Write the bulletin as Markdown."""
    parts = [f"# {''.join(_escaped(line) for line in bulletin.title)}"]
    if bulletin.letterhead:
        parts.insert(0, _escaped(bulletin.letterhead))
    if bulletin.number:
        parts.append(f"{_escaped(bulletin.number)}　签发人：{_escaped(bulletin.signer)}")
    parts += [_escaped(m) for m in bulletin.marks]
    if bulletin.addressee:
        parts.append(f"{_escaped(bulletin.addressee)}：")
    parts += [_block(b, 2) for b in bulletin.blocks]
    listed = [f"{_escaped(a.number)}. {_escaped(a.title)}" for a in bulletin.annexes]
    parts.append("附件：" + "；".join(listed))
    parts += [_escaped(t) for t in (bulletin.office, bulletin.date) if t]
    for annex in bulletin.annexes:
        parts.append(f"## 附件{_escaped(annex.number)}　{_escaped(annex.title)}")
        parts += [_block(b, 3) for b in annex.blocks]
    return ("\n\n".join(parts) + "\n").encode("utf-8")
