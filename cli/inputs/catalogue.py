"""`forecast regions`, `forecast indicators`, `forecast models`."""

from __future__ import annotations

from typing import Any

import click

from employment_forecast.cli.shell.options import json_option
from employment_forecast.cli.shell.output import print_rows

KINDS = {"stock": "期末数", "flow": "当月数", "rate": "率", "index": "指数"}


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

    rows: list[dict[str, Any]] = [
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
    if not as_json:
        for row in rows:
            row["kind"] = KINDS[row["kind"]]
            row["reporting"] = "累计" if row["reporting"] == "year_to_date" else "当月"
            row["precision"] = f"{row['precision']:g}"
    titles = ("代码", "名称", "类型", "单位", "报送", "时滞（天）", "末位")
    print_rows("indicators", titles, rows, as_json)
