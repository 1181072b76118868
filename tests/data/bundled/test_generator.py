"""The demonstration series: reproducible, true to the published figures, and suitably untidy."""

from __future__ import annotations

import math
import tomllib
from datetime import date
from importlib import resources
from itertools import pairwise

import pandas as pd
import pytest

from employment_forecast.data.bundled.demo.generator import __main__ as generator
from employment_forecast.data.bundled.demo.generator import process
from employment_forecast.data.bundled.demo.generator.profiles import PROFILES
from employment_forecast.data.bundled.loader import load_demo
from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.records.observation import check_observations

COUNT, RATE, JOBS = "registered_unemployed", "registered_unemployment_rate", "new_jobs"
XUHUI, JIADING, ZHOUSHAN, JIANGXIA, SHENGZHOU = "310104", "310114", "330900", "420115", "330683"
DISTRICTS = (XUHUI, JIADING, ZHOUSHAN, JIANGXIA, SHENGZHOU)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    observations = load_demo()
    check_observations(observations, load_catalogue())
    frame = pd.DataFrame([vars(o) for o in observations])
    return frame.sort_values(["region", "indicator", "month", "published_on"], kind="stable")


@pytest.fixture(scope="module")
def caps() -> pd.DataFrame:
    return pd.DataFrame(tomllib.loads(_shipped("caps.toml").decode())["caps"])


def _shipped(name: str) -> bytes:
    return resources.files("employment_forecast.data.bundled.demo").joinpath(name).read_bytes()


def _final(rows: pd.DataFrame, region: str, indicator: str) -> pd.Series:
    mine = rows[(rows["region"] == region) & (rows["indicator"] == indicator)]
    return mine.drop_duplicates("month", keep="last").set_index("month")["value"]


def _any_vintage(rows: pd.DataFrame, region: str, indicator: str, first: str, last: str):
    months = pd.PeriodIndex(rows["month"])
    inside = (months >= pd.Period(first, "M")) & (months <= pd.Period(last, "M"))
    return rows[(rows["region"] == region) & (rows["indicator"] == indicator) & inside]["value"]


def _yearly_jobs(rows: pd.DataFrame, region: str) -> dict[int, float]:
    final = _final(rows, region, JOBS)
    return {m.year: v for m, v in final.items() if m.month == 12}


@pytest.mark.soak  # nothing shipped changes on other days
def test_generator_reproduces_the_shipped_bytes(tmp_path):
    generator.main(tmp_path)
    for name in ("observations.csv", "caps.toml"):
        assert (tmp_path / name).read_bytes() == _shipped(name)


@pytest.mark.parametrize("region", DISTRICTS)
@pytest.mark.parametrize("indicator", [COUNT, RATE])
def test_no_month_is_missing(rows, region, indicator):
    months = pd.PeriodIndex(_final(rows, region, indicator).index)
    assert list(months) == list(pd.period_range("2011-01", "2026-10", freq="M"))


def test_published_figures_of_xuhui(rows):
    assert _final(rows, XUHUI, COUNT)[pd.Period("2015-12", "M")] == 19_142
    assert _any_vintage(rows, XUHUI, COUNT, "2011-01", "2015-12").max() <= 20_400
    jobs = [_yearly_jobs(rows, XUHUI)[y] for y in range(2011, 2016)]
    assert sum(jobs) == 240_184
    assert min(jobs) >= 31_500


def test_published_figures_of_zhoushan(rows):
    assert _any_vintage(rows, ZHOUSHAN, RATE, "2011-01", "2015-12").max() <= 4.0
    assert _final(rows, ZHOUSHAN, RATE)[pd.Period("2016-12", "M")] == 2.98
    jobs = _yearly_jobs(rows, ZHOUSHAN)
    assert sum(jobs[y] for y in range(2011, 2016)) == 57_160
    assert jobs[2016] == 16_783
    assert round(jobs[2022] / 10_000, 1) == 4.5


def test_published_figures_of_jiangxia_and_jiading(rows):
    assert _any_vintage(rows, JIANGXIA, RATE, "2016-01", "2020-12").max() <= 3.6
    assert sum(_yearly_jobs(rows, JIANGXIA)[y] for y in range(2016, 2021)) == 74_200
    assert min(_yearly_jobs(rows, JIADING)[y] for y in range(2016, 2021)) > 26_000


def test_every_row_says_that_it_is_generated(rows):
    assert set(rows["source"]) == {generator.CALIBRATED, generator.ARBITRARY}
    assert all(s.startswith("演示数据（生成") for s in set(rows["source"]))
    calibrated = rows[rows["source"] == generator.CALIBRATED]
    months = pd.PeriodIndex(calibrated["month"])
    spans = {
        key: (int(months[index].year.min()), int(months[index].year.max()))
        for key, index in calibrated.reset_index(drop=True)
        .groupby(["region", "indicator"])
        .indices.items()
    }
    assert spans == {
        (XUHUI, COUNT): (2011, 2015),
        (XUHUI, JOBS): (2011, 2015),
        (ZHOUSHAN, RATE): (2011, 2016),
        (ZHOUSHAN, JOBS): (2011, 2022),
        (JIANGXIA, RATE): (2016, 2020),
        (JIANGXIA, JOBS): (2016, 2020),
        (JIADING, JOBS): (2016, 2020),
    }


def test_new_jobs_run_through_the_year(rows):
    for region in DISTRICTS:
        final = _final(rows, region, JOBS)
        for (before, low), (after, high) in pairwise(final.items()):
            assert (after.year > before.year) or low < high
        januaries = [m.year for m in final.index if m.month == 1]
        assert januaries == (list(range(2021, 2027)) if region == JIADING else [])
        assert len(final) == 16 * 11 - 2 + len(januaries)


def test_new_jobs_never_fall_as_known_on_any_day(rows):
    jobs = rows[rows["indicator"] == JOBS].sort_values(["region", "published_on", "month"])
    known: dict[tuple[str, int], dict[int, float]] = {}
    for row in jobs.itertuples():
        year = known.setdefault((row.region, row.month.year), {})
        year[row.month.month] = row.value
        values = [year[m] for m in sorted(year)]
        assert all(low < high for low, high in pairwise(values))


def test_publication_days(rows):
    first = rows.drop_duplicates(["region", "indicator", "month"], keep="first")
    lags = pd.Series(
        [
            (p - m.end_time.date()).days
            for p, m in zip(first["published_on"], first["month"], strict=True)
        ]
    )
    assert lags.min() >= 8
    late = lags > 12
    assert 0.005 < late.mean() < 0.06
    assert lags.max() <= 52
    assert all(day.weekday() < 5 for day in rows["published_on"])
    assert rows["published_on"].max() <= date(2026, 11, 15)
    for _, mine in first.groupby(["region", "indicator"]):
        assert mine["published_on"].is_monotonic_increasing


def test_revisions_are_small_and_later(rows):
    keys = ["region", "indicator", "month"]
    assert not rows.duplicated([*keys, "published_on"]).any()
    sizes = rows.groupby(keys).size()
    assert set(sizes) == {1, 2}
    for indicator in (COUNT, RATE, JOBS):
        assert 10 < (sizes.xs(indicator, level="indicator") == 2).sum() < 80
    revised = rows[rows.duplicated(keys, keep=False)].groupby(keys)
    change = (revised["value"].last() / revised["value"].first() - 1).abs()
    assert change.between(1e-5, 0.03).all()
    assert (revised["published_on"].first() < revised["published_on"].last()).all()


def test_definition_break_is_in_the_catalogue_and_in_the_data(rows):
    (profile,) = (p for p in PROFILES if p.break_month)
    month = pd.Period(year=profile.break_month[0], month=profile.break_month[1], freq="M")
    for indicator in (COUNT, RATE):
        (entry,) = load_catalogue().indicator(indicator).breaks_in(profile.code, demo=True)
        assert load_catalogue().indicator(indicator).breaks_in(profile.code, demo=False) == ()
        assert (entry.month, entry.treatment) == (month, "split")
        assert "演示数据" in entry.note
        final = _final(rows, profile.code, indicator)
        assert final[month] / final[month - 1] > 1.12
    assert not any(load_catalogue().indicator(JOBS).breaks)


def test_series_move_as_a_fair_task(rows):
    for profile in PROFILES:
        final = _final(rows, profile.code, COUNT)
        logs = final.map(math.log)
        steps = logs.diff().dropna()
        if profile.break_month:
            steps = steps[steps.index != pd.Period("2019-01", "M")]
        assert steps.abs().max() < 0.12
        assert 0.012 < steps.std() < 0.045
        by_month = steps.groupby([m.month for m in steps.index]).mean()
        assert by_month[7] > 0.02
        assert by_month[9] < -0.01
        # Same-month changes over a year leave no seasonality: what remains is the slow movement.
        assert 0.02 < logs.diff(12).dropna().std() < 0.12
        spring = {
            y: logs[pd.Period(f"{y}-05", "M")] - logs[pd.Period(f"{y}-01", "M")]
            for y in range(2011, 2027)
        }
        usual = pd.Series({y: v for y, v in spring.items() if y not in (2020, 2022)}).mean()
        assert spring[2020] > usual + 0.04


def test_one_district_breaches_in_the_current_year(rows, caps):
    breaches = {}
    limits = caps[caps["direction"] == "cap"]
    for cap in limits[limits["period"] == "2026"].to_dict("records"):
        final = _final(rows, cap["region"], cap["indicator"])
        this_year = final[[m.year == 2026 for m in final.index]]
        above = [str(m) for m, v in this_year.items() if v > cap["value"]]
        if above:
            breaches[cap["region"], cap["indicator"], cap["tier"]] = above
    assert list(breaches) == [(SHENGZHOU, COUNT, "district")]
    (months,) = breaches.values()
    assert len(months) == 1
    assert months[0] < "2026-10"


def test_headroom_leaves_the_year_end_open(rows, caps):
    limits = caps[(caps["direction"] == "cap") & (caps["tier"] == "district")]
    for cap in limits[limits["period"] == "2026"].to_dict("records"):
        latest = _final(rows, cap["region"], cap["indicator"]).iloc[-1]
        assert 0.0 < 1 - latest / cap["value"] < 0.04


def test_caps_of_every_year_and_tier(caps):
    for region in DISTRICTS:
        for indicator in [COUNT, RATE] if region in (ZHOUSHAN, JIANGXIA) else [COUNT]:
            mine = caps[(caps["region"] == region) & (caps["indicator"] == indicator)]
            for year in range(2019, 2027):
                this = mine[mine["period"] == str(year)].sort_values("announced_on")
                city = this[this["tier"] == "municipal"]
                district = this[this["tier"] == "district"]
                assert len(district) == 1
                assert len(city) == (2 if (region, year) == (JIADING, 2022) else 1)
                assert district["value"].iloc[0] < city["value"].iloc[0]
                assert all(d.year == year for d in this["announced_on"])
    limits = caps[caps["direction"] == "cap"]
    assert len(limits) == 5 * 2 * 8 + 2 * 2 * 8 + 1

    assert set(limits["source"]) == {"演示控制数（生成；水平为任意设定）"}
    raised = caps[caps["note"] == "年中调整"]
    assert list(raised["announced_on"]) == [date(2022, 7, 15)]


def test_floors_on_new_jobs_of_every_year_and_plan(caps):
    floors = caps[caps["direction"] == "floor"]
    assert set(floors["indicator"]) == {"new_jobs"}
    assert set(floors["basis"]) == {"period_total"}
    for region in DISTRICTS:
        mine = floors[floors["region"] == region]
        years = [str(y) for y in range(2019, 2027)]
        assert sorted(mine["period"]) == sorted([*years, "2021-2025", "2026-2030"])
    assert set(floors["source"]) == {"演示下限（生成；水平为任意设定）"}


def test_festival_days_against_published_dates():
    published = {2011: (2, 3), 2012: (1, 23), 2013: (2, 10), 2014: (1, 31), 2020: (1, 25),
                 2023: (1, 22), 2025: (1, 29), 2026: (2, 17)}  # fmt: skip
    assert {y: (d.month, d.day) for y in published for d in [process.festival(y)]} == published
    # 2024-02-10: days 8..21 are 18 February to 2 March, 12 of 14 in February.
    assert process.festival_share((2024, 2), 8, 21) == pytest.approx(12 / 14)
    assert process.festival_share((2024, 3), 8, 21) == pytest.approx(2 / 14)


def test_components_by_hand():
    assert process.months_between((2011, 11), (2012, 2)) == [
        (2011, 11), (2011, 12), (2012, 1), (2012, 2)]  # fmt: skip
    knots = ((2011, 1, 0.0), (2012, 1, 1.2))
    assert process.piecewise(knots, (2011, 7)) == pytest.approx(0.6)
    assert process.piecewise(knots, (2010, 1)) == 0.0
    assert process.piecewise(knots, (2015, 1)) == 1.2
    profile = [process.shock((2020, m), (2020, 2), 2, 2.0) for m in range(1, 8)]
    assert profile == pytest.approx([0, 0.5, 1, 0.5**0.5, 0.5, 0.5**1.5, 0.25])
    assert process.apportion(10, [1.0, 1.0, 1.0]) == [3, 4, 3]
    assert sum(process.apportion(240_184, process.JOBS_SHAPE)) == 240_184
    assert generator.rate_of(4, 96) == 4.0


def test_a_profile_that_contradicts_itself_is_reported(monkeypatch):
    monkeypatch.setattr(generator, "MOST_ATTEMPTS", 3)
    monkeypatch.setattr(generator, "_below_ceilings", lambda *row: False)
    with pytest.raises(RuntimeError, match="310114"):
        generator.draw_series(PROFILES[0])
