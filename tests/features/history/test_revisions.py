"""First-to-final corrections: learned as of a day, pooled, and nothing where none ever came."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from employment_forecast.data.catalogue import Series
from employment_forecast.features.history import ModelInputs, Revisions
from employment_forecast.features.history.revisions import (
    AGES,
    RevisionSource,
    _month_biases,
    final_law,
    learn_revisions,
)
from employment_forecast.forecasting.backtest import rolling_origins
from employment_forecast.models import roster

LATE = date(2030, 1, 1)


@pytest.fixture
def corrected_in_january(vintages_of):
    """Registers whose January figures come out too low, and all a little off; final figures too."""

    def make(years, low, wide=0.0, seed=0):
        rng = np.random.default_rng(seed)
        months = pd.period_range(end="2024-01", periods=12 * years + 19, freq="M")
        final = 9 + np.cumsum(rng.normal(0, 0.02, len(months)))
        errors = rng.normal(0, 0.005, len(months))
        errors[months.month == 1] += low + wide * rng.normal(size=(months.month == 1).sum())
        rows = []
        for month, value, error in zip(months, final, errors, strict=True):
            day = month.end_time.date() + timedelta(days=10)
            rows.append((str(month), float(np.exp(value - error)), day))
            rows.append((str(month), float(np.exp(value)), day + timedelta(days=170)))
        return vintages_of(rows), final

    return make


@pytest.fixture
def revised(vintages_of):
    """Sixty months, each published with an error that goes half a year later."""

    def make(noise, seed=0, region="310114", wander=0.02):
        rng = np.random.default_rng(seed)
        months = pd.period_range("2019-01", periods=60, freq="M")
        final = 9 + np.cumsum(rng.normal(0, wander, 60))
        rows = []
        for month, value, error in zip(months, final, rng.normal(0, 1, 60), strict=True):
            day = month.end_time.date() + timedelta(days=10)
            first = value + noise * error
            rows.append((str(month), round(float(np.exp(first)), 3), day))
            if noise:
                rows.append((str(month), round(float(np.exp(value)), 3), day + timedelta(days=170)))
        return vintages_of(rows, region=region)

    return make


def learned(vintages, others=(), day=LATE):
    return learn_revisions(
        RevisionSource(vintages, log=True), [RevisionSource(o, log=True) for o in others], day
    )


def test_a_register_that_was_never_corrected_has_no_law(revised):
    assert learned(revised(0.0)) is None
    # Whatever its neighbours do.
    assert learned(revised(0.0), [revised(0.05, 1, "310104")]) is None


def test_spread_by_age_and_noise_are_found(revised):
    law = learned(revised(0.05))
    assert law.learned > 35
    # Corrected after 170 days: figures up to five months old are still to be corrected.
    assert np.asarray(law.spread[:5]) == pytest.approx(0.05, rel=0.35)
    assert law.spread[6:] == (0.0,) * (AGES - 6)
    assert law.persistence < 0.4
    assert law.noise > 0.5


def test_news_is_told_from_noise(vintages_of):
    rng = np.random.default_rng(3)
    months = pd.period_range("2019-01", periods=60, freq="M")
    rows, first = [], 9.0
    for month in months:
        day = month.end_time.date() + timedelta(days=10)
        first += rng.normal(0, 0.02)
        rows.append((str(month), float(np.exp(first)), day))
        rows.append((str(month), float(np.exp(first + rng.normal(0, 0.03))), day + timedelta(60)))
    assert learned(vintages_of(rows)).noise < 0.35


def test_nothing_of_a_later_day_is_used(revised):
    vintages = revised(0.05)
    day = date(2022, 6, 1)
    law = learned(vintages, day=day)
    rows = vintages.rows.copy()
    rows.loc[rows["published_on"] > pd.Timestamp(day), "value"] *= 3.0
    assert learned(replace(vintages, rows=rows), day=day) == law
    rows.loc[rows["published_on"] <= pd.Timestamp(day), "value"] *= rows["id"] % 2 + 1
    assert learned(replace(vintages, rows=rows), day=day) != law


def test_neighbours_lend_strength(revised):
    vintages, day = revised(0.05), date(2020, 10, 1)
    assert learned(vintages, day=day) is None
    others = [revised(0.05, s, f"31010{s}") for s in range(3, 8)]
    assert learned(vintages, others, day).learned == 12


def newest(made, month):
    """Law on the day a month came out, its figure then, its final one, and the law's 80 %."""
    vintages, final = made
    day = vintages.first_published(month)
    known = vintages.as_of(day).values
    law = learned(vintages, day=day)
    mean, covariance = final_law(np.log(known.to_numpy()), law)
    reach = 1.2816 * float(np.sqrt(covariance[-1, -1]))
    return law, abs(float(final[len(known) - 1] - mean[-1])) <= reach


@pytest.mark.soak
def test_a_month_that_is_always_corrected_has_a_bias_of_its_own(corrected_in_january):
    held = {"2024-01": 0, "2023-07": 0}
    for seed in range(16):
        made = corrected_in_january(5, 0.03, seed=seed)
        for month in held:
            law, covered = newest(made, pd.Period(month, "M"))
            held[month] += covered
            # July's own figure is the newest, January's six months older and corrected by then.
            assert law.bias[0] == pytest.approx(0.024 if month == "2024-01" else 0, abs=0.006)
    # 80 of 100 with some leeway for 16 draws; without the month it is none of them.
    assert held["2024-01"] >= 11
    assert held["2023-07"] >= 9


@pytest.mark.soak
def test_a_month_whose_corrections_differ_is_wider(corrected_in_january):
    plain, uncertain = (
        np.mean(
            [
                newest(corrected_in_january(6, 0.0, wide, seed), pd.Period("2024-01", "M"))[
                    0
                ].spread[0]
                for seed in range(8)
            ]
        )
        for wide in (0.0, 0.03)
    )
    assert plain == pytest.approx(0.005, rel=0.3)
    assert uncertain > 0.015


def test_few_years_of_a_month_say_what_all_months_say(corrected_in_january):
    law, _ = newest(corrected_in_january(1, 0.03), pd.Period("2024-01", "M"))
    assert abs(law.bias[0]) < 0.005


@pytest.mark.soak
def test_no_month_stands_out_by_chance(corrected_in_january):
    biases = [
        newest(corrected_in_january(years, 0.0, seed=seed), pd.Period("2024-01", "M"))[0].bias[0]
        for years in (2, 4)
        for seed in range(8)
    ]
    # A standard error of the plain mean over two years would be 0.0035.
    assert np.sqrt(np.mean(np.square(biases))) < 0.0012


@pytest.mark.parametrize("missing", [3, 6, 9])
def test_gaps_make_no_month_stand_out_by_chance(missing):
    rng, given = np.random.default_rng(1), []
    for _ in range(40):
        # Four regions, two years; each lacks some months at whatever age they are seen.
        rows = rng.normal(0, 1, (4, 24, AGES))
        for region in rows:
            for gap in rng.choice(24, missing, replace=False):
                for age in range(min(AGES, 24 - gap)):
                    region[gap + age, age] = np.nan
        _, sure, *_ = _month_biases(rows.reshape(-1, AGES), np.tile(np.arange(24), 4))
        given.append((sure > 0).mean())
    assert 0.037 < np.mean(given) < 0.053


@pytest.mark.parametrize(("low", "wide", "what"), [(0.03, 0.0, "bias"), (0.0, 0.03, "spread")])
def test_a_gap_costs_its_calendar_month_no_more(corrected_in_january, low, wide, what):
    vintages, _ = corrected_in_january(5, low, wide)
    # The newest month is a February, its January, one month older, is still to be corrected.
    day = vintages.first_published(pd.Period("2023-02", "M"))
    kept = vintages.rows[vintages.rows["month"] != 202101].reset_index(drop=True)
    for others in ((), (corrected_in_january(5, low, wide, 1)[0],)):
        whole, gap = (
            getattr(learned(each, others, day), what)[1]
            for each in (vintages, replace(vintages, rows=kept))
        )
        assert whole > 0.01
        assert gap > 0.01


def test_the_year_of_a_gap_is_not_counted():
    rows = np.zeros((48, AGES))
    rows[::12] = 1.0
    rows[12, 3] = np.nan
    biases, sure, *_ = _month_biases(rows, np.arange(48))
    assert biases[0] == pytest.approx(1.0)
    assert (sure[0, 3], sure[0, 4]) == pytest.approx((3 / 4, 4 / 5))


def test_an_age_nobody_knows_has_no_bias():
    rows = np.zeros((48, AGES))
    rows[::12] = 1.0
    rows[:, 5] = np.nan
    biases, sure, *_ = _month_biases(rows, np.arange(48))
    assert np.flatnonzero(biases[0] == 0).tolist() == [5]
    assert sure[:, 5].tolist() == [0.0] * 12


@pytest.mark.soak
def test_noise_does_not_depend_on_the_newest_month(corrected_in_january):
    january, july = (
        np.mean(
            [
                newest(corrected_in_january(5, 0.0, 0.03, seed), pd.Period(month, "M"))[0].noise
                for seed in range(12)
            ]
        )
        for month in ("2024-01", "2023-07")
    )
    assert january == pytest.approx(july, rel=0.15)


def test_final_law_weighs_figure_and_model():
    rng = np.random.default_rng(2)
    z = np.cumsum(rng.normal(0, 0.02, 90))
    z[-1] += 0.2
    law = Revisions((0.0,) * AGES, (0.1,) + (0.0,) * (AGES - 1), 0.0, 1.0, 30)
    mean, covariance = final_law(z, law)
    # A jump far beyond the usual step is mostly an error where errors are five times as large.
    assert mean[-1] < z[-1] - 0.1
    assert mean[:-1] == pytest.approx(z[-AGES:-1], abs=1e-6)
    assert 0 < covariance[-1, -1] < 0.03**2
    news, wide = final_law(z, replace(law, noise=0.0, bias=(0.01,) + (0.0,) * (AGES - 1)))
    assert news[-1] == pytest.approx(z[-1] + 0.01)
    assert wide[-1, -1] == pytest.approx(0.1**2)


def test_paths_start_from_the_final_figures(history_of):
    rng = np.random.default_rng(6)
    values = np.exp(9 + np.cumsum(rng.normal(0, 0.01, 72)))
    plain = replace(history_of(values), transform="log")
    law = Revisions((-0.05,) * AGES, (0.04,) * AGES, 0.9, 0.0, 30)
    known = replace(plain, revisions=law)
    for name in ("random_walk", "ets", "uc", "ridge"):
        model = roster.create(name)
        before, after = (model.forecast(h, 3, 1000, 1).values for h in (plain, known))
        middle = np.median(np.log(after[:, 0])) - np.median(np.log(before[:, 0]))
        assert middle == pytest.approx(-0.05, abs=0.03)
        assert np.log(after[:, 0]).std() > 1.5 * np.log(before[:, 0]).std()
    assert plain.fingerprint != known.fingerprint


def test_origins_know_the_corrections_of_their_day(revised, jiading, unemployed):
    series = Series(jiading, unemployed)
    current, past = rolling_origins(series, revised(0.05), LATE, 12)
    laws = [o.history.revisions for o in (*past, current)]
    assert all(law is not None for law in laws)
    assert [law.learned for law in laws] == sorted(law.learned for law in laws)
    assert any("最终数可能为" in note for note in current.history.notes)
    exact, before = rolling_origins(series, revised(0.0), LATE, 12)
    assert {o.history.revisions for o in (*before, exact)} == {None}
    assert ModelInputs().neighbours == ()
