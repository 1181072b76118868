"""`forecast site`."""

from __future__ import annotations

from pathlib import Path

import click

from employment_forecast.cli.shell.options import json_option
from employment_forecast.cli.shell.output import write_json


@click.command(options_metavar="[选项]", short_help="写出各地区看板（静态网页，不需要网络）。")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="文件夹",
    help="写到该文件夹；默认为工作区的 site。",
)
@json_option
def site(output: Path | None, as_json: bool) -> int:
    """写出看板：全部地区一览，每个地区一页，用浏览器直接打开 index.html。

    每次月度作业、晋级、发布预警线、签发月报后自动更新工作区的 site；写到别处的不会自动更新。
    """
    from employment_forecast.cli.shell.progress import progress
    from employment_forecast.cli.shell.session import notice, open_session
    from employment_forecast.data import clock
    from employment_forecast.experiments.site import write_site
    from employment_forecast.experiments.tracking import open_tracker

    session = open_session()
    uri = session.settings.tracking_uri(session.workspace)
    with open_tracker(uri, session.workspace) as tracker, progress("看板") as tick:
        folder, trouble = write_site(session, tracker, clock.today(), output, progress=tick)
    for line in trouble:
        notice(f"没有页面：{line}")
    if as_json:
        write_json({"folder": str(folder), "without_page": trouble})
    else:
        click.echo(f"已写出看板：{folder / 'index.html'}")
    return 0
