"""Write files so that a reader never sees half of one."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from employment_forecast.data.errors import StorageError


def write_atomically(file: Path, content: bytes, *, secret: bool = False) -> None:
    """Replace a file in one step.

    Parameters
    ----------
    file : pathlib.Path
        Its folder is made when missing.
    content : bytes
        Whole content.
    secret : bool
        Only the owner may read it, from the first byte and whatever the umask.

    Raises
    ------
    StorageError
        If the folder or file cannot be written; an existing file is left as it was.
    """
    temporary: str | None = None
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        # `mkstemp` makes files that only the owner can read.
        if not secret:
            os.chmod(temporary, 0o644)
        os.replace(temporary, file)
        temporary = None
    except OSError as error:
        raise StorageError(
            f"无法写入文件“{file}”（{error.strerror}）。", "请检查文件夹权限与磁盘空间后重试。"
        ) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def demand_writable(folder: Path) -> None:
    """Make a folder and make sure that files can be written there, before the work is done.

    Raises
    ------
    StorageError
        If they cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise StorageError(
            f"无法写入文件夹“{folder}”（{error.strerror}）。", "请检查文件夹权限与磁盘空间后重试。"
        ) from error


def to_json(content: Mapping[str, Any], ascii_only: bool = False) -> str:
    """JSON text with a final newline; a number that is not finite raises ValueError."""
    return json.dumps(content, ensure_ascii=ascii_only, indent=2, allow_nan=False) + "\n"
