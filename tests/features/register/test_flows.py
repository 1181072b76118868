import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from employment_forecast.data.errors import DataError
from employment_forecast.features.register.flows import (
    STATUS_LABELS,
    openings_to_seekers,
    ratio,
    register_flows,
)


def monthly(values: list[float], start: str = "2024-01") -> pd.Series:
    index = pd.period_range(start, periods=len(values), freq="M")
    return pd.Series(values, index=index, dtype=float)


NAN = float("nan")


def test_rates_by_hand() -> None:
    result = register_flows(
        monthly([1000, 1050, 1029]),
        monthly([NAN, 200, 210]),
        monthly([NAN, 100, 126]),
        monthly([NAN, 50, 105]),
    )
    table = result.table
    assert table["status"].tolist() == ["unknown", "agrees", "agrees"]
    assert table["inflow_rate"].to_numpy() == pytest.approx([NAN, 20, 20], nan_ok=True)
    assert table["reemployment_rate"].to_numpy() == pytest.approx([NAN, 10, 12], nan_ok=True)
    assert table["exit_rate"].to_numpy() == pytest.approx([NAN, 5, 10], nan_ok=True)
    assert table["outflow_rate"].to_numpy() == pytest.approx([NAN, 15, 22], nan_ok=True)
    # 200 in and 15 % out a month balance at 1,333; 210 and 22 % at 954.5.
    assert table["steady_stock"].to_numpy() == pytest.approx(
        [NAN, 200 / 0.15, 210 / 0.22], nan_ok=True
    )
    assert result.notes == ()


def test_disagreement_is_said() -> None:
    args = [monthly([NAN, 200]), monthly([NAN, 100]), monthly([NAN, 50])]
    result = register_flows(monthly([1000, 1060]), *args)
    assert result.table["status"].tolist() == ["unknown", "differs"]
    assert result.table["residual"].iloc[1] == 10
    assert result.notes[0].startswith("2024-02 存量变动与流量不符，差 +10 人")
    tolerant = register_flows(monthly([1000, 1060]), *args, tolerance=10)
    assert tolerant.table["status"].iloc[1] == "agrees"


@pytest.mark.parametrize("absent", ["inflow", "reemployed", "exited"])
def test_one_unknown_flow_follows_from_the_identity(absent: str) -> None:
    known = {
        "inflow": monthly([NAN, 200, 210]),
        "reemployed": monthly([NAN, 100, 126]),
        "exited": monthly([NAN, 50, 105]),
    }
    given_flows = {k: v for k, v in known.items() if k != absent}
    result = register_flows(monthly([1000, 1050, 1029]), **given_flows)
    assert result.table["status"].tolist() == ["unknown", "derived", "derived"]
    assert result.table[absent].iloc[1:].tolist() == known[absent].iloc[1:].tolist()
    assert "推算" in result.notes[0]


def test_outflow_follows_when_only_inflow_is_known() -> None:
    table = register_flows(monthly([1000, 1050]), monthly([NAN, 200])).table
    assert table["outflow"].iloc[1] == 150
    assert np.isnan(table["reemployed"].iloc[1])
    assert table["outflow_rate"].iloc[1] == pytest.approx(15)
    assert table["status"].iloc[1] == "derived"


def test_negative_derived_flow_is_said() -> None:
    result = register_flows(monthly([1000, 1300]), monthly([NAN, 200]))
    assert any("推算的流量为负" in note for note in result.notes)


def test_unknown_stock_makes_its_two_months_unknown() -> None:
    table = register_flows(monthly([100, NAN, 120, 130]), monthly([1.0, 1, 1, 20])).table
    assert table["status"].tolist() == ["unknown", "unknown", "unknown", "derived"]
    assert set(table["status"]) <= set(STATUS_LABELS)


@given(
    st.lists(st.tuples(st.integers(0, 500), st.integers(0, 200), st.integers(0, 200)), min_size=1),
    st.sampled_from(["none", "inflow", "reemployed", "exited"]),
)
def test_identity_always_holds_after_derivation(
    steps: list[tuple[int, int, int]], absent: str
) -> None:
    values = np.array(steps, dtype=float)
    stock = 100_000 + np.concatenate(([0], np.cumsum(values[:, 0] - values[:, 1] - values[:, 2])))
    columns = {
        name: monthly([NAN, *values[:, i]])
        for i, name in enumerate(("inflow", "reemployed", "exited"))
        if name != absent
    }
    table = register_flows(monthly(list(stock)), **columns).table.iloc[1:]
    change = table["stock"] - table["opening"]
    assert (change == table["inflow"] - table["outflow"]).all()
    assert set(table["status"]) == ({"agrees"} if absent == "none" else {"derived"})


@pytest.mark.parametrize(
    ("stock", "inflow", "message"),
    [
        (monthly([1, 2]), monthly([1, 2], "2024-02"), "月份与期末登记失业人数不一致"),
        (monthly([1, 2]), monthly([1, -2]), "2024-02 的新登记人数为负数"),
        (monthly([1, 2, 3]).iloc[[0, 2]], None, "月份不连续"),
        (pd.Series([1.0, 2.0]), None, "索引不是月份"),
    ],
)
def test_bad_flows_are_refused(stock: pd.Series, inflow: pd.Series | None, message: str) -> None:
    with pytest.raises(DataError, match=message):
        register_flows(stock, inflow)


def test_published_ratios_are_reproduced() -> None:
    # 沈阳市 2021年二季度, 2022年一季度和二季度; 中山市 2017年6月: published market bulletins.
    quarters = pd.PeriodIndex(["2021-06", "2022-03", "2022-06"], freq="M")
    openings = pd.Series([99132.0, 45489, 68151], index=quarters)
    seekers = pd.Series([83670.0, 28533, 44579], index=quarters)
    values, notes = openings_to_seekers(openings, seekers)
    assert values.round(2).tolist() == [1.18, 1.59, 1.53]
    assert notes == ()
    zhongshan, _ = openings_to_seekers(monthly([41321]), monthly([30770]))
    assert zhongshan.round(2).tolist() == [1.34]


def test_ratio_without_seekers_is_unknown_and_said() -> None:
    values, notes = openings_to_seekers(monthly([10, 0, 5, NAN]), monthly([0, 4, 5, 3]))
    assert values.to_numpy() == pytest.approx([NAN, 0, 1, NAN], nan_ok=True)
    assert notes == (
        "2024-01 求职人数为 0，求人倍率无法计算",
        "2024-04 缺招聘人数或求职人数，求人倍率无法计算",
    )


def test_ratio_refuses_negative_and_unmatched_counts() -> None:
    with pytest.raises(DataError, match="2024-02 的招聘人数或求职人数为负数"):
        openings_to_seekers(monthly([1, -1]), monthly([1, 1]))
    with pytest.raises(DataError, match="时期不一致"):
        openings_to_seekers(monthly([1]), monthly([1], "2024-02"))


def test_quotient_is_guarded() -> None:
    quotient = ratio(np.array([1.0, 1.0, NAN]), np.array([0.0, 4.0, 2.0]), 100.0)
    assert quotient == pytest.approx([NAN, 25, NAN], nan_ok=True)
