"""A bulletin in the forms it is sent in."""

from __future__ import annotations

from employment_forecast.forecasting.bulletin.render.docx import render_docx
from employment_forecast.forecasting.bulletin.render.forms import PRINTED
from employment_forecast.forecasting.bulletin.render.html import render_html
from employment_forecast.forecasting.bulletin.render.markdown import render_markdown
from employment_forecast.forecasting.bulletin.render.ofd import convert_ofd
from employment_forecast.forecasting.bulletin.render.pdf import print_pdf
from employment_forecast.forecasting.bulletin.text import Bulletin, render_facts


def render(
    bulletin: Bulletin, form: str, template: bytes | None = None, ofd_command: str = ""
) -> bytes:
    """Write a bulletin in a form.

    Parameters
    ----------
    bulletin : Bulletin
        What to write.
    form : str
        One of `FORMS`.
    template : bytes, optional
        A docx of the bureau that docx, PDF and OFD are written into.
    ofd_command : str
        The converter, see `convert_ofd`.

    Returns
    -------
    bytes

    Raises
    ------
    StorageError
        For `pdf` and `ofd` where the program that makes them is not there or fails.
    """
    if form == "html":
        return render_html(bulletin)
    if form == "md":
        return render_markdown(bulletin)
    if form == "json":
        return render_facts(bulletin.facts)
    docx = render_docx(bulletin, template)
    return printed(docx, form, ofd_command) if form in PRINTED else docx


def printed(docx: bytes, form: str, ofd_command: str = "") -> bytes:
    """Make a form of `PRINTED` of a docx; errors as `render` raises them."""
    return print_pdf(docx) if form == "pdf" else convert_ofd(docx, ofd_command)
