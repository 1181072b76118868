"""Warning levels: settings and their errors, cuts, persistence, hysteresis, local rules."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from employment_forecast.data.errors import SettingsError
from employment_forecast.data.workspace.settings import Settings, parse_settings
from employment_forecast.forecasting.early_warning.decision import (
    NONE,
    FirmEvent,
    LevelDecision,
    LevelEvidence,
    decide_level,
    default_scheme,
    load_scheme,
)
from employment_forecast.forecasting.early_warning.scheme import cut_by_cost

MONTH = pd.Period("2026-10", "M")
FILE = Path("forecast.toml")


def scheme_of(text: str):
    return load_scheme(parse_settings(text, FILE))


def evidence(*shares: float, month=MONTH, **changes) -> LevelEvidence:
    """Probabilities of one cap in consecutive months, the last one of `month`."""
    course = {month - k: p for k, p in enumerate(reversed(shares))}
    return LevelEvidence(month, {"市控制数": course}, **changes)


def test_the_defaults_say_that_they_are_not_official():
    three, four = load_scheme(Settings()), default_scheme(4)
    assert [level.code for level in three.levels] == ["yellow", "orange", "red"]
    assert [level.code for level in four.levels] == ["blue", "yellow", "orange", "red"]
    assert list(four.cuts.values()) == pytest.approx([0.1, 0.25, 0.5, 0.8])
    assert all("不是官方标准" in level.source for level in four.levels)
    assert all(0 < level.release < level.probability for level in four.levels)
    assert scheme_of("[warnings]\ncolours = 4") == four
    assert three.leads == "ahead"
    assert scheme_of('[warnings]\nbreached = "breach"').leads == "breach"
    # A setting of earlier releases opens and changes nothing.
    assert scheme_of('[warnings]\nline_event = "any"') == three


@pytest.mark.parametrize(
    ("share", "level"),
    [(0.0, "none"), (0.249, "none"), (0.25, "yellow"), (0.5, "orange"), (0.79, "orange"),
     (0.8, "red"), (1.0, "red")],
)  # fmt: skip
def test_the_cut_is_reached_by_equality(share, level):
    decision = decide_level(default_scheme(3), evidence(share))
    assert decision.level == level
    assert decision.since == MONTH
    assert bool(decision.reasons) == (level != NONE)
    assert decision.name == ("无预警" if level == NONE else default_scheme(3).level(level).label)


PERSISTENT = """
[[warning_levels]]
code = "yellow"
name = "Ⅲ级"
colour = "黄色"
probability = 0.3
months = 2
release = 0.2
step = "加密监测"
report_hours = 12
source = "某县应急预案"

[[warning_levels]]
code = "red"
name = "Ⅰ级"
colour = "红色"
miss_cost = 0.25
source = "某县应急预案"
"""


def test_a_level_that_must_last_two_months():
    scheme = scheme_of(PERSISTENT)
    assert scheme.source == "某县应急预案"
    assert scheme.level("red").probability == cut_by_cost(0.25) == 0.8
    assert (scheme.level("yellow").step, scheme.level("yellow").report_hours) == ("加密监测", 12)
    assert decide_level(scheme, evidence(0.1, 0.5)).level == NONE
    assert decide_level(scheme, evidence(0.35, 0.5)).level == "yellow"
    assert decide_level(scheme, evidence(0.5)).level == NONE  # nothing known of the month before
    gap = LevelEvidence(MONTH, {"市控制数": {MONTH - 2: 0.5, MONTH: 0.5}})
    assert decide_level(scheme, gap).level == NONE


def test_a_level_stays_until_its_release():
    scheme = scheme_of(PERSISTENT)
    issued = decide_level(scheme, evidence(0.4, 0.4))
    held = decide_level(scheme, evidence(0.22, month=MONTH + 1), issued)
    assert (held.level, held.raised_by, held.since) == ("yellow", "held", MONTH)
    ended = decide_level(scheme, evidence(0.19, month=MONTH + 2), held)
    assert (ended.level, ended.since, ended.raised_by) == (NONE, MONTH + 2, "")
    again = decide_level(scheme, evidence(0.19, month=MONTH + 3), ended)
    assert again.since == MONTH + 2


def test_a_level_falls_to_the_next_one_that_holds():
    scheme = default_scheme(4)
    red = LevelDecision("red", "Ⅰ级（红色）", (), MONTH, "probability")
    assert decide_level(scheme, evidence(0.72), red).level == "red"
    assert decide_level(scheme, evidence(0.45), red).level == "orange"
    assert decide_level(scheme, evidence(0.02), red).level == NONE
    # Without a level before, 0.45 is but yellow.
    assert decide_level(scheme, evidence(0.45)).level == "yellow"


# A draft of 2015 gives level Ⅰ these numbers; they are an example here and nobody's default.
DRAFT = """
[[warning_levels]]
code = "red"
name = "Ⅰ级"
colour = "红色"
probability = 0.8
source = "草案（示例）"
rules = [
  { indicator = "registered_unemployment_rate", at_least = 6.0, months = 2, source = "草案" },
  { event = "closure", people = 600 },
  { event = "closure", people = 1500, firms = 2 },
  { event = "layoff", people = 300, firm_size = 600 },
]
"""


@pytest.mark.parametrize(
    ("rates", "events", "level"),
    [
        ([5.9, 6.0, 6.0], (), "red"),
        ([6.0, 5.9, 6.0], (), "none"),
        ([4.0], (FirmEvent("closure", MONTH, 600),), "red"),
        ([4.0], (FirmEvent("closure", MONTH, 599),), "none"),
        ([4.0], (FirmEvent("closure", MONTH, 500), FirmEvent("closure", MONTH, 500)), "none"),
        ([4.0], tuple(FirmEvent("closure", MONTH, 500, firm=f) for f in "abc"), "red"),
        ([4.0], (FirmEvent("layoff", MONTH, 300, 600),), "red"),
        ([4.0], (FirmEvent("layoff", MONTH, 300, 599),), "none"),
        ([4.0], (FirmEvent("layoff", MONTH, 900, 0),), "none"),
        ([4.0], (FirmEvent("closure", MONTH - 1, 5000),), "none"),
    ],
)
def test_rules_like_those_of_a_published_draft(rates, events, level):
    months = pd.period_range(end=MONTH, periods=len(rates), freq="M")
    published = {"registered_unemployment_rate": pd.Series(rates, index=months)}
    decision = decide_level(scheme_of(DRAFT), evidence(0.0, published=published, events=events))
    assert decision.level == level
    assert decision.raised_by == ("" if level == NONE else "rule")
    if rates[-1] == 6.0 and level == "red":
        assert "草案" in decision.reasons[0]


AREA = """
[[warning_levels]]
code = "red"
name = "Ⅰ级"
colour = "红色"
probability = 0.8
rules = [{ event = "layoff", people = 500, firms = 3, window = 3, source = "某预案（示例）" }]
"""


@pytest.mark.parametrize(
    ("layoffs", "level"),
    [
        ([("a", 0, 200), ("b", 1, 200), ("c", 2, 100)], "red"),
        ([("a", 0, 200), ("b", 1, 200), ("c", 2, 99)], "none"),
        ([("a", 0, 200), ("b", 1, 200), ("c", 3, 100)], "none"),
        # A firm that lays off twice is one firm.
        ([("a", 0, 200), ("b", 1, 200), ("b", 2, 400)], "none"),
        ([("a", 0, 200), ("b", 0, 200), ("c", 0, 100), ("c", 1, 50)], "red"),
    ],
)
def test_layoffs_of_a_whole_area_within_a_window(layoffs, level):
    events = tuple(FirmEvent("layoff", MONTH - ago, n, firm=f) for f, ago, n in layoffs)
    scheme = scheme_of(AREA)
    assert scheme.window == 3
    decision = decide_level(scheme, evidence(0.0, events=events))
    assert decision.level == level
    if level == "red":
        assert f"{MONTH - 2}—{MONTH} 3 家企业裁员" in decision.reasons[0]
        assert "某预案（示例）" in decision.reasons[0]


def test_no_threshold_for_a_whole_area_ships():
    assert scheme_of("").window == 1
    assert all(not level.rules for level in scheme_of("").levels)


def test_a_rule_names_its_indicator_and_forgets_old_figures():
    scheme = scheme_of(DRAFT.replace("registered_unemployment_rate", "登记失业率"))
    assert scheme == scheme_of(DRAFT)

    def level_of(end):
        months = pd.period_range(end=end, periods=3, freq="M")
        published = {"registered_unemployment_rate": pd.Series([6.1, 6.1, 6.1], index=months)}
        return decide_level(scheme, evidence(0.0, published=published))

    decision = level_of(MONTH - 3)
    assert decision.level == "red"
    assert decision.reasons[0].startswith("登记失业率连续 2 个月不低于 6（2026-07 为 6.1）")
    assert level_of(MONTH - 4).level == NONE


GOOD = 'code = "red"\nname = "Ⅰ级"\ncolour = "红色"\n'
RULED = GOOD + "probability = 0.5\nrules = [{{ {} }}]"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (GOOD + "probability = 1.2", "probability", "0 与 1 之间"),
        (GOOD + "probability = 0.5\nmiss_cost = 1", "恰有其一", "1/(1+代价)"),
        (GOOD, "恰有其一", ""),
        (GOOD + "probability = 0.5\nrelease = 0.6", "release", "解除线"),
        (GOOD + "probabilty = 0.5", "probabilty", "probability"),
        ('code = "purple"', "code", "blue"),
        ('code = "red"', "name、colour", "补上"),
        (GOOD + "probability = 0.5\nrules = [{ event = 'strike', people = 1 }]", "event", "layoff"),
        (GOOD + "probability = 0.5\nrules = [{ event = 'layoff' }]", "people", "补上"),
        (GOOD + "probability = 0.5\nrules = [{ months = 2 }]", "恰有其一", "indicator"),
        (RULED.format("indicator = '登记失业率', at_least = 0.045"), "不像是登记失业率", "写 4.5"),
        (RULED.format("indicator = '登记失业率', at_least = 0"), "不像是登记失业率", "总是达到"),
        (RULED.format("indicator = '登记失业人数', at_least = 0"), "不像是登记失业人数", "单位"),
        (RULED.format("indicator = '登记失业率', at_least = 4, window = 2"), "window", "months"),
        (RULED.format("event = 'layoff', people = 200, months = 2"), "months", "window"),
        (GOOD.replace("Ⅰ级", "Ⅰ\\n级") + "probability = 0.5", "name", "一行"),
        (
            GOOD + 'probability = 0.5\n[[warning_levels]]\ncode="yellow"\nname="Ⅰ级"\n'
            'colour="黄色"\nprobability = 0.4',
            "同名",
            "name",
        ),
        (
            GOOD + "probability = 0.5\nrules = [{ indicator = '登记失业绿', at_least = 4 }]",
            "登记失业绿",
            "登记失业率",
        ),
        (
            GOOD + "probability = 0.5\n[[warning_levels]]\n" + GOOD + "probability = 0.6",
            "重复",
            "",
        ),
        (
            GOOD + 'probability = 0.5\n[[warning_levels]]\ncode="yellow"\nname="Ⅲ级"\n'
            'colour="黄色"\nprobability = 0.5',
            "不高于",
            "越重",
        ),
    ],
)
def test_settings_that_cannot_be_used(text, message, hint):
    with pytest.raises(SettingsError) as caught:
        scheme_of("[[warning_levels]]\n" + text)
    assert message in caught.value.message
    assert hint in caught.value.hint


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_a_higher_probability_never_means_a_milder_level(shares):
    scheme = default_scheme(4)
    ranks = [scheme.rank(decide_level(scheme, evidence(p)).level) for p in sorted(shares)]
    assert all(a <= b for a, b in pairwise(ranks))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_with_hysteresis_the_level_is_never_below_the_one_without(shares):
    scheme, previous = default_scheme(3), None
    for k, share in enumerate(shares):
        now = evidence(share, month=MONTH + k)
        decision = decide_level(scheme, now, previous)
        assert scheme.rank(decision.level) >= scheme.rank(decide_level(scheme, now).level)
        if previous is not None and decision.level == previous.level:
            assert decision.since == previous.since
        else:
            assert decision.since == MONTH + k
        previous = decision
