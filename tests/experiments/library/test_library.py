"""The library gives the numbers of the command, on a workspace and on a bare data frame."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from support.trees import DISTRICT, STREETS, competitions, street_values

import employment_forecast as ef
from employment_forecast.cli.main import cli
from employment_forecast.cli.shell import failures
from employment_forecast.data.catalogue import Series
from employment_forecast.data.feed.files import file_name, read
from employment_forecast.experiments.publication.publishing import failed_feed, publish

FAST = {"models": "random_walk", "origins": 6}
DAY = "2026-11-20"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory, databases):
    home = tmp_path_factory.mktemp("workspace")
    shutil.copytree(databases, home, dirs_exist_ok=True)
    (home / "forecast.toml").write_text("[run]\npaths = 400\njobs = 1\n", "utf-8")
    with ef.open_workspace(home) as opened:
        yield opened


@pytest.fixture(scope="module")
def jiading(workspace):
    return workspace.series("嘉定")


@pytest.fixture(scope="module")
def forecast(jiading):
    return ef.forecast(jiading, as_of=DAY, **FAST)


@pytest.fixture
def command(workspace, monkeypatch, capfd):
    """JSON that a command prints in the same workspace."""
    monkeypatch.setenv("FORECAST_HOME", str(workspace.root))
    monkeypatch.setenv("FORECAST_TODAY", DAY)
    # A command moves its process's folder for temporary files into the workspace.
    usual = tempfile.gettempdir()
    monkeypatch.setattr(tempfile, "tempdir", usual)
    monkeypatch.setenv("TMPDIR", usual)

    def run(*words: str) -> dict:
        assert failures.run_and_translate(cli, [*words, "--json"]) == 0
        return json.loads(capfd.readouterr().out)

    return run


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def frame(values, start="2020-01"):
    months = pd.period_range(start, periods=len(values), freq="M")
    return pd.DataFrame({"month": months.astype(str), "value": values})


def test_a_forecast_is_that_of_the_command(command, forecast):
    said = command("run", "--region", "嘉定", "--models", "random_walk", "--origins", "6")
    ours = json.loads(json.dumps(forecast.document(), ensure_ascii=False))
    differing = {key for key in ours if ours[key] != said.get(key)}
    # Work done and the registered version belong to the run, not to the forecast.
    assert differing <= {"champion", "cells_computed", "cells_reused", "registered", "version"}
    assert said["champion"]["model"] == forecast.model
    assert ours["forecast"] == said["forecast"]
    assert ours["caps"] == said["caps"]


@pytest.mark.soak
def test_a_backtest_is_that_of_the_command(command, jiading):
    said = command("backtest", "--region", "嘉定", "--models", "random_walk", "--origins", "6")
    table = ef.backtest(jiading, as_of=DAY, **FAST).to_frame()
    assert list(table.index) == [row["model"] for row in said["leaderboard"]]
    for row in said["leaderboard"]:
        assert row["wis"] == pytest.approx(table.loc[row["model"], "wis"], abs=5e-5)


@pytest.mark.soak
def test_a_scenario_is_that_of_the_command(command, forecast):
    said = command(
        "scenario", "--region", "嘉定", "--layoff", "2026-12:1500", "--absorb", "3-5",
        "--models", "random_walk", "--origins", "6",
    )  # fmt: skip
    ours = ef.scenario(forecast, layoffs={"2026-12": 1500}, absorb=(3, 5))
    rows = {row["month"]: row for row in said["scenario"]["forecast"]}
    for month, row in ours.to_frame().iterrows():
        assert rows[str(month)]["q50"] == pytest.approx(row["scenario"], abs=0.5)
    assert ours.paths.values[:, 1].mean() > forecast.paths.values[:, 1].mean()
    assert len(ours.assess().to_frame()) == len(ef.assess(forecast).to_frame())


def test_a_nowcast_is_that_of_the_command(command, workspace, tmp_path):
    days = pd.period_range("2024-11", "2026-11", freq="M")
    rows = [f"徐汇,{m}-15,{9_000 + 10 * i}" for i, m in enumerate(days)]
    file = tmp_path / "月中.csv"
    file.write_text("地区,截至日期,登记失业人数\n" + "\n".join(rows) + "\n", "utf-8")
    monthly = tmp_path / "月报.csv"
    rows = [f"徐汇,{m},{9_000 + 10 * i + (i % 3)}" for i, m in enumerate(days[:-1])]
    monthly.write_text("地区,月份,登记失业人数\n" + "\n".join(rows) + "\n", "utf-8")
    workspace.import_files(monthly, file)
    said = command("nowcast", "--region", "徐汇", "--models", "random_walk")
    ours = ef.nowcast(workspace.series("徐汇"), as_of=DAY, models="random_walk")
    (month,) = said["nowcast"]["months"]
    row = ours.to_frame().loc[pd.Period("2026-11", "M")]
    for name, value in month["with"].items():
        assert row[f"with_{name}"] == pytest.approx(value, abs=0.5)
    assert row["learned"] == month["learned_months"]
    assert list(ours.notes) == said["nowcast"]["notes"]
    assert "用月中数" in [text.get_text() for text in ours.plot().get_legend().get_texts()]
    assert "月中估计" in ours._repr_html_()


def test_assessing_again_gives_the_same_probabilities(forecast):
    table = ef.assess(forecast).to_frame()
    assert len(table) == 2
    assert [a.p_any for a in forecast.result.assessments] == list(table["p_any"])


def test_a_cap_of_ones_own_is_a_share_of_the_paths(forecast, jiading):
    cap = jiading.target(14_000, "2026")
    row = ef.assess(forecast, cap).to_frame().iloc[0]
    ahead = np.floor(forecast.paths.values[:, :2] + 0.5 + 1e-6)
    assert row["p_any_remaining"] == (ahead > 14_000).any(axis=1).mean()


def test_bare_paths_need_their_history(forecast, jiading):
    cap = jiading.target(14_000, "2026")
    with pytest.raises(ef.UsageError, match="history"):
        ef.assess(forecast.paths, cap)
    bare = ef.assess(forecast.paths, cap, history=forecast.history).to_frame()
    assert bare.loc[0, "p_any"] == ef.assess(forecast, cap).to_frame().loc[0, "p_any"]


def test_lines_rise_with_the_level_and_end_at_the_cap(forecast, jiading):
    with pytest.raises(ef.UsageError, match="2 个"):
        ef.warning_lines(forecast)
    lines = ef.warning_lines(forecast, jiading.target(14_000, "2026")).to_frame()
    last = lines[lines["month"] == lines["month"].max()]
    assert set(last["value"]) == {14_001}
    first = lines[lines["month"] == lines["month"].min()]
    assert first["value"].dropna().is_monotonic_increasing
    loose = ef.warning_lines(forecast, jiading.target(14_000, "2026"), cuts={"red": 0.5})
    assert list(loose.to_frame()["level"].unique()) == ["red"]


def test_a_frame_is_forecast_without_a_workspace(wandering, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FORECAST_HOME", raising=False)
    series = ef.Series.from_frame(frame(wandering(60)), region="某街道")
    cap = series.target(11_000, "2025")
    made = ef.forecast(series.with_targets(cap), as_of="2025-01-31", **FAST)
    assert made.history.origin == pd.Period("2024-12", "M")
    assert len(made.to_frame()) == 12
    assert ef.assess(made).to_frame().loc[0, "p_any"] == made.result.assessments[0].p_any
    assert list(tmp_path.iterdir()) == []


def test_a_frame_equals_the_store_it_was_taken_from(jiading, forecast):
    rows = jiading.vintages.rows
    table = pd.DataFrame(
        {
            "month": [f"{m // 100}-{m % 100:02d}" for m in rows["month"]],
            "value": rows["value"],
            "published_on": rows["published_on"],
        }
    )
    again = ef.Series.from_frame(table, region="嘉定", demo=True)
    made = ef.forecast(again, as_of=DAY, **FAST, horizon=12)
    assert made.history.values.tobytes() == forecast.history.values.tobytes()
    floor = made.result.forecasts["drift"].values
    assert floor.shape[1] == 12
    assert np.median(floor, axis=0) == pytest.approx(
        np.median(forecast.result.forecasts["drift"].values, axis=0), rel=0.01
    )


def test_own_indicators_and_index_of_months(wandering):
    own = ef.Indicator(code="gig", name="零工登记", kind="flow", unit="人", transform="none")
    values = pd.Series(wandering(40), index=pd.period_range("2021-01", periods=40, freq="M"))
    series = ef.Series.from_frame(values, indicator=own)
    assert series.title == "本地区零工登记"
    assert series.history("2025-01-01").kind == "flow"
    assert len(series.to_frame("2022-01-31")) == 12


def test_frames_that_cannot_be_read_are_refused(wandering):
    good = frame(wandering(24))
    for table, words in (
        (good.rename(columns={"value": "v"}), "value"),
        (good.assign(month="某月"), "某月"),
        (good.assign(value="很多"), "不是数"),
        (pd.concat([good, good.iloc[:1]]), "2020-01 在同一公布日期有两个值"),
    ):
        with pytest.raises(ef.DataError, match=words):
            ef.Series.from_frame(table)
    with pytest.raises(ef.UnknownNameError):
        ef.Series.from_frame(good, indicator="没有的指标")


@pytest.mark.soak
def test_results_draw_and_show_themselves_with_the_mark_of_demo_data(forecast, jiading):
    cap = jiading.target(14_000, "2026")
    results = (
        jiading,
        forecast,
        ef.backtest(jiading, as_of=DAY, **FAST),
        ef.assess(forecast),
        ef.warning_lines(forecast, cap),
        ef.scenario(forecast, new_jobs=-0.2),
    )
    for result in results:
        assert isinstance(result.to_frame(), pd.DataFrame)
        shown = result._repr_html_()
        assert "演示数据" in shown
        assert "<table" in shown
        axes = result.plot()
        assert isinstance(axes, Axes)
        assert any("演示数据" in text.get_text() for text in axes.texts)
        given = plt.figure().subplots()
        assert result.plot(given) is given


def test_a_workspace_shows_its_series_and_takes_files(tmp_path):
    (tmp_path / "table.csv").write_text(
        "月份,登记失业人数\n2026-09,12000\n2026-10,12100\n", "utf-8"
    )
    with ef.open_workspace(tmp_path / "w") as opened:
        before = opened.to_frame()
        assert {"region", "indicator", "demo"} == set(before.columns)
        assert "工作区" in opened._repr_html_()
        with pytest.raises(ef.DataError, match="地区"):
            opened.import_files(tmp_path / "table.csv")
        named = tmp_path / "named.csv"
        named.write_text("地区,月份,登记失业人数\n嘉定,2026-10,12100\n", "utf-8")
        assert opened.import_files(named).added == 1
        assert not opened.series("嘉定").demo


def test_lines_that_an_import_overtakes_are_outdated_up_to_the_whole(tmp_path, monkeypatch):
    monkeypatch.setenv("FORECAST_TODAY", DAY)
    streets = [f'[[regions]]\ncode = "31011400{i}"\nname = "{name}"\nparent = "310114"\n'
               'level = "street"\n' for i, name in enumerate(("甲街道", "乙街道"), 1)]  # fmt: skip
    (tmp_path / "forecast.toml").write_text("".join(streets), "utf-8")
    whole, other = ("310114", "registered_unemployed"), ("310104", "registered_unemployed")
    women, gone = ("310114001", "registered_unemployed.women"), ("999999", "no_indicator")
    current = {
        "state": "current", "valid_until": "2026-11-30", "period": "2026", "data_month": "2026-09",
        "latest": 900, "data_fingerprint": "f", "pseudo_real_time": False,
        "scheme": {"levels": [], "source": "测试"},
        "champion": {"registered_name": "x", "version": "1", "model": "drift",
                     "model_label": "漂移"},
    }  # fmt: skip

    def bring(*rows: str) -> None:
        file = tmp_path / "数.csv"
        head = "地区,月份,登记失业人数(人),其中:女性登记失业人数(人)"
        file.write_text("\n".join([head, *rows]) + "\n", "utf-8")
        assert opened.import_files(file).batch is not None

    def stale() -> set[tuple[str, str]]:
        folder = opened.session.workspace.thresholds
        return {
            key for key in documents if read(folder / file_name(key[1], key[0]))["state"] == "stale"
        }

    with ef.open_workspace(tmp_path) as opened:
        bring("徐汇区,2026-09,900,", "甲街道,2026-09,500,200", "乙街道,2026-09,400,150")
        catalogue = opened.session.catalogue
        documents = {
            key: {
                **failed_feed(Series(catalogue.region(key[0]), catalogue.indicator(key[1])), "无"),
                **current,
            }
            for key in (whole, women, other)
        }
        place = {**documents[whole]["region"], "code": gone[0]}
        documents[gone] = {**documents[whole], "indicator": gone[1], "region": place}
        for document in documents.values():
            publish(opened.session.workspace, document)
        bring("甲街道,2026-10,510,210")
        assert stale() == {women}  # the whole still lacks a street
        bring("乙街道,2026-10,410,160")
        assert stale() == {women, whole}


def test_every_public_name_is_there_and_loads_alone():
    assert len(ef.__all__) == len(set(ef.__all__))
    for name in ef.__all__:
        assert getattr(ef, name) is not None, name
    with pytest.raises(AttributeError):
        _ = ef.no_such_name
    assert set(ef.__all__) <= set(dir(ef))


def test_importing_the_package_loads_nothing_heavy():
    probe = (
        "import sys, employment_forecast; print([m for m in sys.modules if m in "
        + repr(["pandas", "numpy", "mlflow", "matplotlib", "sqlalchemy", "scipy"])
        + "])"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout.strip() == "[]"


def test_forecasts_of_parts_and_whole_are_made_to_add_up():
    results = competitions(street_values(60), origins=6)
    table = pd.DataFrame({"month": ["2026-01"], "value": [1.0]})
    series = ef.Series.from_frame(table, indicator="registered_unemployed", region="某区")
    given = [ef.ForecastResult(series, result) for result in results.values()]
    made = ef.reconcile(given, {DISTRICT: tuple(STREETS)})
    paths = {each.result.region.code: each.paths.values for each in made}
    np.testing.assert_allclose(paths[DISTRICT], sum(paths[code] for code in STREETS), rtol=1e-12)
    with pytest.raises(ef.UsageError, match="不是一棵树"):
        ef.reconcile(given, {DISTRICT: (DISTRICT,)})
