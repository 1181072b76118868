from __future__ import annotations

import gettext
import io
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from cli import data_group, environment
from cli.lazy import Commands
from cli.main import COMMANDS
from data.errors import EXIT_CODES

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("pandas", "numpy", "mlflow", "statsmodels", "prophet", "sklearn", "sqlalchemy", "rich")


def test_help_imports_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "cli.main", "--help"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    imported = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert "click" in imported
    assert not imported & set(HEAVY)
    assert "就业失业预测" in done.stdout


@pytest.mark.parametrize("table", [COMMANDS, data_group.COMMANDS])
def test_listed_help_line_is_the_commands_own(table: Commands) -> None:
    for name, (module, attribute, line) in table.items():
        command: click.Command = getattr(import_module(module), attribute)
        assert command.name in (
            name,
            attribute.replace("_", "-"),
            name.replace("import", "import-files"),
        )
        own = command.short_help or (command.help or "").splitlines()[0]
        assert own == line


def test_help_lists_every_command_and_exit_code() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "--help"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in COMMANDS:
        assert re.search(rf"^  {name}\b", done.stdout, re.MULTILINE)
    flat = "".join(done.stdout.split())
    for code, meaning in EXIT_CODES.items():
        assert f"{code}{''.join(meaning.split())}" in flat


@pytest.mark.parametrize("name", ["README.md"])
def test_documented_exit_codes_are_the_real_ones(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    documented = {int(m) for m in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)}
    assert documented == set(EXIT_CODES)


def test_compiled_messages_match_their_source() -> None:
    folder = environment.LOCALE / "zh_CN" / "LC_MESSAGES"
    with (folder / "messages.po").open("rb") as source:
        catalog = read_po(source, locale="zh_CN")
    fresh = io.BytesIO()
    write_mo(fresh, catalog)
    fresh.seek(0)
    with (folder / "messages.mo").open("rb") as compiled:
        shipped = gettext.GNUTranslations(compiled)
    wanted = gettext.GNUTranslations(fresh)
    for message in catalog:
        if isinstance(message.id, tuple):
            one, many = message.id
            assert shipped.ngettext(one, many, 2) == wanted.ngettext(one, many, 2) != many
        elif message.id:
            assert shipped.gettext(message.id) == wanted.gettext(message.id) != message.id
