"""Picture of what the models see: target with marks, calendar regressors, lagged indicators."""

from __future__ import annotations

from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from employment_forecast.data.catalogue import Indicator, Region, sources_phrase
from employment_forecast.features.history import Covariate, History
from employment_forecast.forecasting.documents.pictures import (
    ALERT_COLOUR,
    BREAK_COLOUR,
    FAN_COLOUR,
    NOTE_COLOUR,
    PUBLISHED_COLOUR,
    canvas,
    legend_above,
    mark_demo,
    open_frame,
    png,
    value_axis,
)
from employment_forecast.forecasting.inspection.inspection import (
    BREAK_LABEL,
    calendar_view,
    column_label,
)

SHOWN_MONTHS = 72
AHEAD = 12
COLUMNS = 3
NOTE_CHARACTERS = 105
BAR_WIDTH = 1 / 45
_FESTIVAL = {
    "festival_before": "#c77700",
    "festival_during": "#b3261e",
    "festival_after": "#00695c",
}
_MARKERS = {"additive": "o", "level_shift": "^", "latest": "D"}


def _x(months: pd.PeriodIndex) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.asarray(months.year + (months.month - 1) / 12, dtype=np.float64)


def _at(month: pd.Period) -> float:
    return float(month.year + (month.month - 1) / 12)


def _target(axes: Axes, history: History, indicator: Indicator) -> None:
    shown = history.series.iloc[-SHOWN_MONTHS:]
    axes.plot(_x(pd.PeriodIndex(shown.index)), shown.to_numpy(), color=PUBLISHED_COLOUR, lw=1.5)
    first = shown.index[0]
    labels = {"additive": "单月异常", "level_shift": "水平移动", "latest": "末月异动"}
    seen = [m for m in history.outliers if m.month >= first]
    for kind in dict.fromkeys(m.kind for m in seen):
        months = pd.PeriodIndex([m.month for m in seen if m.kind == kind], freq="M")
        axes.plot(
            _x(months), history.series.reindex(months).to_numpy(), _MARKERS[kind],
            color=ALERT_COLOUR, mfc="none", ms=8, label=f"{labels[kind]}（候选）",
        )  # fmt: skip
    for change in history.breaks:
        if change.month >= first:
            axes.axvline(_at(change.month), color=BREAK_COLOUR, lw=1.2, ls="--", label=BREAK_LABEL)
    axes.set_title(f"目标：{indicator.name}（{indicator.unit}）", loc="left", fontsize=10.5)
    value_axis(axes, indicator.decimals, most=6)


def _festival(axes: Axes, history: History) -> None:
    first = max(history.start, history.origin - (SHOWN_MONTHS - 1))
    table = history.regressors.loc[first : history.origin + AHEAD]
    x = _x(pd.PeriodIndex(table.index))
    for position, (name, colour) in enumerate(_FESTIVAL.items()):
        axes.bar(
            x + (position - 1) * BAR_WIDTH,
            table[name].to_numpy(),
            BAR_WIDTH,
            color=colour,
            label=column_label(name),
        )
    # Steps only: working days have a picture of their own.
    for name in history.forced.columns:
        axes.step(x, table[name].to_numpy(), where="mid", lw=1.2, label=column_label(str(name)))
    axes.axhline(0, color="#888888", lw=0.7)
    share = "占比累计" if history.kind == "stock" else "占比"
    axes.set_title(f"春节变量（窗口内天数{share}，已去季节）", loc="left", fontsize=10.5)


def _working_days(axes: Axes, history: History) -> bool:
    table = calendar_view(history)
    if "working_days" not in table:
        return False
    x = np.arange(len(table))
    axes.bar(x, 100 * table["working_days"].to_numpy(), 0.7, color=FAN_COLOUR)
    ahead = int((pd.PeriodIndex(table.index) <= history.origin).sum())
    axes.axvspan(ahead - 0.5, len(table) - 0.5, color=FAN_COLOUR, alpha=0.07, lw=0)
    ticks = x[::3]
    axes.set_xticks(ticks, [str(table.index[i]) for i in ticks])
    axes.axhline(0, color="#888888", lw=0.7)
    axes.set_title("工作日较常年同月（%，浅底为今后）", loc="left", fontsize=10.5)
    return True


def _lag_text(each: Covariate, origin: pd.Period) -> str:
    lag = each.lag_behind(origin)
    if lag > 0:
        return f"滞后 {lag} 个月"
    return f"领先 {-lag} 个月" if lag else "与目标同月"


def _covariate(axes: Axes, each: Covariate, history: History) -> None:
    first = history.origin - (SHOWN_MONTHS - 1)
    series = each.series
    shown = series[series.index >= first]
    axes.plot(_x(pd.PeriodIndex(shown.index)), shown.to_numpy(), color=FAN_COLOUR, lw=1.2)
    axes.plot([_at(each.end)], [float(each.values[-1])], ".", color=FAN_COLOUR, ms=6)
    axes.set_title(
        f"{each.name}（{each.unit}）\n至 {each.end}，{_lag_text(each, history.origin)}",
        loc="left",
        fontsize=8.5,
    )
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4))
    axes.yaxis.set_major_formatter(lambda v, _: f"{v:,.10g}")


def _years(axes: Axes, first: float, last: float, step: int) -> None:
    ticks = np.arange(np.ceil(first), np.floor(last) + 1, step)
    axes.set_xticks(ticks, [f"{int(t)}" for t in ticks])
    axes.set_xlim(first - 0.1, last + 0.1)


def _plain(axes: Axes) -> None:
    open_frame(axes, 0.6)
    axes.tick_params(labelsize=8)


def features_chart(history: History, region: Region, indicator: Indicator) -> bytes:
    """Draw the target with its marks, the calendar regressors and every lagged indicator.

    Parameters
    ----------
    history : History
        As of a day, with its lagged indicators.
    region, indicator : Region, Indicator
        Catalogue entries of the target.

    Returns
    -------
    bytes
        PNG, 1650 pixels wide, the higher the more indicators there are; the same history gives
        the same bytes.
    """
    rows = -(-len(history.lagged) // COLUMNS)
    first = _at(max(history.start, history.origin - (SHOWN_MONTHS - 1)))
    last = _at(history.origin + AHEAD)
    with canvas(11, 5.6 + 1.75 * rows, font_size=9.5, margins=(0.1, 0.08)) as figure:
        grid = figure.add_gridspec(2 + rows, COLUMNS, height_ratios=[1.5, 1.2, *[1.0] * rows])
        top = figure.add_subplot(grid[0, :])
        _target(top, history, indicator)
        festival = figure.add_subplot(grid[1, :2])
        _festival(festival, history)
        for axes in (top, festival):
            _plain(axes)
            _years(axes, first, last, 1)
            if axes.get_legend_handles_labels()[0]:
                legend_above(axes, 0.2, columns=4, font_size=8)
        days = figure.add_subplot(grid[1, 2])
        _plain(days)
        if not _working_days(days, history):
            days.remove()
        for at, each in enumerate(history.lagged):
            axes = figure.add_subplot(grid[2 + at // COLUMNS, at % COLUMNS])
            _covariate(axes, each, history)
            _plain(axes)
            _years(axes, first, last, 2)
        figure.suptitle(
            f"{region.name} {indicator.name}：模型所见（截至 {history.as_of} 所知，"
            f"数据至 {history.origin}）",
            x=0.01,
            ha="left",
            fontsize=12.5,
        )
        note = f"来源：{sources_phrase(history.sources)}"
        figure.supxlabel(
            fill(note, NOTE_CHARACTERS), x=0.01, ha="left", fontsize=8, color=NOTE_COLOUR
        )
        if history.demo:
            mark_demo(top, 44, rotation=0)
        return png(figure)
