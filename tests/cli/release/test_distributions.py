"""Wheel and sdist hold the product and nothing else, and are the same bytes for the same commit."""

from __future__ import annotations

import gzip
import importlib.util
import io
import subprocess
import tarfile
import zipfile

import pytest
from support.paths import ROOT

from employment_forecast.cli.release import distributions
from employment_forecast.cli.release.offline_bundle import archive


def test_an_archive_is_repacked_in_one_order_with_one_time():
    def packed(names: list[str], second: int) -> bytes:
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w") as tar:
            for name in names:
                entry = tarfile.TarInfo(f"x-1/{name}")
                entry.size, entry.mtime = len(name), second
                tar.addfile(entry, io.BytesIO(name.encode()))
        return gzip.compress(stream.getvalue(), mtime=second)

    made = distributions.repacked(packed(["b", "a"], 1), 7)
    assert made == distributions.repacked(packed(["a", "b"], 2), 7)
    assert made == archive("x-1", {"a": b"a", "b": b"b"}, 7)


@pytest.mark.soak
@pytest.mark.skipif(importlib.util.find_spec("build") is None, reason="make dist installs build")
def test_two_builds_are_the_same_bytes_and_hold_the_product(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    first, second = distributions.built(), distributions.built()
    assert first == second
    ((sdist, packed), (wheel, zipped)) = sorted(first.items(), key=lambda pair: pair[0][-3:])
    assert (sdist.endswith(".tar.gz"), wheel.endswith(".whl")) == (True, True)
    with zipfile.ZipFile(io.BytesIO(zipped)) as archive_:
        names = set(archive_.namelist())
    ours = {n.removeprefix("employment_forecast/") for n in names if ".d" not in n.split("/")[0]}
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    tools = ("tests/", "docs/", "cli/release/", "experiments/benchmark/", "data/bundled/demo/gen")
    product = {n for n in listed if n.endswith(".py") and not n.startswith(tools)}
    assert {n for n in ours if n.endswith(".py")} == product
    assert {"py.typed", "data/catalogue/regions.toml", "data/bundled/demo/firms.csv"} <= ours
    assert "cli/locale/zh_CN/LC_MESSAGES/messages.mo" in ours
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        sources = {n.split("/", 1)[1] for n in tar.getnames()}
    assert product | {"setup.cfg", "pyproject.toml", "README.md", "LICENSE"} <= sources
