"""The processes of a cluster: one scheduler, and workers on every machine that helps."""

from __future__ import annotations

import asyncio
import logging
import os
import platform
import signal
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from employment_forecast.data.errors import BusyError, RefusedError
from employment_forecast.experiments.cluster.connection import (
    FINGERPRINT,
    ClusterError,
    demand_encryption,
    parse_address,
    quiet_dask,
    security,
)
from employment_forecast.experiments.cluster.elsewhere import DIGEST, asked_fingerprint, connect
from employment_forecast.experiments.cluster.fingerprint import (
    Fingerprint,
    fingerprint_of,
)
from employment_forecast.forecasting.backtest import THREAD_VARIABLES

if TYPE_CHECKING:
    from distributed import Scheduler, Worker

_SAID = "forecast"
# A worker whose scheduler is away asks for it again after so long.
AGAIN_SECONDS = 15.0
Say = Callable[[str], None]


def serve_scheduler(host: str, port: int, certificates: Path | None, say: Say) -> None:
    """Run the scheduler until it is interrupted or terminated.

    Parameters
    ----------
    host, port : str, int
        Where it listens.
    certificates : pathlib.Path or None
        Folder of this machine's; None within one machine only.
    say : callable
        Gets a line for people when it is ready and when it refuses a worker.

    Raises
    ------
    SettingsError
        If it would be open to others, or certificates are not fit for use.
    BusyError
        If the port is taken.
    """
    encrypted = certificates is not None
    demand_encryption(host, encrypted=encrypted)
    given = security(certificates, encrypted=encrypted)
    own = fingerprint_of()
    quiet_dask()
    asyncio.run(_scheduler(host, port, given, own, say))


async def _scheduler(host: str, port: int, given: Any, own: Fingerprint, say: Say) -> None:
    from distributed import Scheduler
    from distributed.diagnostics.plugin import SchedulerPlugin

    class OnlyEqual(SchedulerPlugin):  # type: ignore[misc, unused-ignore]
        """Lets in workers that compute the same bytes, and no others."""

        async def add_worker(self, scheduler: Scheduler, worker: str) -> None:
            state = scheduler.workers.get(worker)
            if state is not None and state.extra.get(_SAID) != own.digest:
                say(f"拒绝工作进程 {worker}：版本或试算结果与调度程序不同。")
                await scheduler.remove_worker(worker, stimulus_id="forecast-refused", safe=True)

    async def told(**_: object) -> dict[str, str]:
        return asdict(own)

    protocol = "tls" if given is not None else "tcp"
    try:
        scheduler = await Scheduler(
            host=host, port=port, protocol=protocol, security=given,
            dashboard=False, dashboard_address="127.0.0.1:0",
            plugins=[OnlyEqual()],
        )  # fmt: skip
    except OSError as error:
        raise BusyError(
            f"无法在 {host} 的端口 {port} 上启动调度程序（{error.strerror}）。",
            "端口可能已被占用，请用 --port 换一个。",
        ) from error
    scheduler.handlers[FINGERPRINT] = told
    say(f"调度程序已就绪：{scheduler.address}，{own.program}。")
    ended = _until_told()
    await ended.wait()
    await scheduler.close()


def _until_told() -> asyncio.Event:
    """An event that Ctrl-C and termination set."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    return ended


def serve_workers(url: str, jobs: int, certificates: Path | None, say: Say) -> None:
    """Run workers until they are interrupted or terminated.

    One whose connection is lost joins again when the scheduler is back.

    Parameters
    ----------
    url : str
        Address of the scheduler.
    jobs : int
        Processes.
    certificates : pathlib.Path or None
        Folder of this machine's.
    say : callable
        Gets a line for people.

    Raises
    ------
    RefusedError
        If this machine would not give the same bytes as the scheduler's, now or when it comes back.
    ClusterError
        If the scheduler does not answer.
    """
    address = parse_address(url)
    given = security(certificates, encrypted=address.encrypted)
    own = fingerprint_of()
    _demand_equal(address.url, given, own)
    quiet_dask()
    asyncio.run(_workers(address.url, jobs, given, own, say))


def _demand_equal(url: str, given: Any, own: Fingerprint) -> None:
    """Refuse to work for a scheduler whose machine would give other bytes."""
    client = connect(url, given)
    try:
        theirs = asked_fingerprint(client)
    except Exception as error:
        raise ClusterError(f"{url} 的调度程序不是由 forecast cluster scheduler 启动的。") from error
    finally:
        client.close(timeout=2)
    if difference := theirs.difference(own):
        raise RefusedError(
            f"本机不能加入集群：{difference}。",
            "请在各机安装同一版本（同一份 constraints.txt）；处理器不同时，各机（含调度程序和运行"
            "月度作业的机器）设同一个 OPENBLAS_CORETYPE，或只用同一种处理器。",
        )


def announce(worker: Worker) -> None:
    """Have a worker tell the scheduler what it computes with (a preload of Dask's)."""

    async def said(_: object) -> str:
        return os.environ.get(DIGEST, "")

    worker.startup_information[_SAID] = said


async def _workers(url: str, jobs: int, given: Any, own: Fingerprint, say: Say) -> None:
    from distributed import Nanny

    threads = dict.fromkeys(THREAD_VARIABLES, "1")
    ended, lost = _until_told(), asyncio.Event()

    async def joined(number: int) -> Nanny:
        # Its part of this machine's memory; Dask's own rule would give it that of one core,
        # however few processes there are.
        return await Nanny(
            url, nthreads=1, memory_limit=1 / jobs, security=given,
            name=f"{platform.node()}-{os.getpid()}-{number}",
            env={**threads, DIGEST: own.digest}, preload=[f"{__package__}.preload"],
            dashboard=False, dashboard_address="127.0.0.1:0", silence_logs=logging.CRITICAL,
        )  # fmt: skip

    async def again(number: int) -> Nanny:
        """A worker in the place of one that lost its scheduler, when there is one again."""
        if not lost.is_set():
            lost.set()
            say(f"与 {url} 的连接中断，每 {AGAIN_SECONDS:.0f} 秒重试一次。")
        while True:
            await asyncio.sleep(AGAIN_SECONDS)
            try:
                # It may be of another version now.
                await asyncio.to_thread(_demand_equal, url, given, own)
                made = await joined(number)
            except (ClusterError, OSError, TimeoutError, RuntimeError):
                continue
            if lost.is_set():
                lost.clear()
                say(f"已重新加入 {url}。")
            return made

    async def serve(number: int, nanny: Nanny) -> None:
        try:
            while True:
                await nanny.finished()
                nanny = await again(number)
        finally:
            await nanny.close(timeout=5)

    nannies = await asyncio.gather(*(joined(i) for i in range(jobs)))
    say(f"{jobs} 个工作进程已加入 {url}，{own.program}。")
    serving = [asyncio.create_task(serve(i, nanny)) for i, nanny in enumerate(nannies)]
    told = asyncio.create_task(ended.wait())
    waiting: list[asyncio.Task[Any]] = [told, *serving]
    done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in serving:
        task.cancel()
    await asyncio.gather(*serving, return_exceptions=True)
    for task in done - {told}:
        task.result()
