"""The breadth of trouble ahead, by hand from joint paths."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd

from employment_forecast.forecasting.competition.breadth import breadth_rows
from employment_forecast.models.paths import SamplePaths

ORIGIN = pd.Period("2026-10", freq="M")


def part(code: str, last: list[float], paths: list[list[float]], origin=ORIGIN):
    return SimpleNamespace(
        region=SimpleNamespace(code=code),
        history=SimpleNamespace(values=np.array(last, dtype=float), origin=origin),
        champion_paths=SamplePaths(np.array(paths, dtype=float), origin),
    )


def test_share_of_parts_path_by_path():
    flat = [100.0] * 12
    # Path 1: both 10 % up at once; path 2: one of two; paths 3 and 4: none.
    one = part("a", flat, [[110, 110], [110, 110], [100, 100], [100, 100]])
    two = part("b", flat, [[110, 110], [100, 100], [100, 100], [100, 100]])
    rows = breadth_rows([one, two])
    assert [row["month"] for row in rows] == ["2026-11", "2026-12"]
    assert rows[0]["mean"] == round((1 + 0.5) / 4, 3)
    assert rows[0]["p_half"] == 0.5
    assert (rows[0]["q10"], rows[0]["q50"]) == (0.0, 0.25)


def test_parts_that_end_apart_or_are_short_have_no_breadth():
    flat = [100.0] * 12
    paths = [[100.0], [100.0]]
    late = part("b", flat, paths, ORIGIN - 1)
    assert breadth_rows([part("a", flat, paths), late]) == ()
    assert breadth_rows([part("a", flat[:10], paths)]) == ()
    assert breadth_rows([part("a", [np.nan, *flat[1:]][:11], paths)]) == ()
    assert breadth_rows([]) == ()
