from __future__ import annotations

import json
import pickletools
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support.shared import tracking_uri

from employment_forecast.data.catalogue.series import Series
from employment_forecast.data.errors import NotFoundError, UsageError
from employment_forecast.data.workspace.folders import Workspace
from employment_forecast.experiments.recording.record import recorded
from employment_forecast.experiments.registry.registry import promote
from employment_forecast.experiments.registry.serving import WHATS, answer, predict
from employment_forecast.experiments.registry.versions import Version
from employment_forecast.experiments.tracking.tracker import Tracker, open_tracker
from employment_forecast.forecasting.competition.result import Competition
from employment_forecast.forecasting.early_warning.lines import warning_lines
from employment_forecast.forecasting.early_warning.scheme import default_scheme
from employment_forecast.models.paths import QUANTILES


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, template: Workspace) -> Workspace:
    """A workspace in which the version is the champion; nothing here changes it."""
    folder = tmp_path_factory.mktemp("served") / "工作 区"
    shutil.copytree(template.root, folder)
    return Workspace(folder)


@pytest.fixture(scope="module")
def shelf(kept: Workspace) -> Iterator[Tracker]:
    with open_tracker(tracking_uri(kept), kept) as opened:
        yield opened


@pytest.fixture(scope="module")
def version(kept: Workspace, shelf: Tracker, competition: Competition, series: Series) -> Version:
    with recorded(tracking_uri(kept), kept, series) as recording:
        recording.register(competition)
    return promote(shelf, series).champion


@pytest.fixture(scope="module")
def served(version: Version, shelf: Tracker):
    shelf.open()
    from mlflow import pyfunc

    return pyfunc.load_model(version.source)


def ask(served, horizon: int, **params: str) -> pd.DataFrame:
    return served.predict(pd.DataFrame({"horizon": [horizon]}), params=params or None)


def test_quantiles_are_those_of_the_competition(served, competition: Competition) -> None:
    table = ask(served, 12)
    expected = competition.champion_paths.table().head(12)
    assert list(table["month"]) == [str(m) for m in expected.index]
    assert list(table.columns) == ["month", "mean", *QUANTILES]
    np.testing.assert_array_equal(table.drop(columns="month").to_numpy(), expected.to_numpy())


def test_paths_and_caps_are_served_too(served, competition: Competition) -> None:
    paths = ask(served, 3, what="paths")
    np.testing.assert_array_equal(paths.to_numpy(), competition.champion_paths.values[:, :3])
    caps = ask(served, 3, what="caps")
    assert list(caps["p_any"]) == [round(a.p_any, 3) for a in competition.assessments]


@pytest.mark.parametrize("what", WHATS)
@pytest.mark.parametrize("horizon", [1, 5, 12])
def test_in_process_answers_are_the_served_ones(
    served, version: Version, shelf: Tracker, series: Series, what: str, horizon: int
) -> None:
    here = predict(shelf, version, what, horizon)
    pd.testing.assert_frame_equal(here, ask(served, horizon, what=what))
    said = answer(shelf, series, None, what, horizon)
    assert said["version"] == version.version
    assert len(said["rows"]) == len(here)
    assert "NaN" not in json.dumps(said, allow_nan=False)


def test_lines_are_those_of_the_scheme_in_force(served, competition: Competition) -> None:
    table = ask(served, 12, what="lines")
    item = competition.assessments[0]
    expected = warning_lines(
        competition.champion_paths,
        competition.history,
        item.target,
        default_scheme(3).cuts,
    )
    assert [row.month for row in table.itertuples()] == [str(line.month) for line in expected]
    assert [row.level for row in table.itertuples()] == [line.level for line in expected]
    assert list(table["value"]) == [line.value for line in expected]


def test_prediction_knows_its_limits(tracker: Tracker, series: Series, record, competition) -> None:
    with pytest.raises(NotFoundError, match="还没有现役"):
        answer(tracker, series, None, "caps", None)
    record(competition)
    with pytest.raises(UsageError, match="1 至 12 之间"):
        answer(tracker, series, "1", "paths", 13)
    with pytest.raises(UsageError, match="what 只能是"):
        answer(tracker, series, "1", "magic", 1)


@pytest.mark.parametrize("horizon", [0, -1, 61])
def test_a_horizon_beyond_the_stored_one_is_refused(served, horizon: int) -> None:
    with pytest.raises(Exception, match="horizon 应在 1 至 12 之间"):
        ask(served, horizon)


def test_other_questions_are_refused(served) -> None:
    with pytest.raises(Exception, match="what 只能是"):
        ask(served, 1, what="magic")
    with pytest.raises(Exception, match="只给一行"):
        served.predict(pd.DataFrame({"horizon": [1, 2]}))


LOAD = """
import json, os, sys
from employment_forecast.experiments.tracking.quiet import silence
silence()

def ours():
    return sorted(name for name in sys.modules if name.split(".")[0] == "employment_forecast")

class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "employment_forecast":
            raise ModuleNotFoundError(name)

for name in ours():
    del sys.modules[name]
sys.meta_path.insert(0, NotInstalled())
import mlflow, pandas as pd
mlflow.set_tracking_uri(sys.argv[1])
model = mlflow.pyfunc.load_model("models:/registered_unemployed.310114@champion")
asked = pd.DataFrame({"horizon": [12]})
print(json.dumps([
    model.predict(asked).to_dict("list"),
    model.predict(asked, params={"what": "paths"}).to_numpy().tolist(),
    model.metadata.signature is not None,
    model.input_example.to_dict("list"),
    ours(),
]))
"""


@pytest.mark.soak  # a process that imports everything
def test_a_fresh_process_serves_the_same_numbers_without_our_packages(
    version: Version, kept: Workspace, competition: Competition, python
) -> None:
    table, paths, signed, example, ours = python.json(LOAD, tracking_uri(kept))
    expected = competition.champion_paths.table()
    for column in expected.columns:
        assert table[column] == expected[column].tolist()
    assert paths == competition.champion_paths.values.tolist()
    assert signed
    assert example == {"horizon": [12]}
    assert ours == []


def is_pickle(content: bytes) -> bool:
    """Whether bytes are a pickle, by running the disassembler over them."""
    try:
        return sum(1 for _ in pickletools.genops(content)) > 1
    except Exception:
        return False


def test_the_check_for_pickles_finds_one() -> None:
    assert is_pickle(b"\x80\x04}q\x00.")
    assert not is_pickle(b"month,value\n2026-10,1\n")


def test_no_pickle_is_anywhere(version: Version, kept: Workspace) -> None:
    files = [f for f in kept.mlruns.joinpath("artifacts").rglob("*") if f.is_file()]
    assert len(files) > 10
    for file in files:
        assert file.suffix not in {".pkl", ".pickle", ".joblib", ".npy"}
        assert not is_pickle(file.read_bytes())
    described = (Path(version.source) / "MLmodel").read_text("utf-8")
    assert "python_model: python_model" not in described
    assert "model_code_path" in described


def test_the_version_holds_the_script_itself(version: Version, root: Path) -> None:
    script = Path(version.source) / "served_model.py"
    assert (
        script.read_bytes() == (root / "experiments" / "archive" / "served_model.py").read_bytes()
    )
