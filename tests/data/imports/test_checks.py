"""Every check passes clean data, names the right cell of bad data, and stands in the table."""

import math
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.imports.checks import CHECKS, Batch, checks_markdown, run_checks
from employment_forecast.data.records.findings import READING_CHECKS
from employment_forecast.data.records.observation import Observation
from employment_forecast.data.records.place import Place
from employment_forecast.data.records.readings import FirmMonth, Reading

CATALOGUE = load_catalogue()
TODAY = date(2024, 6, 20)
UNEMPLOYED, RATE, JOBS = "registered_unemployed", "registered_unemployment_rate", "new_jobs"
PMI = "pmi_manufacturing"


def readings(indicator, values, start="2023-01", region="310114", group=None, published=None):
    """Readings in column B, one row a month; None leaves a month out."""
    first = pd.Period(start, freq="M")
    return tuple(
        Reading(
            Observation(region, indicator, first + i, float(v), published, "月报"),
            Place("月报.xlsx", "表", i + 2, 2),
            f"{v:g}",
            group,
        )
        for i, v in enumerate(values)
        if v is not None
    )


def known(indicator, values, start="2021-01", region="310114"):
    first = pd.Period(start, freq="M").ordinal
    return {(region, indicator): {first + i: float(v) for i, v in enumerate(values)}}


def findings(check, *batch_readings, **more):
    rows = tuple(r for part in batch_readings for r in part)
    batch = Batch(
        readings=tuple(r for r in rows if r.group is None),
        groups=tuple(r for r in rows if r.group is not None),
        today=TODAY,
        **{"catalogue": CATALOGUE, **more},
    )
    (result,) = (r for r in run_checks(batch) if r.info.name == check)
    worst = "error" if any(f.severity == "error" for f in result.findings) else "warning"
    assert result.status == (worst if result.findings else "pass")
    return [(f.severity, f.place.address) for f in result.findings]


SMOOTH = [9000 + 200 * math.sin(i) for i in range(24)]


def test_clean_data_passes_everything():
    rng = np.random.default_rng(1)
    force = 290_000
    counts = np.round(9000 + rng.normal(0, 100, 12))
    rates = np.round(100 * counts / force, 2)
    jobs = np.cumsum(rng.integers(800, 1500, 12))
    batch = Batch(
        readings=(*readings(UNEMPLOYED, counts), *readings(RATE, rates), *readings(JOBS, jobs)),
        groups=readings(UNEMPLOYED, np.round(counts / 8), group="graduates"),
        catalogue=CATALOGUE,
        today=TODAY,
        known=known(UNEMPLOYED, np.round(9000 + rng.normal(0, 100, 24))),
    )
    results = run_checks(batch)
    assert [r.status for r in results] == ["pass"] * len(CHECKS)


@pytest.mark.parametrize(("indicator", "value"), [(UNEMPLOYED, -1), (RATE, 101), (JOBS, -5)])
def test_impossible_values(indicator, value):
    assert findings("value_range", readings(indicator, [value])) == [("error", "B2")]


@pytest.mark.parametrize("value", [0.9, 9.1e7])
def test_a_unit_jump_against_history(value):
    stored = known(UNEMPLOYED, SMOOTH)
    assert findings("unit_jump", readings(UNEMPLOYED, [value]), known=stored) == [("error", "B2")]


def test_a_unit_jump_within_the_file():
    rows = readings(UNEMPLOYED, [9120, 9230, 0.918, 9100])
    assert findings("unit_jump", rows) == [("error", "B4")]


def test_a_fraction_for_a_percentage():
    stored = known(RATE, [3.1] * 12)
    assert findings("unit_jump", readings(RATE, [0.031]), known=stored) == [("error", "B2")]
    assert findings("unit_jump", readings(RATE, [0.031, 0.032])) == [("warning", "B2")]


def test_growth_is_no_unit_jump():
    stored = known(
        JOBS, [1000, 2100, 3300, 4500, 6000, 7000, 8000, 9000, 9900, 11000, 12000, 13000]
    )
    assert findings("unit_jump", readings(JOBS, [1100], start="2022-01"), known=stored) == []
    assert findings("unit_jump", readings(UNEMPLOYED, [100, 400, 1200])) == []


@settings(deadline=None)
@given(st.floats(0.2, 5.0), st.sampled_from([1e4, 1e-4]))
def test_ten_thousand_is_caught_whatever_the_series_does(move, factor):
    stored = known(UNEMPLOYED, SMOOTH)
    rows = readings(UNEMPLOYED, [9000 * move])
    assert findings("unit_jump", rows, known=stored) == []
    # Half a power of ten is left for the series' own movement.
    expected = abs(math.log10(9000 * move / np.median(SMOOTH))) <= 0.5
    rows = readings(UNEMPLOYED, [9000 * move * factor])
    assert bool(findings("unit_jump", rows, known=stored)) == expected


def test_a_stock_that_restarts_in_january_is_cumulative():
    year = list(range(1000, 13000, 1000))
    assert findings("stock_flow", readings(UNEMPLOYED, year + year)) == [("error", "B14")]
    assert findings("stock_flow", readings(UNEMPLOYED, SMOOTH)) == []


def test_a_cumulative_flow_that_never_accumulates_is_monthly():
    assert findings("stock_flow", readings(JOBS, [900, 1200, 800, 1000, 700])) == [("error", "B4")]
    assert findings("stock_flow", readings(JOBS, [900, 2100, 2900, 3900])) == []


def test_year_to_date_may_not_fall_within_a_year():
    check = "falling_year_to_date"
    assert findings(check, readings(JOBS, [1000, 2000, 1500])) == [("error", "B4")]
    assert findings(check, readings(JOBS, [1000, 2000, 1990])) == [("warning", "B4")]
    assert findings(check, readings(JOBS, [11000, 500], start="2022-12")) == []
    stored = known(JOBS, [1000, 2000], start="2023-01")
    late = readings(JOBS, [1800], start="2023-03")
    assert findings(check, late, known=stored) == [("error", "B2")]


def test_a_revision_of_the_month_before_may_not_exceed_the_known_one():
    stored = known(JOBS, [1000, 2000], start="2023-01")
    assert findings("falling_year_to_date", readings(JOBS, [2500]), known=stored) == [
        ("error", "B2")
    ]


def test_zero_means_not_published_where_the_series_is_never_near_zero():
    check = "zero_unpublished"
    stored = known(UNEMPLOYED, SMOOTH)
    assert findings(check, readings(UNEMPLOYED, [0]), known=stored) == [("error", "B2")]
    assert findings(check, readings(RATE, [0.0])) == [("error", "B2")]
    assert findings(check, readings(UNEMPLOYED, [0])) == [("warning", "B2")]
    assert findings(check, readings(JOBS, [1500, 3000, 0])) == [("error", "B4")]


def test_small_numbers_may_be_zero():
    assert findings("zero_unpublished", readings(UNEMPLOYED, [3, 0, 2, 5])) == []


def test_two_values_for_one_month_in_two_files():
    rows = (*readings(UNEMPLOYED, [9120]), *readings(UNEMPLOYED, [9121]))
    assert findings("duplicates", rows) == [("error", "B2")]
    assert findings("duplicates", readings(UNEMPLOYED, [9120]) * 2) == []
    early = readings(UNEMPLOYED, [9120], published=date(2023, 2, 10))
    late = readings(UNEMPLOYED, [9121], published=date(2023, 3, 10))
    assert findings("duplicates", early, late) == []


def test_another_value_for_a_known_month_needs_the_word_revise():
    stored = known(UNEMPLOYED, [9120, 9230], start="2023-01")
    rows = readings(UNEMPLOYED, [9120, 9235, 9180])
    assert findings("revisions", rows, known=stored) == [("error", "B3")]
    assert findings("revisions", rows, known=stored, revise=True) == [("warning", "B3")]


def test_the_last_published_of_several_vintages_counts():
    stored = known(UNEMPLOYED, [9121], start="2023-01")
    late = readings(UNEMPLOYED, [9121], published=date(2023, 3, 10))
    early = readings(UNEMPLOYED, [9120], published=date(2023, 2, 10))
    assert findings("revisions", late, early, known=stored) == []


def test_months_to_come():
    assert findings("future_months", readings(UNEMPLOYED, [9], start="2024-07")) == [
        ("error", "B2")
    ]
    assert findings("future_months", readings(UNEMPLOYED, [9], start="2024-06")) == [
        ("warning", "B2")
    ]
    assert findings("future_months", readings(UNEMPLOYED, [9], start="2024-05")) == []


@pytest.mark.parametrize(
    ("day", "count"),
    [
        (date(2024, 6, 21), 1),
        (date(2022, 12, 31), 1),
        (date(2023, 1, 31), 0),
        (date(2023, 2, 9), 0),
    ],
)
def test_publication_days(day, count):
    rows = readings(UNEMPLOYED, [9120], published=day)
    assert len(findings("publication_days", rows)) == count


def test_gaps_inside_the_file_and_after_what_is_known():
    rows = readings(UNEMPLOYED, [9120, None, None, 9180])
    assert findings("gaps", rows) == [("warning", "B5")]
    stored = known(UNEMPLOYED, [9000], start="2022-11")
    assert findings("gaps", readings(UNEMPLOYED, [9120]), known=stored) == [("warning", "B2")]


def test_january_together_with_february_is_no_gap():
    rows = readings(JOBS, [11000, None, 1800, 2900], start="2022-12")
    assert findings("gaps", rows) == []


def test_an_outlier_against_the_series_own_history():
    stored = known(UNEMPLOYED, [9000 + 50 * (-1) ** i for i in range(30)])
    start = str(pd.Period("2021-01", freq="M") + 30)
    calm, wild = [9040, 9010], [9040, 14000, 9030]
    assert findings("outliers", readings(UNEMPLOYED, calm, start), known=stored) == []
    # The way back from an outlier is no second one.
    assert findings("outliers", readings(UNEMPLOYED, wild, start), known=stored) == [
        ("warning", "B3")
    ]


@pytest.mark.parametrize(("check", "value"), [("outliers", 1400), ("unit_jump", 9000)])
def test_a_merger_that_the_catalogue_has_explains_its_jump(check, value):
    street = {"parent": "310114", "level": "street"}
    gone = {"code": "310114102", "name": "西街道", "until": "2023-06", "successor": ["310114101"]}
    own = [{"code": "310114101", "name": "东街道", **street}, {**gone, **street}]
    stored = known(UNEMPLOYED, [900 + 5 * (-1) ** i for i in range(30)], region="310114101")
    rows = readings(UNEMPLOYED, [value], "2023-07", region="310114101")
    plain, told = load_catalogue(own[:1]), load_catalogue(own)
    assert findings(check, rows, known=stored, catalogue=plain) == [("warning", "B2")]
    assert findings(check, rows, known=stored, catalogue=told) == []


def test_only_the_largest_change_is_called_unseen():
    calm = [9000 + 50 * (-1) ** i for i in range(30)]
    rows = readings(UNEMPLOYED, [*calm, 14000, *calm, 12000], start="2018-01")
    batch = Batch(readings=rows, catalogue=CATALOGUE, today=TODAY)
    (result,) = (r for r in run_checks(batch) if r.info.name == "outliers")
    assert [("历史所未见" in f.message, "与往常相差" in f.message) for f in result.findings] == [
        (True, False),
        (False, True),
    ]


def test_a_regular_season_is_no_outlier():
    year = [100, 100, 100, 100, 100, 100, 180, 180, 100, 100, 100, 100]
    stored = known(UNEMPLOYED, [v + i % 3 for i, v in enumerate(year * 5)], start="2018-01")
    rows = readings(UNEMPLOYED, year[:8], start="2023-01")
    assert findings("outliers", rows, known=stored) == []


@pytest.mark.parametrize(
    ("usual", "value", "told"), [(2.3, 2.4, False), (2.3, 3.6, True), (2.31, 2.42, True)]
)
def test_a_step_of_the_last_printed_digit_is_no_outlier(usual, value, told):
    """The indicator has two digits after the point; this office prints one."""
    stored = known(RATE, [usual] * 30)
    rows = readings(RATE, [value], str(pd.Period("2021-01", freq="M") + 30))
    assert bool(findings("outliers", rows, known=stored)) == told


def test_short_histories_have_no_outliers():
    assert findings("outliers", readings(UNEMPLOYED, [9000, 9010, 20000])) == []


def test_districts_that_exceed_their_city():
    city = readings(UNEMPLOYED, [100], region="310000")
    parts = (
        *readings(UNEMPLOYED, [60], region="310114"),
        *readings(UNEMPLOYED, [60], region="310104"),
    )
    assert findings("region_parts", city, parts) == [("error", "B2")]
    assert findings("region_parts", readings(UNEMPLOYED, [500], region="310000"), parts) == []
    rates = readings(RATE, [3.0], region="310000") + readings(RATE, [4.0])
    assert findings("region_parts", rates) == []


def test_known_parts_count_too():
    stored = known(UNEMPLOYED, [60], start="2023-01", region="310104")
    rows = readings(UNEMPLOYED, [100], region="310000") + readings(UNEMPLOYED, [60])
    assert findings("region_parts", rows, known=stored) == [("error", "B2")]


def test_a_group_larger_than_everybody():
    rows = readings(UNEMPLOYED, [100]) + readings(UNEMPLOYED, [101], group="youth")
    assert findings("group_parts", rows) == [("error", "B2")]
    rows = readings(UNEMPLOYED, [100]) + readings(UNEMPLOYED, [100], group="youth")
    assert findings("group_parts", rows) == []


@pytest.mark.parametrize(
    ("whole", "men", "women", "wanted"),
    [
        (100, 60, 40, []), (100, 60, 41, [("error", "B2")]), (100, 50, 40, [("warning", "B2")]),
        (1000, 600, 398, [("warning", "B2")]), (100, 60, None, []), (None, 60, 41, []),
    ],
)  # fmt: skip
def test_men_and_women_make_up_everybody(whole, men, women, wanted):
    rows = [
        reading
        for group, value in ((None, whole), ("men", men), ("women", women))
        for reading in readings(UNEMPLOYED, [value], group=group)
    ]
    assert findings("group_parts", rows) == wanted


@pytest.mark.parametrize(
    ("whole", "men", "wanted"), [(8120, 4124, []), (8120, 4129, ["error"]), (8121, 4122, ["error"])]
)
def test_a_stored_total_may_have_been_typed_in_ten_thousands(whole, men, wanted):
    rows = readings(UNEMPLOYED, [men], group="men") + readings(UNEMPLOYED, [4000], group="women")
    stored = known(UNEMPLOYED, [whole], start="2023-01")
    assert [severity for severity, _ in findings("group_parts", rows, known=stored)] == wanted


def test_rates_of_men_and_women_are_not_added_up():
    rows = [r for g, v in ((None, 3.1), ("men", 3.0), ("women", 3.2))
            for r in readings(RATE, [v], group=g)]  # fmt: skip
    assert findings("group_parts", rows) == []


def test_a_rate_that_implies_another_labour_force():
    counts = readings(UNEMPLOYED, [9000, 9100, 9050, 9000])
    rates = readings(RATE, [3.0, 3.05, 4.5, 3.0])
    assert findings("rate_against_counts", counts, rates) == [("error", "B4")]
    rates = readings(RATE, [3.0, 3.05, 3.02, 3.0])
    assert findings("rate_against_counts", counts, rates) == []


def test_a_count_against_stored_rates():
    stored = known(RATE, [3.0] * 4, start="2023-01")
    rows = readings(UNEMPLOYED, [9000, 9010, 9020, 19000])
    assert findings("rate_against_counts", rows, known=stored) == [("error", "B5")]


def test_a_rate_against_the_employed():
    employed = {
        "code": "employed",
        "name": "期末从业人员",
        "kind": "stock",
        "unit": "人",
        "aggregation": "sum",
    }
    catalogue = load_catalogue(extra_indicators=[employed])
    rows = (
        *readings("employed", [291_000]),
        *readings(UNEMPLOYED, [9000]),
        *readings(RATE, [3.2]),
    )
    batch = Batch(readings=rows, catalogue=catalogue, today=TODAY)
    (result,) = (r for r in run_checks(batch) if r.info.name == "rate_against_counts")
    (finding,) = result.findings
    # 9,000 / (291,000 + 9,000) is 3 %.
    assert "3.00%" in finding.message


def test_openings_to_seekers_against_both_counts():
    counts = (*readings("job_openings", [1200, 1300]), *readings("job_seekers", [1000, 1000]))
    rows = readings("openings_to_seekers", [1.2, 1.4])
    assert findings("rate_against_counts", counts, rows) == [("error", "B3")]


def firm(month="2021-03", base=100, hires=5, separations=9, end=96, **more):
    fields = {
        "firm": "JD1",
        "dispatched": None,
        "hidden": None,
        "by_type": {},
        "by_cause": {},
        "region": "310114",
        "industry": "",
        "sector": "",
        "ownership": "",
        "size": "",
        "street": "",
        "base_is": "previous_month",
        "published_on": None,
        "source": "月报",
    } | more
    names = ("firm", "base", "hires", "separations", "end", "hidden", "type:employer")
    places = {n: Place("企业.xlsx", "表", 3, i + 1) for i, n in enumerate(names)}
    return FirmMonth(
        month=pd.Period(month, freq="M"),
        base=base,
        hires=hires,
        separations=separations,
        end=end,
        places=places,
        **fields,
    )


def test_the_arithmetic_of_firms():
    assert findings("firm_arithmetic", firms=(firm(),)) == []
    assert findings("firm_arithmetic", firms=(firm(end=97),)) == [("error", "E3")]


def test_the_parts_of_separations():
    assert findings("firm_parts", firms=(firm(by_type={"employer": 2, "employee": 7}),)) == []
    assert findings("firm_parts", firms=(firm(by_type={"employer": 10}),)) == [("error", "G3")]
    assert findings("firm_parts", firms=(firm(by_cause={"closure": 5}),)) == [("warning", "D3")]
    assert findings("firm_parts", firms=(firm(hidden=97),)) == [("error", "F3")]


def test_the_chain_of_months():
    first, second = firm(), firm(month="2021-04", base=97, end=93)
    assert findings("firm_chain", firms=(first, second)) == [("warning", "B3")]
    fixed = firm(month="2021-04", base=100, base_is="january")
    assert findings("firm_chain", firms=(first, fixed)) == []
    linked = firm(month="2021-04", base=96, end=92)
    assert findings("firm_chain", firms=(first, linked)) == []


def test_real_published_months_of_a_monitored_sample_balance():
    # 攀枝花, published: base, hires, separations and end of three months.
    months = (("2019-04", 87671, 511, 830, 87352), ("2022-02", 84964, 362, 854, 84472))
    panel = tuple(firm(m, b, h, s, e) for m, b, h, s, e in months)
    assert findings("firm_arithmetic", firms=panel) == []


def test_the_table_is_complete_and_unambiguous():
    infos = [*READING_CHECKS, *(c.info for c in CHECKS)]
    names = [i.name for i in infos]
    assert len(set(names)) == len(names)
    assert len({i.title for i in infos}) == len(infos)
    text = checks_markdown()
    for info in infos:
        assert info.severity in ("warning", "error")
        assert f"`{info.name}`" in text
        assert info.catches in text


def test_every_check_has_its_own_function_with_a_docstring():
    functions = [c.function for c in CHECKS]
    assert len(set(functions)) == len(functions)
    assert all(f.__doc__ for f in functions)


@settings(deadline=None)
@given(
    st.lists(st.floats(-1e9, 1e9, allow_nan=False), min_size=1, max_size=40),
    st.sampled_from([UNEMPLOYED, RATE, JOBS, PMI]),
    st.lists(st.floats(0, 1e9, allow_nan=False), max_size=30),
)
def test_no_data_breaks_a_check(values, indicator, stored):
    rows = readings(indicator, values, start="2020-01")
    batch = Batch(readings=rows, catalogue=CATALOGUE, today=TODAY, known=known(indicator, stored))
    for result in run_checks(batch):
        for finding in result.findings:
            assert finding.check == result.info.name
            assert finding.message
            assert finding.remedy
            assert finding.place in {r.place for r in rows}
            assert result.info.severity == "error" or finding.severity == "warning"
