"""Databases of each kind."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text


def _server_programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    if on_path:
        found.append(Path(on_path))
    return found[-1].parent if found else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a PostgreSQL server of our own on a loopback port; skipped where none starts."""
    pytest.importorskip("psycopg", reason="psycopg 未安装,跳过 PostgreSQL 测试")
    programs = _server_programs()
    if programs is None:
        pytest.skip("本机没有 PostgreSQL 服务器程序,跳过 PostgreSQL 测试")
    # Not below pytest's own folder: another session of pytest closes that one to other users.
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    prefix: list[str] = []
    if os.geteuid() == 0:  # the server refuses to run as root
        try:
            pwd.getpwnam("postgres")
        except KeyError:
            pytest.skip("没有 postgres 用户可运行服务器,跳过 PostgreSQL 测试")
        prefix = ["runuser", "-u", "postgres", "--"]
        shutil.chown(folder, "postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = folder / "data"

    def call(*arguments: str) -> None:
        subprocess.run([*prefix, *arguments], check=True, capture_output=True, cwd="/")

    call(str(programs / "initdb"), "-D", str(data), "-A", "trust", "-U", "test", "-E", "UTF8")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
    control = (str(programs / "pg_ctl"), "-D", str(data))
    call(*control, "-o", options, "-w", "-l", str(folder / "log"), "start")
    try:
        yield f"postgresql+psycopg://test@127.0.0.1:{port}/postgres"
    finally:
        call(*control, "-m", "immediate", "stop")
        shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'observations.db'}"
    server: str = request.getfixturevalue("postgres")
    name = f"test_{time.monotonic_ns()}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.rsplit("/", 1)[0] + f"/{name}"
