"""A file is replaced whole or not at all."""

from __future__ import annotations

import json
import math
import os

import pytest

from employment_forecast.data.errors import StorageError
from employment_forecast.data.files import atomic as files
from employment_forecast.data.files.atomic import to_json, write_atomically


def test_content_arrives_and_folders_are_made(tmp_path):
    target = tmp_path / "新" / "表.csv"
    write_atomically(target, "一".encode())
    assert target.read_text("utf-8") == "一"
    write_atomically(target, b"")
    assert target.read_bytes() == b""
    assert os.listdir(target.parent) == ["表.csv"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, error):
    target = tmp_path / "feed.json"
    write_atomically(target, b"old")

    def fail(_: int) -> None:
        raise error

    monkeypatch.setattr(files.os, "fsync", fail)
    with pytest.raises(StorageError if isinstance(error, OSError) else KeyboardInterrupt):
        write_atomically(target, b"new and longer")
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["feed.json"]


def test_a_folder_in_the_way_is_a_storage_error(tmp_path):
    (tmp_path / "chart.png").mkdir()
    with pytest.raises(StorageError, match=r"chart\.png") as caught:
        write_atomically(tmp_path / "chart.png", b"x")
    assert caught.value.exit_code == 6
    assert os.listdir(tmp_path) == ["chart.png"]


def test_a_file_where_the_folder_should_be_is_a_storage_error(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(StorageError):
        write_atomically(tmp_path / "out" / "forecast.csv", b"x")


def test_json_is_finite_and_keeps_chinese():
    text = to_json({"地区": "嘉定", "p": 0.5})
    assert json.loads(text) == {"地区": "嘉定", "p": 0.5}
    assert "嘉定" in text
    assert text.endswith("}\n")
    assert to_json({"地区": "嘉定"}, ascii_only=True).isascii()
    for bad in (math.nan, math.inf):
        with pytest.raises(ValueError, match="JSON"):
            to_json({"x": bad})
