"""How results look in a notebook: heading, mark of demonstration data, table; axes to draw on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING

from employment_forecast.data.catalogue import DEMO_MARK

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def html(
    title: str, table: pd.DataFrame, *, demo: bool = False, notes: tuple[str, ...] = ()
) -> str:
    """A result as HTML.

    Parameters
    ----------
    title : str
        Heading.
    table : pandas.DataFrame
        Shown as pandas shows it.
    demo : bool
        Whether demonstration data are in it, which is then said.
    notes : tuple of str
        Paragraphs below.
    """
    mark = f" · {DEMO_MARK}" if demo else ""
    below = "".join(f"<p>{escape(note)}</p>" for note in notes)
    return f"<h4>{escape(title)}{mark}</h4>{table.to_html()}{below}"


@contextmanager
def drawing(ax: Axes | None, *, demo: bool) -> Iterator[Axes]:
    """Axes in the house's font, those given or new ones, marked across for demonstration data."""
    import matplotlib
    import matplotlib.pyplot as plt

    from employment_forecast.forecasting.documents.pictures import mark_demo
    from employment_forecast.forecasting.fonts import register

    with matplotlib.rc_context({"font.family": [register()], "axes.unicode_minus": False}):
        axes = plt.subplots(figsize=(9, 5))[1] if ax is None else ax
        yield axes
        if demo:
            mark_demo(axes, 42)
