"""The processes of a cluster on this machine, and a network between them that can be cut."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from employment_forecast.experiments.cluster.certificates import make_certificates
from support.cluster_node import TRIAL
from support.paths import TESTS
from support.processes import Processes


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Office:
    """The processes of a cluster, as they are started on its machines."""

    def __init__(self, folder: Path) -> None:
        self.processes = Processes()
        self.port = free_port()
        made = make_certificates(folder / "证书", ["office", "helper"])
        self.certificates, self.helper = made
        self.url = f"tls://127.0.0.1:{self.port}"

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        script = str(TESTS / "support" / "cluster_node.py")
        environment = {**os.environ, "PYTHONPATH": str(TESTS), "PYTHONUTF8": "1"}
        return self.processes.start(
            [sys.executable, script, *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def said(self, process: subprocess.Popen[str]) -> str:
        """The next line of a process that is in Chinese: a library's report is no word of ours."""
        assert process.stdout is not None
        return next((line for line in process.stdout if not line.isascii()), "")

    def scheduler(self) -> subprocess.Popen[str]:
        started = self.start(
            "scheduler", "127.0.0.1", str(self.port), str(self.certificates), TRIAL
        )
        assert "已就绪" in self.said(started)
        return started

    def workers(self, jobs: int, url: str = "") -> subprocess.Popen[str]:
        started = self.start("worker", url or self.url, str(jobs), str(self.helper), TRIAL)
        assert f"{jobs} 个工作进程已加入" in self.said(started)
        return started


class Network:
    """A way to a port of this machine that can be cut or fall silent."""

    def __init__(self, to: int) -> None:
        self._to = to
        self.port = free_port()
        self.url = f"tls://127.0.0.1:{self.port}"
        self._open: list[socket.socket] = []
        self._flows = threading.Event()
        self._listener: socket.socket | None = None
        self.restore()

    def restore(self) -> None:
        """Let through what comes from now on."""
        self._flows.set()
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                ours, _ = listener.accept()
            except OSError:
                return
            try:
                theirs = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                ours.close()
                continue
            self._open += [ours, theirs]
            for one, other in ((ours, theirs), (theirs, ours)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                self._flows.wait()
                other.sendall(data)
        for end in (one, other):
            with suppress(OSError):
                end.close()

    def silence(self) -> None:
        """Carry nothing more, while both ends believe that they are connected."""
        self._flows.clear()

    def cut(self) -> None:
        """End all connections and take no new ones."""
        assert self._listener is not None
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for end in self._open:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._open = []
        self._flows.set()
