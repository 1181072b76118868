"""The shipped plans: golden values, doubts, refusals; against the texts where these are at hand."""

import csv
import json
import os
import re
import string
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.errors import SettingsError, UnknownNameError
from employment_forecast.data.targets.plans import as_targets, load_plans, parse_plan, plan_targets
from employment_forecast.data.targets.validity import in_force

CATALOGUE = load_catalogue()
PLANS = load_plans()
ENTRIES = [(plan, target) for plan in PLANS for target in plan.targets]
BY_KEY = {(plan.region, target.key): target for plan, target in ENTRIES}

needs_texts = pytest.mark.skipif(
    "FORECAST_SEEDS" not in os.environ,
    reason="FORECAST_SEEDS does not point to the folder of plan texts: quotes not checked",
)
needs_facts = pytest.mark.skipif(
    "FORECAST_FACTS" not in os.environ,
    reason="FORECAST_FACTS does not point to the folder with seed_targets.csv: rows not checked",
)


def squeezed(text: str) -> str:
    return "".join(text.split())


def numbers(text: str) -> set[float]:
    """Numbers in a phrase, plain and read as 万 if the phrase has that word."""
    figures = [float(n) for n in re.findall(r"\d+(?:\.\d+)?", text)]
    return {round(n * f, 6) for n in figures for f in ((1, 10_000) if "万" in text else (1,))}


# --- golden values, read off the plan texts by hand -------------------------------------------

GOLDEN = [
    ("310104", "new_jobs_2011_2015", "new_jobs", "2011-2015", "year", "floor", 31500, "个",
     "未载明", "period_total"),
    ("310104", "registered_unemployed_2011_2015", "registered_unemployed", "2011-2015", "year",
     "cap", 21000, "人", "未载明", "any_month"),
    ("310104", "registered_unemployed_2015_end", "registered_unemployed", "2015-12", "period",
     "achieved", 19142, "人", "未载明", "point"),
    ("310104", "new_jobs_2016_2020", "new_jobs", "2016-2020", "period", "floor", 230000, "个",
     "约束性", "period_total"),
    ("310104", "registered_unemployed_2016_2020", "registered_unemployed", "2016-2020", "year",
     "cap", None, "人", "约束性", "any_month"),
    ("310104", "advanced_skills_training_2016_2020", "advanced_skills_training", "2016-2020",
     "year", "level", 12000, "人次", "约束性", "period_total"),
    ("310114", "new_jobs_2016_2020", "new_jobs", "2016-2020", "year", "floor", 26000, "个",
     "约束性", "period_total"),
    ("310114", "high_skilled_share_2020", "high_skilled_share", "2016-2020", "period", "level",
     35, "%", "预期性", "period_end"),
    ("310114", "supported_startups_2021_2025", "supported_startups", "2021-2025", "period",
     "floor", 2500, "人", "未载明", "period_total"),
    ("310114", "unemployment_insurance_paid_2016_2020", "unemployment_insurance_paid",
     "2016-2020", "period", "achieved", 23.53, "亿元", "未载明", "period_total"),
    ("330900", "new_jobs_2016_2020", "new_jobs", "2016-2020", "period", "floor", 50000, "人",
     "未载明", "period_total"),
    ("330900", "surveyed_unemployment_rate_2016_2020", "surveyed_unemployment_rate", "2016-2020",
     "period", "cap", 4.2, "%", "未载明", "any_month"),
    ("330900", "registered_unemployment_rate_2011_2015", "registered_unemployment_rate",
     "2011-2015", "period", "achieved_cap", 4, "%", "未载明", "any_month"),
    ("420115", "registered_unemployment_rate_2016_2020", "registered_unemployment_rate",
     "2016-2020", "period", "achieved_cap", 3.6, "%", "未载明", "any_month"),
    ("420115", "surveyed_unemployment_rate_2021_2025", "surveyed_unemployment_rate", "2021-2025",
     "period", "cap", 6, "%", "未载明", "any_month"),
    ("330683", "new_jobs_2009", "new_jobs", "2009", "period", "level", 7100, "人", "未载明",
     "period_total"),
    ("330683", "registered_unemployment_rate_2009", "registered_unemployment_rate", "2009",
     "period", "cap", 4, "", "未载明", "any_month"),
    ("330683", "unemployment_insurance_newly_insured_2009", "unemployment_insurance_newly_insured",
     "2009", "period", "level", 1000, "人", "未载明", "period_total"),
]  # fmt: skip


@pytest.mark.parametrize("row", GOLDEN, ids=lambda r: f"{r[0]}-{r[1]}")
def test_golden_targets(row):
    t = BY_KEY[row[0], row[1]]
    assert (
        t.region, t.key, t.indicator, t.period, t.repeat, t.direction, t.value, t.unit,
        t.attribute, t.basis,
    ) == row  # fmt: skip


def test_counts_of_entries():
    assert {plan.region: len(plan.targets) for plan in PLANS} == {
        "310104": 23,
        "310114": 17,
        "330683": 12,
        "330900": 23,
        "420115": 12,
    }
    labour = [t for _, t in ENTRIES if t.domain == "labour_relations"]
    assert len(labour) == 10


def test_titles_numbers_and_dates():
    facts = {
        p.region: (p.source, p.signed_on, p.announced_on, p.announced_estimated) for p in PLANS
    }
    assert facts["310104"] == (
        "《徐汇区就业和社会保障“十三五”规划》",
        date(2016, 11, 28),
        date(2016, 11, 28),
        False,
    )
    assert facts["310114"] == (
        "《嘉定区就业和社会保障“十四五”规划》（嘉人社发〔2021〕91号）",
        date(2021, 11, 18),
        date(2021, 11, 18),
        False,
    )
    for region in ("330683", "330900", "420115"):
        assert facts[region][1] is None
        assert facts[region][3] is True


def test_every_number_stands_in_its_quote():
    checked = 0
    for _, target in ENTRIES:
        for value, quote in [
            (target.value, target.quote),
            *((a.value, a.quote) for a in target.achieved),
        ]:
            if value:
                assert value in numbers(quote), (target.key, value, quote)
                checked += 1
    assert checked == 75 + 15


def test_indicators_of_the_catalogue_are_used_where_they_exist():
    used = {t.indicator for _, t in ENTRIES if t.catalogued}
    assert used == {
        "hard_to_employ_reemployed",
        "jobs_from_startups",
        "new_jobs",
        "registered_unemployed",
        "registered_unemployment_rate",
        "rural_labour_transferred",
        "surveyed_unemployment_rate",
        "unemployed_reemployed",
        "unemployment_insurance_insured",
        "zero_employment_households",
    }
    for _, target in ENTRIES:
        assert target.catalogued == (target.indicator in {i.code for i in CATALOGUE.indicators})
        assert re.fullmatch(r"[a-z][a-z_]+", target.indicator)


def test_parts_never_exceed_the_whole():
    parts = [(t, BY_KEY[p.region, t.part_of]) for p, t in ENTRIES if t.part_of]
    assert len(parts) == 7
    for part, whole in parts:
        assert part.value <= whole.value
        assert part.period == whole.period


# --- doubts are kept as such ------------------------------------------------------------------


def test_shengzhou_four_has_no_unit_and_is_not_assessed():
    target = BY_KEY["330683", "registered_unemployment_rate_2009"]
    assert (target.value, target.unit, target.unit_confirmed) == (4.0, "", False)
    assert "确认前不评估" in target.not_assessed
    assert "4‰" in target.note
    [converted] = [t for t in as_targets() if t.region == "330683" and t.direction == "cap"]
    assert (converted.value, converted.unit) == (4.0, "")
    assert not converted.unit_confirmed
    assert not converted.assessable


def test_caps_set_by_other_governments_have_no_number():
    xuhui = BY_KEY["310104", "registered_unemployed_2016_2020"]
    jiading = BY_KEY["310114", "registered_unemployed_2021_2025"]
    assert (xuhui.value, xuhui.set_by) == (None, ("municipal",))
    assert (jiading.value, jiading.set_by) == (None, ("municipal", "district"))
    assert "市政府" in xuhui.not_assessed
    assert "市、区两级政府" in jiading.not_assessed


def test_zhoushan_ambiguities():
    floor = BY_KEY["330900", "new_jobs_2016_2020"]
    assert floor.unconfirmed == ("basis",)
    assert "16783" in floor.note
    insured = [t for t in plan_targets("舟山") if t.indicator == "unemployment_insurance_insured"]
    assert [t.value for t in insured] == [212000, 213000, 210900]
    assert all("value" in t.unconfirmed for t in insured)


def test_xuhui_ambiguities():
    jobs = BY_KEY["310104", "new_jobs_2011_2015"]
    assert [(a.measure, a.value) for a in jobs.achieved] == [
        ("yearly_mean", 48037),
        ("period_total", 240184),
    ]
    assert 48037 * 5 == 240185
    assert "240185" in jobs.note
    assert BY_KEY["310104", "supported_startups_2015_2017"].unconfirmed == ("scope",)
    assert BY_KEY["310104", "new_jobs_2016_2020_table"].same_as == "new_jobs_2016_2020"


def test_jiangxia_four_rates_are_split_in_order():
    rates = [t for t in plan_targets("江夏") if t.domain == "labour_relations"]
    assert [(t.name, t.value) for t in rates] == [
        ("调解成功率", 60),
        ("仲裁结案率", 99),
        ("终结率", 65),
        ("监察结案率", 96),
    ]
    assert all("分隔符脱落" in t.note and t.unconfirmed == ("value",) for t in rates)


def test_registered_and_surveyed_rates_warn_of_each_other():
    for key in ("registered_unemployment_rate_2016_2020", "surveyed_unemployment_rate_2021_2025"):
        assert "不能与" in BY_KEY["420115", key].note


def test_what_is_assessed_and_why_the_rest_is_not():
    assessed = {(t.region, t.key) for _, t in ENTRIES if not t.not_assessed}
    assert assessed == {
        ("310104", "new_jobs_2011_2015"),
        ("310104", "registered_unemployed_2011_2015"),
        ("310104", "new_jobs_2016_2020"),
        ("310114", "new_jobs_2016_2020"),
        ("310114", "rural_labour_transferred_2016_2020"),
        ("330683", "hard_to_employ_reemployed_2009"),
        ("330683", "new_jobs_2009"),
        ("330900", "new_jobs_2016_2020"),
        ("330900", "surveyed_unemployment_rate_2016_2020"),
        ("420115", "surveyed_unemployment_rate_2021_2025"),
    }


def test_record_is_plain_json():
    record = BY_KEY["310104", "registered_unemployed_2011_2015"].as_record()
    again = json.loads(json.dumps(record, ensure_ascii=False))
    assert again["unconfirmed"] == ["basis"]
    assert again["achieved"][1]["value"] == 19142
    assert again["not_assessed"] == ""


# --- lookups and conversion -------------------------------------------------------------------


def test_plan_targets_by_code_and_by_alias():
    assert plan_targets("310114") == plan_targets("嘉定")
    assert plan_targets("310000") == []
    with pytest.raises(UnknownNameError):
        plan_targets("不存在的地方")


def test_conversion_counts():
    targets = as_targets()
    assert len(targets) == 5 + 5 + 1 + 5 + 5 + 10 + 10 + 2 + 2 + 1 + 1
    assert sum(t.assessable for t in targets) == 21
    assert {t.tier for t in targets if t.value is not None} == {"own"}
    assert not any(t.demo for t in targets)


def test_yearly_values_become_one_target_per_year():
    years = [
        t for t in as_targets() if (t.region, t.indicator, t.value) == ("310104", "new_jobs", 31500)
    ]
    assert [t.period for t in years] == ["2011", "2012", "2013", "2014", "2015"]
    assert {(t.unit, t.basis, t.qualifier) for t in years} == {("人", "period_total", "不低于")}
    assert "原文单位为“个”" in years[0].note
    # The plan that set them is not at hand: the day is an estimate.
    assert {(t.announced_on, t.announced_estimated) for t in years} == {(date(2011, 12, 31), True)}


def test_both_governments_caps_are_in_force_side_by_side():
    caps = in_force(
        as_targets(),
        "310114",
        "registered_unemployed",
        pd.Period("2024-05", "M"),
        date(2024, 6, 30),
    )
    assert [(t.tier, t.period, t.value, t.assessable) for t in caps] == [
        ("municipal", "2024", None, False),
        ("district", "2024", None, False),
    ]


def test_a_plan_is_not_in_force_before_it_was_announced():
    def known(day: date) -> list[tuple[str, float | None]]:
        month = pd.Period("2022-03", "M")
        targets = in_force(as_targets(), "420115", "surveyed_unemployment_rate", month, day)
        return [(t.period, t.value) for t in targets]

    assert known(date(2022, 7, 25)) == []
    assert known(date(2022, 7, 26)) == [("2021-2025", 6.0)]


# --- refusals ---------------------------------------------------------------------------------

HEAD = """
region = "嘉定"
title = "某规划"
period = "2021-2025"
announced_on = 2021-11-18
announced_estimated = false
"""
ENTRY = """
[[targets]]
key = "jobs"
indicator = "new_jobs"
name = "新增就业"
period = "2021-2025"
direction = "floor"
qualifier = "不低于"
value = 100
unit = "人"
basis = "period_total"
quote = "不低于100人"
"""
ACHIEVED = 'achieved = [{ value = 5, unit = "人", measure = "period_total", quote = "完成5人" }]\n'


def test_minimal_plan_is_read():
    plan = parse_plan(HEAD + ENTRY + ACHIEVED, "plan.toml", CATALOGUE)
    [target] = plan.targets
    assert (plan.region, target.region, target.plan) == ("310114", "310114", "某规划")
    assert (target.value, target.attribute, target.domain) == (100.0, "未载明", "employment")
    assert target.achieved[0].value == 5.0


def test_indicator_known_by_name_takes_the_catalogue_code():
    text = (HEAD + ENTRY).replace('"new_jobs"', '"jobs_created"')
    [target] = parse_plan(text, "plan.toml", CATALOGUE).targets
    assert (target.indicator, target.catalogued) == ("new_jobs", True)


def test_target_in_a_unit_the_catalogue_does_not_use_is_not_converted():
    text = (HEAD + ENTRY).replace('unit = "人"', 'unit = "万元"')
    assert as_targets([parse_plan(text, "plan.toml", CATALOGUE)]) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('title = "某规划"', 'titel = "某规划"', "titel"),
        ('title = "某规划"\n', "", "缺少必填的键“title”"),
        ('title = "某规划"', 'title = " "', "title"),
        ('region = "嘉定"', 'region = "嘉锭"', "嘉锭"),
        ('period = "2021-2025"\nann', 'period = "十四五"\nann', "十四五"),
        ("2021-11-18", '"2021-11-18"', "announced_on"),
        ("2021-11-18", "2021-11-18T00:00:00", "announced_on"),
        ("estimated = false", "estimated = 0", "announced_estimated"),
        ('key = "jobs"', 'key = "jobs"\nvalu = 3', "valu"),
        ("value = 100", 'value = "100"', "value"),
        ("value = 100", "value = true", "value"),
        ("value = 100", "value = -1", "value"),
        ("value = 100", "value = nan", "value"),
        ("value = 100\n", "", "恰有其一"),
        ("value = 100", 'value = 100\nno_value = "市政府下达"', "恰有其一"),
        ('unit = "人"', 'unit = ""', "没有单位"),
        ('direction = "floor"', 'direction = "flor"', "flor"),
        ('basis = "period_total"', 'basis = "total"', "basis"),
        ('qualifier = "不低于"', 'qualifier = "不少于"', "不少于"),
        ('unit = "人"', 'unit = "人"\nunconfirmed = ["basis"]', "没有说明"),
        ('unit = "人"', 'unit = "人"\nunconfirmed = ["colour"]', "unconfirmed"),
        ('unit = "人"', 'unit = "人"\nattribute = "指令性"', "指令性"),
        ('unit = "人"', 'unit = "人"\nset_by = ["province"]', "set_by"),
        ('unit = "人"', 'unit = "人"\npart_of = "all"', "all"),
        ('unit = "人"', 'unit = "人"\nsame_as = "jobs"', "jobs"),
        ('2021-2025"\ndir', '2021-03"\nrepeat = "year"\ndir', "按年重复"),
        ('measure = "period_total"', 'measure = "sum"', "measure"),
        ('value = 5, unit = "人"', "value = 5", "没有单位"),
        ("[[targets]]", "[[targets]", "TOML"),
        (ENTRY + ACHIEVED, "targets = []", "targets"),
        (ACHIEVED, ACHIEVED + ENTRY, "出现两次"),
    ],
)
def test_faulty_plans_are_refused(old, new, said):
    text = HEAD + ENTRY + ACHIEVED
    assert old in text
    with pytest.raises(SettingsError) as caught:
        parse_plan(text.replace(old, new, 1), "plan.toml", CATALOGUE)
    assert "plan.toml" in caught.value.message
    assert said in str(caught.value)
    assert caught.value.hint


@given(st.text(string.ascii_lowercase + "_", min_size=1, max_size=12), st.sampled_from("abc"))
def test_unknown_keys_are_refused_on_every_level(name, level):
    key = f"x_{name}"  # no real key begins with x_
    text = {
        "a": f"{key} = 1\n" + HEAD + ENTRY,
        "b": HEAD + ENTRY + f"{key} = 1\n",
        "c": HEAD + ENTRY + ACHIEVED.replace("{ value", "{ " + key + " = 1, value"),
    }[level]
    with pytest.raises(SettingsError, match=f"未知的键“{key}”"):
        parse_plan(text, "plan.toml", CATALOGUE)


# --- against the texts and the table of facts -------------------------------------------------


@needs_texts
def test_quotes_stand_in_the_plan_texts():
    texts = [
        squeezed(f.read_text("utf-8")) for f in Path(os.environ["FORECAST_SEEDS"]).glob("*.txt")
    ]
    for plan in PLANS:
        quotes = [t.quote for t in plan.targets]
        quotes += [a.quote for t in plan.targets for a in t.achieved]
        missing = {
            n: [q for q in quotes if squeezed(q) not in text] for n, text in enumerate(texts)
        }
        [home] = [n for n, lacking in missing.items() if not lacking]
        text = texts[home]
        assert (squeezed(plan.title) in text) != ("不含标题" in plan.note)
        assert plan.number in text
        assert plan.issuer in text
        if plan.signed_on:
            d = plan.signed_on
            assert f"{d.year}年{d.month}月{d.day}日" in text
        if plan.page_dated:
            assert f"发布日期:{plan.page_dated}" in text


DIRECTIONS = {
    "achieved-cap": "achieved_cap",
    "down(无数值)": "decrease",
    "动态为零": "dynamic_zero",
    "动态清零": "dynamic_zero",
    "动态消除": "dynamic_zero",
    "基本消除": "near_zero",
    "全覆盖": "full_coverage",
    "底线(无数值)": "no_event",
}
SPANS = {
    "十二五": ("2011-2015", "2015-12"),
    "十三五": ("2016-2020",),
    "十四五": ("2021-2025",),
    "2015-2017": ("2015-2017",),
    "2015年": ("2015-12",),
    "2009": ("2009",),
    "5年": ("2016-2020",),
}


@needs_facts
def test_every_row_of_the_facts_is_accounted_for():
    with (Path(os.environ["FORECAST_FACTS"]) / "seed_targets.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    seen: set[tuple[str, str]] = set()
    for row in rows:
        region = CATALOGUE.region(row["region"]).code
        plan = next(p for p in PLANS if p.region == region)
        mine = [t for t in plan.targets if squeezed(t.quote) == squeezed(row["quote"])]
        values = [float(v) for v in row["value"].rstrip("?").split("/") if v]
        assert [t.value for t in mine] == (values or [None]), row
        name = re.sub(r"\(.*?\)|^\[劳动关系\]", "", row["indicator"])
        assert name in (mine[0].name, "/".join(t.name for t in mine)), row
        span = next(v for k, v in SPANS.items() if k in row["period"])
        for target in mine:
            assert target.direction == DIRECTIONS.get(row["direction"], row["direction"]), row
            assert target.attribute == row["attribute"]
            assert target.period in span, row
            assert (target.repeat == "year") == (
                "每年" in row["period"] or row["unit"].endswith("/年")
            ), row
            assert (target.domain == "labour_relations") == ("[劳动关系]" in row["indicator"])
            assert row["unit"].startswith(target.unit) or not values, row
            if not target.direction.startswith("achieved"):
                reported = numbers(row["achieved"]) - {0.0}
                kept = {v for a in target.achieved for v in numbers(a.quote)}
                assert reported <= kept | numbers(target.note), row
            seen.add((region, target.key))
    assert len(rows) == 84
    assert seen == set(BY_KEY)
