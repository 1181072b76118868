"""`forecast data import` and `forecast data template`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from employment_forecast.cli.shell.options import json_option
from employment_forecast.cli.shell.output import write_json

MOST_SHOWN = 20


def _mapping(file: Path | None) -> dict[str, Any] | None:
    from employment_forecast.data.errors import SettingsError
    from employment_forecast.data.files.toml_tables import read_toml

    if file is None:
        return None
    where = f"对照文件“{file.name}”"
    try:
        content = file.read_text("utf-8-sig")
    except OSError as error:
        raise SettingsError(f"{where}无法读取（{error.strerror}）。", "请核对文件名。") from error
    except UnicodeDecodeError:
        raise SettingsError(f"{where}不是 UTF-8 编码。", "请以 UTF-8 编码保存。") from None
    return read_toml(content, where)


@click.command(
    "import", options_metavar="[选项]", short_help="导入办公文件（CSV、XLSX、XLS、网页表格）。"
)
@click.argument("files", nargs=-1, required=True, metavar="文件…", type=click.Path(path_type=Path))
@click.option("--region", metavar="地区", help="文件里没有写地区时，指明地区。")
@click.option("--indicator", metavar="指标", help="文件里没有写指标时，指明指标。")
@click.option(
    "--published-on", metavar="日期", help="这些数的公布日期；不给则按发布惯例估计并标明。"
)
@click.option(
    "--mapping", metavar="文件", type=click.Path(dir_okay=False, path_type=Path),
    help="本单位版式的对照文件 mapping.toml。",
)  # fmt: skip
@click.option("--revise", is_flag=True, help="已有月份的值不同时，作为修订保存（原值保留）。")
@click.option("--dry-run", is_flag=True, help="只检查，不写入。")
@json_option
def import_files(
    files: tuple[Path, ...],
    region: str | None,
    indicator: str | None,
    published_on: str | None,
    mapping: Path | None,
    revise: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """导入办公文件（CSV、XLSX、XLS、网页表格），全部导入或全部不导入。

    月度表、监测企业表、重点群体表都走这一个入口；含个人信息的文件一律拒收。
    """
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data import clock
    from employment_forecast.data.imports import ImportOptions
    from employment_forecast.data.imports import import_files as bring_in
    from employment_forecast.data.readers import start_reading
    from employment_forecast.data.records import file_title

    start_reading()  # its libraries load while the store is opened
    session = open_session()
    options = ImportOptions(
        region=region,
        indicator=indicator,
        published_on=clock.parse_day(published_on, "--published-on") if published_on else None,
        mapping=_mapping(mapping),
        revise=revise or session.settings["import.revisions"] == "accept",
        dry_run=dry_run,
    )
    done = bring_in(
        session.store,
        session.catalogue,
        files,
        options,
        today=clock.today(),
        command=f"data import {' '.join(map(file_title, files))}",
    )
    if as_json:
        write_json(
            {
                "batch": done.batch,
                "dry_run": dry_run,
                "added": done.added,
                "revised": done.revised,
                "unchanged": done.unchanged,
                "firms": done.firms,
                "groups": done.groups,
                "part_months": done.part_months,
                "warnings": [str(w) for w in done.warnings],
                "notes": list(done.notes),
            }
        )
        return
    for warning in done.warnings[:MOST_SHOWN]:
        click.echo(f"提醒：{warning}")
    if len(done.warnings) > MOST_SHOWN:
        click.echo(f"提醒：另有 {len(done.warnings) - MOST_SHOWN} 处，可用 --json 查看。")
    for note in done.notes:
        click.echo(f"说明：{note}")
    counts = f"新增 {done.added} 个月值，修订 {done.revised} 个，与已有相同 {done.unchanged} 个"
    counts += f"，企业月报 {done.firms} 行" if done.firms else ""
    counts += f"，群体数据 {done.groups} 个" if done.groups else ""
    counts += f"，月中数 {done.part_months} 个" if done.part_months else ""
    if dry_run:
        click.echo(f"检查通过，未写入：{counts}。")
    elif done.batch is None:
        click.echo(f"没有新的内容可写入：{counts}。")
    else:
        click.echo(
            f"已导入（第 {done.batch} 批）：{counts}。撤回可用：forecast data withdraw {done.batch}"
        )


@click.command(options_metavar="[选项]", short_help="写出可直接填报的 XLSX 模板。")
@click.argument(
    "file", metavar="文件", default="填报模板.xlsx", type=click.Path(dir_okay=False, path_type=Path)
)
@click.option("--region", metavar="地区", help="预先填好的地区。")
@json_option
def template(file: Path, region: str | None, as_json: bool) -> None:
    """写出可直接填报的 XLSX 模板（月度指标、重点群体、监测企业、月中数、填写说明）。"""
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data.files import write_atomically
    from employment_forecast.data.readers.template import template as workbook

    session = open_session()
    place = session.catalogue.region(region) if region else None
    write_atomically(file, workbook(session.catalogue, place))
    if as_json:
        write_json({"file": str(file)})
        return
    click.echo(f"已写出模板：{file}。填好后用 forecast data import {file.name} 导入。")
