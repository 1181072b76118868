"""Series kept between runs are the same series; any change of what was known makes them anew."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd
import pytest
from support.memory_cache import Memory

from employment_forecast.data.catalogue import Indicator, Series
from employment_forecast.data.records.vintages import Known
from employment_forecast.data.store.samples import FIRM_COLUMNS, FirmVintages
from employment_forecast.forecasting.backtest.covariate_cache import (
    CachedCovariate,
    cached_covariates,
)
from employment_forecast.forecasting.backtest.origins import origin_days, rolling_origins

DAYS = (date(2024, 1, 10), date(2024, 2, 10))


@dataclass
class Source:
    """Answers slowly, and says what the answer depends on."""

    content: bytes = b"one"
    asked: list[date] = field(default_factory=list)
    region: str = "310114"

    def identity(self, day):
        return self.content + str(day).encode()

    def as_of(self, day):
        self.asked.append(day)
        months = pd.PeriodIndex(["2023-01", "2023-02", "2023-05"], freq="M")
        return Known(
            values=pd.Series([0.1, 1 / 3, np.pi * day.month], index=months, name="x"),
            published_on=np.array(["2023-02-11", "2023-03-11", "2023-06-11"], "datetime64[D]"),
            estimated=True,
            demo=False,
            sources=("报表一", "报表二"),
        )


@pytest.fixture
def indicator() -> Indicator:
    return Indicator(
        code="sample_index", name="指数", kind="index", unit="指数", transform="log", lag_days=10,
        precision=0.1,
    )  # fmt: skip


def _same(one: Known, two: Known) -> None:
    pd.testing.assert_series_equal(one.values, two.values, check_exact=True)
    assert (one.published_on == two.published_on).all()
    assert one.published_on.dtype == two.published_on.dtype
    assert (one.estimated, one.demo, one.sources) == (two.estimated, two.demo, two.sources)


def test_the_second_run_asks_for_nothing(indicator):
    cache = Memory()
    for source in (Source(), Source()):
        ((_, cached),) = cached_covariates([(indicator, source)], DAYS, cache)
        for day in DAYS:
            _same(cached.as_of(day), Source().as_of(day))
    assert source.asked == []
    assert len(cache.kept) == 2
    other = date(2024, 3, 10)
    _same(cached.as_of(other), Source().as_of(other))
    assert source.asked == [other]


@pytest.mark.parametrize("change", ["content", "indicator", "code", "damage"])
def test_what_changed_is_worked_out_anew(indicator, change, monkeypatch):
    from dataclasses import replace

    from employment_forecast.forecasting.backtest import covariate_cache as module

    cache = Memory()
    cached_covariates([(indicator, Source())], DAYS, cache)
    source = Source(content=b"two") if change == "content" else Source()
    entry = replace(indicator, code="another") if change == "indicator" else indicator
    if change == "code":
        monkeypatch.setattr(module, "code_version", lambda: "next")
    if change == "damage":
        cache.kept = {k: v[:-3] + b"xyz" for k, v in cache.kept.items()}
    cached_covariates([(entry, source)], DAYS, cache)
    assert source.asked == list(DAYS)


def test_quick_sources_stay_as_they_are(indicator, vintages_of, monthly):
    quick = vintages_of(monthly("2023-01", [1.0, 2.0]))
    cache = Memory()
    ((_, cached),) = cached_covariates([(indicator, quick)], DAYS, cache)
    assert cached is quick
    assert cache.kept == {}


def _reports(**changes) -> FirmVintages:
    rows = pd.DataFrame({name: ["x", "y", "z"] for name in FIRM_COLUMNS})
    rows["month"] = [202401, 202402, 202402]
    rows["published_on"] = pd.to_datetime(["2024-02-10", "2024-03-10", "2024-04-10"])
    rows["id"] = [1, 2, 3]
    return FirmVintages("310114", rows.assign(**changes))


def test_identity_is_of_the_reports_known_by_the_day():
    base = _reports()
    day = date(2024, 3, 31)
    assert _reports(id=[7, 8, 9]).identity(day) == base.identity(day)
    late, early = (_reports(month=m) for m in ([202401, 202402, 202403], [202312, 202402, 202402]))
    assert late.identity(day) == base.identity(day)
    assert late.identity(date(2024, 4, 10)) != base.identity(date(2024, 4, 10))
    assert early.identity(day) != base.identity(day)
    assert base.identity(date(2024, 2, 10)) != base.identity(day)


def test_all_days_of_a_back_test_are_foreseen(
    indicator, vintages_of, monthly, wandering, jiading, unemployed
):
    rows = monthly("2016-01", wandering(100))
    vintages, as_of = vintages_of(rows), rows[-1][2]
    source = Source()
    days = origin_days(vintages, as_of, 20)
    kept = CachedCovariate(source, {day: source.as_of(day) for day in days})
    source.asked.clear()
    rolling_origins(Series(jiading, unemployed), vintages, as_of, 20, "refuse", [(indicator, kept)])
    assert source.asked == []
    assert len(days) <= 23
