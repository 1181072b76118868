"""`forecast` as forks of one process that has imported everything; see `fork_server.py`."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

from employment_forecast.data.files.locks import lock
from support.lines import ASKED, FILE
from support.processor_time import add_fork
from support.shared import shared_by_workers

SERVER = Path(__file__).with_name("fork_server.py")
SIZE, PID, ENDED = struct.Struct("!I"), struct.Struct("!i"), struct.Struct("!id")


@dataclass
class Fork:
    """A command under way, to be handled as `subprocess.Popen` is."""

    pid: int
    _reports: int
    _out: IO[bytes]
    _err: IO[bytes]
    returncode: int | None = None

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def communicate(self, timeout: float) -> tuple[bytes, bytes]:
        """What it wrote until its end."""
        # `select` knows no descriptor above 1023, and a session of one worker has more open.
        reports = select.poll()
        reports.register(self._reports, select.POLLIN)
        if not reports.poll(timeout * 1000):
            raise TimeoutError
        self.returncode, seconds = ENDED.unpack(os.read(self._reports, ENDED.size))
        os.close(self._reports)
        add_fork(seconds)
        with self._out, self._err:
            return _content(self._out), _content(self._err)

    def end(self) -> None:
        """Kill it if nobody has waited for its end."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self.communicate(600)


class Forks:
    """Runs commands one after the other, each in a process of its own."""

    def __init__(self, folder: Path, address: Path, databases: Path) -> None:
        self._folder = folder
        self._address = address
        self._databases = databases
        self._server: subprocess.Popen[bytes] | None = None
        self._to_server: socket.socket | None = None

    @property
    def _connection(self) -> socket.socket:
        """To the server of the session, which the first worker that needs it starts."""
        if self._to_server is None:
            self._to_server = socket.socket(socket.AF_UNIX)
            with lock(self._address.with_suffix(".lock")):
                if not self._address.exists():
                    self._start()
                self._to_server.connect(str(self._address))
        return self._to_server

    def _start(self) -> None:
        kept = ("PATH", "HOME", "TMPDIR", ASKED, FILE)
        environment = {k: v for k, v in os.environ.items() if k in kept}
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(self._address))
            listening.listen()
            self._server = subprocess.Popen(
                [sys.executable, str(SERVER), str(self._address), str(self._databases)],
                stdin=listening,
                stdout=subprocess.DEVNULL,
                env={**environment, "LANG": "C.UTF-8"},
                cwd=self._folder,
            )

    def run(
        self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path, timeout: float
    ) -> tuple[int, bytes, bytes]:
        """Exit code, standard output and standard error of the console script."""
        request = json.dumps([list(arguments), dict(environment), str(folder)]).encode()
        with (
            Path(os.devnull).open("rb") as empty,
            tempfile.TemporaryFile() as out,
            tempfile.TemporaryFile() as err,
        ):
            streams = [empty.fileno(), out.fileno(), err.fileno()]
            self._connection.settimeout(timeout)
            socket.send_fds(self._connection, [SIZE.pack(len(request))], streams)
            self._connection.sendall(request)
            (child,) = PID.unpack(self._received(PID.size))
            try:
                code, seconds = ENDED.unpack(self._received(ENDED.size))
            except TimeoutError:
                os.kill(child, signal.SIGKILL)
                self._connection.settimeout(600)
                self._received(ENDED.size)
                raise
            add_fork(seconds)
            return code, _content(out), _content(err)

    def begin(self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path) -> Fork:
        """The same without waiting for its end."""
        request = json.dumps([list(arguments), dict(environment), str(folder)]).encode()
        out, err = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115
        reports, report = os.pipe()
        with Path(os.devnull).open("rb") as empty:
            streams = [empty.fileno(), out.fileno(), err.fileno(), report]
            socket.send_fds(self._connection, [SIZE.pack(len(request))], streams)
            self._connection.sendall(request)
        os.close(report)
        (child,) = PID.unpack(os.read(reports, PID.size))
        return Fork(child, reports, out, err)

    def _received(self, size: int) -> bytes:
        content = b""
        while len(content) < size:
            more = self._connection.recv(size - len(content))
            assert more, "the server of forks has ended"
            content += more
        return content

    def stop(self) -> None:
        """Let the server end, once no other worker needs it either."""
        if self._to_server is not None:
            self._to_server.close()
        if self._server is not None:
            self._server.wait()
            # From here on all forks are counted with the server.
            add_fork(-float(self._address.with_suffix(".seconds").read_text("utf-8")))


def _content(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


@pytest.fixture(scope="session")
def forks(tmp_path_factory: pytest.TempPathFactory, databases: Path) -> Iterator[Forks]:
    """To the server of forks of this session; it starts with the first command."""
    address = shared_by_workers(tmp_path_factory.getbasetemp()) / "forks"
    server = Forks(tmp_path_factory.mktemp("forks"), address, databases)
    yield server
    server.stop()
