"""Fan chart: published values, forecast bands, cap lines."""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import cycle
from textwrap import fill
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from data.targets import TIER_NAMES
from forecasting.caps import Assessment
from forecasting.competition import Competition
from forecasting.document import BASES, DEMO_MARK
from forecasting.fonts import register
from models import roster
from models.paths import SamplePaths

SHOWN_MONTHS = 60
HALF_MONTH = 1 / 24
NOTE_CHARACTERS = 85  # of the note's size, in the width of the picture
CAP_COLOURS = ("#b3261e", "#c77700", "#6a1b9a", "#00695c")
_STYLE = {"axes.unicode_minus": False, "svg.hashsalt": "forecast", "font.size": 10.5}


def _x(months: pd.PeriodIndex) -> list[float]:
    return [float(m.year + (m.month - 1) / 12) for m in months]


def _fan(axes: Axes, paths: SamplePaths, last: float) -> None:
    table = paths.table()
    x = _x(pd.PeriodIndex([paths.origin, *paths.months]))

    def joined(column: str) -> list[float]:
        return [last, *table[column].tolist()]

    axes.fill_between(
        x, joined("q025"), joined("q975"), color="#1f5fa8", alpha=0.16, lw=0, label="95% 区间"
    )
    axes.fill_between(
        x, joined("q10"), joined("q90"), color="#1f5fa8", alpha=0.30, lw=0, label="80% 区间"
    )
    axes.plot(x, joined("q50"), color="#1f5fa8", lw=1.8, ls="--", label="预测中位数")


def _caps(axes: Axes, assessments: Sequence[Assessment]) -> None:
    levels: dict[tuple[float, str], list[str]] = {}
    spans: dict[tuple[float, str], tuple[float, float]] = {}
    for item in assessments:
        target = item.target
        if target.value is None:
            continue
        months = pd.PeriodIndex([target.first_month, target.last_month], freq="M")
        first, last = _x(months)
        key: tuple[float, str] = (target.value, target.tier)
        basis = f"{BASES[target.basis]}{'（演示）' if target.demo else ''}"
        levels.setdefault(key, []).append(basis)
        low, high = spans.get(key, (first, last))
        spans[key] = (min(low, first), max(high, last))
    for colour, ((value, tier), bases) in zip(cycle(CAP_COLOURS), levels.items(), strict=False):
        low, high = spans[value, tier]
        label = f"{TIER_NAMES[tier]}控制数 {value:,.12g} · {'、'.join(dict.fromkeys(bases))}"
        # Half a month to either side, so that the cap of a single month is seen.
        axes.hlines(value, low - HALF_MONTH, high + HALF_MONTH, color=colour, lw=1.8, label=label)


def fan_chart(result: Competition) -> bytes:
    """Draw the champion's forecast with the recent past and the caps.

    Parameters
    ----------
    result : Competition
        Outcome of the main job.

    Returns
    -------
    bytes
        PNG, 1500 x 825 pixels; the same result gives the same bytes.
    """
    history, indicator = result.history, result.indicator
    shown = history.series.iloc[-SHOWN_MONTHS:]
    family = register()
    style: Any = {**_STYLE, "font.family": [family]}
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(10, 5.5), dpi=150)
        figure.set_layout_engine("constrained", w_pad=0.12, h_pad=0.1)
        axes = figure.subplots()
        past = _x(pd.PeriodIndex(shown.index))
        axes.plot(past, shown.to_numpy(), color="#222222", lw=1.5, label="已公布")
        _fan(axes, result.champion_paths, float(shown.iloc[-1]))
        _caps(axes, result.assessments)
        axes.set_ylabel(f"{indicator.name}({indicator.unit})")
        # Steps of 1, 2, 5 and 10 at the published precision: a label never hides a digit.
        axes.yaxis.set_major_locator(MaxNLocator(nbins=8, steps=[1, 2, 5, 10]))
        axes.yaxis.set_major_formatter(lambda v, _: f"{v:,.{indicator.decimals}f}")
        first, last = past[0], _x(result.champion_paths.months)[-1]
        ticks = np.arange(np.ceil(first), np.floor(last) + 1)
        axes.set_xticks(ticks, [f"{int(t)}年" for t in ticks])
        axes.set_xlim(first - 0.1, last + 0.1)
        axes.grid(axis="y", color="#dddddd", lw=0.7)
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_title(
            f"{result.region.name} {indicator.name}预测（数据截至 {history.origin}）",
            loc="left",
            fontsize=13,
        )
        axes.legend(loc="upper left", ncols=2, fontsize=9, frameon=False)
        low, high = axes.get_ylim()
        axes.set_ylim(low, high + 0.22 * (high - low))
        note = f"来源：{'；'.join(history.sources)}  模型：{roster.label(result.choice.model)}"
        figure.supxlabel(
            fill(note, NOTE_CHARACTERS), x=0.01, ha="left", fontsize=8, color="#555555"
        )
        if result.demo:
            axes.text(
                0.5, 0.45, DEMO_MARK, transform=axes.transAxes, fontsize=54, color="#999999",
                alpha=0.25, ha="center", va="center", rotation=20,
            )  # fmt: skip
        stream = io.BytesIO()
        figure.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()
