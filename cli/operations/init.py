"""`forecast init`."""

from __future__ import annotations

from pathlib import Path

import click

from employment_forecast.cli.shell.options import json_option
from employment_forecast.cli.shell.output import write_json


@click.command(options_metavar="[选项]", short_help="建立工作区，写出带注释的 forecast.toml。")
@click.argument(
    "folder", required=False, type=click.Path(file_okay=False, path_type=Path), metavar="[文件夹]"
)
@json_option
def init(folder: Path | None, as_json: bool) -> None:
    """建立工作区，写出带注释的 forecast.toml。

    不给文件夹时用 FORECAST_HOME，否则用当前目录。已有的 forecast.toml 不会被改动。
    """
    import os

    from employment_forecast.cli.shell.session import Session
    from employment_forecast.data.files import write_atomically
    from employment_forecast.data.workspace import Workspace, load_settings, template

    chosen = folder or Path(os.environ.get("FORECAST_HOME") or ".")
    workspace = Workspace(chosen.expanduser().resolve())
    workspace.create()
    fresh = not workspace.settings_file.exists()
    if fresh:
        write_atomically(workspace.settings_file, template().encode("utf-8"), secret=True)
    session = Session(workspace, load_settings(workspace))
    series = session.store.series()
    if as_json:
        content = {
            "workspace": str(workspace.root),
            "settings_created": fresh,
            "series": len(series),
        }
        write_json(content)
        return
    click.echo(f"工作区：{workspace.root}")
    click.echo(f"配置文件：{workspace.settings_file}" + ("" if fresh else "（已存在，未改动）"))
    click.echo(f"观测数据库：{session.store.url}")
    click.echo(f"已载入随程序附带的序列 {len(series)} 个（全国为真实数据，各区为演示数据）。")
    click.echo("下一步：forecast run --region 嘉定")
