"""Command groups whose commands are imported only when they are called."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from cli import failures

# Name -> (module, attribute, one line for the help page). The line is kept here so that the help
# page needs no import; a test keeps it equal to the command's own.
Commands = Mapping[str, tuple[str, str, str]]


class LazyGroup(click.Group):
    """A group that finds its commands in a table.

    Parameters
    ----------
    lazy : mapping
        Name to (module, attribute, help line).
    """

    def __init__(self, *args: Any, lazy: Commands, **kwargs: Any) -> None:
        kwargs.setdefault("options_metavar", "[选项]")
        kwargs.setdefault("subcommand_metavar", "命令 [参数]…")
        super().__init__(*args, **kwargs)
        self.lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of use."""
        return list(self.lazy)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import one command."""
        if name not in self.lazy:
            return None
        module, attribute, _ = self.lazy[name]
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command or name the nearest ones."""
        if args and not args[0].startswith("-") and args[0] not in self.lazy:
            raise failures.unknown_command(args[0], list(self.lazy), ctx.command_path)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table, without importing them."""
        with formatter.section("命令"):
            formatter.write_dl([(name, line) for name, (_, _, line) in self.lazy.items()])
