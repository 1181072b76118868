"""Models of other installed packages join a back-test, in worker processes too."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from employment_forecast.data.errors import UnknownNameError
from employment_forecast.forecasting.backtest import workers
from employment_forecast.forecasting.backtest.cells import Cell, group
from employment_forecast.forecasting.backtest.origins import Origin
from employment_forecast.forecasting.backtest.workers import run_tasks
from employment_forecast.models import roster
from employment_forecast.models.paths import Failure, SamplePaths

GOOD = """
import numpy as np
from employment_forecast.models.contract import Competitor, Tags

class LastYear(Competitor):
    name = "last_year"
    label = "去年同月（外部）"
    tags = Tags(min_months=24, cost=0.01)

    def _fit(self, data):
        return {"sigma": float(np.std(np.diff(data.z)))}

    def _paths(self, data, parameters, horizon, n_paths, rng):
        mean = data.z[-12:][np.arange(horizon) % 12]
        return mean + parameters["sigma"] * rng.normal(size=(n_paths, horizon)).cumsum(axis=1)

class Leaver(LastYear):
    name = "leaver"
    label = "中途退出"

    def _fit(self, data):
        raise SystemExit(3)

class Unstorable(LastYear):
    name = "unstorable"
    label = "参数不能保存"

    def _fit(self, data):
        return {"sigma": np.array([1.0])}

class SecondEts(LastYear):
    name = "ets"
    label = "另一个指数平滑"

class Floor(LastYear):
    name = "my_floor"
    label = "自定基准"
    tags = Tags(min_months=24, floor=True)

class Unfinished(Competitor):
    name = "unfinished"
    label = "未写完"
    tags = Tags(min_months=24)

class SpokenName(LastYear):
    name = "Last Year"
    label = "名称不合规"

class Copy(LastYear):
    label = "重名"

not_a_model = 42
"""
ENTRIES = """[employment_forecast.models]
good = outside_models:LastYear
leaver = outside_models:Leaver
unstorable = outside_models:Unstorable
clash = outside_models:SecondEts
floor = outside_models:Floor
unfinished = outside_models:Unfinished
spoken = outside_models:SpokenName
zz_copy = outside_models:Copy
number = outside_models:not_a_model
missing = outside_models:Nothing
nowhere = no_such_module_at_all:Model
exits = outside_exits:Model
"""
JOINED = {"last_year", "leaver", "unstorable"}
REASONS = {
    "clash": "名称“ets”已被其他模型占用",
    "floor": "简单基准由本程序规定",
    "unfinished": "不能建立模型",
    "spoken": "name 应为小写字母开头",
    "zz_copy": "名称“last_year”已被其他模型占用",
    "number": "不是 models.contract.Competitor 的子类",
    "missing": "载入“outside_models:Nothing”失败",
    "nowhere": "ModuleNotFoundError",
    "exits": "SystemExit",
}


def _forget() -> None:
    roster._found.cache_clear()
    roster._families.cache_clear()
    importlib.invalidate_caches()


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as pip leaves it: modules beside the metadata of their distribution."""
    folder = tmp_path_factory.mktemp("site-packages")
    (folder / "outside_models.py").write_text(GOOD, "utf-8")
    (folder / "outside_exits.py").write_text("raise SystemExit(1)\n", "utf-8")
    info = folder / "outside_models-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: outside-models\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(ENTRIES)
    return folder


@pytest.fixture
def joined(installed: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The same in this process."""
    monkeypatch.syspath_prepend(str(installed))
    _forget()
    yield
    for name in ("outside_models", "outside_exits"):
        sys.modules.pop(name, None)
    monkeypatch.undo()
    _forget()


@pytest.mark.usefixtures("joined")
def test_sound_models_join_and_the_others_are_named_with_their_reason():
    assert set(roster.names()) >= JOINED
    assert roster.names()[-1] == roster.COMBINATION
    assert roster.package("last_year") == "outside-models 1.2"
    assert roster.package("ets") == ""
    reasons = {a.name: a.reason for a in roster.absent() if a.package == "outside-models 1.2"}
    assert reasons.keys() == REASONS.keys()
    for name, reason in REASONS.items():
        assert reason in reasons[name]
    assert roster.create("ets").label == "指数平滑（阻尼趋势）"
    with pytest.raises(UnknownNameError, match="ModuleNotFoundError"):
        roster.resolve("nowhere")


@pytest.mark.soak  # processes that import everything
@pytest.mark.usefixtures("joined")
def test_they_are_back_tested_in_worker_processes(history_of, wandering, monkeypatch):
    monkeypatch.setattr(workers, "WORTH_A_WORKER", 1e-6)
    histories = [history_of(wandering(n)) for n in (60, 61, 62)]
    cells = [
        Cell(model, Origin(h, histories[0]), horizon=6, n_paths=50, seed=3)
        for model in ("last_year", "leaver", "unstorable", "random_walk")
        for h in histories
    ]
    alone, both = (run_tasks(group(cells), jobs) for jobs in (1, 2))
    for cell in cells:
        one, two = alone[cell.key], both[cell.key]
        if cell.model in ("leaver", "unstorable"):
            assert isinstance(two, Failure)
            assert ("SystemExit" if cell.model == "leaver" else "ndarray") in two.reason
            assert one == two
        else:
            assert isinstance(one, SamplePaths)
            assert isinstance(two, SamplePaths)
            assert one.values.tobytes() == two.values.tobytes()


@pytest.mark.soak
@pytest.mark.usefixtures("joined")
def test_a_whole_competition_with_them(competition: Callable, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(workers, "WORTH_A_WORKER", 1e-6)
    models = ("random_walk", "drift", "seasonal_naive", "last_year", "leaver")
    result = competition(models=models, jobs=2)
    rows = {e.model: e for e in result.entries}
    assert rows["last_year"].wis is not None
    assert rows["leaver"].wis is None
    assert "SystemExit" in rows["leaver"].failure
    assert any("nowhere" in note for note in result.notes)


def test_a_cell_of_theirs_changes_with_their_code(installed, joined, history_of, wandering):
    history = history_of(wandering(60))
    cell = Cell("last_year", Origin(history, history), horizon=6, n_paths=50, seed=3)
    before = cell.key
    file = installed / "outside_models.py"
    text = file.read_text("utf-8")
    file.write_text(text + "\n# another release\n", "utf-8")
    try:
        _forget()
        assert replace(cell).key != before
    finally:
        file.write_text(text, "utf-8")
        _forget()
    assert replace(cell).key == before


def test_a_model_that_only_breaks_in_a_worker_is_a_failure(history_of, wandering, monkeypatch):
    history = history_of(wandering(60))
    cell = Cell("theta", Origin(history, history), horizon=6, n_paths=50, seed=3)

    def broken(name):
        raise ImportError("只在这里坏")

    monkeypatch.setattr(roster, "create", broken)
    (outcome,) = run_tasks(group([cell]), 1).values()
    assert isinstance(outcome, Failure)
    assert outcome.passing
    assert "只在这里坏" in outcome.reason


@pytest.mark.soak  # processes that import everything
def test_the_command_lists_them_and_help_does_not_load_them(installed, root, tmp_path):
    noisy = "import sys\nsys.stderr.write('loaded')\n" + GOOD
    (tmp_path / "outside_models.py").write_text(noisy, "utf-8")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, (tmp_path, installed))),
        "FORECAST_HOME": str(tmp_path / "home"),
        "COLUMNS": "200",
    }

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "employment_forecast.cli.main", *arguments],
            env=environment,
            cwd=root,
            capture_output=True,
            encoding="utf-8",
            timeout=600,
            check=True,
        )

    assert "loaded" not in call("--help").stderr
    listed = call("models")
    assert "loaded" in listed.stderr
    assert "去年同月（外部）" in listed.stdout
    assert "未参赛：nowhere（outside-models 1.2）" in listed.stdout
