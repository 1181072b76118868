"""Warnings of 2020 to now, replayed: a command run with `python -m` and `--out DIR`.

The national surveyed rate, month by month in pseudo real time: data and targets as announced by
each day, paths of the robust combination calibrated on what was known, the probability that one of
the next three months is above the target in force, and the level of the default scheme. Nothing is
chosen by looking at the outcome.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from employment_forecast.data.bundled import sync
from employment_forecast.data.catalogue import Series, load_catalogue
from employment_forecast.data.files import write_atomically
from employment_forecast.data.store import Store
from employment_forecast.data.targets import Target, in_force, load_national_targets
from employment_forecast.data.workspace import FileCellCache
from employment_forecast.features.history import History
from employment_forecast.forecasting.assessment.events import above
from employment_forecast.forecasting.competition import Competition, Options
from employment_forecast.forecasting.competition.compete import compete
from employment_forecast.forecasting.documents.pictures import canvas, open_frame, png
from employment_forecast.forecasting.early_warning import (
    LevelDecision,
    LevelEvidence,
    decide_level,
    default_scheme,
)
from employment_forecast.forecasting.early_warning.evaluation import (
    Cases,
    Skill,
    accuracy_cut,
    auc,
    brier_skill,
    calibration_at,
    credit_scoring_cut,
    expanding_climatology,
    noise_to_signal_cut,
)
from employment_forecast.forecasting.early_warning.scheme import Scheme
from employment_forecast.models import roster
from employment_forecast.models.combining import MEMBERS
from employment_forecast.models.paths import SamplePaths

FIRST = pd.Period("2020-01", "M")
AHEAD = 3
# Speaks while the history is too short for every member of the combination.
STAND_IN = "random_walk"
COLOURS = {"yellow": "#f2c230", "orange": "#e8821e", "red": "#c62828", "none": "#d5d9de"}


@dataclass(frozen=True)
class Month:
    """One origin.

    Attributes
    ----------
    month : pandas.Period
        Newest month known.
    as_of : datetime.date
        Day of knowledge.
    latest : float
        Its value.
    targets : tuple of float
        Target in force for each of the next three months, as announced by the day.
    probability : float
        That one of them is above its target.
    event : bool or None
        Whether one was; None while not all are published and none is above.
    first : pandas.Period or None
        First month above.
    persistence : float
        1 if the newest month is above the next one's target, else 0.
    decision : LevelDecision
        Level of the default scheme, with hysteresis.
    model : str
        The combination, or the random walk while the history is too short for it.
    """

    month: pd.Period
    as_of: date
    latest: float
    targets: tuple[float, ...]
    probability: float
    event: bool | None
    first: pd.Period | None
    persistence: float
    decision: LevelDecision
    model: str


def _targets_then(history: History, targets: Sequence[Target]) -> tuple[float, ...]:
    """Monthly ceiling in force for each of the next months, as known then."""
    values = []
    for step in range(1, AHEAD + 1):
        targets_now = in_force(
            targets, history.region, history.indicator, history.origin + step, history.as_of
        )
        caps = [t.value for t in targets_now if t.basis == "any_month" and t.value is not None]
        values.append(caps[0] if caps else float("inf"))
    return tuple(values)


def replay(result: Competition, targets: Sequence[Target], scheme: Scheme) -> list[Month]:
    """Warnings at every origin from December 2019 on."""
    now, log = result.history, result.history.transform == "log"
    precision = now.precision
    months: list[Month] = []
    course: dict[pd.Period, float] = {}
    previous: LevelDecision | None = None
    for row, origin in enumerate(result.origins):
        history = origin.history
        said = {m: result.past_forecasts[m][row] for m in (roster.COMBINATION, STAND_IN)}
        model = next((m for m, raw in said.items() if isinstance(raw, SamplePaths)), None)
        if history.origin + 1 < FIRST or model is None:
            continue
        raw = said[model]
        assert isinstance(raw, SamplePaths)
        paths = calibration_at(result, model, history.origin).apply(raw, log)
        limits = np.array(_targets_then(history, targets))
        probability = float(above(paths.values[:, :AHEAD], limits, precision).any(axis=1).mean())
        coming = now.series.reindex(pd.period_range(history.origin + 1, periods=AHEAD, freq="M"))
        values = np.asarray(coming, dtype=float)
        over = np.isfinite(values) & above(np.nan_to_num(values), limits, precision)
        event = True if over.any() else (False if np.isfinite(values).all() else None)
        course[history.origin] = probability
        previous = decide_level(scheme, LevelEvidence(history.origin, {"目标": course}), previous)
        months.append(
            Month(
                month=history.origin,
                as_of=history.as_of,
                latest=float(history.values[-1]),
                targets=tuple(limits.tolist()),
                probability=probability,
                event=event,
                first=coming.index[int(np.argmax(over))] if over.any() else None,
                persistence=float(above(history.values[-1:], limits[0], precision)[0]),
                decision=previous,
                model=model,
            )
        )
    return months


def _cases(months: Sequence[Month]) -> Cases:
    """Settled months; years of origin are the clusters."""
    settled = [m for m in months if m.event is not None]
    return Cases(
        month=np.array([m.month.ordinal for m in settled], dtype=np.int64),
        probability=np.array([m.probability for m in settled]),
        event=np.array([bool(m.event) for m in settled]),
        episode=np.array([m.month.year for m in settled], dtype=np.int64),
        ahead=np.array([np.nan if m.first is None else (m.first - m.month).n for m in settled]),
        known=np.array([m.month.ordinal + AHEAD for m in settled], dtype=np.int64),
    )


def persistence_frequency(cases: Cases, state: np.ndarray[Any, np.dtype[np.float64]]) -> Any:
    """Event rate of earlier settled months in the same state, one of each added, shape (n,)."""
    rates = np.empty(len(cases))
    for i, month in enumerate(cases.month):
        before = (cases.known <= month) & (state == state[i])
        rates[i] = (cases.event[before].sum() + 1) / (before.sum() + 2)
    return rates


def scores(months: Sequence[Month]) -> dict[str, Any]:
    """Figures of the replay."""
    cases = _cases(months)
    state = np.array([m.persistence for m in months if m.event is not None])
    event = cases.event

    def skill(reference: Any) -> Skill:
        return brier_skill(cases.probability, reference, event, cases.episode)

    def brier(p: Any) -> float:
        return float(np.mean((p - event) ** 2))

    climatology, frequency = expanding_climatology(cases), persistence_frequency(cases, state)
    return {
        "months": len(cases),
        "events": int(event.sum()),
        "years": len(np.unique(cases.episode)),
        "auc": auc(cases.probability, event),
        "brier": brier(cases.probability),
        "brier_climatology": brier(climatology),
        "brier_persistence": brier(state),
        "brier_persistence_frequency": brier(frequency),
        "skill_climatology": skill(climatology),
        "skill_persistence": skill(state),
        "skill_persistence_frequency": skill(frequency),
        "cuts": {
            "noise_to_signal": noise_to_signal_cut(cases.probability, event),
            "credit_scoring": credit_scoring_cut(cases.probability, event),
            "accuracy": accuracy_cut(cases.probability, event),
        },
    }


def table(months: Sequence[Month]) -> pd.DataFrame:
    """One row for each month, as written to national_warnings.csv."""
    return pd.DataFrame(
        {
            "data_month": str(m.month),
            "as_of": m.as_of.isoformat(),
            "latest": m.latest,
            "target_next": m.targets[0],
            "probability": round(m.probability, 3),
            "level": m.decision.level,
            "raised_by": m.decision.raised_by,
            "event": "" if m.event is None else int(m.event),
            "first_above": "" if m.first is None else str(m.first),
            "persistence": int(m.persistence),
            "model": m.model,
        }
        for m in months
    )


def picture(months: Sequence[Month], history: History, scheme: Scheme) -> bytes:
    """Draw the rate with its target above, the probability and the level below."""

    def x(month: pd.Period) -> float:
        return float(month.year + (month.month - 1) / 12)

    with canvas(10, 6.4) as figure:
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[1.2, 1])
        shown = history.series[history.series.index >= months[0].month]
        upper.plot([x(m) for m in shown.index], shown.to_numpy(), color="#222222", lw=1.5,
                   marker="o", ms=2.5, label="公布值")  # fmt: skip
        upper.step([x(m.month + 1) for m in months], [m.targets[0] for m in months], where="mid",
                   color="#b3261e", lw=1.5, label="下月适用的目标（按当日已公布）")  # fmt: skip
        upper.set_ylabel("城镇调查失业率（%）")
        upper.set_title(
            "全国城镇调查失业率：目标、今后三个月突破的概率与所发等级（逐月回放）",
            loc="left",
            fontsize=12,
        )
        lower.bar([x(m.month) for m in months], [m.probability for m in months], width=0.07,
                  color=[COLOURS.get(m.decision.level, "#777777") for m in months])  # fmt: skip
        came = [m for m in months if m.event]
        lower.plot([x(m.month) for m in came], [1.05] * len(came), ls="", marker="v", ms=5,
                   color="#222222", label="此后三个月内确有突破")  # fmt: skip
        for level in scheme.levels:
            lower.axhline(level.probability, color=COLOURS.get(level.code, "#777777"), lw=1,
                          ls="--", label=f"{level.colour}界限 {level.probability:.2f}")  # fmt: skip
        lower.set(ylim=(0, 1.3), ylabel="三个月内突破的概率")
        first, last = months[0].month.year + 1, months[-1].month.year
        lower.set_xticks(range(first, last + 1), [f"{y}年" for y in range(first, last + 1)])
        for axes in (upper, lower):
            open_frame(axes, 0.7)
            axes.legend(loc="upper right", ncols=2, fontsize=9, frameon=False)
        return png(figure)


def compute(out: Path, origins: int, paths: int, seed: int, jobs: int) -> Competition:
    """Back-test the national rate with the members of the combination."""
    catalogue = load_catalogue()
    region = catalogue.region("全国")
    indicator = catalogue.indicator("surveyed_unemployment_rate")
    store = Store(f"sqlite:///{out / 'observations.db'}")
    try:
        sync(store, catalogue)
        vintages = store.vintages(region.code, indicator.code)
    finally:
        store.close()
    options = Options(
        models=(*MEMBERS, *roster.floors(), roster.COMBINATION),
        horizon=12,
        origins=origins,
        n_paths=paths,
        seed=seed,
        jobs=jobs,
    )
    last = max(vintages.rows["published_on"]).date()
    cells = FileCellCache(out / "cells", 512)
    return compete(Series(region, indicator), vintages, last, (), options, cells)


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def _line(name: str, skill: Skill) -> str:
    def text(value: float | None) -> str:
        return "—" if value is None else f"{value:.2f}"

    return f"{name}: {text(skill.value)} [{text(skill.low)}, {text(skill.high)}]"


def main(arguments: Sequence[str] | None = None) -> None:
    """Write national_warnings.csv and .png and print the scores."""
    parser = argparse.ArgumentParser(
        prog="python -m employment_forecast.experiments.benchmark.national_warnings",
        description="逐月回放全国城镇调查失业率的预警（准实时），写出表与图。",
    )
    parser.add_argument("--out", type=Path, required=True, help="输出文件夹；中断后可续算")
    parser.add_argument("--origins", type=int, default=96, help="最多回放的预测起点数")
    parser.add_argument("--paths", type=int, default=2000, help="每次预测的模拟路径数")
    parser.add_argument("--seed", type=int, default=1, help="随机种子")
    parser.add_argument("--jobs", type=int, default=1, help="工作进程数；结果与其无关")
    given = parser.parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    result = compute(given.out, given.origins, given.paths, given.seed, given.jobs)
    scheme = default_scheme(3)
    months = replay(result, load_national_targets(), scheme)
    text = table(months).to_csv(index=False, lineterminator="\n")
    write_atomically(given.out / "national_warnings.csv", text.encode("utf-8"))
    write_atomically(given.out / "national_warnings.png", picture(months, result.history, scheme))
    scored = scores(months)
    for key, value in scored.items():
        _say(_line(key, value) if isinstance(value, Skill) else f"{key}: {value}")


if __name__ == "__main__":
    main()
