"""The threshold feed as files: what a writer does and how a reader can always tell.

One series has one current document, `<indicator>.<region>.json`, which is replaced in one step; the
one before goes to `history/` first. The document seals itself: `checksum` is the SHA-256 of the
file's bytes with the 64 digits of the checksum set to zero. A reader accepts a file whose seal
holds and whose `valid_until` has not passed, and refuses any other; whatever happens to a writer,
the current file is either the whole old or the whole new document.

`<indicator>.<region>.json.sha256` beside it is for `sha256sum -c`. It is replaced after the
document: where the two do not agree a writer is, or was, between the two steps. The seal decides
then, and a reader that only has `sha256sum` waits; the next publication mends it.

This module imports nothing heavy, so that a figure can be checked in a fraction of a second.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

from employment_forecast.data.errors import StorageError
from employment_forecast.data.feed.shape import misshapen
from employment_forecast.data.feed.signing import SIGNATURE
from employment_forecast.data.files import to_json, write_atomically

SCHEMA_VERSION = "1.1"
HISTORY = "history"
SUM = ".sha256"
_SEAL = re.compile(rb'"checksum": "([0-9a-f]{64})"')
_BLANK = b'"checksum": "' + b"0" * 64 + b'"'


def file_name(indicator: str, region: str) -> str:
    """Name of the current document of a series."""
    return f"{indicator}.{region}.json"


def encode(document: Mapping[str, Any]) -> bytes:
    """A document as sealed bytes."""
    rest = {k: v for k, v in document.items() if k != "checksum"}
    blank = to_json({**rest, "checksum": "0" * 64}).encode("utf-8")
    digest = hashlib.sha256(blank).hexdigest().encode("ascii")
    head, _, tail = blank.rpartition(_BLANK)
    return head + _BLANK.replace(b"0" * 64, digest) + tail


def decode(content: bytes, name: str) -> dict[str, Any]:
    """A sealed document, or the reason why it cannot be relied on."""
    hint = "请重新运行 forecast thresholds export；在此之前请勿使用该文件。"
    seals = list(_SEAL.finditer(content))
    if not seals:
        raise StorageError(f"预警线文件“{name}”不完整。", hint)
    seal = seals[-1]
    blank = content[: seal.start()] + _BLANK + content[seal.end() :]
    if hashlib.sha256(blank).hexdigest().encode("ascii") != seal[1]:
        raise StorageError(f"预警线文件“{name}”与其校验和不符。", hint)
    try:
        document: dict[str, Any] = json.loads(content, parse_constant=_no_number)
        major = str(document["schema_version"]).split(".")[0]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise StorageError(f"预警线文件“{name}”的内容无法识别。", hint) from error
    if major != SCHEMA_VERSION.split(".")[0]:
        raise StorageError(
            f"预警线文件“{name}”的格式版本 {document['schema_version']} 不是本程序的"
            f" {SCHEMA_VERSION}。",
            "请用写出该文件的程序版本读取，或重新发布。",
        )
    # A checksum only says that the bytes are those that somebody sealed.
    if (path := misshapen(document)) is not None:
        raise StorageError(f"预警线文件“{name}”的内容不合格式（{path}）。", hint)
    return document


def _no_number(text: str) -> float:
    raise ValueError(text)


def read(file: Path) -> dict[str, Any] | None:
    """The document in a file, None if there is no such file."""
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(
            f"预警线文件“{file}”无法读取（{error.strerror}）。", "请检查文件权限。"
        ) from error
    return decode(content, file.name)


def write(folder: Path, document: Mapping[str, Any]) -> bool:
    """Make a document the current one of its series.

    The caller sees to it that one process writes at a time. A process killed here at any moment
    leaves the whole old or the whole new document.
    """
    file = folder / file_name(document["indicator"], document["region"]["code"])
    for forgotten in (*folder.glob(f".{file.name}.*"), *(folder / HISTORY).glob(f".{file.stem}.*")):
        forgotten.unlink(missing_ok=True)
    content = encode(document)
    before: dict[str, Any] | None = None
    with suppress(StorageError):
        before = read(file)
    if before is not None:
        if _substance(before) == _substance(json.loads(content)):
            _write_sum(file, file.read_bytes())
            return False
        _keep(file, folder / HISTORY / history_name(before))
    write_atomically(file, content)
    _write_sum(file, content)
    return True


def _keep(file: Path, earlier: Path) -> None:
    """Keep a document with the signature under which it was published, if it had one."""
    if earlier.exists():
        return
    signature = file.with_name(file.name + SIGNATURE)
    if signature.is_file():
        write_atomically(earlier.with_name(earlier.name + SIGNATURE), signature.read_bytes())
    write_atomically(earlier, file.read_bytes())


def _substance(document: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in document.items() if k not in ("created_at", "as_of", "checksum")}


def _write_sum(file: Path, content: bytes) -> None:
    line = f"{hashlib.sha256(content).hexdigest()}  {file.name}\n"
    write_atomically(file.with_name(file.name + SUM), line.encode("utf-8"))


def history_name(document: Mapping[str, Any]) -> str:
    """Name under which an earlier document is kept: series, moment and seal."""
    moment = re.sub(r"[^0-9]", "", str(document["created_at"])[:19])
    stem = file_name(document["indicator"], document["region"]["code"]).removesuffix(".json")
    return f"{stem}.{moment}.{document['checksum'][:8]}.json"


def current(folder: Path) -> Iterator[Path]:
    """Current documents of all series, sorted by name."""
    yield from sorted(f for f in folder.glob("*.json") if not f.name.startswith("."))


def published_by(folder: Path, indicator: str, region: str, day: date) -> dict[str, Any] | None:
    """The document that was current at the end of a day."""
    name = file_name(indicator, region)
    files = [folder / name, *(folder / HISTORY).glob(f"{name.removesuffix('.json')}.*.json")]
    documents = [d for f in files if (d := read(f)) is not None]
    by_then = [d for d in documents if str(d["created_at"])[:10] <= day.isoformat()]
    return max(by_then, key=lambda d: str(d["created_at"]), default=None)
