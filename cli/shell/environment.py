"""Process set-up before anything heavy is imported: streams, threads, quiet libraries."""

from __future__ import annotations

import gc
import gettext
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

# One BLAS thread per process: the work is spread over processes. Telemetry of every library is off.
DEFAULTS = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "DO_NOT_TRACK": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_DISABLE_AGENT_HINT": "1",
    "MPLBACKEND": "agg",
}
LOCALE = Path(__file__).resolve().parent.parent / "locale"


def utf8(stream: object) -> bool:
    """Whether a text stream writes UTF-8."""
    name = str(getattr(stream, "encoding", "") or "").lower().replace("-", "").replace("_", "")
    return name == "utf8"


def _prepare_streams() -> None:
    for stream in (sys.stdout, sys.stderr):
        encoding = str(getattr(stream, "encoding", "") or "ascii").lower()
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is None:
            continue
        # A C locale says ASCII only because nobody said anything: every terminal of today takes
        # UTF-8. A declared encoding such as GB18030 is respected; what it lacks becomes "?".
        if encoding in ("ascii", "us-ascii", "ansi_x3.4-1968", "646", "latin-1", "iso8859-1"):
            reconfigure(encoding="utf-8", errors="replace")
        else:
            reconfigure(errors="replace")
    sys.stdout, sys.stderr = _Guarded(sys.stdout), _Guarded(sys.stderr)


class _Guarded:
    """A text stream on which names and cells from outside cannot steer the terminal.

    What sets colours and moves the cursor stays on a terminal, where rich writes it; everything
    else that is no text is written out. In JSON it means the same as before.
    """

    _SEQUENCE = re.compile(r"(\x1b\[[0-9;?]*[A-Za-z]|\r)")

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._terminal = stream.isatty()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write text, controls as they read."""
        from employment_forecast.data.files.visible import visible

        parts = self._SEQUENCE.split(text) if self._terminal else [text]
        # Every second part is one of the sequences.
        safe = "".join(p if i % 2 else visible(p, lines=True) for i, p in enumerate(parts))
        self._stream.write(safe)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write lines one by one."""
        for line in lines:
            self.write(line)


def _demand_utf8_arguments() -> None:
    """Start again in UTF-8 mode where a C locale was forced: Chinese arguments arrive as raw bytes.

    Python does this by itself unless PYTHONUTF8=0 and PYTHONCOERCECLOCALE=0 forbid it.
    """
    if sys.getfilesystemencoding() == "ascii" and hasattr(os, "execv"):
        os.environ["PYTHONUTF8"] = "1"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def prepare() -> None:
    """Set up the process. Called once, before other imports of ours."""
    _demand_utf8_arguments()
    # Libraries make hundreds of thousands of lasting objects, which Python would look through for
    # circles again and again: a tenth of the time of their imports.
    gc.set_threshold(20_000)
    # Whatever the umask: others who may log in must not be able to change models and figures.
    os.umask(os.umask(0o077) | 0o002)
    for name, value in DEFAULTS.items():
        os.environ[name] = value
    # click takes its own messages from gettext; ours are in cli/locale.
    os.environ["LANGUAGE"] = "zh_CN"
    gettext.bindtextdomain("messages", str(LOCALE))
    _prepare_streams()
