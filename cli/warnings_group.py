"""`forecast warnings`: issued warnings, and how good warnings have been."""

from __future__ import annotations

import click

from cli.lazy import Commands, LazyGroup

COMMANDS: Commands = {
    "evaluate": (
        "cli.warnings_evaluate",
        "evaluate",
        "回测预警：命中、漏报、误报、提前量与界限。",
    ),
}


@click.group(cls=LazyGroup, lazy=COMMANDS)
def warnings() -> None:
    """预警的发布记录与回测评价。"""
