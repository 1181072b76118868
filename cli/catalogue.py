"""`forecast regions`, `forecast indicators`, `forecast models`."""

from __future__ import annotations

import click

from cli.output import json_option, show, write_json


@click.command(options_metavar="[选项]", short_help="列出已登记的地区。")
@json_option
def regions(as_json: bool) -> None:
    """列出已登记的地区（GB/T 2260 代码、名称、别名、上级、默认指标）。"""
    from cli.session import open_session

    rows = [
        {
            "code": r.code,
            "name": r.name,
            "aliases": list(r.aliases),
            "parent": r.parent,
            "default_indicator": r.default_indicator,
        }
        for r in open_session().catalogue.regions
    ]
    show("regions", ("代码", "名称", "别名", "上级", "默认指标"), rows, as_json)


@click.command(options_metavar="[选项]", short_help="列出已登记的指标。")
@json_option
def indicators(as_json: bool) -> None:
    """列出已登记的指标（代码、名称、类型、单位、报送形式、发布滞后天数）。"""
    from cli.session import open_session

    rows = [
        {
            "code": i.code,
            "name": i.name,
            "kind": i.kind,
            "unit": i.unit,
            "reporting": i.reporting,
            "lag_days": i.lag_days,
            "precision": i.precision,
        }
        for i in open_session().catalogue.indicators
    ]
    titles = ("代码", "名称", "类型", "单位", "报送形式", "发布滞后（天）", "精度")
    show("indicators", titles, rows, as_json)


@click.command(options_metavar="[选项]", short_help="列出参赛模型。")
@json_option
def models(as_json: bool) -> None:
    """列出参赛模型（名称、中文名、所需月数、是否简单基准、由哪个软件包提供）。

    其他软件包可以用入口点组 employment_forecast.models 增加模型；不能参赛的列在后面并说明原因。
    """
    from models import roster

    rows = [
        {
            "name": name,
            "label": roster.label(name),
            "min_months": roster.tags(name).min_months,
            "floor": roster.tags(name).floor,
            "opt_in": roster.tags(name).opt_in,
            "package": roster.package(name),
        }
        for name in roster.names()
    ]
    out = [{"name": a.name, "package": a.package, "reason": a.reason} for a in roster.absent()]
    if as_json:
        write_json({"models": rows, "absent": out})
        return
    show("models", ("名称", "中文名", "最少月数", "简单基准", "须点名", "软件包"), rows, as_json)
    for item in out:
        click.echo(f"未参赛：{item['name']}（{item['package']}）：{item['reason']}")
