"""`forecast` as forks of one process that has imported everything; see `fork_server.py`."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

import pytest
from coverage import Coverage

from support.processor_time import add_fork

SERVER = Path(__file__).with_name("fork_server.py")
SIZE, PID, ENDED = struct.Struct("!I"), struct.Struct("!i"), struct.Struct("!id")


class Forks:
    """Runs commands one after the other, each in a process of its own."""

    def __init__(self, folder: Path, databases: Path) -> None:
        self._folder = folder
        self._databases = databases
        self._seconds = 0.0
        self._measured: set[frozenset[str]] = set()
        self._server: subprocess.Popen[bytes] | None = None
        self._connection, self._far = socket.socketpair()

    def _start(self) -> None:
        environment = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "TMPDIR")}
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
        measure = Coverage.current() is not None and self._is_new(arguments)
        request = json.dumps([measure, list(arguments), dict(environment), str(folder)]).encode()
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
            self._seconds += seconds
            add_fork(seconds)
            return code, _content(out), _content(err)

    def _is_new(self, arguments: Sequence[str]) -> bool:
        """Whether these commands and options come for the first time, whatever their values.

        Measuring lines doubles what a command costs, and the second time shows few new ones.
        """
        words = frozenset(w for w in arguments[1:] if re.fullmatch(r"(--)?[a-z][a-z-]*", w))
        new = words not in self._measured
        self._measured.add(words)
        return new

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
