"""Targets: what ships, and which of them is in force."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.campaigns import tries

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.data.errors import DataError, ForecastError
from employment_forecast.data.targets import target as module
from employment_forecast.data.targets.file import read_targets
from employment_forecast.data.targets.shipped import load_targets
from employment_forecast.data.targets.target import (
    Target,
    demand_direction,
    period_months,
    with_tolerance,
)
from employment_forecast.data.targets.validity import in_force, in_force_ahead, limit_at

NATION, JIADING = "100000", "310114"
SURVEYED, COUNT = "surveyed_unemployment_rate", "registered_unemployed"


def month(text: str) -> pd.Period:
    return pd.Period(text, freq="M")


def cap(period: str, announced_on: date, value: float | None = 100.0, **fields) -> Target:
    given_fields = {
        "region": JIADING,
        "indicator": COUNT,
        "tier": "municipal",
        "direction": "cap",
        "basis": "any_month",
        "qualifier": "以内",
        "unit": "人",
        "announced_estimated": False,
        "source": "测试文件",
    }
    return Target(
        **{**given_fields, "period": period, "announced_on": announced_on, "value": value, **fields}
    )


def in_force_at(targets, at: str, as_of: date, **options) -> list[Target]:
    return in_force(targets, JIADING, COUNT, month(at), as_of, **options)


@pytest.mark.parametrize(
    ("period", "first", "last", "length"),
    [
        ("2026", "2026-01", "2026-12", 12),
        ("2021-2025", "2021-01", "2025-12", 60),
        ("2026-10", "2026-10", "2026-10", 1),
    ],
)
def test_periods(period, first, last, length):
    assert period_months(period) == (month(first), month(last))
    target = cap(period, date(2026, 3, 1))
    assert (target.first_month, target.last_month, target.length) == (
        month(first),
        month(last),
        length,
    )
    assert target.covers(month(last))
    assert not target.covers(month(last) + 1)
    assert not target.covers(month(first) - 1)


@pytest.mark.parametrize("text", ["", "26", "2026-13", "2026-00", "2025-2021", "2026年", "2026-1"])
def test_bad_period_is_refused(text):
    with pytest.raises(DataError, match="时期"):
        cap(text, date(2026, 3, 1))


@pytest.mark.parametrize(
    "wrong",
    [{"tier": "city"}, {"direction": "ceiling"}, {"basis": "year"}, {"value": -1.0},
     {"value": float("nan")}, {"value": float("inf")}],
)  # fmt: skip
def test_bad_field_is_refused_with_a_hint(wrong):
    with pytest.raises(DataError) as caught:
        cap("2026", date(2026, 3, 1), **wrong)
    assert caught.value.hint


def test_assessable_needs_a_number_in_a_confirmed_unit():
    assert cap("2026", date(2026, 3, 1)).assessable
    assert not cap("2026", date(2026, 3, 1), value=None).assessable
    assert not cap("2026", date(2026, 3, 1), value=4.0, unit_confirmed=False).assessable


def test_national_rate_has_two_yardsticks_and_new_jobs_one():
    ours = load_targets()
    rate = in_force(ours, NATION, SURVEYED, month("2026-11"), date(2026, 11, 23))
    assert [(t.basis, t.value, t.qualifier, t.tier) for t in rate] == [
        ("any_month", 5.5, "左右", "national"),
        ("period_average", 5.5, "左右", "national"),
    ]
    assert not any(t.carried or t.demo for t in rate)
    assert all(t.quote == "5.5%左右" and "政府工作报告" in t.source for t in rate)
    (jobs,) = in_force(ours, NATION, "new_jobs", month("2020-06"), date(2020, 6, 1))
    assert (jobs.direction, jobs.basis, jobs.value, jobs.unit) == (
        "floor", "period_total", 9_000_000.0, "人")  # fmt: skip


def test_national_announcement_days_are_estimates():
    ours = [t for t in load_targets() if t.region == NATION]
    assert len(ours) == 2 * 12 + 9
    assert all(t.announced_estimated for t in ours)
    days = {t.period: t.announced_on for t in ours}
    assert days["2020"] == date(2020, 5, 22)
    assert days["2026"] == date(2026, 3, 5)


def test_before_the_session_last_years_target_is_carried_over():
    ours = load_targets()
    for day, value, carried in [(date(2020, 5, 21), 5.5, True), (date(2020, 5, 22), 6.0, False)]:
        rate = in_force(ours, NATION, SURVEYED, month("2020-02"), day)
        assert [(t.value, t.carried, t.period) for t in rate] == [(value, carried, "2020")] * 2
    next_year = in_force(ours, NATION, SURVEYED, month("2027-03"), date(2026, 11, 23))
    assert all(t.carried and t.period == "2027" and "沿用2026年目标" in t.note for t in next_year)
    assert in_force(ours, NATION, SURVEYED, month("2028-01"), date(2026, 11, 23)) == []


def test_demo_caps_of_the_districts():
    ours = load_targets()
    units = {i.code: i.unit for i in load_catalogue().indicators}
    assert all(units[t.indicator] == t.unit for t in ours)
    for region in ("310104", "310114", "330900", "420115", "330683"):
        both = in_force(ours, region, COUNT, month("2026-12"), date(2026, 11, 23))
        assert [t.tier for t in both] == ["municipal", "district"]
        assert all(t.demo and t.assessable and not t.announced_estimated for t in both)
    for region in ("330900", "420115"):
        both = in_force(
            ours, region, "registered_unemployment_rate", month("2026-12"), date(2026, 11, 23)
        )
        assert [(t.tier, t.basis) for t in both] == [
            ("municipal", "any_month"),
            ("district", "period_end"),
        ]


def test_cap_changed_in_july_applies_from_then():
    ours = load_targets()
    values = [
        next(t.value for t in in_force_at(ours, "2022-05", day) if t.tier == "municipal")
        for day in (date(2022, 7, 14), date(2022, 7, 15))
    ]
    assert values[0] < values[1]


def test_latest_announcement_wins_and_ties_go_to_the_later_entry():
    early, late = cap("2026", date(2026, 3, 1), 90.0), cap("2026", date(2026, 7, 1), 95.0)
    assert in_force_at([late, early], "2026-02", date(2026, 6, 30)) == [early]
    assert in_force_at([late, early], "2026-02", date(2026, 7, 1)) == [late]
    corrected = replace(late, value=96.0)
    assert in_force_at([late, corrected], "2026-02", date(2026, 8, 1)) == [corrected]


def test_carry_over_is_by_tier_basis_direction_and_length():
    city = cap("2025", date(2025, 3, 1), 90.0)
    district = cap("2025", date(2025, 4, 1), 88.0, tier="district")
    ending = cap("2025", date(2025, 3, 1), 80.0, basis="period_end")
    plan = cap("2021-2025", date(2021, 9, 1), 99.0)
    new = cap("2026", date(2026, 3, 1), 91.0)
    answer = in_force_at([city, district, ending, plan, new], "2026-05", date(2026, 3, 15))
    assert [(t.tier, t.basis, t.period, t.value, t.carried) for t in answer] == [
        ("municipal", "any_month", "2026", 91.0, False),
        ("municipal", "any_month", "2026-2030", 99.0, True),
        ("municipal", "period_end", "2026", 80.0, True),
        ("district", "any_month", "2026", 88.0, True),
    ]
    assert answer[1].note == "沿用2021-2025年目标（截至2026-03-15未见2026-2030年目标）"


def test_carried_note_keeps_an_earlier_note_and_names_months():
    (only,) = in_force_at(
        [cap("2026-10", date(2026, 10, 1), note="原注")], "2026-11", date(2026, 11, 1)
    )
    assert only.period == "2026-11"
    assert only.note == "原注；沿用2026-10目标（截至2026-11-01未见2026-11目标）"


def test_real_target_displaces_demonstration_of_the_same_period():
    demo = cap("2026", date(2026, 3, 20), 100.0, demo=True)
    real = cap("2026", date(2026, 4, 1), 120.0, basis="period_end")
    assert in_force_at([demo, real], "2026-06", date(2026, 3, 31)) == [demo]
    assert in_force_at([demo, real], "2026-06", date(2026, 4, 1)) == [real]
    other_tier = replace(real, tier="district")
    assert in_force_at([demo, other_tier], "2026-06", date(2026, 5, 1)) == [demo, other_tier]


def test_real_target_of_last_year_displaces_a_demonstration_of_this_one():
    demo = [cap(y, date(int(y), 3, 20), 100.0, demo=True) for y in ("2025", "2026")]
    real = cap("2025", date(2025, 4, 1), 120.0)
    (only,) = in_force_at([*demo, real], "2026-06", date(2026, 5, 1))
    assert (only.value, only.carried, only.demo) == (120.0, True, False)
    # A real target for a later year says nothing about an earlier one.
    assert in_force_at([demo[0], replace(real, period="2026")], "2025-06", date(2026, 5, 1)) == [
        demo[0]
    ]


def test_real_target_without_a_number_stands_beside_the_demonstration():
    demo = cap("2026", date(2026, 3, 20), 100.0, demo=True)
    unnamed = cap("2026", date(2026, 3, 1), None)
    assert in_force_at([demo, unnamed], "2026-06", date(2026, 5, 1)) == [unnamed, demo]
    assert in_force_at([demo, unnamed], "2026-06", date(2026, 5, 1), demo=False) == [unnamed]


targets_strategy = st.lists(
    st.builds(
        cap,
        st.sampled_from(["2024", "2025", "2026", "2021-2025", "2026-2030", "2026-05"]),
        st.dates(date(2024, 1, 1), date(2026, 12, 31)),
        st.one_of(st.none(), st.floats(1, 100)),
        tier=st.sampled_from(["municipal", "district"]),
        direction=st.sampled_from(["cap", "floor"]),
        basis=st.sampled_from(["any_month", "period_end"]),
        demo=st.booleans(),
    ),
    max_size=12,
)


def test_plan_without_a_number_neither_displaces_nor_stops_one():
    number = cap("2024", date(2024, 3, 1), 100.0)
    plan = cap("2024", date(2024, 11, 18), None)
    next_plan = cap("2025", date(2024, 11, 18), None)
    assert in_force_at([number, plan], "2024-12", date(2024, 12, 1)) == [number]
    carried, beside = in_force_at([number, next_plan], "2025-01", date(2025, 1, 15))
    assert (carried.value, carried.carried, carried.period) == (100.0, True, "2025")
    assert beside == next_plan
    # So it is for a year that comes within the horizon.
    ahead = in_force_ahead(
        [number, next_plan],
        number.region,
        number.indicator,
        month("2024-11"),
        6,
        date(2024, 12, 1),
    )
    assert ahead == [number, next_plan]
    assert in_force_at([next_plan], "2025-01", date(2025, 1, 15)) == [next_plan]


def test_cap_changed_within_the_year_applies_from_then():
    first = cap("2026", date(2026, 3, 1), 15000.0)
    second = cap("2026", date(2026, 7, 15), 12000.0)
    both, day = [first, second], date(2026, 11, 1)
    assert limit_at(second, both, month("2026-01"), day) == 15000
    assert limit_at(second, both, month("2026-06"), day) == 15000
    assert limit_at(second, both, month("2026-07"), day) == 12000
    assert limit_at(first, both, month("2026-06"), date(2026, 7, 14)) == 15000
    (now,) = in_force_at(both, "2026-08", day)
    assert [(str(s.first), str(s.last), s.value, s.limit) for s in now.spans] == [
        ("2026-01", "2026-06", 15000, 15000),
        ("2026-07", "2026-12", 12000, 12000),
    ]
    (before,) = in_force_at(both, "2026-06", date(2026, 7, 14))
    assert before.changed == ()
    assert [(str(s.first), str(s.last)) for s in before.spans] == [("2026-01", "2026-12")]
    # Into the year after, the last number is carried, and nothing of the change.
    (carried,) = in_force_at(both, "2027-01", date(2027, 1, 5))
    assert [(str(s.first), s.value) for s in carried.spans] == [("2027-01", 12000)]


def _reference(targets: list[Target], at: pd.Period, as_of: date) -> list[tuple]:
    """Slow and obvious: decide every (tier, direction, basis, length, demo) cell on its own."""
    cells = []
    for tier in ("municipal", "district"):
        for direction in ("cap", "floor"):
            for basis in ("any_month", "period_end"):
                for length in (1, 12, 60):
                    for demo in (False, True):
                        mine = [
                            t
                            for t in targets
                            if (t.tier, t.direction, t.basis, t.length, t.demo)
                            == (tier, direction, basis, length, demo)
                            and t.announced_on <= as_of
                        ]
                        numbered = [t for t in mine if t.value is not None]
                        silent = [t for t in mine if t.value is None]
                        for pool, shift in ((numbered, 0), (numbered, length), (silent, 0)):
                            fitting = [t for t in pool if t.covers(at - shift)]
                            if fitting:
                                newest = max(t.announced_on for t in fitting)
                                last = [t for t in fitting if t.announced_on == newest][-1]
                                cells.append((last, shift > 0))
                                if not shift:
                                    break
    answered = {
        (t.tier, t.direction, t.demo) for t, carried in cells if t.value is not None and not carried
    }
    cells = [
        (t, carried)
        for t, carried in cells
        if t.value is not None or (t.tier, t.direction, t.demo) not in answered
    ]
    real = {(t.tier, t.direction, t.length) for t, _ in cells if not t.demo and t.value is not None}
    return [
        (t.tier, t.direction, t.basis, t.length, t.value, carried, t.demo)
        for t, carried in cells
        if not (t.demo and (t.tier, t.direction, t.length) in real)
    ]


@given(
    targets_strategy,
    st.sampled_from([month("2025-12"), month("2026-05"), month("2026-06"), month("2027-01")]),
    st.dates(date(2024, 6, 1), date(2027, 1, 31)),
)
def test_selection_against_a_slow_reference(targets, at, as_of):
    answer = in_force_at(targets, str(at), as_of)
    assert all(t.covers(at) for t in answer)
    assert all(t.announced_on <= as_of for t in answer)
    assert [
        (t.tier, t.direction, t.basis, t.length, t.value, t.carried, t.demo) for t in answer
    ] == _reference(targets, at, as_of)


def test_tiers_have_names():
    assert set(module.TIER_NAMES) == {"national", "municipal", "district", "own"}


def test_a_line_with_more_cells_than_the_header_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "控制数.csv"
    file.write_text(
        "地区,指标,层级,时期,数值,来源\n嘉定,登记失业人数,district,2026,14,300,某号\n", "utf-8"
    )
    with pytest.raises(DataError, match="第 2 行的格数比表头多"):
        read_targets(file, load_catalogue(), {})


def test_cells_missing_at_the_end_of_a_line_are_blank(tmp_path: Path) -> None:
    file = tmp_path / "控制数.csv"
    names: dict[str, dict[str, str]] = {"tier": {}, "direction": {}, "basis": {}}
    head = "地区,指标,层级,时期,数值,来源,方向,用语\n"
    file.write_text(f"{head}嘉定,登记失业人数,district,2026,14300,某号\n", "utf-8")
    (target,) = read_targets(file, load_catalogue(), names)
    assert (target.value, target.direction, target.qualifier) == (14300, "cap", "以内")
    file.write_text(f"{head}嘉定,登记失业人数,district,2026,14300\n", "utf-8")
    with pytest.raises(DataError, match="第 2 行的格数比表头少，缺少：来源"):
        read_targets(file, load_catalogue(), names)


def read_broken(folder: Path, count: int) -> int:
    """Read files of targets with something wrong; how often they were refused."""
    aliases = {"tier": {"市": "municipal"}, "basis": {"各月": "any_month"}, "direction": {}}
    whole = (
        "地区,指标,层级,考核,时期,数值,公布日,来源\n"
        "嘉定,登记失业人数,市,各月,2026,14300,2026-03-01,某号\n"
    ).encode()
    odd = (
        *(b"\r", b'"', b"\x00", b"x" * 200_000, b"\x1b]0;x\x07", b",,,", b"\xff", b"9" * 400),
        *("\u202e".encode(), "\u2028".encode(), b"nan", b"-1", b"1e309", b"2026-13"),
    )
    refused = 0
    for seed in range(count):
        dice = Random(seed)
        content = bytearray(whole)
        for _ in range(dice.randint(1, 3)):
            at = dice.randrange(len(content))
            content[at : at + dice.choice((0, 0, 4))] = dice.choice(odd)
        file = folder / "控制数.csv"
        file.write_bytes(content)
        try:
            for target in read_targets(file, load_catalogue(), aliases):
                assert target.source.isprintable()
        except ForecastError:
            refused += 1
    return refused


def test_files_of_targets_with_something_wrong_are_refused_or_read(tmp_path: Path) -> None:
    assert read_broken(tmp_path, 60) > 30


@pytest.mark.soak
def test_six_hundred_files_of_targets(tmp_path: Path) -> None:
    count = tries(600)
    refused = read_broken(tmp_path, count)
    print(f"files of targets: {count} tried, {refused} refused, none unexpected")


def test_an_approximate_value_has_a_tolerance_of_its_own():
    day = date(2026, 3, 5)
    rate = cap("2026", day, 5.5, unit="%", qualifier="左右")
    count = cap("2026", day, 14_300.0, qualifier="左右")
    ratio = cap("2026", day, 1.2, qualifier="左右", unit="倍")
    floor = cap("2026", day, 12_000.0, qualifier="左右", direction="floor")
    firm = cap("2026", day, 5.5, unit="%")
    silent = cap("2026", day, None, qualifier="左右")
    targets = with_tolerance([rate, count, ratio, floor, firm, silent], points=0.1, percent=1.0)
    assert [t.limit for t in targets] == [5.6, 14_443.0, 1.21, 11_880.0, 5.5, None]
    assert [t.value for t in targets] == [5.5, 14_300.0, 1.2, 12_000.0, 5.5, None]
    assert limit_at(targets[0], targets[:1], month("2026-05"), day) == 5.6
    assert [t.limit for t in with_tolerance([rate], 0.0, 0.0)] == [5.5]


@pytest.mark.parametrize(
    ("direction", "word", "said"),
    [
        ("cap", "不低于", "“不低于”说的是下限"),
        ("floor", "以内", "“以内”说的是控制数"),
        ("cap", "不少于", "--direction 下限"),
        ("", "不低于", "不低于"),
        ("", "", "没有写明“城镇新增就业”的目标是不超过还是不低于"),
        ("floor", "", "不低于"),
        ("level", "", ""),
        ("cap", "左右", "左右"),
    ],
)
def test_words_of_a_file_have_to_fit_the_direction(
    tmp_path: Path, direction: str, word: str, said: str
) -> None:
    file = tmp_path / "目标.csv"
    names: dict[str, dict[str, str]] = {"tier": {}, "direction": {}, "basis": {}}
    row = f"嘉定,城镇新增就业,district,2026,27500,某号,{direction},{word}\n"
    file.write_text(f"地区,指标,层级,时期,数值,来源,方向,用语\n{row}", "utf-8")
    if said in ("不低于", "左右", ""):
        (target,) = read_targets(file, load_catalogue(), names)
        assert target.qualifier == said
        return
    with pytest.raises(DataError) as refused:
        read_targets(file, load_catalogue(), names)
    assert said in f"{refused.value.message}{refused.value.hint}"


@pytest.mark.parametrize(
    ("word", "direction", "said"),
    [
        ("控制在…以内", "cap", ""), ("不突破", "cap", ""), ("力争", "cap", ""), ("", "cap", ""),
        ("确保完成", "floor", ""), ("力争不低于", "floor", ""), ("约", "floor", ""),
        ("≥", "cap", "下限"), ("力争不低于", "cap", "下限"), ("超过", "cap", "下限"),
        ("低于", "floor", "控制数"), ("不突破", "floor", "控制数"),
        ("净增", "floor", "增减"), ("下降", "cap", "增减"),
        ("看情况", "cap", "没有认出"), ("不低于…不超过", "cap", "没有认出"),
    ],
)  # fmt: skip
def test_words_say_the_direction_or_are_refused(word, direction, said):
    target = cap("2026", date(2026, 1, 5), 14_300.0, qualifier=word, direction=direction)
    if not said:
        demand_direction(target)
        return
    with pytest.raises(DataError, match=said):
        demand_direction(target)


NAMES: dict[str, dict[str, str]] = {"tier": {}, "direction": {}, "basis": {}}


@pytest.mark.parametrize(
    ("head", "cells", "wanted"),
    [
        ("数值", "1.43万", 14300.0),
        ("数值", "14300人", 14300.0),
        ("数值,单位", "1.43,万人", 14300.0),
        ("数值,单位", "14300,人", 14300.0),
        ("数值,备注", "14300,初次下达", 14300.0),
        ("数值,群体", "14300,", 14300.0),
        ("数值,单位", "1.43万,万人", 14300.0),
        ("数值", "１．４３万", 14300.0),
        ("数值", "14_300", "不能读成一个数"),
        ("数值", '"14,30"', "不能读成一个数"),
        ("数值", "1.4-1.5万", "不能读成一个数"),
        ("数值", "14300.5", "不是整数"),
        ("数值", "143000000万", "大得不可能"),
        ("数值,数值", "14300,13000", "有几列都是“数值”"),
        ("数值,value", "14300,13000", "有几列都是“数值”"),
        ("数值,公布日", "14300,2062-01-20", "晚于今天"),
        ("数值,单位", "14300,%", "单位"),
        ("数值,群体", "1430,高校毕业生", "列“群体”没有认出"),
    ],
)
def test_numbers_and_columns_of_a_file_of_targets(tmp_path, head, cells, wanted):
    file = tmp_path / "控制数.csv"
    line = f"嘉定,登记失业人数,district,2026,某号,{cells}"
    file.write_text(f"地区,指标,层级,时期,来源,{head}\n{line}\n", "utf-8")
    if isinstance(wanted, float):
        (target,) = read_targets(file, load_catalogue(), NAMES)
        assert target.value == wanted
    else:
        with pytest.raises(DataError, match=wanted):
            read_targets(file, load_catalogue(), NAMES)


def test_a_target_of_a_flow_says_how_it_is_held(tmp_path):
    file = tmp_path / "控制数.csv"
    head = "地区,指标,层级,时期,来源,数值,方向,考核"
    for basis, read in (("", False), ("period_total", True)):
        line = f"嘉定,城镇新增就业,district,2026,某号,20000,floor,{basis}"
        file.write_text(f"{head}\n{line}\n", "utf-8")
        if read:
            assert read_targets(file, load_catalogue(), NAMES)[0].basis == basis
        else:
            with pytest.raises(DataError, match="考核"):
                read_targets(file, load_catalogue(), NAMES)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["嘉定,登记失业人数,省,2026,14300,某号"], "“层级”不能是“省”"),
        (["嘉定,登记失业人数,district,2026,14300,"], "没有写来源"),
        (["嘉定,登记失业人数,district,2026-13,14300,某号"], "2026-13"),
        (["嘉定,登记失业人数,district,2026,-5,某号"], "目标数 -5 不可用"),
        ([], "没有一行目标"),
        (
            [
                "嘉定,登记失业人数,district,2026,14300,甲",
                "嘉定,登记失业人数,district,2026年,15000,乙",
            ],
            "第 3 行：与第 2 行的地区",
        ),
    ],
)
def test_lines_of_a_file_of_targets_that_say_nothing_or_two_things(tmp_path, lines, said):
    file = tmp_path / "控制数.csv"
    file.write_text("\n".join(["地区,指标,层级,时期,数值,来源", *lines, ""]), "utf-8")
    with pytest.raises(DataError, match=said):
        read_targets(file, load_catalogue(), NAMES)


def test_a_file_of_targets_saved_by_a_spreadsheet_is_read(tmp_path):
    file = tmp_path / "控制数.csv"
    head = "地区,指标,层级,时期,数值,来源,公布日"
    line = '嘉定,登记失业人数,district,2026年10月,"14,300",某号,2026/1/20'
    file.write_bytes(f"{head}\r\n{line}\r\n".encode("gb18030"))
    (target,) = read_targets(file, load_catalogue(), NAMES)
    assert (target.period, target.value) == ("2026-10", 14_300)
    assert (target.announced_on, target.announced_estimated) == (date(2026, 1, 20), False)
    file.write_bytes(b"PK\x03\x04")
    with pytest.raises(DataError, match="是工作簿，不是 CSV"):
        read_targets(file, load_catalogue(), NAMES)


@pytest.mark.parametrize(
    ("indicator", "words", "said"),
    [
        ("登记失业人数", "", "cap"), ("高校毕业生登记失业人数", "左右", "cap"),
        ("城镇调查失业率", "", "cap"), ("城镇新增就业", "不低于", "floor"),
        ("城镇新增就业", "以内", "cap"), ("登记失业人数", "不低于", "cap"),
        ("城镇新增就业", "", None), ("失业保险参保人数", "", None),
        ("新登记失业人数", "左右", None),
    ],
)  # fmt: skip
def test_only_the_unemployed_are_capped_unless_words_say_so(indicator, words, said):
    entry = load_catalogue().indicator(indicator)
    if said is not None:
        assert module.usual_direction(entry, words) == said
        return
    with pytest.raises(DataError, match="不超过还是不低于"):
        module.usual_direction(entry, words)
