"""`forecast ui`."""

from __future__ import annotations

import sys

import click

# An address of this machine at which MLflow's page opens no assistant; macOS has but the usual one.
HOST = "127.0.0.1" if sys.platform == "darwin" else "127.0.0.2"


@click.command(
    options_metavar="[选项]", short_help="在本机启动 MLflow 界面，比较各次运行与模型版本。"
)
@click.option(
    "--port",
    metavar="端口",
    default=5000,
    show_default=True,
    type=click.IntRange(1, 65535),
    help="端口。",
)
@click.option(
    "--host",
    metavar="地址",
    default=HOST,
    show_default=True,
    help="监听地址；默认仅本机可访问。在 127.0.0.1 和 localhost，页面会打开 MLflow 自带的助手。",
)
def ui(port: int, host: str) -> None:
    """在本机启动 MLflow 界面，比较各次运行与模型版本。按 Ctrl-C 结束。"""
    from employment_forecast.cli.shell.session import notice, open_session
    from employment_forecast.experiments.tracking import serve

    session = open_session()
    shown = f"[{host}]" if ":" in host else host
    uri = session.settings.tracking_uri(session.workspace)

    def started(page: str) -> None:
        notice(f"MLflow 界面：http://{shown}:{port}/{page}  （按 Ctrl-C 结束）")

    serve(uri, session.workspace, host, port, started)
