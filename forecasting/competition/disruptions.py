"""What models cannot be left alone with: a figure many times off, and a new level at the end.

A month that is ten times its neighbours, and the same month of other years, is an event or a slip,
no season; it is taken out of every history that has seen a year go on without it. A level that has
held for some months only is noise to a model that has seen ten years of calm: it forecasts a return
that nobody knows of. There half of the paths go on from the new level, in proportion to last year's
months, and the report says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.data.records import Shock
from employment_forecast.features.history import History
from employment_forecast.forecasting.backtest import Origin
from employment_forecast.forecasting.shocks import Proposal
from employment_forecast.models.paths import SamplePaths

Floats = npt.NDArray[np.float64]

SEASON = 12
MANY_TIMES = 10.0
# Months after which a level that stays is known to the models.
UNSETTLED_MONTHS = 6
_EDGES = (2.5, 97.5)


def slips(history: History) -> tuple[Shock, ...]:
    """Single months that are ten times the months around them, or a tenth, as events of one month.

    Only with a year of figures after them: before that nobody can tell one from a new level.
    """
    if history.transform != "log":
        return ()
    z = np.log(history.values)
    declared = {shock.month for shock in history.shocks}
    events = []
    inside = np.arange(2, len(z) - SEASON)
    beside = z[inside[:, None] + (-2, -1, 1, 2)]
    # A missing month is far from nothing, and nothing is far from one.
    far = np.abs(z[inside] - np.median(beside, axis=1)) >= np.log(MANY_TIMES)
    for at, around in zip(inside[far].tolist(), beside[far], strict=True):
        month = history.start + at
        if month in declared:
            continue
        years = z[at % SEASON :: SEASON]
        usual = np.sum(np.abs(years - z[at]) < np.log(MANY_TIMES) / 2) > 1
        if np.ptp(around) < np.log(MANY_TIMES) / 2 and not usual:
            events.append(_event(history, month))
    return tuple(events)


def _event(history: History, month: pd.Period) -> Shock:
    return Shock(
        region=history.region,
        indicator=history.indicator,
        month=month,
        kind="pulse",
        months=1,
        name="数值异常",
        source="数量级与前后月份不符",
        declared_on=history.as_of,
    )


def without_slips(history: History) -> History:
    """The history with its slips as events."""
    events = slips(history)
    if not events:
        return history
    return history.knowing(tuple(sorted((*history.shocks, *events), key=lambda s: s.month.ordinal)))


def cleaned(origin: Origin) -> Origin:
    """An origin whose histories take slips for what they are, as far as they were known then."""
    history = without_slips(origin.history)
    if history is origin.history:
        return origin
    if origin.estimation is origin.history:
        return Origin(history, history)
    return Origin(history, origin.estimation.knowing(history.shocks))


def slips_note(history: History) -> tuple[str, ...]:
    """What was taken out, in Chinese."""
    months = [s.month for s in without_slips(history).shocks if s not in history.shocks]
    if not months:
        return ()
    listed = "、".join(str(month) for month in months)
    return (
        f"{listed} 的数值与前后月份相差 {MANY_TIMES:.0f} 倍以上，按一次性事件处理，不计入季节规律；"
        "如系笔误请导入更正值",
    )


def continued(history: History, proposals: Sequence[Proposal], horizon: int) -> Floats | None:
    """Months ahead if a new level at the end stays, shape (horizon,); None without one.

    Last year's month times the movement over a year that the months of the new level show.
    """
    recent = [
        p
        for p in proposals
        if p.kind in ("step", "temporary") and 0 <= (history.origin - p.month).n < UNSETTLED_MONTHS
    ]
    begin = (recent[-1].month - history.start).n if recent else 0
    values = history.values
    if not recent or begin < SEASON or np.nanmin(values) <= 0:
        return None
    ratio = float(np.nanmean(values[begin:] / values[begin - SEASON : len(values) - SEASON]))
    ahead = len(values) + np.arange(horizon)
    reference = ahead - SEASON
    while (reference >= begin).any():
        reference = np.where(reference >= begin, reference - SEASON, reference)
    level = np.asarray(values[reference] * ratio, dtype=float)
    return level if np.isfinite(level).all() else None


def unsettled(paths: SamplePaths, level: Floats | None) -> bool:
    """Whether a new level lies outside what the paths hold possible for the next month."""
    if level is None or paths.values.min() <= 0:
        return False
    low, high = np.percentile(paths.values[:, 0], _EDGES)
    return not low <= level[0] <= high


def shared_between(paths: SamplePaths, level: Floats) -> SamplePaths:
    """Every second path moved so that its median is the new level."""
    values = paths.values.copy()
    values[::2] *= level / np.median(values, axis=0)
    return replace(paths, values=values)


def unsettled_note(history: History, proposals: Sequence[Proposal]) -> str:
    """The loud sentence."""
    first = max(p.month for p in proposals if p.kind in ("step", "temporary"))
    return (
        f"注意：自 {first} 起的水平变动不足 {UNSETTLED_MONTHS} 个月，模型按回落预测，"
        "数据尚不能说明它是否持续；现役预测的一半路径改为按新水平延续，各项概率据此计算"
    )
