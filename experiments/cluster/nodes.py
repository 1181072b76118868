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
from employment_forecast.experiments.cluster.elsewhere import DIGEST, connect
from employment_forecast.experiments.cluster.fingerprint import (
    Fingerprint,
    fingerprint_of,
    read_fingerprint,
)
from employment_forecast.forecasting.backtest import THREAD_VARIABLES

if TYPE_CHECKING:
    from distributed import Scheduler, Worker

_SAID = "forecast"
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
        If this machine would not give the same bytes as the scheduler's.
    ClusterError
        If the scheduler does not answer.
    """
    address = parse_address(url)
    given = security(certificates, encrypted=address.encrypted)
    own = fingerprint_of()
    client = connect(address.url, given)
    try:
        theirs = read_fingerprint(client.sync(getattr(client.scheduler, FINGERPRINT)))
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
    quiet_dask()
    asyncio.run(_workers(address.url, jobs, given, own, say))


def announce(worker: Worker) -> None:
    """Have a worker tell the scheduler what it computes with (a preload of Dask's)."""

    async def said(_: object) -> str:
        return os.environ.get(DIGEST, "")

    worker.startup_information[_SAID] = said


async def _workers(url: str, jobs: int, given: Any, own: Fingerprint, say: Say) -> None:
    from distributed import Nanny

    threads = dict.fromkeys(THREAD_VARIABLES, "1")
    nannies = [
        Nanny(
            url, nthreads=1, name=f"{platform.node()}-{os.getpid()}-{i}", security=given,
            env={**threads, DIGEST: own.digest}, preload=[f"{__package__}.preload"],
            dashboard=False, dashboard_address="127.0.0.1:0", silence_logs=logging.CRITICAL,
        )
        for i in range(jobs)
    ]  # fmt: skip
    ended = _until_told()
    await asyncio.gather(*nannies)
    say(f"{jobs} 个工作进程已加入 {url}，{own.program}。")
    await ended.wait()
    await asyncio.gather(*(nanny.close(timeout=5) for nanny in nannies))
