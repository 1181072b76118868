"""What a scenario rests on: measured where flows are stored, stated where they are not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from employment_forecast.cli.forecasts.scenario_options import (
    parse_change,
    parse_layoff,
    parse_months,
    parse_share,
)
from employment_forecast.data.clock import parse_month
from employment_forecast.data.errors import ForecastError, UsageError
from employment_forecast.features.history.covariates import Covariate
from employment_forecast.forecasting.scenario import assumptions as scenario_basis
from employment_forecast.forecasting.scenario.assumptions import (
    DEFAULT,
    USER,
    GivenAssumptions,
    basis,
    measured_rates,
    persons_per_unit,
)
from employment_forecast.forecasting.scenario.impact import Layoff, Range


def beside(code: str, values, start: str = "2020-01", unit: str = "人") -> Covariate:
    return Covariate(
        region="310114",
        indicator=code,
        name=code,
        unit=unit,
        start=pd.Period(start, "M"),
        values=np.asarray(values, dtype=float),
        transform="none",
        demo=False,
        pseudo_real_time=False,
    )


@pytest.fixture
def register(history_of):
    """Five years of a register of 10 000 in which 10 % find a job and 2 % leave each month; the
    last December only 8 % do."""
    hired, left = np.full(60, 1000.0), np.full(60, 200.0)
    hired[-1] = 800.0
    stock = np.full(60, 10_000.0)
    stock[-1] = 10_200.0
    flows = [
        beside("registered_inflow", hired * 0 + 1200),
        beside("registered_reemployed", hired),
        beside("registered_exited", left),
    ]
    return history_of(stock, lagged=tuple(flows))


def test_rates_are_measured_by_calendar_month(register):
    rates = measured_rates(register)
    assert rates is not None
    assert rates["reemployment"][11] == Range(0.1, 0.1)
    assert rates["reemployment"][12] == Range(0.08, 0.1)
    assert rates["exits"][1] == Range(0.02, 0.02)


def test_only_the_last_three_years_count(history_of):
    hired = np.r_[np.full(24, 5000.0), np.full(36, 1000.0)]
    flows = (beside("registered_inflow", hired), beside("registered_reemployed", hired))
    rates = measured_rates(history_of(np.full(60, 10_000.0), lagged=flows))
    assert rates is not None
    assert {s.high for s in rates["reemployment"].values()} == {0.1}


def test_without_flows_the_default_is_stated_as_such(history_of):
    plain = history_of(np.full(60, 10_000.0) + np.arange(60))
    assert measured_rates(plain) is None
    ground = basis(plain, GivenAssumptions(), layoffs=True, jobs=True)
    shown = {each.key: each for each in ground.stated}
    assert shown["reemployment"].source == DEFAULT
    assert shown["registration"].range == "40—80%"
    assert ground.assumptions.reemployment[5] == scenario_basis.REEMPLOYMENT
    assert ground.assumptions.exits == {}


def test_the_user_goes_before_what_was_measured(register):
    ground = basis(
        register,
        GivenAssumptions(reemployment=Range(0.2, 0.3), registration=Range(0.5, 0.5)),
        layoffs=True,
        jobs=True,
    )
    shown = {each.key: each for each in ground.stated}
    assert ground.assumptions.reemployment[12] == Range(0.2, 0.3)
    assert shown["reemployment"].source == USER
    assert (shown["registration"].range, shown["registration"].source) == ("50%", USER)
    measured = basis(register, GivenAssumptions(), layoffs=False, jobs=True).stated
    assert [each.key for each in measured] == ["pass_through", "reemployment"]
    assert measured[1].source == "近 3 年同月再就业流量实测"
    assert measured[1].range == "8—10%"


def test_a_single_number_of_months_is_spread_by_a_third(register):
    ground = basis(register, GivenAssumptions(absorb=Range(3, 3)), layoffs=True, jobs=False)
    assert ground.assumptions.absorb == Range(2, 4)
    assert "用户设定 3 个月" in ground.stated[1].source
    assert DEFAULT in ground.stated[1].source
    exact = basis(
        register, GivenAssumptions(absorb=Range(2, 5), absorb_exact=True), layoffs=True, jobs=False
    )
    assert exact.assumptions.absorb == Range(2, 5)
    assert exact.stated[1].source == USER
    shortest = basis(register, GivenAssumptions(absorb=Range(1, 1)), layoffs=True, jobs=False)
    assert shortest.assumptions.absorb.low == 1.0


def test_the_labour_force_follows_from_number_and_rate(history_of):
    rate = history_of(
        np.full(24, 4.0) + np.arange(24) / 100,
        indicator="registered_unemployment_rate",
        kind="rate",
        unit="%",
        lagged=(beside("registered_unemployed", np.full(23, 12_660.0)),),
    )
    # November 2021, the last month of both: 12 660 people are 4.22 %.
    unit, stated = persons_per_unit(rate, None)
    assert unit == pytest.approx(3_000.0)
    assert stated is not None
    assert stated.range == "300,000 人"
    given, stated = persons_per_unit(rate, 500_000)
    assert given == 5_000
    assert stated is not None
    assert stated.source == USER


def test_a_rate_without_a_labour_force_and_other_indicators_are_refused(history_of):
    surveyed = history_of(
        np.full(24, 5.0), indicator="surveyed_unemployment_rate", kind="rate", unit="%"
    )
    with pytest.raises(UsageError, match="劳动力总数"):
        persons_per_unit(surveyed, None)
    assert persons_per_unit(surveyed, 1e6)[0] == 1e4
    for wrong in ({"kind": "flow"}, {"kind": "rate", "indicator": "sample_loss_rate"}):
        with pytest.raises(UsageError, match="情景只适用于"):
            persons_per_unit(history_of(np.ones(24), **wrong), None)


def test_options_are_read():
    assert parse_layoff("2026-12:1500") == Layoff(pd.Period("2026-12", "M"), 1500)
    assert parse_layoff("2026-12：1.5万").people == 15_000
    assert parse_layoff("2026年12月:1,500人") == Layoff(pd.Period("2026-12", "M"), 1500)
    assert parse_change("-20%", "x") == -0.2
    assert parse_change("+10％", "x") == 0.1
    assert parse_share("60%", "x") == Range(0.6, 0.6)
    assert parse_share("40%～80%", "x") == parse_share("40-80%", "x") == Range(0.4, 0.8)
    assert parse_change("－20％", "x") == -0.2
    assert parse_months("3", "x") == (Range(3, 3), False)
    assert parse_months("2-5个月", "x") == (Range(2, 5), True)
    for text in ("2026-12", "2026/12", "2026年12月份", "202612", " ２０２６－１２ "):
        assert parse_month(text, "x") == pd.Period("2026-12", "M")
    assert parse_month("2026-1", "x") == parse_month("2026年1月", "x") == pd.Period("2026-01", "M")


@pytest.mark.parametrize(
    ("read", "text"),
    [
        *(
            (parse_layoff, t)
            for t in (
                "2026-13:5",
                "2026-12",
                "1500",
                "2026-12:-5",
                "12:1500",
                "2026-12:0",
                "2026-12:0.5",
                "2026-12:5%",
            )
        ),
        *(
            (lambda t, f=f: f(t, "--x"), t)
            for f, texts in (
                (parse_change, ("20", "-120%", "x%", "1e9%", "0%")),
                (parse_share, ("0.6", "120%", "80%-40%", "")),
                (parse_months, ("0", "61", "5-2", "30%", "x")),
                (parse_month, ("2026-00", "202613", "2026.1", "26-12", "0026-12")),
            )
            for t in texts
        ),
    ],
)
def test_what_cannot_be_read_is_refused(read, text):
    with pytest.raises(ForecastError) as caught:
        read(text)
    assert caught.value.hint
