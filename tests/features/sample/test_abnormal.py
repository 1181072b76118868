import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from employment_forecast.data.errors import DataError
from employment_forecast.features.sample.abnormal import abnormal_separations, layoff_rule
from employment_forecast.features.sample.count_prediction import (
    false_discovery_rates,
    tail_probability,
)
from employment_forecast.features.sample.panel import FirmPanel, read_panel

FIRMS = 120


def simulate(
    months: int,
    seed: int,
    extra: dict[tuple[int, int], int] | None = None,
    season: float = 0.0,
) -> pd.DataFrame:
    """Firms of very different size and turnover, bursty counts, hires that refill them."""
    rng = np.random.default_rng(seed)
    staff = np.round(np.exp(rng.normal(4, 1.2, FIRMS))) + 40
    turnover = rng.gamma(3, 0.01, FIRMS)
    burst = rng.uniform(0.05, 0.8, FIRMS)
    periods = pd.period_range("2018-01", periods=months, freq="M")
    frames = []
    for t, month in enumerate(periods):
        factor = np.exp(season * np.sin((month.month + 1) * np.pi / 6))
        counts = rng.poisson(rng.gamma(1 / burst, burst * staff * turnover * factor))
        for i in range(FIRMS):
            counts[i] += (extra or {}).get((i, t), 0)
        counts = np.minimum(counts, staff)
        frames.append(
            pd.DataFrame(
                {
                    "firm": [f"f{i:03d}" for i in range(FIRMS)],
                    "month": month,
                    "base": staff,
                    "hires": counts,
                    "separations": counts,
                    "end": staff,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def panel(
    months: int,
    seed: int,
    extra: dict[tuple[int, int], int] | None = None,
    season: float = 0.0,
) -> FirmPanel:
    return read_panel(simulate(months, seed, extra, season))


def test_layoff_rule_by_the_letter_of_the_law() -> None:
    count = np.array([20.0, 19, 19, 10, 9, 1, 1, 0, 0, 20])
    staff = np.array([5000.0, 191, 190, 100, 100, 10, 11, 5, 0, 0])
    expected = [True, False, True, True, False, True, False, False, False, True]
    assert layoff_rule(count, staff).tolist() == expected


@given(st.integers(0, 200), st.floats(0.01, 150), st.floats(0.001, 5))
def test_tail_agrees_with_scipy(count: int, mean: float, dispersion: float) -> None:
    size = 1 / dispersion
    expected = stats.nbinom.sf(count - 1, size, size / (size + mean))
    tail = tail_probability(np.array([float(count)]), np.array([mean]), np.array([dispersion]))
    assert tail[0] == pytest.approx(expected, rel=1e-6, abs=1e-300)


def test_tail_by_hand() -> None:
    # Dispersion 1 is the geometric distribution: P(Y >= k) = (m / (1 + m)) ** k.
    tail = tail_probability(np.array([0.0, 1, 3]), np.full(3, 4.0), np.ones(3))
    assert tail == pytest.approx([1.0, 0.8, 0.512])


def test_false_discovery_rates_by_hand() -> None:
    # Benjamini and Hochberg: p * n / rank, made monotone from the largest p down.
    rates = false_discovery_rates(np.array([0.04, 0.01, 0.03, 0.5]))
    assert rates == pytest.approx([0.16 / 3, 0.04, 0.16 / 3, 0.5])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_false_discovery_rates_agree_with_scipy(probabilities: list[float]) -> None:
    values = np.array(probabilities)
    assert false_discovery_rates(values) == pytest.approx(stats.false_discovery_control(values))


@pytest.mark.soak
def test_probabilities_are_calibrated_and_quiet_months_stay_quiet() -> None:
    reports = panel(66, 1)
    tables = [abnormal_separations(reports, month) for month in reports.months[48:]]
    p = np.concatenate([t["p_value"].to_numpy() for t in tables])
    assert 0.015 < np.mean(p < 0.05) < 0.06
    assert np.mean(p < 0.01) < 0.014
    assert sum(t["abnormal"].any() for t in tables) <= 3


@pytest.mark.soak
def test_large_excess_is_found_and_little_else() -> None:
    extra = {(i, 59): 30 for i in range(0, 50, 10)}
    wanted = {f"f{i:03d}" for i in range(0, 50, 10)}
    hits, false_share = 0, []
    for seed in range(10, 20):
        table = abnormal_separations(panel(60, seed, extra))
        flagged = set(table.loc[table["abnormal"], "firm"])
        hits += len(flagged & wanted)
        false_share.append(len(flagged - wanted) / max(len(flagged), 1))
        assert table["p_value"].is_monotonic_increasing
    assert hits >= 0.8 * 50
    assert np.mean(false_share) < 0.12
    first = table.iloc[0]
    assert first["firm"] in wanted
    assert first["excess"] == pytest.approx(first["separations"] - first["expected"])
    assert "异常退工" in first["message"]


def test_an_old_outbreak_does_not_hide_a_new_one() -> None:
    once = abnormal_separations(panel(60, 3, {(7, 59): 30})).set_index("firm").loc["f007"]
    twice = abnormal_separations(panel(60, 3, {(7, 59): 30, (7, 40): 40})).set_index("firm")
    assert once["abnormal"]
    assert twice.loc["f007", "abnormal"]
    assert twice.loc["f007", "expected"] < once["expected"] * 1.5


def test_usual_season_is_no_anomaly() -> None:
    # The thirteenth month is the first repetition of a strong season, nobody's anomaly.
    for months in (14, 49, 50):
        table = abnormal_separations(panel(months, 4, season=0.6))
        assert table["abnormal"].sum() <= 2


def test_small_counts_are_never_flagged() -> None:
    frame = simulate(30, 5)
    quiet = frame["firm"] == "f000"
    frame.loc[quiet, ["hires", "separations"]] = 0
    last = quiet & (frame["month"] == frame["month"].max())
    frame.loc[last, ["hires", "separations"]] = 2
    row = abnormal_separations(read_panel(frame)).set_index("firm").loc["f000"]
    assert not row["abnormal"]
    frame.loc[last, ["hires", "separations"]] = 12
    row = abnormal_separations(read_panel(frame)).set_index("firm").loc["f000"]
    assert row["abnormal"]


def test_firm_without_past_is_judged_by_all_firms() -> None:
    frame = simulate(24, 6)
    newest = frame["month"].max()
    frame = frame[(frame["firm"] != "f003") | (frame["month"] == newest)]
    row = abnormal_separations(read_panel(frame)).set_index("firm").loc["f003"]
    assert row["history"] == 0
    assert not row["abnormal"]
    assert row["expected"] == pytest.approx(0.03 * row["headcount"], rel=0.5)


def test_first_month_has_no_past_at_all() -> None:
    table = abnormal_separations(panel(1, 7))
    assert len(table) == FIRMS
    assert table["history"].eq(0).all()
    assert np.isfinite(table["p_value"]).all()


def test_nothing_after_the_month_matters() -> None:
    frame = simulate(40, 8)
    month = pd.Period("2020-06", freq="M")
    before = abnormal_separations(read_panel(frame[frame["month"] <= month]), month)
    changed = frame.copy()
    later = changed["month"] > month
    changed.loc[later, ["hires", "separations"]] = 39
    after = abnormal_separations(read_panel(changed), month)
    pd.testing.assert_frame_equal(before, after)


def test_layoff_rule_counts_layoffs_where_known() -> None:
    frame = simulate(12, 9)
    month = frame["month"].max()
    reports = read_panel(frame)
    plain = abnormal_separations(reports)
    assert (plain["layoffs"] == plain["separations"]).all()
    layoffs = pd.Series({("f000", month): 20.0, ("f001", month): 1.0})
    table = abnormal_separations(reports, layoffs=layoffs).set_index("firm")
    assert table.loc["f000", "layoff"]
    assert not table.loc["f001", "layoff"]
    assert table["layoff"].sum() == 1
    assert "劳动合同法第四十一条" in table.loc["f000", "message"]


def test_month_without_reports_is_refused() -> None:
    with pytest.raises(DataError, match="2030-01没有单位上报"):
        abnormal_separations(panel(2, 1), pd.Period("2030-01", freq="M"))
    with pytest.raises(DataError, match="没有单位上报"):
        abnormal_separations(read_panel(simulate(1, 1).iloc[:0]))
