"""The fan chart as inline SVG: values appear where the pointer or the keyboard goes."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element

import numpy as np

from employment_forecast.forecasting.bulletin.render.trees import element
from employment_forecast.forecasting.bulletin.text import Fan, show

WIDTH, HEIGHT = 720.0, 420.0
LEFT, RIGHT, TOP, BOTTOM = 78.0, 14.0, 58.0, 44.0
CAP_COLOURS = ("#b3261e", "#9a5b00", "#6a1b9a", "#00695c")
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


def ordinal(month: str) -> int:
    """A month `YYYY-MM` counted from the year 0."""
    return int(month[:4]) * 12 + int(month[5:7]) - 1


def nice_ticks(low: float, high: float, digits: int, most: int = 6) -> list[float]:
    """Round values across a range, never finer than the last printed digit."""
    rough = (high - low) / most
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(s * power for s in _STEPS if s * power >= rough * (1 - 1e-9))
    step = max(step, 10.0**-digits)
    first = np.ceil(low / step - 1e-9)
    count = int(np.floor(high / step + 1e-9) - first) + 1
    return [round(float((first + i) * step), 10) for i in range(count)]


class _Plane:
    """Where months and values lie on the picture."""

    def __init__(self, fan: Fan) -> None:
        months = [ordinal(m) for m, _ in fan.past] + [ordinal(row[0]) for row in fan.ahead]
        values = [v for _, v in fan.past] + [v for row in fan.ahead for v in row[1:]]
        values += [value for _, spans in fan.caps for value, _, _ in spans]
        low, high = min(values), max(values)
        room = 0.06 * (high - low) or 1.0
        self.first, self.last = min(months), max(months)
        self.low, self.high = low - room, high + room
        self.months = months

    def x(self, month: float) -> float:
        span = max(self.last - self.first, 1)
        return LEFT + (month - self.first) / span * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    def line(self, points: Sequence[tuple[int, float]]) -> str:
        return "M" + "L".join(f"{self.x(m):.1f},{self.y(v):.1f}" for m, v in points)

    def band(self, months: Sequence[int], low: Sequence[float], high: Sequence[float]) -> str:
        there = list(zip(months, high, strict=True))
        back = list(zip(months, low, strict=True))[::-1]
        return self.line([*there, *back]) + "Z"


def _text(x: float, y: float, words: str, css: str, anchor: str = "start") -> Element:
    return element(
        "text", {"x": f"{x:.1f}", "y": f"{y:.1f}", "class": css, "text-anchor": anchor}, [words]
    )


def _axes(fan: Fan, plane: _Plane) -> list[Element]:
    elements = []
    for value in nice_ticks(plane.low, plane.high, fan.digits):
        y = plane.y(value)
        elements.append(
            element("path", {"d": f"M{LEFT:.1f},{y:.1f}H{WIDTH - RIGHT:.1f}", "class": "grid"})
        )
        elements.append(_text(LEFT - 8, y + 5, show(value, "plain", fan.digits), "tick", "end"))
    years = [m for m in range(plane.first, plane.last + 1) if m % 12 == 0]
    for month in years:
        x = plane.x(month)
        elements.append(
            element("path", {"d": f"M{x:.1f},{HEIGHT - BOTTOM:.1f}v6", "class": "axis"})
        )
        elements.append(_text(x, HEIGHT - BOTTOM + 24, f"{month // 12}年", "tick", "middle"))
    bottom = f"M{LEFT:.1f},{HEIGHT - BOTTOM:.1f}H{WIDTH - RIGHT:.1f}"
    elements.append(element("path", {"d": bottom, "class": "axis"}))
    return elements


def _caps(fan: Fan, plane: _Plane) -> list[Element]:
    elements = []
    lines = [
        (CAP_COLOURS[position % len(CAP_COLOURS)], *span)
        for position, (_, spans) in enumerate(fan.caps)
        for span in spans
    ]
    for colour, value, first, last in lines:
        start = max(ordinal(first), plane.first)
        end = min(ordinal(last), plane.last)
        if start > end:
            continue
        y = plane.y(value)
        line = f"M{plane.x(start - 0.5 * (start == end)):.1f},{y:.1f}"
        line += f"H{plane.x(end + 0.5 * (start == end)):.1f}"
        elements.append(element("path", {"d": line, "class": "cap", "stroke": colour}))
    return elements


def _spoken(fan: Fan, month: str, values: Sequence[float]) -> str:
    when = show(month, "month")
    unit = "" if fan.unit in ("倍", "指数") else fan.unit
    if len(values) == 1:
        return f"{when} {show(values[0], 'plain', fan.digits)}{unit}（已公布）"
    low95, low80, median, high80, high95 = (show(v, "plain", fan.ahead_digits) for v in values)
    return f"{when} 中位数{median}{unit}，80%区间{low80}—{high80}，95%区间{low95}—{high95}"


def _points(fan: Fan, plane: _Plane) -> list[Element]:
    """A strip for every month; its values show at the top while it is pointed at or focused."""
    rows = [(m, (v,)) for m, v in fan.past] + [(row[0], row[1:]) for row in fan.ahead]
    half = (WIDTH - LEFT - RIGHT) / max(plane.last - plane.first, 1) / 2
    elements = []
    for month, values in rows:
        at = ordinal(month)
        x = plane.x(at)
        middle = values[len(values) // 2]
        words = _spoken(fan, month, values)
        attributes = {"class": "month"}
        if len(values) > 1:
            attributes |= {"tabindex": "0", "role": "img", "aria-label": words}
        strip = {
            "x": f"{x - half:.1f}",
            "y": f"{TOP:.1f}",
            "width": f"{2 * half:.1f}",
            "height": f"{HEIGHT - TOP - BOTTOM:.1f}",
            "class": "strip",
        }
        dot = {"cx": f"{x:.1f}", "cy": f"{plane.y(middle):.1f}", "r": "4", "class": "dot"}
        head, _, rest = words.partition("，")
        tip = [_text(LEFT, 20, head, "tip"), _text(LEFT, 42, rest, "tip")]
        elements.append(
            element("g", attributes, [element("rect", strip), element("circle", dot), *tip])
        )
    return elements


def fan_svg(fan: Fan, alternative: str) -> Element:
    """Draw the chart."""
    plane = _Plane(fan)
    last_month, last_value = fan.past[-1]
    months = [ordinal(last_month), *(ordinal(row[0]) for row in fan.ahead)]

    def joined(column: int) -> list[float]:
        return [last_value, *(float(row[column]) for row in fan.ahead)]

    outer = element("path", {"d": plane.band(months, joined(1), joined(5)), "class": "outer"})
    inner = element("path", {"d": plane.band(months, joined(2), joined(4)), "class": "inner"})
    median = plane.line(list(zip(months, joined(3), strict=True)))
    past = plane.line([(ordinal(m), v) for m, v in fan.past])
    mark = []
    if fan.demo:
        mark = [_text(WIDTH / 2, HEIGHT / 2 + 20, "演示数据", "mark", "middle")]
    return element(
        "svg",
        {"viewBox": f"0 0 {WIDTH:.0f} {HEIGHT:.0f}", "class": "chart", "role": "group",
         "aria-label": alternative},
        [
            *_axes(fan, plane),
            outer,
            inner,
            *mark,
            *_caps(fan, plane),
            element("path", {"d": median, "class": "median"}),
            element("path", {"d": past, "class": "past"}),
            *_points(fan, plane),
        ],
    )  # fmt: skip
