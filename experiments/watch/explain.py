"""Why the forecast moved since last month: revisions, the new month, another model.

The older version's model is drawn again, step by step nearer to the newer version: on the data it
had, on those data as they are known now, on all data, and then the newer model takes its place.
Each step changes one thing, and the steps sum to the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from employment_forecast.data.catalogue import Series, printed
from employment_forecast.data.clock import month_key
from employment_forecast.data.errors import NotFoundError
from employment_forecast.data.targets import Target, in_force
from employment_forecast.experiments.job import ForecastJob
from employment_forecast.experiments.registry import StoredForecast, Version, load_version
from employment_forecast.experiments.registry.versions import versions
from employment_forecast.experiments.tracking import Tracker
from employment_forecast.experiments.watch.monitoring import in_force_by_month
from employment_forecast.experiments.watch.redraw import redraw
from employment_forecast.features.history import History
from employment_forecast.forecasting.assessment import assess_all
from employment_forecast.forecasting.backtest import Progress
from employment_forecast.models.paths import SamplePaths

STEPS = {
    "program": "程序与设置",
    "revisions": "旧月份数据的修订、先行指标与其他地区",
    "new_month": "新公布的月份",
    "model": "换用模型",
}


@dataclass(frozen=True)
class FigureChange:
    """One figure of both forecasts and the steps between them.

    Attributes
    ----------
    name : str
        Month `YYYY-MM`, or tier and period of a cap.
    before, after : float
        Printed median, or probability to three digits.
    effects : dict
        By step; they sum to `after - before`.
    """

    name: str
    before: float
    after: float
    effects: dict[str, float]


@dataclass(frozen=True)
class Explanation:
    """Why a forecast moved.

    Attributes
    ----------
    older, newer : Version
        The two forecasts.
    medians : tuple of FigureChange
        Months that both forecast.
    caps : tuple of FigureChange
        Probability of breaking the caps now in force.
    new_months : tuple of (str, float, float)
        Published since: month, median that had been forecast, outcome.
    revised : tuple of (str, float, float)
        Months whose value changed: month, then, now.
    """

    older: Version
    newer: Version
    medians: tuple[FigureChange, ...]
    caps: tuple[FigureChange, ...]
    new_months: tuple[tuple[str, float, float], ...]
    revised: tuple[tuple[str, float, float], ...]

    def document(self) -> dict[str, Any]:
        """JSON-able object."""

        def rows(items: Sequence[FigureChange]) -> list[dict[str, Any]]:
            return [
                {"name": m.name, "before": m.before, "after": m.after, "effects": m.effects}
                for m in items
            ]

        return {
            "registered_name": self.newer.registered_name,
            "older": {"version": self.older.version, "data_month": self.older.data_month,
                      "model": self.older.model},
            "newer": {"version": self.newer.version, "data_month": self.newer.data_month,
                      "model": self.newer.model},
            "demo": self.newer.demo,
            "steps": STEPS,
            "new_months": [
                {"month": m, "forecast": said, "outcome": came} for m, said, came in self.new_months
            ],
            "revised": [{"month": m, "then": a, "now": b} for m, a, b in self.revised],
            "medians": rows(self.medians),
            "caps": rows(self.caps),
        }  # fmt: skip


def pair(
    tracker: Tracker, series: Series, newer: str | None, older: str | None
) -> tuple[StoredForecast, StoredForecast]:
    """The two versions to be compared: in force now, and in force on older data.

    Raises
    ------
    NotFoundError
        If there are no such versions.
    """
    known = versions(tracker, series)
    by_number = {v.version: v for v in known}
    for number in (newer, older):
        if number is not None and number not in by_number:
            raise NotFoundError(
                f"{series.title}没有第 {number} 版。", "用 forecast models list 查看。"
            )
    now = by_number[newer] if newer else next((v for v in known if "champion" in v.aliases), None)
    earlier = in_force_by_month(known)
    then = by_number[older] if older else None
    if now is not None and then is None:
        before = [v for v in earlier if v.data_month < now.data_month and v.demo == now.demo]
        then = before[-1] if before else None
    if now is None or then is None:
        raise NotFoundError(
            f"{series.title}还没有两期现役预测可以比较。",
            "请在导入新月份后运行 forecast run --promote，或用 --version、--from 指定版本。",
        )
    return load_version(tracker, then), load_version(tracker, now)


def _cap_probabilities(
    targets: Sequence[Target], history: History, paths: SamplePaths, tested: int
) -> dict[str, float]:
    probabilities = {}
    for item in assess_all(targets, history, paths, tested).caps:
        if item.probability is not None:
            target = item.target
            probabilities[f"{target.tier} {target.period} {target.basis}"] = item.probability
    return probabilities


def explain(
    job: ForecastJob,
    older: StoredForecast,
    newer: StoredForecast,
    progress: Progress | None = None,
) -> Explanation:
    """Take the difference of two forecasts apart.

    Parameters
    ----------
    job : ForecastJob
        What to draw from; the targets in force for the newer forecast are assessed for both.
    older, newer : StoredForecast
        The two.
    progress : callable, optional
        As for `redraw`.

    Returns
    -------
    Explanation

    Raises
    ------
    NoModelError
        If the older model is not on the roster any more.
    """
    then, now = older.paths.origin, newer.paths.origin
    day = date.fromisoformat(newer.facts["as_of"])
    rows = job.vintages.rows
    upto = rows[rows["month"].to_numpy() <= month_key(then)]
    revised_only = replace(job, vintages=replace(job.vintages, rows=upto))
    day_then = date.fromisoformat(older.facts["as_of"])
    reach = older.paths.horizon
    stages: list[tuple[History, SamplePaths]] = [
        (older.history, older.paths),
        redraw(job, older.facts, day_then, reach, progress),
        redraw(revised_only, older.facts, day, reach, progress),
        redraw(job, older.facts, day, newer.paths.horizon, progress),
        (newer.history, newer.paths),
    ]
    region, indicator = job.series.region, job.series.indicator
    targets_in_force = in_force(
        job.targets, region.code, indicator.code, now + 1, day, demo=newer.history.demo
    )
    common = pd.period_range(now + 1, min(older.paths.months[-1], newer.paths.months[-1]), freq="M")
    precision = newer.history.precision
    medians = [
        {
            str(m): _printed(float(np.median(p.values[:, (m - p.origin).n - 1])), precision)
            for m in common
        }
        for _, p in stages
    ]
    tested = newer.tested_horizon
    chances = [_cap_probabilities(targets_in_force, h, p, tested) for h, p in stages]
    ahead = pd.period_range(then + 1, now, freq="M")
    said = older.paths.quantiles()[:, 4]
    published = newer.history
    return Explanation(
        older=older.version,
        newer=newer.version,
        medians=tuple(_moved(str(m), [s[str(m)] for s in medians], precision) for m in common),
        caps=tuple(
            _moved(name, [round(c[name], 3) for c in chances], 0.001)
            for name in chances[-1]
            if all(name in c for c in chances)
        ),
        new_months=tuple(
            (
                str(m),
                _printed(float(said[step]), precision),
                float(published.values[(m - published.start).n]),
            )
            for step, m in enumerate(ahead[: older.paths.horizon])
        ),
        revised=_revised(older.history, newer.history),
    )


def _printed(value: float, precision: float) -> float:
    return float(printed(np.array([value]), precision)[0])


def _moved(name: str, values: Sequence[float], precision: float) -> FigureChange:
    # Figures are whole multiples of the last printed digit, and so are the steps between them.
    units = [round(v / precision) for v in values]
    digits = max(0, -int(np.floor(np.log10(precision))))
    steps = {
        step: round((b - a) * precision, digits)
        for step, a, b in zip(STEPS, units[:-1], units[1:], strict=True)
    }
    return FigureChange(name, round(values[0], digits), round(values[-1], digits), steps)


def _revised(older: History, newer: History) -> tuple[tuple[str, float, float], ...]:
    before = dict(zip(older.months, older.values.tolist(), strict=True))
    after = dict(zip(newer.months, newer.values.tolist(), strict=True))
    return tuple(
        (str(m), before[m], after[m]) for m in before if m in after and before[m] != after[m]
    )
