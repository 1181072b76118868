"""Command groups whose commands are imported only when they are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import click

from employment_forecast.cli.shell import failures

_PACKAGE = "employment_forecast.cli"


@dataclass(frozen=True)
class Group:
    """A line of the table that stands for commands below it.

    Attributes
    ----------
    line : str
        Line for the help page of the group above.
    commands : mapping
        Commands of the group.
    about : str
        What its own help page says after that line.
    own : tuple of str or None
        Module and name of a `LazyGroup` with options of its own; a plain group if None.
    """

    line: str
    commands: Commands
    about: str = ""
    own: tuple[str, str] | None = None


# Name -> (module below `cli`, attribute, one line for the help page) or a group. The line is kept
# here so that the help page needs no import; a test keeps it equal to the command's own.
Commands = Mapping[str, "tuple[str, str, str] | Group"]


def _loaded(module: str, attribute: str) -> click.Command:
    command: click.Command = getattr(import_module(f"{_PACKAGE}.{module}"), attribute)
    return command


class LazyGroup(click.Group):
    """A group that finds its commands in a table.

    Parameters
    ----------
    lazy : mapping
        The table; a group named in a table as `own` gets it when it is loaded.
    """

    def __init__(self, *args: Any, lazy: Commands | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("options_metavar", "[选项]")
        kwargs.setdefault("subcommand_metavar", "命令 [参数]…")
        super().__init__(*args, **kwargs)
        self.lazy: Commands = lazy or {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of use."""
        return list(self.lazy)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import one command."""
        entry = self.lazy.get(name)
        if entry is None:
            return None
        if not isinstance(entry, Group):
            return _loaded(*entry[:2])
        if entry.own is None:
            text = f"{entry.line}\n\n{entry.about}" if entry.about else entry.line
            return LazyGroup(name, lazy=entry.commands, help=text, short_help=entry.line)
        group = _loaded(*entry.own)
        assert isinstance(group, LazyGroup)
        group.lazy = entry.commands
        return group

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command or name the nearest ones."""
        if args and not args[0].startswith("-") and args[0] not in self.lazy:
            raise failures.unknown_command(args[0], list(self.lazy), ctx.command_path)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table, without importing them."""
        lines = [
            (name, entry.line if isinstance(entry, Group) else entry[2])
            for name, entry in self.lazy.items()
        ]
        with formatter.section("命令"):
            formatter.write_dl(lines)
