"""One file that holds a workspace: settings, observations, MLflow's files, what was published.

The observation store is written as tables, so a backup of a SQLite workspace can be restored into
PostgreSQL and the other way round. SQLite files that others may be writing are copied through
SQLite's own backup interface.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import Boolean, Date, DateTime, Float, Integer, Table, func, insert, select, text

from employment_forecast.data import clock
from employment_forecast.data.errors import NotFoundError, RefusedError, StorageError
from employment_forecast.data.store import Store, metadata, migrate
from employment_forecast.data.workspace.folders import SETTINGS_FILE, Workspace

FORMAT = 1
MANIFEST = "manifest.json"
_STORE = "store"
_MLRUNS = "mlruns"
# What has been published or recorded as files. Locks and files still being written stay out.
_FOLDERS = ("thresholds", "bulletins", "monthly", "spool")
_BATCH = 5000
# The record of a bulletin is one field; the csv module reads 128 KiB unless it is told otherwise.
_LONGEST_FIELD = 1 << 30


def _table_csv(store: Store, table: Table) -> Iterator[bytes]:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    names = [c.name for c in table.columns]
    writer.writerow(names)
    with store.reading() as connection:
        rows = connection.execution_options(stream_results=True).execute(
            select(table).order_by(table.c.id)
        )
        for part in rows.partitions(_BATCH):
            writer.writerows(["\\N" if v is None else _text(v) for v in row] for row in part)
            yield stream.getvalue().encode("utf-8")
            stream.seek(0)
            stream.truncate()
    yield stream.getvalue().encode("utf-8")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, date | datetime):
        return value.isoformat()
    return repr(value) if isinstance(value, float) else str(value)


def _value(text_: str, column: Any) -> Any:
    if text_ == "\\N":
        return None
    if isinstance(column.type, Boolean):
        return text_ == "1"
    if isinstance(column.type, DateTime):
        return datetime.fromisoformat(text_)
    if isinstance(column.type, Date):
        return date.fromisoformat(text_)
    if isinstance(column.type, Integer):
        return int(text_)
    return float(text_) if isinstance(column.type, Float) else text_


def _copy_sqlite(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def _mlruns_files(workspace: Workspace) -> list[Path]:
    return sorted(f for f in (workspace.mlruns / "artifacts").rglob("*") if f.is_file())


def _published_files(workspace: Workspace) -> list[Path]:
    found = (f for name in _FOLDERS for f in (workspace.root / name).rglob("*"))
    return sorted(
        f for f in found if f.is_file() and not f.name.startswith(".") and f.suffix != ".lock"
    )


def write_backup(workspace: Workspace, store: Store, file: Path) -> dict[str, int]:
    """Write a backup; an existing file is replaced only when the new one is complete.

    Parameters
    ----------
    workspace : Workspace
        What to save.
    store : Store
        Its observation store, wherever that is.
    file : pathlib.Path
        Target, a zip archive.

    Returns
    -------
    dict
        Rows by table name, and `files` of MLflow.

    Raises
    ------
    StorageError
        If something cannot be read or written.
    """
    counts: dict[str, int] = {}
    sums: dict[str, str] = {}
    temporary: Path | None = None
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        os.close(handle)
        temporary = Path(name)
        with (
            tempfile.TemporaryDirectory() as scratch,
            zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive,
        ):
            for table in metadata.sorted_tables:
                member = f"{_STORE}/{table.name}.csv"
                digest = hashlib.sha256()
                with archive.open(member, "w", force_zip64=True) as stream:
                    for piece in _table_csv(store, table):
                        stream.write(piece)
                        digest.update(piece)
                sums[member] = digest.hexdigest()
                with store.reading() as connection:
                    query = select(func.count()).select_from(table)
                    counts[table.name] = int(connection.scalar(query) or 0)
            plain: dict[str, Path] = {}
            if workspace.settings_file.is_file():
                plain[SETTINGS_FILE] = workspace.settings_file
            database = workspace.mlruns / "mlflow.db"
            if database.is_file():
                copy = Path(scratch) / "mlflow.db"
                _copy_sqlite(database, copy)
                plain[f"{_MLRUNS}/mlflow.db"] = copy
            found = _mlruns_files(workspace)
            for path in found:
                plain[f"{_MLRUNS}/{path.relative_to(workspace.mlruns).as_posix()}"] = path
            counts["files"] = len(found)
            for path in _published_files(workspace):
                plain[path.relative_to(workspace.root).as_posix()] = path
            for member, path in plain.items():
                archive.write(path, member)
                sums[member] = hashlib.sha256(path.read_bytes()).hexdigest()
            manifest = {
                "format": FORMAT,
                "schema": migrate.HEAD,
                "created_at": clock.now().isoformat(timespec="seconds"),
                "root": str(workspace.root),
                "sha256": sums,
            }
            archive.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
        os.replace(temporary, file)
        temporary = None
    except (OSError, sqlite3.Error) as error:
        raise StorageError(
            f"备份无法写入“{file}”（{error}）。", "请检查磁盘空间与文件夹权限后重试。"
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
    return counts


def _checked_members(archive: zipfile.ZipFile, file: Path) -> Mapping[str, Any]:
    damaged = StorageError(
        f"“{file}”不是完整的备份文件。", "请换用另一份备份；本次未改动任何内容。"
    )
    try:
        manifest: dict[str, Any] = json.loads(archive.read(MANIFEST))
        sums: dict[str, str] = manifest["sha256"]
        known = manifest["format"] == FORMAT and manifest["schema"] <= migrate.HEAD
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise damaged from error
    if not known:
        raise StorageError(f"“{file}”由较新的程序写成。", "请用较新的程序版本恢复。")
    for member, expected in sums.items():
        path = PurePosixPath(member)
        if path.is_absolute() or ".." in path.parts:
            raise damaged
        digest = hashlib.sha256()
        try:
            with archive.open(member) as stream:
                while piece := stream.read(1 << 20):
                    digest.update(piece)
        except (KeyError, zipfile.BadZipFile, OSError) as error:
            raise damaged from error
        if digest.hexdigest() != expected:
            raise damaged
    return manifest


def _fill(store: Store, archive: zipfile.ZipFile, members: Mapping[str, Any]) -> None:
    csv.field_size_limit(_LONGEST_FIELD)
    with store.writing() as connection:
        for table in metadata.sorted_tables:
            member = f"{_STORE}/{table.name}.csv"
            if member not in members:
                continue
            with archive.open(member) as raw:
                reader = csv.DictReader(io.TextIOWrapper(raw, "utf-8", newline=""))
                columns = {c.name: c for c in table.columns}
                part: list[dict[str, Any]] = []
                for row in reader:
                    part.append({k: _value(v, columns[k]) for k, v in row.items()})
                    if len(part) == _BATCH:
                        connection.execute(insert(table), part)
                        part = []
                if part:
                    connection.execute(insert(table), part)
            if connection.dialect.name == "postgresql":
                top = connection.scalar(select(func.max(table.c.id))) or 0
                connection.execute(
                    text("SELECT setval(pg_get_serial_sequence(:t, 'id'), :v, :used)"),
                    {"t": table.name, "v": max(top, 1), "used": top > 0},
                )


def _relocate_mlflow(database: Path, old: str, new: str) -> None:
    """Point artifact locations at the new workspace; MLflow stores them as absolute paths."""
    if old == new or not database.is_file():
        return
    columns = (
        ("experiments", "artifact_location"),
        ("runs", "artifact_uri"),
        ("logged_models", "artifact_location"),
        ("model_versions", "source"),
        ("model_versions", "storage_location"),
    )
    with closing(sqlite3.connect(database)) as connection, connection:
        for table, column in columns:
            present = {r[1] for r in connection.execute(f"PRAGMA table_info({table})")}
            if column in present:
                connection.execute(
                    f"UPDATE {table} SET {column} = replace({column}, ?, ?)",
                    (f"{old}/", f"{new}/"),
                )


def restore_backup(workspace: Workspace, store: Store, file: Path) -> None:
    """Restore a backup into a workspace that holds nothing yet.

    Parameters
    ----------
    workspace : Workspace
        Without settings and MLflow files.
    store : Store
        Without rows.
    file : pathlib.Path
        From `write_backup`.

    Raises
    ------
    NotFoundError
        If there is no such file.
    RefusedError
        If the workspace or the store already holds something.
    StorageError
        If the file is damaged or from a newer release; nothing is changed then.
    """
    if not file.is_file():
        raise NotFoundError(f"备份文件“{file}”不存在。", "请核对文件名。")
    with store.reading() as connection:
        filled = any(
            connection.scalar(select(func.count()).select_from(t)) for t in metadata.tables.values()
        )
    if filled or (workspace.mlruns / "mlflow.db").exists():
        raise RefusedError(
            f"工作区“{workspace.root}”已有数据，未作恢复。",
            "请在空文件夹中恢复（用 FORECAST_HOME 指定），确认无误后再启用。",
        )
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError) as error:
        raise StorageError(f"“{file}”不是备份文件。", "请核对文件。") from error
    with archive:
        manifest = _checked_members(archive, file)
        members: Mapping[str, Any] = manifest["sha256"]
        workspace.root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=workspace.root, prefix=".restore-") as scratch:
            for member in members:
                if not member.startswith(f"{_STORE}/"):
                    archive.extract(member, scratch)
            fresh = Path(scratch)
            database = fresh / _MLRUNS / "mlflow.db"
            _relocate_mlflow(database, str(manifest["root"]), str(workspace.root))
            _fill(store, archive, members)
            if (fresh / SETTINGS_FILE).is_file() and not workspace.settings_file.exists():
                os.replace(fresh / SETTINGS_FILE, workspace.settings_file)
            artifacts = fresh / _MLRUNS / "artifacts"
            if artifacts.is_dir():
                shutil.copytree(artifacts, workspace.mlruns / "artifacts", dirs_exist_ok=True)
            for name in _FOLDERS:
                if (fresh / name).is_dir():
                    shutil.copytree(fresh / name, workspace.root / name, dirs_exist_ok=True)
            if database.is_file():
                workspace.mlruns.mkdir(parents=True, exist_ok=True)
                os.replace(database, workspace.mlruns / "mlflow.db")
