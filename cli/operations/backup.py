"""`forecast backup` and `forecast restore`."""

from __future__ import annotations

from pathlib import Path

import click

from employment_forecast.cli.shell.options import json_option
from employment_forecast.cli.shell.output import write_json

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
@click.option(
    "--connections",
    is_flag=True,
    help="连同备份中的外部地址（数据库、MLflow、监视文件夹、集群、通知、邮件、外部程序）一起恢复；默认停用。",
)
@json_option
def restore(file: Path, connections: bool, as_json: bool) -> None:
    """从备份文件恢复到空的工作区（可用 FORECAST_HOME 指定）。已有数据的工作区不会被改动。

    全部恢复或全不恢复：中途被强行结束的，由下一条命令取回。备份里的外部地址默认不启用，
    以免副本写入正式的数据库、处理正式的文件或发出邮件。
    """
    from employment_forecast.cli.shell.session import open_workspace
    from employment_forecast.data.workspace import restore_backup

    workspace = open_workspace()
    own = workspace.settings_file.exists()
    tied = restore_backup(
        workspace, None, file.expanduser().resolve(), keep_connections=connections
    )
    state = "kept" if own else "restored" if connections else "disabled"
    if as_json:
        content = {
            "workspace": str(workspace.root),
            "restored": True,
            "connections": tied,
            "connections_state": state if tied else None,
        }
        write_json(content)
        return
    click.echo(f"已恢复到工作区 {workspace.root}。")
    if tied:
        names = "、".join(tied)
        said = {
            "kept": f"沿用工作区原有的 forecast.toml，备份中的外部地址没有采用：{names}。",
            "restored": f"已启用备份中的外部地址：{names}。运行其他命令前请核对 forecast.toml。",
            "disabled": f"备份中的外部地址已停用：{names}。需要时在 forecast.toml 去掉行首的 #。",
        }
        click.echo(said[state])
