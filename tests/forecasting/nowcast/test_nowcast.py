"""The month in progress: what its figures let expect, what that makes of the paths, no leak."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from employment_forecast.data.catalogue import Series
from employment_forecast.data.records import PART_COLUMNS, PartVintages
from employment_forecast.features.history import ModelInputs
from employment_forecast.forecasting.backtest import Origin
from employment_forecast.forecasting.competition import Options
from employment_forecast.forecasting.competition.compete import compete
from employment_forecast.forecasting.competition.issuing import rechosen
from employment_forecast.forecasting.nowcast import conditioned
from employment_forecast.forecasting.nowcast.closing import Closing, days_left, same_day
from employment_forecast.forecasting.nowcast.nowcast import _Learned, _stretched, _updated
from employment_forecast.models.paths import SamplePaths

STOCK = "registered_unemployed"


def parts_of(rows) -> PartVintages:
    """Figures (first day, last day, value, published on)."""
    frame = pd.DataFrame(
        [(*row, False, "测试", False, i) for i, row in enumerate(rows)], columns=list(PART_COLUMNS)
    )
    for name in ("first_day", "last_day", "published_on"):
        frame[name] = pd.to_datetime(frame[name])
    frame = frame.sort_values(["last_day", "first_day", "published_on", "id"], ignore_index=True)
    return PartVintages("310114", STOCK, frame)


def on(day: str, value: float, late: int = 1):
    d = date.fromisoformat(day)
    return d, d, value, d + timedelta(days=late)


@pytest.fixture
def closing(history_of):
    """Part-month figures beside a history that ends in 2025-10."""

    def make(values, rows, course, kind="stock", **changes):
        history = history_of(values, start=str(pd.Period("2025-10", "M") - len(values) + 1))
        history = replace(history, kind=kind, transform="none", **changes)
        end = history.origin.ordinal
        medians = {end - 1: values[-2], end: values[-1]} | dict(enumerate(course, end + 1))
        known = parts_of(rows).as_of(date(2026, 12, 31))
        return Closing(known, history, medians, date(2025, 12, 31))

    return make


NOVEMBER = pd.Period("2025-11", "M")


def test_the_same_day_has_as_many_working_days_left():
    # 2025 has 18 working days in February up to the 28th beside the festival that ends on 4
    # February; 2026's festival lies from the 15th to the 23rd, its Saturday the 28th is worked.
    late = date(2027, 1, 1)
    assert days_left(date(2025, 11, 20), late) == 6
    assert days_left(date(2025, 11, 30), late) == 0
    assert days_left(date(2026, 2, 14), late) == 5
    assert days_left(date(2025, 2, 21), late) == 5
    assert same_day(pd.Period("2025-02", "M"), 5, late) == date(2025, 2, 23)
    assert same_day(pd.Period("2025-02", "M"), 99, late) == date(2025, 2, 1)


def test_a_stock_goes_on_the_model_s_course_from_where_it_stands(closing):
    # Of the 20 working days of November 2025 14 are over on the 20th: 0.7 of the way to 120.
    bounds = closing([90.0, 100.0], [on("2025-11-20", 120.0)], [120.0]).expected(NOVEMBER)
    assert bounds == pytest.approx((126.0, 126.0))
    later = closing([90.0, 100.0], [on("2025-11-20", 120.0)], [120.0, 130.0])
    assert later.expected(NOVEMBER + 1) == pytest.approx((136.0, 136.0))


def test_a_stock_follows_last_year_from_the_same_day(closing):
    values = [100.0, 110.0, *[105.0] * 11]  # 2024-10, 2024-11, ...
    rows = [on("2024-11-10", 104.0), on("2024-11-20", 108.0), on("2025-11-20", 118.0)]
    latest, mean = closing(values, rows, [0.0]).expected(NOVEMBER)
    assert latest == pytest.approx(110 + 118 - 108)
    # One figure of the month so far, nothing later last year.
    assert mean == pytest.approx(110 + 118 - 106)
    # Eight days off: no figure of the same day.
    far = [on("2024-11-10", 104.0), on("2025-11-20", 118.0)]
    assert closing(values, far, [0.0]).expected(NOVEMBER) != pytest.approx((124.0, 124.0))


def test_a_flow_is_completed_by_working_days_or_by_last_year(closing):
    day, first = date(2025, 11, 20), date(2025, 11, 1)
    count = (first, day, 70.0, day)
    assert closing([80.0, 90.0], [count], [0.0], "flow").expected(NOVEMBER)[0] == (
        pytest.approx(100.0)
    )
    weeks = [
        (date(2025, 11, 1), date(2025, 11, 9), 30.0, day),
        (date(2025, 11, 10), date(2025, 11, 20), 40.0, day),
    ]
    assert closing([80.0, 90.0], weeks, [0.0], "flow").expected(NOVEMBER)[0] == (
        pytest.approx(100.0)
    )
    before = date(2024, 11, 21)
    last_year = (date(2024, 11, 1), before, 50.0, before)
    values = [1.0, 80.0, *[1.0] * 11]
    bounds = closing(values, [last_year, count], [0.0], "flow").expected(NOVEMBER)
    assert bounds[0] == pytest.approx(80 * 70 / 50)
    assert closing(values, [last_year, count], [0.0, 0.0], "flow").expected(NOVEMBER + 1) is None


@pytest.fixture
def situation(history_of):
    """A stock whose figure of the 20th is the month's to a tenth of the model's spread."""
    rng = np.random.default_rng(5)
    n = 60
    months = pd.period_range("2020-11", periods=n + 1, freq="M")
    changes = rng.normal(0, 0.02, n + 1)
    z = 9 + np.cumsum(changes)
    rows = [on(f"{m}-20", float(np.exp(z[i] + rng.normal(0, 0.002)))) for i, m in enumerate(months)]

    def at(i):
        history = replace(history_of(np.exp(z[:i]), start="2020-11"), precision=1.0)
        as_of = (months[i] - 1).end_time.date() + timedelta(days=12)
        paths = z[i - 1] + np.cumsum(rng.normal(0, 0.02, (2000, 6)), axis=1)
        return replace(history, as_of=as_of), SamplePaths(np.exp(paths), months[i] - 1)

    past = [at(i) for i in range(24, n)]
    history, paths = at(n)
    as_of = date(2025, 11, 22)
    return {
        "paths": paths,
        "history": replace(history, as_of=as_of),
        "parts": parts_of(rows),
        "as_of": as_of,
        "origins": [Origin(h, h) for h, _ in past],
        "hindcasts": [p for _, p in past],
        "factors": np.ones(6),
    }, float(np.exp(z[n]))


def test_a_telling_figure_narrows_the_month_and_moves_those_after_it(situation):
    given, outcome = situation
    after, nowcast = conditioned(**given)
    before = given["paths"]
    (row,) = nowcast.months
    assert str(row.month) == "2025-11"
    # Where the festival moved the same day before the 21st, its figure was not out yet.
    assert row.learned >= 34
    assert row.narrower > 0.75
    assert row.after[0] < outcome < row.after[2]
    z, own = np.log(after.values), np.log(before.values)
    moved = np.median(z[:, 0]) - np.median(own[:, 0])
    # A random walk: what the month has moved, all later months move.
    assert np.median(z[:, 5]) - np.median(own[:, 5]) == pytest.approx(moved, abs=0.004)
    # The steps after the month stay as unsure as they were.
    assert np.diff(z, axis=1).std() == pytest.approx(np.diff(own, axis=1).std(), rel=0.05)


def test_nothing_changes_without_figures_or_without_earlier_months(situation):
    given, _ = situation
    none = parts_of([])
    assert conditioned(**{**given, "parts": none}) == (given["paths"], None)
    old = given["parts"].rows[given["parts"].rows["last_day"] < "2025-10-01"]
    assert conditioned(**{**given, "parts": replace(none, rows=old)})[1] is None
    paths, nowcast = conditioned(**{**given, "origins": [], "hindcasts": []})
    assert paths is given["paths"]
    assert nowcast.months == ()
    assert nowcast.value == pytest.approx(given["parts"].rows["value"].iloc[-1])


def test_few_earlier_months_leave_more_to_the_model(situation):
    given, _ = situation
    narrower = []
    for n in (1, 4, 36):
        few = {"origins": given["origins"][-n:], "hindcasts": given["hindcasts"][-n:]}
        narrower.append(conditioned(**{**given, **few})[1].months[0].narrower)
    assert narrower == sorted(narrower)


@pytest.mark.parametrize(
    ("backlog", "near", "far"),
    [(1.0, (0.77, 0.83), (0.94, 0.97)), (5.0, (0.74, 0.81), (0.91, 0.96))],
)
def test_intervals_hold_for_calm_closings_and_for_backlogs(backlog, near, far):
    """36 months close with normal errors, or a tenth of them five times as far off."""
    rng = np.random.default_rng(1)
    n, tries = 36, 3000
    inside = np.zeros(3)
    for _ in range(tries):
        errors = rng.normal(0, 0.2, n + 1) * np.where(rng.random(n + 1) < 0.1, backlog, 1.0)
        expected = rng.normal(0, 1, n + 1)
        pairs = np.column_stack([expected, expected])
        learned = _Learned(pairs[:n], (expected + errors)[:n], np.arange(n, 0.0, -1.0))
        law = _updated(pairs[n], learned)
        off = abs(expected[n] + errors[n] - law.middle) / law.spread
        inside += off <= np.array([1.2816, *_stretched(np.array([1.96]), law.tail), 1.96])
    shares = inside / tries
    assert near[0] < shares[0] < near[1]
    assert far[0] < shares[1] < far[1]
    # Without the stretch the outer interval would hold less often.
    assert shares[2] < shares[1] - 0.01


def test_figures_that_tell_nothing_change_nothing(situation):
    given, _ = situation
    rows = given["parts"].rows.copy()
    rng = np.random.default_rng(1)
    rows["value"] = rows["value"].to_numpy() * np.exp(rng.normal(0, 0.3, len(rows)))
    paths, nowcast = conditioned(**{**given, "parts": replace(given["parts"], rows=rows)})
    assert paths is given["paths"]
    assert nowcast.months == ()


def test_what_was_published_later_changes_nothing_and_earlier_ones_do(situation):
    """Leak test with its positive control."""
    given, _ = situation
    base = conditioned(**given)[0].values
    rows = given["parts"].rows
    rng = np.random.default_rng(2)

    def changed(published, factor):
        extra = rows.sample(20, random_state=3).copy()
        extra["value"] *= factor
        extra["published_on"] = pd.Timestamp(published)
        extra["id"] += 1000
        both = pd.concat([rows, extra]).sort_values(
            ["last_day", "first_day", "published_on", "id"], ignore_index=True
        )
        return conditioned(**{**given, "parts": replace(given["parts"], rows=both)})[0].values

    later = given["as_of"] + timedelta(days=1)
    for factor in rng.uniform(0.2, 5, 3):
        assert changed(later, factor).tobytes() == base.tobytes()
    # Known on the day itself, though later than any origin: only the month's own figure counts.
    own = rows["last_day"] == rows["last_day"].max()
    revised = rows[own].assign(
        value=rows[own]["value"] * 1.03, published_on=pd.Timestamp(given["as_of"]), id=5000
    )
    both = pd.concat([rows, revised], ignore_index=True)
    control = conditioned(**{**given, "parts": replace(given["parts"], rows=both)})[0].values
    assert np.median(control[:, 0]) / np.median(base[:, 0]) == pytest.approx(1.03, abs=0.005)


def test_a_run_starts_from_the_month_in_progress(
    vintages_of, monthly, wandering, jiading, unemployed
):
    values = wandering(60)
    vintages = vintages_of(monthly("2020-11", list(values[:59])))
    months = pd.period_range("2020-11", periods=60, freq="M")
    parts = parts_of([on(f"{m}-20", v * 1.001) for m, v in zip(months, values, strict=True)])
    options = Options(models=("random_walk", "drift", "seasonal_naive"), origins=24, n_paths=200)
    day = date(2025, 10, 25)

    def run(inputs):
        return compete(Series(jiading, unemployed), vintages, day, (), options, inputs=inputs)

    plain, with_parts = run(ModelInputs()), run(ModelInputs(part_months=parts))
    assert plain.nowcast is None
    assert plain.part_months_identity == ""
    assert with_parts.nowcast.months[0].narrower > 0.5
    low, _, high = with_parts.nowcast.months[0].after
    assert low < values[59] < high
    other = next(m for m in options.models if m != with_parts.choice.model)
    assert rechosen(with_parts, other, "").nowcast.months[0].narrower > 0.5
    # What the models know of the past is the same.
    assert with_parts.history.fingerprint == plain.history.fingerprint
