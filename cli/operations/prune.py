"""`forecast prune`."""

from __future__ import annotations

import click

from employment_forecast.cli.shell.options import json_option
from employment_forecast.cli.shell.output import write_json


@click.command(options_metavar="[选项]", short_help="清理旧的模型版本与运行，控制磁盘占用。")
@click.option(
    "--keep",
    metavar="整数",
    type=click.IntRange(min=1),
    default=24,
    show_default=True,
    help="每个地区指标保留最新的版本与运行个数。",
)
@click.option(
    "--older-than",
    "months",
    metavar="月数",
    type=click.IntRange(min=1),
    help="只清理这么多个月以前记录的。",
)
@click.option(
    "--region", "regions", multiple=True, metavar="地区", help="只清理这个地区的；可重复。"
)
@click.option("--dry-run", is_flag=True, help="只列出将要清理的内容，不作改动。")
@json_option
def prune(
    keep: int, months: int | None, regions: tuple[str, ...], dry_run: bool, as_json: bool
) -> None:
    """清理旧的模型版本与运行，控制磁盘占用。

    现役、前任、候选版本，以及已发布的阈值和预警所引用的版本，总是保留；每个地区指标最新的若干个
    也保留，不论多旧（见 --keep）。
    """
    import pandas as pd

    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data import clock
    from employment_forecast.data.store import issued
    from employment_forecast.experiments.tracking import open_tracker
    from employment_forecast.experiments.tracking.prune import prune as clean

    session = open_session()
    codes = {session.catalogue.region(name).code for name in regions} or None
    before = None if months is None else clock.now() - pd.DateOffset(months=months)
    uri = session.settings.tracking_uri(session.workspace)
    warned = [w for w in issued(session.store, kind=None) if w.version]
    referred = {(str(w.registered_name), str(w.version)) for w in warned}
    with open_tracker(uri, session.workspace) as tracker:
        pruned = clean(
            tracker, session.workspace, keep, referred, dry_run, before=before, regions=codes
        )
        served = tracker.served
    if as_json:
        write_json(
            {
                "dry_run": dry_run,
                "versions": [{"registered_name": n, "version": v} for n, v in pruned.versions],
                "runs": pruned.runs,
                "bytes": pruned.bytes,
                "kept": pruned.kept,
            }
        )
        return
    verb = "将清理" if dry_run else "已清理"
    click.echo(
        f"{verb}模型版本 {len(pruned.versions)} 个、运行 {pruned.runs} 个，"
        f"文件 {pruned.bytes / 1e6:,.1f} MB；保留模型版本 {pruned.kept} 个。"
    )
    for name, number in pruned.versions:
        click.echo(f"  {name} 第 {number} 版")
    if served and not dry_run:
        click.echo("MLflow 服务器上的文件，请由管理员在服务器上执行 mlflow gc 清除。")
