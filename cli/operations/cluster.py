"""`forecast cluster scheduler|worker|check|certificates`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from employment_forecast.cli.shell.options import json_option

_certificates_option = click.option(
    "--certificates",
    metavar="文件夹",
    type=click.Path(path_type=Path),
    help="本机的证书（ca.pem、cert.pem、key.pem）；只在本机内使用时可以不给。",
)


def _say(line: str) -> None:
    click.echo(line)


@click.command(options_metavar="[选项]", short_help="启动集群的调度程序。")
@click.option(
    "--host", metavar="地址", default="127.0.0.1", show_default=True, help="在哪个地址上等候。"
)
@click.option(
    "--port",
    metavar="端口",
    type=click.IntRange(1, 65535),
    default=8786,
    show_default=True,
    help="在哪个端口上等候。",
)
@_certificates_option
def scheduler(host: str, port: int, certificates: Path | None) -> None:
    """启动集群的调度程序，直到按 Ctrl-C 或被终止。

    本机以外必须用证书（TLS，两端互验）。先试算一次，作为工作进程加入时比对的依据。
    """
    from employment_forecast.experiments.cluster.nodes import serve_scheduler

    serve_scheduler(host, port, certificates, _say)


@click.command(options_metavar="[选项]", short_help="启动工作进程，加入集群。")
@click.argument("address", metavar="地址")
@click.option(
    "--jobs", metavar="整数", type=click.IntRange(1, 256), help="工作进程数；默认为处理器核数。"
)
@_certificates_option
def worker(address: str, jobs: int | None, certificates: Path | None) -> None:
    """启动工作进程，加入地址（如 tls://forecast-1:8786）所指的集群，直到按 Ctrl-C 或被终止。

    先与调度程序比对版本和试算结果；不同则拒绝加入，退出码为 9。
    """
    from employment_forecast.experiments.cluster.nodes import serve_workers

    serve_workers(address, jobs or os.cpu_count() or 1, certificates, _say)


@click.command(options_metavar="[选项]", short_help="检查设置所指的集群能否使用。")
@json_option
def check(as_json: bool) -> int:
    """连接设置所指的集群，比对版本与试算结果，列出各机的工作进程数。

    不能使用或没有工作进程时退出码为 9；那时月度作业在本机计算。
    """
    from employment_forecast.cli.shell.output import write_json
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data.errors import EXIT_OK, EXIT_REFUSED, SettingsError
    from employment_forecast.experiments.cluster import ClusterError, cluster_of, cluster_state

    session = open_session()
    cluster = cluster_of(session.settings, session.workspace)
    if cluster is None:
        raise SettingsError(
            "没有设置集群。", '请在 forecast.toml 的 [compute] 中写 engine = "dask" 和 scheduler。'
        )
    problem, workers = "", {}
    try:
        workers = cluster_state(cluster).workers
    except ClusterError as error:
        problem = str(error)
    finally:
        cluster.close()
    if not problem and not workers:
        problem = "没有工作进程；请在各机运行 forecast cluster worker。"
    if as_json:
        write_json({"scheduler": cluster.address.url, "workers": workers, "problem": problem})
    elif problem:
        click.echo(f"{cluster.address.url}：{problem}")
    else:
        listed = "，".join(f"{host} {count} 个" for host, count in workers.items())
        click.echo(f"{cluster.address.url}：与本机一致。工作进程：{listed}。")
    return EXIT_REFUSED if problem else EXIT_OK


@click.command(options_metavar="[选项]", short_help="制作集群各机的证书。")
@click.argument("folder", metavar="文件夹", type=click.Path(path_type=Path))
@click.option(
    "--hosts", metavar="主机，…", required=True, help="各机的名称，逗号分隔；每机得一个文件夹。"
)
@click.option(
    "--days",
    metavar="天数",
    type=click.IntRange(1, 3650),
    default=730,
    show_default=True,
    help="各机证书的有效天数。",
)
def certificates(folder: Path, hosts: str, days: int) -> None:
    """制作本单位的签发证书和各机的证书；文件夹里已有签发证书时用它签发。

    每机一个文件夹，整个复制到该机；ca-key.pem 是签发用的私钥，不要放到任何一台集群机器上。
    """
    import re

    from employment_forecast.data.errors import UsageError
    from employment_forecast.experiments.cluster import make_certificates

    named = [name for name in re.split(r"[,，、\s]+", hosts) if name]
    wrong = [name for name in named if re.fullmatch(r"[\w\-]+(\.[\w\-]+)*", name) is None]
    if wrong or not named:
        raise UsageError(f"“{'、'.join(wrong) or hosts}”不是主机名。", "请写字母、数字、点和横线。")
    for place in make_certificates(folder, named, days):
        click.echo(str(place))
