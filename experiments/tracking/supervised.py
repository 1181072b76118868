"""Run a server that ends with whoever started it, however that one ends.

Run as a script with the server's command line; imports the standard library alone. Its standard
input is a pipe of the process that started it: the pipe closes when that process is gone, by
whatever signal, and then the server and all that it has started are ended.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

_GRACE_SECONDS = 5.0
if sys.platform == "win32":
    _AT_ONCE = signal.SIGTERM
else:
    _AT_ONCE = signal.SIGKILL


class Supervisor:
    """A server in a process group of its own."""

    def __init__(self, command: list[str]) -> None:
        self._asked = False
        self._server = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, start_new_session=os.name == "posix"
        )

    def end(self) -> None:
        """End the group: politely first, then at once."""
        self._asked = True
        self._signal(signal.SIGTERM)
        until = time.monotonic() + _GRACE_SECONDS
        while time.monotonic() < until and self._signal(0):
            time.sleep(0.05)
        self._signal(_AT_ONCE)

    def _signal(self, number: int) -> bool:
        """Send a signal; False if nobody is there to get it."""
        try:
            if sys.platform != "win32":
                os.killpg(self._server.pid, number)
            elif number:
                self._server.terminate()
            else:
                return self._server.poll() is None
        except (ProcessLookupError, PermissionError):
            return False
        return True

    def wait(self) -> int:
        """Exit code of the server; 0 if it was ended on request."""
        code = self._server.wait()
        # What the server started must not outlive it.
        self._signal(_AT_ONCE)
        return 0 if self._asked else abs(code)


def main() -> None:
    """Run the server named on the command line."""
    # Ctrl-C reaches the starter, who closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    supervisor = Supervisor(sys.argv[1:])

    def watch() -> None:
        with suppress(OSError):
            sys.stdin.buffer.read()
        supervisor.end()

    threading.Thread(target=watch, daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *_: supervisor.end())
    sys.exit(supervisor.wait())


if __name__ == "__main__":
    main()
