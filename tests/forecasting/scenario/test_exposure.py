"""A shock to one industry: its share of the staff by hand, the people behind it, refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from employment_forecast.cli.forecasts.scenario_options import parse_part
from employment_forecast.data.errors import DataError, UnknownNameError, UsageError
from employment_forecast.features.history.covariates import Covariate
from employment_forecast.forecasting.scenario import Scenario, industry_exposure
from employment_forecast.forecasting.scenario.impact import Assumptions, Range, apply_scenario
from employment_forecast.models.paths import SamplePaths

MONTH = pd.Period("2024-12", freq="M")


def reports(*firms: tuple[str, int], demo: bool = False) -> pd.DataFrame:
    rows = [
        {"firm": f"F{n}", "month": MONTH, "end": staff, "industry": industry, "demo": demo}
        for n, (industry, staff) in enumerate(firms)
    ]
    old = [{"firm": "F0", "month": MONTH - 1, "end": 9, "industry": "采矿业", "demo": demo}]
    return pd.DataFrame([*old, *rows])


def rate(values) -> Covariate:
    return Covariate(
        "310114", "registered_unemployment_rate", "登记失业率", "%", pd.Period("2020-01", "M"),
        np.asarray(values, dtype=float), "log", False, False,
    )  # fmt: skip


FIRMS = (
    *[("汽车制造业", 100), ("汽车制造业", 200), ("汽车制造业", 100)],
    *[("批发和零售业", 200), ("批发和零售业", 400)],
)


@pytest.fixture
def register(history_of):
    """10 000 unemployed at a rate of 4 %: 240 000 employed."""
    stock = np.r_[np.linspace(9000, 9990, 59), 10_000.0]
    return history_of(stock, lagged=(rate(np.full(60, 4.0)),))


def test_share_and_people_by_hand(register):
    exposure = industry_exposure(reports(*FIRMS), "汽车制造", register, None)
    assert exposure.industries == ("汽车制造业",)
    assert (exposure.firms, exposure.of) == (3, 5)
    assert exposure.employed == pytest.approx(240_000)
    # 400 of 1000; without one firm after the other 300/900, 200/800, 300/900, 400/800, 400/600.
    without = np.array([1 / 3, 1 / 4, 1 / 3, 1 / 2, 2 / 3])
    error = np.sqrt(4 / 5 * ((without - without.mean()) ** 2).sum())
    assert 1.645 * error > 0.4  # five firms say little; no share is below zero
    assert exposure.share == Range(0.0, 0.8)
    many = industry_exposure(reports(*FIRMS * 40), "汽车制造", register, None).share
    without = (400 * 40 - np.array([100, 200, 100, 0, 0])) / (
        1000 * 40 - np.array([100, 200, 100, 200, 400])
    )
    spread = np.sqrt(199 / 200 * 40 * ((without - without.mean()) ** 2).sum())
    assert (many.low + many.high) / 2 == pytest.approx(0.4)
    assert many.high == pytest.approx(0.4 + 1.645 * spread)
    layoff = exposure.layoff(MONTH + 1, 0.05)
    assert layoff.people == pytest.approx(0.4 * 240_000 * 0.05)
    assert [row.key for row in exposure.stated] == ["industry_share", "employed"]


def test_the_estimate_widens_the_paths_and_a_number_does_not(register):
    base = SamplePaths(np.full((400, 3), 10_000.0), register.origin)
    sure = Range(1.0, 1.0)
    assumed = Assumptions(sure, Range(12.0, 12.0), sure, dict.fromkeys(range(1, 13), Range(0, 0)))
    layoff = industry_exposure(reports(*FIRMS), "汽车制造", register, None).layoff(
        register.origin + 1, 0.05
    )
    impact = apply_scenario(base, 10_000.0, Scenario((layoff,)), assumed, seed=1)
    came = impact.registered[:, 0]
    assert came.min() == pytest.approx(layoff.low, abs=(layoff.high - layoff.low) / 100)
    assert came.max() == pytest.approx(layoff.high, abs=(layoff.high - layoff.low) / 100)
    assert came.mean() == pytest.approx(layoff.people, rel=0.001)


def test_a_stated_labour_force_and_published_employed_come_first(history_of, register):
    assert industry_exposure(reports(*FIRMS), "汽车", register, 110_000).employed == 100_000
    stated = Covariate(
        "310114", "employed_at_period_end", "期末从业人员", "人", pd.Period("2020-01", "M"),
        np.full(60, 230_000.0), "log", False, False,
    )  # fmt: skip
    history = history_of(np.linspace(9000, 9990, 60), lagged=(stated, rate(np.full(60, 4.0))))
    assert industry_exposure(reports(*FIRMS), "汽车", history, None).employed == 230_000


@pytest.mark.parametrize(
    ("firms", "industry", "error", "said"),
    [
        (FIRMS, "采矿", UnknownNameError, "批发和零售业"),
        (FIRMS, " ", UnknownNameError, "没有行业"),
        (FIRMS[2:], "汽车制造业", DataError, "只有 1 家"),
        ((), "汽车制造业", UnknownNameError, "没有行业"),
    ],
)
def test_what_the_sample_cannot_tell_is_refused(register, firms, industry, error, said):
    with pytest.raises(error, match=said):
        industry_exposure(reports(*firms), industry, register, None)


def test_demonstration_firms_say_nothing_of_real_figures_and_employment_must_be_known(
    register, history_of
):
    with pytest.raises(DataError, match="监测企业"):
        industry_exposure(reports(*FIRMS, demo=True), "汽车", register, None)
    with pytest.raises(UsageError, match="从业人员"):
        industry_exposure(reports(*FIRMS), "汽车", history_of(np.linspace(9000, 9990, 60)), None)


def test_a_part_of_an_industry_as_typed():
    assert parse_part("5%") == (None, 0.05)
    assert parse_part("2026-12：2.5%") == (pd.Period("2026-12", freq="M"), 0.025)
    for wrong in ("500", "2026-12:500", "0%", "3%-5%", "120%"):
        with pytest.raises(UsageError):
            parse_part(wrong)
