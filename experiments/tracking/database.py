"""MLflow's own database: made whole or not at all, and shared without "database is locked"."""

from __future__ import annotations

import os
import re
import sqlite3
import sys
from contextlib import AbstractContextManager, closing, nullcontext
from importlib import import_module
from pathlib import Path

from employment_forecast.data.errors import StorageError
from employment_forecast.data.files import lock

BUSY_SECONDS = 30.0
# Of every MLflow that a workspace can have been written by.
_TABLES = {
    *("experiments", "runs", "metrics", "latest_metrics", "params", "tags"),
    *("registered_models", "model_versions"),
}


def sqlite_file(uri: str) -> Path | None:
    """File of a SQLite tracking URI; None for a server, another database or one in memory."""
    if not uri.startswith("sqlite:"):
        return None
    from sqlalchemy.engine import make_url

    name = make_url(uri).database
    return Path(name).resolve() if name and name != ":memory:" else None


def shown(uri: str) -> str:
    """A URI without its password, fit for messages."""
    return re.sub(r"//[^/@]*@", "//***@", uri)


def one_writer(uri: str) -> AbstractContextManager[None]:
    """Hold back other writing processes of this machine; for SQLite only.

    SQLite lets one process write at a time, and refuses at once, whatever its busy timeout, a
    transaction that read before another one wrote. Waiting for one's turn outside avoids both.
    """
    file = sqlite_file(uri)
    return nullcontext() if file is None else lock(file.with_name(f"{file.name}.lock"))


def prepare(uri: str, artifacts: Path) -> None:
    """Make the SQLite database when missing, and have it take readers beside a writer.

    The schema is migrated in a file of another name, which then takes its place: a process killed
    in the course of MLflow's sixty migrations leaves nothing that the next one could trip over.
    To be called by one process at a time (`one_writer`).
    """
    check(uri, artifacts)
    file = sqlite_file(uri)
    if file is not None and _missing(file):
        try:
            _build(file, artifacts)
        except (OSError, sqlite3.Error) as error:
            raise _unusable(file, error) from error
        check(uri, artifacts)


def check(uri: str, artifacts: Path) -> None:
    """Open a SQLite database that is there, and set it to write-ahead logging.

    Raises
    ------
    StorageError
        If it cannot be opened, is not a database, has lost a table, or is empty beside what its
        runs left: a new one would know of no champion.
    """
    file = sqlite_file(uri)
    if file is None:
        return
    if _missing(file):
        if (
            file.parent == artifacts.parent.resolve()
            and artifacts.is_dir()
            and any(artifacts.iterdir())
        ):
            raise _lost(file, "是空的，而工作区里已有登记过的模型")
        return
    try:
        with closing(sqlite3.connect(file, timeout=BUSY_SECONDS)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            names = {n for (n,) in connection.execute("SELECT name FROM sqlite_master")}
    except (OSError, sqlite3.Error) as error:
        raise _unusable(file, error) from error
    if "alembic_version" in names and (tables := _TABLES - names):
        raise _lost(file, f"缺少表 {'、'.join(sorted(tables))}")


def schema_fault(uri: str, said: str) -> StorageError:
    """What to do about a database whose schema is not that of the MLflow installed."""
    match = re.search(r"found version (\w+)", said)
    migrations = Path(str(import_module("mlflow.store").__file__)).parent / "db_migrations"
    known = match is None or match[1] == "None" or any(migrations.rglob(f"{match[1]}_*.py"))
    if not known:
        return StorageError(
            f"MLflow 数据库（{shown(uri)}）由更新的 MLflow 建立，本程序所带的版本不能打开。",
            "请改用较新的程序版本；若是退回旧版，请把升级前的备份恢复到另一个空的工作区"
            "（forecast restore）。",
        )
    command = Path(sys.executable).with_name("mlflow")
    return StorageError(
        f"MLflow 数据库（{shown(uri)}）由旧版 MLflow 建立。",
        f"请先备份（forecast backup），再执行 {command} db upgrade {shown(uri)}。",
    )


def _missing(file: Path) -> bool:
    return not file.exists() or file.stat().st_size == 0


def _lost(file: Path, fault: str) -> StorageError:
    return StorageError(
        f"MLflow 数据库“{file}”{fault}，运行记录和现役模型可能已经丢失。",
        "请先把工作区另存一份，再用 forecast restore 从最近的备份恢复到另一个空的工作区；"
        "确要重新开始的，把旁边的 artifacts 文件夹也移走。",
    )


def _unusable(file: Path, error: Exception) -> StorageError:
    return StorageError(
        f"MLflow 数据库“{file}”无法打开（{error}）。",
        "请检查文件权限与磁盘空间；文件若已损坏，请从备份恢复。",
    )


def _build(file: Path, artifacts: Path) -> None:
    store_class = import_module("mlflow.store.tracking.sqlalchemy_store").SqlAlchemyStore
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}.new")
    for left in file.parent.glob(f"{unfinished.name}*"):
        left.unlink()
    store = store_class(f"sqlite:///{unfinished}", str(artifacts))
    store.engine.dispose()
    os.replace(unfinished, file)
