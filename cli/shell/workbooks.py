"""`--format xlsx`: results as a workbook beside what a command prints."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

workbook_option: Callable[[F], F] = click.option(
    "--format",
    "form",
    type=click.Choice(["xlsx"]),
    help="另存为工作簿（Excel、WPS、LibreOffice），写到 --output 的文件夹；默认为当前文件夹。",
)
folder_option: Callable[[F], F] = click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="文件夹",
    help="工作簿写到该文件夹；默认为当前文件夹。",
)


def save_workbook(folder: Path | None, name: str, content: bytes, *, as_json: bool) -> Path:
    """Write a workbook and say where; beside JSON on stderr."""
    from employment_forecast.data.files import write_atomically

    file = (folder or Path()) / f"{name}.xlsx"
    write_atomically(file, content)
    click.echo(f"已写入：{file}", file=sys.stderr if as_json else None)
    return file
