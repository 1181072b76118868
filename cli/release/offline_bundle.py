"""Build the offline installer: wheels, lock file, checksums and a script in one archive.

Run by `make bundle`. The archive fits the Python release and platform it was built with; pip gets
everything from the archive, so that the machine it is taken to needs no index and no network.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import os
import platform
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path

from employment_forecast.cli.release import sbom

DISTRIBUTION = "employment-forecast"
EXTRAS = "postgres"
ROOT = Path(__file__).resolve().parents[2]
# Of the oldest systems served: 银河麒麟 V10, 统信 UOS 20, RHEL 8, Debian 10.
GLIBC_MINOR = 28
SUMS = "SHA256SUMS"
SCRIPT = "install.sh"
_PIP = [sys.executable, "-m", "pip"]
_QUIET = ["--quiet", "--disable-pip-version-check"]
_LOCKED = ["--constraint", str(ROOT / "constraints.txt")]

_INSTALL = """#!/bin/sh
# 离线安装：sh install.sh [安装目录]（默认 ./forecast-venv；已存在则就地升级）
set -eu
here=$(cd "$(dirname "$0")" && pwd)
target=${1:-"$PWD/forecast-venv"}
python=${PYTHON:-python3}
found=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
if [ "$found" != "@PYTHON@" ]; then
    echo "错误：本安装包适用于 Python @PYTHON@，而 $python 是 $found。" >&2
    echo "可用 PYTHON=/路径/python@PYTHON@ 指定。" >&2
    exit 1
fi
"$python" -c 'import platform, sys
name, version = platform.libc_ver()
sys.exit(name == "glibc" and tuple(map(int, version.split(".")[:2])) < (2, @GLIBC@))' || {
    echo "错误：本安装包需要 glibc 2.@GLIBC@ 以上的系统。" >&2
    exit 1
}
(cd "$here" && sha256sum --check --quiet SHA256SUMS) || {
    echo "错误：文件校验未通过，请重新拷贝安装包。" >&2
    exit 1
}
test -x "$target/bin/python" || "$python" -m venv "$target"
"$target/bin/python" -m pip install --quiet --disable-pip-version-check --no-index \\
    --find-links "$here/wheels" --constraint "$here/constraints.txt" --upgrade \\
    '@REQUIREMENT@'
# 版本号相同时 pip 不会重装；本程序自身总以安装包中的为准。
"$target/bin/python" -m pip install --quiet --disable-pip-version-check --no-index \\
    --find-links "$here/wheels" --no-deps --force-reinstall '@NAME@==@VERSION@'
manual="$target/share/doc/@NAME@/manual"
if [ -d "$here/manual" ]; then
    rm -rf "$manual"
    mkdir -p "$(dirname "$manual")"
    cp -R "$here/manual" "$manual"
fi
"$target/bin/forecast" --version
echo "已安装到 $target。请运行 $target/bin/forecast doctor 检查。"
"""

_READ_ME = """离线安装说明（@NAME@ @VERSION@，Python @PYTHON@，@PLATFORM@）
Linux 系统须有 glibc 2.@GLIBC@ 以上（银河麒麟 V10、统信 UOS 20、RHEL 8、Debian 10 及以后）。

安装：sh install.sh /opt/forecast
检查：/opt/forecast/bin/forecast doctor
手册：/opt/forecast/bin/forecast manual，或在浏览器中打开 manual/index.html
清单：sbom.cdx.json 列出各程序包的版本、许可和校验和（CycloneDX）；SHA256SUMS 列出每个文件的校验和。
Python 请用 3.11.9、3.12.3、3.13.0 或更新的修订版（expat 2.6.0 以上）；forecast doctor 会核对。

升级：
1. 旧版：forecast backup 备份.zip
2. 停用定时作业，等正在运行的命令结束。
3. 新版安装包：sh install.sh /opt/forecast（就地升级程序，不动工作区）
4. forecast doctor；首次打开时观测数据库的结构自动升级。若提示 MLflow 数据库由旧版建立，
   按提示执行 mlflow db upgrade，再运行一次 forecast doctor。
5. 恢复定时作业。升级后第一次月度作业各地区重算一遍；数字没有变化的已签发月报不出更正。
退回：用旧版安装包安装到另一目录，再用旧版的 forecast restore 备份.zip 恢复到空的工作区。
"""


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values in the places marked @NAME@."""
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text


def checksums(files: Mapping[str, bytes]) -> bytes:
    """Sums in the form of `sha256sum --check`, by name."""
    lines = [f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)]
    return "".join(lines).encode()


def archive(folder: str, files: Mapping[str, bytes], moment: int) -> bytes:
    """A tar.gz that is the same bytes for the same content."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in sorted(files):
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size, entry.mtime = len(files[name]), moment
            entry.mode = 0o755 if name.endswith(".sh") else 0o644
            tar.addfile(entry, io.BytesIO(files[name]))
    packed = io.BytesIO()
    with gzip.GzipFile(
        filename="", fileobj=packed, mode="wb", compresslevel=6, mtime=moment
    ) as out:
        out.write(plain.getvalue())
    return packed.getvalue()


def manual_pages(built: Path) -> dict[str, bytes]:
    """Files of the manual by their place in the archive; none where it has not been built."""
    return {
        f"manual/{file.relative_to(built).as_posix()}": file.read_bytes()
        for file in sorted(built.rglob("*"))
        if file.is_file() and not file.relative_to(built).parts[0].startswith(".")
    }


def contents(
    wheels: Mapping[str, bytes], constraints: bytes, version: str, documents: Mapping[str, bytes]
) -> dict[str, bytes]:
    """Files of the archive, checksums included."""
    values = {
        "NAME": DISTRIBUTION,
        "VERSION": version,
        "PYTHON": f"{sys.version_info[0]}.{sys.version_info[1]}",
        "PLATFORM": sysconfig.get_platform(),
        "GLIBC": str(GLIBC_MINOR),
        "REQUIREMENT": f"{DISTRIBUTION}[{EXTRAS}]=={version}",
    }
    files = {f"wheels/{name}": data for name, data in wheels.items()} | dict(documents)
    files["constraints.txt"] = constraints
    files[SCRIPT] = fill(_INSTALL, values).encode()
    files["安装说明.txt"] = fill(_READ_ME, values).encode()
    files[SUMS] = checksums(files)
    return files


def platform_tags(system: str, machine: str) -> list[str]:
    """Platforms whose wheels are taken; none where pip is to choose by itself.

    Without a choice pip would take wheels for the C library of the machine the archive is built on,
    which may be newer than that of the machine it is taken to.
    """
    if system != "linux":
        return []
    named = ("manylinux2014", "manylinux2010", "manylinux1")
    return [
        *(f"manylinux_2_{minor}_{machine}" for minor in range(GLIBC_MINOR, 4, -1)),
        *(f"{name}_{machine}" for name in named),
    ]


def own_wheel(folder: Path) -> Path:
    """Build the wheel of this program."""
    subprocess.run(
        [*_PIP, "wheel", *_QUIET, "--no-deps", "--wheel-dir", str(folder), str(ROOT)], check=True
    )
    (own,) = folder.glob("*.whl")
    return own


def download(folder: Path, version: str, platforms: Sequence[str], *wanted: str) -> None:
    """Fetch wheels for a release of Python (`312`) and platforms, of the locked versions."""
    choice = [
        "--only-binary", ":all:", "--implementation", "cp", "--python-version", version,
        *(part for abi in (f"cp{version}", "abi3", "none") for part in ("--abi", abi)),
        *(part for platform in platforms for part in ("--platform", platform)),
    ]  # fmt: skip
    subprocess.run(
        [*_PIP, "download", *_QUIET, "--dest", str(folder), *choice, *_LOCKED, *wanted], check=True
    )


def _wheels(folder: Path) -> dict[str, bytes]:
    """Build our own wheel and fetch every other this program needs."""
    wanted = f"{own_wheel(folder)}[{EXTRAS}]"
    tags = platform_tags(sys.platform, platform.machine())
    if tags:
        download(folder, f"{sys.version_info[0]}{sys.version_info[1]}", tags, wanted)
    else:
        subprocess.run(
            [*_PIP, "wheel", *_QUIET, "--wheel-dir", str(folder), *_LOCKED, wanted], check=True
        )
    return {file.name: file.read_bytes() for file in sorted(folder.glob("*.whl"))}


def moment() -> int:
    """The commit's own time, as reproducible builds take it, where the caller knows it."""
    return int(os.environ.get("SOURCE_DATE_EPOCH", "315532800"))


def write_release(file: Path, packed: bytes) -> None:
    """Write an archive and, beside it, its checksum."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(packed)
    file.with_name(f"{file.name}.sha256").write_text(
        f"{hashlib.sha256(packed).hexdigest()}  {file.name}\n", "utf-8"
    )
    sys.stdout.write(f"已生成 {file}（{len(packed) / 1e6:.0f} MB）。\n")


def main() -> None:
    """Build the archive and say where it is."""
    parser = argparse.ArgumentParser(description="制作离线安装包。")
    parser.add_argument("--output", type=Path, default=Path("dist"), help="输出文件夹。")
    output: Path = parser.parse_args().output
    version = metadata.version(DISTRIBUTION)
    tag = f"py{sys.version_info[0]}{sys.version_info[1]}"
    system = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    folder = f"{DISTRIBUTION}-{version}-{tag}-{system}"
    with tempfile.TemporaryDirectory() as scratch:
        wheels = _wheels(Path(scratch))
    constraints = (ROOT / "constraints.txt").read_bytes()
    manual = manual_pages(ROOT / "docs" / "_build" / "html")
    bill = {sbom.FILE: sbom.bill_of_materials(wheels, DISTRIBUTION, version, moment())}
    packed = archive(folder, contents(wheels, constraints, version, {**manual, **bill}), moment())
    write_release(output / f"{folder}.tar.gz", packed)


if __name__ == "__main__":
    main()
