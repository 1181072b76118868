"""Missing months are left to the models while few enough are missing, and always named."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from employment_forecast.data.errors import DataError
from employment_forecast.features.history.build import from_known
from employment_forecast.forecasting.backtest import Origin
from employment_forecast.forecasting.backtest.backtest import assemble
from employment_forecast.forecasting.scoring import scores


@pytest.fixture
def filled(vintages_of, jiading, unemployed):
    """History of a series from 2020-01 without some of its months, counted from 0."""

    def make(n, missing, gaps="fill"):
        rng = np.random.default_rng(n)
        values = np.round(np.exp(8 + np.cumsum(rng.normal(0, 0.02, n))))
        months = pd.period_range("2020-01", periods=n, freq="M")
        rows = [
            (str(m), v, m.end_time.date() + timedelta(10))
            for at, (m, v) in enumerate(zip(months, values, strict=True))
            if at not in missing
        ]
        known = vintages_of(rows, indicator=unemployed.code).as_of(date(2040, 1, 1))
        return from_known(known, jiading, unemployed, date(2040, 1, 1), gaps)

    return make


def test_single_months_stay_missing_and_are_named(filled):
    history = filled(49, {12, 30})
    assert len(history) == 49
    assert np.flatnonzero(history.missing).tolist() == [12, 30]
    assert np.isfinite(history.scaled).all()
    assert history.notes == ("缺 2021-01、2022-07，由模型补估，不作公布数",)
    assert len(history.series) == 47
    assert pd.Period("2021-01", "M") not in history.series.index
    whole = filled(49, set())
    same = ~history.missing
    assert np.array_equal(history.scaled[same], whole.scaled[same])
    assert history.fingerprint != whole.fingerprint


def test_a_long_gap_cuts_where_two_years_are_left(filled):
    history = filled(60, set(range(10, 17)) | {40})
    assert str(history.start) == "2021-06"
    assert np.flatnonzero(history.missing).tolist() == [40 - 17]
    (note,) = history.notes
    assert "2020-11" in note
    assert "只用 2021-06 以后的数据" in note
    assert "缺 2023-05，由模型补估" in note
    # Six in a row are filled.
    assert str(filled(60, set(range(10, 16))).start) == "2020-01"


def test_one_month_in_five_is_the_most(filled):
    every = set(range(2, 58, 5))
    assert filled(60, every).missing.sum() == 12
    with pytest.raises(DataError) as caught:
        filled(60, set(range(2, 58, 3)))
    assert "连续不超过 6 个月、合计不超过五分之一" in caught.value.message
    assert "gaps" in caught.value.hint


def test_too_little_after_a_long_gap_is_refused(filled):
    with pytest.raises(DataError):
        filled(40, set(range(10, 17)))


@pytest.mark.parametrize("gaps", ["refuse", "after"])
def test_who_sets_it_has_it_as_before(filled, gaps):
    if gaps == "after":
        assert str(filled(49, {12, 30}, gaps).start) == "2022-08"
        return
    with pytest.raises(DataError):
        filled(49, {12}, gaps)


def test_cut_histories_begin_and_end_with_published_months(filled):
    history = filled(49, {12, 30})
    assert str(history.last(37).start) == "2021-02"
    assert str(history.until(pd.Period("2022-07", "M")).origin) == "2022-06"


def test_scores_skip_what_was_never_published(filled):
    current = filled(49, {40})
    past = Origin(current.until(pd.Period("2023-03", "M")), current)
    backtest = assemble([past], Origin(current, current), {}, 4)
    assert np.isnan(backtest.outcomes[0]).tolist() == [False, True, False, False]
    values = np.array([1.0, np.nan, *range(3, 13), 4.0, 99.0, np.nan])
    assert scores.seasonal_scale(values) == 3.0
