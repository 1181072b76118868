"""`forecast regions`, `forecast indicators`, `forecast models`."""

from __future__ import annotations

import click

from employment_forecast.cli.shell.options import json_option
from employment_forecast.cli.shell.output import print_rows


@click.command(options_metavar="[选项]", short_help="列出已登记的地区。")
@json_option
def regions(as_json: bool) -> None:
    """列出已登记的地区（GB/T 2260 代码、名称、别名、上级、默认指标）。"""
    from employment_forecast.cli.shell.session import open_session

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
    print_rows("regions", ("代码", "名称", "别名", "上级", "默认指标"), rows, as_json)


@click.command(options_metavar="[选项]", short_help="列出已登记的指标。")
@json_option
def indicators(as_json: bool) -> None:
    """列出已登记的指标（代码、名称、类型、单位、报送形式、发布滞后天数）。"""
    from employment_forecast.cli.shell.session import open_session

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
    print_rows("indicators", titles, rows, as_json)
