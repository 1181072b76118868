"""Have tasks computed by a cluster; what it does not answer for is computed here."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from employment_forecast.data.errors import ForecastError
from employment_forecast.data.workspace import Settings, Workspace
from employment_forecast.experiments.cluster.connection import (
    FINGERPRINT,
    ClusterError,
    parse_address,
    quiet_dask,
    security,
)
from employment_forecast.experiments.cluster.fingerprint import (
    Fingerprint,
    fingerprint_of,
    read_fingerprint,
)
from employment_forecast.forecasting.backtest import (
    Results,
    Task,
    TaskResult,
    compute_single_threaded,
    pack,
    unpack,
)
from employment_forecast.models import roster
from employment_forecast.models.paths import Failure

if TYPE_CHECKING:
    from distributed import Client, Future

DIGEST = "CLUSTER_FINGERPRINT"
_LOOK_SECONDS = 2.0
# Whether work is done is known here in between, at no cost.
_LOOKS = 40
# A scheduler that did not answer is not asked again by every region of a cycle.
_AWAY_SECONDS = 300.0
# With work open and no result for so long, somebody hangs. Who is merely slow loses nothing but
# that the same is computed here too.
_STALLED_SECONDS = 600.0
# A worker that has ended is started anew within seconds.
_WITHOUT_WORKERS_SECONDS = 30.0
# A network that has fallen silent answers nothing and ends no connection.
_ANSWER_SECONDS = 10.0
_CUT = "与调度程序的连接中断，或工作进程都已离开。"


def answer(work: bytes) -> bytes:
    """Tasks in, results out; the one function that a cluster runs for us."""
    results = [compute_single_threaded(task) for task in unpack(work)]
    return pack({"fingerprint": os.environ.get(DIGEST, ""), "done": results})


def _leave(client: Client) -> None:
    """Close a connection; one that was cut raises again what reconnecting has ended with."""
    with suppress(Exception):
        client.close(timeout=2)
    # Else it would be closed again, and tell of it, whenever its memory is taken back.
    client.status = "closed"


class Cluster:
    """Computes tasks on the machines of a cluster; see `forecasting.backtest.run_tasks`.

    Parameters
    ----------
    url : str
        Address of the scheduler.
    certificates : pathlib.Path or None
        Folder of this machine's.
    kept : pathlib.Path or None
        Where the trial of this machine is kept.
    """

    def __init__(self, url: str, certificates: Path | None, kept: Path | None = None) -> None:
        self.address = parse_address(url)
        self._certificates = certificates
        self._kept = kept
        self._client: Client | None = None
        self._own: Fingerprint | None = None
        self._away: tuple[float, ForecastError] | None = None
        self.notes: list[str] = []

    def __call__(self, tasks: Sequence[Task], here: Callable[[Sequence[Task]], Results]) -> Results:
        """Compute tasks, in any order."""
        # Models that this process registered are known to no other.
        away = [t for t in tasks if t.cells[0].model not in roster.registered()]
        rest = [t for t in tasks if t.cells[0].model in roster.registered()]
        if away:
            client = self._reached()
            rest = list(tasks) if client is None else rest + (yield from self._there(client, away))
        if rest:
            yield from here(rest)

    def _reached(self) -> Client | None:
        """The connection; None, with a note, where there is none or nobody at work."""
        if self._away is None or time.monotonic() - self._away[0] > _AWAY_SECONDS:
            self._away = None
            try:
                client = self.connected()
                if not addresses(client):
                    raise ClusterError("没有可用的工作进程。")
            except ForecastError as error:
                self._away = (time.monotonic(), error)
                self.close()
            else:
                return client
        self._say(self._away[1])
        return None

    def take_notes(self) -> list[str]:
        """What people should know since this was last asked, in Chinese."""
        notes, self.notes = self.notes, []
        return notes

    def _say(self, error: ForecastError) -> None:
        note = f"集群不可用，已在本机计算（{error.message.rstrip('。')}）"
        if note not in self.notes:
            self.notes.append(note)

    def close(self) -> None:
        """Leave the cluster."""
        client, self._client = self._client, None
        if client is not None:
            _leave(client)

    def connected(self) -> Client:
        """The connection, after both ends have been found to compute alike.

        Raises
        ------
        ClusterError
            If the scheduler does not answer, or is of another version.
        SettingsError
            If certificates are not fit for use.
        """
        if self._client is not None and self._client.status == "running":
            return self._client
        self.close()
        client = connect(self.address.url, security_of(self))
        try:
            self._own = self._own or fingerprint_of(self._kept)
            theirs = asked_fingerprint(client)
            if difference := self._own.difference(theirs):
                raise ClusterError(f"调度程序与本机不一致：{difference}。", "请安装同一版本。")
        except Exception as error:
            _leave(client)
            if isinstance(error, ForecastError):
                raise
            raise ClusterError(
                f"{self.address.url} 的调度程序不是由 forecast cluster scheduler 启动的。", ""
            ) from error
        self._client = client
        return client

    def _there(
        self, client: Client, tasks: Sequence[Task]
    ) -> Generator[tuple[Task, TaskResult], None, list[Task]]:
        """Results of the cluster; returns the tasks that it lost."""
        waiting: dict[Future, list[Task]] = {}
        at_work, gone = addresses(client), set[str]()
        for share in shared_out(tasks, max(1, len(at_work))):
            work = pack(share)
            key = f"forecast-{hashlib.sha256(work).hexdigest()}"
            waiting[client.submit(answer, work, key=key, pure=False)] = share
        lost: list[Task] = []
        seen = moved = time.monotonic()
        try:
            while waiting:
                ended = [f for f in waiting if f.done()]
                for future in ended:
                    share = waiting.pop(future)
                    results = self._read(future, share)
                    if results is None:
                        lost += share
                    else:
                        yield from zip(share, results, strict=True)
                if ended:
                    moved = time.monotonic()
                    continue
                with suppress(ClusterError):
                    present = addresses(client)
                    gone, at_work = gone | (at_work - present), present
                    seen = time.monotonic() if present else seen
                if client.status == "closed" or (
                    time.monotonic() - seen > _WITHOUT_WORKERS_SECONDS
                ):
                    lost += [task for share in waiting.values() for task in share]
                    self._say(_lost(_CUT, len(gone)))
                    # Whether it would take the work back is not to be waited for.
                    self.close()
                    break
                if time.monotonic() - moved > _STALLED_SECONDS:
                    lost += [task for share in waiting.values() for task in share]
                    minutes = f"{_STALLED_SECONDS / 60:.0f} 分钟"
                    stalled = _lost(f"工作进程 {minutes}没有交出任何结果。", len(gone))
                    # The next region does not wait for it as long again.
                    self._away = (time.monotonic(), stalled)
                    self._say(stalled)
                    break
                _pause(list(waiting))
        finally:
            if waiting and client.status == "running":
                client.cancel(list(waiting))
        return lost

    def _read(self, future: Future, share: Sequence[Task]) -> list[TaskResult] | None:
        """Results of a share; None, with a note, where they are not what we would compute."""
        try:
            reply = unpack(future.result(timeout=10))
            assert self._own is not None
            if reply["fingerprint"] != self._own.digest:
                raise ClusterError("一个工作进程的版本或数值与本机不同。")
            results: list[TaskResult] = reply["done"]
            counts = [len(d.outcomes) for d in results]
            if counts != [len(t.cells) for t in share]:
                raise ClusterError("一个工作进程的答复不完整。")
            failed = (
                o for d in results for o in d.outcomes if isinstance(o, Failure) and o.passing
            )
            if (failure := next(failed, None)) is not None:
                # Its memory or its libraries, not the model.
                why = failure.reason.rstrip("。")
                raise ClusterError(f"一个工作进程没有算出（{why}）。")
        except ClusterError as error:
            self._say(error)
            return None
        # Killed too often, out of memory, damaged on the way: computed here, where a fault of the
        # model itself shows as what it is.
        except Exception as error:  # noqa: BLE001
            from distributed import KilledWorker

            # What the work itself raises comes back as an answer: these are faults of the way.
            status = None if self._client is None else self._client.status
            cut = isinstance(error, OSError) or status not in (None, "running")
            ended = error.allowed_failures + 1 if isinstance(error, KilledWorker) else 0
            undone = "一份工作没有完成" + ("。" if ended else f"（{type(error).__name__}）。")
            self._say(ClusterError(_CUT) if cut else _lost(undone, ended))
            return None
        return results


def asked_fingerprint(client: Client) -> Fingerprint:
    """What the scheduler's machine computes with."""
    question = getattr(client.scheduler, FINGERPRINT)
    return read_fingerprint(client.sync(question, callback_timeout=_ANSWER_SECONDS))


def _lost(what: str, ended: int) -> ClusterError:
    """Error for work that the cluster lost, with the worker processes that ended over it.

    Neither Dask nor the system tells us why they did.
    """
    if not ended:
        return ClusterError(what)
    return ClusterError(
        f"{what.rstrip('。')}，其间有 {ended} 个工作进程退出或失联，常见原因是内存不足："
        "请在工作机上用 forecast cluster worker 的 --jobs 减少工作进程，或增加内存。"
    )


def addresses(client: Client) -> set[str]:
    """Addresses of the worker processes, as the scheduler says now.

    Raises
    ------
    ClusterError
        If it does not answer.
    """
    if client.status != "running":
        raise ClusterError(_CUT)
    try:
        told = client.sync(client.scheduler.identity, callback_timeout=_ANSWER_SECONDS)
        return set(told["workers"])
    except Exception as error:
        raise ClusterError("调度程序没有应答。") from error


def _pause(waiting: Sequence[Any]) -> None:
    """Until some work is done, or the scheduler is to be asked again how its workers are."""
    # Dask's own `wait` asks for a client that is everybody's, and one that was cut ends it at once.
    for _ in range(_LOOKS):
        if any(future.done() for future in waiting):
            return
        time.sleep(_LOOK_SECONDS / _LOOKS)


def shared_out(tasks: Sequence[Task], workers: int) -> list[list[Task]]:
    """Shares of about equal cost, a few for each worker, so that none waits long for another."""
    count = max(1, min(len(tasks), 2 * workers))
    shares: list[list[Task]] = [[] for _ in range(count)]
    costs = [0.0] * count
    for task in sorted(tasks, key=lambda t: -t.cost):
        least = costs.index(min(costs))
        shares[least].append(task)
        costs[least] += task.cost
    return shares


def security_of(cluster: Cluster) -> Any:
    """What Dask is told of a cluster's certificates."""
    return security(cluster._certificates, encrypted=cluster.address.encrypted)


def connect(url: str, given: Any) -> Client:
    """A client of the scheduler.

    Raises
    ------
    ClusterError
        If it does not answer, or refuses our certificate.
    """
    quiet_dask()
    from distributed import Client

    try:
        return Client(url, security=given, timeout=10, set_as_default=False)
    except Exception as error:
        raise ClusterError(
            f"调度程序 {url} 没有应答（{type(error).__name__}）。",
            "请核对地址、端口、防火墙，以及两端的证书是否出自同一签发证书。",
        ) from error


def cluster_of(settings: Settings, workspace: Workspace) -> Cluster | None:
    """The cluster that the settings name; None where computing is local.

    Raises
    ------
    SettingsError
        If its address is none.
    """
    if settings["compute.engine"] != "dask":
        return None
    folder: str = settings["compute.certificates"]
    return Cluster(
        settings["compute.scheduler"],
        workspace.root / folder if folder else None,
        workspace.cells.with_name("trial.json"),
    )
