"""Demonstration flows, groups and monitored firms, and how they live in the store."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from importlib import resources

import pandas as pd
import pytest
from sqlalchemy import func, select

from employment_forecast.data.bundled import loader
from employment_forecast.data.bundled.demo.generator import __main__ as generator
from employment_forecast.data.bundled.demo.generator import firms as demo_firms
from employment_forecast.data.bundled.demo.generator import market
from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.imports.checks.batch import Batch
from employment_forecast.data.imports.checks.firms import firm_arithmetic, firm_chain, firm_parts
from employment_forecast.data.store import samples as sample_store
from employment_forecast.data.store.batches import open_batch
from employment_forecast.data.store.inventory import batch_records
from employment_forecast.data.store.schema import batches, firm_months
from employment_forecast.data.store.store import Store

JIADING = "310114"
STOCK = "registered_unemployed"
TODAY = date(2026, 11, 20)
LAST = pd.Period("2026-10", "M")


@pytest.fixture(scope="module")
def filled(tmp_path_factory, databases) -> Store:
    file = tmp_path_factory.mktemp("filled") / "observations.db"
    shutil.copy(databases / "observations.db", file)
    store = Store(f"sqlite:///{file}")
    yield store
    store.close()


@pytest.fixture(scope="module")
def value(filled):
    return lambda indicator: filled.as_of(TODAY, JIADING, indicator).values


@pytest.fixture(scope="module")
def reports():
    return loader.load_demo_firms()


@pytest.mark.soak
def test_generator_reproduces_the_shipped_samples(tmp_path):
    generator.main(tmp_path)
    for name in ("groups.csv", "firms.csv"):
        shipped = (
            resources.files("employment_forecast.data.bundled.demo").joinpath(name).read_bytes()
        )
        assert (tmp_path / name).read_bytes() == shipped


def test_stock_change_is_inflow_less_outflow(value):
    stock = value(STOCK)
    assert len(stock) == 190
    balance = value(market.INFLOW) - value(market.REEMPLOYED) - value(market.EXITED)
    assert (stock.diff().dropna() == balance.iloc[1:]).all()
    for flow in (market.INFLOW, market.REEMPLOYED, market.EXITED):
        assert value(flow).min() > 0


def test_ratio_is_openings_over_seekers(value):
    expected = (value(market.OPENINGS) / value(market.SEEKERS)).round(2)
    assert value(market.RATIO).to_numpy() == pytest.approx(expected.to_numpy(), abs=0.0051)
    assert value(market.RATIO).between(0.8, 1.8).all()


def test_groups_are_parts_of_the_unemployed(filled, value):
    stock = value(STOCK)
    assert sample_store.groups_of(filled, JIADING, STOCK) == sorted(market.GROUPS)
    assert set(market.GROUPS) <= {g.code for g in load_catalogue().groups}
    for people, (share, _, _) in market.GROUPS.items():
        known = sample_store.group_vintages(filled, JIADING, STOCK, people).as_of(TODAY)
        assert known.demo
        assert list(known.values.index) == list(stock.index)
        assert (known.values < stock).all()
        assert (known.values / stock).mean() == pytest.approx(share, abs=0.03)


def test_graduates_peak_in_late_summer(filled, value):
    known = sample_store.group_vintages(filled, JIADING, STOCK, "graduates").as_of(TODAY)
    share = known.values / value(STOCK)
    by_month = share.groupby([m.month for m in share.index]).mean()
    assert set(by_month.nlargest(4).index) == {7, 8, 9, 10}


def test_the_panel_keeps_its_arithmetic(reports):
    batch = Batch((), load_catalogue(), TODAY, (), tuple(reports), {}, False)
    assert len({f.firm for f in reports}) == 60
    assert firm_arithmetic(batch) == []
    assert firm_parts(batch) == []
    final = {(f.firm, f.month): f for f in reports}
    assert firm_chain(replace(batch, firms=tuple(final.values()))) == []
    assert all(f.source == generator.ARBITRARY for f in reports)
    assert max(f.published_on for f in reports) <= generator.LAST_DAY
    for report in reports:
        assert report.published_on > report.month.end_time.date()


def test_the_panel_has_entry_exit_gaps_and_corrections(reports):
    months = {}
    for report in reports:
        months.setdefault(report.firm, set()).add(report.month)
    firsts = Counter(min(m) for m in months.values())
    lasts = Counter(max(m) for m in months.values())
    assert firsts[pd.Period("2021-01", "M")] > 45
    assert sum(n for m, n in firsts.items() if m > pd.Period("2021-03", "M")) >= 5
    assert sum(n for m, n in lasts.items() if m < pd.Period("2026-08", "M")) >= 5
    missing = sum(len(pd.period_range(min(m), max(m), freq="M")) - len(m) for m in months.values())
    assert 30 < missing < 150
    twice = [k for k, n in Counter((f.firm, f.month) for f in reports).items() if n == 2]
    assert 5 < len(twice) < 60
    closed = [f for f in reports if f.end == 0]
    assert [(f.firm, str(f.month), set(f.by_cause)) for f in closed] == [
        (f"JD{demo_firms.CLOSING[0] + 1:03d}", "2024-09", {"closure"})
    ]


def test_one_mass_layoff_and_one_abnormal_separation(reports):
    layoffs = [f for f in reports if f.by_type.get("employer", 0) >= 20 and f.end > 0]
    assert [(f.firm, str(f.month)) for f in layoffs] == [("JD007", "2026-07")]
    (odd,) = [f for f in reports if f.firm == "JD031" and f.month == LAST]
    usual = [f.separations for f in reports if f.firm == "JD031" and f.month < LAST]
    assert odd.separations > 1.5 * max(usual)
    assert odd.by_type.get("employer", 0) <= 1


def test_poisson_counts_have_their_mean():
    rng = demo_firms.Random("poisson")
    counts = [demo_firms.poisson(3.5, rng) for _ in range(4_000)]
    assert sum(counts) / 4_000 == pytest.approx(3.5, abs=0.1)
    assert pd.Series(counts).var() == pytest.approx(3.5, abs=0.35)


def test_impossible_flows_are_reported():
    with pytest.raises(RuntimeError, match="no flows"):
        market.register_flows([(2024, 1), (2024, 2)], [1000, 10], demo_firms.Random("x"))


# --- in the store ---------------------------------------------------------------------------------


def test_the_panel_comes_back_as_it_shipped(filled, reports):
    panel = sample_store.firm_panel(filled, JIADING, TODAY)
    final = {(f.firm, f.month): f for f in reports}
    assert len(panel) == len(final)
    assert panel["demo"].all()
    for row in panel.to_dict("records"):
        shipped = final[row["firm"], row["month"]]
        for name in ("base", "hires", "separations", "end", "dispatched", "hidden", "industry",
                     "sector", "ownership", "size", "street", "base_is", "source"):  # fmt: skip
            assert row[name] == getattr(shipped, name)
        assert row["kinds"] == {"type": dict(shipped.by_type), "cause": dict(shipped.by_cause)}


def test_a_panel_holds_what_was_known(filled, reports):
    vintages = sample_store.firm_vintages(filled, JIADING)
    firm, month = next(k for k, n in Counter((f.firm, f.month) for f in reports).items() if n == 2)
    draft, final = (f for f in reports if (f.firm, f.month) == (firm, month))

    def hires(day):
        seen = vintages.as_of(day)
        return seen[(seen["firm"] == firm) & (seen["month"] == month)]["hires"].tolist()

    assert hires(draft.published_on - timedelta(days=1)) == []
    assert hires(draft.published_on) == hires(final.published_on - timedelta(days=1))
    assert hires(draft.published_on) == [draft.hires]
    assert hires(final.published_on) == [final.hires]
    assert sample_store.firm_panel(filled, JIADING, date(2020, 1, 1)).empty
    assert sample_store.firm_panel(filled, "310104", TODAY).empty


def test_details_bear_the_titles_of_the_report(filled):
    panel = sample_store.firm_panel(filled, JIADING, TODAY)
    for kind, title in (("type", "用人单位解除"), ("cause", "关闭破产")):
        details = sample_store.separation_details(panel, kind)
        assert list(details.columns) == ["firm", "month", kind, "count"]
        assert title in set(details[kind])
        assert details["count"].sum() == panel["separations"].sum()


@pytest.mark.soak
def test_shipped_samples_are_replaced_not_added(store, catalogue, monkeypatch):
    assert loader.sync(store, catalogue)
    with monkeypatch.context() as patched:
        patched.setattr(loader, "load_demo_firms", lambda: pytest.fail("read again"))
        patched.setattr(loader, "load_demo_groups", lambda: pytest.fail("read again"))
        assert not loader.sync(store, catalogue)
    before = sample_store.firm_panel(store, JIADING, TODAY)
    slower = tuple(replace(i, lag_days=i.lag_days + 5) for i in catalogue.indicators)
    assert loader.sync(store, replace(catalogue, indicators=slower))
    assert sample_store.firm_panel(store, JIADING, TODAY).equals(before)
    with store.reading() as connection:
        kept = connection.scalar(select(func.count()).select_from(firm_months))
        demos = connection.execute(
            select(batches.c.kind, batches.c.withdrawn_at.is_(None)).where(
                batches.c.kind == "bundled:demo_firms"
            )
        ).all()
    assert kept == 2 * len(loader.load_demo_firms())
    assert sorted(bool(row[1]) for row in demos) == [False, True]


def test_real_rows_push_the_demonstration_aside(store, catalogue, reports):
    loader.sync(store, catalogue)
    real = [replace(f, published_on=None) for f in reports if f.month == LAST][:3]
    groups = [replace(r) for r in loader.load_demo_groups() if r.group == "youth"][-2:]
    with store.writing() as connection:
        batch = open_batch(connection, kind="import", command="test")
        sample_store.add_firms(
            connection, batch, real, catalogue, source="月报.xlsx", published_on=date(2026, 11, 9)
        )
        sample_store.add_groups(connection, batch, groups, catalogue)
    panel = sample_store.firm_panel(store, JIADING, TODAY)
    assert len(panel) == 3
    assert not panel["demo"].any()
    assert set(panel["source"]) == {"月报.xlsx"}
    assert sample_store.firm_panel(store, JIADING, date(2026, 11, 8)).empty
    youth = sample_store.group_vintages(store, JIADING, STOCK, "youth").as_of(TODAY)
    assert (len(youth.values), youth.demo) == (2, False)
    rest = sample_store.group_vintages(store, JIADING, STOCK, "graduates").as_of(TODAY)
    assert rest.demo


def test_an_unknown_day_is_estimated_and_flagged(store, catalogue, reports):
    with store.writing() as connection:
        batch = open_batch(connection, kind="import", command="test")
        row = replace(reports[0], published_on=None)
        sample_store.add_firms(connection, batch, [row], catalogue, source="月报.xlsx")
    rows = sample_store.firm_vintages(store, JIADING).rows
    usual = row.month.end_time.date() + timedelta(days=sample_store.FIRM_LAG_DAYS)
    assert rows["published_on"].dt.date.tolist() == [usual]
    assert rows["published_estimated"].tolist() == [True]


def test_batches_count_firm_months_and_groups(filled):
    counts = {b.kind: b.rows for b in batch_records(filled)}
    assert min(counts.values()) > 0, counts
    with filled.reading() as connection:
        expected = connection.scalar(select(func.count()).select_from(firm_months))
    assert expected in counts.values()
