"""`forecast backup` and `forecast restore`."""

from __future__ import annotations

from pathlib import Path

import click

from employment_forecast.cli.shell.output import json_option, write_json

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(options_metavar="[选项]", short_help="把整个工作区备份为一个文件。")
@click.argument("file", type=FILE, metavar="备份文件")
@json_option
def backup(file: Path, as_json: bool) -> None:
    """把整个工作区（配置、观测数据、MLflow 记录）备份为一个 zip 文件。"""
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data.workspace import write_backup

    session = open_session()
    counts = write_backup(session.workspace, session.store, file.expanduser().resolve())
    if as_json:
        write_json({"file": str(file), "counts": counts})
        return
    click.echo(
        f"已备份到 {file}：观测值 {counts['observations']} 条，目标 {counts['targets']} 条，"
        f"MLflow 文件 {counts['files']} 个。"
    )
    if session.settings["mlflow.tracking_uri"]:
        click.echo("注意：MLflow 使用外部服务器，其内容不在本备份内，请由该服务器自行备份。")


@click.command(options_metavar="[选项]", short_help="从备份文件恢复到空的工作区。")
@click.argument("file", type=FILE, metavar="备份文件")
@json_option
def restore(file: Path, as_json: bool) -> None:
    """从备份文件恢复到空的工作区（可用 FORECAST_HOME 指定）。已有数据的工作区不会被改动。"""
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data.store import Store
    from employment_forecast.data.workspace import restore_backup

    session = open_session()
    # The store is opened without the bundled data: they come with the backup.
    store = Store(session.settings.store_url(session.workspace))
    restore_backup(session.workspace, store, file.expanduser().resolve())
    if as_json:
        write_json({"workspace": str(session.workspace.root), "restored": True})
        return
    click.echo(f"已恢复到工作区 {session.workspace.root}。")
