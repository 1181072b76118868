"""Processes that do region after region, so that one that hangs can be ended.

They live for a whole cycle and import libraries once. Each leads a group of its own: when a region
takes too long, the whole group with its model workers is ended and the next region gets a new
process.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from multiprocessing.process import BaseProcess
from pathlib import Path

from employment_forecast.data.errors import ForecastError, as_forecast_error
from employment_forecast.data.files import lock
from employment_forecast.data.workspace import Workspace
from employment_forecast.experiments.cycle.journal import RegionResult
from employment_forecast.experiments.cycle.records import cycle_folder
from employment_forecast.forecasting.backtest import watch_parent

if sys.platform == "win32":
    from multiprocessing.connection import PipeConnection as Link
else:
    from multiprocessing.connection import Connection as Link

WORKING = "worker.lock"
_ENDING_SECONDS = 5.0


@dataclass(frozen=True)
class RegionTask:
    """What a worker is asked to do.

    Attributes
    ----------
    region, indicator : str
        Catalogue codes.
    as_of : datetime.date
        Day of the cycle.
    jobs : int
        Processes it may use for itself; no result depends on it.
    members : tuple of str
        What is done with it, itself the first: regions, and groups as 310114/men, that are made to
        add up. Empty for a region by itself.
    """

    region: str
    indicator: str
    as_of: date
    jobs: int = 1
    members: tuple[str, ...] = ()


class RegionTimeout(Exception):
    """A region took longer than allowed."""


class WorkerDied(Exception):
    """The process ended without an answer."""


# A result for each region of the task, told as it ends: what is published is not done again.
CarryThrough = Callable[[RegionTask], Iterable[RegionResult]]
Prepare = Callable[[Path], CarryThrough]


def _serve(link: Link, root: Path, prepare: Prepare, parent: int) -> None:
    """Do tasks until the link closes; runs in the worker process."""
    # Ctrl-C reaches the parent's group; the parent alone decides what happens then.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "setsid"):
        os.setsid()
    gc.set_threshold(20_000)  # as for every command, see `cli.shell.environment`
    threading.Thread(target=watch_parent, args=(parent,), daemon=True).start()
    carry_through: CarryThrough | None = None
    # Libraries are loaded while the parent still takes files in. What is wrong with the workspace
    # is told when something is asked for.
    with suppress(Exception):
        carry_through = prepare(root)
    while True:
        try:
            task = link.recv()
        except EOFError:
            return
        try:
            carry_through = carry_through or prepare(root)
            with lock(cycle_folder(Workspace(root)) / WORKING, shared=True):
                for result in carry_through(task):
                    link.send(result)
            link.send(None)
        except Exception as error:  # noqa: BLE001  # one region's fault must not end the cycle
            link.send(as_forecast_error(error))


class Worker:
    """The process, started at the beginning of a `with` block and again where it has ended.

    Parameters
    ----------
    root : pathlib.Path
        The workspace.
    prepare : callable
        Makes the function that does a task; importable by name, since it runs in a process of
        its own.
    seconds : float
        Longest time for one task.
    """

    def __init__(self, root: Path, prepare: Prepare, seconds: float) -> None:
        self._root = root
        self._prepare = prepare
        self._seconds = seconds
        self._process: BaseProcess | None = None
        self._link: Link | None = None

    def __enter__(self) -> Worker:
        self._started()
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def ask(self, task: RegionTask) -> Iterator[RegionResult]:
        """Have a task done; a result for each of its regions, as they end."""
        link = self._started()
        deadline = time.monotonic() + self._seconds * max(len(task.members), 1)
        try:
            link.send(task)
            while True:
                if not link.poll(max(deadline - time.monotonic(), 0.0)):
                    raise RegionTimeout
                answer = link.recv()
                if not isinstance(answer, RegionResult):
                    break
                yield answer
        except (EOFError, BrokenPipeError, ConnectionResetError) as error:
            self._end()
            raise WorkerDied from error
        except BaseException:
            self._end()
            raise
        if isinstance(answer, ForecastError):
            raise answer

    def _started(self) -> Link:
        if self._link is not None and self._process is not None and self._process.is_alive():
            return self._link
        self._end()
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=_serve, args=(theirs, self._root, self._prepare, os.getpid()), name="monthly"
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
        if process is None:
            return
        process.join(0 if process.exitcode is not None else 0.5)
        if process.is_alive():
            _kill_group(process)
            process.join(_ENDING_SECONDS)
        process.close()


class Workers:
    """As many processes as regions are done at a time; the first starts with the `with` block.

    Parameters
    ----------
    root, prepare, seconds
        As for `Worker`.
    jobs : int
        Most processes at work at a time.
    """

    def __init__(self, root: Path, prepare: Prepare, seconds: float, jobs: int) -> None:
        self._root = root
        self._jobs = jobs
        self._workers = [Worker(root, prepare, seconds) for _ in range(jobs)]

    def __enter__(self) -> Workers:
        # The workers of a cycle that was killed end a moment after it: no region is done twice at
        # once.
        with lock(cycle_folder(Workspace(self._root)) / WORKING):
            pass
        self._workers[0].__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.__exit__()

    def results(
        self,
        tasks: Sequence[RegionTask],
        ask: Callable[[Worker, RegionTask], Iterator[RegionResult]],
    ) -> Iterator[RegionResult]:
        """What became of each region, as they end.

        Parameters
        ----------
        tasks : sequence of RegionTask
            In the order in which they are begun.
        ask : callable
            Has a worker do a task; it raises nothing that a region alone is to blame for.
        """
        waiting: queue.SimpleQueue[RegionTask] = queue.SimpleQueue()
        # None where a task is over.
        ended: queue.SimpleQueue[RegionResult | BaseException | None] = queue.SimpleQueue()
        used = min(self._jobs, len(tasks))
        for task in tasks:
            # Where there are fewer regions than processors, each may start processes of its own.
            waiting.put(replace(task, jobs=self._jobs // used))
        over = threading.Event()

        def serve(worker: Worker) -> None:
            while not over.is_set():
                try:
                    task = waiting.get_nowait()
                except queue.Empty:
                    return
                try:
                    for result in ask(worker, task):
                        ended.put(result)
                    ended.put(None)
                except BaseException as error:  # noqa: BLE001  # raised again below
                    ended.put(error)
                    return

        for worker in self._workers[:used]:
            threading.Thread(target=serve, args=(worker,), daemon=True).start()
        left = len(tasks)
        try:
            while left:
                result = ended.get()
                if isinstance(result, BaseException):
                    raise result
                if result is None:
                    left -= 1
                else:
                    yield result
        finally:
            over.set()


def _kill_group(process: BaseProcess) -> None:
    pid = process.pid
    if sys.platform != "win32" and pid is not None:
        try:
            os.killpg(pid, signal.SIGKILL)
            return
        except ProcessLookupError:
            pass  # it has not come to lead a group yet
    process.kill()
