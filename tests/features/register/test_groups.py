import pandas as pd
import pytest

from employment_forecast.data.errors import DataError
from employment_forecast.features.register.groups import (
    group_shares,
    measure_of,
    refuse_mixed,
)

MONTHS = pd.period_range("2024-01", periods=2, freq="M")


def test_shares_by_hand() -> None:
    groups = pd.DataFrame({"graduates": [50.0, 30.0], "youth": [100.0, 0.0]}, index=MONTHS)
    shares = group_shares(groups, pd.Series([200.0, 0.0], index=MONTHS).replace(0.0, 40.0))
    assert shares["graduates"].tolist() == [25, 75]
    assert shares["youth"].tolist() == [50, 0]


def test_share_of_nobody_is_unknown() -> None:
    shares = group_shares(
        pd.DataFrame({"youth": [0.0, float("nan")]}, index=MONTHS),
        pd.Series([0.0, 10.0], index=MONTHS),
    )
    assert shares["youth"].isna().all()


@pytest.mark.parametrize("count", [-1.0, 201.0])
def test_impossible_group_is_refused(count: float) -> None:
    groups = pd.DataFrame({"高校毕业生": [50.0, count]}, index=MONTHS)
    with pytest.raises(DataError, match="2024-02 的高校毕业生"):
        group_shares(groups, pd.Series([200.0, 200.0], index=MONTHS))


def test_unmatched_months_are_refused() -> None:
    groups = pd.DataFrame({"graduates": [50.0, 60.0]}, index=MONTHS)
    with pytest.raises(DataError, match="月份不一致"):
        group_shares(groups, pd.Series([200.0], index=MONTHS[:1]))


@pytest.mark.parametrize(
    "codes",
    [
        ["registered_unemployment_rate", "surveyed_unemployment_rate"],
        [
            "surveyed_unemployment_rate_16_24_with_students",
            "surveyed_unemployment_rate_16_24_without_students",
        ],
        ["surveyed_unemployment_rate", "surveyed_unemployment_rate_16_24_with_students"],
    ],
)
def test_measures_are_kept_apart(codes: list[str]) -> None:
    with pytest.raises(DataError, match="不同的统计口径"):
        refuse_mixed(codes)


def test_one_measure_may_be_compared() -> None:
    refuse_mixed(["surveyed_unemployment_rate", "surveyed_unemployment_rate_31_cities", "new_jobs"])
    assert measure_of("new_jobs") is None
    assert measure_of("registered_unemployed") == measure_of("registered_unemployment_rate")
