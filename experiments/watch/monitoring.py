"""The forecasts that were in force, scored as their months are published, and watched for drift."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from employment_forecast.data.catalogue import Break, Series
from employment_forecast.experiments.promotion import GateEvidence, stored_evidence
from employment_forecast.experiments.registry import (
    PREVIOUS,
    Promotion,
    StoredForecast,
    Version,
    champion_of,
    holder_of,
    load_version,
    registry,
)
from employment_forecast.experiments.registry.versions import versions
from employment_forecast.experiments.tracking import Tracker
from employment_forecast.features.events import crosses
from employment_forecast.features.history import History
from employment_forecast.forecasting.competition import GateCondition, gate
from employment_forecast.forecasting.scoring import (
    FALSE_ALARM_MONTHS,
    SEASON,
    ControlChart,
    charts,
    covered,
    interval_score,
    probability_transform,
    seasonal_scale,
)

Floats = npt.NDArray[np.float64]
# Forecasts of three years are scored; older ones tell little about the model of today.
LONGEST = 36
SHOWN_MONTHS = 12


@dataclass(frozen=True)
class Monitoring:
    """What has become of the forecasts in force.

    Attributes
    ----------
    champion : Version
        In force now.
    rows : tuple of dict
        One per forecast and published month: version, month, months ahead, quantiles, outcome.
    charts : tuple of ControlChart
        Of the months since the present model came into force; empty before the first is published.
    coverage : tuple of GateCondition
        Of those months, one ahead, against the binomial law.
    months : int
        Months that the charts have seen.
    notes : tuple of str
        What is left out and why, in Chinese.
    """

    champion: Version
    rows: tuple[dict[str, Any], ...]
    charts: tuple[ControlChart, ...]
    coverage: tuple[GateCondition, ...]
    months: int
    notes: tuple[str, ...] = ()

    @property
    def alarms(self) -> tuple[str, ...]:
        """What has gone wrong, in Chinese."""
        alarmed = [f"{c.label}（{c.alarm} 起）" for c in self.charts if c.alarm is not None]
        return (*alarmed, *(c.text for c in self.coverage if c.state == "fail"))

    @property
    def advice(self) -> str:
        """What to do next, in Chinese."""
        if not self.months:
            return "现役模型的预测还没有等到公布的月份，尚无可监测的内容"
        if not self.alarms:
            return "未见异常，按月运行即可"
        return "请重新竞赛（forecast run --promote），并核对近期数据与口径"

    def document(self) -> dict[str, Any]:
        """JSON-able object."""
        return {
            "registered_name": self.champion.registered_name,
            "version": self.champion.version,
            "model": self.champion.model,
            "demo": self.champion.demo,
            "months": self.months,
            "false_alarm_months": FALSE_ALARM_MONTHS,
            "charts": [
                {
                    "name": c.name,
                    "label": c.label,
                    "value": round(float(c.values[-1]), 3) if len(c.values) else None,
                    "limit": round(c.limit, 3),
                    "alarm": None if c.alarm is None else str(c.alarm),
                }
                for c in self.charts
            ],
            "coverage": [
                {"name": c.name, "label": c.label, "state": c.state, "value": c.value,
                 "low": c.low, "high": c.high, "text": c.text}
                for c in self.coverage
            ],
            "alarms": list(self.alarms),
            "advice": self.advice,
            "notes": list(self.notes),
            "forecasts": list(self.rows),
        }  # fmt: skip


def in_force_by_month(known: list[Version]) -> list[Version]:
    """Of each data month the version that came into force last, oldest month first."""
    last: dict[str, Version] = {}
    for version in sorted((v for v in known if v.promotions), key=lambda v: v.promotions[-1]):
        last[version.data_month] = version
    return [last[month] for month in sorted(last)][-LONGEST:]


def _row(stored: StoredForecast, history: History, breaks: Sequence[Break]) -> list[dict[str, Any]]:
    """Published months of one forecast, up to a year ahead, of the definition that it knew."""
    table = stored.paths.table()
    outcomes = history.series.reindex(table.index).to_numpy(dtype=float)
    rows = []
    for ahead, (month, row) in enumerate(table.iterrows(), start=1):
        outcome = float(outcomes[ahead - 1])
        if (
            ahead > SHOWN_MONTHS
            or np.isnan(outcome)
            or crosses(stored.paths.origin + ahead, ahead, breaks)
        ):
            continue
        rows.append(
            {
                "version": stored.version.version,
                "label": stored.version.label,
                "origin": str(stored.paths.origin),
                "month": str(month),
                "months_ahead": ahead,
                "q10": round(float(row["q10"]), 4),
                "q50": round(float(row["q50"]), 4),
                "q90": round(float(row["q90"]), 4),
                "outcome": outcome,
                "error": round(outcome - float(row["q50"]), 4),
                "inside80": bool(row["q10"] <= outcome <= row["q90"]),
            }
        )
    return rows


def movement(history: History, breaks: Sequence[Break] = ()) -> pd.Series[float]:
    """Size of each month's movement beyond what the season explains, on the model's scale.

    The change of the twelve-month difference from one month to the next, absolute, of logarithms
    where the models work on logarithms; of months that no change of definition parts.
    """
    known = np.log(history.values) if history.transform == "log" else history.values
    values = pd.Series(known, index=history.months, dtype=float)
    moved = values.diff(SEASON).diff().abs().dropna()
    return moved[[not crosses(month, SEASON + 1, breaks) for month in moved.index]]


def _reference(evidence: GateEvidence, before: pd.Period) -> Floats:
    """Scaled one-month scores of the back-test whose months lie before monitoring began."""
    backtest = evidence.backtest
    quantiles = evidence.issued(evidence.model)
    if not backtest.horizon:
        return np.empty(0)
    scores = interval_score(quantiles[:, 0], backtest.outcomes[:, 0]) / backtest.scales
    earlier = np.asarray(backtest.months + 1 < before) & np.isfinite(scores)
    return np.asarray(scores[earlier], dtype=float)


def _published(history: History, month: pd.Period) -> float:
    return float(history.values[(month - history.start).n])


def _watched(
    live: list[StoredForecast],
    history: History,
    evidence: GateEvidence,
    breaks: Sequence[Break],
) -> tuple[list[ControlChart], list[GateCondition]]:
    """Charts and coverage of one-month forecasts that have met their outcome."""
    outcomes = np.array([_published(history, s.paths.origin + 1) for s in live])
    quantiles = np.stack([s.paths.quantiles()[0] for s in live])
    scales = np.array([seasonal_scale(s.history.values) for s in live])
    positions = [
        float(
            probability_transform(
                s.paths.values[:, :1], np.array([outcome]), seed=int(s.paths.origin.ordinal)
            )[0]
        )
        for s, outcome in zip(live, outcomes, strict=True)
    ]
    months = pd.PeriodIndex([s.paths.origin + 1 for s in live], freq="M")
    moved = movement(history, breaks)
    earlier = moved[moved.index < months[0]].to_numpy(dtype=float)[-LONGEST:]
    drawn = charts(
        months,
        np.asarray(interval_score(quantiles, outcomes) / scales),
        _reference(evidence, months[0]),
        np.array(positions),
        np.asarray(moved.reindex(months).fillna(0.0), dtype=np.float64),
        np.asarray(earlier, dtype=np.float64),
    )
    checks = [
        gate.one_step(covered(quantiles, outcomes, level), level, "现役预测")
        for level in gate.LEVELS
    ]
    return drawn, checks


def observe(tracker: Tracker, series: Series, history: History) -> Monitoring | None:
    """Score the forecasts that were in force against what has been published since.

    Parameters
    ----------
    tracker : Tracker
        Where.
    series : Series
        Which registered model.
    history : History
        What is known now.

    Returns
    -------
    Monitoring or None
        None before the first promotion.

    Raises
    ------
    StorageError
        If a version's files are missing or damaged.
    """
    champion = champion_of(tracker, series)
    if champion is None:
        return None
    known = [v for v in versions(tracker, series) if v.demo == champion.demo]
    forecasts = [load_version(tracker, v) for v in in_force_by_month(known)]
    forecasts = [f for f in forecasts if f.paths.origin < history.origin]
    breaks = series.indicator.breaks_in(series.region.code, history.demo)
    rows = [row for f in forecasts for row in _row(f, history, breaks)]
    notes = _definition_notes(forecasts, history, breaks)
    live: list[StoredForecast] = []
    for forecast in reversed(forecasts):
        if forecast.version.model != champion.model:
            break
        following = forecast.paths.origin + 1
        if following in history.series.index and not crosses(following, 1, breaks):
            live.insert(0, forecast)
    if not live:
        return Monitoring(champion, tuple(rows), (), (), 0, notes)
    drawn, checks = _watched(live, history, stored_evidence(tracker, champion), breaks)
    return Monitoring(champion, tuple(rows), tuple(drawn), tuple(checks), len(live), notes)


def _definition_notes(
    forecasts: Sequence[StoredForecast], history: History, breaks: Sequence[Break]
) -> tuple[str, ...]:
    """Changes of definition that part forecasts in force from what was published since."""
    notes = []
    for each in breaks:
        if not any(f.paths.origin < each.month <= history.origin for f in forecasts):
            continue
        why = f"（{each.note}）" if each.note else ""
        gone = "，此前的月份不再监测" if each.month == history.start else ""
        notes.append(
            f"{each.month} 起口径变化{why}：此前所作的预测不与变化后的公布数比较，"
            f"不算预测走样{gone}"
        )
    return tuple(notes)


def roll_back_after_alarm(
    tracker: Tracker, series: Series, monitoring: Monitoring
) -> Promotion | None:
    """Put the previous version back in force if the champion raised an alarm; None if not.

    Only a version of another model counts: older data of the same model would not help.
    """
    previous = holder_of(tracker, series, PREVIOUS)
    if not monitoring.alarms or previous is None or previous.model == monitoring.champion.model:
        return None
    why = f"自动：监测报警（{'；'.join(monitoring.alarms)}）"
    return registry.rollback(tracker, series, why)
