from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from employment_forecast.data.errors import StorageError
from employment_forecast.data.files.locks import ProcessMarker, abandoned_signs, lock

HOLD = """
import sys
from pathlib import Path
from employment_forecast.data.files.locks import ProcessMarker
sign = ProcessMarker(Path(sys.argv[1]), "other")
print("alive", flush=True)
sys.stdin.read()
"""


def test_a_lock_lets_one_in_at_a_time(tmp_path: Path) -> None:
    inside: list[str] = []

    def enter() -> None:
        with lock(tmp_path / "x.lock"):
            inside.append("other")

    with lock(tmp_path / "x.lock"):
        other = threading.Thread(target=enter)
        other.start()
        time.sleep(0.1)
        inside.append("first")
    other.join(timeout=600)
    assert inside == ["first", "other"]


def test_a_lock_is_free_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError), lock(tmp_path / "x.lock"):
        raise KeyError
    with lock(tmp_path / "x.lock"):
        pass


def test_a_lock_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="锁文件"), lock(tmp_path / "file" / "x.lock"):
        pass


def test_a_living_process_has_abandoned_nothing(tmp_path: Path) -> None:
    sign = ProcessMarker(tmp_path, "me")
    assert abandoned_signs(tmp_path) == []
    sign.end()
    assert not sign.file.exists()


def test_no_folder_means_no_signs(tmp_path: Path) -> None:
    assert abandoned_signs(tmp_path / "none") == []
    assert not (tmp_path / "none").exists()


def test_a_killed_process_leaves_its_sign(tmp_path: Path, python) -> None:
    other = python.start(HOLD, str(tmp_path))
    assert other.stdout.readline() == "alive\n"
    assert abandoned_signs(tmp_path) == []
    other.kill()
    other.communicate()
    assert [file.stem for file in abandoned_signs(tmp_path)] == ["other"]
