import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from employment_forecast.data.errors import DataError
from employment_forecast.features.monthly.cumulative import (
    MARK_LABELS,
    accumulate,
    to_monthly,
    to_year_to_date,
)


def totals(given_totals: dict[str, float]) -> pd.Series:
    index = pd.PeriodIndex(list(given_totals), freq="M")
    return pd.Series(list(given_totals.values()), index=index, dtype=float)


def whole_year(year: int, flows: list[float]) -> dict[str, float]:
    sums = np.cumsum(flows)
    return {f"{year}-{i + 1:02d}": float(sums[i]) for i in range(len(flows))}


def test_fully_published_year_by_hand() -> None:
    result = to_monthly(totals({"2024-01": 10, "2024-02": 15, "2024-03": 27, "2024-04": 27}))
    assert result.values.tolist() == [10, 5, 12, 0]
    assert result.marks.tolist() == ["observed"] * 4
    assert result.notes == ()


def test_january_and_february_together_by_working_days() -> None:
    # January 2024 had 22 working days, February 18.
    result = to_monthly(totals({"2023-12": 500, "2024-02": 80, "2024-03": 130}))
    assert str(result.values.index[0]) == "2024-01"
    assert result.values.to_numpy() == pytest.approx([80 * 22 / 40, 80 * 18 / 40, 50])
    assert result.marks.tolist() == ["split", "split", "observed"]
    assert "2024-01 至 2024-02 合并公布，按工作日拆分为估计值，合计不变" in result.notes
    assert "2023-01 至 2023-12 缺少累计数，当月数无法得出" in result.notes


def test_split_evenly_and_before_2001() -> None:
    even = to_monthly(totals({"2024-02": 80}), rule="equal")
    assert even.values.tolist() == [40, 40]
    early = to_monthly(totals({"1999-02": 80}))
    assert early.values.tolist() == [40, 40]
    assert "均等" in early.notes[0]


def test_split_by_profile_of_other_years() -> None:
    published = {}
    for year, first in ((2019, 20.0), (2020, 30.0), (2021, 40.0)):
        published |= whole_year(year, [first, 100 - first, *[50.0] * 10])
    published |= {"2022-02": 200.0, "2022-03": 260.0}
    result = to_monthly(totals(published), rule="profile")
    assert result.values["2022-01":"2022-02"].to_numpy() == pytest.approx([60, 140])
    assert "往年同月份额" in result.notes[0]
    fewer = to_monthly(
        totals({k: v for k, v in published.items() if k > "2019-12"}), rule="profile"
    )
    assert "工作日" in fewer.notes[0]


def test_gaps_inside_a_year_are_split_up_to_a_length_and_else_missing() -> None:
    published = totals({"2024-01": 10, "2024-04": 70, "2024-09": 170, "2025-01": 20})
    result = to_monthly(published, rule="equal")
    assert result.values["2024-01":"2024-04"].tolist() == [10, 20, 20, 20]
    assert result.marks["2024-05":"2024-12"].unique().tolist() == ["missing"]
    assert result.values["2024-05":"2024-12"].isna().all()
    assert result.values["2025-01"] == 20
    assert "2024-05 至 2024-12 缺少累计数，当月数无法得出" in result.notes
    longer = to_monthly(published, rule="equal", longest_split=5)
    assert longer.values["2024-05":"2024-09"].tolist() == [20] * 5


def test_a_lone_late_total_gives_no_flow() -> None:
    result = to_monthly(totals({"2007-11": 1105}))
    assert len(result.values) == 0
    assert result.notes == ("2007-01 至 2007-11 缺少累计数，当月数无法得出",)


def test_zero_after_a_positive_total_was_not_published() -> None:
    result = to_monthly(totals({"2024-01": 10, "2024-02": 0, "2024-03": 50}), rule="equal")
    assert result.values.tolist() == [10, 20, 20]
    assert result.marks.tolist() == ["observed", "split", "split"]
    assert "2024-02 累计数为 0 而此前为正，按未公布处理" in result.notes
    start = to_monthly(totals({"2024-01": 0, "2024-02": 8}))
    assert start.values.tolist() == [0, 8]
    assert start.notes == ()


def negative_december() -> pd.Series:
    return totals(whole_year(2023, [100.0] * 11 + [-110.0]))


def test_negative_december_is_reported() -> None:
    result = to_monthly(negative_december())
    assert result.values.iloc[-1] == -110
    assert result.marks.tolist() == ["observed"] * 11 + ["correction"]
    assert result.notes == ("2023-12 当月数 -110 为负，视为年内更正，未改动",)


def test_negative_december_is_kept_on_request() -> None:
    result = to_monthly(negative_december(), correction="keep")
    assert result.values.iloc[-1] == -110
    assert set(result.marks) == {"observed"}
    assert result.notes == ()


def test_negative_december_is_spread_in_proportion() -> None:
    # Twelve months of 100 (December by the mean of the others) scaled to the year's 990.
    result = to_monthly(negative_december(), correction="spread")
    assert result.values.to_numpy() == pytest.approx([990 / 12] * 12)
    assert set(result.marks) == {"spread"}
    assert "已按各月份额分摊到 2023-01 至 2023-12，合计不变" in result.notes[0]


def test_negative_month_inside_the_year_is_spread_backwards_only() -> None:
    flows = [100.0, 140.0, 120.0, -60.0, 90.0, 130.0]
    result = to_monthly(totals(whole_year(2023, flows)), correction="spread")
    # April would have been the mean of the others, (100+140+120+90+130)/5 = 116.
    factor = 300 / (360 + 116)
    expected = [100 * factor, 140 * factor, 120 * factor, 116 * factor, 90, 130]
    assert result.values.to_numpy() == pytest.approx(expected)
    assert result.marks.tolist() == ["spread"] * 4 + ["observed"] * 2


def test_jumping_december_is_recognised_from_other_years() -> None:
    published = {}
    for year, december in ((2019, 50.0), (2020, 52.0), (2021, 55.0), (2022, 180.0)):
        published |= whole_year(year, [100.0] * 11 + [december])
    report = to_monthly(totals(published))
    assert report.marks[report.marks == "correction"].index.astype(str).tolist() == ["2022-12"]
    assert "明显偏离常年水平" in report.notes[0]
    spread = to_monthly(totals(published), correction="spread")
    # December by the other years' median ratio 0.52: 52 of 1,152, scaled to 1,280.
    assert spread.values["2022-12"] == pytest.approx(52 * 1280 / 1152)
    assert spread.values["2022-01"] == pytest.approx(100 * 1280 / 1152)


def test_usually_large_december_is_no_correction() -> None:
    published = {}
    for year, december in ((2019, 400.0), (2020, 380.0), (2021, 420.0), (2022, 410.0)):
        published |= whole_year(year, [100.0] * 11 + [december])
    assert set(to_monthly(totals(published)).marks) == {"observed"}


def test_single_year_december_is_odd_above_three_times_the_largest() -> None:
    assert set(to_monthly(totals(whole_year(2023, [100.0] * 11 + [300.0]))).marks) == {"observed"}
    odd = to_monthly(totals(whole_year(2023, [100.0] * 11 + [301.0])))
    assert odd.marks.iloc[-1] == "correction"


def test_unsynchronised_revision_is_marked() -> None:
    published = totals({"2024-01": 10, "2024-02": 25, "2024-03": 40, "2025-01": 9})
    days = np.array(["2024-02-10", "2024-06-01", "2024-04-10", "2025-02-10"], dtype="datetime64[D]")
    result = to_monthly(published, published_on=days, longest_split=1)
    assert result.marks["2024-01":"2024-03"].tolist() == [
        "observed",
        "observed",
        "unsynchronised",
    ]
    assert any("2024-02 累计数在 2024-03 公布之后又有修订" in note for note in result.notes)


@pytest.mark.parametrize(
    ("series", "message"),
    [
        (totals({}), "累计数为空"),
        (totals({"2024-02": 1, "2024-01": 2}), "没有按先后排列"),
        (totals({"2024-01": 1, "2024-02": np.nan}), "2024-02 的累计数不是有限的数"),
        (pd.Series([1.0], index=[202401]), "索引不是月份"),
    ],
)
def test_bad_totals_are_refused(series: pd.Series, message: str) -> None:
    with pytest.raises(DataError, match=message):
        to_monthly(series)


flows = st.lists(st.integers(0, 5000).map(float), min_size=12, max_size=36)


@given(
    flows,
    st.integers(0, 35),
    st.sampled_from(["working_days", "equal", "profile"]),
    st.sampled_from(["report", "spread", "keep"]),
)
def test_totals_are_conserved_whatever_is_missing(
    monthly: list[float], hole: int, rule: str, correction: str
) -> None:
    months = pd.period_range("2019-01", periods=len(monthly), freq="M")
    published = to_year_to_date(pd.Series(monthly, index=months))
    december = published[published.index.month == 12]
    keep = (published.index.month != 1) & (np.arange(len(monthly)) != hole)
    keep |= published.index.month == 12
    result = to_monthly(published[keep], rule=rule, correction=correction)
    again = to_year_to_date(result.values)
    common = december.index.intersection(again.index)
    assert len(common)
    assert again[common].to_numpy() == pytest.approx(december[common].to_numpy(), abs=1e-6)
    assert set(result.marks) <= set(MARK_LABELS)
    assert (result.values.isna() == (result.marks == "missing")).all()


@given(flows)
def test_fully_published_flows_come_back_exactly(monthly: list[float]) -> None:
    series = pd.Series(monthly, index=pd.period_range("2019-01", periods=len(monthly), freq="M"))
    result = to_monthly(to_year_to_date(series), correction="keep")
    assert result.values.to_numpy() == pytest.approx(series.to_numpy())
    assert set(result.marks) == {"observed"}


def test_accumulate_restarts_in_january_and_carries() -> None:
    paths = np.array([[1.0, 2.0, 3.0, 4.0], [10.0, 20.0, 30.0, 40.0]])
    sums = accumulate(paths, pd.Period("2024-11", freq="M"), carried=100.0)
    assert sums.tolist() == [[101, 103, 3, 7], [110, 130, 30, 70]]
    assert paths[0, 1] == 2.0


def test_accumulate_keeps_the_unknown_unknown_until_january() -> None:
    series = totals({"2024-10": 1, "2024-11": np.nan, "2024-12": 2, "2025-01": 5})
    assert to_year_to_date(series).to_numpy() == pytest.approx([1, np.nan, np.nan, 5], nan_ok=True)


def test_nothing_is_carried_into_january() -> None:
    with pytest.raises(ValueError, match="January"):
        accumulate(np.ones(3), pd.Period("2024-01", freq="M"), carried=1.0)


def test_flows_with_a_hole_are_not_accumulated() -> None:
    with pytest.raises(DataError, match="不连续"):
        to_year_to_date(totals({"2024-01": 1, "2024-03": 2}))
    assert to_year_to_date(totals({})).empty
