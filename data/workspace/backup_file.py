"""A backup as a file: what is in it, checked whole before anything of it is used."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from employment_forecast.data.errors import NotFoundError, StorageError
from employment_forecast.data.store import metadata, migrate
from employment_forecast.data.workspace.folders import SETTINGS_FILE

FORMAT = 1
MANIFEST = "manifest.json"
STORE = "store"
MLRUNS = "mlruns"
# What has been published or recorded as files. Locks and files still being written stay out.
FOLDERS = ("thresholds", "bulletins", "monthly", "spool")
# Tables of one workspace compress thirtyfold at most; a file made to fill the disk a thousandfold.
_LARGEST_RATIO = 200
_ALWAYS_FITS = 64 * 1024 * 1024
_LONGEST_MANIFEST = 64 * 1024 * 1024
_PIECE = 1 << 20
# Everything that zipfile and json raise over content that is not what it should be.
UNREADABLE = (
    *(OSError, EOFError, LookupError, ValueError, TypeError, AttributeError, RuntimeError),
    *(ArithmeticError, zipfile.BadZipFile, zlib.error),
)


@dataclass(frozen=True)
class BackupFile:
    """A backup that has been checked.

    Attributes
    ----------
    file : pathlib.Path
        Where it is.
    archive : zipfile.ZipFile
        Open for reading.
    members : tuple of str
        Names in it.
    root : str
        Folder of the workspace that it was made from.
    """

    file: Path
    archive: zipfile.ZipFile
    members: tuple[str, ...]
    root: str

    @property
    def settings(self) -> str | None:
        """Text of the settings file; None if the workspace had none."""
        if SETTINGS_FILE not in self.members:
            return None
        try:
            return self.archive.read(SETTINGS_FILE).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise damaged(self.file) from error


def damaged(file: Path) -> StorageError:
    """The error for a backup that is not whole."""
    return StorageError(f"“{file}”不是完整的备份文件。", "请换用另一份备份；本次未改动任何内容。")


@contextmanager
def open_backup(file: Path, target: Path) -> Iterator[BackupFile]:
    """Open a backup and check every member against its checksum.

    Parameters
    ----------
    file : pathlib.Path
        From `write_backup`.
    target : pathlib.Path
        Folder that it is to be unpacked in; there must be space for it.

    Yields
    ------
    BackupFile

    Raises
    ------
    NotFoundError
        If there is no such file.
    StorageError
        If it is damaged, from a newer release, or too large when unpacked.
    """
    if not file.is_file():
        raise NotFoundError(f"备份文件“{file}”不存在。", "请核对文件名。")
    try:
        archive = zipfile.ZipFile(file)
    except UNREADABLE as error:
        raise StorageError(f"“{file}”不是备份文件。", "请核对文件。") from error
    with archive:
        try:
            manifest = _manifest(archive, file)
            _demand_space(archive, file, target)
            _demand_checksums(archive, file, manifest["sha256"])
        except UNREADABLE as error:
            raise damaged(file) from error
        yield BackupFile(file, archive, tuple(manifest["sha256"]), manifest["root"])


def _manifest(archive: zipfile.ZipFile, file: Path) -> Mapping[str, Any]:
    if archive.getinfo(MANIFEST).file_size > _LONGEST_MANIFEST:
        raise damaged(file)
    manifest: Any = json.loads(archive.read(MANIFEST))
    version, schema = manifest["format"], manifest["schema"]
    if not (isinstance(version, int) and isinstance(schema, str)):
        raise damaged(file)
    if version > FORMAT or schema > migrate.HEAD:
        raise StorageError(f"“{file}”由较新的程序写成。", "请用较新的程序版本恢复。")
    sums = manifest["sha256"]
    sound = isinstance(sums, dict) and isinstance(manifest["root"], str) and manifest["root"]
    if version != FORMAT or not sound or not all(map(_is_ours, sums)):
        raise damaged(file)
    return {"sha256": sums, "root": manifest["root"]}


def _is_ours(member: str) -> bool:
    """Whether a backup has a member of this name; nothing else is ever written to disk."""
    path = PurePosixPath(member)
    plain = member.isprintable() and "\\" not in member and path.as_posix() == member
    if not plain or path.is_absolute() or ".." in path.parts:
        return False
    if path.parts[0] == STORE:
        return member in {f"{STORE}/{table.name}.csv" for table in metadata.sorted_tables}
    inside = len(path.parts) > 1 and path.parts[0] in (MLRUNS, *FOLDERS)
    return inside or member == SETTINGS_FILE


def _demand_space(archive: zipfile.ZipFile, file: Path, target: Path) -> None:
    size = sum(info.file_size for info in archive.infolist())
    if size > max(_ALWAYS_FITS, _LARGEST_RATIO * file.stat().st_size):
        raise StorageError(
            f"“{file}”展开后有 {size / 1e6:,.0f} MB，远大于一份备份应有的大小。",
            "请核对文件的来历；本次未改动任何内容。",
        )
    # Unpacked files and the rows of the store, which are written beside them.
    free = shutil.disk_usage(target).free
    if size * 1.5 > free:
        raise StorageError(
            f"恢复“{file}”需要约 {size * 1.5 / 1e6:,.0f} MB，磁盘只剩 {free / 1e6:,.0f} MB。",
            "请先腾出空间；本次未改动任何内容。",
        )


def _demand_checksums(archive: zipfile.ZipFile, file: Path, sums: Mapping[str, str]) -> None:
    for member, expected in sums.items():
        digest = hashlib.sha256()
        with archive.open(member) as stream:
            while piece := stream.read(_PIECE):
                digest.update(piece)
        if digest.hexdigest() != expected:
            raise damaged(file)
