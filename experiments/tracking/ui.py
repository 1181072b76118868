"""The MLflow UI on this machine: `mlflow server` in a process of its own, silent and offline."""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from employment_forecast.data.errors import BusyError, RefusedError, StorageError
from employment_forecast.data.workspace import Workspace
from employment_forecast.experiments.tracking.database import shown
from employment_forecast.experiments.tracking.names import runs_page
from employment_forecast.experiments.tracking.quiet import quiet_environment
from employment_forecast.experiments.tracking.tracker import Tracker, open_tracker

LOOPBACK = "127.0.0.1"
# At these addresses, and no others, MLflow's page opens an assistant that asks outside language
# models; there is no setting against it. The server takes them without being told.
_WITH_ASSISTANT = ("localhost", LOOPBACK, "::1")
LOG = "ui.log"


@dataclass(frozen=True)
class Command:
    """A process to start.

    Attributes
    ----------
    arguments : tuple of str
        Program and arguments.
    environment : mapping
        Complete environment.
    """

    arguments: tuple[str, ...]
    environment: Mapping[str, str]


def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def server_command(
    tracking_uri: str,
    workspace: Workspace,
    host: str = LOOPBACK,
    port: int = 5000,
    open_to_network: bool = False,
) -> Command:
    """How to start the MLflow server over a workspace."""
    tracker = open_tracker(tracking_uri, workspace)
    if tracker.served:
        raise RefusedError(
            f"MLflow 已由服务器 {shown(tracking_uri)} 提供界面。", "请用浏览器直接打开该地址。"
        )
    if not is_loopback(host) and not open_to_network:
        raise RefusedError(
            f"地址 {host} 可被其他机器访问，而 MLflow 界面不设口令。",
            f"请改用 {LOOPBACK}；确需开放时，请在程序设置中明确允许，并由防火墙限制来源。",
        )
    environment = dict(os.environ)
    quiet_environment(environment)
    environment["PYTHONWARNINGS"] = "ignore"
    # Not on the command line, which every user of the machine can read: it may hold a password.
    environment["MLFLOW_BACKEND_STORE_URI"] = tracking_uri
    environment["MLFLOW_REGISTRY_STORE_URI"] = tracking_uri
    if is_loopback(host) and host not in _WITH_ASSISTANT:
        environment["MLFLOW_SERVER_ALLOWED_HOSTS"] = f"{host}:{port}"
        environment["MLFLOW_SERVER_CORS_ALLOWED_ORIGINS"] = f"http://{host}:{port}"
    # One worker serves an office; the default of four takes a gigabyte of memory.
    arguments = (
        sys.executable, "-m", "mlflow", "server",
        "--default-artifact-root", str(tracker.artifacts),
        "--host", host, "--port", str(port), "--workers", "1",
        "--uvicorn-opts", "--log-level warning",
    )  # fmt: skip
    return Command(arguments, environment)


def serve(
    tracking_uri: str,
    workspace: Workspace,
    host: str = LOOPBACK,
    port: int = 5000,
    started: Callable[[str], None] = lambda page: None,
) -> None:
    """Run the MLflow server until it is interrupted or terminated; its words go to a log file.

    Parameters
    ----------
    tracking_uri : str
        A database.
    workspace : Workspace
        Holds the artifacts.
    host, port : str, int
        Where to listen.
    started : callable
        Called when nothing stands in the way of the server any more, with what to put behind its
        address to see the runs of the series that was forecast last.

    Raises
    ------
    RefusedError
        As in `server_command`.
    BusyError
        If something listens on the port already.
    StorageError
        If the database cannot be opened, or the server ends by itself.
    """
    command = server_command(tracking_uri, workspace, host, port)
    _demand_free(host, port)
    # Made and migrated by us, so that no other process can be migrating at the same time.
    page = _latest_runs(open_tracker(tracking_uri, workspace))
    log = workspace.mlruns / LOG
    with log.open("wb") as stream:
        # The pipe closes when this process is gone, a kill included: then the server is ended.
        process = subprocess.Popen(
            (sys.executable, str(Path(__file__).with_name("supervised.py")), *command.arguments),
            env=dict(command.environment),
            stdin=subprocess.PIPE,
            stdout=stream,
            stderr=stream,
        )
    assert process.stdin is not None
    before = signal.signal(signal.SIGTERM, lambda number, frame: process.terminate())
    try:
        started(page)
        code = process.wait()
    except KeyboardInterrupt:
        process.stdin.close()
        process.wait()
        return
    finally:
        process.stdin.close()
        signal.signal(signal.SIGTERM, before)
    if code > 0:
        raise StorageError(f"MLflow 界面意外结束（退出码 {code}）。", f"详情见“{log}”。")


def _latest_runs(tracker: Tracker) -> str:
    """The page of the runs of the series that was forecast last; empty where there is none."""
    experiments = tracker.call(
        "查看实验",
        lambda client: client.search_experiments(
            max_results=1,
            filter_string="tags.region LIKE '%'",
            order_by=["last_update_time DESC"],
        ),
    )
    return runs_page(experiments[0].experiment_id) if experiments else ""


def _demand_free(host: str, port: int) -> None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise BusyError(
            f"无法在 {host} 的端口 {port} 上启动 MLflow 界面（{error.strerror}）。",
            "端口可能已被占用，请用 --port 换一个。",
        ) from error
