from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from employment_forecast.data.errors import DataError
from employment_forecast.features.calendar import regressors as calendar
from employment_forecast.features.calendar.festival import (
    CENTRING_YEARS,
    DEFAULT_WINDOWS,
    Windows,
    centred_shares,
    spring_festival,
    window_shares,
)

# Gregorian-Lunar Calendar Conversion Table, Hong Kong Observatory: month and day on which the
# lunar year begins, 2000 to 2035.
PUBLISHED = (
    "02-05 01-24 02-12 02-01 01-22 02-09 01-29 02-18 02-07 01-26 02-14 02-03 "
    "01-23 02-10 01-31 02-19 02-08 01-28 02-16 02-05 01-25 02-12 02-01 01-22 "
    "02-10 01-29 02-17 02-06 01-26 02-13 02-03 01-23 02-11 01-31 02-19 02-08"
)

windows = st.tuples(st.integers(-60, 60), st.integers(0, 40)).map(
    lambda w: (w[0], min(w[0] + w[1], 60))
)


def month(text: str) -> pd.Period:
    return pd.Period(text, freq="M")


def slow_shares(start: pd.Period, periods: int, window: tuple[int, int]) -> list[float]:
    first, last = window
    counts = {}
    for year in range(start.year - 1, start.year + periods // 12 + 3):
        for k in range(first, last + 1):
            day = spring_festival(year) + timedelta(days=k)
            counts[day.year, day.month] = counts.get((day.year, day.month), 0) + 1
    months = [start + i for i in range(periods)]
    return [counts.get((m.year, m.month), 0) / (last - first + 1) for m in months]


@pytest.mark.parametrize(("year", "day"), list(enumerate(PUBLISHED.split(), start=2000)))
def test_festival_falls_on_the_published_day(year: int, day: str) -> None:
    assert spring_festival(year) == date.fromisoformat(f"{year}-{day}")


def test_published_table_reaches_2035() -> None:
    assert len(PUBLISHED.split()) == 36


def test_festival_lies_between_21_january_and_21_february() -> None:
    days = [spring_festival(y) for y in range(1950, 2101)]
    assert all((1, 21) <= (d.month, d.day) <= (2, 21) for d in days)


@pytest.mark.parametrize("year", [1949, 2101])
def test_years_outside_the_calendar_are_refused_in_chinese(year: int) -> None:
    with pytest.raises(DataError, match=f"没有 {year} 年的春节日期"):
        spring_festival(year)


def test_shares_by_hand() -> None:
    # 2024: 正月初一 on 10 February. Days -7..-1 and 0..7 lie in February; 8..21 are 18 February
    # to 2 March: 12 of 14 days in February (leap year), 2 in March.
    start = month("2024-01")
    assert window_shares(start, 4, (-7, -1)).tolist() == [0, 1, 0, 0]
    assert window_shares(start, 4, (0, 7)).tolist() == [0, 1, 0, 0]
    assert window_shares(start, 4, (8, 21)) == pytest.approx([0, 12 / 14, 2 / 14, 0])
    # 2023: 22 January. Days -7..-1 in January, 0..7 are 22 to 29 January, 8..21 are 30 January
    # to 12 February: 2 of 14 in January.
    assert window_shares(month("2023-01"), 2, (8, 21)) == pytest.approx([2 / 14, 12 / 14])
    # A long window before an early festival reaches the year before: 2023-01-22 less 30 days.
    assert window_shares(month("2022-12"), 2, (-30, -1)) == pytest.approx([9 / 30, 21 / 30])


@given(windows, st.integers(1952, 2090), st.integers(1, 40))
def test_shares_agree_with_counting_days(window: tuple[int, int], year: int, periods: int) -> None:
    start = month(f"{year}-03")
    assert window_shares(start, periods, window) == pytest.approx(
        slow_shares(start, periods, window)
    )


@given(windows, st.integers(1951, 2098))
def test_shares_around_one_festival_sum_to_one(window: tuple[int, int], year: int) -> None:
    # From September to August every window of the festival in between is complete.
    assert window_shares(month(f"{year - 1}-09"), 12, window).sum() == pytest.approx(1.0)


# Festivals fall on 21 January or later: these windows never reach into the year before.
@given(windows.filter(lambda w: w[0] >= -20))
def test_centred_shares_carry_no_seasonality(window: tuple[int, int]) -> None:
    years = (len(CENTRING_YEARS), 12)
    shares = centred_shares(month("1950-01"), len(CENTRING_YEARS) * 12, window).reshape(years)
    assert np.abs(shares.mean(axis=0)).max() < 1e-12
    stock = centred_shares(month("1950-01"), len(CENTRING_YEARS) * 12, window, stock=True)
    assert np.abs(stock.reshape(years)[:, 4:]).max() < 1e-9
    assert np.abs(stock.reshape(years).mean(axis=0)).max() < 1e-9


def test_stock_shares_are_the_running_sum_of_flow_shares() -> None:
    flow = centred_shares(month("2020-05"), 30, (8, 21))
    stock = centred_shares(month("2020-05"), 30, (8, 21), stock=True)
    assert stock == pytest.approx(np.cumsum(flow), abs=1e-9)


@pytest.mark.parametrize("window", [(3, 2), (-61, 0), (0, 61)])
def test_impossible_windows_are_refused(window: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="window"):
        window_shares(month("2020-01"), 12, window)


@pytest.mark.parametrize(("start", "periods"), [("1949-12", 1), ("2099-12", 2)])
def test_months_outside_the_calendar_are_refused(start: str, periods: int) -> None:
    with pytest.raises(DataError, match="超出春节历的范围"):
        window_shares(month(start), periods, (0, 7))


def test_regressors_have_the_three_default_columns() -> None:
    table = calendar.regressors(month("2023-11"), 18)
    assert list(table.columns) == ["festival_before", "festival_during", "festival_after"]
    assert table.index[0] == month("2023-11")
    assert len(table) == 18
    for name, window in zip(table.columns, DEFAULT_WINDOWS, strict=True):
        assert table[name].to_numpy() == pytest.approx(centred_shares(month("2023-11"), 18, window))
    quiet = table[~np.isin(table.index.month, (1, 2, 3))]
    assert (quiet.to_numpy() == 0).all()


def test_regressors_take_other_windows() -> None:
    table = calendar.regressors(month("2024-01"), 3, Windows((-14, -1), (0, 3), (4, 10)))
    mean = centred_shares(month("2024-01"), 3, (-14, -1))
    assert table["festival_before"].to_numpy() == pytest.approx(mean)


def test_changing_a_returned_table_changes_nothing_else() -> None:
    first = calendar.regressors(month("2020-01"), 12)
    first.iloc[:, :] = 9.0
    assert calendar.regressors(month("2020-01"), 12).to_numpy().max() < 1.0


def test_known_effect_is_recovered_within_its_error() -> None:
    # y = month means + X b + noise; OLS intervals must cover the true effects as they promise.
    rng = np.random.default_rng(20240210)
    effect = np.array([-0.04, -0.10, 0.06])
    n, runs = 144, 200
    x = calendar.regressors(month("2012-01"), n).to_numpy()
    design = np.column_stack([np.eye(12)[np.arange(n) % 12], x])
    inverse = np.linalg.inv(design.T @ design)
    covered = np.zeros(3)
    estimates = []
    for _ in range(runs):
        y = 5 + 0.1 * np.sin(np.arange(n) * np.pi / 6) + x @ effect + rng.normal(0, 0.03, n)
        b = inverse @ design.T @ y
        variance = ((y - design @ b) ** 2).sum() / (n - 15)
        error = np.sqrt(variance * np.diag(inverse)[12:])
        covered += np.abs(b[12:] - effect) <= 1.978 * error
        estimates.append(b[12:])
    assert np.abs(covered / runs - 0.95).max() < 0.05
    assert np.abs(np.mean(estimates, axis=0) - effect).max() < 0.005
