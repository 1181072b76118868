"""The result as a document: promised keys, published precision, files that open in Excel."""

from __future__ import annotations

import csv
import io
import json
from itertools import pairwise

import numpy as np
import pytest

from employment_forecast.data.catalogue import Indicator
from employment_forecast.data.catalogue.figures import DEMO_MARK, figure, phrase
from employment_forecast.data.files.atomic import to_json
from employment_forecast.data.targets.target import BASES
from employment_forecast.forecasting.documents.result_tables import caps_table
from employment_forecast.forecasting.documents.run import cap_document, document, forecast_csv
from employment_forecast.models.paths import QUANTILES

COUNT = Indicator("c", "人数", "stock", "人", precision=1.0)
RATE = Indicator("r", "率", "rate", "%", precision=0.1)
FINE = Indicator("f", "率", "rate", "%", precision=0.01)


@pytest.fixture(scope="module")
def counts(competition, cap_of):
    """A count with two caps, one beyond the tested months, and a target without a number."""
    return competition(
        targets=[
            cap_of(),
            cap_of(10_300.0, tier="district", basis="period_end"),
            cap_of(None, tier="own", quote="市政府下达指标"),
        ],
        horizon=6,
    )


@pytest.fixture(scope="module")
def rates(competition, cap_of, wandering):
    """A demonstration rate printed to 0.1 with the national pair of targets."""
    national = {
        "region": "100000",
        "indicator": "surveyed_unemployment_rate",
        "tier": "national",
        "unit": "%",
        "qualifier": "左右",
    }
    return competition(
        np.round(wandering(48, level=5.2), 1),
        region="100000",
        indicator="surveyed_unemployment_rate",
        targets=[cap_of(5.5, **national), cap_of(5.5, basis="period_average", **national)],
        demo=True,
    )


def content_of(result):
    return document(
        result, run_id="r1", registered_name="registered_unemployed.310114", version="3"
    )


@pytest.mark.parametrize(
    ("value", "indicator", "number", "text"),
    [
        (12345.5, COUNT, 12346, "12,346"),
        (12345.4, COUNT, 12345, "12,345"),
        (5.55, RATE, 5.6, "5.6"),
        (5.54, RATE, 5.5, "5.5"),
        (5.0, RATE, 5.0, "5.0"),
        (2.345, FINE, 2.35, "2.35"),
        (0.29999999999999982, RATE, 0.3, "0.3"),
        (-0.3, RATE, -0.3, "-0.3"),
        (-0.04, RATE, 0.0, "0.0"),
        (-1500.0, COUNT, -1500, "-1,500"),
    ],
)
def test_figures_carry_the_published_precision(value, indicator, number, text):
    shown = figure(value, indicator)
    assert shown == number
    assert isinstance(shown, int) == (indicator is COUNT)
    assert phrase(value, indicator) == text


def test_the_promised_keys(counts):
    content = content_of(counts)
    assert content["region"] == {"code": "310114", "name": "嘉定区"}
    assert content["indicator"] == "registered_unemployed"
    assert content["unit"] == "人"
    assert content["data_month"] == "2024-12"
    assert content["demo"] is False
    assert content["champion"] == {
        "model": counts.choice.model,
        "registered_name": "registered_unemployed.310114",
        "version": "3",
    }
    for row in content["leaderboard"]:
        assert {"model", "wis", "mase", "coverage95", "failure"} <= row.keys()
        assert 0 <= row["coverage95"] <= 1
    assert len(content["forecast"]) >= 12
    for row in content["forecast"]:
        assert {"month", "mean", *QUANTILES} <= row.keys()
    for row in content["caps"]:
        assert {
            "tier", "basis", "value", "period", "demo", "p_any", "p_any_remaining", "p_end",
            "already_breached", "first_breach_month", "headroom",
        } <= row.keys()  # fmt: skip
    assert (content["cells_computed"], content["cells_reused"]) == (27, 0)
    assert content["run_id"] == "r1"


def test_it_is_json_with_finite_numbers_alone(counts, rates):
    for result in (counts, rates):
        content = content_of(result)
        assert json.loads(to_json(content)) == content
        assert json.loads(to_json(content, ascii_only=True)) == content
        json.dumps(content, allow_nan=False)


def test_months_follow_the_data_and_say_what_was_not_tested(counts):
    rows = content_of(counts)["forecast"]
    assert [r["month"] for r in rows] == [f"2025-{m:02d}" for m in range(1, 13)]
    assert [r["untested"] for r in rows] == [False] * 6 + [True] * 6
    assert content_of(counts)["tested_horizon"] == 6


def test_quantiles_never_cross_and_counts_are_whole(counts, rates):
    for result, kind in ((counts, int), (rates, float)):
        for row in content_of(result)["forecast"]:
            values = [row[q] for q in QUANTILES]
            assert all(isinstance(v, kind) for v in values)
            assert all(a <= b for a, b in pairwise(values))
            assert values[0] <= row["mean"] <= values[-1]


def test_rates_have_one_digit_everywhere(rates):
    content = content_of(rates)
    for row in content["forecast"]:
        assert all(round(row[q], 1) == row[q] for q in QUANTILES)
    assert round(content["latest"], 1) == content["latest"]
    for cap in content["caps"]:
        assert round(cap["headroom"], 1) == cap["headroom"]


def test_caps_say_what_they_are_and_why_a_number_is_missing(counts, rates):
    municipal, district = content_of(counts)["caps"]
    assert (municipal["tier"], municipal["value"], municipal["unit"]) == (
        "municipal",
        10_400.0,
        "人",
    )
    assert municipal["untested"]
    assert district["p_any"] is None
    assert district["p_end"] is not None
    average = next(c for c in content_of(rates)["caps"] if c["basis"] == "period_average")
    assert average["p_average"] is not None
    for cap in (*content_of(counts)["caps"], *content_of(rates)["caps"]):
        assert cap["basis"] in BASES
        for name in ("p_any", "p_any_remaining", "p_end", "p_average"):
            assert (cap[name] is None) == (name in cap["reasons"])
            assert cap[name] is None or 0 <= cap[name] <= 1


def test_one_number_on_two_bases_is_told_of_once(rates):
    content = content_of(rates)
    monthly, average = content["caps"]
    assert monthly["same_cap_as"] is None
    assert average["same_cap_as"] == "national.any_month.2025.5.5"
    assert content["caps_joint"] is None
    (row,) = caps_table(content, RATE).rows
    assert row[2] == "各月、全年平均"
    assert [row[3], row[4], row[5], row[6]] == [
        monthly["p_any"],
        monthly["p_any_remaining"],
        monthly["p_end"],
        average["p_average"],
    ]


def test_a_breach_month_is_a_month(competition, cap_of):
    result = competition(targets=[cap_of(1.0)])
    cap = cap_document(result.assessments[0], result.indicator)
    assert (cap["p_any"], cap["first_breach_month"]) == (1.0, "2025-01")
    assert cap["already_breached"] is False
    assert cap["headroom"] < 0
    assert isinstance(cap["headroom"], int)


def test_targets_without_a_number_are_listed(counts):
    (left,) = content_of(counts)["targets_unassessed"]
    assert (left["tier"], left["value"], left["quote"]) == ("own", None, "市政府下达指标")


def test_demonstration_data_are_marked(rates, counts):
    assert content_of(rates)["demo"] is True
    assert content_of(rates)["data_demo"] is True
    for result, mark in ((rates, DEMO_MARK), (counts, "")):
        rows = table_of(result)
        assert {r["demo"] for r in rows} == {mark}


def table_of(result) -> list[dict[str, str]]:
    raw = forecast_csv(result)
    assert raw.startswith(b"\xef\xbb\xbf")
    text = raw.decode("utf-8-sig")
    assert text.count("\r\n") == text.count("\n")
    return list(csv.DictReader(io.StringIO(text)))


def test_the_csv_says_the_same_as_the_document(counts, rates):
    for result in (counts, rates):
        rows, content = table_of(result), content_of(result)
        assert len(rows) == len(content["forecast"])
        for row, wanted in zip(rows, content["forecast"], strict=True):
            assert row["month"] == wanted["month"]
            assert row["region_name"] == content["region"]["name"]
            assert row["model"] == content["champion"]["model"]
            assert row["unit"] == content["unit"]
            for name in ("mean", *QUANTILES):
                assert float(row[name]) == wanted[name]
            assert row["untested"] == ("未经回测" if wanted["untested"] else "")
    assert "." not in table_of(counts)[0]["q50"]
