"""Temporary files of one process, kept in the workspace so that a killed one leaves nothing behind.

Every process has a folder below `cache/tmp`, marked as long as it lives. The next command removes
the folders whose processes have ended, and the unfinished files elsewhere that are noted there.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import uuid
from contextlib import suppress
from pathlib import Path

from employment_forecast.data.errors import StorageError
from employment_forecast.data.files import ProcessMarker, abandoned_signs
from employment_forecast.data.workspace.folders import Workspace

UNFINISHED = ".part"
_OUTSIDE = ".outside"


def use_scratch(workspace: Workspace) -> None:
    """Let temporary files of this process and its children go into a folder of their own.

    Parameters
    ----------
    workspace : Workspace
        Where it cannot be written temporary files go where the system puts them.
    """
    signs = workspace.scratch
    with suppress(StorageError, OSError):
        remove_abandoned(workspace)
        token = uuid.uuid4().hex[:12]
        marker = ProcessMarker(signs, token)
        folder = signs / token
        folder.mkdir(mode=0o700)
        tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
        atexit.register(_end, marker, folder)


def _end(marker: ProcessMarker, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.with_suffix(_OUTSIDE).unlink(missing_ok=True)
    with suppress(OSError):
        marker.end()


def remove_abandoned(workspace: Workspace) -> None:
    """Remove what processes left that were killed."""
    for sign in abandoned_signs(workspace.scratch):
        note = sign.with_suffix(_OUTSIDE)
        with suppress(OSError, ValueError):
            for line in note.read_text("utf-8").splitlines():
                file = Path(line)
                # Only what bears the mark of an unfinished file of ours.
                if file.name.startswith(".") and file.name.endswith(UNFINISHED):
                    file.unlink(missing_ok=True)
        note.unlink(missing_ok=True)
        shutil.rmtree(sign.with_suffix(""), ignore_errors=True)
        sign.unlink(missing_ok=True)


def unfinished_beside(file: Path) -> Path:
    """Name of a file still being written, which takes the place of another one when complete.

    Parameters
    ----------
    file : pathlib.Path
        The complete one.

    Returns
    -------
    pathlib.Path
        Made, readable by the owner alone, and noted for removal should this process be killed.
    """
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.", suffix=UNFINISHED)
    os.close(handle)
    folder = Path(tempfile.gettempdir())
    if folder.with_suffix(".alive").is_file():
        with folder.with_suffix(_OUTSIDE).open("a", encoding="utf-8") as stream:
            stream.write(f"{name}\n")
    return Path(name)
