from datetime import date

import numpy as np
import pandas as pd
import pytest

from employment_forecast.data.errors import DataError
from employment_forecast.features.calendar import regressors as calendar
from employment_forecast.features.calendar.workdays import (
    calendar_published,
    usual_days,
    working_days,
)


def month(text: str) -> pd.Period:
    return pd.Period(text, freq="M")


# Counted by hand from the State Council's notices: weekdays, less days off, plus weekends worked.
NOTICES = {
    "2015-09": 22 - 2 + 1,  # 3 and 4 September off, Sunday 6 worked
    "2019-04": 22 - 1 + 1,  # Qingming on 5 April, Sunday 28 worked
    "2019-05": 23 - 3 + 1,  # 1 to 3 May off, Sunday 5 worked
    "2020-01": 23 - 1 - 6 + 1,  # New Year, 24 and 27 to 31 January off, Sunday 19 worked
    "2020-02": 20,  # extended to 2 February, Saturday 1 no longer worked
    "2020-09": 22 + 1,  # Sunday 27 worked
    "2020-10": 22 - 6 + 1,  # 1 to 8 October off, Saturday 10 worked
    "2024-02": 21 - 5 + 2,  # 12 to 16 February off, Sundays 4 and 18 worked
    "2025-01": 23 - 1 - 4 + 1,  # New Year, 28 to 31 January off, Sunday 26 worked
    "2025-10": 23 - 6 + 1,  # 1 to 8 October off, Saturday 11 worked
}


@pytest.mark.parametrize(("text", "days"), NOTICES.items())
def test_official_calendar_is_used(text: str, days: int) -> None:
    table = working_days(month(text), 1)
    assert table["days"].tolist() == [days]
    assert table["official"].tolist() == [True]


def test_whole_years_have_the_published_number_of_working_days() -> None:
    assert working_days(month("2024-01"), 12)["days"].sum() == 251
    assert working_days(month("2025-01"), 12)["days"].sum() == 248


def test_unpublished_years_follow_the_law() -> None:
    # 2031, festival on Thursday 23 January: New Year's Day (Wednesday) and the eve (Wednesday
    # 22 January) to 25 January, a Saturday moved to Monday 27: 23 weekdays less 1 less 4.
    table = working_days(month("2031-01"), 1)
    assert table["days"].tolist() == [23 - 1 - 4]
    assert table["official"].tolist() == [False]
    # 中秋节 2031 falls on 国庆节: three days and one more, 1 to 3 and 6 October.
    assert working_days(month("2031-10"), 1)["days"].tolist() == [23 - 4]


def test_nothing_is_known_before_it_was_published() -> None:
    def days(text: str, as_of: date) -> int:
        return int(working_days(month(text), 1, as_of)["days"].iloc[0])

    # Statutory days of January 2020: 1, 27 (第三天) and, moved from the weekend, 28 and 29.
    assert days("2020-01", date(2020, 1, 26)) == 23 - 1 - 3
    assert days("2020-01", date(2020, 1, 27)) == NOTICES["2020-01"]
    assert not calendar_published(2019, date(2019, 3, 21))
    assert calendar_published(2019, date(2019, 3, 22))
    assert not calendar_published(2023, date(2022, 12, 30))
    assert calendar_published(2023, date(2022, 12, 31))
    assert not calendar_published(2060)
    mixed = working_days(month("2022-12"), 2, date(2022, 6, 1))
    assert mixed["official"].tolist() == [True, False]


def test_statutory_rule_misses_official_months_by_little() -> None:
    official = working_days(month("2008-01"), 19 * 12)["days"]
    lawful = working_days(month("2008-01"), 19 * 12, date(2000, 1, 1))["days"]
    assert (official - lawful).abs().mean() < 0.35
    assert abs((official - lawful).sum()) <= 4


def test_effect_carries_no_seasonality_under_present_law() -> None:
    effect = calendar.working_day_effect(month("2027-01"), 73 * 12, date(2026, 12, 1))
    means = np.exp(effect.to_numpy()).reshape(-1, 12).mean(axis=0)
    assert np.abs(means - 1).max() < 0.01
    assert usual_days()[1] < usual_days()[2]


def test_effect_by_hand() -> None:
    effect = calendar.working_day_effect(month("2025-10"), 1)
    assert effect.iloc[0] == pytest.approx(np.log(18 / usual_days()[9]))


def test_graduation_months() -> None:
    table = calendar.graduation(month("2024-06"), 5)
    assert table["graduation_entry"].tolist() == [0, 1, 0, 0, 0]
    assert table["graduation_absorption"].tolist() == [0, 0, 0, 1, 0]


def test_table_has_a_label_for_every_column() -> None:
    table = calendar.calendar_table(month("2024-01"), 24, date(2024, 6, 1))
    assert list(table.columns) == list(calendar.COLUMN_LABELS)
    assert np.isfinite(table.to_numpy()).all()
    assert table.index.equals(pd.period_range("2024-01", periods=24, freq="M"))


@pytest.mark.parametrize(("start", "periods"), [("2000-12", 1), ("2099-12", 2)])
def test_months_outside_are_refused(start: str, periods: int) -> None:
    with pytest.raises(DataError, match="超出工作日历的范围"):
        working_days(month(start), periods)
