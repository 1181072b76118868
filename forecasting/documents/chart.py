"""Fan chart: published values, forecast bands, cap lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import cycle
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from employment_forecast.data.catalogue import phrase, sources_phrase
from employment_forecast.data.targets import BASES, TIER_NAMES, Target
from employment_forecast.forecasting.assessment import Assessment
from employment_forecast.forecasting.competition import Competition
from employment_forecast.forecasting.documents.pictures import (
    CAP_COLOURS,
    FAN_COLOUR,
    INNER_ALPHA,
    NOTE_COLOUR,
    OUTER_ALPHA,
    PUBLISHED_COLOUR,
    canvas,
    legend_above,
    mark_demo,
    open_frame,
    png,
    value_axis,
)
from employment_forecast.models.paths import SamplePaths

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN_MONTHS = 60
HALF_MONTH = 1 / 24
NOTE_CHARACTERS = 85  # of the note's size, in the width of the picture


def decimal_years(months: pd.PeriodIndex) -> list[float]:
    """Months as positions on the axis: 2026-07 is 2026.5."""
    return [float(m.year + (m.month - 1) / 12) for m in months]


def draw_fan(
    axes: Axes, paths: SamplePaths, last: float, colour: str = FAN_COLOUR, name: str = ""
) -> None:
    """Bands of 95 and 80 % and the median, from the last published value on."""
    table = paths.table()
    x = decimal_years(pd.PeriodIndex([paths.origin, *paths.months]))

    def joined(column: str) -> list[float]:
        return [last, *table[column].tolist()]

    for low, high, alpha, share in (
        ("q025", "q975", OUTER_ALPHA, "95%"),
        ("q10", "q90", INNER_ALPHA, "80%"),
    ):
        band = joined(low), joined(high)
        axes.fill_between(x, *band, color=colour, alpha=alpha, lw=0, label=f"{name}{share} 区间")
    axes.plot(x, joined("q50"), color=colour, lw=1.8, ls="--", label=f"{name or '预测'}中位数")


def draw_caps(axes: Axes, assessments: Sequence[Assessment]) -> None:
    """A line for every cap over the months it applies to, at the number that applied when."""
    together: dict[tuple[float, str], list[Target]] = {}
    for item in assessments:
        if item.target.value is not None:
            together.setdefault((item.target.value, item.target.tier), []).append(item.target)
    for colour, ((value, tier), targets) in zip(cycle(CAP_COLOURS), together.items(), strict=False):
        bases = (f"{BASES[t.basis]}{'（演示）' if t.demo else ''}" for t in targets)
        marks = "（沿用上期）" if any(t.carried for t in targets) else ""
        earlier = [f"{s.value:,.12g}" for s in targets[0].changed[:-1]]
        marks += f"（此前 {'、'.join(dict.fromkeys(earlier))}）" if earlier else ""
        label = f"{TIER_NAMES[tier]}控制数 {value:,.12g}{marks} · {'、'.join(dict.fromkeys(bases))}"
        drawn = dict.fromkeys(s for t in targets for s in t.spans)
        for span in reversed(drawn):
            first, last = decimal_years(pd.PeriodIndex([span.first, span.last], freq="M"))
            # Half a month to either side, so that the cap of a single month is seen.
            axes.hlines(
                span.value, first - HALF_MONTH, last + HALF_MONTH, color=colour, lw=1.8, label=label
            )
            label = "_"  # told of once


def draw_paces(axes: Axes, result: Competition) -> None:
    """What the months to come must have on average for a total to be reached in time."""
    start = result.history.origin + 1
    for colour, item in zip(cycle(CAP_COLOURS), result.totals, strict=False):
        if item.needed_pace is None or item.already_reached or item.target.direction == "cap":
            continue
        first, last = decimal_years(pd.PeriodIndex([start, item.target.last_month], freq="M"))
        demo = "（演示）" if item.target.demo else ""
        label = (
            f"{TIER_NAMES[item.target.tier]}{item.target.period} 目标{demo}：以后每月需"
            f" {phrase(item.needed_pace, result.indicator)}"
        )
        axes.hlines(
            item.needed_pace, first - HALF_MONTH, last + HALF_MONTH, color=colour, lw=1.6,
            ls=":", label=label,
        )  # fmt: skip


def fan_chart(result: Competition) -> bytes:
    """Draw the champion's forecast with the recent past, the caps and the paces that totals need.

    Parameters
    ----------
    result : Competition
        Outcome of the main job.

    Returns
    -------
    bytes
        PNG, 1500 x 825 pixels; the same result gives the same bytes.
    """
    history = result.history

    def forecast(axes: Axes) -> None:
        draw_fan(axes, result.champion_paths, float(history.values[-1]))
        draw_caps(axes, result.assessments)
        draw_paces(axes, result)

    title = f"{result.region.name} {result.indicator.name}预测（数据截至 {history.origin}）"
    return picture(result, forecast, title)


def picture(
    result: Competition,
    forecast: Callable[[Axes], None],
    title: str,
    note: str = "",
    months: int = SHOWN_MONTHS,
) -> bytes:
    """Frame of every fan chart: published values, axes, title, sources, the mark of demo data.

    Parameters
    ----------
    result : Competition
        Outcome of the main job.
    forecast : callable
        Draws what belongs to the months ahead.
    title, note : str
        Above the picture, and below it before the sources.
    months : int
        Published months shown.

    Returns
    -------
    bytes
        PNG, 1500 x 825 pixels; the same content gives the same bytes.
    """
    history, indicator = result.history, result.indicator
    shown = history.series.iloc[-months:]
    with canvas(10, 5.5, margins=(0.12, 0.1)) as figure:
        axes = figure.subplots()
        past = decimal_years(pd.PeriodIndex(shown.index))
        axes.plot(past, shown.to_numpy(), color=PUBLISHED_COLOUR, lw=1.5, label="已公布")
        forecast(axes)
        axes.set_ylabel(f"{indicator.name}（{indicator.unit}）")
        value_axis(axes, indicator.decimals, most=8)
        first, last = past[0], decimal_years(result.champion_paths.months)[-1]
        ticks = np.arange(np.ceil(first), np.floor(last) + 1)
        axes.set_xticks(ticks, [f"{int(t)}年" for t in ticks])
        axes.set_xlim(first - 0.1, last + 0.1)
        open_frame(axes, 0.7)
        axes.set_title(title, loc="left", fontsize=13)
        legend_above(axes, 0.22, font_size=9)
        figure.supxlabel(
            _wrapped(note, history.sources, result.label),
            x=0.01,
            ha="left",
            fontsize=8,
            color=NOTE_COLOUR,
        )
        if result.demo:
            mark_demo(axes, 54)
        return png(figure)


def _wrapped(note: str, sources: Sequence[str], label: str) -> str:
    """The lines below a picture: what is assumed, where the data and the forecast come from."""
    origin = f"来源：{sources_phrase(sources)}  模型：{label}"
    return "\n".join(
        fill(line, NOTE_CHARACTERS, break_on_hyphens=False) for line in (note, origin) if line
    )
