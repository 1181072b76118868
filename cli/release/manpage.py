"""The manual page forecast(1), written from the commands: `python -m … > forecast.1`."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import click

from employment_forecast.cli.main import cli
from employment_forecast.data.errors import EXIT_CODES

_BLANKS = re.compile(r"\s*\n\s*")
# Where a line of Chinese may end: roff itself knows of blanks only.
_BREAKS = re.compile(r"([\u3400-\u9fff，。；：、）”])(?=[\u3400-\u9fff（“])")


def escaped(text: str) -> str:
    """Text that roff takes as it stands, on one line."""
    flat = _BLANKS.sub(" ", text.strip()).replace("\\", "\\e").replace("-", "\\-")
    flat = _BREAKS.sub(r"\1\\:", flat)
    return f"\\&{flat}" if flat[:1] in (".", "'") else flat


def walk(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """Commands by their full names, groups before what they hold."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            part = command.get_command(context, name)
            assert part is not None
            yield from walk(part, f"{path} {name}")


def _options(command: click.Command) -> Iterator[str]:
    context = click.Context(command)
    for each in command.get_params(context):
        if not isinstance(each, click.Option) or "--help" in each.opts:
            continue
        typed = ", ".join(rf"\fB{escaped(flag)}\fR" for flag in each.opts)
        if not (each.is_flag or each.count):
            typed += rf" \fI{escaped(each.make_metavar(context))}\fR"
        yield f".TP\n{typed}\n{escaped(each.help or '')}\n"


def manual_page(version: str) -> str:
    """The whole page.

    Parameters
    ----------
    version : str
        Of the program.
    """
    parts = [
        f'.TH FORECAST 1 "" "employment-forecast {escaped(version)}" "用户命令"\n.nh\n.ad l\n',
        ".SH 名称\n", r"forecast \- 就业失业预测与失业预警", "\n",
        ".SH 概要\n", r"\fBforecast\fR \fI命令\fR [\fI选项\fR]", "\n",
        ".SH 说明\n", *(f".PP\n{escaped(p)}\n" for p in (cli.help or "").split("\n\n")),
        *_options(cli), ".PP\n手册：", r"\fBforecast manual\fR", "。\n", ".SH 命令\n",
    ]  # fmt: skip
    for path, command in walk(cli, "forecast"):
        if command is cli:
            continue
        usage = " ".join([path, *command.collect_usage_pieces(click.Context(command))])
        parts.append(f".SS {escaped(usage)}\n")
        parts += [f".PP\n{escaped(p)}\n" for p in (command.help or "").split("\n\n")]
        parts += _options(command)
    parts.append(".SH 退出码\n")
    parts += [f".TP\n{code}\n{escaped(meaning)}\n" for code, meaning in EXIT_CODES.items()]
    return "".join(parts)


def main(arguments: list[str] | None = None) -> None:
    """Write the page to a file."""
    parser = argparse.ArgumentParser(description="Write the manual page forecast(1).")
    parser.add_argument("file", type=Path)
    given = parser.parse_args(arguments)
    given.file.parent.mkdir(parents=True, exist_ok=True)
    given.file.write_text(manual_page(metadata.version("employment-forecast")), "utf-8")


if __name__ == "__main__":
    main()
