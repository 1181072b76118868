"""The life of a champion through the command line alone, on each kind of tracking server.

Run, promote, import a month, a worse candidate is refused, a better one accepted, roll back; the
thresholds follow each time.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from employment_forecast.data.errors import EXIT_REFUSED, EXIT_UNRECORDED

Forecast = Callable[..., Any]
OCTOBER, NOVEMBER = {"FORECAST_TODAY": "2026-10-20"}, {"FORECAST_TODAY": "2026-11-20"}
QUICK = ("--origins", "14", "--jobs", "1", "--json")
PLACE = ("--region", "嘉定")
MONTHS = 70


def month_file(folder: Path, first: int, last: int) -> Path:
    """Months of a growing series with a strong season: no simple floor can follow it."""
    rng = np.random.default_rng(3)
    step = np.arange(MONTHS)
    values = 9000 + 60 * step + 900 * np.sin(2 * np.pi * step / 12) + rng.normal(0, 25, MONTHS)
    lines = ["地区,月份,登记失业人数"]
    for i in range(first, last):
        year, month = divmod(2021 * 12 + i, 12)
        lines.append(f"嘉定区,{year}-{month + 1:02d},{round(values[i])}")
    file = folder / f"登记失业{first}.csv"
    file.write_text("\n".join(lines), "utf-8")
    return file


def good(ran: Any) -> Any:
    assert ran.code == 0, ran.err + ran.out
    return ran.json


def in_force(forecast: Forecast, env: dict[str, str]) -> str:
    """Version that the published thresholds come from."""
    shown = good(forecast("thresholds", "show", *PLACE, "--json", env=env))
    return str(shown["champion"]["version"])


def settle(home: Path, models: str, address: str = "") -> None:
    """A roster as the workspace's own: runs of it are no trials."""
    listed = ", ".join(f'"{name}"' for name in models.split(","))
    text = f"[run]\nmodels = [{listed}]\norigins = 14\n"
    text += f'[mlflow]\ntracking_uri = "{address}"\n' if address else ""
    home.mkdir(parents=True, exist_ok=True)
    (home / "forecast.toml").write_text(text, "utf-8")


def story(forecast: Forecast, home: Path, folder: Path, address: str = "") -> None:
    settle(home, "theta", address)
    good(forecast("data", "import", str(month_file(folder, 0, 69)), "--json", env=OCTOBER))
    good(
        forecast(
            "caps", "set", "--basis", "各月",
            *PLACE, "--tier", "市", "--value", "14000", "--period", "2026",
            "--announced-on", "2026-02-01", "--source", "测试文号", "--json", env=OCTOBER,
        )
    )  # fmt: skip
    trial = good(forecast("run", *PLACE, "--models", "drift", *QUICK, env=OCTOBER))
    assert "试算" in trial["gate"]["reason"]
    missing = forecast("promote", *PLACE, "--json", env=OCTOBER)
    assert "只有 1 个试算的版本" in missing.json["error"]["message"]
    forced = ("--force", "--why", "试试")
    refused = forecast("promote", *PLACE, "--version", "1", *forced, "--json", env=OCTOBER)
    assert (refused.code, "试算" in refused.json["error"]["message"]) == (EXIT_REFUSED, True)
    dry = good(forecast("run", *PLACE, "--models", "theta", *QUICK, "--dry-run", env=OCTOBER))
    assert (dry["run_id"], dry["gate"], dry["champion"]["version"]) == (None, None, None)
    first = good(forecast("run", *PLACE, "--models", "theta", *QUICK, env=OCTOBER))
    assert (first["gate"]["passed"], first["gate"]["in_force"]) == (True, None)
    assert first["champion"]["model"] == "theta"
    done = good(forecast("promote", *PLACE, "--auto", "--json", env=OCTOBER))
    assert (done["champion"]["version"], done["previous"]) == ("2", None)
    # Published once, thresholds follow every later change of champion by themselves.
    assert forecast("thresholds", "export", *PLACE, env=OCTOBER).code == 0
    assert in_force(forecast, OCTOBER) == "2"

    good(forecast("data", "import", str(month_file(folder, 69, 70)), "--json", env=NOVEMBER))
    settle(home, "random_walk", address)
    worse = good(forecast("run", *PLACE, "--models", "random_walk", *QUICK, env=NOVEMBER))
    assert worse["gate"]["passed"] is False
    refused = forecast("promote", *PLACE, "--auto", "--json", env=NOVEMBER)
    assert refused.code == EXIT_REFUSED
    assert "WIS 比现役" in refused.json["error"]["message"]
    assert in_force(forecast, NOVEMBER) == "2"

    settle(home, "theta,ets", address)
    better = good(forecast("run", *PLACE, "--models", "theta,ets", *QUICK, env=NOVEMBER))
    assert better["gate"]["passed"] is True
    done = good(forecast("promote", *PLACE, "--auto", "--json", env=NOVEMBER))
    assert (done["champion"]["version"], done["previous"]) == ("4", "2")
    assert in_force(forecast, NOVEMBER) == "4"

    back = good(forecast("rollback", *PLACE, "--why", "核对后退回", "--json", env=NOVEMBER))
    assert (back["champion"]["version"], back["previous"]) == ("2", "4")
    assert in_force(forecast, NOVEMBER) == "2"
    listed = good(forecast("models", "list", *PLACE, "--json", env=NOVEMBER))["versions"]
    assert {v["version"]: sorted(v["aliases"]) for v in listed} == {
        "4": ["candidate", "previous"],
        "3": [],
        "2": ["champion"],
        "1": [],
    }


def test_versions_are_shown_compared_and_pruned(used: Forecast) -> None:
    """On the prepared workspace, with one version of 嘉定."""
    good(used("promote", *PLACE, "--force", "--why", "测试", "--json"))
    listed = good(used("models", "list", *PLACE, "--json"))["versions"]
    assert [v["aliases"] for v in listed] == [["candidate", "champion"]]
    shown = good(used("models", "show", *PLACE, "--json"))
    assert shown["gate"]["version"] == "1"
    assert good(used("models", "compare", *PLACE, "--json"))["origins"] > 0
    assert good(used("monitor", *PLACE, "--json"))["months"] == 0
    for what in ("caps", "lines"):
        assert good(used("predict", *PLACE, "--what", what, "--json"))["rows"]
    assert good(used("prune", "--keep", "1", "--dry-run", "--json"))["versions"] == []
    for words in (("models", "show"), ("models", "compare"), ("monitor",), ("predict",)):
        said = used(*words, *PLACE)
        assert said.code == 0, said.err
        assert "演示数据" in said.out


@pytest.mark.soak  # beside the promotion it is tested step by step
def test_a_worse_version_is_refused_forced_and_taken_back(used: Forecast, home: Path) -> None:
    """The story in small, on the prepared workspace."""
    good(used("promote", *PLACE, "--force", "--why", "测试", "--json"))
    assert used("thresholds", "export", *PLACE).code == 0
    (home / "forecast.toml").write_text('[run]\nmodels = ["drift"]\norigins = 12\n', "utf-8")
    worse = good(used("run", *PLACE, "--json"))
    assert worse["gate"]["passed"] is False
    refused = used("promote", *PLACE, "--auto", "--json")
    assert refused.code == EXIT_REFUSED
    assert in_force(used, {}) == "1"
    done = good(used("promote", *PLACE, "--force", "--why", "测试", "--json"))
    assert (done["champion"]["version"], done["previous"]) == ("2", "1")
    assert in_force(used, {}) == "2"
    back = good(used("rollback", *PLACE, "--why", "核对后退回", "--json"))
    assert (back["champion"]["version"], back["previous"]) == ("1", "2")
    assert in_force(used, {}) == "1"


@pytest.mark.soak
def test_after_the_story_everything_can_be_asked(
    forecast: Forecast, home: Path, tmp_path: Path
) -> None:
    story(forecast, home, tmp_path)
    shown = good(forecast("models", "show", *PLACE, "--version", "3", "--json", env=NOVEMBER))
    assert shown["gate"]["passed"] is False
    assert shown["gate"]["incumbent_version"] == "2"
    compared = good(forecast("models", "compare", *PLACE, "--versions", "2,3", "--json"))
    assert compared["origins"] == 13
    assert compared["versions"][1]["common"]["difference"] > 0
    said = good(forecast("predict", *PLACE, "--what", "lines", "--json", env=NOVEMBER))
    assert said["version"] == "2"
    shown = good(forecast("thresholds", "show", *PLACE, "--json", env=NOVEMBER))
    published = {(x["month"], x["level"], x["value"]) for x in shown["lines"]}
    assert published
    # Months already published are in the version's own lines and no longer in the feed's.
    assert {m for m, _, _ in published} <= {r["month"] for r in said["rows"]}
    watched = good(forecast("monitor", *PLACE, "--json", env=NOVEMBER))
    assert watched["months"] == 1
    moved = forecast("explain", *PLACE, "--version", "4", "--from", "2", "--json", env=NOVEMBER)
    assert good(moved)["new_months"][0]["month"] == "2026-10"
    verified = forecast("models", "verify", *PLACE, "--json", "--jobs", "1", env=NOVEMBER)
    assert good(verified)["state"] == "equal"
    pruned = good(forecast("prune", "--keep", "1", "--json", env=NOVEMBER))
    assert [v["version"] for v in pruned["versions"]] == ["3", "1"]
    assert in_force(forecast, NOVEMBER) == "2"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serve(folder: Path, backend: str, environment: dict[str, str]) -> tuple[str, Any]:
    port = free_port()
    log = (folder / "server.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", backend,
         "--artifacts-destination", str(folder / "served"), "--host", "127.0.0.1",
         "--port", str(port), "--workers", "1"],
        env={**environment, "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
             "MLFLOW_DISABLE_TELEMETRY": "true",
             "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "PYTHONWARNINGS": "ignore"},
        stdout=log, stderr=log, start_new_session=True,
    )  # fmt: skip
    log.close()
    address = f"http://127.0.0.1:{port}"
    until = time.monotonic() + 600
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=2):
                return address, process
        except OSError:
            assert process.poll() is None, (folder / "server.log").read_text("utf-8")[-2000:]
            time.sleep(0.5)
    stop(process)
    raise AssertionError("the server did not start")


def stop(process: Any) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
    process.wait(timeout=600)


@pytest.fixture
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server of this machine's packages, on a socket of its own."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        pytest.skip("PostgreSQL is not installed: the story on PostgreSQL was NOT run")
    pytest.importorskip("psycopg", reason="no psycopg: the story on PostgreSQL was NOT run")
    tools = programs[-1].parent
    # PostgreSQL refuses to run as root.
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    folder = Path(f"/var/tmp/pg-{os.getpid()}-{time.time_ns()}")
    folder.mkdir()
    if as_user:
        shutil.chown(folder, "postgres")
    port = free_port()

    def tool(name: str, *arguments: str) -> None:
        subprocess.run(
            [*as_user, str(tools / name), *arguments],
            check=True,
            capture_output=True,
            timeout=120,
            cwd="/",
        )

    data = str(folder / "data")
    try:
        tool("initdb", "-D", data, "-A", "trust", "-E", "UTF8", "--no-locale", "-U", "forecast")
        tool("pg_ctl", "-D", data, "-w", "-l", str(folder / "log"),
             "-o", f"-p {port} -k {folder} -c listen_addresses=127.0.0.1", "start")  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"PostgreSQL cannot start ({error}): the story on PostgreSQL was NOT run")
    try:
        yield f"postgresql://forecast@127.0.0.1:{port}/postgres"
    finally:
        tool("pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.soak
@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_the_story_on_a_real_server(
    backend: str,
    request: pytest.FixtureRequest,
    forecast: Forecast,
    home: Path,
    tmp_path: Path,
    environment_of: Callable[[Path], dict[str, str]],
) -> None:
    uri = (
        request.getfixturevalue("postgres")
        if backend == "postgresql"
        else f"sqlite:///{tmp_path / 'server.db'}"
    )
    address, server = serve(tmp_path, uri, environment_of(home))
    try:
        story(forecast, home, tmp_path, address)
    finally:
        stop(server)
    # The server is down now: the run is not lost.
    settle(home, "theta", address)
    ran = forecast("run", *PLACE, "--models", "theta", *QUICK, env=NOVEMBER)
    assert ran.code == EXIT_UNRECORDED
    assert ran.json["forecast"]
    assert ran.json["run_id"] is None
    address, server = serve(tmp_path, uri, environment_of(home))
    try:
        settle(home, "theta", address)
        synced = good(forecast("sync", "--json", env=NOVEMBER))
        assert [s["version"] for s in synced["synced"]] == ["5"]
        listed = good(forecast("models", "list", *PLACE, "--json", env=NOVEMBER))["versions"]
        assert listed[0]["gate"].startswith("通过")
    finally:
        stop(server)


@pytest.mark.soak
def test_the_champion_is_served_as_it_predicts(
    used: Forecast, home: Path, environment_of: Callable[[Path], dict[str, str]]
) -> None:
    """`mlflow models serve` on the registered champion, asked over HTTP."""
    good(used("promote", *PLACE, "--force", "--why", "测试", "--json"))
    port = free_port()
    environment = {
        **environment_of(home),
        # MLflow starts uvicorn by its name.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "MLFLOW_TRACKING_URI": f"sqlite:///{home / 'mlruns' / 'mlflow.db'}",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "PYTHONWARNINGS": "ignore",
    }
    log = home / "serve.log"
    with log.open("wb") as stream:
        server = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "models", "serve",
             "-m", "models:/registered_unemployed.310114@champion", "--env-manager", "local",
             "--host", "127.0.0.1", "--port", str(port), "--workers", "1"],
            env=environment, stdout=stream, stderr=stream, start_new_session=True, cwd=home,
        )  # fmt: skip
    try:
        for what in ("quantiles", "caps", "lines"):
            body = json.dumps(
                {"dataframe_records": [{"horizon": 3}], "params": {"what": what}}
            ).encode()
            answer = ask(f"http://127.0.0.1:{port}/invocations", body, server, log)
            expected = good(used("predict", *PLACE, "--horizon", "3", "--what", what, "--json"))
            assert answer["predictions"] == expected["rows"], what
    finally:
        stop(server)


def ask(address: str, body: bytes, server: Any, log: Path) -> dict[str, Any]:
    until = time.monotonic() + 600
    request = urllib.request.Request(
        address, data=body, headers={"Content-Type": "application/json"}
    )
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                content: dict[str, Any] = json.loads(response.read())
                return content
        except OSError:
            assert server.poll() is None, log.read_text("utf-8", "replace")[-2000:]
            time.sleep(0.5)
    raise AssertionError(log.read_text("utf-8", "replace")[-2000:])
