"""`forecast promote`, `forecast rollback`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from employment_forecast.cli.shell.options import indicator_option, json_option, region_option
from employment_forecast.cli.shell.output import resolve_series, write_json
from employment_forecast.cli.shell.pages import renew_pages

if TYPE_CHECKING:
    from employment_forecast.data.catalogue import Indicator, Region
    from employment_forecast.experiments.registry import Promotion

why_option = click.option("--why", default="", metavar="文字", help="理由，记入版本说明。")


@click.command(
    options_metavar="[选项]", short_help="检查候选模型版本，通过则晋级为现役版本（champion）。"
)
@region_option
@indicator_option
@click.option("--version", metavar="版本号", help="版本号；默认为最近一次运行的候选版本。")
@click.option("--auto", is_flag=True, help="无人值守：理由记为“自动：通过晋级检查”。")
@click.option("--force", is_flag=True, help="检查未通过也晋级；须用 --why 写明理由。")
@why_option
@json_option
def promote(
    region: str,
    indicator: str | None,
    version: str | None,
    auto: bool,
    force: bool,
    why: str,
    as_json: bool,
) -> None:
    """检查候选模型版本，通过则晋级为现役版本（champion）。

    检查：得分不明显劣于现役与简单基准，区间没有明显偏窄（偏宽只作说明），突破概率的 Brier
    分不明显劣于现役。未通过时现役版本不变，退出码为 9；结论与依据都记入该版本。
    """
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data import clock
    from employment_forecast.data.errors import UsageError
    from employment_forecast.experiments.promotion import PASSED_WHY
    from employment_forecast.experiments.promotion import promote as examine_and_promote
    from employment_forecast.experiments.publication import republish
    from employment_forecast.experiments.tracking import open_tracker

    if force and auto:
        raise UsageError("--force 与 --auto 不能同时使用。", "强制晋级须由人决定，请去掉 --auto。")
    if force and not why.strip():
        raise UsageError("--force 必须写明理由。", "请用 --why 说明为何不顾检查结果。")
    session = open_session()
    series = resolve_series(session, region, indicator)
    uri = session.settings.tracking_uri(session.workspace)
    reason = why or (PASSED_WHY if auto else "")
    with open_tracker(uri, session.workspace) as tracker:
        promotion, verdict = examine_and_promote(tracker, series, version, reason, force)
        followed = republish(session, tracker, series, clock.today())
        renew_pages(session, tracker, series)
    _report(series.region, series.indicator, promotion, as_json, {"gate": verdict.document()})
    if not as_json:
        click.echo(f"晋级检查：{verdict.text}。")
    _say_followed(followed, as_json)


@click.command(options_metavar="[选项]", short_help="把现役版本退回到前任版本。")
@region_option
@indicator_option
@why_option
@json_option
def rollback(region: str, indicator: str | None, why: str, as_json: bool) -> None:
    """把现役版本（champion）退回到前任版本（previous）；被退回的版本成为前任。

    被回退的模型不再自动晋级，须由人用 --force 决定。
    """
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data import clock
    from employment_forecast.experiments.publication import republish
    from employment_forecast.experiments.registry import rollback as roll_back
    from employment_forecast.experiments.tracking import open_tracker

    session = open_session()
    series = resolve_series(session, region, indicator)
    uri = session.settings.tracking_uri(session.workspace)
    with open_tracker(uri, session.workspace) as tracker:
        promotion = roll_back(tracker, series, why)
        followed = republish(session, tracker, series, clock.today())
        renew_pages(session, tracker, series)
    _report(series.region, series.indicator, promotion, as_json, {})
    _say_followed(followed, as_json)


def _say_followed(followed: bool, as_json: bool) -> None:
    if followed and not as_json:
        click.echo("已发布的预警线已随之更新。")


def _report(
    region: Region,
    indicator: Indicator,
    promotion: Promotion,
    as_json: bool,
    more: Mapping[str, Any],
) -> None:
    if as_json:
        content = {
            "region": {"code": region.code, "name": region.name},
            "indicator": indicator.code,
            "champion": {
                "registered_name": promotion.registered_name,
                "version": promotion.version,
                "model": promotion.model,
            },
            "previous": promotion.previous,
            "changed": promotion.changed,
            "demo": promotion.demo,
            **more,
        }
        write_json(content)
        return
    mark = "（演示数据）" if promotion.demo else ""
    text = f"{promotion.registered_name} 第 {promotion.version} 版（{promotion.model}）{mark}"
    if not promotion.changed:
        click.echo(f"{region.name}“{indicator.name}”的现役模型仍为 {text}。")
        return
    before = f"此前为第 {promotion.previous} 版。" if promotion.previous else "此前没有现役版本。"
    click.echo(f"{region.name}“{indicator.name}”的现役模型已改为 {text}。{before}")
