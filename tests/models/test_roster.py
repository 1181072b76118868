"""Names, labels and tags of the roster."""

import subprocess
import sys

import pytest

from employment_forecast.data.errors import UnknownNameError
from employment_forecast.models import roster
from employment_forecast.models.combining.combination import MEMBERS
from employment_forecast.models.contract import Competitor

MEMBERS_IN_ORDER = [n for n in roster.names() if n in MEMBERS]


def test_names_and_floors():
    assert roster.floors() == ("random_walk", "drift", "seasonal_naive")
    assert len(set(roster.names())) == len(roster.names())
    assert roster.names()[-1] == roster.COMBINATION
    assert set(MEMBERS) <= set(roster.names())


def test_labels_are_chinese_or_proper_names_and_unique():
    labels = [roster.label(n) for n in roster.names()]
    assert len(set(labels)) == len(labels)
    assert [x for x in labels if not any("\u4e00" <= c <= "\u9fff" for c in x)] == ["Prophet"]


def test_create_gives_a_fresh_competitor():
    for name in roster.names():
        if name in roster.COMBINATIONS:
            continue
        made = roster.create(name)
        assert isinstance(made, Competitor)
        assert made.name == name
        assert made is not roster.create(name)


@pytest.mark.parametrize("name", roster.COMBINATIONS)
def test_combinations_are_not_fitted(name):
    with pytest.raises(ValueError, match="not fitted"):
        roster.create(name)
    tags = roster.tags(name)
    assert not tags.floor
    assert tags.min_months == min(roster.tags(m).min_months for m in MEMBERS)


@pytest.mark.parametrize("ask", [roster.create, roster.label, roster.tags, roster.resolve])
def test_unknown_name_gets_the_nearest(ask):
    with pytest.raises(UnknownNameError) as caught:
        ask("sarimax")
    assert "sarimax" in caught.value.message
    assert "sarima" in caught.value.message.split("最接近的有")[1]
    assert caught.value.hint


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("sarima,ets", ["ets", "sarima"]),
        ("ets\uff0c sarima", ["ets", "sarima"]),
        ("ets\u3001sarima", ["ets", "sarima"]),
        (["sarima"], ["sarima"]),
        ("drift", []),
        ("ets,combination", ["ets", "combination"]),
        (
            "combination",
            [*MEMBERS_IN_ORDER, "combination"],
        ),
    ],
)
def test_resolve_keeps_the_floors_in(wanted, expected):
    assert roster.resolve(wanted) == (*roster.floors(), *expected)


@pytest.mark.parametrize("nothing", [None, "", " ,", []])
def test_resolve_nothing_means_all(nothing):
    chosen = roster.resolve(nothing)
    assert chosen == tuple(n for n in roster.names() if n != "boosting")


@pytest.mark.soak  # a process of its own
def test_tags_and_labels_import_no_heavy_library():
    program = (
        "import sys\n"
        "from employment_forecast.models import roster\n"
        "for n in roster.names(): roster.label(n), roster.tags(n)\n"
        "for n in roster.names():\n"
        "    if n not in roster.COMBINATIONS: roster.create(n)\n"
        "heavy = {'statsmodels', 'prophet', 'sklearn', 'scipy.stats', 'scipy.optimize'}\n"
        "print(sorted(heavy.intersection(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    assert done.stdout.strip() == "[]"
