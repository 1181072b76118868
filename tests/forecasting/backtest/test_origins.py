"""Origins are histories as they were known; estimation months come from the calendar alone."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.campaigns import examples

from employment_forecast.data.catalogue import Series, load_catalogue
from employment_forecast.data.clock import month_end
from employment_forecast.data.errors import DataError
from employment_forecast.forecasting.backtest.origins import (
    ESTIMATION_MONTHS,
    SETTLED_MONTHS,
    rolling_origins,
)

LATE = date(2030, 1, 1)


@pytest.fixture
def roll(vintages_of, jiading, unemployed):
    def make(rows, as_of=LATE, count=12, gaps="refuse", indicator=unemployed):
        vintages = vintages_of(rows, indicator=indicator.code)
        return rolling_origins(Series(jiading, indicator), vintages, as_of, count, gaps)

    return make


def months(origins) -> list[str]:
    return [str(o.month) for o in origins]


def test_the_months_before_the_current_one_oldest_first(roll, monthly, wandering):
    current, past = roll(monthly("2018-01", wandering(40)), count=5)
    assert str(current.month) == "2021-04"
    assert months(past) == ["2020-11", "2020-12", "2021-01", "2021-02", "2021-03"]
    for origin in past:
        assert origin.history.as_of == month_end(origin.month) + timedelta(days=10)
        assert origin.history.values.tolist() == wandering(40)[: len(origin.history)].tolist()


def test_no_more_than_there_are(roll, monthly, wandering):
    rows = monthly("2024-01", wandering(4))
    assert months(roll(rows, count=36)[1]) == ["2024-01", "2024-02", "2024-03"]
    current, past = roll(rows, count=0)
    assert (str(current.month), past) == ("2024-04", [])


def test_nothing_after_the_day_asked_for(roll, monthly, wandering):
    rows = monthly("2018-01", wandering(60))
    short = roll(rows, as_of=date(2021, 5, 10), count=6)
    known_then = roll(rows[:40], count=6)
    assert str(short[0].month) == "2021-04"
    assert months(short[1]) == months(known_then[1])
    for ours, theirs in zip(short[1], known_then[1], strict=True):
        assert ours.history.fingerprint == theirs.history.fingerprint


def test_two_months_published_on_one_day_are_one_origin(roll, monthly, wandering):
    rows = monthly("2019-01", wandering(30))
    # January and February 2021 appear together in March.
    together = date(2021, 3, 15)
    rows[24] = (rows[24][0], rows[24][1], together)
    rows[25] = (rows[25][0], rows[25][1], together)
    _, past = roll(rows, count=8)
    assert months(past) == [
        "2020-10", "2020-11", "2020-12", "2021-02", "2021-03", "2021-04", "2021-05",
    ]  # fmt: skip
    february = next(o for o in past if str(o.month) == "2021-02")
    assert february.history.as_of == together
    assert len(february.history) == 26


def test_a_late_month_takes_the_later_months_origin_with_it(roll, monthly, wandering):
    rows = monthly("2019-01", wandering(30))
    # January 2021 is published only after February: with the gap there is no February origin.
    rows[24] = (rows[24][0], rows[24][1], date(2021, 3, 20))
    assert months(roll(rows, count=8)[1]) == [
        "2020-10", "2020-11", "2020-12", "2021-03", "2021-04", "2021-05",
    ]  # fmt: skip


def test_origins_see_first_figures_and_the_current_history_the_revised(roll, monthly, wandering):
    rows = monthly("2019-01", wandering(30))
    revised = [*rows, (rows[10][0], 1.0, LATE)]
    current, past = roll(revised, count=10)
    assert current.history.values[10] == 1.0
    assert all(o.history.values[10] == rows[10][1] for o in past)


def test_origins_before_a_break_are_left_out(roll, monthly, wandering):
    own = load_catalogue(
        (),
        [{"code": "vacancies", "name": "空岗数", "kind": "stock", "unit": "个",
          "breaks": [{"month": "2021-01"}]}],
    ).indicator("vacancies")  # fmt: skip
    current, past = roll(monthly("2018-01", wandering(48)), count=24, indicator=own)
    assert str(current.history.start) == "2021-01"
    assert months(past)[0] == "2021-01"
    assert all(str(o.history.start) == "2021-01" for o in past)
    assert all(o.estimation.start == o.history.start for o in past)


def test_a_back_file_that_came_later_keeps_the_origins(roll, monthly, wandering):
    values = wandering(48)
    early = [(m, v, date(2021, 12, 20)) for m, v, _ in monthly("2018-01", values[:24])]
    rows = [*early, *monthly("2018-01", values)[24:]]
    current, past = roll(rows, count=12)
    assert str(current.history.start) == "2018-01"
    assert len(past) == 12
    assert {str(o.history.start) for o in past} == {"2020-01"}


def test_a_current_history_that_cannot_be_built_is_an_error(roll, monthly):
    with pytest.raises(DataError, match="没有"):
        roll(monthly("2024-01", [5.0] * 30), as_of=date(2020, 1, 1))


def test_what_never_changed_and_what_has_are_no_evidence_for_each_other(roll, monthly, wandering):
    assert len(roll(monthly("2020-01", [5.0] * 12), count=4)[1]) == 4
    moved = monthly("2020-01", [5.0] * 9 + list(wandering(3)))
    assert months(roll(moved, count=10)[1]) == ["2020-10", "2020-11"]


def test_a_past_that_cannot_be_built_only_shortens_the_evidence(roll, monthly, wandering):
    current, past = roll(monthly("2020-01", [5.0] * 6 + list(wandering(6))), count=10)
    assert len(current.history) == 12
    # Until July the series had never moved.
    assert months(past) == ["2020-07", "2020-08", "2020-09", "2020-10", "2020-11"]


def test_estimation_waits_for_june_and_december(roll, monthly, wandering):
    rows = monthly("2012-01", wandering(120))  # to 2021-12
    _, past = roll(rows, count=18)
    for origin in past:
        assert origin.estimation.origin.month in ESTIMATION_MONTHS
        assert 0 <= (origin.month - origin.estimation.origin).n < 6
        # As it was known when that month was published, not as revised since.
        assert origin.estimation.as_of <= origin.history.as_of
        n = len(origin.estimation)
        assert origin.estimation.values.tolist() == origin.history.values[:n].tolist()


def test_short_histories_are_estimated_anew_each_month(roll, monthly, wandering):
    _, past = roll(monthly("2018-01", wandering(SETTLED_MONTHS + 8)), count=30)
    for origin in past:
        fresh = origin.estimation is origin.history
        june = origin.month.month in ESTIMATION_MONTHS
        long_enough = len(origin.history) - (origin.month.month % 6) >= SETTLED_MONTHS
        assert fresh == (june or not long_enough)
    assert any(o.estimation is not o.history for o in past)


@settings(max_examples=examples(15), deadline=None)
@given(st.integers(0, 7), st.integers(0, 7))
def test_an_origin_is_the_same_whenever_it_is_looked_at(
    vintages_of, monthly, wandering, jiading, unemployed, later, earlier
):
    """No result depends on which runs were made: origin and estimation month follow the data."""
    rows = monthly("2012-01", wandering(88))
    vintages = vintages_of(rows)

    def fingerprints(as_of_row: int, count: int):
        day = rows[as_of_row][2]
        current, past = rolling_origins(Series(jiading, unemployed), vintages, day, count)
        return {
            o.month: (o.history.fingerprint, o.estimation.fingerprint) for o in [*past, current]
        }

    one, two = fingerprints(80 + later, 24), fingerprints(80 + earlier, 12)
    shared = one.keys() & two.keys()
    assert len(shared) >= 5
    assert all(one[m] == two[m] for m in shared)


@settings(max_examples=examples(25), deadline=None)
@given(
    changes=st.lists(st.tuples(st.integers(0, 89), st.integers(1, 30_000)), max_size=20),
    at=st.integers(70, 85),
)
def test_canary_later_publications_change_no_origin(
    vintages_of, monthly, wandering, jiading, unemployed, changes, at
):
    rows = monthly("2014-01", wandering(90))
    day = rows[at][2]
    after = [(rows[i][0], float(v), max(rows[i][2], day) + timedelta(days=1)) for i, v in changes]
    future = [r if r[2] <= day else (r[0], r[1] * 3 + 1, r[2]) for r in rows]

    series = Series(jiading, unemployed)

    def prints(given_rows):
        current, past = rolling_origins(series, vintages_of(given_rows), day, 12)
        return [(o.history.fingerprint, o.estimation.fingerprint) for o in [*past, current]]

    clean = prints([r for r in rows if r[2] <= day])
    assert prints([*future, *after]) == clean
    touched = [r if i != at else (r[0], r[1] + 1, r[2]) for i, r in enumerate(rows)]
    assert prints(touched)[-1] != clean[-1]
    assert prints(touched)[:-1] == clean[:-1]
