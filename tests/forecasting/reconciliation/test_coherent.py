"""Joint paths that add up: against closed forms, and what must hold for any tree."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.campaigns import examples

from employment_forecast.forecasting.reconciliation import (
    ErrorLaw,
    Sum,
    Tree,
    coherent,
    possible,
    projected,
)
from employment_forecast.forecasting.reconciliation.coherent import PARTS_WEIGHT

CITY = Tree.of(
    [Sum("a", ("a1", "a2")), Sum("city", ("a", "b", "c")), Sum("city", ("young", "old"))]
)


def law(tree, shared=0.5):
    n = len(tree.members)
    return ErrorLaw(np.full((n, n), shared) + (1 - shared) * np.eye(n), 3.0)


def draws(tree, seed=0, n=200, months=4, scale=1.0):
    rng = np.random.default_rng(seed)
    level = rng.uniform(5, 500, (len(tree.members), 1, 1))
    walk = rng.standard_normal((len(tree.members), n, months)).cumsum(axis=2)
    return level + scale * 0.05 * level * walk


def left(tree, paths):
    return np.abs(np.einsum("sm,mnh->snh", tree.constraints(tree.members), paths)).max()


def test_one_month_by_hand():
    # Whole 130, parts 60 and 40 in every path but for a spread of 2, 1 and 1 about them: the parts
    # weigh 1 and 1, the whole 3 * 2 = 6, so that of a gap of 30 the parts take 30 / 8 each.
    tree = Tree.of([Sum("w", ("x", "y"))])
    spread = np.array([-1.0, 1.0])
    paths = np.array([130 + 2 * spread, 60 + spread, 40 + spread])[:, :, None]
    reconciled = coherent(tree, paths, ErrorLaw(np.ones((3, 3)), 9.0)).mean(axis=1)[:, 0]
    assert PARTS_WEIGHT == 3.0
    np.testing.assert_allclose(reconciled, [130 - 22.5, 63.75, 43.75])


def test_projection_is_the_generalised_least_squares_of_trace_minimisation():
    # Wickramasuriya et al. (2019): S (S' W^-1 S)^-1 S' W^-1, here for the mean of the paths.
    tree = Tree.of([Sum("w", ("u", "z")), Sum("u", ("x", "y"))])
    paths = draws(tree, months=1)
    sums = {"w": (1, 1, 1), "u": (0, 1, 1), "z": (1, 0, 0), "x": (0, 1, 0), "y": (0, 0, 1)}
    summing = np.array([sums[key] for key in tree.members], dtype=float)
    variance = dict(zip(tree.members, paths[:, :, 0].var(axis=1), strict=True))
    low = np.array([variance["z"], variance["x"], variance["y"]])
    wholes = np.array([PARTS_WEIGHT if key in "wu" else 1.0 for key in tree.members])
    inverse = np.diag(1 / (wholes * (summing @ low)))
    weights = np.linalg.inv(summing.T @ inverse @ summing) @ summing.T @ inverse
    expected = summing @ weights @ paths[:, :, 0].mean(axis=1)
    reconciled = coherent(tree, paths, law(tree), nonnegative=False).mean(axis=1)[:, 0]
    np.testing.assert_allclose(reconciled, expected, rtol=1e-12)

    # For the mean, the weights are those of the covariance of earlier errors where there is one.
    root = np.random.default_rng(4).normal(0, 5, (5, 5))
    covariance = root @ root.T
    inverse = np.linalg.inv(covariance)
    weights = np.linalg.inv(summing.T @ inverse @ summing) @ summing.T @ inverse
    learned = coherent(
        tree, paths, ErrorLaw(law(tree).correlation, 3.0, covariance), nonnegative=False
    )
    expected = summing @ weights @ paths[:, :, 0].mean(axis=1)
    np.testing.assert_allclose(learned.mean(axis=1)[:, 0], expected, rtol=1e-9)
    plain = coherent(tree, paths, law(tree), nonnegative=False)
    apart = [each - each.mean(axis=1, keepdims=True) for each in (learned, plain)]
    np.testing.assert_allclose(*apart, atol=1e-9)


@settings(deadline=None, max_examples=examples(40))
@given(st.integers(0, 10_000), st.floats(0.0, 1.0), st.floats(0.0, 20.0), st.data())
def test_sums_hold_nothing_is_negative_and_fixed_figures_stay(seed, shared, scale, data):
    paths = np.abs(draws(CITY, seed, n=40, scale=scale))
    held = np.zeros((len(CITY.members), 4), dtype=bool)
    at = {key: i for i, key in enumerate(CITY.members)}
    for key in data.draw(st.sets(st.sampled_from(["a1", "b", "young"]))):
        held[at[key], 0] = True
        paths[at[key], :, 0] = 0.1
    reconciled = coherent(CITY, paths, law(CITY, shared), fixed=held)
    assert left(CITY, reconciled) <= 1e-9 * np.abs(reconciled).max()
    assert reconciled.min() >= 0
    np.testing.assert_array_equal(reconciled[:, :, 0][held[:, 0]], paths[:, :, 0][held[:, 0]])


def test_a_published_whole_is_shared_out_exactly():
    paths = draws(CITY)
    held = np.zeros((len(CITY.members), 4), dtype=bool)
    whole = CITY.members.index("city")
    held[whole, 1], paths[whole, :, 1] = True, 700.0
    reconciled = coherent(CITY, paths, law(CITY), fixed=held)
    assert (reconciled[whole, :, 1] == 700.0).all()
    assert left(CITY, reconciled) < 1e-9 * 700


def test_published_figures_that_contradict_each_other_are_refused():
    tree = Tree.of([Sum("w", ("x", "y"))])
    paths = np.ones((3, 10, 1)) * np.array([5.0, 1.0, 1.0])[:, None, None]
    with pytest.raises(ValueError, match="w and its parts"):
        coherent(tree, paths, law(tree), fixed=np.ones((3, 1), dtype=bool))


@pytest.mark.parametrize(
    ("published", "impossible"),
    [
        # One person apart where all is published: the late ones follow from the others.
        ({"city": 60, "a": 11, "a1": 6, "a2": 4, "b": 30}, {("a", "a1")}),
        ({"city": 60, "a": 10, "a1": 6, "a2": 4, "b": 30}, set()),
        # A late whole told twice, by its parts and by what its own whole leaves it.
        ({"city": 60, "a1": 6, "a2": 4, "b": 30, "c": 21}, {("city", "a")}),
        # A late part that would be below nobody.
        ({"a": 10, "a1": 11}, {("a", "a1")}),
        ({"city": 10, "a1": 11}, {("city", "a")}),
    ],
)
def test_a_sum_that_published_figures_contradict_is_not_asked_for(published, impossible):
    paths = draws(CITY)
    held = np.zeros((len(CITY.members), 4), dtype=bool)
    for key, value in published.items():
        at = CITY.members.index(key)
        paths[at, :, 0], held[at, 0] = value, True
    asked = possible(CITY, paths, held)
    assert asked[:, 1:].all()
    apart = {(s.whole, s.parts[0]) for s, ok in zip(CITY.sums, asked[:, 0], strict=True) if not ok}
    assert apart == impossible
    reconciled = projected(CITY, paths, law(CITY), fixed=held, demanded=asked)
    gaps = np.einsum("sm,mnh->snh", CITY.constraints(CITY.members), reconciled)
    assert np.abs(gaps[asked[:, None, :].repeat(200, axis=1)]).max() < 1e-9 * reconciled.max()
    assert reconciled.min() >= 0
    np.testing.assert_array_equal(reconciled[:, :, 0][held[:, 0]], paths[:, :, 0][held[:, 0]])


@pytest.mark.parametrize("published", [{"x": 5.0, "y": 4.0}, {"x": 5.0}, {"x": 12.0}])
def test_what_stands_still_gives_way_to_what_is_published(published):
    # A whole that is late and always was 10, of two parts one of which may be late as well.
    tree = Tree.of([Sum("w", ("x", "y"))])
    paths = np.ones((3, 20, 1)) * np.array([10.0, 6.0, 4.0])[:, None, None]
    held = np.zeros((3, 1), dtype=bool)
    for key, value in published.items():
        at = tree.members.index(key)
        paths[at], held[at] = value, True
    reconciled = coherent(tree, paths, law(tree), fixed=held)
    assert left(tree, reconciled) < 1e-8
    np.testing.assert_array_equal(reconciled[held[:, 0]], paths[held[:, 0]])


@settings(deadline=None, max_examples=examples(40))
@given(st.integers(0, 10_000))
@example(724)
@example(881)
def test_what_is_possible_is_met_whatever_stands_still(seed):
    rng = np.random.default_rng(seed)
    paths = np.abs(draws(CITY, seed, n=20, months=2, scale=rng.choice([0.01, 1, 20])))
    held = np.zeros((len(CITY.members), 2), dtype=bool)
    held[:, 0] = rng.random(len(held)) < 0.5
    for at, still in enumerate(rng.random(len(held)) < 0.5):
        if still:
            paths[at] = np.round(paths[at].mean()) * rng.choice([0, 1, 1, 3])
        if held[at, 0]:
            paths[at, :, 0] = np.round(paths[at, 0, 0])
    asked = possible(CITY, paths, held)
    reconciled = projected(CITY, paths, law(CITY), fixed=held, demanded=asked)
    assert reconciled.min() >= 0


def test_forecasts_that_add_up_already_keep_every_law():
    # The parts stay as they are, in another order of the paths; the whole becomes their sum.
    tree = Tree.of([Sum("w", ("x", "y"))])
    paths = draws(tree, n=500)
    one = ErrorLaw(np.ones((3, 3)), 30.0)
    first = coherent(tree, paths, one, seed=1)
    again = coherent(tree, first, one, seed=2)
    for member in (1, 2):
        gap = np.sort(again[member], axis=0) - np.sort(first[member], axis=0)
        assert np.abs(gap).max() < 0.08 * np.ptp(first[member])


@pytest.mark.parametrize(("shared", "width"), [(0.0, 20**0.5), (0.5, 210**0.5), (1.0, 20.0)])
def test_the_whole_is_as_wide_as_the_dependence_of_the_parts_says(shared, width):
    rng = np.random.default_rng(3)
    tree = Tree.of([Sum("w", tuple(f"p{i}" for i in range(20)))])
    walk = rng.standard_normal((21, 4000, 3)).cumsum(axis=2) / np.sqrt(np.arange(1, 4))
    walk[0] *= width
    reconciled = coherent(tree, 100 + walk, law(tree, shared), nonnegative=False)
    np.testing.assert_allclose(reconciled[0].std(axis=0), width, rtol=0.08)


def test_a_part_that_is_always_zero_or_nearly_everything_stays_so():
    tree = Tree.of([Sum("w", ("big", "zero", "small"))])
    paths = draws(tree, n=300)
    paths[0], paths[1] = paths[0] / paths[0].mean() * 1000, paths[1] / paths[1].mean() * 950
    paths[3] = paths[3] / paths[3].mean() * 40
    paths[2] = 0.0
    reconciled = coherent(tree, paths, law(tree))
    assert (reconciled[2] == 0).all()
    assert left(tree, reconciled) < 1e-6
    np.testing.assert_allclose(reconciled[1].mean(), 950, rtol=0.05)


def test_the_same_seed_gives_the_same_bytes():
    paths = draws(CITY)
    one, two = (coherent(CITY, paths, law(CITY), seed=4).tobytes() for _ in range(2))
    assert one == two


def test_peaks_of_the_whole_are_those_of_its_law_and_the_parts_keep_their_width():
    # Random walks whose steps have correlation 0.5: the whole is one too, 3.16 times as wide.
    rng = np.random.default_rng(8)
    tree = Tree.of([Sum("w", tuple(f"p{i}" for i in range(4)))])
    walk = rng.standard_normal((5, 2000, 12)).cumsum(axis=2)
    walk[0] *= 10**0.5
    level = np.array([400.0, 100.0, 100.0, 100.0, 100.0])
    reconciled = coherent(tree, level[:, None, None] + walk, law(tree, 0.5), nonnegative=False)
    after = reconciled - level[:, None, None]
    np.testing.assert_allclose(
        after.max(axis=2).mean(axis=1), walk.max(axis=2).mean(axis=1), rtol=0.06
    )
    np.testing.assert_allclose(after.std(axis=1), walk.std(axis=1), rtol=0.15)
