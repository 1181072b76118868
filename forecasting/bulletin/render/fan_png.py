"""The fan chart as a picture, for documents that are printed."""

from __future__ import annotations

import io
from itertools import cycle
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from employment_forecast.data.catalogue import DEMO_MARK
from employment_forecast.forecasting.bulletin.render.fan_svg import CAP_COLOURS, ordinal
from employment_forecast.forecasting.bulletin.text import Fan
from employment_forecast.forecasting.documents.chart import FAN_COLOUR, STYLE
from employment_forecast.forecasting.fonts import register

WIDTH_INCHES, HEIGHT_INCHES, DPI = 6.14, 3.0, 200  # the width of 156 mm
_SIZE = 9.0


def fan_png(fan: Fan) -> bytes:
    """Draw a fan chart."""
    style: Any = {**STYLE, "font.family": [register()], "font.size": _SIZE}
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(WIDTH_INCHES, HEIGHT_INCHES), dpi=DPI)
        figure.set_layout_engine("constrained", w_pad=0.04, h_pad=0.04)
        axes = figure.subplots()
        past = [ordinal(month) for month, _ in fan.past]
        axes.plot(past, [v for _, v in fan.past], color="#222222", lw=1.4, label="已公布")
        ahead = [past[-1], *(ordinal(row[0]) for row in fan.ahead)]
        last = fan.past[-1][1]
        q025, q10, q50, q90, q975 = (
            [last, *column] for column in zip(*(row[1:] for row in fan.ahead), strict=True)
        )
        axes.fill_between(ahead, q025, q975, color=FAN_COLOUR, alpha=0.16, lw=0, label="95%区间")
        axes.fill_between(ahead, q10, q90, color=FAN_COLOUR, alpha=0.30, lw=0, label="80%区间")
        axes.plot(ahead, q50, color=FAN_COLOUR, lw=1.6, ls="--", label="预测中位数")
        for colour, (label, value, first, end) in zip(cycle(CAP_COLOURS), fan.caps, strict=False):
            low = max(ordinal(first), past[0]) - 0.5
            axes.hlines(value, low, ordinal(end) + 0.5, color=colour, lw=1.5, label=label)
        unit = "" if fan.unit in ("倍", "指数") else f"（单位：{fan.unit}）"
        axes.set_title(f"{fan.title}{unit}", loc="left", fontsize=_SIZE + 1, parse_math=False)
        axes.yaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 5, 10]))
        axes.yaxis.set_major_formatter(lambda v, _: f"{v:.{fan.digits}f}")
        years = [m for m in range(past[0], ahead[-1] + 1) if m % 12 == 0]
        axes.set_xticks(years, [f"{m // 12}年" for m in years])
        axes.set_xlim(past[0] - 1, ahead[-1] + 1)
        axes.grid(axis="y", color="#dddddd", lw=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        low, high = axes.get_ylim()
        axes.set_ylim(low, high + 0.26 * (high - low))
        axes.legend(loc="upper left", ncols=2, fontsize=_SIZE - 1, frameon=False)
        if fan.demo:
            axes.text(
                0.5, 0.4, DEMO_MARK, transform=axes.transAxes, fontsize=34, color="#999999",
                alpha=0.25, ha="center", va="center", rotation=20,
            )  # fmt: skip
        stream = io.BytesIO()
        figure.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()
