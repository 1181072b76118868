"""Build the offline installer for Windows, on any machine that reaches an index.

Run by `make bundle-windows`. It holds wheels built for Windows; nothing in it has been compiled or
run on the machine that made it.
"""

from __future__ import annotations

import argparse
import io
import tempfile
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from email.parser import BytesParser
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from employment_forecast.cli.release import sbom
from employment_forecast.cli.release.offline_bundle import (
    DISTRIBUTION,
    EXTRAS,
    ROOT,
    SUMS,
    checksums,
    download,
    fill,
    manual_pages,
    moment,
    own_wheel,
    write_release,
)

PLATFORM = "win_amd64"
# What markers ask, answered for Windows; pip answers for the machine it runs on.
_WINDOWS = {
    "os_name": "nt",
    "platform_machine": "AMD64",
    "platform_python_implementation": "CPython",
    "platform_system": "Windows",
    "sys_platform": "win32",
}

_INSTALL = """@echo off
rem 离线安装：install.cmd [安装目录]（默认 %LOCALAPPDATA%\\forecast；已存在则就地升级）
chcp 65001 >nul
setlocal
set "HERE=%~dp0"
set "TARGET=%~1"
if "%TARGET%"=="" set "TARGET=%LOCALAPPDATA%\\forecast"
if "%PYTHON%"=="" set "PYTHON=py -@PYTHON@"
%PYTHON% -c "import sys; sys.exit((*sys.version_info[:2], sys.maxsize > 2**32) != @WANTED@)"
if errorlevel 1 (
    echo 错误：本安装包适用于 64 位 Python @PYTHON@。可用 set PYTHON=C:\\路径\\python.exe 指定。
    exit /b 1
)
%PYTHON% "%HERE%verify.py" || exit /b 1
if not exist "%TARGET%\\Scripts\\python.exe" %PYTHON% -m venv "%TARGET%" || exit /b 1
set PIP="%TARGET%\\Scripts\\python.exe" -m pip install --quiet --disable-pip-version-check
set PIP=%PIP% --no-index --find-links "%HERE%wheels"
%PIP% --constraint "%HERE%constraints.txt" --upgrade "@REQUIREMENT@" || exit /b 1
rem 版本号相同时 pip 不会重装；本程序自身总以安装包中的为准。
%PIP% --no-deps --force-reinstall "@NAME@==@VERSION@" || exit /b 1
set "MANUAL=%TARGET%\\share\\doc\\@NAME@\\manual"
if exist "%HERE%manual" xcopy /e /i /q /y "%HERE%manual" "%MANUAL%" >nul
copy /y "%HERE%start.cmd" "%TARGET%\\start.cmd" >nul
"%TARGET%\\Scripts\\forecast.exe" --version || exit /b 1
echo 已安装到 %TARGET%。双击其中的 start.cmd 打开可输入 forecast 的窗口，先运行 forecast doctor。
"""

_START = """@echo off
rem 打开可以输入 forecast 的窗口；工作区是用户文件夹下的“就业预测”，可用 FORECAST_HOME 另定。
chcp 65001 >nul
set "PATH=%~dp0Scripts;%PATH%"
set PYTHONUTF8=1
if "%FORECAST_HOME%"=="" set "FORECAST_HOME=%USERPROFILE%\\就业预测"
if not exist "%FORECAST_HOME%" mkdir "%FORECAST_HOME%"
cd /d "%FORECAST_HOME%"
cmd /k forecast --help
"""

_VERIFY = """\"\"\"核对安装包中每个文件的校验和。\"\"\"
import hashlib
import pathlib
import sys

here = pathlib.Path(__file__).parent
for line in (here / "SHA256SUMS").read_text("utf-8").splitlines():
    wanted, name = line.split("  ", 1)
    file = here / name
    if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != wanted:
        sys.exit(f"错误：文件校验未通过：{name}，请重新拷贝安装包。")
"""

_READ_ME = """离线安装说明（@NAME@ @VERSION@，64 位 Windows，Python @PYTHON@）

安装：在命令提示符里运行 install.cmd，或 install.cmd D:\\forecast
使用：双击安装目录里的 start.cmd，输入 forecast quickstart
手册：manual\\index.html
清单：sbom.cdx.json（CycloneDX）；SHA256SUMS 列出每个文件的校验和，安装时核对。
升级：先 forecast backup 备份.zip，关闭正在运行的命令，再运行新版的 install.cmd。

本安装包由适用于 Windows 的程序包组成，制作时没有在 Windows 上运行过。
哪些测过、哪些没有，见手册“在 Windows 上”。
"""


def _requirements(wheel: bytes) -> list[Requirement]:
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        head = BytesParser().parsebytes(archive.read(name), headersonly=True)
    return [Requirement(text) for text in head.get_all("Requires-Dist") or ()]


def missing(wheels: Mapping[str, bytes], python: str) -> list[str]:
    """Requirements that hold on Windows and that no wheel meets.

    Parameters
    ----------
    wheels : mapping of str to bytes
        By file name.
    python : str
        Release, as `3.12`.
    """
    there = {parse_wheel_filename(name)[0] for name in wheels}
    environment = {**_WINDOWS, "python_version": python, "python_full_version": f"{python}.0"}
    unmet = set()
    for name, wheel in wheels.items():
        extras = ("", EXTRAS) if parse_wheel_filename(name)[0] == DISTRIBUTION else ("",)
        for wanted in _requirements(wheel):
            holds = wanted.marker is None or any(
                wanted.marker.evaluate({**environment, "extra": extra}) for extra in extras
            )
            if holds and canonicalize_name(wanted.name) not in there:
                unmet.add(f"{wanted.name}{wanted.specifier}")
    return sorted(unmet)


def locked(constraints: str, wheels: Mapping[str, bytes]) -> bytes:
    """Constraints, completed by the versions of wheels that only Windows needs."""
    known = {canonicalize_name(line.split("==")[0]) for line in constraints.splitlines()}
    pairs = sorted(parse_wheel_filename(name)[:2] for name in wheels)
    more = [f"{name}=={v}\n" for name, v in pairs if name not in known and name != DISTRIBUTION]
    return (constraints + "".join(more)).encode()


def contents(
    wheels: Mapping[str, bytes],
    constraints: bytes,
    version: str,
    python: str,
    documents: Mapping[str, bytes],
) -> dict[str, bytes]:
    """Files of the archive, checksums included; scripts end their lines as Windows does."""
    major, minor = map(int, python.split("."))
    values = {
        "NAME": DISTRIBUTION,
        "VERSION": version,
        "PYTHON": python,
        "WANTED": repr((major, minor, True)),
        "REQUIREMENT": f"{DISTRIBUTION}[{EXTRAS}]=={version}",
    }
    files = {f"wheels/{name}": data for name, data in wheels.items()} | dict(documents)
    files["constraints.txt"] = constraints
    for name, text in (
        ("install.cmd", _INSTALL),
        ("start.cmd", _START),
        ("verify.py", _VERIFY),
        ("安装说明.txt", _READ_ME),
    ):
        files[name] = fill(text, values).replace("\n", "\r\n").encode()
    files[SUMS] = checksums(files)
    return files


def archive(folder: str, files: Mapping[str, bytes], second: int) -> bytes:
    """A zip that is the same bytes for the same content."""
    day = datetime.fromtimestamp(max(second, 315532800), UTC).timetuple()[:6]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as out:
        for name in sorted(files):
            entry = zipfile.ZipInfo(f"{folder}/{name}", day)
            entry.external_attr = 0o644 << 16
            # Wheels are compressed already.
            kind = zipfile.ZIP_STORED if name.endswith(".whl") else zipfile.ZIP_DEFLATED
            out.writestr(entry, files[name], kind)
    return packed.getvalue()


def main(arguments: list[str] | None = None) -> None:
    """Build the archive and say where it is."""
    parser = argparse.ArgumentParser(description="制作 Windows 离线安装包。")
    parser.add_argument("--python", default="3.12", help="Windows 上 Python 的版本，如 3.12。")
    parser.add_argument("--output", type=Path, default=Path("dist"), help="输出文件夹。")
    given = parser.parse_args(arguments)
    short = given.python.replace(".", "")
    version = metadata.version(DISTRIBUTION)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        download(folder, short, [PLATFORM], f"{own_wheel(folder)}[{EXTRAS}]")
        while True:
            wheels = {file.name: file.read_bytes() for file in sorted(folder.glob("*.whl"))}
            wanted = missing(wheels, given.python)
            if not wanted:
                break
            download(folder, short, [PLATFORM], "--no-deps", *wanted)
    constraints = locked((ROOT / "constraints.txt").read_text("utf-8"), wheels)
    documents = manual_pages(ROOT / "docs" / "_build" / "html")
    documents[sbom.FILE] = sbom.bill_of_materials(wheels, DISTRIBUTION, version, moment())
    name = f"{DISTRIBUTION}-{version}-py{short}-{PLATFORM}"
    files = contents(wheels, constraints, version, given.python, documents)
    write_release(given.output / f"{name}.zip", archive(name, files, moment()))


if __name__ == "__main__":
    main()
