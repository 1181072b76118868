"""Help by words, completion scripts, the manual."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from employment_forecast.cli.main import cli
from employment_forecast.cli.operations import completion
from employment_forecast.cli.shell import failures


@pytest.fixture
def said(capfd):
    def run(*words: str, code: int = 0) -> str:
        assert failures.run_and_translate(cli, list(words)) == code
        return capfd.readouterr().out

    return run


@pytest.mark.parametrize(
    ("word", "command"),
    [
        ("撤回", "forecast data withdraw"),
        ("备份", "forecast backup"),
        ("裁员", "forecast scenario"),
        ("警戒线", "forecast thresholds export"),
        ("签发", "forecast bulletin issue"),
        ("rollback", "forecast rollback"),
        ("为何变动", "forecast explain"),
    ],
)
def test_help_finds_commands_by_chinese_words(said, word, command):
    rows = json.loads(said("help", word, "--json"))["commands"]
    assert command in [row["command"] for row in rows[:5]]
    assert len(rows) <= 10


def test_help_says_when_nothing_fits(said):
    content = json.loads(said("help", "量子纠缠", "--json", code=8))
    assert "量子纠缠" in content["error"]["message"]


@pytest.mark.parametrize("shell", completion.SHELLS)
def test_a_completion_script_is_put_where_the_shell_looks(said, shell, tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    file = Path(json.loads(said("completion", "install", shell, "--json"))["file"])
    assert file.is_relative_to(tmp_path)
    text = file.read_text("utf-8")
    assert "_FORECAST_COMPLETE" in text
    assert text.strip() == said("completion", "show", shell).strip()


def test_the_shell_is_taken_from_the_environment(said, monkeypatch):
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    assert "fish_complete" in said("completion", "show")
    monkeypatch.setenv("SHELL", "/bin/csh")
    said("completion", "show", code=2)


def test_the_program_answers_what_a_shell_asks():
    asked = {
        **os.environ,
        "_FORECAST_COMPLETE": "fish_complete",
        "COMP_WORDS": "forecast data wi",
        "COMP_CWORD": "wi",
    }
    done = subprocess.run(
        [sys.executable, "-c", "from employment_forecast.cli.main import main; main([])"],
        env=asked,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split("\t")[0] == "plain,withdraw"


def test_the_manual_is_found_beside_the_program_first(said, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    page = tmp_path / "share/doc/employment-forecast/manual/index.html"
    page.parent.mkdir(parents=True)
    page.write_text("手册", "utf-8")
    assert json.loads(said("manual", "--json"))["manual"] == str(page)
    assert str(page) in said("manual", "--path")
    opened = []
    monkeypatch.setattr("webbrowser.open", lambda uri: bool(opened.append(uri)))
    assert "没有可用的浏览器" in said("manual")
    assert opened == [page.as_uri()]
