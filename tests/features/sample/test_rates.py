import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.campaigns import examples

from employment_forecast.features.sample.panel import LargestFirms, read_panel
from employment_forecast.features.sample.rates import RATE_LABELS, coverage, monthly_rates

# 攀枝花市 失业动态监测, five published months: 建档期, 新招, 减员, 调查期末, 隐性失业 (persons),
# 岗位变化率 and 隐性失业率 (percent, as printed).
PUBLISHED = [
    ("2019-04", 87671, 511, 830, 87352, 1730, -0.36, 1.98),
    ("2022-02", 84964, 362, 854, 84472, 1370, -0.58, 1.62),
    ("2023-03", 82980, 226, 2078, 81128, 1545, -2.23, 1.90),
    ("2023-06", 80562, 233, 1074, 79721, 1312, -1.04, 1.65),
    ("2024-09", 76443, 222, 604, 76061, 827, -0.50, 1.09),
]


@pytest.mark.parametrize("row", PUBLISHED)
def test_published_months_are_reproduced(row: tuple) -> None:
    month, base, hires, separations, end, hidden, change_rate, hidden_rate = row
    # The published totals, spread over three firms: what holds for them holds for any split.
    parts = [(0.5, "甲"), (0.3, "乙")]
    rows, left = [], np.array([base, hires, separations, hidden])
    for share, firm in parts:
        part = np.floor(share * np.array([base, hires, separations, hidden])).astype(int)
        rows.append((firm, month, *part))
        left = left - part
    rows.append(("丙", month, *left))
    frame = pd.DataFrame(rows, columns=["firm", "month", "base", "hires", "separations", "hidden"])
    frame["end"] = frame["base"] + frame["hires"] - frame["separations"]
    panel = read_panel(frame)
    assert panel.findings.empty
    rates = monthly_rates(panel).iloc[0]
    assert rates["end"] == end
    assert rates["net"] == end - base
    assert round(rates["change_rate"], 2) == change_rate
    assert round(rates["hidden_rate"], 2) == hidden_rate
    assert rates["loss_rate"] == pytest.approx(100 * separations / base)


def test_both_bases_on_a_published_quarter() -> None:
    # 亳州市 2021年二季度: 建档期 35244, 新招 2791, 减员 2341, 期末 35694, 年初建档 34484.
    frame = pd.DataFrame(
        {
            "firm": ["全部"],
            "month": ["2021-06"],
            "base": [35244],
            "hires": [2791],
            "separations": [2341],
            "end": [35694],
        }
    )
    chained = monthly_rates(read_panel(frame)).iloc[0]
    fixed = monthly_rates(read_panel(frame.assign(base=34484), basis="fixed")).iloc[0]
    assert chained["change_rate"] == pytest.approx(100 * 450 / 35244)
    assert fixed["change_rate"] == pytest.approx(100 * (35694 - 34484) / 34484)
    assert fixed["month_change_rate"] == pytest.approx(chained["change_rate"])
    assert fixed["loss_rate"] == pytest.approx(chained["loss_rate"])


FRAME = pd.DataFrame(
    [
        ("甲", "2024-01", 100, 10, 30, 80, 8, 5, "制造业", "江桥镇"),
        ("乙", "2024-01", 50, 5, 5, 50, None, None, "制造业", "江桥镇"),
        ("丙", "2024-01", 40, 10, 0, 50, 0, 10, "批发业", "安亭镇"),
        ("丁", "2024-01", 10, 0, 1, 9, 1, 0, "批发业", "江桥镇"),
        ("甲", "2024-02", 80, 0, 0, 80, 8, 5, "制造业", "江桥镇"),
        ("戊", "2024-03", 0, 0, 0, 0, 0, 0, "制造业", "江桥镇"),
    ],
    columns=[
        *("firm", "month", "base", "hires", "separations", "end"),
        *("hidden", "dispatched", "industry", "street"),
    ],
)


def test_rates_by_hand() -> None:
    rates = monthly_rates(read_panel(FRAME))
    assert list(rates.columns) == list(RATE_LABELS)
    january = rates.iloc[0]
    assert january["firms"] == 4
    assert january["loss_rate"] == pytest.approx(100 * 36 / 200)
    assert january["hiring_rate"] == pytest.approx(100 * 25 / 200)
    assert january["change_rate"] == pytest.approx(100 * -11 / 200)
    assert january["creation_rate"] == pytest.approx(100 * 10 / 200)
    assert january["destruction_rate"] == pytest.approx(100 * 21 / 200)
    # 乙 reported neither hidden nor dispatched: 50 of its staff are not in those denominators.
    assert january["hidden_rate"] == pytest.approx(100 * 9 / 139)
    assert january["dispatched_rate"] == pytest.approx(100 * 15 / 139)
    assert january["cutting_share"] == pytest.approx(50)
    assert january["diffusion"] == pytest.approx(100 * (1 + 0.5) / 4)


def test_month_without_staff_has_no_rates() -> None:
    march = monthly_rates(read_panel(FRAME)).iloc[2]
    assert march["firms"] == 1
    assert np.isnan(march["loss_rate"])
    assert np.isnan(march["hidden_rate"])
    assert march["diffusion"] == 50


def test_rates_without_the_largest() -> None:
    january = monthly_rates(read_panel(FRAME), without=LargestFirms(count=1)).iloc[0]
    assert january["firms"] == 3
    assert january["change_rate"] == pytest.approx(100 * 9 / 100)


def test_rates_by_trait_add_up() -> None:
    panel = read_panel(FRAME)
    total = monthly_rates(panel)
    for trait in ("industry", "street"):
        parts = monthly_rates(panel, by=trait)
        assert parts.index.names == ["month", trait]
        sums = parts[["firms", "base", "separations", "end"]].groupby(level="month").sum()
        assert (sums == total[["firms", "base", "separations", "end"]]).all(axis=None)


@settings(max_examples=examples(30))
@given(
    st.lists(
        st.tuples(st.integers(1, 300), st.integers(0, 40), st.integers(0, 300)),
        min_size=1,
        max_size=30,
    )
)
def test_job_flows_balance(firms: list[tuple[int, int, int]]) -> None:
    frame = pd.DataFrame(firms, columns=["base", "hires", "separations"])
    frame["separations"] = frame["separations"].clip(upper=frame["base"])
    frame["end"] = frame["base"] + frame["hires"] - frame["separations"]
    frame = frame.assign(firm=[f"f{i}" for i in range(len(frame))], month="2024-01")
    rates = monthly_rates(read_panel(frame)).iloc[0]
    assert rates["creation_rate"] - rates["destruction_rate"] == pytest.approx(
        rates["change_rate"], abs=1e-9
    )
    assert rates["hiring_rate"] - rates["loss_rate"] == pytest.approx(
        rates["change_rate"], abs=1e-9
    )
    growing = (frame["end"] > frame["base"]).mean() * 100
    assert rates["diffusion"] - growing == pytest.approx(
        (100 - growing - rates["cutting_share"]) / 2, abs=1e-9
    )


def test_coverage_by_hand() -> None:
    present = {"甲": [0, 1, 2, 3], "乙": [0, 2, 3], "丙": [1, 2], "丁": [3]}
    rows = [
        (firm, f"2024-{k + 1:02d}", 10, 0, 0, 10)
        for firm, months in present.items()
        for k in months
    ]
    frame = pd.DataFrame(rows, columns=["firm", "month", "base", "hires", "separations", "end"])
    table = coverage(read_panel(frame))
    assert table["reporting"].tolist() == [2, 2, 3, 3]
    assert table["entered"].tolist() == [2, 1, 0, 1]
    assert table["matched"].tolist() == [0, 1, 2, 2]
    assert table["returned"].tolist() == [0, 0, 1, 0]
    assert table["left"].tolist() == [0, 0, 0, 1]
    assert table["missing"].tolist() == [0, 1, 0, 0]
