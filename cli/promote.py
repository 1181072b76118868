"""`forecast promote`."""

from __future__ import annotations

import click

from cli.output import find, indicator_option, json_option, region_option, write_json


@click.command(options_metavar="[选项]", short_help="把候选模型版本晋级为现役版本（champion）。")
@region_option
@indicator_option
@click.option("--version", metavar="版本号", help="版本号；默认为最近一次运行的候选版本。")
@click.option("--why", default="", metavar="文字", help="理由，记入版本说明。")
@json_option
def promote(
    region: str, indicator: str | None, version: str | None, why: str, as_json: bool
) -> None:
    """把候选模型版本晋级为现役版本（champion）。"""
    from cli.session import open_session
    from experiments.registry import promote as move_alias
    from experiments.series import Series
    from experiments.tracking import open_tracker

    session = open_session()
    place, what = find(session, region, indicator)
    uri = session.settings.tracking_uri(session.workspace)
    with open_tracker(uri, session.workspace) as tracker:
        done = move_alias(tracker, Series(place, what), version=version, why=why)
    if as_json:
        content = {
            "region": {"code": place.code, "name": place.name},
            "indicator": what.code,
            "champion": {"registered_name": done.registered_name, "version": done.version,
                         "model": done.model},
            "previous": done.previous,
            "demo": done.demo,
        }  # fmt: skip
        write_json(content)
        return
    mark = "（演示数据）" if done.demo else ""
    before = f"此前为第 {done.previous} 版。" if done.previous else "此前没有现役版本。"
    click.echo(
        f"{place.name}“{what.name}”的现役模型已改为 {done.registered_name} 第 {done.version} 版"
        f"（{done.model}）{mark}。{before}"
    )
