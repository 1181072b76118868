from __future__ import annotations

import gettext
import io
import re
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from support.paths import ROOT

from employment_forecast.cli.main import COMMANDS, cli
from employment_forecast.cli.shell import environment
from employment_forecast.cli.shell.lazy import Commands, Group, LazyGroup
from employment_forecast.cli.shell.punctuation import sentence
from employment_forecast.data.errors import EXIT_CODES

HEAVY = ("pandas", "numpy", "mlflow", "statsmodels", "prophet", "sklearn", "sqlalchemy", "rich")


def test_help_imports_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "employment_forecast.cli.main", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert "click" in imported
    assert not imported & set(HEAVY)
    assert "就业失业预测" in done.stdout


def entries(table: Commands, group: click.Group) -> Iterator[tuple[str, str, click.Command]]:
    for name, entry in table.items():
        command = group.get_command(click.Context(group), name)
        assert command is not None
        yield name, entry.line if isinstance(entry, Group) else entry[2], command
        if isinstance(entry, Group):
            assert isinstance(command, LazyGroup)
            yield from entries(entry.commands, command)


def test_listed_help_line_is_the_commands_own() -> None:
    for name, line, command in entries(COMMANDS, cli):
        own = command.short_help or (command.help or "").splitlines()[0]
        assert own == line, name


def test_help_lists_every_command_and_exit_code() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "employment_forecast.cli.main", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in COMMANDS:
        assert re.search(rf"^  {name}\b", done.stdout, re.MULTILINE)
    flat = "".join(done.stdout.split())
    for code, meaning in EXIT_CODES.items():
        assert f"{code}{''.join(meaning.split())}" in flat


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


def helps(command: click.Command, path: str, above: click.Context | None = None) -> Iterator[str]:
    context = click.Context(command, info_name=path, parent=above)
    yield command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            part = command.get_command(context, name)
            assert part is not None
            yield from helps(part, name, context)


METAVARS = re.compile(
    r"\b(TEXT|INTEGER|FLOAT|PATH|FILE|FILENAME|DIRECTORY|RANGE|DATE|COMMAND|ARGS)\b"
)
HALF = re.compile(r"[\u4e00-\u9fff][,;:?!.()]|[,;:?!()][\u4e00-\u9fff]")
FORMS = re.compile(r"月份:人数|时:分|格式,…|地区,…|指标,…")


def test_help_is_chinese_throughout() -> None:
    told = list(helps(cli, "forecast"))
    assert len(told) > 60
    for text in told:
        for line in FORMS.sub("", text).splitlines():
            assert not METAVARS.search(line), line
            assert not HALF.search(line), line


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("缺少选项 '--number'.", "缺少选项 “--number”。"),
        ("有多余的参数：extra", "有多余的参数：extra。"),
        ("没有选项 '--nope'。 您要的是否是：'--no'？", "没有选项 “--nope”。您要的是否是：“--no”？"),
        ("'x' 不可用，可选：'a', 'b'。", "“x” 不可用，可选：“a”、“b”。"),
        ("缺少选项 '--tier'. 可选：市,\n\t区", "缺少选项 “--tier”。可选：市、区。"),
    ],
)
def test_errors_are_sentences(message: str, said: str) -> None:
    assert sentence(message) == said


def test_errors_of_click_end_as_they_should() -> None:
    for arguments in (("bulletin", "issue", "--region", "嘉定"), ("bulletin", "list", "x"),
                      ("run", "--nope"), ("run", "--region", "嘉定", "--jobs", "a")):  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "employment_forecast.cli.main", *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2
        assert done.stderr.startswith("错误：")
        assert done.stderr.endswith("--help 查看用法。\n")
        assert not HALF.search(done.stderr), done.stderr
        assert "integer" not in done.stderr
