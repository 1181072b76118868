"""Trees: what is refused, and what is left when members are missing."""

import numpy as np
import pytest

from employment_forecast.forecasting.reconciliation import Sum, Tree

SUMS = [Sum("a", ("a1", "a2")), Sum("city", ("a", "b")), Sum("city", ("young", "old"))]


def test_order_levels_and_constraints():
    tree = Tree.of(SUMS)
    assert tree.members == ("city", "a", "b", "young", "old", "a1", "a2")
    assert tree.levels() == [("city",), ("a", "b", "young", "old"), ("a1", "a2")]
    assert tree.leaves == ("b", "young", "old", "a1", "a2")
    rows = tree.constraints(tree.members)
    np.testing.assert_array_equal(rows @ [10.0, 6.0, 4.0, 3.0, 7.0, 5.0, 1.0], [0, 0, 0])


@pytest.mark.parametrize(
    ("sums", "why"),
    [
        ([Sum("a", ("b",)), Sum("b", ("a",))], "circle"),
        ([Sum("a", ("c",)), Sum("b", ("c",))], "c is part of two sums"),
        ([Sum("a", ("b", "b"))], "b is part of two sums"),
        ([Sum("a", ())], "without parts"),
    ],
)
def test_what_is_no_tree_is_refused(sums, why):
    with pytest.raises(ValueError, match=why):
        Tree.of(sums)


def test_a_missing_member_takes_only_its_own_sum_away():
    tree = Tree.of(SUMS)
    assert tree.without(["b"]).sums == (Sum("city", ("young", "old")), Sum("a", ("a1", "a2")))
    assert tree.without(["city", "a1"]).sums == ()
