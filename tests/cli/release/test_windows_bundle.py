"""The bundle for Windows asks for what Windows needs, and its scripts are its own."""

from __future__ import annotations

import hashlib
import io
import zipfile

import pytest

from employment_forecast.cli.release import windows_bundle
from employment_forecast.cli.release.offline_bundle import SUMS


def wheel(name: str, *requires: str) -> bytes:
    stream = io.BytesIO()
    lines = "".join(f"Requires-Dist: {text}\n" for text in requires)
    with zipfile.ZipFile(stream, "w") as archive:
        text = f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n{lines}"
        archive.writestr(f"{name.replace('-', '_')}-1.0.dist-info/METADATA", text)
    return stream.getvalue()


WHEELS = {
    "employment_forecast-1.0-py3-none-any.whl": wheel(
        "employment-forecast", "Some-Lib>=1", 'psycopg>=3; extra == "postgres"',
        'sphinx; extra == "docs"',
    ),
    "some_lib-1.0-cp312-cp312-win_amd64.whl": wheel(
        "some-lib", 'colorama>=0.4; sys_platform == "win32"', 'uvloop; sys_platform != "win32"',
        'waitress<4; platform_system == "Windows"', 'old; python_version < "3.12"',
    ),
}  # fmt: skip


def test_what_only_windows_needs_is_asked_for():
    assert windows_bundle.missing(WHEELS, "3.12") == ["colorama>=0.4", "psycopg>=3", "waitress<4"]
    assert "old" in windows_bundle.missing(WHEELS, "3.11")
    complete = {**WHEELS, **{f"{n}-1.0-py3-none-any.whl": wheel(n) for n in
                             ("colorama", "psycopg", "waitress")}}  # fmt: skip
    assert windows_bundle.missing(complete, "3.12") == []
    lock = windows_bundle.locked("some-lib==1.0\n", complete).decode()
    assert lock == "some-lib==1.0\ncolorama==1.0\npsycopg==1.0\nwaitress==1.0\n"


@pytest.fixture
def files():
    return windows_bundle.contents(WHEELS, b"lock", "1.2", "3.12", {"manual/index.html": b"x"})


def test_scripts_end_their_lines_as_windows_does_and_leave_no_place_unfilled(files):
    for name in ("install.cmd", "start.cmd", "verify.py"):
        text = files[name].decode("utf-8")
        assert text.count("\n") == text.count("\r\n") > 5
        assert "@" not in text.replace("@echo off", "")
    assert '"employment-forecast[postgres]==1.2"' in files["install.cmd"].decode()
    assert "(3, 12, True)" in files["install.cmd"].decode()


def test_the_sums_are_verified_by_the_bundles_own_program(files, tmp_path):
    packed = windows_bundle.archive("x", files, 5)
    assert packed == windows_bundle.archive("x", dict(reversed(files.items())), 5)
    zipfile.ZipFile(io.BytesIO(packed)).extractall(tmp_path)
    assert files[SUMS].decode().splitlines()[0].split()[0] == (
        hashlib.sha256(files[sorted(set(files) - {SUMS})[0]]).hexdigest()
    )
    program = compile(files["verify.py"], str(tmp_path / "x" / "verify.py"), "exec")
    names = {"__file__": str(tmp_path / "x" / "verify.py"), "__name__": "verify"}
    exec(program, dict(names))
    (tmp_path / "x" / "constraints.txt").write_bytes(b"other")
    with pytest.raises(SystemExit, match=r"constraints\.txt"):
        exec(program, dict(names))
