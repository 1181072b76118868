"""Run `forecast` in forks of one process that has imported everything: a start costs no imports.

Started by `forks.Forks` with a listening socket as standard input, its address and the folder of
databases that a workspace may begin with; it serves the workers of a session and ends with the last
of them. For each request it forks; the child has the arguments, environment, folder and streams of
the request and ends as a process of its own ends: with its exit code, its exit handlers and nothing
of ours behind it.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import io
import json
import multiprocessing.context
import os
import pkgutil
import re
import resource
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import traceback
from contextlib import redirect_stderr
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parents[2]
SIZE, PID, ENDED = struct.Struct("!I"), struct.Struct("!i"), struct.Struct("!id")
# What commands import inside their functions, so that help stays fast.
LIBRARIES = (
    "alembic.command", "docx", "holidays", "jsonschema", "lxml.etree",
    "matplotlib.backends.backend_agg", "matplotlib.figure", "mlflow", "mlflow.models",
    "mlflow.pyfunc", "mlflow.tracking", "openpyxl", "rich.progress", "rich.table", "scipy.optimize",
    "scipy.stats", "sqlalchemy.orm", "statsmodels.tsa.api", "xlrd",
    "mlflow.store.tracking.sqlalchemy_store", "mlflow.store.model_registry.sqlalchemy_store",
)  # fmt: skip
# What no command imports, or what needs an extra.
ELSEWHERE = re.compile(r"\.(release|benchmark|generator|migrations|cluster)\b")


def keep_newest_schema() -> None:
    """Let this process read MLflow's sixty migrations once, not for every database it opens."""
    from employment_forecast.experiments.tracking.quiet import silence

    silence()
    from mlflow.store.db import utils

    utils._get_latest_schema_revision = cache(utils._get_latest_schema_revision)


def preload() -> None:
    """Import what any command may need."""
    from employment_forecast.cli.shell import environment

    environment.prepare()
    from employment_forecast.experiments.tracking.quiet import silence

    silence()
    for name in LIBRARIES:
        importlib.import_module(name)
    from employment_forecast.experiments.tracking.program import program_version
    from employment_forecast.forecasting import fonts
    from employment_forecast.forecasting.backtest.identity import code_version

    # What a process finds out once and keeps: the same for every fork.
    code_version()
    program_version()
    fonts.register()
    keep_newest_schema()
    for floor in ("models", "features", "data", "forecasting", "experiments", "cli"):
        for module in pkgutil.walk_packages([str(ROOT / floor)], f"employment_forecast.{floor}."):
            if not ELSEWHERE.search(module.name):
                importlib.import_module(module.name)


def warm_up(databases: Path) -> None:
    """Run once, so that no fork compiles statements, draws a first chart or reads the calendar."""
    from employment_forecast.cli.main import cli
    from employment_forecast.cli.shell import failures

    home = Path.cwd() / "warm"
    shutil.copytree(databases, home)
    os.environ |= {"FORECAST_HOME": str(home), "FORECAST_TODAY": "2026-11-20"}
    small = ("--models", "theta", "--origins", "4", "--jobs", "1")
    with redirect_stderr(io.StringIO()):
        assert failures.run_and_translate(cli, ["run", "--region", "嘉定", *small]) == 0
    gc.collect()


class ForkedReader(multiprocessing.context.ForkProcess):
    """The process that reads files, as a fork; `data.readers.process` handles it as a `Popen`.

    That it can be started on its own is tested beside it and by what starts the console script.
    """

    def __init__(self, *_: object, **__: object) -> None:
        asked, ask = os.pipe()
        told, tell = os.pipe()
        super().__init__(target=self._serve, args=(asked, tell, (ask, told)), daemon=True)
        self.start()
        os.close(asked)
        os.close(tell)
        self.stdin, self.stdout = os.fdopen(ask, "wb"), os.fdopen(told, "rb")

    @staticmethod
    def _serve(asked: int, tell: int, others: tuple[int, int]) -> None:
        from employment_forecast.data.readers.process import serve

        os.setsid()
        for handle in others:
            os.close(handle)
        os.dup2(tell, 1)
        with os.fdopen(asked) as sys.stdin:
            serve()

    def poll(self) -> int | None:
        return self.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self.join(timeout)
        if self.exitcode is None:
            raise subprocess.TimeoutExpired("reader", timeout or 0.0)
        return self.exitcode


def become(request: list[Any], streams: list[int]) -> None:
    """Make this child the process that was asked for."""
    from employment_forecast.data.readers import process as reading

    for number, handle in enumerate(streams):
        os.dup2(handle, number)
        os.close(handle)
    arguments, environment, folder = request
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(folder)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Its workers are forks too. That they can be spawned is tested where they are, and by the tests
    # that start the console script itself.
    contexts = multiprocessing.context._concrete_contexts  # type: ignore[attr-defined]
    contexts["spawn"] = contexts["fork"]
    reading.subprocess = SimpleNamespace(
        Popen=ForkedReader, PIPE=subprocess.PIPE, TimeoutExpired=subprocess.TimeoutExpired
    )
    sys.argv = arguments
    sys.orig_argv[:] = [sys.executable, *sys.argv]


def run() -> int:
    """The console script."""
    from employment_forecast.cli.main import main

    try:
        main()
    except SystemExit as end:
        # What the interpreter makes of whatever is handed to sys.exit.
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        sys.stderr.write(f"{end.code}\n")
    except BaseException:
        traceback.print_exc()
    return 1


def end(code: int) -> NoReturn:
    """End as an interpreter does, but leave its memory as it is: taking it apart takes a second."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def apart(request: list[Any], streams: list[int], report: int) -> int:
    """Begin a command that nobody waits for yet, by a process that will tell `report` its end."""
    guard = os.fork()
    if guard:
        return guard
    child = os.fork()
    if child == 0:
        os.close(report)
        os.setsid()
        become(request, streams)
        end(run())
    os.write(report, PID.pack(child))
    _, status, usage = os.wait4(child, 0)
    code = os.waitstatus_to_exitcode(status)
    os.write(report, ENDED.pack(code, usage.ru_utime + usage.ru_stime))
    os._exit(0)


def serve(connection: socket.socket) -> None:
    """Answer requests until the other side is gone."""
    guards: list[int] = []
    while True:
        head, streams, *_ = socket.recv_fds(connection, SIZE.size, 4)
        if not head:
            for guard in guards:
                os.waitpid(guard, 0)
            return
        content = b""
        while len(content) < SIZE.unpack(head)[0]:
            content += connection.recv(65536)
        request = json.loads(content)
        assert threading.active_count() == 1  # a fork takes no other thread along
        if len(streams) == 4:
            guards.append(apart(request, streams[:3], streams[3]))
            for handle in streams:
                os.close(handle)
            continue
        child = os.fork()
        if child == 0:
            connection.close()
            become(request, streams)
            end(run())
        for handle in streams:
            os.close(handle)
        connection.sendall(PID.pack(child))
        _, status, usage = os.wait4(child, 0)
        code = os.waitstatus_to_exitcode(status)
        connection.sendall(ENDED.pack(code, usage.ru_utime + usage.ru_stime))


def serve_all(listening: socket.socket, starter: int) -> None:
    """Answer each worker by a fork, until nobody is connected any more."""
    handlers: set[int] = set()
    served = False
    while handlers or (not served and os.getppid() == starter):
        if select.select([listening], [], [], 0.5)[0]:
            connection, _ = listening.accept()
            handler = os.fork()
            if handler == 0:
                listening.close()
                serve(connection)
                os._exit(0)
            connection.close()
            handlers.add(handler)
            served = True
        handlers = {pid for pid in handlers if os.waitpid(pid, os.WNOHANG)[0] == 0}


if __name__ == "__main__":
    server, starter = socket.socket(fileno=os.dup(0)), os.getppid()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    importlib.import_module("lines")  # these processes are measured too
    sys.path.remove(str(Path(__file__).resolve().parent))
    address, databases = map(Path, sys.argv[1:])
    preload()
    warm_up(databases)
    gc.freeze()  # a collection in a child would copy every page
    serve_all(server, starter)
    address.unlink()
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    address.with_suffix(".seconds").write_text(str(usage.ru_utime + usage.ru_stime))
