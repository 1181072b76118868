"""No firm and no two firms can be worked out from a table with merged rows and named firms."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.campaigns import examples

from employment_forecast.features.sample.suppression import merge_small_cells, shared_cells

OTHER = "其他"


def table(cells: dict[str, tuple[int, int]]) -> pd.DataFrame:
    """Firms and named firms by cell; every firm has ten people."""
    frame = pd.DataFrame.from_dict(cells, orient="index", columns=["firms", "named"]).astype(float)
    return frame.assign(people=10 * frame["firms"])


@pytest.mark.parametrize(
    ("cells", "named", "rows"),
    [
        ({"甲": (5, 0), "乙": (4, 0)}, False, {"甲": 5, "乙": 4}),
        ({"甲": (5, 0), "乙": (2, 0), "丙": (1, 0)}, False, {"甲": 5, OTHER: 3}),
        ({"甲": (5, 0), "乙": (4, 0), "丙": (1, 0)}, False, {"甲": 5, OTHER: 5}),
        ({"甲": (1, 0), "乙": (1, 0)}, False, {}),
        ({}, False, {}),
        # Two of the four are told of by name, so that two remain.
        ({"甲": (9, 0), "乙": (4, 2), "丙": (1, 0)}, True, {"甲": 9, OTHER: 5}),
        ({"甲": (9, 0), "乙": (4, 2)}, True, {OTHER: 13}),
        ({"甲": (9, 0), "乙": (2, 2)}, True, {"甲": 9, "乙": 2}),
        ({"甲": (4, 2)}, True, {}),
        ({"甲": (2, 2)}, True, {"甲": 2}),
    ],
)
def test_rows_by_hand(cells: dict[str, tuple[int, int]], named: bool, rows: dict[str, int]) -> None:
    shown = merge_small_cells(table(cells), "firms", OTHER, named="named" if named else None)
    assert shown["firms"].to_dict() == rows
    assert (shown["people"] == 10 * shown["firms"]).all()


def disclosed(known: npt.NDArray[np.float64], hidden: list[int]) -> list[tuple[int, ...]]:
    """Firms, and pairs of firms, whose sum follows from the sums that are published."""
    rank = np.linalg.matrix_rank(known)
    groups = []
    for group in [*((i,) for i in hidden), *itertools.combinations(hidden, 2)]:
        wanted = np.zeros(known.shape[1])
        wanted[list(group)] = 1
        if np.linalg.matrix_rank(np.vstack([known, wanted])) == rank:
            groups.append(group)
    return groups


@settings(max_examples=examples(30), deadline=None)
@given(
    st.lists(st.integers(0, 4), min_size=3, max_size=14),
    st.sets(st.integers(0, 13), max_size=6),
)
def test_nothing_can_be_worked_out_by_subtraction(cells: list[int], named: set[int]) -> None:
    """Linear algebra stands in for a reader who adds and subtracts all that is published."""
    named = set(sorted(i for i in named if i < len(cells))[: max(len(cells) - 3, 0)])
    frame = pd.DataFrame({"cell": [str(c) for c in cells], "firms": 1.0})
    frame["named"] = [float(i in named) for i in range(len(cells))]
    shown = merge_small_cells(
        frame.groupby("cell")[["firms", "named"]].sum(), "firms", OTHER, named="named"
    )
    hidden = [i for i in range(len(cells)) if i not in named]
    own = [c for c in shown.index if c != OTHER]
    rows = [[float(str(c) == cell) for c in cells] for cell in own]
    if OTHER in shown.index:
        rows.append([float(str(c) not in own) for c in cells])
    total = np.ones((1, len(cells)))
    published = np.vstack([total, np.eye(len(cells))[sorted(named)], *([rows] if rows else [])])
    assert disclosed(published, hidden) == []
    assert shown["firms"].sum() == len(cells)


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        # One firm alone in three cells is one firm.
        ({"甲": "ABCDE", "乙": "A", "丙": "A", "丁": "A"}, {}),
        ({"甲": "ABCDE", "乙": "ABCD", "丙": "A", "丁": "A"}, {"甲": "甲"}),
        ({"甲": "ABCDE", "乙": "AB", "丙": "AC"}, {"甲": "甲"}),
        ({"甲": "ABC", "乙": "ABC"}, {"甲": "甲", "乙": "乙"}),
    ],
)
def test_a_firm_in_several_cells_counts_once(cells: dict[str, str], shown: dict[str, str]) -> None:
    rows = pd.DataFrame(
        [(c, f) for c, firms in cells.items() for f in firms], columns=["cell", "firm"]
    )
    merged = shared_cells(rows, "cell", "firm", OTHER)
    assert merged == {name: shown.get(name, OTHER) for name in cells}


def test_cells_of_two_firms_in_all_are_not_shown() -> None:
    rows = pd.DataFrame({"cell": list("甲乙丙丁"), "firm": list("ABAB")})
    assert shared_cells(rows, "cell", "firm", OTHER) == {}
    assert shared_cells(rows.iloc[:0], "cell", "firm", OTHER) == {}


@settings(max_examples=examples(30), deadline=None)
@given(st.sets(st.tuples(st.integers(0, 7), st.integers(0, 4)), min_size=1, max_size=24))
def test_no_firm_in_several_cells_can_be_worked_out(pairs: set[tuple[int, int]]) -> None:
    """Whatever is added and subtracted, what is had of some cells is had of three firms."""
    rows = pd.DataFrame(sorted(pairs), columns=["firm", "cell"]).astype(str)
    names = shared_cells(rows, "cell", "firm", OTHER)
    if rows["firm"].nunique() < 3:
        assert names == {}
        return
    told = rows["cell"].map(names)
    published = np.vstack([told == name for name in told.unique()] + [np.ones(len(rows))])
    rank = np.linalg.matrix_rank(published)
    firms = rows["firm"].unique()
    for group in [*((f,) for f in firms), *itertools.combinations(firms, 2)]:
        theirs = rows.index[rows["firm"].isin(group)]
        # All that a few firms have in any of the cells: of one, of two, of all of them.
        for size in range(1, len(names) + 1):
            for some in itertools.combinations(sorted(names), size):
                wanted = np.zeros(len(rows))
                wanted[[i for i in theirs if rows["cell"][i] in some]] = 1
                if wanted.any():
                    assert np.linalg.matrix_rank(np.vstack([published, wanted])) > rank
