"""Targets, warning lines and scenarios on the paths of a forecast, as library calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from employment_forecast.data.clock import parse_month
from employment_forecast.data.errors import UsageError
from employment_forecast.data.targets import Target, limit_at
from employment_forecast.experiments.library.forecasts import ForecastResult
from employment_forecast.experiments.library.notebook import drawing, html
from employment_forecast.features.history import History
from employment_forecast.forecasting.assessment import (
    Assessments,
    assess_all,
    assessable_cap,
    cap_id,
    cap_words,
)
from employment_forecast.forecasting.early_warning import load_scheme
from employment_forecast.forecasting.early_warning import warning_lines as lines_of
from employment_forecast.forecasting.scenario import (
    GivenAssumptions,
    Layoff,
    Range,
    Scenario,
    ScenarioComparison,
    compare_scenario,
)
from employment_forecast.models.paths import SamplePaths

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from employment_forecast.forecasting.early_warning.lines import Line

Share = float | tuple[float, float]
_CAP = (
    "p_any", "p_any_remaining", "p_end", "p_average", "p_ahead", "first_breach_month", "headroom",
)  # fmt: skip
_TOTAL = ("p_reach", "p_above", "expected", "q10", "q50", "q90", "needed_pace")
_MILESTONE = ("p_reach", "expected", "q10", "q50", "q90")


@dataclass(frozen=True)
class AssessmentResult:
    """Targets held against sample paths.

    Attributes
    ----------
    title : str
        Chinese name of the series.
    assessed : Assessments
        By kind of target; `joint` says how likely several caps break together.
    demo : bool
        Demonstration data or targets anywhere in it.
    """

    title: str
    assessed: Assessments
    demo: bool

    def to_frame(self) -> pd.DataFrame:
        """One row for each target.

        Returns
        -------
        pandas.DataFrame
            Columns `tier`, `direction`, `basis`, `period`, `value`; of caps `p_any`,
            `p_any_remaining`, `p_end`, `p_average`, `p_ahead`, `first_breach_month`, `headroom`; of
            totals and milestones `p_reach`, `expected`, `q10`, `q50`, `q90` and others. What does
            not apply is missing.
        """
        parts = (
            (self.assessed.caps, _CAP),
            (self.assessed.totals, _TOTAL),
            (self.assessed.levels, _MILESTONE),
        )
        rows = [
            {**_target(item.target), **{name: getattr(item, name) for name in names}}
            for items, names in parts
            for item in items
        ]
        return pd.DataFrame(rows)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw in which month each cap breaks first, and with what probability."""
        with drawing(ax, demo=self.demo) as axes:
            for item in self.assessed.caps:
                months = [str(month) for month, _ in item.first_breach]
                shares = [share for _, share in item.first_breach]
                axes.plot(months, shares, marker="o", label=cap_words(item.target))
            axes.set_ylim(0, 1)
            axes.set_ylabel("首次突破的概率")
            axes.set_title(f"{self.title}：首次突破月", loc="left")
            if self.assessed.caps:
                axes.legend(frameon=False)
        return axes

    def _repr_html_(self) -> str:
        return html(f"{self.title}：对照目标", self.to_frame(), demo=self.demo)


def _target(target: Target) -> dict[str, object]:
    names = ("tier", "direction", "basis", "period", "value")
    return {name: getattr(target, name) for name in names}


def assess(
    paths: ForecastResult | SamplePaths,
    targets: Sequence[Target] | Target | None = None,
    *,
    history: History | None = None,
    tested_months: int | None = None,
) -> AssessmentResult:
    """Hold targets against sample paths.

    Parameters
    ----------
    paths : ForecastResult or SamplePaths
        A forecast, or joint paths of any origin.
    targets : Target or sequence of Target, optional
        See `Series.target`; by default those in force that the forecast was made with.
    history : History
        Published values up to the origin; needed for bare paths.
    tested_months : int, optional
        Months ahead that a back-test covers; all by default for bare paths.

    Returns
    -------
    AssessmentResult

    Raises
    ------
    UsageError
        If the history or the targets of bare paths are missing.
    """
    if isinstance(paths, ForecastResult):
        result = paths.result
        known, draws, tested = result.history, paths.paths, paths.tested_months
        chosen, title = result.targets, paths.series.title
    elif history is None or targets is None:
        raise UsageError("只有模拟路径时，还要给出 history 与 targets。")
    else:
        known, draws, tested = history, paths, paths.horizon
        chosen, title = [], f"{history.region} {history.indicator}"
    if targets is not None:
        chosen = [targets] if isinstance(targets, Target) else list(targets)
    applied = _applied(paths, chosen, known)
    tested = tested if tested_months is None else tested_months
    assessments = assess_all(chosen, known, draws, tested, applied)
    return AssessmentResult(
        title, assessments, known.demo or any(t.demo for t in assessments.targets)
    )


class _AppliedTo:
    """Value of a target that applied to a published month."""

    def __init__(self, on_file: Sequence[Target], history: History) -> None:
        self.on_file, self.history = on_file, history

    def __call__(self, target: Target, month: pd.Period) -> float:
        return limit_at(target, self.on_file, month, self.history.as_of)


def _applied(
    paths: ForecastResult | SamplePaths, targets: Sequence[Target], history: History
) -> _AppliedTo:
    on_file = paths.series.targets if isinstance(paths, ForecastResult) else ()
    return _AppliedTo((*on_file, *(t for t in targets if t not in on_file)), history)


@dataclass(frozen=True)
class WarningLinesResult:
    """Warning lines (失业警戒线) of one cap.

    Attributes
    ----------
    forecast : ForecastResult
        Whose paths they follow from.
    target : Target
        The cap.
    lines : tuple of Line
        By month, then mildest level first.
    """

    forecast: ForecastResult
    target: Target
    lines: tuple[Line, ...]

    @property
    def demo(self) -> bool:
        """Demonstration data or a demonstration cap."""
        return self.forecast.result.history.demo or self.target.demo

    def to_frame(self) -> pd.DataFrame:
        """One row for each month and level.

        Returns
        -------
        pandas.DataFrame
            Columns `month`, `level`, `probability` (cut), `value` (a figure on it or above calls
            for the level), `state` (`line`, `unreachable` or `already`), `standard_error`.
        """
        names = ("month", "level", "probability", "value", "state", "standard_error")
        rows = [{name: getattr(line, name) for name in names} for line in self.lines]
        return pd.DataFrame(rows, columns=list(names))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the lines over the coming months, and the forecast's median."""
        table = self.to_frame()
        colours = {"blue": "#1f5fa8", "yellow": "#d4a800", "orange": "#e07000", "red": "#b3261e"}
        with drawing(ax, demo=self.demo) as axes:
            for level, rows in table.groupby("level", sort=False):
                months = [str(month) for month in rows["month"]]
                axes.plot(months, rows["value"], marker="o", color=colours[str(level)], label=level)
            months = [str(month) for month in dict.fromkeys(table["month"])]
            median = self.forecast.paths.table()["q50"].iloc[: len(months)]
            axes.plot(months, median, color="#222222", ls="--", label="预测中位数")
            axes.set_title(f"{self.forecast.series.title}：{cap_words(self.target)}", loc="left")
            axes.set_ylabel(self.forecast.history.unit)
            axes.legend(frameon=False)
        return axes

    def _repr_html_(self) -> str:
        table = self.to_frame().pivot_table(
            index="month", columns="level", values="value", sort=False
        )
        title = f"{self.forecast.series.title}警戒线：{cap_words(self.target)}"
        return html(title, table, demo=self.demo)


def warning_lines(
    forecast: ForecastResult,
    target: Target | None = None,
    *,
    cuts: Mapping[str, float] | None = None,
) -> WarningLinesResult:
    """Figures from which on a coming month calls for a warning level.

    Parameters
    ----------
    forecast : ForecastResult
        From `forecast`.
    target : Target, optional
        A cap; needed where several are in force.
    cuts : mapping, optional
        Probability by level code, mildest first; those of the settings by default.

    Returns
    -------
    WarningLinesResult
        Without lines where the paths do not reach the period's end.

    Raises
    ------
    UsageError
        If it is not clear which cap is meant.
    """
    history = forecast.history
    scheme = load_scheme(forecast.series.settings)
    caps = [t for t in forecast.result.targets if assessable_cap(t, history)]
    if target is None and len(caps) != 1:
        named = "；".join(f"{cap_id(cap)} {cap_words(cap)}" for cap in caps)
        raise UsageError(
            f"现行控制数有 {len(caps)} 个，须指明对照哪一个。",
            f"请用 target= 给出其中之一：{named}。" if caps else "请用 target= 给出一个控制数。",
        )
    chosen = caps[0] if target is None else target
    lines = lines_of(
        forecast.paths,
        history,
        chosen,
        scheme.cuts if cuts is None else cuts,
        leads=scheme.leads,
        applied=partial(_applied(forecast, [chosen], history), chosen),
    )
    return WarningLinesResult(forecast, chosen, tuple(lines))


@dataclass(frozen=True)
class ScenarioResult:
    """A scenario beside the forecast that it changes.

    Attributes
    ----------
    forecast : ForecastResult
        Baseline.
    comparison : ScenarioComparison
        Both sets of paths, assumptions and assessments.
    """

    forecast: ForecastResult
    comparison: ScenarioComparison

    @property
    def paths(self) -> SamplePaths:
        """Paths under the scenario; path j is baseline path j, changed."""
        return self.comparison.changed.champion_paths

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What it rests on, with sources, in Chinese."""
        return tuple(each.shown for each in self.comparison.stated)

    def assess(self) -> AssessmentResult:
        """The targets in force, assessed on the scenario's paths."""
        changed = self.comparison.changed
        assessments = Assessments(
            changed.assessments, changed.totals, changed.levels, changed.joint
        )
        return AssessmentResult(f"{self.forecast.series.title}（情景）", assessments, changed.demo)

    def to_frame(self) -> pd.DataFrame:
        """Medians by month: `baseline`, `scenario`, and the median `difference` of the paths."""
        before, after = self.forecast.paths, self.paths
        difference = pd.DataFrame(self.comparison.differences).median()
        return pd.DataFrame(
            {
                "baseline": before.table()["q50"],
                "scenario": after.table()["q50"],
                "difference": difference.to_numpy(),
            },
            index=before.months.rename("month"),
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw both fans."""
        from employment_forecast.forecasting.documents.chart import draw_caps, draw_fan

        last = float(self.forecast.history.values[-1])
        with drawing(ax, demo=self.forecast.result.demo) as axes:
            draw_fan(axes, self.forecast.paths, last, name="基线")
            draw_fan(axes, self.paths, last, "#c2410c", "情景")
            draw_caps(axes, self.forecast.result.assessments)
            axes.set_title(f"{self.forecast.series.title}：基线与情景", loc="left")
            axes.set_ylabel(self.forecast.history.unit)
            axes.legend(frameon=False)
        return axes

    def _repr_html_(self) -> str:
        title = f"{self.forecast.series.title}：基线与情景"
        demo = self.forecast.result.demo
        return html(title, self.to_frame(), demo=demo, notes=self.assumptions)


def scenario(
    forecast: ForecastResult,
    *,
    layoffs: Mapping[str, float] | None = None,
    new_jobs: float = 0.0,
    first: str | None = None,
    last: str | None = None,
    absorb: Share | None = None,
    registration: Share | None = None,
    pass_through: Share | None = None,
    reemployment: Share | None = None,
    labour_force: float | None = None,
) -> ScenarioResult:
    """Carry layoffs or a change of new jobs through the paths of a forecast.

    Parameters
    ----------
    forecast : ForecastResult
        Baseline.
    layoffs : mapping, optional
        People by month, such as `{"2026-12": 1500}`.
    new_jobs : float
        Change of new jobs as a share: -0.2 is a fifth less.
    first, last : str, optional
        Months in which new jobs change; all months ahead by default.
    absorb : float or (float, float), optional
        Months after which the people laid off have left the register.
    registration, pass_through, reemployment : float or (float, float), optional
        Shares, as in `forecast scenario`; its defaults otherwise.
    labour_force : float, optional
        People; needed for a rate.

    Returns
    -------
    ScenarioResult

    Raises
    ------
    UsageError
        If nothing is supposed to happen, or it does not fit the indicator or the months ahead.
    """
    if not layoffs and new_jobs == 0.0:
        raise UsageError("没有给出情景。", "请用 layoffs= 或 new_jobs= 说明假定发生什么。")
    what_if = Scenario(
        layoffs=tuple(
            Layoff(parse_month(month, "layoffs"), float(people))
            for month, people in (layoffs or {}).items()
        ),
        jobs_change=new_jobs,
        first=None if first is None else parse_month(first, "first"),
        last=None if last is None else parse_month(last, "last"),
    )
    given = GivenAssumptions(
        registration=_range(registration),
        absorb=_range(absorb),
        absorb_exact=isinstance(absorb, tuple),
        pass_through=_range(pass_through),
        reemployment=_range(reemployment),
        labour_force=labour_force,
    )
    series = forecast.series
    scheme = load_scheme(series.settings)
    comparison = compare_scenario(forecast.result, what_if, given, series.targets, scheme)
    return ScenarioResult(forecast, comparison)


def _range(value: Share | None) -> Range | None:
    if value is None:
        return None
    low, high = value if isinstance(value, tuple) else (value, value)
    return Range(float(low), float(high))
