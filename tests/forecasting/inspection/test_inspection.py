"""What the models see, as a document and a picture."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from employment_forecast.data.catalogue.schema import Break
from employment_forecast.features.history.build import from_known
from employment_forecast.features.history.stored_covariates import (
    SAMPLE_CODES,
    SampleSource,
    stored_covariate_sources,
)
from employment_forecast.features.sample.index import chained_index
from employment_forecast.features.sample.panel import read_panel
from employment_forecast.forecasting.inspection.chart import features_chart
from employment_forecast.forecasting.inspection.inspection import (
    calendar_view,
    column_label,
    inspection,
)

TODAY = date(2026, 11, 20)


@pytest.fixture
def others(filled, catalogue, jiading, unemployed):
    return stored_covariate_sources(filled, catalogue, jiading, unemployed)


def seen(store, region, indicator, day, others):
    known = store.vintages(region.code, indicator.code).as_of(day)
    return from_known(known, region, indicator, day, others=others)


def test_everything_stored_stands_beside_the_target(others):
    codes = [indicator.code for indicator, _ in others]
    assert codes == [
        "registered_unemployment_rate", "new_jobs", "registered_inflow", "registered_reemployed",
        "registered_exited", "job_openings", "job_seekers", "openings_to_seekers",
        "registered_unemployed.graduates", "registered_unemployed.hard_to_place",
        "registered_unemployed.long_term", "registered_unemployed.youth", *SAMPLE_CODES,
    ]  # fmt: skip
    names = [indicator.name for indicator, _ in others]
    assert len(set(names)) == len(names)
    assert "青年登记失业人数" in names


def test_the_sample_index_is_that_of_the_reports_known(others):
    source = next(s for i, s in others if i.code == "sample_index")
    assert isinstance(source, SampleSource)
    day = date(2024, 6, 20)
    known = source.as_of(day)
    table = chained_index(read_panel(source.vintages.as_of(day))).table
    assert known.values.to_numpy() == pytest.approx(table["index"].to_numpy())
    assert str(known.values.index[-1]) == "2024-05"
    assert known.demo
    assert max(known.published_on) <= np.datetime64(day)
    assert source.as_of(date(2020, 1, 1)).values.empty


def test_nothing_published_later_is_seen(filled, others, jiading, unemployed):
    day = date(2024, 6, 20)
    cut = []
    for indicator, source in others:
        if isinstance(source, SampleSource):
            rows = source.vintages.rows
            kept = rows[rows["published_on"] <= pd.Timestamp(day)]
            cut.append((indicator, replace(source, vintages=replace(source.vintages, rows=kept))))
        else:
            rows = source.rows
            kept = rows[rows["published_on"] <= pd.Timestamp(day)]
            cut.append((indicator, replace(source, rows=kept)))
    whole = seen(filled, jiading, unemployed, day, others)
    assert whole.fingerprint == seen(filled, jiading, unemployed, day, cut).fingerprint
    assert len(whole.lagged) == len(others)
    assert all(each.end <= whole.origin for each in whole.lagged)
    later = seen(filled, jiading, unemployed, date(2024, 7, 20), others)
    assert later.fingerprint != whole.fingerprint


def test_the_document_is_complete_and_plain(filled, others, jiading, unemployed):
    history = seen(filled, jiading, unemployed, TODAY, others)
    content = inspection(history, jiading, unemployed)
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    last = content["months"][-1]
    assert last["month"] == content["data_month"] == "2026-10"
    values = history.values
    assert last["month_on_month"] == pytest.approx(100 * (values[-1] / values[-2] - 1))
    assert last["year_on_year"] == pytest.approx(100 * (values[-1] / values[-13] - 1))
    assert content["months"][0]["month_on_month"] is None
    assert content["calendar"][0]["month"] == "2026-08"
    assert len(content["calendar"]) == 15
    assert content["regressors"] == ["festival_before", "festival_during", "festival_after"]
    assert {row["lag_months"] for row in content["indicators"]} == {0}
    assert content["demo"]


def test_marks_and_breaks_are_told(history_of, wandering, jiading, unemployed):
    values = wandering(80)
    values[60] *= 1.4
    change = Break("*", pd.Period("2019-08", "M"), "dummy")
    history = history_of(values, start="2015-01", breaks=(change,))
    content = inspection(history, jiading, unemployed)
    rows = {row["month"]: row for row in content["months"]}
    assert rows["2020-01"]["marks"].startswith("单月异常")
    assert rows["2019-08"]["marks"].startswith("口径变化起")
    assert rows["2019-08"]["month_on_month"] is None
    assert rows["2020-07"]["year_on_year"] is None
    assert rows["2020-08"]["year_on_year"] is not None
    assert content["breaks"][0]["treatment"] == "dummy"
    assert column_label(content["regressors"][-1]) == "口径变化台阶（2019-08）"


def test_calendar_before_the_working_day_calendar(history_of, wandering):
    history = history_of(wandering(12), start="1999-01")
    assert list(calendar_view(history).columns) == list(history.regressors.columns)


@pytest.mark.soak  # pictures are compared beside the charts
def test_the_picture_is_a_picture_and_repeatable(history_of, wandering, jiading, unemployed):
    values = wandering(80)
    values[70] *= 1.4
    change = Break("*", pd.Period("2019-08", "M"), "dummy")
    history = history_of(values, start="2015-01", breaks=(change,), demo=True)
    picture = features_chart(history, jiading, unemployed)
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(picture[16:20], "big") == 1650
    assert picture == features_chart(history, jiading, unemployed)


def test_effects_are_told_with_their_errors(history_of, wandering, jiading, unemployed):
    values = wandering(80)
    values[55:] *= 1.4
    change = Break("*", pd.Period("2019-08", "M"), "dummy")
    content = inspection(history_of(values, start="2015-01", breaks=(change,)), jiading, unemployed)
    (step,) = (row for row in content["effects"]["columns"] if row["forced"])
    assert step["name"] == "口径变化台阶（2019-08）"
    assert step["coefficient"] == pytest.approx(np.log(1.4), abs=3 * step["standard_error"])
    assert set(content["effects"]["gains"]) == {"festival"}
    assert "默认值" in content["effects"]["note"]


def test_flows_are_held_against_the_stock(filled, others, jiading, unemployed):
    history = seen(filled, jiading, unemployed, TODAY, others)
    flows = inspection(history, jiading, unemployed)["flows"]
    last = flows["months"][-1]
    known = {e.indicator: e.series for e in history.lagged}
    left = known["registered_reemployed"].iloc[-1] + known["registered_exited"].iloc[-1]
    change = history.values[-1] - history.values[-2]
    assert last["month"] == "2026-10"
    assert last["residual"] == change - known["registered_inflow"].iloc[-1] + left
    assert last["outflow_rate"] == pytest.approx(100 * left / history.values[-2], abs=1e-4)
    assert flows["checked"] > 100
    # A month whose inflow is off by fifty is found.
    moved = tuple(
        replace(e, values=np.r_[e.values[:-1], e.values[-1] + 50])
        if e.indicator == "registered_inflow"
        else e
        for e in history.lagged
    )
    wrong = inspection(replace(history, lagged=moved), jiading, unemployed)["flows"]
    assert wrong["months"][-1]["status"] == "differs"
    assert wrong["differing"] == flows["differing"] + 1
    assert inspection(replace(history, lagged=()), jiading, unemployed)["flows"] is None
