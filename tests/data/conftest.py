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
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    if on_path:
        programs.append(Path(on_path))
    return programs[-1].parent if programs else None


class PostgresServer:
    """A PostgreSQL server of our own on a loopback port; skips where none can run."""

    def __init__(self) -> None:
        pytest.importorskip("psycopg", reason="psycopg 未安装,跳过 PostgreSQL 测试")
        programs = _server_programs()
        if programs is None:
            pytest.skip("本机没有 PostgreSQL 服务器程序,跳过 PostgreSQL 测试")
        # Not below pytest's own folder: another session of pytest closes that one to other users.
        self.folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        self.prefix: list[str] = []
        if os.geteuid() == 0:  # the server refuses to run as root
            try:
                pwd.getpwnam("postgres")
            except KeyError:
                pytest.skip("没有 postgres 用户可运行服务器,跳过 PostgreSQL 测试")
            self.prefix = ["runuser", "-u", "postgres", "--"]
            shutil.chown(self.folder, "postgres")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        data = str(self.folder / "data")
        self._call(str(programs / "initdb"), "-D", data, "-A", "trust", "-U", "test", "-E", "UTF8")
        self.control = (str(programs / "pg_ctl"), "-D", data)
        self.url = f"postgresql+psycopg://test@127.0.0.1:{self.port}/postgres"
        self.start()

    def _call(self, *arguments: str) -> None:
        subprocess.run([*self.prefix, *arguments], check=True, capture_output=True, cwd="/")

    def start(self) -> None:
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        )
        self._call(*self.control, "-o", options, "-w", "-l", str(self.folder / "log"), "start")

    def stop(self) -> None:
        """Stop it at once, as a fall of its machine would."""
        self._call(*self.control, "-m", "immediate", "stop")

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.folder)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a PostgreSQL server of our own."""
    server = PostgresServer()
    try:
        yield server.url
    finally:
        server.remove()


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A server that a test may stop and start."""
    server = PostgresServer()
    try:
        yield server
    finally:
        server.remove()


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
