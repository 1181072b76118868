"""`forecast regions` and `forecast indicators`."""

from __future__ import annotations

from typing import Any

import click

from employment_forecast.cli.shell.lazy import LazyGroup
from employment_forecast.cli.shell.options import json_option
from employment_forecast.cli.shell.output import print_rows

KINDS = {"stock": "期末数", "flow": "当月数", "rate": "率", "index": "指数"}


@click.group(cls=LazyGroup, invoke_without_command=True, short_help="列出、登记地区。")
@json_option
@click.pass_context
def regions(context: click.Context, as_json: bool) -> None:
    """列出、登记地区；不写命令时列出已登记的地区。"""
    if context.invoked_subcommand is None:
        context.forward(list_regions)


@click.command("list", options_metavar="[选项]", short_help="列出已登记的地区。")
@json_option
def list_regions(as_json: bool) -> None:
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


@click.command("add", options_metavar="[选项]", short_help="按行政区划表登记省、市、区县。")
@click.argument("names", nargs=-1, metavar="[名称]…")
@click.option("--below", metavar="上级", help="登记这个省、市直属的全部市、区县。")
@json_option
def add_regions(names: tuple[str, ...], below: str | None, as_json: bool) -> None:
    """按行政区划表（GB/T 2260）登记省、市、区县，写入 forecast.toml。

    同名的地方写上所在的省、市，如 舟山市普陀区。街道、片区不在表中，请在 forecast.toml 的
    [[regions]] 里自编代码登记。
    """
    from employment_forecast.cli.shell.session import notice, open_session
    from employment_forecast.data.catalogue import divisions, divisions_below
    from employment_forecast.data.errors import UsageError
    from employment_forecast.data.workspace import region_tables, write_settings

    if not names and below is None:
        raise UsageError("没有写明登记哪些地区。", "请写名称，或加 --below 上级。")
    codes = [_division(name) for name in names]
    if below is not None:
        parts = divisions_below(_division(below))
        if not parts:
            raise UsageError(
                f"行政区划表里“{below}”之下没有市、区县。",
                "街道请在 forecast.toml 的 [[regions]] 中自编代码登记。",
            )
        codes += parts
    session = open_session()
    tables = region_tables(session, {code: divisions()[code] for code in codes})
    if write_settings(session, tables):
        notice(f"配置文件：{session.workspace.settings_file}")
    rows = [{key: table[key] for key in ("code", "name", "parent", "level")} for table in tables]
    if not rows and not as_json:
        click.echo("这些地区都已登记。")
        return
    print_rows("regions", ("代码", "名称", "上级", "级别"), rows, as_json)


def _division(name: str) -> str:
    """Code of the one division that a name means."""
    from employment_forecast.data.catalogue import divisions, find_divisions, full_name
    from employment_forecast.data.errors import UnknownNameError, UsageError, suggestion

    codes = find_divisions(name)
    if not codes:
        raise UnknownNameError(
            f"行政区划表里没有“{name}”。",
            suggestion(name, divisions().values())
            + "街道、片区等请在 forecast.toml 的 [[regions]] 中自编代码登记。",
        )
    if len(codes) > 1:
        raise UsageError(
            f"叫“{name}”的地方有 {len(codes)} 个：{'、'.join(map(full_name, codes))}。",
            "请写上所在的省、市。",
        )
    return codes[0]


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
