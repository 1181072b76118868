"""Every combination of kinds, changes and states is told in plain official Chinese."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from employment_forecast.data.catalogue import load_catalogue
from employment_forecast.forecasting.bulletin.record.notes import is_stale
from employment_forecast.forecasting.bulletin.record.outlook import shown_digits
from employment_forecast.forecasting.bulletin.record.series import comparison
from employment_forecast.forecasting.bulletin.text.facts import (
    CitedRecord,
    UncitedFigureError,
    plain,
    record_key,
    resolve,
    sentence,
)
from employment_forecast.forecasting.bulletin.text.figures import CHANCES, percent_of, show
from employment_forecast.forecasting.bulletin.text.wording import (
    against_cap,
    amount,
    cap_name,
    chance,
    compared,
    qualified,
    signed_change,
)

KINDS = {"stock": ("人", 0), "flow": ("人", 0), "rate": ("%", 1), "ratio": ("倍", 2)}
ODD = re.compile(r"nan|None|inf|（）|\(\)|，，|。。|--|\+-|-0(?!\.)|  ")


@pytest.mark.parametrize(
    ("kind", "change", "percent", "reference"),
    [
        (kind, change, percent, reference)
        for kind, change, percent, reference in itertools.product(
            KINDS, (-12.0, -0.1, 0.0, 0.1, 12.0, None), (-3.2, 0.01, 0.0, 3.2, None),
            ("上月", "上年同月", "上年同期"),
        )
        if change is None or percent is None or (percent > 0) == (change > 0)
    ],
)  # fmt: skip
def test_every_comparison(
    kind: str, change: float | None, percent: float | None, reference: str
) -> None:
    unit, digits = KINDS[kind]
    row = {"change": change, "percent": percent, "reason": None if change else "口径变化，不可比"}
    book = CitedRecord({"c": row, "source": "测试"})
    said = plain(compared(book, "/c", {"kind": kind, "unit": unit, "decimals": digits}, reference))
    assert not ODD.search(said), said
    assert reference in said
    if change is None:
        assert said == f"与{reference}相比：口径变化，不可比"
        return
    if change == 0:
        assert said == f"与{reference}持平"
        return
    up, down = ("增加", "减少") if kind in ("stock", "flow") else ("上升", "下降")
    assert said.startswith(f"比{reference}{up if change > 0 else down}")
    assert ("个百分点" in said) == (unit == "%")
    assert ("（增长3.2%）" in said) == (percent == 3.2)
    assert ("（下降3.2%）" in said) == (percent == -3.2)
    assert "0.0" not in said
    assert "-" not in said


@pytest.mark.parametrize(
    ("value", "unit", "digits", "text"),
    [
        (13612, "人", 0, "13612人"), (99_999, "人", 0, "99999人"), (100_000, "人", 0, "10万人"),
        (135_000, "人", 0, "13.5万人"), (12_000_000, "人", 0, "1200万人"),
        (1_234_567, "人", 0, "123.46万人"), (2.5, "%", 2, "2.50%"), (0.99, "倍", 2, "0.99"),
        (50.25, "指数", 1, "50.3"), (-42, "人", 0, "42人"), (13786, "人", -1, "13790人"),
    ],
)  # fmt: skip
def test_amounts(value: float, unit: str, digits: int, text: str) -> None:
    assert plain(amount(CitedRecord({"v": value, "source": "测试"}), "/v", unit, digits)) == text


@pytest.mark.parametrize(
    ("tier", "qualifier", "carried", "headroom"),
    list(itertools.product(
        ("national", "municipal", "district", "own"), ("以内", "左右", "", "不高于"),
        (False, True), (-0.2, 0.0, 0.2, None),
    )),
)  # fmt: skip
def test_every_cap(tier: str, qualifier: str, carried: bool, headroom: float | None) -> None:
    cap = {"tier": tier, "qualifier": qualifier, "carried": carried, "value": 5.5,
           "headroom": headroom}  # fmt: skip
    book = CitedRecord({"cap": cap, "source": "测试"})
    name = plain(cap_name(book, "/cap", "%", 1))
    assert ("预期目标" in name) == (tier == "national")
    assert ("沿用上期" in name) == carried
    assert ("不高于5.5%" in name) == (qualifier == "不高于")
    said = plain(against_cap(book, "/cap", {"unit": "%", "decimals": 1}))
    assert not ODD.search(name + said)
    if headroom is None:
        assert said == ""
    elif headroom == 0:
        assert said == f"与{name}持平"
    else:
        assert said.endswith("0.2个百分点")
        assert said.startswith("低于" if headroom > 0 else "高于")


def test_words_stand_where_the_language_puts_them() -> None:
    for word, text in (("以内", "100人以内"), ("不低于", "不低于100人"), ("", "100人")):
        book = CitedRecord({"t": {"value": 100, "qualifier": word}, "source": "测试"})
        assert plain(qualified(book, "/t", "人", 0)) == text


@given(st.floats(0, 1))
def test_a_probability_is_one_word_and_never_certain(p: float) -> None:
    said = plain(chance(CitedRecord({"p": p, "source": "测试"}), "/p", "突破"))
    assert re.fullmatch(r"突破的概率(不到1%|在99%以上|为[1-9]\d?%)（\S+）", said)
    assert sum(said.endswith(f"（{word}）") for _, word in CHANCES) == 1


def test_the_scale_is_monotone() -> None:
    words = [show(p / 1000, "chance") for p in range(1001)]
    assert [w for w, _ in itertools.groupby(words)] == [w for _, w in reversed(CHANCES)]
    assert (percent_of(0.005), percent_of(0.0049), percent_of(0.995)) == (1, 0, 100)
    assert (show(0.0049, "probability"), show(0.995, "probability")) == ("不到1%", "99%以上")


@given(st.floats(-1e7, 1e7), st.integers(-3, 3))
def test_numbers_are_rounded_half_up_and_never_minus_zero(value: float, digits: int) -> None:
    shown = show(value, "plain", digits)
    assert abs(float(shown) - value) <= 0.5 * 10.0**-digits * (1 + 1e-9)
    assert not re.fullmatch(r"-0\.?0*", shown)
    signed = show(value, "signed", digits)
    assert signed.lstrip("+") == shown
    assert signed.startswith("+") == (float(shown) > 0)


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        ("2026-10", "month", "2026年10月"), ("2026-01", "through", "1月"),
        ("2026-10", "through", "1—10月"), ("2026-11-03", "day", "2026年11月3日"),
        ("2026", "period", "2026年"), ("2026-2030", "period", "2026—2030年"),
        ("2026-10", "period", "2026年10月"), ("16岁(含在校生)", "text", "16岁（含在校生）"),
        ("GDP(x)", "text", "GDP(x)"), (0.825, "per_cent", "83%"),
    ],
)  # fmt: skip
def test_other_forms(value: Any, form: str, text: str) -> None:
    assert show(value, form) == text


def test_changes_in_tables_have_signs() -> None:
    book = CitedRecord({"a": 12, "b": -3, "c": 0, "d": None, "source": "测试"})
    texts = [plain(signed_change(book, f"/{k}", 0)) for k in "abcd"]
    assert texts == ["+12", "-3", "0", ""]


def test_a_digit_without_a_fact_is_refused() -> None:
    for bad in ("比上月增加5人", "第１版"):
        with pytest.raises(UncitedFigureError):
            sentence(bad)
        with pytest.raises(UncitedFigureError):
            sentence("{x}", x=bad)


def test_a_fact_is_what_the_record_says() -> None:
    record = {"a/b": [{"x": 1.25, "source": "甲"}], "source": "乙"}
    book = CitedRecord(record)
    cited = book.cite("/a~1b/0/x", "plain", 1)
    assert cited.text == "1.3"
    (fact,) = book.facts
    assert (resolve(record, fact.pointer), fact.source) == (1.25, "甲")
    assert book.get("/a~1b/7") is None
    with pytest.raises(KeyError):
        book.cite("/nothing")


def test_comparisons_by_hand() -> None:
    catalogue = load_catalogue()
    stock = catalogue.indicator("registered_unemployed")
    months = pd.period_range("2026-08", "2026-10", freq="M")
    values = pd.Series([100.0, float("nan"), 110.0], index=months)
    month = months[-1]
    two = comparison(values, month, 2, stock, broken=False)
    assert (two["base"], two["change"], two["percent"]) == (100, 10, 10.0)
    assert comparison(values, month, 1, stock, broken=False)["reason"] == "基数缺失，不可比"
    assert comparison(values, month, 2, stock, broken=True)["change"] is None
    small = comparison(values / 20, month, 2, stock, broken=False)
    assert small["percent"] is None
    assert is_stale(pd.Period("2025-09", "M"), month)
    assert not is_stale(pd.Period("2025-10", "M"), month)
    assert [shown_digits(w, 2) for w in (480, 168, 0.08, 0.5, 0)] == [-1, 0, 2, 2, 2]


def test_names_with_slashes_are_keys_that_pointers_reach() -> None:
    name = "批发/零售~其他"
    record = {"sample": {"industries": {record_key(name): {"industry": name}}}, "source": "甲"}
    assert CitedRecord(record).cite(f"/sample/industries/{record_key(name)}/industry").text == name
