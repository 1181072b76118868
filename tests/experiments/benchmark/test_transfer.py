"""Variants of a panel, and what a rule chosen on one of them is worth on another."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from employment_forecast.experiments.benchmark.panel import Panel
from employment_forecast.experiments.benchmark.transfer import windows
from employment_forecast.experiments.benchmark.transfer.measure import (
    RULES,
    seasonal_figures,
    transfer,
    variants,
)

MONTHS = pd.period_range("2000-01", periods=180, freq="M")
SEASON = 0.2 * np.cos(2 * np.pi * np.arange(180) / 12)


@pytest.fixture
def panel():
    rng = np.random.default_rng(1)
    walks = 8 + np.cumsum(rng.normal(0, 0.02, (6, 180)), axis=1)
    return Panel({str(i): pd.Series(np.exp(w + SEASON), index=MONTHS) for i, w in enumerate(walks)})


def test_a_fixed_season_on_a_line_is_found_exactly():
    assert seasonal_figures(3 + 0.01 * np.arange(180) + SEASON) == pytest.approx(SEASON, abs=1e-9)


def test_variants_are_what_they_say(panel):
    made = dict(variants(panel))
    assert list(made) == ["base", "quarter", "none", "jumps", "rounded", "strong", "clusters"]

    def swing(name: str) -> float:
        changes = np.diff(np.log(made[name].series["0"].to_numpy()))
        return float(np.std([changes[m::12].mean() for m in range(12)]))

    assert swing("quarter") == pytest.approx(swing("base") / 4, rel=0.2)
    assert swing("none") < 0.1 * swing("base")
    jumps = np.log(made["jumps"].series["0"] / panel.series["0"]).diff().dropna()
    assert set(np.round(jumps, 9)) == {-0.5, 0.0, 0.5} or set(np.round(np.abs(jumps), 9)) == {
        0,
        0.5,
    }
    assert (made["rounded"].series["1"] % 100 == 0).all()
    rest = np.log(made["strong"].series["1"].to_numpy()) - SEASON
    assert np.std(rest) < 0.1 * np.std(np.log(panel.series["1"].to_numpy()) - SEASON)
    moves = np.diff(np.log([made["clusters"].series[str(i)] for i in range(5)]), axis=1)
    assert np.corrcoef(moves).min() > 0.9


def test_a_rule_is_chosen_on_one_half_and_scored_on_the_other():
    rows = [
        {"variant": v, "half": half, "what": what, "wis": wis}
        for v, best in (("a", "full"), ("b", "shrunken"))
        for half in (0, 1)
        for what in RULES
        for wis in ([1.0] if what == best else [2.0])
    ]
    table = transfer(pd.DataFrame(rows))
    assert table.loc["a: full"].tolist() == [0.5, 1.0]
    assert table.loc["b: shrunken"].tolist() == [1.0, 0.5]


@pytest.mark.soak
def test_windows_are_scored_in_one_run_and_taken_up_again(panel, tmp_path, capsys):
    windows.written(panel, ["0", "3"], tmp_path / "panel.csv")
    asked = ["--panel", str(tmp_path / "panel.csv"), "--origins", "2009-12,2011-06"]
    asked += ["--windows", "24", "--variants", "none", "--out", str(tmp_path / "out")]
    assert windows.main(asked) == 0
    printed = capsys.readouterr().out
    folder = tmp_path / "out" / "none-24"
    table = pd.read_csv(folder / "scores.csv", dtype={"series_id": str})
    assert set(table["horizon"]) == {6, 12}
    assert (table.groupby(["model", "horizon"]).size() == 4).all()
    # The combination is its two groups, mixed by the share in force.
    laws = pd.read_csv(folder / "quantiles.csv", dtype={"series_id": str})
    keys = ["series_id", "origin", "h"]
    laws = laws[laws["model"] == "combination"].set_index(keys)["q50"].sort_index()
    groups = pd.read_csv(folder / "groups.csv", dtype={"series_id": str}).set_index(keys)
    full, shrunken = (
        groups[groups["model"] == g]["q50"].sort_index() for g in ("full", "shrunken")
    )
    share = groups[groups["model"] == "full"]["share"].sort_index()
    assert (share * full + (1 - share) * shrunken).to_numpy() == pytest.approx(laws.to_numpy())
    cells = (folder / "cells.db").read_bytes()
    assert windows.main(asked) == 0
    assert capsys.readouterr().out == printed
    assert (folder / "cells.db").read_bytes() == cells


def test_a_split_that_fails_is_named(panel, tmp_path, capsys, monkeypatch):
    windows.written(panel, ["0"], tmp_path / "panel.csv")
    monkeypatch.setattr(windows, "run_benchmark", lambda asked: 1)
    asked = ["--panel", str(tmp_path / "panel.csv"), "--origins", "2009-12"]
    asked += ["--windows", "24,36", "--variants", "none", "--out", str(tmp_path / "out")]
    assert windows.main(asked) == 1
    assert capsys.readouterr().err == "未能测算：none-24、none-36\n"


def test_ratio_and_its_standard_error_over_origins():
    rows = [("a", "x", 1.0), ("a", "y", 3.0), ("b", "x", 2.0), ("b", "y", 2.0)]
    table = pd.DataFrame(rows, columns=["model", "origin", "wis"])
    # Without either origin the ratio is 3/2 or 1/2, with both 4/4.
    assert windows.ratio(table, "wis", "a", "b") == pytest.approx((1.0, 0.5))
