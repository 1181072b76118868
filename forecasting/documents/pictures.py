"""One look for every picture: font, colours, value axis, the mark of demonstration data, saving.

Matplotlib is loaded by whoever draws.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from employment_forecast.data.catalogue import DEMO_MARK
from employment_forecast.forecasting.fonts import register

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PUBLISHED_COLOUR = "#222222"
FAN_COLOUR = "#1f5fa8"
ALERT_COLOUR = "#b3261e"
BREAK_COLOUR = "#6a1b9a"
CAP_COLOURS = (ALERT_COLOUR, "#c77700", BREAK_COLOUR, "#00695c")
NOTE_COLOUR = "#555555"
OUTER_ALPHA, INNER_ALPHA = 0.16, 0.30
# Steps of 1, 2, 5 and 10 at the published precision: a label never hides a digit.
_STEPS = [1, 2, 5, 10]
_STYLE: dict[str, Any] = {"axes.unicode_minus": False, "svg.hashsalt": "forecast"}


@contextmanager
def canvas(
    width: float,
    height: float,
    *,
    font_size: float = 10.5,
    dpi: int = 150,
    margins: tuple[float, float] | None = None,
) -> Iterator[Figure]:
    """A figure in the house style; whatever the process has set does not reach it.

    Parameters
    ----------
    width, height : float
        In inches.
    font_size : float
        In points.
    dpi : int
        Pixels per inch.
    margins : tuple of float, optional
        Left and right, above and below, in inches; those of matplotlib by default.

    Yields
    ------
    matplotlib.figure.Figure
        To be drawn on and saved by `png` within the block.
    """
    import matplotlib
    from matplotlib.figure import Figure

    style: Any = {**_STYLE, "font.family": [register()], "font.size": font_size}
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(width, height), dpi=dpi)
        pads = {} if margins is None else {"w_pad": margins[0], "h_pad": margins[1]}
        figure.set_layout_engine("constrained", **pads)
        yield figure


def png(figure: Figure) -> bytes:
    """The figure as PNG; the same content gives the same bytes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    stream = io.BytesIO()
    # The figure's own saving lays out in a drawing of its own, which is then thrown away, and
    # keeps a transparency that no picture has.
    canvas_of: Any = FigureCanvasAgg(figure)
    canvas_of.draw()
    pixels = canvas_of.buffer_rgba()
    picture = Image.frombytes("RGB", pixels.shape[1::-1], pixels, "raw", "RGBX")
    picture.save(stream, "png", dpi=(figure.dpi,) * 2, compress_level=3)
    return stream.getvalue()


def value_axis(axes: Axes, decimals: int, *, most: int, separator: str = ",") -> None:
    """Label the values at the precision that their office publishes."""
    from matplotlib.ticker import MaxNLocator

    axes.yaxis.set_major_locator(MaxNLocator(nbins=most, steps=_STEPS))
    axes.yaxis.set_major_formatter(lambda v, _: f"{v:{separator}.{decimals}f}")


def open_frame(axes: Axes, grid_width: float) -> None:
    """Horizontal grid lines, and no frame above and to the right."""
    axes.grid(axis="y", color="#dddddd", lw=grid_width)
    axes.spines[["top", "right"]].set_visible(False)


def legend_above(axes: Axes, share: float, *, columns: int = 2, font_size: float) -> None:
    """A legend in room of its own, a share of the height, above what is drawn."""
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + share * (high - low))
    axes.legend(loc="upper left", ncols=columns, fontsize=font_size, frameon=False)


def mark_demo(axes: Axes, font_size: float, *, height: float = 0.45, rotation: float = 20) -> None:
    """Write across the picture that its data are for demonstration."""
    axes.text(
        0.5, height, DEMO_MARK, transform=axes.transAxes, fontsize=font_size, color="#999999",
        alpha=0.25, ha="center", va="center", rotation=rotation,
    )  # fmt: skip
