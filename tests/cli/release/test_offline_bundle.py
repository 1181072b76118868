from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from employment_forecast.cli.release import offline_bundle

WHEELS = {"b-1-py3-none-any.whl": b"b", "a-1-py3-none-any.whl": b"a"}
MANUAL = {"manual/index.html": "手册".encode()}


def unpack(packed: bytes, folder: Path) -> Path:
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        tar.extractall(folder, filter="data")
    (top,) = folder.iterdir()
    return top


def test_sums_cover_every_other_file() -> None:
    files = offline_bundle.contents(WHEELS, b"lock", "1.2", MANUAL)
    lines = files.pop(offline_bundle.SUMS).decode().splitlines()
    told = {line.split("  ", 1)[1]: line.split("  ", 1)[0] for line in lines}
    assert told == {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}


def test_no_place_is_left_unfilled() -> None:
    files = offline_bundle.contents(WHEELS, b"lock", "1.2", MANUAL)
    text = files[offline_bundle.SCRIPT].decode() + files["安装说明.txt"].decode()
    assert "employment-forecast[postgres]==1.2" in text
    assert not re.search(r"@[A-Z]+@", text)


def test_wheels_are_those_of_the_oldest_system_served() -> None:
    tags = offline_bundle.platform_tags("linux", "x86_64")
    assert tags[0] == "manylinux_2_28_x86_64"
    assert "manylinux2014_x86_64" in tags
    assert not any(tag.startswith("manylinux_2_34") for tag in tags)
    assert offline_bundle.platform_tags("darwin", "arm64") == []


def test_same_content_same_bytes() -> None:
    files = offline_bundle.contents(WHEELS, b"lock", "1.2", MANUAL)
    shuffled = dict(reversed(list(files.items())))
    assert offline_bundle.archive("x", files, 5) == offline_bundle.archive("x", shuffled, 5)
    assert offline_bundle.archive("x", files, 5) != offline_bundle.archive("x", files, 6)


@pytest.mark.skipif(os.name == "nt", reason="sh")
def test_a_damaged_copy_is_refused_before_anything_is_installed(tmp_path: Path) -> None:
    packed = offline_bundle.archive("x", offline_bundle.contents(WHEELS, b"lock", "1.2", MANUAL), 5)
    top = unpack(packed, tmp_path / "out")
    (top / "wheels" / "a-1-py3-none-any.whl").write_bytes(b"other")
    target = tmp_path / "venv"
    done = subprocess.run(
        ["sh", str(top / "install.sh"), str(target)],
        env={"PATH": os.environ["PATH"], "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "文件校验未通过" in done.stderr
    assert not target.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="glibc")
def test_an_older_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offline_bundle, "GLIBC_MINOR", 999)
    files = offline_bundle.contents(WHEELS, b"lock", "1.2", MANUAL)
    (tmp_path / "install.sh").write_bytes(files[offline_bundle.SCRIPT])
    done = subprocess.run(
        ["sh", str(tmp_path / "install.sh"), str(tmp_path / "venv")],
        env={"PATH": os.environ["PATH"], "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "glibc 2.999" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="sh")
def test_another_python_is_refused(tmp_path: Path) -> None:
    files = offline_bundle.contents(WHEELS, b"lock", "1.2", MANUAL)
    here = ".".join(map(str, sys.version_info[:2]))
    script = files[offline_bundle.SCRIPT].decode().replace(here, "3.0")
    (tmp_path / "install.sh").write_text(script, "utf-8")
    done = subprocess.run(
        ["sh", str(tmp_path / "install.sh"), str(tmp_path / "venv")],
        env={"PATH": os.environ["PATH"], "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "适用于 Python 3.0" in done.stderr


@pytest.mark.soak
@pytest.mark.skipif(shutil.which("unshare") is None, reason="没有 unshare，无法断网")
def test_installs_and_runs_with_the_network_off(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "employment_forecast.cli.release.offline_bundle",
         "--output", str(tmp_path / "dist")],
        cwd=offline_bundle.ROOT, check=True,
    )  # fmt: skip
    (packed,) = (tmp_path / "dist").glob("*.tar.gz")
    top = unpack(packed.read_bytes(), tmp_path / "out")
    base = os.path.realpath(sys.executable)
    alone = ["unshare", "-rn", "env", "-i", "PATH=/usr/bin:/bin", f"HOME={tmp_path}"]
    home = tmp_path / "home"
    subprocess.run(
        [*alone, f"PYTHON={base}", "sh", str(top / "install.sh"), str(tmp_path / "venv")],
        check=True,
    )
    # What was damaged is mended by installing once more, though the release is the same.
    (module,) = (tmp_path / "venv").rglob("cli/operations/doctor.py")
    module.unlink()
    subprocess.run(
        [*alone, f"PYTHON={base}", "sh", str(top / "install.sh"), str(tmp_path / "venv")],
        check=True,
    )
    assert module.is_file()
    command = str(tmp_path / "venv" / "bin" / "forecast")
    done = subprocess.run(
        [*alone, f"FORECAST_HOME={home}", command, "run", "--region", "全国",
         "--models", "ets,prophet", "--origins", "3"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "登记模型" in done.stdout
    looked = subprocess.run(
        [*alone, f"FORECAST_HOME={home}", command, "doctor", "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert '"environment"' in looked.stdout
    for arguments in (("run", "--region", "嘉定", "--models", "ets", "--origins", "3"),
                      ("bulletin", "--region", "嘉定", "--format", "docx,html,md")):  # fmt: skip
        subprocess.run(
            [*alone, f"FORECAST_HOME={home}", command, *arguments], capture_output=True, check=True
        )
    written = {f.suffix for f in (home / "bulletins").rglob("*.*") if f.is_file()}
    # With what people write into: the manuscript and the record of it.
    assert written == {".docx", ".html", ".md", ".txt", ".json"}
