"""`forecast sync`."""

from __future__ import annotations

import click

from employment_forecast.cli.shell.options import json_option
from employment_forecast.cli.shell.output import write_json


@click.command(options_metavar="[选项]", short_help="把暂存在本机的运行结果补记入 MLflow。")
@json_option
def sync(as_json: bool) -> int:
    """把 MLflow 不可用时暂存在本机的运行结果补记入 MLflow，先存的先记。

    未能补记的继续暂存，退出码为 11。
    """
    from employment_forecast.cli.shell.progress import progress
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data.errors import EXIT_OK, EXIT_UNRECORDED
    from employment_forecast.experiments.recording import sync as log_all
    from employment_forecast.experiments.tracking import open_tracker

    session = open_session()
    uri = session.settings.tracking_uri(session.workspace)
    with open_tracker(uri, session.workspace) as tracker, progress("补记") as tick:
        synced = log_all(tracker, session.workspace, session.catalogue, tick)
    failed = [each for each in synced if each.version is None]
    code = EXIT_UNRECORDED if failed else EXIT_OK
    if as_json:
        rows = [
            {
                "package": each.name,
                "registered_name": each.version.registered_name if each.version else None,
                "version": each.version.version if each.version else None,
                "failure": each.failure or None,
            }
            for each in synced
        ]
        write_json({"synced": rows, "waiting": len(failed)})
        return code
    if not synced:
        click.echo("没有等待补记的运行结果。")
    for each in synced:
        if each.version is None:
            click.echo(f"{each.name}：仍未能补记。{each.failure}")
        else:
            click.echo(
                f"{each.name}：已登记为 {each.version.registered_name}"
                f" 第 {each.version.version} 版。"
            )
    return code
