"""Bring a store's schema up to this program's, in place and in one transaction."""

from __future__ import annotations

import io
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from employment_forecast.data.errors import StorageError

# Newest revision under data/store/migrations/versions; a test keeps the two equal.
HEAD = "0008"
_LOCK = 7_205_116  # any constant: the advisory lock that upgrading processes share on PostgreSQL


def current(connection: Connection) -> str | None:
    """Revision of a database, None if it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def missing_tables(connection: Connection) -> list[str]:
    """Tables that a database of this program's revision should have and has not."""
    from employment_forecast.data.store.schema import metadata

    return sorted(set(metadata.tables) - set(inspect(connection).get_table_names()))


def upgrade(connection: Connection) -> None:
    """Apply the revisions that are missing."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    revision = current(connection)
    if revision == HEAD:
        return  # another process was faster
    if revision is not None and revision > HEAD:
        raise StorageError(
            f"数据库的结构版本 {revision} 比本程序的 {HEAD} 新。", "请改用较新的程序版本打开。"
        )
    from alembic import command
    from alembic.config import Config

    config = Config(stdout=io.StringIO())
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
