"""Versions listed, compared and reviewed."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import replace

import pytest

from employment_forecast.data.catalogue.series import Series
from employment_forecast.data.errors import NotFoundError
from employment_forecast.experiments.promotion import lifecycle, version_view
from employment_forecast.experiments.registry.versions import versions
from employment_forecast.experiments.tracking.tracker import Tracker
from employment_forecast.experiments.watch.review_pack import looks, pack, zipped
from employment_forecast.forecasting.competition.issuing import rechosen
from employment_forecast.forecasting.competition.result import Competition


@pytest.fixture(scope="module")
def two(shared_record, competition: Competition, shared_tracker: Tracker, series: Series):
    """Versions of two models on the same data, the first in force."""
    shared_record(competition)
    other = next(m for m in competition.backtest.records if m != competition.choice.model)
    lifecycle.promote(shared_tracker, series, why="首次", force=True)
    shared_record(rechosen(competition, other, "测试"))
    return versions(shared_tracker, series)[::-1]


def test_rows_and_document(two, shared_tracker: Tracker, series: Series, competition) -> None:
    row = version_view.row(two[0])
    assert (row["version"], row["aliases"], row["demo"]) == ("1", ["champion"], True)
    assert row["wis"] == pytest.approx(competition.entries[0].wis, abs=1e-4)
    document = version_view.document(shared_tracker, series, two[0])
    assert document["gate"]["version"] == "1"
    assert document["log"]["promoted_why"].startswith("首次")
    assert document["promotions"][0]["what"].startswith("第 1 版首次晋级：首次")
    assert version_view.document(shared_tracker, series, two[1])["gate"] is None


def test_comparison_rests_on_common_cells(two, shared_tracker: Tracker, competition) -> None:
    compared = version_view.comparison(shared_tracker, two)
    backtest = competition.backtest
    assert compared["origins"] == len(backtest.months)
    first, second = compared["versions"]
    assert first["common"]["difference"] is None
    expected = [
        float(backtest.scaled_interval_scores(v.model)[~_unknown(backtest)].mean()) for v in two
    ]
    assert [first["common"]["wis"], second["common"]["wis"]] == pytest.approx(expected, abs=1e-4)
    assert second["common"]["difference"] == pytest.approx(expected[1] - expected[0], abs=2e-4)


def _unknown(backtest):
    import numpy as np

    return np.isnan(backtest.outcomes)


def test_versions_are_chosen_by_alias_or_number(
    two, shared_tracker: Tracker, series: Series
) -> None:
    assert [v.version for v in version_view.chosen(shared_tracker, series, [])] == ["1", "2"]
    assert [v.version for v in version_view.chosen(shared_tracker, series, ["2"])] == ["2"]
    with pytest.raises(NotFoundError, match="没有第 9 版"):
        version_view.chosen(shared_tracker, series, ["1", "9"])
    empty = replace(series, indicator=replace(series.indicator, code="registered_rate"))
    with pytest.raises(NotFoundError, match="还没有模型版本"):
        version_view.chosen(shared_tracker, empty, [])


def test_reviewers_pack_has_every_cell_and_counts_looks(
    two, shared_tracker: Tracker, series: Series, competition
) -> None:
    files = pack(shared_tracker, series, two[0])
    assert set(files) >= {
        "模型卡.md", "cells.csv", "residuals.json", "version.json", "history.csv",
        "leaderboard.csv", "gate.json",
    }  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(files["cells.csv"].decode("utf-8-sig"))))
    assert len(rows) == len(competition.backtest.table())
    known = next(r for r in rows if r["outcome"])
    assert float(known["error"]) == pytest.approx(float(known["outcome"]) - float(known["q50"]))
    card = files["模型卡.md"].decode()
    assert "演示数据" in card
    assert competition.history.fingerprint in card
    assert "有共同回测起点的登记运行有 2 次" in card
    seen = looks(shared_tracker, series, competition.backtest.months)
    assert (seen.runs, seen.most, seen.unknown) == (2, 2, 0)
    archive = zipped(files)
    assert archive == zipped(dict(reversed(files.items())))
    assert sorted(zipfile.ZipFile(io.BytesIO(archive)).namelist()) == sorted(files)
