"""`forecast cron`."""

from __future__ import annotations

import click

from employment_forecast.cli.shell.options import json_option


@click.command(
    options_metavar="[选项]", short_help="显示定时运行月度作业的 crontab 行与 systemd 单元。"
)
@click.option(
    "--at", metavar="时:分", default="06:30", show_default=True, help="每天的运行时刻，如 06:30。"
)
@json_option
def cron(at: str, as_json: bool) -> None:
    """显示定时运行月度作业的 crontab 行与 systemd 单元；不改动系统。

    月度作业可以每天运行：没有新数据时什么也不改变，迟到的文件当天就能处理。
    """
    import re
    import sys
    from pathlib import Path

    from employment_forecast.cli.shell.output import write_json
    from employment_forecast.data.errors import UsageError
    from employment_forecast.data.workspace import find_workspace
    from employment_forecast.experiments.cycle import crontab_line, systemd_service, systemd_timer

    match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", at)
    if match is None:
        raise UsageError(f"--at 的值“{at}”不是时刻。", "请写成 06:30 这样的时:分。")
    hour, minute = int(match[1]), int(match[2])
    command = Path(sys.executable).with_name("forecast")
    home = find_workspace().root
    line = crontab_line(command, home, hour, minute)
    service, timer = systemd_service(command, home), systemd_timer(hour, minute)
    if as_json:
        write_json({"crontab": line, "service": service, "timer": timer})
        return
    click.echo("# crontab（执行 crontab -e，加入下面一行）")
    click.echo(line)
    click.echo("\n# 或用 systemd：/etc/systemd/system/forecast-monthly.service")
    click.echo(service)
    click.echo("# /etc/systemd/system/forecast-monthly.timer")
    click.echo(timer)
    click.echo("# 启用：systemctl enable --now forecast-monthly.timer")
