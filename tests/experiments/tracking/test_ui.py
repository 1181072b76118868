from __future__ import annotations

import re
import signal
import socket
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError

import mlflow
import numpy as np
import pytest

from employment_forecast.cli.operations.ui import HOST
from employment_forecast.data.catalogue.series import Series
from employment_forecast.data.errors import BusyError, RefusedError
from employment_forecast.data.workspace.folders import Workspace
from employment_forecast.experiments.recording.record import recorded
from employment_forecast.experiments.registry.registry import promote
from employment_forecast.experiments.registry.versions import stored_paths
from employment_forecast.experiments.tracking import ui
from employment_forecast.experiments.tracking.tracker import open_tracker
from employment_forecast.experiments.tracking.ui import is_loopback, serve, server_command
from employment_forecast.forecasting.competition.result import Competition


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_the_server_is_for_this_machine_and_silent(empty: Workspace, uri: str) -> None:
    command = server_command(uri, empty, port=5055)
    given = dict(zip(command.arguments, command.arguments[1:], strict=False))
    assert given["--host"] == "127.0.0.1"
    assert given["--port"] == "5055"
    assert command.environment["MLFLOW_BACKEND_STORE_URI"] == uri
    assert uri not in command.arguments
    assert given["--default-artifact-root"] == str(empty.mlruns / "artifacts")
    assert command.environment["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert command.environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"


def test_at_its_usual_address_the_page_opens_no_assistant(empty: Workspace, uri: str) -> None:
    # The page asks for one where it is called one of these, as of the release that is installed.
    build = Path(mlflow.__file__).parent / "server" / "js" / "build"
    (page,) = build.glob("static/js/main.*.js")
    assert '"localhost"===e||"127.0.0.1"===e||"::1"===e' in page.read_text("utf-8")
    assert HOST not in ui._WITH_ASSISTANT or sys.platform == "darwin"
    environment = server_command(uri, empty, host="127.0.0.2", port=5055).environment
    assert environment["MLFLOW_SERVER_ALLOWED_HOSTS"] == "127.0.0.2:5055"
    assert environment["MLFLOW_SERVER_CORS_ALLOWED_ORIGINS"] == "http://127.0.0.2:5055"


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.8", "::", "example.com"])
def test_other_machines_are_kept_out(empty: Workspace, uri: str, host: str) -> None:
    with pytest.raises(RefusedError, match="可被其他机器访问"):
        server_command(uri, empty, host=host)
    assert host in server_command(uri, empty, host=host, open_to_network=True).arguments


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_loopback_addresses(host: str) -> None:
    assert is_loopback(host)


def test_a_tracking_server_has_its_own_ui(empty: Workspace) -> None:
    with pytest.raises(RefusedError, match=r"http://10\.0\.0\.8:5000"):
        server_command("http://10.0.0.8:5000", empty)


def test_a_port_in_use_says_so(workspace: Workspace, uri: str, taken: int) -> None:
    with pytest.raises(BusyError, match=f"端口 {taken}"):
        serve(uri, workspace, port=taken)


def test_the_ui_opens_at_the_runs_of_the_series_that_was_forecast_last(
    workspace: Workspace, uri: str, competition: Competition
) -> None:
    with open_tracker(uri, workspace) as tracker:
        assert ui._latest_runs(tracker) == ""
        with recorded(uri, workspace, competition.series) as recording:
            recording.register(competition)
        page = ui._latest_runs(tracker)
        (number,) = re.findall(r"^#/experiments/(\d+)/runs\?", page)
        experiment = tracker.open().get_experiment(number)
    assert experiment.tags["region"] == competition.series.region.code
    (view,) = re.findall(r"viewStateShareKey=(\w+)", page)
    assert "metrics.`wis`" in experiment.tags[f"mlflow.sharedViewState.{view}"]


SERVE = """
import os, sys
from pathlib import Path
from employment_forecast.data.workspace.folders import Workspace
from employment_forecast.experiments.tracking import ui
workspace, port = Workspace(Path(os.environ["WORKSPACE"])), sys.argv[1]
{}
ui.serve(f"sqlite:///{{workspace.mlruns / 'mlflow.db'}}", workspace, port=int(port))
"""
# A server that starts at once, beside no database: how it ends does not depend on what it serves.
STAND_IN = """
words = (sys.executable, "-m", "http.server", port, "--bind", "127.0.0.1")
ui.server_command = lambda *_: ui.Command(words, os.environ)
ui.open_tracker, ui._latest_runs = lambda *_: None, lambda _: ""
"""


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def wait_until(true, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.2)
    return False


@pytest.mark.soak  # what it serves is MLflow's; that it ends is tested below
def test_the_server_serves_takes_runs_and_leaves_nothing_behind(
    workspace: Workspace,
    competition: Competition,
    series: Series,
    python,
    port: int,
    capfd: pytest.CaptureFixture[str],
) -> None:
    process = python.start(SERVE.format(""), str(port))
    address = f"http://127.0.0.1:{port}"
    assert wait_until(lambda: answers(f"{address}/health"), 600)

    # The same server as a tracking server that an office shares.
    with recorded(address, workspace, competition.series) as recording:
        version = recording.register(competition)
    assert capfd.readouterr() == ("", "")
    with open_tracker(address, workspace) as tracker:
        assert promote(tracker, series).version == version.version == "1"
        kept = stored_paths(tracker, version)
    np.testing.assert_array_equal(kept.values, competition.champion_paths.values)

    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=600)
    assert (out, err) == ("", "")
    assert wait_until(lambda: not answers(f"{address}/health"), 600)
    assert (workspace.mlruns / ui.LOG).exists()


@pytest.mark.parametrize(
    "number", [pytest.param(signal.SIGTERM, marks=pytest.mark.soak), signal.SIGKILL]
)
def test_nothing_listens_after_the_starter_has_ended(
    workspace: Workspace, python, port: int, number: int
) -> None:
    process = python.start(SERVE.format(STAND_IN), str(port))
    address = f"http://127.0.0.1:{port}/"
    assert wait_until(lambda: answers(address), 600)
    process.send_signal(number)
    out, err = process.communicate(timeout=600)
    assert (out, err) == ("", "")
    assert wait_until(lambda: not answers(address), 600)
