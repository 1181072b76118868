"""The fan chart as a picture, for documents that are printed."""

from __future__ import annotations

from itertools import cycle

from employment_forecast.forecasting.bulletin.render.fan_svg import CAP_COLOURS, ordinal
from employment_forecast.forecasting.bulletin.text import Fan
from employment_forecast.forecasting.documents.pictures import (
    FAN_COLOUR,
    INNER_ALPHA,
    OUTER_ALPHA,
    PUBLISHED_COLOUR,
    canvas,
    legend_above,
    mark_demo,
    open_frame,
    png,
    value_axis,
)

WIDTH_INCHES, HEIGHT_INCHES, DPI = 6.14, 1.9, 200  # the width of 156 mm
_SIZE = 9.0
# Inches: a letter, what title and years take, half a year's name. A digit is part of a letter.
_EM, _DIGIT = _SIZE / 72, 0.56
_ABOVE, _BELOW, _RIGHT = 0.3, 0.26, 0.24


def fan_png(fan: Fan) -> bytes:
    """Draw a fan chart."""
    with canvas(WIDTH_INCHES, HEIGHT_INCHES, font_size=_SIZE, dpi=DPI) as figure:
        figure.set_layout_engine(None)
        axes = figure.subplots()
        past = [ordinal(month) for month, _ in fan.past]
        axes.plot(past, [v for _, v in fan.past], color=PUBLISHED_COLOUR, lw=1.4, label="已公布")
        ahead = [past[-1], *(ordinal(row[0]) for row in fan.ahead)]
        last = fan.past[-1][1]
        q025, q10, q50, q90, q975 = (
            [last, *column] for column in zip(*(row[1:] for row in fan.ahead), strict=True)
        )
        for low, high, alpha, label in (
            (q025, q975, OUTER_ALPHA, "95%区间"),
            (q10, q90, INNER_ALPHA, "80%区间"),
        ):
            axes.fill_between(ahead, low, high, color=FAN_COLOUR, alpha=alpha, lw=0, label=label)
        axes.plot(ahead, q50, color=FAN_COLOUR, lw=1.6, ls="--", label="预测中位数")
        for colour, (label, spans) in zip(cycle(CAP_COLOURS), fan.caps, strict=False):
            for at, (value, first, end) in enumerate(spans):
                begin = max(ordinal(first), past[0]) - 0.5
                words = "_" if at else label  # told of once
                axes.hlines(value, begin, ordinal(end) + 0.5, color=colour, lw=1.5, label=words)
        unit = "" if fan.unit in ("倍", "指数") else f"（单位：{fan.unit}）"
        axes.set_title(
            f"{fan.title}{unit}", loc="left", fontsize=_SIZE + 1, y=1.0, parse_math=False
        )
        value_axis(axes, fan.digits, most=7, separator="")
        years = [m for m in range(past[0], ahead[-1] + 1) if m % 12 == 0]
        axes.set_xticks(years, [f"{m // 12}年" for m in years])
        axes.set_xlim(past[0] - 1, ahead[-1] + 1)
        open_frame(axes, 0.6)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_label_coords(0, 0)  # it has no label that a place had to be found for
        legend_above(axes, 0.26, font_size=_SIZE - 1)
        if fan.demo:
            mark_demo(axes, 34, height=0.4)
        # All labels are digits of one size: finding their room by drawing took a third of the time.
        widest = max(len(f"{v:.{fan.digits}f}") for v in axes.get_ylim())
        left = (widest * _DIGIT + 1) * _EM
        figure.subplots_adjust(
            left / WIDTH_INCHES, _BELOW / HEIGHT_INCHES,
            1 - _RIGHT / WIDTH_INCHES, 1 - _ABOVE / HEIGHT_INCHES,
        )  # fmt: skip
        return png(figure)
