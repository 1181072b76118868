"""Run tasks in worker processes, one BLAS thread each; results do not depend on their number."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from functools import lru_cache
from multiprocessing import resource_tracker

from threadpoolctl import ThreadpoolController

from employment_forecast.data.errors import ForecastError
from employment_forecast.forecasting.backtest.cells import Task, TaskResult, compute
from employment_forecast.models.contract import Parameters
from employment_forecast.models.paths import Outcome

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
# A new process imports the libraries of the models for 1.5 to 2 seconds before it computes
# anything; a unit of `Task.cost` is some 50 milliseconds of work.
WORTH_A_WORKER = 30.0

Progress = Callable[[int, int], None]
Results = Generator[tuple[Task, TaskResult], None, None]
# Computes tasks on other machines; what it cannot have done there it does by its second argument.
Elsewhere = Callable[[Sequence[Task], Callable[[Sequence[Task]], Results]], Results]


class WorkerError(ForecastError):
    """A worker process ended without an answer."""

    code = "worker"


def watch_parent(parent: int) -> None:
    """End this process when its parent is gone, so that a killed run leaves no process behind.

    Parameters
    ----------
    parent : int
        Process id; to be called in a thread of its own, since it never returns.
    """
    while True:
        if os.getppid() != parent:
            os._exit(1)
        time.sleep(1.0)


def _prepare(parent: int) -> None:
    # Ctrl-C reaches the whole process group; the parent alone decides what happens then.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=watch_parent, args=(parent,), daemon=True).start()


@lru_cache(maxsize=1)
def _threads(modules: int) -> ThreadpoolController:
    """The loaded numerical libraries, looked for again where modules were loaded since."""
    return ThreadpoolController()


def compute_single_threaded(task: Task) -> TaskResult:
    """As `compute`, with one BLAS thread: their number changes last bits."""
    with _threads(len(sys.modules)).limit(limits=1):
        return compute(task)


def _pool(jobs: int) -> ProcessPoolExecutor:
    for name in THREAD_VARIABLES:
        os.environ.setdefault(name, "1")
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(
        jobs, mp_context=context, initializer=_prepare, initargs=(os.getpid(),)
    )


@contextmanager
def _interrupts_deferred() -> Iterator[None]:
    """Hold Ctrl-C back while children start.

    Children inherit the mask and never see it; one that is still importing, before `_prepare`,
    would print a traceback. The mask covers this thread alone and numerical libraries start
    others, so a handler notes what comes by another thread: a start cut in two is a traceback too.
    """
    if sys.platform != "win32" and threading.current_thread() is threading.main_thread():
        noted: list[int] = []
        resource_tracker.ensure_running()  # started later, it would lift the mask
        handler = signal.signal(signal.SIGINT, lambda number, _: noted.append(number))
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            signal.signal(signal.SIGINT, handler or signal.SIG_DFL)
            if noted:
                signal.raise_signal(signal.SIGINT)
    else:
        yield


def _here(tasks: Sequence[Task]) -> Results:
    for task in tasks:
        yield task, compute_single_threaded(task)


def _in_workers(tasks: Sequence[Task], jobs: int) -> Results:
    pool = _pool(jobs)
    try:
        with _interrupts_deferred():
            waiting: dict[Future[TaskResult], Task] = {
                pool.submit(compute_single_threaded, task): task for task in tasks
            }
        while waiting:
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                yield waiting.pop(future), future.result()
    except BrokenProcessPool as error:
        raise WorkerError(
            "一个工作进程意外退出（可能内存不足或被系统终止）。",
            "请用 --jobs 1 重试，并检查可用内存。",
        ) from error
    except BaseException:
        for process in list((getattr(pool, "_processes", None) or {}).values()):
            process.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def workers_for(tasks: Sequence[Task], jobs: int) -> int:
    """Processes worth starting: 1, which is this one, where there is little to do."""
    worth = int(sum(task.cost for task in tasks) / WORTH_A_WORKER)
    return max(1, min(jobs, len(tasks), worth))


def run_tasks(
    tasks: Sequence[Task],
    jobs: int,
    progress: Progress | None = None,
    keep: Callable[[Mapping[str, Outcome], Mapping[str, Parameters]], None] | None = None,
    elsewhere: Elsewhere | None = None,
) -> dict[str, Outcome]:
    """Compute every cell of the tasks.

    Parameters
    ----------
    tasks : sequence of Task
        Best most expensive first.
    jobs : int
        Most worker processes; with 1, or little to do, this process computes by itself.
    progress : callable, optional
        Called with cells done and cells in all.
    keep : callable, optional
        Called with the outcomes of each task as it ends, and the parameters it has estimated, by
        key, so that an interrupted run loses little.
    elsewhere : callable, optional
        Computes on other machines.

    Returns
    -------
    dict
        Outcome by cell key.

    Raises
    ------
    WorkerError
        If a worker process dies.
    """
    total = sum(len(t.cells) for t in tasks)
    results: dict[str, Outcome] = {}
    if not tasks:
        return results

    def here(some: Sequence[Task]) -> Results:
        wanted = workers_for(some, jobs)
        return _here(some) if wanted <= 1 else _in_workers(some, wanted)

    # Closed at once when the caller is interrupted, so that no worker outlives this call.
    with closing(here(tasks) if elsewhere is None else elsewhere(tasks, here)) as stream:
        for task, result in stream:
            by_key = {c.key: o for c, o in zip(task.cells, result.outcomes, strict=True)}
            results |= by_key
            if keep:
                keep(by_key, {task.estimate_key: result.estimate} if result.estimate else {})
            if progress:
                progress(len(results), total)
    return results
