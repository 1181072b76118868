"""forecast(1) says what the commands say, in a form that roff takes."""

from __future__ import annotations

import shutil
import subprocess

import click
import pytest

from employment_forecast.cli.main import cli
from employment_forecast.cli.release.manpage import escaped, manual_page, walk
from employment_forecast.data.errors import EXIT_CODES

PAGE = manual_page("1.2.dev0")


def test_every_command_option_and_exit_code_is_on_the_page():
    for path, command in walk(cli, "forecast"):
        assert command is cli or f".SS {escaped(path)}" in PAGE
        for each in command.get_params(click.Context(command)):
            if isinstance(each, click.Option) and "--help" not in each.opts:
                assert rf"\fB{escaped(each.opts[0])}\fR" in PAGE
                assert escaped(each.help or "") in PAGE
    for code, meaning in EXIT_CODES.items():
        assert f".TP\n{code}\n{escaped(meaning)}\n" in PAGE


def test_nothing_is_taken_for_a_request():
    assert escaped(".toml 文") == r"\&.toml 文"
    assert escaped("a\\b --x\n  y") == r"a\eb \-\-x y"
    assert escaped("月份，如 2026") == r"月\:份，\:如 2026"
    known = {".TH", ".SH", ".SS", ".PP", ".TP", ".nh", ".ad"}
    assert {line.split()[0] for line in PAGE.splitlines() if line.startswith(".")} == known


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff")
def test_groff_sets_it_without_complaint():
    done = subprocess.run(
        ["groff", "-K", "utf8", "-T", "utf8", "-man", "-ww"],
        input=PAGE,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "就业失业预测" in done.stdout
    assert done.stderr == ""
