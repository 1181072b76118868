"""The forms a bulletin is sent in, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from employment_forecast.forecasting.bulletin.render.docx import render_docx
from employment_forecast.forecasting.bulletin.render.html import render_html
from employment_forecast.forecasting.bulletin.render.markdown import render_markdown
from employment_forecast.forecasting.bulletin.render.pdf import print_pdf, render_pdf
from employment_forecast.forecasting.bulletin.text import Bulletin, render_facts

RENDERERS: Mapping[str, Callable[[Bulletin], bytes]] = {
    "docx": render_docx,
    "html": render_html,
    "pdf": render_pdf,
    "md": render_markdown,
    "json": lambda bulletin: render_facts(bulletin.facts),
}


def render(bulletin: Bulletin, form: str, template: bytes | None = None) -> bytes:
    """Write a bulletin in a form.

    Parameters
    ----------
    bulletin : Bulletin
        What to write.
    form : str
        A key of `RENDERERS`.
    template : bytes, optional
        A docx of the bureau that docx and PDF are written into.

    Returns
    -------
    bytes

    Raises
    ------
    StorageError
        For `pdf` where LibreOffice is not there.
    """
    if form == "docx":
        return render_docx(bulletin, template)
    if form == "pdf":
        return print_pdf(render_docx(bulletin, template))
    return RENDERERS[form](bulletin)
