"""Restore a backup: all of it or nothing, whenever the process ends.

The folder `.restore` is there from the first step to the last. Files are unpacked in it, moved to
their places by name, and then the rows are written in one transaction: that is the moment from
which the workspace is whole. A restore cut off before it is taken back by the next command, one cut
off after it needs no more than the removal of the folder.
"""

from __future__ import annotations

import csv
import io
import json
import math
import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Boolean,
    Connection,
    Date,
    DateTime,
    Float,
    Integer,
    Table,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.exc import SQLAlchemyError

from employment_forecast.data.errors import BusyError, ForecastError, RefusedError, StorageError
from employment_forecast.data.files import try_lock, write_atomically
from employment_forecast.data.store import Store, metadata
from employment_forecast.data.workspace.backup_file import (
    FOLDERS,
    MLRUNS,
    STORE,
    UNREADABLE,
    BackupFile,
    damaged,
    open_backup,
)
from employment_forecast.data.workspace.connections import connections, without_connections
from employment_forecast.data.workspace.folders import SETTINGS_FILE, Workspace
from employment_forecast.data.workspace.settings import load_settings, parse_settings

_MARK = "mark.json"
_UNPACKED = "unpacked"
_BATCH = 5000
# The record of a bulletin is one field; the csv module reads 128 KiB unless it is asked for more.
_LONGEST_FIELD = 1 << 30
# In the order in which they take their places.
_PLACES = (SETTINGS_FILE, f"{MLRUNS}/artifacts", *FOLDERS, f"{MLRUNS}/mlflow.db")


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
        number = int(text_)
        if column.name == "month":
            date(number // 100, number % 100, 1)  # raises for what is no month
        return number
    if not isinstance(column.type, Float):
        return text_
    value = float(text_)
    if not math.isfinite(value):
        raise ValueError(text_)
    return value


def is_filled(store: Store) -> bool:
    """Whether any table of a store has a row."""
    with store.reading() as connection:
        return any(
            connection.scalar(select(func.count()).select_from(t)) for t in metadata.tables.values()
        )


@contextmanager
def _alone(workspace: Workspace) -> Iterator[None]:
    workspace.create()
    with try_lock(workspace.cells.parent / "restore.lock") as acquired:
        if not acquired:
            raise BusyError(
                f"工作区“{workspace.root}”正在由另一个进程恢复。", "请等它结束后再运行。"
            )
        yield


def demand_restored(workspace: Workspace) -> None:
    """Refuse a workspace whose restore was cut off, after taking back what it had done.

    Raises
    ------
    BusyError
        If the restore is still at work.
    StorageError
        If it was cut off; the workspace stays refused until a restore has come to its end.
    """
    if not workspace.restoring.exists():
        return
    with _alone(workspace):
        if _settled(workspace):
            return
    raise StorageError(
        f"工作区“{workspace.root}”的恢复没有完成，已放入的内容已全部取回。",
        "请重新执行 forecast restore；不再恢复的，删除其中的文件夹 .restore 后可作新工作区用。",
    )


def _settled(workspace: Workspace) -> bool:
    """Complete or take back a restore that was cut off; True if the workspace is whole."""
    folder = workspace.restoring
    mark = _read_mark(folder / _MARK)
    if mark is None:
        # Cut off before anything was placed, or after everything was.
        shutil.rmtree(folder)
        return True
    if mark["step"] == "rows":
        store = Store(load_settings(workspace).store_url(workspace))
        whole = is_filled(store)
        store.close()
        if whole:
            _finish(folder)
            return True
    _take_back(workspace, mark["placed"])
    shutil.rmtree(folder / _UNPACKED, ignore_errors=True)
    _write_mark(folder, "taken back", ())
    return False


def _read_mark(file: Path) -> dict[str, Any] | None:
    try:
        mark: dict[str, Any] = json.loads(file.read_text("utf-8"))
        return {"step": str(mark["step"]), "placed": [str(p) for p in mark["placed"]]}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StorageError(
            f"恢复的标记“{file}”无法读取（{type(error).__name__}）。",
            "请把工作区移到别处保留，在另一个空文件夹中恢复。",
        ) from error


def _write_mark(folder: Path, step: str, placed: Sequence[str]) -> None:
    content = json.dumps({"step": step, "placed": list(placed)}, ensure_ascii=False)
    write_atomically(folder / _MARK, content.encode("utf-8"))


def _take_back(workspace: Workspace, placed: Sequence[str]) -> None:
    for name in placed:
        if name not in _PLACES:
            continue
        path = workspace.root / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _finish(folder: Path) -> None:
    # Without its mark the folder means nothing any more.
    (folder / _MARK).unlink(missing_ok=True)
    shutil.rmtree(folder)


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


def _fill(store: Store, backup: BackupFile) -> None:
    csv.field_size_limit(_LONGEST_FIELD)
    with store.writing() as connection:
        for table in metadata.sorted_tables:
            member = f"{STORE}/{table.name}.csv"
            if member not in backup.members:
                continue
            with backup.archive.open(member) as raw:
                _fill_table(connection, table, io.TextIOWrapper(raw, "utf-8", newline=""))
            if connection.dialect.name == "postgresql":
                top = connection.scalar(select(func.max(table.c.id))) or 0
                connection.execute(
                    text("SELECT setval(pg_get_serial_sequence(:t, 'id'), :v, :used)"),
                    {"t": table.name, "v": max(top, 1), "used": top > 0},
                )


def _fill_table(connection: Connection, table: Table, stream: io.TextIOWrapper) -> None:
    columns = {c.name: c for c in table.columns}
    rows: list[dict[str, Any]] = []
    for row in csv.DictReader(stream):
        rows.append({name: _value(cell, columns[name]) for name, cell in row.items()})
        if len(rows) == _BATCH:
            connection.execute(insert(table), rows)
            rows = []
    if rows:
        connection.execute(insert(table), rows)


@contextmanager
def _sound(file: Path) -> Iterator[None]:
    """Content that its own checksum vouches for and that makes no sense is damage all the same."""
    try:
        yield
    except ForecastError:
        raise
    except OSError as error:
        raise StorageError(
            f"恢复“{file}”时无法写入（{error.strerror or error}）。", "请检查磁盘空间与文件夹权限。"
        ) from error
    except (csv.Error, sqlite3.Error, SQLAlchemyError, *UNREADABLE) as error:
        raise damaged(file) from error


def settings_to_restore(backup: BackupFile, workspace: Workspace, keep: bool) -> str | None:
    """Text of the settings file that a restore writes.

    Parameters
    ----------
    backup : BackupFile
        Open.
    workspace : Workspace
        A settings file that it has already stays.
    keep : bool
        Take over databases, servers, inbox and mail too.

    Returns
    -------
    str or None
        None if none is written.
    """
    content = backup.settings
    if content is None or workspace.settings_file.exists():
        return None
    return content if keep else without_connections(content, workspace.settings_file)


def connections_of(backup: BackupFile, workspace: Workspace) -> list[str]:
    """Dotted names of the backup's settings that tie it to databases, servers, folders, people."""
    content = backup.settings
    return [] if content is None else connections(parse_settings(content, workspace.settings_file))


def restore_backup(
    workspace: Workspace, store: Store | None, file: Path, *, keep_connections: bool = False
) -> list[str]:
    """Restore a backup into a workspace that holds nothing yet.

    Parameters
    ----------
    workspace : Workspace
        Without settings of its own, or with those that are to stay; without MLflow files.
    store : Store or None
        Without rows; by default the one that the restored settings name.
    file : pathlib.Path
        From `write_backup`.
    keep_connections : bool
        Take over databases, servers, inbox and mail from the settings of the backup.

    Returns
    -------
    list of str
        Dotted names of the settings that tie the backup to databases, servers, folders and people.

    Raises
    ------
    NotFoundError
        If there is no such file.
    RefusedError
        If the workspace or the store already holds something.
    StorageError
        If the file is damaged, too large or from a newer release; nothing is changed then.
    """
    with _alone(workspace), open_backup(file, workspace.root) as backup, _sound(file):
        if workspace.restoring.exists():
            _settled(workspace)
        _demand_empty(workspace)
        content = settings_to_restore(backup, workspace, keep_connections)
        tied = connections_of(backup, workspace)
        opened = store
        if opened is None:
            given = (
                parse_settings(content, workspace.settings_file) if content is not None else None
            )
            opened = Store((given or load_settings(workspace)).store_url(workspace))
        try:
            if is_filled(opened):
                raise _refused(f"数据库“{opened.url}”")
            _restore(workspace, opened, backup, content)
        finally:
            if store is None:
                opened.close()
        return tied


def _demand_empty(workspace: Workspace) -> None:
    filled = [
        name
        for name in _PLACES[1:]
        if (path := workspace.root / name).is_file() or (path.is_dir() and any(path.iterdir()))
    ]
    if filled:
        raise _refused(f"工作区“{workspace.root}”（{'、'.join(filled)}）")


def _refused(holder: str) -> RefusedError:
    return RefusedError(
        f"{holder}已有数据，未作恢复。",
        "请在空文件夹中恢复（用 FORECAST_HOME 指定），确认无误后再启用。",
    )


def _restore(workspace: Workspace, store: Store, backup: BackupFile, settings: str | None) -> None:
    folder = workspace.restoring
    unpacked = folder / _UNPACKED
    placed: list[str] = []
    rows_begun = False
    try:
        unpacked.mkdir(parents=True, mode=0o700, exist_ok=True)
        _write_mark(folder, "unpack", ())
        for member in backup.members:
            if member != SETTINGS_FILE and not member.startswith(f"{STORE}/"):
                backup.archive.extract(member, unpacked)
        if settings is not None:
            write_atomically(unpacked / SETTINGS_FILE, settings.encode("utf-8"), secret=True)
        _relocate_mlflow(unpacked / MLRUNS / "mlflow.db", backup.root, str(workspace.root))
        placed = [name for name in _PLACES if (unpacked / name).exists()]
        _write_mark(folder, "place", placed)
        for name in placed:
            target = workspace.root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.is_dir():
                target.rmdir()
            os.replace(unpacked / name, target)
        _write_mark(folder, "rows", placed)
        rows_begun = True
        _fill(store, backup)
    except BaseException:
        # An interrupt just after the rows were written: the next command finds the workspace whole.
        if not (rows_begun and is_filled(store)):
            _take_back(workspace, placed)
            shutil.rmtree(folder, ignore_errors=True)
        raise
    _finish(folder)
