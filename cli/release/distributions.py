"""Build wheel and sdist so that the same commit gives the same bytes, and list their checksums.

Run by `make dist`.
"""

from __future__ import annotations

import argparse
import gzip
import io
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from employment_forecast.cli.release.offline_bundle import ROOT, SUMS, archive, checksums, moment


def repacked(packed: bytes, second: int) -> bytes:
    """A tar.gz in a fixed order and with one time: setuptools writes those of the build."""
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(packed))) as tar:
        files = {}
        for entry in tar.getmembers():
            stream = tar.extractfile(entry)
            if stream is not None:
                files[entry.name] = stream.read()
    (folder,) = {name.split("/")[0] for name in files}
    return archive(folder, {n.removeprefix(f"{folder}/"): d for n, d in files.items()}, second)


def built() -> dict[str, bytes]:
    """Sdist, and the wheel that is built from it, by file name."""
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(
            [sys.executable, "-m", "build", "--outdir", scratch, str(ROOT)],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        files = {file.name: file.read_bytes() for file in sorted(Path(scratch).iterdir())}
    return {
        name: repacked(data, moment()) if name.endswith(".tar.gz") else data
        for name, data in files.items()
    }


def main(arguments: list[str] | None = None) -> None:
    """Build both and write them with their checksums."""
    parser = argparse.ArgumentParser(description="Build wheel and sdist.")
    parser.add_argument("--output", type=Path, default=Path("dist"))
    output: Path = parser.parse_args(arguments).output
    files = built()
    output.mkdir(parents=True, exist_ok=True)
    for name, data in {**files, SUMS: checksums(files)}.items():
        (output / name).write_bytes(data)
        sys.stdout.write(f"{output / name}\n")


if __name__ == "__main__":
    main()
