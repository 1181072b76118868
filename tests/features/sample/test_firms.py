import numpy as np
import pandas as pd
import pytest

from employment_forecast.data.errors import DataError
from employment_forecast.features.sample.details import (
    EMPLOYER_TYPES,
    check_details,
    separations_by,
)
from employment_forecast.features.sample.panel import (
    CHECK_LABELS,
    LargestFirms,
    largest_rows,
    read_panel,
)


def reports(*rows: tuple, **more: object) -> pd.DataFrame:
    """Rows of firm, month, base, hires, separations, end."""
    frame = pd.DataFrame(
        list(rows), columns=["firm", "month", "base", "hires", "separations", "end"]
    )
    return frame.assign(**more)


CHAINED = reports(
    ("乙", "2024-02", 20, 0, 2, 18),
    ("甲", "2024-01", 100, 5, 15, 90),
    ("甲", "2024-02", 90, 0, 0, 90),
    ("乙", "2024-04", 18, 0, 0, 18),
    ("甲", "2024-04", 90, 1, 0, 91),
)


def test_each_report_is_linked_to_the_one_before() -> None:
    panel = read_panel(CHAINED)
    assert panel.frame["firm"].tolist() == sorted(["甲"] * 3 + ["乙"] * 2)
    assert panel.months.astype(str).tolist() == ["2024-01", "2024-02", "2024-04"]
    by_row = panel.frame.set_index(["firm", "month"])["previous_end"]
    before = {f"{firm} {month}": value for (firm, month), value in by_row.items()}
    # March, for which nobody reported, is bridged; 乙 did not report for January.
    assert np.isnan(before["甲 2024-01"])
    assert before["甲 2024-02"] == 90
    assert before["甲 2024-04"] == 90
    assert np.isnan(before["乙 2024-02"])
    assert before["乙 2024-04"] == 18
    assert panel.findings.empty
    assert panel.notes == ()


def test_unknown_traits_and_counts_are_filled() -> None:
    panel = read_panel(CHAINED.assign(industry=["制造业", None, None, "制造业", None]))
    assert set(panel.frame["industry"]) == {"制造业", "未填"}
    assert set(panel.frame["street"]) == {"未填"}
    assert panel.frame["hidden"].isna().all()


def test_contradictions_are_found_and_kept() -> None:
    panel = read_panel(
        reports(
            ("甲", "2024-01", 100, 5, 15, 91),
            ("甲", "2024-02", 90, 0, 0, 90),
            hidden=[1, 95],
        )
    )
    assert panel.findings["check"].tolist() == ["identity", "hidden", "continuity"]
    assert panel.findings["expected"].tolist() == [90, 90, 91]
    assert panel.findings["found"].tolist() == [91, 95, 90]
    assert panel.findings["message"].iloc[0] == (
        "单位“甲”2024-01：期末 = 期初 + 新招 − 减员 不成立，应为 90，上报 91"
    )
    assert set(panel.findings["check"]) <= set(CHECK_LABELS)
    assert len(panel.frame) == 2


def test_fixed_base_is_checked_against_the_month_before() -> None:
    panel = read_panel(
        reports(
            ("甲", "2024-01", 100, 5, 15, 90),
            ("甲", "2024-02", 100, 0, 10, 80),
            ("甲", "2024-03", 101, 0, 10, 71),
        ),
        basis="fixed",
    )
    assert panel.frame["opening"].tolist() == [100, 90, 81]
    assert panel.findings["check"].tolist() == ["identity", "fixed_base"]
    assert panel.findings["expected"].tolist() == [70, 100]


def test_report_without_end_is_missing_and_said() -> None:
    panel = read_panel(
        reports(
            ("甲", "2024-01", 100, 0, 0, 100),
            ("甲", "2024-02", 100, 0, 0, None),
            ("甲", "2024-03", 100, 0, 0, 100),
        )
    )
    assert len(panel.frame) == 2
    assert panel.notes == ("1 条记录缺建档期、新招、减员或期末人数，按未上报处理",)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (CHAINED.drop(columns=["base", "end"]), "缺少列：建档期就业人数、调查期末就业人数"),
        (pd.concat([CHAINED, CHAINED.iloc[:1]]), "单位“乙”2024-02 上报了两次"),
        (CHAINED.assign(hires=-1), "单位“乙”2024-02 的新招人数为 -1"),
        (CHAINED.assign(end=["x"] * 5), "“调查期末就业人数”含有不是数字的内容"),
        (CHAINED.assign(month="二月"), "月份无法识别"),
        (CHAINED.assign(month=["2024-01", None, "2024-02", "2024-03", "2024-04"]), "空的月份"),
    ],
)
def test_unusable_reports_are_refused(frame: pd.DataFrame, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_panel(frame)


def test_months_may_be_numbers_dates_or_periods() -> None:
    expected = read_panel(CHAINED).frame["month"].tolist()
    numbers = CHAINED["month"].str.replace("-", "").astype(int)
    for months in (
        numbers,
        pd.to_datetime(CHAINED["month"]),
        pd.PeriodIndex(CHAINED["month"], freq="M"),
    ):
        assert read_panel(CHAINED.assign(month=months)).frame["month"].tolist() == expected


def test_input_is_left_as_it_was() -> None:
    before = CHAINED.copy()
    read_panel(CHAINED)
    pd.testing.assert_frame_equal(CHAINED, before)


def test_largest_by_count_and_by_share() -> None:
    panel = read_panel(
        reports(
            ("a", "2024-01", 60, 0, 0, 60),
            ("b", "2024-01", 20, 0, 0, 20),
            ("c", "2024-01", 20, 0, 0, 20),
            ("a", "2024-02", 10, 0, 0, 10),
            ("c", "2024-02", 20, 0, 0, 20),
        )
    )
    opening = panel.column("opening")
    keys = list(zip(panel.frame["firm"], panel.times, strict=True))

    def chosen(largest: LargestFirms) -> list[tuple[str, int]]:
        return [
            k for k, big in zip(keys, largest_rows(panel, opening, largest), strict=True) if big
        ]

    assert chosen(LargestFirms()) == []
    assert chosen(LargestFirms(count=1)) == [("a", 0), ("c", 1)]
    assert chosen(LargestFirms(count=2)) == [("a", 0), ("a", 1), ("b", 0), ("c", 1)]
    assert chosen(LargestFirms(share=0.5)) == [("a", 0), ("c", 1)]
    assert chosen(LargestFirms(share=0.3)) == [("a", 0), ("a", 1), ("c", 1)]


@pytest.mark.parametrize("settings", [{"count": -1}, {"share": 0.0}, {"share": 1.0}])
def test_impossible_choice_of_largest_is_refused(settings: dict) -> None:
    with pytest.raises(ValueError, match="share"):
        LargestFirms(**settings)


DETAILS = pd.DataFrame(
    [
        ("甲", "2024-01", "用人单位解除", "生产经营困难", 9),
        ("甲", "2024-01", "劳动者解除", "", 6),
        ("乙", "2024-02", "合同终止", "", 1),
        ("丙", "2024-02", "合同终止", "", 7),
    ],
    columns=["firm", "month", "type", "cause", "count"],
)


def test_details_are_compared_with_totals() -> None:
    findings = check_details(read_panel(CHAINED), DETAILS)
    assert findings[["firm", "check", "expected", "found"]].to_numpy().tolist() == [
        ["乙", "details", 2, 1]
    ]


def test_separations_by_type_and_cause() -> None:
    panel = read_panel(CHAINED)
    january = pd.Period("2024-01", freq="M")
    by_type = separations_by(panel, DETAILS, ("type",))
    assert by_type["甲", january, "用人单位解除"] == 9
    assert by_type.groupby("type").sum().to_dict() == {
        "用人单位解除": 9,
        "劳动者解除": 6,
        "合同终止": 1,
    }
    employer = separations_by(panel, DETAILS, (), EMPLOYER_TYPES)
    assert employer.to_dict() == {("甲", january): 9}


def test_details_without_columns_are_refused() -> None:
    with pytest.raises(DataError, match="缺少列：count、type"):
        separations_by(read_panel(CHAINED), DETAILS[["firm", "month"]], (), EMPLOYER_TYPES)
