"""The forms a bulletin is sent in, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from forecasting.bulletin.blocks import Bulletin
from forecasting.bulletin.docx import render_docx
from forecasting.bulletin.facts import render_facts
from forecasting.bulletin.html import render_html
from forecasting.bulletin.markdown import render_markdown
from forecasting.bulletin.pdf import render_pdf

RENDERERS: Mapping[str, Callable[[Bulletin], bytes]] = {
    "docx": render_docx,
    "html": render_html,
    "pdf": render_pdf,
    "md": render_markdown,
    "json": lambda bulletin: render_facts(bulletin.facts),
}


def render(bulletin: Bulletin, form: str) -> bytes:
    """Write a bulletin in a form.

    Parameters
    ----------
    bulletin : Bulletin
        What to write.
    form : str
        A key of `RENDERERS`.

    Returns
    -------
    bytes

    Raises
    ------
    StorageError
        For `pdf` where LibreOffice is not there.
    """
    return RENDERERS[form](bulletin)
