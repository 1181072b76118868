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
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, func, select

from employment_forecast.data import clock
from employment_forecast.data.errors import StorageError
from employment_forecast.data.store import Store, metadata, migrate
from employment_forecast.data.workspace.backup_file import (
    FOLDERS,
    FORMAT,
    MANIFEST,
    MLRUNS,
    STORE,
)
from employment_forecast.data.workspace.folders import SETTINGS_FILE, Workspace
from employment_forecast.data.workspace.scratch import unfinished_beside

_BATCH = 5000


@contextmanager
def _snapshot(store: Store) -> Iterator[Connection]:
    """A reading in which every table is of one moment: rows refer to rows of other tables."""
    with store.reading() as connection:
        if connection.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        yield connection


def _table_csv(connection: Connection, table: Table) -> Iterator[bytes]:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    names = [c.name for c in table.columns]
    writer.writerow(names)
    query = select(table).order_by(table.c.id)
    rows = connection.execute(query, execution_options={"stream_results": True})
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


def _copy_sqlite(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def _mlruns_files(workspace: Workspace) -> list[Path]:
    return sorted(f for f in (workspace.mlruns / "artifacts").rglob("*") if f.is_file())


def _published_files(workspace: Workspace) -> list[Path]:
    files = (f for name in FOLDERS for f in (workspace.root / name).rglob("*"))
    return sorted(
        f for f in files if f.is_file() and not f.name.startswith(".") and f.suffix != ".lock"
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
        temporary = unfinished_beside(file)
        with (
            tempfile.TemporaryDirectory() as scratch,
            zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive,
        ):
            with _snapshot(store) as connection:
                for table in metadata.sorted_tables:
                    member = f"{STORE}/{table.name}.csv"
                    digest = hashlib.sha256()
                    with archive.open(member, "w", force_zip64=True) as stream:
                        for piece in _table_csv(connection, table):
                            stream.write(piece)
                            digest.update(piece)
                    sums[member] = digest.hexdigest()
                    query = select(func.count()).select_from(table)
                    counts[table.name] = int(connection.scalar(query) or 0)
            plain: dict[str, Path] = {}
            if workspace.settings_file.is_file():
                plain[SETTINGS_FILE] = workspace.settings_file
            database = workspace.mlruns / "mlflow.db"
            if database.is_file():
                copy = Path(scratch) / "mlflow.db"
                _copy_sqlite(database, copy)
                plain[f"{MLRUNS}/mlflow.db"] = copy
            files = _mlruns_files(workspace)
            for path in files:
                plain[f"{MLRUNS}/{path.relative_to(workspace.mlruns).as_posix()}"] = path
            counts["files"] = len(files)
            for path in _published_files(workspace):
                plain[path.relative_to(workspace.root).as_posix()] = path
            for member, path in plain.items():
                # Read once: a file replaced meanwhile must not differ from its checksum.
                content = path.read_bytes()
                archive.writestr(member, content)
                sums[member] = hashlib.sha256(content).hexdigest()
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
            f"备份无法写入“{file}”（{getattr(error, 'strerror', None) or error}）。",
            "请检查磁盘空间与文件夹权限后重试。",
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
    return counts
