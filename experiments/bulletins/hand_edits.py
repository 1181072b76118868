"""Which files people edited: every file that is written is remembered by its checksum."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

from employment_forecast.data.errors import StorageError
from employment_forecast.data.files import write_atomically

SUMS = ".written.json"


def remembered_sums(folder: Path) -> dict[str, str]:
    """Checksums of the files of a folder as the program wrote them."""
    try:
        content = json.loads((folder / SUMS).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(k): str(v) for k, v in content.items()} if isinstance(content, dict) else {}


def remember(folder: Path, files: Mapping[str, bytes]) -> None:
    """Add the checksums of what was just written."""
    sums = remembered_sums(folder)
    sums |= {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    present = {name: s for name, s in sorted(sums.items()) if (folder / name).exists()}
    write_atomically(
        folder / SUMS, json.dumps(present, ensure_ascii=False, indent=1).encode("utf-8")
    )


def edited(file: Path) -> bytes | None:
    """Content of a file that is not as the program wrote it; None where it is, or is missing.

    A docx of a release that took no checksums counts as edited once a word processor saved it.
    """
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(
            f"月报文件“{file}”无法读取（{error.strerror}）。", "请关闭打开它的程序后再试。"
        ) from error
    known = remembered_sums(file.parent).get(file.name)
    if known is not None:
        return None if hashlib.sha256(content).hexdigest() == known else content
    return content if file.suffix == ".docx" and _saved_by_people(content) else None


def _saved_by_people(content: bytes) -> bool:
    from docx import Document

    try:
        about = Document(io.BytesIO(content)).core_properties
    except (KeyError, ValueError, zipfile.BadZipFile):
        return True
    moment = about.modified
    return moment is None or (moment.hour, moment.minute, moment.second) != (0, 0, 0)


def save_copy(file: Path, content: bytes) -> Path:
    """Save what somebody edited under a name that nothing else writes to."""
    mark = hashlib.sha256(content).hexdigest()[:6]
    copy = file.with_name(f"{file.stem}（手工改动{mark}）{file.suffix}")
    write_atomically(copy, content)
    return copy
