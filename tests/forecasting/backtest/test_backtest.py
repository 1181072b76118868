"""Forecasts meet the outcomes they were about, cell by cell."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from employment_forecast.data.catalogue.schema import Break
from employment_forecast.forecasting.backtest.backtest import (
    assemble,
    describe_failures,
    from_table,
)
from employment_forecast.forecasting.backtest.origins import Origin
from employment_forecast.forecasting.scoring import scores
from employment_forecast.models.paths import QUANTILES, Failure, SamplePaths

HORIZON = 3


@pytest.fixture
def scene(history_of, wandering):
    """Five origins before a current one, and a model that says origin number + step."""
    values = wandering(40)
    histories = [history_of(values[:n]) for n in range(35, 41)]
    origins = [Origin(h, h) for h in histories[:-1]]

    def said(number: int, months: int = HORIZON) -> SamplePaths:
        steps = np.arange(1, months + 1)
        rows = values[34 + number] + steps + np.linspace(-1, 1, 11)[:, None]
        return SamplePaths(rows, histories[number].origin)

    current = Origin(histories[-1], histories[-1])
    return values, origins, current, said


def test_outcomes_are_the_months_after_each_origin(scene):
    values, origins, current, said = scene
    backtest = assemble(origins, current, {"m": [said(i) for i in range(5)]}, HORIZON)
    assert list(backtest.months) == [o.month for o in origins]
    assert backtest.horizon == HORIZON
    for i in range(5):
        for h in range(HORIZON):
            place = 35 + i + h
            if place < 40:
                assert backtest.outcomes[i, h] == values[place]
            else:
                assert math.isnan(backtest.outcomes[i, h])
    assert backtest.scales.tolist() == [scores.seasonal_scale(values[:n]) for n in range(35, 40)]


def test_scores_are_those_of_each_cell_over_the_scale(scene):
    _, origins, current, said = scene
    backtest = assemble(origins, current, {"m": [said(i) for i in range(5)]}, HORIZON)
    wis, errors = backtest.scaled_interval_scores("m"), backtest.scaled_errors("m")
    covered = backtest.coverage("m", 80)
    for i in range(5):
        quantiles = said(i).quantiles()
        for h in range(HORIZON):
            outcome = backtest.outcomes[i, h]
            if math.isnan(outcome):
                assert math.isnan(wis[i, h])
                assert math.isnan(errors[i, h])
                assert math.isnan(covered[i, h])
                continue
            assert wis[i, h] == pytest.approx(
                scores.interval_score(quantiles[h], outcome) / backtest.scales[i]
            )
            assert errors[i, h] == pytest.approx(
                abs(outcome - quantiles[h, 4]) / backtest.scales[i]
            )
            assert covered[i, h] == (quantiles[h, 2] <= outcome <= quantiles[h, 6])


def test_failures_are_kept_with_their_month_and_reason(scene):
    _, origins, current, said = scene
    outcomes = [said(0), Failure("不收敛"), said(2), Failure("太短"), said(4)]
    backtest = assemble(
        origins, current, {"m": outcomes, "n": [said(i) for i in range(5)]}, HORIZON
    )
    record = backtest.records["m"]
    assert record.works.tolist() == [True, False, True, False, True]
    assert record.failures == {origins[1].month: "不收敛", origins[3].month: "太短"}
    assert np.isnan(backtest.coverage("m", 95)[1]).all()
    assert backtest.records["n"].works.all()
    assert describe_failures(record, said(0)) == "5 个起点中有 2 个未得出预测（首个：不收敛）"
    assert describe_failures(record, Failure("此次失败")) == "此次失败"
    assert describe_failures(backtest.records["n"], said(0)) is None


def test_longer_paths_are_cut_to_the_horizon(scene):
    _, origins, current, said = scene
    backtest = assemble(origins, current, {"m": [said(i, 7) for i in range(5)]}, HORIZON)
    assert backtest.records["m"].quantiles.shape == (5, HORIZON, 9)
    assert (backtest.records["m"].quantiles[2] == said(2, 7).quantiles()[:HORIZON]).all()


def test_origins_without_a_scale_are_left_out(scene, history_of):
    _, origins, current, said = scene
    short = history_of([5.0], start=str(origins[0].month))
    backtest = assemble(
        [Origin(short, short), *origins[1:]], current, {"m": [said(i) for i in range(5)]}, HORIZON
    )
    assert list(backtest.months) == [o.month for o in origins[1:]]
    assert (backtest.records["m"].quantiles[0] == said(1).quantiles()).all()
    assert len(backtest.scales) == len(backtest.outcomes) == 4


def test_what_never_changed_is_measured_in_what_its_printing_leaves_out(scene, history_of):
    _, origins, current, said = scene
    still = history_of([5.0] * 13, start=str(origins[0].month - 12))
    backtest = assemble(
        [Origin(still, still), *origins[1:]], current, {"m": [said(i) for i in range(5)]}, HORIZON
    )
    assert backtest.scales[0] == still.precision / 2


def test_no_origins_at_all(scene):
    _, _, current, _ = scene
    backtest = assemble([], current, {"m": [], "n": []}, HORIZON)
    assert backtest.outcomes.shape == (0, HORIZON)
    assert backtest.records["m"].works.shape == (0,)
    assert backtest.table().empty
    assert "q50" in backtest.table().columns


def test_the_table_has_every_cell_once(scene):
    _, origins, current, said = scene
    outcomes = {"m": [said(i) for i in range(5)], "n": [said(0), *[Failure("x")] * 4]}
    backtest = assemble(origins, current, outcomes, HORIZON)
    table = backtest.table()
    names = ["model", "origin", "h", "month", *QUANTILES, "outcome", "scale"]
    assert list(table.columns) == names
    assert len(table) == 2 * 5 * HORIZON
    assert not table.duplicated(["model", "origin", "h"]).any()
    for row in table[table["model"] == "m"].itertuples():
        i = [str(o.month) for o in origins].index(row.origin)
        assert row.month == str(pd.Period(row.origin, "M") + row.h)
        assert row.q50 == said(i).quantiles()[row.h - 1, 4]
        outcome = backtest.outcomes[i, row.h - 1]
        assert row.outcome == outcome or (math.isnan(row.outcome) and math.isnan(outcome))
    assert (
        table[(table["model"] == "n") & (table["origin"] != str(origins[0].month))]["q50"]
        .isna()
        .all()
    )


def test_the_table_reads_back(scene):
    _, origins, current, said = scene
    outcomes = {"m": [said(i) for i in range(5)], "n": [said(0), *[Failure("x")] * 4]}
    backtest = assemble(origins, current, outcomes, HORIZON)
    again = from_table(backtest.table().sample(frac=1.0, random_state=1))
    assert list(again.months) == list(backtest.months)
    np.testing.assert_array_equal(again.outcomes, backtest.outcomes)
    np.testing.assert_array_equal(again.scales, backtest.scales)
    for name in ("m", "n"):
        np.testing.assert_array_equal(
            again.records[name].quantiles, backtest.records[name].quantiles
        )
        assert again.records[name].failures.keys() == backtest.records[name].failures.keys()
    with pytest.raises(ValueError, match="cells missing"):
        from_table(backtest.table().iloc[1:])
    with pytest.raises(ValueError, match="columns missing"):
        from_table(backtest.table().drop(columns="scale"))


def test_forecasts_from_elsewhere_are_aligned_on_common_origins(scene):
    _, origins, current, said = scene
    here = assemble(origins, current, {"m": [said(i) for i in range(5)]}, HORIZON)
    months = here.months[2:] + 1
    quantiles = np.stack([said(i).quantiles()[: HORIZON - 1] for i in range(3)])
    there = here.with_quantiles("old", months, quantiles).records["old"]
    np.testing.assert_array_equal(there.works, [False, False, False, True, True])
    np.testing.assert_array_equal(there.quantiles[3, : HORIZON - 1], quantiles[0])
    assert np.isnan(there.quantiles[:, HORIZON - 1]).all()
    assert list(there.failures) == list(here.months[:3])


def test_the_current_history_says_whether_days_were_estimated(scene, history_of, wandering):
    _, origins, _, said = scene
    history = history_of(wandering(40), pseudo_real_time=True)
    current = Origin(history, history)
    backtest = assemble(origins, current, {"m": [said(i) for i in range(5)]}, HORIZON)
    assert backtest.pseudo_real_time


def test_no_forecast_is_held_against_another_definition(scene, history_of):
    values, origins, _, said = scene
    change = Break("*", origins[2].month + 1, "dummy")
    history = history_of(values, breaks=(change,))
    backtest = assemble(
        origins, Origin(history, history), {"m": [said(i) for i in range(5)]}, HORIZON
    )
    known = np.isfinite(backtest.outcomes)
    assert known.tolist() == [
        [True, True, False],
        [True, False, False],
        [False] * 3,
        [True, True, False],
        [True, False, False],
    ]
