"""`forecast data status|show|export|revisions|batches|withdraw`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from employment_forecast.cli.shell import output
from employment_forecast.cli.shell.feeds import outdate
from employment_forecast.cli.shell.options import (
    indicator_option,
    json_option,
    one_indicator_option,
    one_region_option,
    real_option,
    region_option,
    year_option,
)
from employment_forecast.cli.shell.output import resolve_series, write_json

if TYPE_CHECKING:
    from datetime import date

as_of_option = click.option(
    "--as-of", "as_of", metavar="日期", help="只看该日（含）以前公布的，如 2026-06-30；默认今天。"
)


def _day(as_of: str | None) -> date:
    from employment_forecast.data import clock

    return clock.parse_past_day(as_of, "--as-of") if as_of else clock.today()


def _in_year(month: object, year: int | None) -> bool:
    return year is None or str(month).startswith(f"{year}-")


@click.command(options_metavar="[选项]", short_help="各地区各指标的起止月、缺月、修订与是否逾期。")
@one_region_option
@one_indicator_option
@real_option
@as_of_option
@json_option
def status(
    region: str | None, indicator: str | None, real: bool, as_of: str | None, as_json: bool
) -> None:
    """各地区各指标的起止月、缺月、修订、最近发布日，以及按发布日历是否逾期。"""
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data.store.inventory import inventory

    session = open_session()
    region_code = session.catalogue.region(region).code if region else None
    indicator_code = session.catalogue.indicator(indicator).code if indicator else None
    rows: list[dict[str, Any]] = [
        {
            "region": {"code": s.region.code, "name": s.region.name},
            "indicator": s.indicator.code,
            "first": str(s.first),
            "last": str(s.last),
            "months": s.months,
            "gaps": s.gaps,
            "revisions": s.vintages - s.months,
            "last_published": s.last_published.isoformat(),
            "published_estimated": s.estimated,
            "overdue": None if s.overdue is None else str(s.overdue),
            "demo": s.demo,
        }
        for s in inventory(session.store, session.catalogue, _day(as_of))
        if region_code in (None, s.region.code)
        and indicator_code in (None, s.indicator.code)
        and not (real and s.demo)
    ]
    if not as_json:
        names = {i.code: i.name for i in session.catalogue.indicators}
        for row in rows:
            row["region"] = row["region"]["name"]
            row["indicator"] = names[row["indicator"]]
            row["first"] = f"{row['first']}—{row['last']}"
            row["last_published"] += "（估计）" if row["published_estimated"] else ""
            row["demo"] = "演示" if row["demo"] else ""
    titles = {
        "region": "地区", "indicator": "指标", "first": "起止", "gaps": "缺月",
        "revisions": "修订", "last_published": "最近发布", "overdue": "逾期", "demo": "标记",
    }  # fmt: skip
    output.print_rows("series", titles, rows, as_json)


@click.command(options_metavar="[选项]", short_help="显示一个序列。")
@region_option
@indicator_option
@year_option
@as_of_option
@json_option
def show(
    region: str, indicator: str | None, year: int | None, as_of: str | None, as_json: bool
) -> None:
    """显示一个序列在某日所知的各月数值、发布日与来源。"""
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data.store import export_table

    session = open_session()
    series = resolve_series(session, region, indicator)
    table = export_table(session.store, series.region, series.indicator, _day(as_of))
    rows: list[dict[str, Any]] = [
        {str(key): value for key, value in record.items()}
        for record in table.to_dict("records")
        if _in_year(record["month"], year)
    ]
    titles = {
        "month": "月份",
        "value": f"{series.indicator.name}（{series.indicator.unit}）",
        "published_on": "发布日",
        "source": "来源",
    }
    if not as_json:
        for row in rows:
            row["value"] = f"{row['value']:,.{series.indicator.decimals}f}"
    output.print_rows("observations", titles, rows, as_json)


def _format(form: str | None, file: Path | None) -> str:
    """Format to write: the one asked for, else that of the file's name; both must agree."""
    from employment_forecast.data.errors import UsageError

    suffix = "" if file is None else file.suffix.lower().lstrip(".")
    named = suffix if suffix in ("csv", "xlsx") else None
    if file is not None and named is None and (form is None or suffix == "xls"):
        raise UsageError(
            f"不知道“{file.name}”该写成什么格式。", "请把文件名的后缀写成 .csv 或 .xlsx。"
        )
    if form is not None and named is not None and form != named:
        raise UsageError(
            f"--format {form} 与文件名“{file.name if file else ''}”的后缀不一致。",
            "请改后缀，或不给 --format。",
        )
    return form or named or "csv"


@click.command(options_metavar="[选项]", short_help="导出一个序列（CSV 或 XLSX）。")
@region_option
@indicator_option
@as_of_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "xlsx"]),
    help="文件格式；不给则按文件名的后缀，写到标准输出时为 csv。",
)
@click.option(
    "--output",
    "file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="文件",
    help="写入文件；不给则写到标准输出。",
)
def export(
    region: str, indicator: str | None, as_of: str | None, form: str | None, file: Path | None
) -> None:
    """导出一个序列的长表（地区、指标、月份、数值、单位、发布日、来源、是否演示数据）。"""
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data.files import as_csv, as_xlsx, write_atomically
    from employment_forecast.data.store import export_table

    form = _format(form, file)
    session = open_session()
    series = resolve_series(session, region, indicator)
    table = export_table(session.store, series.region, series.indicator, _day(as_of))
    content = as_csv(table) if form == "csv" else as_xlsx(table)
    if file is None:
        sys.stdout.buffer.write(content)
        return
    write_atomically(file, content)
    click.echo(f"已写入：{file}（{len(table)} 行）")


@click.command(options_metavar="[选项]", short_help="显示已公布的值如何被修订。")
@region_option
@indicator_option
@year_option
@as_of_option
@json_option
def revisions(
    region: str, indicator: str | None, year: int | None, as_of: str | None, as_json: bool
) -> None:
    """显示已公布的值如何被修订：每个被改过的月份的各次公布值与变化。"""
    import math

    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data.store import revisions as moved

    session = open_session()
    series = resolve_series(session, region, indicator)
    table = moved(session.store, series.region, series.indicator, _day(as_of))
    rows: list[dict[str, Any]] = [
        {str(k): None if k == "change" and math.isnan(v) else v for k, v in record.items()}
        for record in table.to_dict("records")
        if _in_year(record["month"], year)
    ]
    if not as_json:
        for row in rows:
            row["value"] = f"{row['value']:,.{series.indicator.decimals}f}"
            if row["change"] is not None:
                row["change"] = f"{row['change']:+z,.{series.indicator.decimals}f}"
    titles = {
        "month": "月份",
        "published_on": "发布日",
        "value": f"公布值（{series.indicator.unit}）",
        "change": "较上次",
        "source": "来源",
    }
    output.print_rows("revisions", titles, rows, as_json)


@click.command(options_metavar="[选项]", short_help="列出各次导入（批次）。")
@year_option
@real_option
@json_option
def batches(year: int | None, real: bool, as_json: bool) -> None:
    """列出各次导入（批次），撤回的也在内。"""
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data.store import batch_records

    rows = [
        {
            "batch": b.id,
            "created_at": b.created_at.isoformat(sep=" ", timespec="seconds"),
            "kind": b.kind,
            "command": b.command,
            "rows": b.rows,
            "demo": b.demo,
            "withdrawn_at": b.withdrawn_at and b.withdrawn_at.isoformat(" ", "seconds"),
        }
        for b in batch_records(open_session().store)
        if year in (None, b.created_at.year) and not (real and b.demo)
    ]
    titles = ("批次", "时间", "类别", "命令", "行数", "演示", "撤回时间")
    output.print_rows("batches", titles, rows, as_json)


@click.command(options_metavar="[选项]", short_help="撤回一个批次。")
@click.argument("batch", type=int, metavar="批次编号")
@click.option("--yes", is_flag=True, help="在终端上不先询问就撤回。")
@json_option
def withdraw(batch: int, yes: bool, as_json: bool) -> None:
    """撤回一个批次：其中的数不再参与任何计算，批次记录保留备查。"""
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data.store import batch_records

    session = open_session()
    if not (yes or as_json) and output.at_a_terminal():
        meant = (b for b in batch_records(session.store) if b.id == batch and not b.withdrawn_at)
        for b in meant:
            about = f"{b.created_at:%Y-%m-%d}，{b.command}，{b.rows:,} 行"
            if not click.confirm(f"将撤回第 {batch} 批（{about}）。撤回吗？", default=True):
                click.echo("没有撤回。")
                return
    session.store.withdraw(batch)
    outdate(session)
    if as_json:
        write_json({"batch": batch, "withdrawn": True})
        return
    click.echo(f"已撤回第 {batch} 批。记录保留，可用 forecast data batches 查看。")
