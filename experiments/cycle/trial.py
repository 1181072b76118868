"""A file is read on trial by another process first: what takes too long is ended there.

Reading has no clock of its own. A file that was made to hold a reader for hours, or to fill the
memory, costs the cycle a bounded time and is returned; the other files are read as ever.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Mapping
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from employment_forecast.data.errors import DataError
from employment_forecast.data.workspace import Session
from employment_forecast.forecasting.backtest import watch_parent

CPU_SECONDS = 20
# Processor time counts; a file on a network that does not answer uses none.
WALL_SECONDS = 600
MEMORY = 3 * 1024**3


def _limit_time(cpu: int) -> None:
    if sys.platform == "win32":
        return
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (spent + cpu, hard))


def _limit_memory() -> None:
    if sys.platform == "win32":
        return
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, hard))


def _serve(link: Connection, entries: Mapping[str, Any], parent: int, cpu: int) -> None:
    """Read files on trial until the link closes; runs in a process of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=watch_parent, args=(parent,), daemon=True).start()
    from employment_forecast.data.catalogue import load_catalogue
    from employment_forecast.data.readers import read_file

    catalogue = load_catalogue(**entries)
    _limit_memory()
    while True:
        try:
            file = link.recv()
        except EOFError:
            return
        _limit_time(cpu)
        try:
            read_file(file, catalogue)
            link.send("")
        except MemoryError:
            link.send("内存")
        except Exception:  # noqa: BLE001  # what is wrong with the file is told when it is imported
            link.send("")


class TrialReader:
    """The process, started with the first file.

    Parameters
    ----------
    session : Session
        Its catalogue is used.
    cpu : int
        Seconds of processor time for one file.
    """

    def __init__(self, session: Session, cpu: int = CPU_SECONDS) -> None:
        self._cpu = cpu
        self._entries = {
            "extra_regions": session.settings.regions,
            "extra_indicators": session.settings.indicators,
            "where": str(session.workspace.settings_file),
        }
        self._process: BaseProcess | None = None
        self._link: Connection | None = None

    def __enter__(self) -> TrialReader:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def read(self, file: Path) -> None:
        """Read a file on trial.

        Raises
        ------
        DataError
            If that took too much time or memory.
        """
        link = self._started()
        try:
            link.send(file)
            answer = link.recv() if link.poll(WALL_SECONDS) else "时间"
        except (EOFError, BrokenPipeError, ConnectionResetError):
            answer = "时间或内存"
        if answer:
            self._end()
            raise DataError(
                f"读取这个文件要用的{answer}太多（处理器时间超过 {self._cpu} 秒，"
                f"或内存超过 {MEMORY // 1024**3} GB），已停止。",
                "请在办公软件中只保留数据，另存为 xlsx 或 csv 后重新放入。",
            )

    def _started(self) -> Connection:
        if self._link is not None and self._process is not None and self._process.is_alive():
            return self._link
        self._end()
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=_serve, args=(theirs, self._entries, os.getpid(), self._cpu), name="reading"
        )
        process.start()
        theirs.close()
        self._process, self._link = process, ours
        return ours

    def _end(self) -> None:
        process, link = self._process, self._link
        self._process = self._link = None
        if link is not None:
            link.close()
        if process is not None:
            process.join(0.5)
            if process.is_alive():
                process.kill()
            process.join()
            process.close()
