"""The benchmark: what is written, what is known when, resuming, the peers' format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from employment_forecast.data.errors import DataError
from employment_forecast.experiments.benchmark import __main__ as command
from employment_forecast.experiments.benchmark import cells, peers
from employment_forecast.experiments.benchmark.output import CAP_COLUMNS, QUANTILE_COLUMNS
from employment_forecast.experiments.benchmark.panel import read_origins, read_panel
from employment_forecast.experiments.benchmark.standings import event_shares
from employment_forecast.models.paths import QUANTILES, SamplePaths

# Ten origins, so that the choice and the calibration have evidence at the last.
ORIGINS = [f"20{y}-{m}" for y in range(13, 18) for m in ("03", "09")]
MODELS = "theta,ridge,combination"


def table(count: int = 6) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    months = pd.period_range("2005-01", "2018-12", freq="M")
    season = 0.1 * np.cos(np.arange(len(months)) * np.pi / 6)
    common = rng.normal(0, 0.02, len(months)).cumsum()
    rows = [
        pd.DataFrame(
            {
                "series_id": f"0{i}",
                "month": months.astype(str),
                "value": np.exp(8 + common + season + rng.normal(0, 0.01, len(months)).cumsum()),
            }
        )
        for i in range(count)
    ]
    return pd.concat(rows, ignore_index=True)


def launch(folder: Path, panel: pd.DataFrame, *more: str, out: str = "out") -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / "panel.csv"
    panel.to_csv(file, index=False)
    target = folder / out
    arguments = [
        "--panel", str(file), "--origins", ",".join(ORIGINS), "--window", "96",
        "--out", str(target), "--models", MODELS, "--paths", "60", *more,
    ]  # fmt: skip
    assert command.main(arguments) == 0
    return target


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return launch(tmp_path_factory.mktemp("benchmark"), table())


def read(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / name, dtype={"series_id": str})


@pytest.mark.soak
def test_every_competitor_and_the_champion_in_every_cell(ran: Path) -> None:
    quantiles, caps = read(ran, "quantiles.csv"), read(ran, "caps.csv")
    assert tuple(quantiles.columns) == QUANTILE_COLUMNS
    assert tuple(caps.columns) == CAP_COLUMNS
    expected = {
        "random_walk", "drift", "seasonal_naive", "theta", "ridge", "combination",
        "combination_pooled", "combination_weighted", "champion",
    }  # fmt: skip
    assert set(quantiles["model"]) == set(caps["model"]) == expected
    assert set(quantiles.groupby("model").size()) == {6 * len(ORIGINS) * 12}
    assert set(caps.groupby("model").size()) == {6 * len(ORIGINS)}
    assert np.isfinite(quantiles[["mean", *QUANTILES]].to_numpy()).all()
    assert (np.diff(quantiles[list(QUANTILES)].to_numpy(), axis=1) >= 0).all()
    assert caps[["p_any", "p_end"]].to_numpy().min() >= 0
    assert caps[["p_any", "p_end"]].to_numpy().max() <= 1


@pytest.mark.soak
def test_end_probability_is_the_one_the_quantiles_imply(ran: Path) -> None:
    panel = read(ran.parent, "panel.csv").set_index(["series_id", "month"])["value"]
    quantiles = read(ran, "quantiles.csv").query("h == 12")
    merged = quantiles.merge(read(ran, "caps.csv"), on=["model", "series_id", "origin"])
    now = panel.loc[list(zip(merged["series_id"], merged["origin"], strict=True))].to_numpy()
    levels = np.array(list(QUANTILES.values()))
    for i, row in enumerate(merged[list(QUANTILES)].to_numpy()):
        below = levels[row <= now[i]].max(initial=0.0)
        above = levels[row > now[i]].min(initial=1.0)
        assert 1 - above - 0.02 <= merged["p_end"].iloc[i] <= 1 - below + 0.02


@pytest.mark.soak
def test_times_count_every_cell(ran: Path) -> None:
    times = read(ran, "times.csv")
    assert list(times.columns) == ["model", "cpu_seconds", "cells"]
    assert set(times["cells"]) == {6 * len(ORIGINS)}
    assert (times["cpu_seconds"] >= 0).all()


@pytest.mark.soak
def test_choices_say_what_they_rest_on(ran: Path) -> None:
    choices = read(ran, "choices.csv")
    assert choices["origin"].tolist() == ORIGINS
    assert choices["origins_known"].iloc[0] == 0
    assert choices["origins_known"].iloc[-1] == len(ORIGINS) - 1
    assert (choices["reason"].str.len() > 5).all()


@pytest.mark.soak
def test_a_second_run_computes_nothing_and_writes_the_same(
    ran: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {n: (ran / n).read_bytes() for n in ("quantiles.csv", "caps.csv", "choices.csv")}

    def refuse(task: object) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr(cells, "compute", refuse)
    launch(ran.parent, table())
    for name, content in before.items():
        assert (ran / name).read_bytes() == content


@pytest.mark.soak
def test_nothing_after_an_origin_changes_it(ran: Path, tmp_path: Path) -> None:
    changed = table()
    later = changed["month"] > ORIGINS[-1]
    changed.loc[later, "value"] = 1 + 1e6 * np.random.default_rng(9).random(later.sum())
    other = launch(tmp_path, changed)
    for name in ("quantiles.csv", "caps.csv", "choices.csv"):
        assert (other / name).read_bytes() == (ran / name).read_bytes()


@pytest.mark.soak
def test_results_do_not_depend_on_the_number_of_processes(ran: Path, tmp_path: Path) -> None:
    other = launch(tmp_path, table(), "--jobs", "2")
    for name in ("quantiles.csv", "caps.csv", "choices.csv"):
        assert (other / name).read_bytes() == (ran / name).read_bytes()


@pytest.mark.soak
def test_short_windows_and_horizons_run(tmp_path: Path) -> None:
    out = launch(tmp_path, table(3), "--window", "49", "--horizon", "6")
    quantiles = read(out, "quantiles.csv")
    assert quantiles["h"].max() == 6
    assert read(out, "caps.csv").empty
    pooled = quantiles[quantiles["model"] == "combination_pooled"].drop(columns="model")
    robust = quantiles[quantiles["model"] == "combination"].drop(columns="model")
    assert np.array_equal(pooled.to_numpy(), robust.to_numpy())


@pytest.mark.soak
def test_missing_peers_are_said(
    ran: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(peers, "installed", lambda: False)
    launch(ran.parent, table(), "--peers")
    assert "没有安装 statsforecast" in capsys.readouterr().err


def test_peers_table_in_the_scorers_columns() -> None:
    given = pd.DataFrame({"unique_id": ["b", "a", "a"], "ds": [1, 2, 1], "AutoETS": [3.0, 2.0, 1]})
    for level in peers.INTERVALS:
        given[f"AutoETS-lo-{level}"] = given["AutoETS"] - level
        given[f"AutoETS-hi-{level}"] = given["AutoETS"] + level
    rows = peers.quantile_table(given, "AutoETS", pd.Period("2020-01", "M"))
    assert tuple(rows.columns) == QUANTILE_COLUMNS
    assert rows["series_id"].tolist() == ["a", "a", "b"]
    assert rows["h"].tolist() == [1, 2, 1]
    first = rows.iloc[0]
    assert first[list(QUANTILES)].tolist() == [-94, -89, -79, -49, 1, 51, 81, 91, 96]


def test_cap_events_by_hand(tmp_path: Path) -> None:
    file = tmp_path / "p.csv"
    file.write_text(
        "series_id,month,value\n"
        + "".join(f"a,2020-{m:02d},{v}\n" for m, v in enumerate([9, *range(1, 12)], start=1))
        + "a,2021-01,5\n"
    )
    history = read_panel(file).history("a", pd.Period("2021-01", "M"), 13)
    assert history is not None
    values = np.full((4, 12), 5.0)
    values[0, 3] = 11.5  # above the highest of the last 12 months (11)
    values[1, 11] = 6.0  # above the present month only
    values[2, 11] = 11.0  # as high as the highest is not above it
    assert event_shares(SamplePaths(values, history.origin), history) == (0.25, 0.5)


def test_panel_keeps_a_missing_month_and_refuses_what_it_cannot_read(tmp_path: Path) -> None:
    file = tmp_path / "p.csv"
    frame = table(1)
    frame[frame["month"] != "2010-06"].to_csv(file, index=False)
    panel = read_panel(file)
    cut = panel.history("00", pd.Period("2012-12", "M"), 60)
    assert cut is not None
    assert (str(cut.start), len(cut)) == ("2008-01", 60)
    assert np.flatnonzero(np.isnan(cut.values)).tolist() == [29]
    assert panel.history("00", pd.Period("2012-12", "M"), 12) is None
    assert panel.history("00", pd.Period("2010-06", "M"), 60) is None
    assert np.isnan(panel.outcome("00", pd.Period("2018-11", "M"), 2)[1])
    for broken, words in (
        (pd.concat([frame, frame.head(1)]), "两次"),
        (frame.drop(columns="value"), "value"),
        (frame.assign(month="某月"), "月份"),
    ):
        broken.to_csv(file, index=False)
        with pytest.raises(DataError, match=words):
            read_panel(file)
    with pytest.raises(DataError, match="无法读取"):
        read_panel(tmp_path / "none.csv")


def test_origins_from_a_list_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "origins.txt"
    file.write_text("2012-06\n2007-12\n")
    expected = [pd.Period("2007-12", "M"), pd.Period("2012-06", "M")]
    assert read_origins("2012-06, 2007-12,2012-06") == read_origins(str(file)) == expected
    many = pd.period_range("1990-01", periods=60, freq="M")
    assert read_origins(",".join(many.astype(str))) == list(many)
    with pytest.raises(DataError):
        read_origins("2012-66")
    with pytest.raises(DataError):
        read_origins(" , ")
