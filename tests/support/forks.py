"""`forecast` as forks of one process that has imported everything; see `fork_server.py`."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest
from coverage import Coverage

from support.lines import add_lines
from support.processor_time import add_fork

SERVER = Path(__file__).with_name("fork_server.py")
SIZE, PID, ENDED = struct.Struct("!I"), struct.Struct("!i"), struct.Struct("!id")


@dataclass
class Fork:
    """A command under way, to be handled as `subprocess.Popen` is."""

    pid: int
    _reports: int
    _out: IO[bytes]
    _err: IO[bytes]
    _count: Callable[[float], None]
    returncode: int | None = None

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def communicate(self, timeout: float) -> tuple[bytes, bytes]:
        """What it wrote until its end."""
        if not select.select([self._reports], [], [], timeout)[0]:
            raise TimeoutError
        self.returncode, seconds = ENDED.unpack(os.read(self._reports, ENDED.size))
        os.close(self._reports)
        self._count(seconds)
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

    def __init__(self, folder: Path, databases: Path) -> None:
        self._folder = folder
        self._databases = databases
        self._seconds = 0.0
        self._measured: set[tuple[str, str]] = set()
        self._server: subprocess.Popen[bytes] | None = None
        self._connection, self._far = socket.socketpair()

    def _start(self) -> None:
        kept = ("PATH", "HOME", "TMPDIR", "COVERAGE_CORE")
        environment = {k: v for k, v in os.environ.items() if k in kept}
        self._server = subprocess.Popen(
            [sys.executable, str(SERVER), str(self._databases)],
            stdin=self._far,
            stdout=subprocess.DEVNULL,
            env={**environment, "LANG": "C.UTF-8"},
            cwd=self._folder,
        )
        self._far.close()

    def run(
        self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path, timeout: float
    ) -> tuple[int, bytes, bytes]:
        """Exit code, standard output and standard error of the console script."""
        if self._server is None:
            self._start()
        measurement = Coverage.current()
        measured = measurement is not None and self._is_new(arguments)
        lines = self._folder / "lines.json"
        told = str(lines) if measured else ""
        request = json.dumps([told, list(arguments), dict(environment), str(folder)]).encode()
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
            self._count(seconds)
            if measurement is not None and measured:
                add_lines(measurement, json.loads(lines.read_text("utf-8")))
            return code, _content(out), _content(err)

    def begin(self, arguments: Sequence[str], environment: Mapping[str, str], folder: Path) -> Fork:
        """The same without waiting for its end."""
        if self._server is None:
            self._start()
        request = json.dumps(["", list(arguments), dict(environment), str(folder)]).encode()
        out, err = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115
        reports, report = os.pipe()
        with Path(os.devnull).open("rb") as empty:
            streams = [empty.fileno(), out.fileno(), err.fileno(), report]
            socket.send_fds(self._connection, [SIZE.pack(len(request))], streams)
            self._connection.sendall(request)
        os.close(report)
        (child,) = PID.unpack(os.read(reports, PID.size))
        return Fork(child, reports, out, err, self._count)

    def _count(self, seconds: float) -> None:
        self._seconds += seconds
        add_fork(seconds)

    def _is_new(self, arguments: Sequence[str]) -> bool:
        """Whether a word of this command comes for the first time in it, whatever the values.

        Measuring lines doubles what a command costs, and the second time shows few new ones.
        """
        words = [w for w in arguments[1:] if re.fullmatch(r"(--)?[a-z][a-z-]*", w)]
        new = {(words[0], w) for w in words} - self._measured
        self._measured |= new
        return bool(new)

    def _received(self, size: int) -> bytes:
        content = b""
        while len(content) < size:
            more = self._connection.recv(size - len(content))
            assert more, "the server of forks has ended"
            content += more
        return content

    def stop(self) -> None:
        self._connection.close()
        self._far.close()
        if self._server:
            add_fork(-self._seconds)  # from here on they are counted with the server
            self._server.wait(timeout=600)


def _content(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


@pytest.fixture(scope="session")
def forks(tmp_path_factory: pytest.TempPathFactory, databases: Path) -> Iterator[Forks]:
    """The server of forks of this session; it starts with the first command."""
    server = Forks(tmp_path_factory.mktemp("forks"), databases)
    yield server
    server.stop()
