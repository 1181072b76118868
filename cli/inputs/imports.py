"""`forecast data import` and `forecast data template`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from employment_forecast.cli.shell.feeds import outdate
from employment_forecast.cli.shell.options import json_option
from employment_forecast.cli.shell.output import at_a_terminal, print_rows, write_json

if TYPE_CHECKING:
    from employment_forecast.data.imports import (
        ImportOptions,
        ImportReport,
        Pieces,
        SeriesPreview,
    )
    from employment_forecast.data.records import ReadResult
    from employment_forecast.data.workspace import Session

MOST_SHOWN = 20
_PATIENCE = 2.0  # seconds without a sign of progress
_PREVIEW = {
    "label": "表中写作", "indicator": "读作", "region": "地区", "months": "月份", "range": "数值",
}  # fmt: skip


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
    "--mapping",
    metavar="文件",
    type=click.Path(dir_okay=False, path_type=Path),
    help="本单位版式的对照文件 mapping.toml。",
)
@click.option("--revise", is_flag=True, help="已有月份的值不同时，作为修订保存（原值保留）。")
@click.option("--dry-run", is_flag=True, help="只检查，显示读出了什么，不写入。")
@click.option("--yes", is_flag=True, help="在终端上不先询问就写入。")
@json_option
def import_files(
    files: tuple[Path, ...],
    region: str | None,
    indicator: str | None,
    published_on: str | None,
    mapping: Path | None,
    revise: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """导入办公文件（CSV、XLSX、XLS、网页表格），全部导入或全部不导入。

    月度表、监测企业表、重点群体表都走这一个入口；含个人信息的文件一律拒收。
    在终端上先显示哪一栏读作哪个指标、起止月份和最小最大值，确认后才写入。
    """
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data import clock
    from employment_forecast.data.imports import ImportOptions
    from employment_forecast.data.readers import start_reading

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
    bring_in(session, files, options, ask=not yes, as_json=as_json)


def bring_in(
    session: Session, files: Sequence[Path], options: ImportOptions, *, ask: bool, as_json: bool
) -> ImportReport | None:
    """Import files and say what came of it; on a terminal a person may decline, which gives None.

    Nobody is asked where input or output is no terminal: cron must not wait.
    """
    from employment_forecast.data.imports import preview_rows

    asking = ask and not (as_json or options.dry_run) and at_a_terminal()
    run = _importer(session, files)
    report, series = run(replace(options, dry_run=True) if asking else options)
    if as_json:
        if report.batch is not None:
            outdate(session)
        write_json(_document(report, series, options.dry_run))
        return report
    if series and (asking or options.dry_run):
        shown = preview_rows(series[:MOST_SHOWN], session.catalogue)
        print_rows("series", _PREVIEW, shown, as_json=False)
        if len(series) > MOST_SHOWN:
            click.echo(f"另有 {len(series) - MOST_SHOWN} 个序列，可用 --dry-run --json 查看。")
    _print_remarks(report)
    if asking and not report.empty:
        if not click.confirm(f"将写入：{_counts(report)}。写入吗？", default=True):
            click.echo("没有写入。")
            return None
        report, _ = run(options)
    if options.dry_run:
        click.echo(f"检查通过，未写入：{_counts(report)}。")
    elif report.batch is None:
        click.echo(f"没有新的内容可写入：{_counts(report)}。")
    else:
        outdate(session)
        click.echo(
            f"已导入（第 {report.batch} 批）：{_counts(report)}。"
            f"撤回可用：forecast data withdraw {report.batch}"
        )
    return report


def _importer(
    session: Session, files: Sequence[Path]
) -> Callable[[ImportOptions], tuple[ImportReport, tuple[SeriesPreview, ...]]]:
    """What imports the files, or checks them, and says what they hold; read once if they can be."""
    from employment_forecast.data import clock
    from employment_forecast.data.imports import (
        import_pieces,
        import_results,
        large_file,
        preview,
        read_files,
    )
    from employment_forecast.data.records import file_title

    about: dict[str, Any] = {
        "today": clock.today(),
        "command": f"data import {' '.join(map(file_title, files))}",
    }
    store, catalogue = session.store, session.catalogue
    whole: list[tuple[ReadResult, ...]] = []

    def run(options: ImportOptions) -> tuple[ImportReport, tuple[SeriesPreview, ...]]:
        with large_file(catalogue, () if whole else files, options) as pieces:
            if pieces is not None:
                series: list[SeriesPreview] = []
                shown = _shown(pieces, series)
                return import_pieces(store, catalogue, shown, options, **about), tuple(series)
        if not whole:
            whole.append(read_files(catalogue, files, options))
        return import_results(store, catalogue, whole[0], options, **about), preview(whole[0])

    return run


def _shown(pieces: Pieces, series: list[SeriesPreview]) -> Pieces:
    """Pieces as they come, with what they hold and, on a terminal, a bar from two seconds on."""
    from employment_forecast.data.imports import preview

    started, bar = time.monotonic(), None
    for piece, share in pieces:
        series += preview((piece,))
        yield piece, share
        if bar is None and sys.stderr.isatty() and time.monotonic() - started > _PATIENCE:
            bar = click.progressbar(length=1000, label="导入", file=sys.stderr)
        if bar is not None:
            bar.update(round(1000 * share) - bar.pos)
    if bar is not None:
        bar.render_finish()


def _document(
    report: ImportReport, series: Sequence[SeriesPreview], dry_run: bool
) -> dict[str, Any]:
    return {
        "batch": report.batch,
        "dry_run": dry_run,
        "added": report.added,
        "revised": report.revised,
        "unchanged": report.unchanged,
        "firms": report.firms,
        "groups": report.groups,
        "part_months": report.part_months,
        "series": [{**asdict(s), "first": str(s.first), "last": str(s.last)} for s in series],
        "warnings": [str(w) for w in report.warnings],
        "notes": list(report.notes),
    }


def _print_remarks(report: ImportReport) -> None:
    for warning in report.warnings[:MOST_SHOWN]:
        click.echo(f"提醒：{warning}")
    if len(report.warnings) > MOST_SHOWN:
        click.echo(f"提醒：另有 {len(report.warnings) - MOST_SHOWN} 处，可用 --json 查看。")
    for note in report.notes:
        click.echo(f"说明：{note}")


def _counts(report: ImportReport) -> str:
    counts = (
        f"新增 {report.added} 个月值，修订 {report.revised} 个，与已有相同 {report.unchanged} 个"
    )
    counts += f"，企业月报 {report.firms} 行" if report.firms else ""
    counts += f"，群体数据 {report.groups} 个" if report.groups else ""
    counts += f"，月中数 {report.part_months} 个" if report.part_months else ""
    return counts


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
