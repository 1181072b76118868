"""The log of the cycle: a file of bounded size, and plain lines on stderr for cron."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path

from employment_forecast.data.errors import StorageError
from employment_forecast.data.files import visible

BYTES, KEPT = 1_000_000, 12
_FORM = "%(asctime)s %(levelname)s %(message)s"


class _OneLine(logging.Formatter):
    """A record is one line, whatever names of files it repeats."""

    def format(self, record: logging.LogRecord) -> str:
        return visible(super().format(record).replace("\n", " / "))


class _LogFile(RotatingFileHandler):
    """A log that a full disk cuts short: what goes wrong is told by the cycle itself."""

    def handleError(self, record: logging.LogRecord) -> None:
        """Say nothing: logging would print a traceback."""


@contextmanager
def cycle_log(file: Path, *, quiet: bool) -> Iterator[logging.Logger]:
    """Logger of one cycle, closed when the block ends.

    Parameters
    ----------
    file : pathlib.Path
        A full one is set aside with a number; the oldest of `KEPT` is dropped.
    quiet : bool
        Nothing goes to stderr: cron mails every line, and the summary says what needs attention.

    Yields
    ------
    logging.Logger

    Raises
    ------
    StorageError
        If the file cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        to_file = _LogFile(file, maxBytes=BYTES, backupCount=KEPT, encoding="utf-8")
    except OSError as error:
        raise StorageError(
            f"无法写入日志“{file}”（{error.strerror}）。", "请检查工作区的写权限与磁盘空间。"
        ) from error
    to_file.setFormatter(_OneLine(_FORM))
    to_terminal = logging.StreamHandler(sys.stderr)
    to_terminal.setFormatter(_OneLine("%(message)s"))
    to_terminal.setLevel(logging.CRITICAL if quiet else logging.INFO)
    # Not registered by name: two logs of one process would share it.
    logger = logging.Logger("forecast.monthly", logging.INFO)
    logger.addHandler(to_file)
    logger.addHandler(to_terminal)
    try:
        yield logger
    finally:
        for handler in (to_file, to_terminal):
            logger.removeHandler(handler)
        to_file.close()
