from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.campaigns import examples

from employment_forecast.data.errors import DataError
from employment_forecast.features.sample.index import chained_index
from employment_forecast.features.sample.indicators import INDICATOR_LABELS, sample_indicators
from employment_forecast.features.sample.panel import LargestFirms, read_panel

COLUMNS = ["firm", "month", "base", "hires", "separations", "end", "industry", "size"]


def frame_of(ends: dict[str, list[float | None]], traits: dict[str, tuple[str, str]] | None = None):
    rows = []
    for firm, values in ends.items():
        industry, size = (traits or {}).get(firm, ("制造业", "大"))
        for k, end in enumerate(values):
            if end is not None:
                month = str(pd.Period("2023-11", freq="M") + k)
                rows.append((firm, month, end, 0, 0, end, industry, size))
    return pd.DataFrame(rows, columns=COLUMNS)


def random_panel(seed: int, firms: int = 25, months: int = 18) -> pd.DataFrame:
    """Births, deaths (a last report of zero or silence), gaps and two months nobody reports."""
    rng = np.random.default_rng(seed)
    kinds = [("制造业", "大"), ("制造业", "小"), ("批发业", "小")]
    ends: dict[str, list[float | None]] = {}
    for i in range(firms):
        level = float(rng.integers(1, 400))
        born, dead = rng.integers(0, months // 2), rng.integers(months // 2, 2 * months)
        values: list[float | None] = []
        for k in range(months):
            level = float(max(0, round(level * rng.normal(1, 0.08) + rng.integers(-2, 3))))
            silent = k < born or k > dead or rng.random() < 0.15 or k in (6, 11)
            values.append(None if silent else (0.0 if k == dead and i % 2 else level))
        ends[f"f{i:02d}"] = values
    # Firms that always report keep every link defined, even without the largest three.
    for i in range(4):
        ends[f"f9{i}"] = [None if k in (6, 11) else 50.0 + k + 9 * i for k in range(months)]
    traits = {f: kinds[i % 3] for i, f in enumerate(ends)}
    return frame_of(ends, traits)


def slow_index(
    frame: pd.DataFrame,
    base: str,
    weights: dict[tuple[str, str], float] | None = None,
    largest: int = 0,
) -> dict[str, float]:
    """The same estimator in plain loops over dictionaries."""
    reports: dict[str, dict[str, tuple[float, tuple[str, str]]]] = {}
    for row in frame.itertuples():
        reports.setdefault(row.month, {})[row.firm] = (row.end, (row.industry, row.size))
    months = sorted(reports)
    cells = list(weights) if weights else [None]
    links = {cell: [] for cell in cells}
    for before, now in pairwise(months):
        both = sorted(set(reports[before]) & set(reports[now]))
        both.sort(key=lambda f: -reports[before][f][0])
        both = both[largest:]
        pooled_now = sum(reports[now][f][0] for f in both)
        pooled_before = sum(reports[before][f][0] for f in both)
        for cell in cells:
            mine = [f for f in both if cell is None or reports[before][f][1] == cell]
            there = sum(reports[before][f][0] for f in mine)
            links[cell].append(
                sum(reports[now][f][0] for f in mine) / there
                if there > 0
                else pooled_now / pooled_before
            )
    at = months.index(base)
    level = dict.fromkeys(months, 0.0)
    for cell in cells:
        weight = weights[cell] / sum(weights.values()) if weights else 1.0
        for k, month in enumerate(months):
            value = weight
            for link in links[cell][at:k]:
                value *= link
            for link in links[cell][k:at]:
                value /= link
            level[month] += 100 * value
    return level


def assert_same(table: pd.DataFrame, reference: dict[str, float]) -> None:
    known = table["index"].dropna()
    assert known.index.astype(str).tolist() == list(reference)
    assert known.to_numpy() == pytest.approx(list(reference.values()))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("largest", [0, 3])
def test_index_agrees_with_the_slow_reference(seed: int, largest: int) -> None:
    frame = random_panel(seed)
    months = sorted(frame["month"].unique())
    panel = read_panel(frame)
    weights = {("制造业", "大"): 5000.0, ("制造业", "小"): 3000.0, ("批发业", "小"): 500.0}
    series = pd.Series(weights)
    without = LargestFirms(count=largest)
    for base in (months[0], months[4]):
        at = pd.Period(base, freq="M")
        plain = chained_index(panel, without=without, base_month=at)
        assert_same(plain.table, slow_index(frame, base, largest=largest))
        weighted = chained_index(panel, weights=series, without=without, base_month=at)
        assert_same(weighted.table, slow_index(frame, base, weights, largest))
        assert plain.table.loc[at, "index"] == pytest.approx(100)
        assert weighted.table.loc[at, "index"] == pytest.approx(100)


def test_index_by_hand() -> None:
    # 甲 100, 110, 99; 乙 enters in December with 1000 and grows to 1100: December compares 甲
    # alone (+10 %), January both (1199 against 1110).
    result = chained_index(read_panel(frame_of({"甲": [100, 110, 99], "乙": [None, 1000, 1100]})))
    assert result.table["index"].to_numpy() == pytest.approx([100, 110, 110 * 1199 / 1110])
    assert result.table["change"].to_numpy() == pytest.approx(
        [np.nan, 10, 100 * (1199 / 1110 - 1)], nan_ok=True
    )
    assert result.table["firms"].tolist() == [0, 1, 2]
    assert result.table["headcount"].tolist() == [0, 110, 1199]
    assert result.notes == ()


def test_exit_without_a_report_moves_nothing_and_closure_does() -> None:
    silent = chained_index(read_panel(frame_of({"甲": [100, 100, 100], "乙": [50, 50, None]})))
    assert silent.table["index"].to_numpy() == pytest.approx([100, 100, 100])
    closed = chained_index(read_panel(frame_of({"甲": [100, 100, 100], "乙": [50, 50, 0]})))
    assert closed.table["index"].to_numpy() == pytest.approx([100, 100, 100 * 100 / 150])


def test_weights_by_hand() -> None:
    # Large firms fall by a tenth, small ones stand still; 30 % of employment is in large firms.
    panel = read_panel(frame_of({"甲": [1000, 900], "乙": [10, 10]}, {"乙": ("制造业", "小")}))
    weights = pd.Series({("制造业", "大"): 300.0, ("制造业", "小"): 700.0})
    assert chained_index(panel, weights=weights).table["index"].iloc[1] == pytest.approx(97)
    assert chained_index(panel).table["index"].iloc[1] == pytest.approx(100 * 910 / 1010)


def test_without_the_largest_by_hand() -> None:
    panel = read_panel(frame_of({"甲": [1000, 500], "乙": [100, 90], "丙": [100, 100]}))
    by_count = chained_index(panel, without=LargestFirms(count=1))
    by_share = chained_index(panel, without=LargestFirms(share=0.5))
    assert by_count.table["index"].iloc[1] == pytest.approx(95)
    assert by_share.table["index"].iloc[1] == pytest.approx(95)


def test_month_nobody_reported_is_bridged_and_said() -> None:
    result = chained_index(read_panel(frame_of({"甲": [100, None, 120]})))
    assert result.table["index"].to_numpy() == pytest.approx([100, np.nan, 120], nan_ok=True)
    assert result.table["firms"].tolist() == [0, 0, 1]
    assert result.notes == ("2023-12 无单位上报，指数跨月链接",)


def test_broken_chain_is_unknown_beyond_and_said() -> None:
    panel = read_panel(frame_of({"甲": [100, 110, None, None], "乙": [None, None, 10, 11]}))
    early = chained_index(panel)
    assert early.table["index"].to_numpy() == pytest.approx([100, 110, np.nan, np.nan], nan_ok=True)
    assert early.notes == ("2024-01 与 2023-12 没有共同上报的单位，指数在此中断",)
    late = chained_index(panel, base_month=pd.Period("2024-02", freq="M"))
    assert late.table["index"].to_numpy() == pytest.approx(
        [np.nan, np.nan, 100 * 10 / 11, 100], nan_ok=True
    )


def test_stratum_without_firms_follows_all_and_is_said() -> None:
    panel = read_panel(frame_of({"甲": [100, 110]}))
    weights = pd.Series({("制造业", "大"): 1.0, ("批发业", "小"): 1.0})
    result = chained_index(panel, weights=weights)
    assert result.table["index"].iloc[1] == pytest.approx(110)
    assert result.notes == ("“批发业·小”有 1 个月没有可比单位，按全部可比单位的变化推算",)


def test_firm_that_changes_class_stays_in_its_cell_for_the_link() -> None:
    frame = frame_of(
        {"甲": [100, 200], "乙": [10, 10]}, {"甲": ("制造业", "小"), "乙": ("制造业", "大")}
    )
    frame.loc[(frame["firm"] == "甲") & (frame["month"] == "2023-12"), "size"] = "大"
    weights = pd.Series({("制造业", "大"): 1.0, ("制造业", "小"): 1.0})
    index = chained_index(read_panel(frame), weights=weights).table["index"]
    assert index.iloc[1] == pytest.approx(150)


def test_fixed_base_gives_the_same_index() -> None:
    frame = random_panel(1)
    chained = chained_index(read_panel(frame)).table
    fixed = chained_index(read_panel(frame.assign(base=77), basis="fixed")).table
    pd.testing.assert_frame_equal(chained, fixed)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({("批发业", "小"): 1.0}, "权数表里没有行业“制造业”、规模“大”"),
        ({("制造业", "大"): -1.0}, "权数含有负数"),
        ({("制造业", "大"): 0.0}, "全为零"),
    ],
)
def test_unusable_weights_are_refused(weights: dict, message: str) -> None:
    panel = read_panel(frame_of({"甲": [100, 110]}))
    with pytest.raises(DataError, match=message):
        chained_index(panel, weights=pd.Series(weights))


def test_unusable_base_months_are_refused() -> None:
    panel = read_panel(frame_of({"甲": [100, None, 110]}))
    with pytest.raises(DataError, match="基期 2023-12 没有单位上报"):
        chained_index(panel, base_month=pd.Period("2023-12", freq="M"))
    gone = read_panel(frame_of({"甲": [100, 0]}))
    with pytest.raises(DataError, match="基期之前全部关闭"):
        chained_index(gone, base_month=pd.Period("2023-12", freq="M"))
    with pytest.raises(DataError, match="没有可用的记录"):
        chained_index(read_panel(frame_of({"甲": [100]}).iloc[:0]))


@settings(max_examples=examples(15))
@given(st.integers(0, 10_000), st.floats(0.5, 20.0))
def test_index_does_not_depend_on_order_or_unit(seed: int, factor: float) -> None:
    frame = random_panel(seed, firms=8, months=10)
    shuffled = frame.sample(frac=1, random_state=seed).reset_index(drop=True)
    scaled = shuffled.assign(end=shuffled["end"] * factor, base=shuffled["base"] * factor)
    one = chained_index(read_panel(frame)).table["index"].to_numpy()
    other = chained_index(read_panel(scaled)).table["index"].to_numpy()
    assert other == pytest.approx(one, nan_ok=True)


def test_rebasing_only_rescales() -> None:
    panel = read_panel(random_panel(3))
    first = chained_index(panel).table["index"]
    later = chained_index(panel, base_month=pd.Period("2024-03", freq="M")).table["index"]
    ratio = (first / later).dropna().to_numpy()
    assert ratio == pytest.approx(np.full(len(ratio), ratio[0]))


def test_indicator_table() -> None:
    panel = read_panel(random_panel(2).assign(hidden=0))
    table = sample_indicators(panel)
    assert list(table.columns) == list(INDICATOR_LABELS)
    assert len(table) == 18
    assert table["sample_index"].iloc[0] == 100
    assert table.iloc[6].isna().all()
    without = chained_index(panel, without=LargestFirms(count=4)).table["index"]
    assert table["sample_index_without_largest"].to_numpy() == pytest.approx(
        without.to_numpy(), nan_ok=True
    )
