"""Days and months, counted in Shanghai."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from employment_forecast.data import clock
from employment_forecast.data.errors import UsageError

months = st.builds(
    lambda y, m: pd.Period(year=y, month=m, freq="M"), st.integers(1900, 2100), st.integers(1, 12)
)


@given(months)
def test_month_key_is_yyyymm_and_back(month):
    key = clock.month_key(month)
    assert str(key) == month.strftime("%Y%m")
    assert clock.key_month(key) == month


@given(months, st.integers(0, 120))
def test_month_end_and_estimated_publication(month, lag):
    end = date(month.year, month.month, monthrange(month.year, month.month)[1])
    assert clock.month_end(month) == end
    assert clock.estimated_publication(month, lag) - end == timedelta(days=lag)


def test_estimated_publication_by_hand():
    assert clock.estimated_publication(pd.Period("2026-10", "M"), 10) == date(2026, 11, 10)
    assert clock.estimated_publication(pd.Period("2024-02", "M"), 17) == date(2024, 3, 17)
    assert clock.estimated_publication(pd.Period("2025-12", "M"), 0) == date(2025, 12, 31)


def test_today_is_the_day_in_shanghai(monkeypatch):
    class Fixed(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2026, 11, 22, 16, 30, tzinfo=UTC).astimezone(tz)

    monkeypatch.delenv("FORECAST_TODAY", raising=False)
    monkeypatch.setattr(clock, "datetime", Fixed)
    assert clock.today() == date(2026, 11, 23)  # half past midnight there
    assert clock.now().utcoffset() == timedelta(hours=8)


def test_the_day_can_be_set_for_replays(monkeypatch):
    monkeypatch.setenv("FORECAST_TODAY", "2021-03-05")
    assert clock.today() == date(2021, 3, 5)
    monkeypatch.setenv("FORECAST_TODAY", "soon")
    with pytest.raises(UsageError, match="FORECAST_TODAY"):
        clock.now()


@pytest.mark.parametrize(
    "text",
    ["2026-02-30", "26-11-23", "2026-11", "2026-W03", "2026-11/23", "0026-01-20", "", "昨天"],
)
def test_a_bad_day_is_a_usage_error_that_names_the_option(text):
    with pytest.raises(UsageError, match="--as-of") as caught:
        clock.parse_day(text, "--as-of")
    assert caught.value.exit_code == 2
    assert "年-月-日" in caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23",
        "2026/11/23",
        "2026.11.23",
        "2026年11月23日",
        "20261123",
        "２０２６－１１－２３ ",
    ],
)
def test_a_good_day_is_read_however_it_is_written(text):
    assert clock.parse_day(text, "--as-of") == date(2026, 11, 23)


def test_what_is_known_on_a_day_to_come_is_not_asked(monkeypatch):
    monkeypatch.setenv("FORECAST_TODAY", "2026-11-20")
    assert clock.parse_past_day("2026-11-20", "--as-of") == date(2026, 11, 20)
    with pytest.raises(UsageError, match="晚于今天（2026-11-20）"):
        clock.parse_past_day("2026-11-21", "--as-of")
