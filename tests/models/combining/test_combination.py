"""The combination: trimmed mean of the members' laws, dependence of the members' paths."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.campaigns import examples

from employment_forecast.models import roster
from employment_forecast.models.combining.combination import (
    MEMBERS,
    SHRUNKEN,
    combine,
    ranks,
    template_ranks,
)
from employment_forecast.models.paths import SamplePaths

ORIGIN = pd.Period("2024-06", "M")


def _paths(values) -> SamplePaths:
    return SamplePaths(np.asarray(values, dtype=float), ORIGIN)


def _combine(members, seed):
    return combine({str(i): m for i, m in enumerate(members)}, 1.0, seed)


def test_by_hand():
    # Sorted columns: 1 2 3 | 4 6 8 | 0 5 100; between lowest and highest 1 5 8, and ten times.
    members = [
        _paths([[2, 20], [1, 10], [3, 30]]),
        _paths([[8, 80], [6, 60], [4, 40]]),
        _paths([[5, 50], [100, 1000], [0, 0]]),
    ]
    combined = _combine(members, 1)
    assert combined.origin == ORIGIN
    assert np.sort(combined.values, axis=0) == pytest.approx(
        np.array([[1, 10], [5, 50], [8, 80]], dtype=float)
    )


@pytest.mark.parametrize("sign", [1, -1])
def test_perfect_dependence_is_kept(sign):
    rising = np.arange(500.0)
    members = [_paths(np.column_stack([rising + k, sign * rising + k])) for k in range(3)]
    combined = _combine(members, 4).values
    assert np.sort(combined[:, 0]) == pytest.approx(rising + 1)
    # Up to ranks that two members share.
    assert np.abs(combined[:, 1] - 1 - sign * (combined[:, 0] - 1)).max() <= 3


def test_one_member_is_itself():
    values = np.random.default_rng(1).normal(size=(40, 3))
    combined = _combine([_paths(values)], 9).values
    assert sorted(map(tuple, combined)) == sorted(map(tuple, values))


@given(
    members=st.integers(1, 7),
    n=st.integers(2, 30),
    horizon=st.integers(1, 4),
    seed=st.integers(0, 99),
)
@settings(max_examples=examples(30), deadline=None)
def test_margins_are_exact(members, n, horizon, seed):
    rng = np.random.default_rng(seed)
    # Rounded, so that there are ties.
    stack = np.round(rng.normal(size=(members, n, horizon)), 1)
    combined = _combine([_paths(v) for v in stack], seed).values

    def middle(values: list[float]) -> float:
        kept = sorted(values)[1:-1] if members > 2 else values
        return sum(kept) / len(kept)

    slow = np.array(
        [[middle([sorted(m[:, h])[i] for m in stack]) for h in range(horizon)] for i in range(n)]
    )
    assert np.sort(combined, axis=0) == pytest.approx(slow)


def test_repeatable_and_seeded():
    rng = np.random.default_rng(2)
    members = [_paths(rng.normal(size=(200, 5))) for _ in range(6)]
    assert _combine(members, 1).values.tobytes() == _combine(members, 1).values.tobytes()
    assert (_combine(members, 1).values != _combine(members, 2).values).any()


def test_one_exploding_member_moves_little():
    rng = np.random.default_rng(3)
    steps = rng.normal(0, 0.1, (7, 2000, 12))
    walks = [100 * np.exp(np.cumsum(s, axis=1)) for s in steps]
    sound = _combine([_paths(w) for w in walks], 1).quantiles()
    wild = _combine([_paths(w) for w in [*walks[:-1], walks[-1] ** 4]], 1).quantiles()
    assert np.abs(wild / sound - 1).max() < 0.1
    average = np.mean([*walks[:-1], walks[-1] ** 4], axis=0)
    assert average.max() > 100 * sound.max()


def test_autocorrelation_of_random_walks_is_kept():
    rng = np.random.default_rng(4)
    members = [_paths(np.cumsum(rng.normal(size=(3000, 12)), axis=1) + k) for k in range(6)]
    correlation = np.corrcoef(_combine(members, 1).values.T)
    step = np.arange(1, 13)
    expected = np.sqrt(np.minimum.outer(step, step) / np.maximum.outer(step, step))
    assert correlation == pytest.approx(expected, abs=0.04)


def test_ranks_are_permutations_and_ties_are_broken_evenly():
    values = np.array([[1, 5], [1, 4], [0, 4], [1, 9]])
    firsts = []
    for seed in range(200):
        ranked = ranks(values, np.random.default_rng(seed))
        assert (np.sort(ranked, axis=0) == np.arange(4)[:, None]).all()
        assert ranked[2, 0] == 0
        assert ranked[3, 1] == 3
        firsts.append(ranked[0, 0])
    assert np.bincount(firsts, minlength=4)[1:].min() > 40


def test_template_takes_equal_parts():
    # Members are told apart by the sign of their dependence.
    rising = np.arange(60.0)
    up, down = np.column_stack([rising, rising]), np.column_stack([rising, -rising])
    ranked = template_ranks(np.stack([up, down]), np.random.default_rng(1))
    assert abs(np.corrcoef(ranked.T)[0, 1]) < 0.2


def test_a_season_counts_for_as_much_as_its_share():
    values = np.arange(40.0).reshape(20, 2)
    full, shrunken = _paths(values), _paths(100 + 3 * values)
    for share in (0.0, 0.25, 1.0):
        combined = combine({"ets": full, SHRUNKEN[0]: shrunken}, share, 1).values
        expected = share * values + (1 - share) * (100 + 3 * values)
        assert np.sort(combined, axis=0) == pytest.approx(expected)
    alone = combine({SHRUNKEN[0]: shrunken}, 1.0, 1).values
    assert np.sort(alone, axis=0) == pytest.approx(100 + 3 * values)


def test_refuses_what_does_not_fit_together():
    one = _paths(np.ones((3, 2)))
    with pytest.raises(ValueError, match="nothing"):
        _combine([], 1)
    for other in (np.ones((4, 2)), np.ones((3, 3))):
        with pytest.raises(ValueError, match="share"):
            _combine([one, _paths(other)], 1)
    with pytest.raises(ValueError, match="share"):
        _combine([one, SamplePaths(np.ones((3, 2)), ORIGIN + 1)], 1)


def test_members_are_on_the_roster_and_no_floors():
    assert set(MEMBERS) < set(roster.names())
    assert not set(MEMBERS).intersection(roster.floors())
    assert "prophet" not in MEMBERS


@pytest.mark.parametrize("decimals", [8, 1, 0])
def test_ranks_are_those_of_sorting_by_value_then_chance(decimals):
    from employment_forecast.models.combining.combination import ranks

    values = np.round(np.random.default_rng(1).normal(size=(200, 5)), decimals)
    ranked = ranks(values, np.random.default_rng(2))
    chance = np.random.default_rng(2).random(values.shape)
    for column in range(5):
        pairs = sorted(zip(values[:, column], chance[:, column], range(200), strict=True))
        assert [ranked[row, column] for _, _, row in pairs] == list(range(200))
