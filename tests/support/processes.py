"""Processes that a test starts end with it, whatever becomes of the test."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from typing import Any


class Processes:
    """Started processes, each the leader of a group that can be ended as a whole."""

    def __init__(self) -> None:
        self._started: list[subprocess.Popen[Any]] = []

    def start(self, command: Sequence[str], **how: Any) -> subprocess.Popen[Any]:
        process = subprocess.Popen(command, start_new_session=True, **how)
        self._started.append(process)
        return process

    def end(self) -> None:
        """Kill what still runs, with what it has started in its group."""
        for process in self._started:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None:
                    with suppress(OSError):
                        stream.close()
