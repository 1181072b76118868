"""Locks on files: the operating system lets go of them when a process ends, however it ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from employment_forecast.data.errors import StorageError

if sys.platform == "win32":
    import msvcrt
    import time

    def _lock(handle: int, wait: bool, shared: bool = False) -> None:
        # Windows knows no lock that several hold; there the one who comes later does not wait.
        while not shared:
            try:
                msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
                return
            except OSError:
                if not wait:
                    raise
            time.sleep(0.05)  # LK_LOCK itself gives up after ten seconds

else:
    import fcntl

    def _lock(handle: int, wait: bool, shared: bool = False) -> None:
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        fcntl.flock(handle, kind if wait else kind | fcntl.LOCK_NB)


_SIGN = ".alive"
_GUARD = "guard.lock"


def _open(file: Path) -> int:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        return os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise StorageError(
            f"无法写入锁文件“{file}”（{error.strerror}）。", "请检查工作区的写权限与磁盘空间。"
        ) from error


@contextmanager
def lock(file: Path, *, shared: bool = False) -> Iterator[None]:
    """Hold a lock file, waiting for whoever has it.

    Parameters
    ----------
    file : pathlib.Path
        Made when missing and left behind, since removing it would let two holders in.
    shared : bool
        Beside others who share it; whoever asks for it alone waits for all of them.

    Raises
    ------
    StorageError
        If the file cannot be written.
    """
    handle = _open(file)
    try:
        _lock(handle, wait=True, shared=shared)
        yield
    finally:
        os.close(handle)


@contextmanager
def try_lock(file: Path) -> Iterator[bool]:
    """Hold a lock file if nobody else does.

    Parameters
    ----------
    file : pathlib.Path
        As for `lock`.

    Yields
    ------
    bool
        False if another process holds it.

    Raises
    ------
    StorageError
        If the file cannot be written.
    """
    handle = _open(file)
    try:
        try:
            _lock(handle, wait=False)
        except OSError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)


class ProcessMarker:
    """A file that is locked for as long as this process lives.

    A process id can be given to another process, and means nothing in another container; a lock
    cannot outlive its holder. Whoever can take the lock knows that the holder is gone.

    Parameters
    ----------
    folder : pathlib.Path
        Where the signs of one workspace are.
    token : str
        Identifies this process; becomes the name of the file.
    content : bytes
        What a later process should know if this one dies.

    Raises
    ------
    StorageError
        If the file cannot be written.
    """

    def __init__(self, folder: Path, token: str, content: bytes = b"") -> None:
        self.file = folder / f"{token}{_SIGN}"
        # Under the guard nobody can find the file between its making and its locking.
        with lock(folder / _GUARD):
            self._handle = _open(self.file)
            _lock(self._handle, wait=True)
            os.write(self._handle, content)

    def end(self) -> None:
        """Take the sign back: nothing is left to clean up after this process."""
        os.close(self._handle)
        self.file.unlink(missing_ok=True)


def abandoned_signs(folder: Path) -> list[Path]:
    """Life signs whose processes ended without taking them back.

    Parameters
    ----------
    folder : pathlib.Path
        As for `ProcessMarker`.

    Returns
    -------
    list of pathlib.Path
        Files named after the tokens; to be deleted by the caller once cleaned up after.

    Raises
    ------
    StorageError
        If the folder cannot be written.
    """
    if not any(folder.glob(f"*{_SIGN}")):
        return []
    with lock(folder / _GUARD):
        return [file for file in sorted(folder.glob(f"*{_SIGN}")) if _can_lock(file)]


def _can_lock(file: Path) -> bool:
    try:
        handle = os.open(file, os.O_RDWR)
    except OSError:
        return False
    try:
        _lock(handle, wait=False)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True
