"""Forecasts in force are scored as their months are published; why the next one moved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from support.memory_cache import Memory

from employment_forecast.data.catalogue.schema import Break
from employment_forecast.data.catalogue.series import Series
from employment_forecast.data.clock import key_month, month_end
from employment_forecast.data.errors import NoModelError, NotFoundError
from employment_forecast.data.records.vintages import Vintages
from employment_forecast.experiments.job import ForecastJob
from employment_forecast.experiments.registry import registry
from employment_forecast.experiments.tracking.tracker import Tracker
from employment_forecast.experiments.watch.explain import STEPS, explain, pair
from employment_forecast.experiments.watch.monitoring import observe, roll_back_after_alarm
from employment_forecast.features.history.build import from_known
from employment_forecast.forecasting.competition.compete import compete
from employment_forecast.forecasting.competition.issuing import rechosen
from employment_forecast.forecasting.competition.result import Competition, Options

FLOORS = ("random_walk", "drift", "seasonal_naive")


CELLS = Memory()


def competed(vintages: Vintages, series: Series, day: date, targets=()) -> Competition:
    options = Options(models=FLOORS, origins=12, n_paths=200)
    return compete(series, vintages, day, targets, options, CELLS)


def job_of(series: Series, vintages: Vintages, targets=()) -> ForecastJob:
    return ForecastJob(series, date(2026, 11, 20), Options(FLOORS), vintages, targets=targets)


@pytest.fixture
def months(
    vintages: Vintages,
    series: Series,
    record,
    tracker: Tracker,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., None]:
    """Run and promote in each of the months, a chosen model each time."""

    def call(*last: str, model: str = "random_walk") -> None:
        for month in last:
            day = month_end(key_month(int(month.replace("-", "")))) + timedelta(days=20)
            monkeypatch.setenv("FORECAST_TODAY", day.isoformat())
            record(rechosen(competed(vintages, series, day), model, "测试"))
            registry.promote(tracker, series, why="每月")

    return call


def history(vintages: Vintages, series: Series, day: str):
    when = date.fromisoformat(day)
    return from_known(vintages.as_of(when), series.region, series.indicator, when)


def test_there_is_nothing_to_watch_at_first(
    vintages, series: Series, tracker: Tracker, months
) -> None:
    known = history(vintages, series, "2026-11-20")
    assert observe(tracker, series, known) is None
    months("2026-10")
    observed = observe(tracker, series, known)
    assert observed is not None
    assert (observed.months, observed.charts, observed.rows) == (0, (), ())
    assert "没有等到" in observed.advice


def test_forecasts_are_held_against_what_was_published(
    vintages, series: Series, tracker: Tracker, months
) -> None:
    months("2026-06", "2026-07", "2026-08")
    known = history(vintages, series, "2026-11-20")
    observed = observe(tracker, series, known)
    assert observed is not None
    assert observed.months == 3
    ahead = [(r["origin"], r["months_ahead"]) for r in observed.rows]
    assert ahead == [
        *(("2026-06", h) for h in range(1, 5)),
        *(("2026-07", h) for h in range(1, 4)),
        *(("2026-08", h) for h in range(1, 3)),
    ]
    for row in observed.rows:
        assert row["outcome"] == known.series[row["month"]]
        assert row["inside80"] == (row["q10"] <= row["outcome"] <= row["q90"])
    assert [len(c.values) for c in observed.charts] == [3] * 5
    document = observed.document()
    assert document["false_alarm_months"] == 60
    assert [c["alarm"] for c in document["charts"]] == [None] * 5


@pytest.mark.soak
def test_charts_begin_anew_with_another_model(
    vintages, series: Series, tracker: Tracker, months
) -> None:
    months("2026-06")
    months("2026-07", "2026-08", model="drift")
    observed = observe(tracker, series, history(vintages, series, "2026-11-20"))
    assert observed is not None
    assert observed.months == 2
    assert {r["version"] for r in observed.rows} == {"1", "2", "3"}


def test_a_shift_of_the_series_raises_an_alarm_and_may_roll_back(
    vintages, series: Series, tracker: Tracker, months
) -> None:
    months("2026-03", model="drift")
    months("2026-04", "2026-05", "2026-06", "2026-07", "2026-08")
    known = history(vintages, series, "2026-11-20")
    calm = observe(tracker, series, known)
    assert calm is not None
    assert calm.alarms == ()
    assert roll_back_after_alarm(tracker, series, calm) is None
    # Every month 3,000 people more than the month before, where the model expects none.
    values = known.values.copy()
    values[-7:] += 3000.0 * np.arange(1, 8)
    observed = observe(tracker, series, replace(known, values=values))
    assert observed is not None
    assert {c.name for c in observed.charts if c.alarm is not None} >= {"above", "score"}
    assert "重新竞赛" in observed.advice
    # The previous version is of the same model: going back would not help.
    assert roll_back_after_alarm(tracker, series, observed) is None
    name = series.registered_name
    tracker.call("移动", lambda c: c.set_registered_model_alias(name, "previous", "1"))
    done = roll_back_after_alarm(tracker, series, observed)
    assert done is not None
    assert (done.version, done.model) == ("1", "drift")
    assert done.champion.tags["promoted_why"].startswith("自动：监测报警（")


def test_the_steps_between_two_forecasts_sum_to_the_whole(
    vintages, series: Series, tracker: Tracker, months, competition: Competition
) -> None:
    months("2026-08")
    months("2026-09", model="drift")
    then, now = pair(tracker, series, None, None)
    assert (then.version.version, now.version.version) == ("1", "2")
    explanation = explain(job_of(series, vintages, competition.targets), then, now)
    assert explanation.new_months[0][0] == "2026-09"
    assert explanation.revised == ()
    assert [m.name for m in explanation.medians] == [str(p) for p in now.paths.months[:11]]
    assert [m.name for m in explanation.caps] == ["municipal 2026 any_month"]
    for moved in (*explanation.medians, *explanation.caps):
        assert list(moved.effects) == list(STEPS)
        assert sum(moved.effects.values()) == pytest.approx(moved.after - moved.before, abs=1e-9)
        assert moved.effects["program"] == 0
        assert moved.effects["revisions"] == 0
    assert any(m.effects["new_month"] for m in explanation.medians)
    assert any(m.effects["model"] for m in explanation.medians)


@pytest.mark.soak
def test_a_revision_is_told_from_the_new_month(
    vintages, series: Series, tracker: Tracker, record, months, monkeypatch
) -> None:
    months("2026-08")
    rows = vintages.rows
    last = rows[rows["month"] == 202608].iloc[0]
    extra = last.to_frame().T.astype(rows.dtypes)
    extra["value"] += 500.0
    extra["published_on"] = np.datetime64("2026-10-05")
    extra["id"] = int(rows["id"].max()) + 1
    import pandas as pd

    both = pd.concat([rows, extra]).sort_values(["month", "published_on", "id"], ignore_index=True)
    revised = replace(vintages, rows=both)
    monkeypatch.setenv("FORECAST_TODAY", "2026-10-20")
    day = date(2026, 10, 20)
    record(rechosen(competed(revised, series, day), "random_walk", "测试"))
    registry.promote(tracker, series, why="每月")
    then, now = pair(tracker, series, None, None)
    explanation = explain(job_of(series, revised), then, now)
    assert [r[0] for r in explanation.revised] == ["2026-08"]
    first = explanation.medians[0].effects
    # A random walk starts from the last value: the revision lifts it, the new month puts it right.
    assert first["revisions"] == pytest.approx(500, abs=30)
    assert first["new_month"] == pytest.approx(
        now.history.values[-1] - now.history.values[-2], abs=40
    )


@pytest.mark.soak
def test_what_cannot_be_explained_is_said(
    vintages, series: Series, tracker: Tracker, months
) -> None:
    with pytest.raises(NotFoundError, match="还没有两期"):
        pair(tracker, series, None, None)
    months("2026-08", "2026-09")
    with pytest.raises(NotFoundError, match="没有第 7 版"):
        pair(tracker, series, "7", None)
    then, now = pair(tracker, series, "2", "1")
    gone = replace(then, facts={**then.facts, "model": "gone"})
    with pytest.raises(NoModelError):
        explain(job_of(series, vintages), gone, now)


@pytest.mark.soak
def test_a_change_of_definition_is_no_failure_of_the_model(
    vintages, series: Series, tracker: Tracker, months
) -> None:
    months("2026-06", "2026-07", "2026-08")
    known = history(vintages, series, "2026-11-20")
    values = known.values.copy()
    values[-3:] += 30_000.0  # August to October
    naive = observe(tracker, series, replace(known, values=values))
    assert naive is not None
    assert any(not row["inside80"] for row in naive.rows)
    for treatment in ("split", "dummy"):
        broken = Break("*", pd.Period("2026-08", "M"), treatment, "按新办法统计")
        indicator = replace(series.indicator, breaks=(broken,))
        after = replace(known, values=values)
        if treatment == "split":
            after = replace(after, start=broken.month, values=values[-3:])
        observed = observe(tracker, replace(series, indicator=indicator), after)
        assert observed is not None
        # June and July were forecast before the change; from August on only what August forecast
        # counts.
        compared = {(row["origin"], row["month"]) for row in observed.rows}
        assert all((month < "2026-08") == (origin < "2026-08") for origin, month in compared)
        assert ("2026-08", "2026-09") in compared
        assert ("2026-07", "2026-08") not in compared
        assert observed.notes[0].startswith("2026-08 起口径变化（按新办法统计）")
        assert observed.document()["notes"] == list(observed.notes)
        assert ("此前的月份不再监测" in observed.notes[0]) == (treatment == "split")
        assert observed.months == (1 if treatment == "split" else 2)
