"""`forecast thresholds export`."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from employment_forecast.cli.shell.options import (
    file_option,
    indicator_option,
    json_option,
    region_option,
)
from employment_forecast.cli.shell.output import resolve_series

if TYPE_CHECKING:
    from employment_forecast.cli.shell.session import Session

FORMATS = ("json", "csv", "xlsx")


@click.command(
    options_metavar="[选项]", short_help="发布预警线与预警等级，可另存为 JSON、CSV、XLSX。"
)
@region_option
@indicator_option
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    metavar="格式",
    help="另存的格式：json、csv、xlsx；默认按 --output 的扩展名。",
)
@file_option("--output", "另存到该文件。")
@click.option(
    "--as-of", "as_of", metavar="日期", help="该日（含）当时会发布的内容；只另存或显示，不发布。"
)
@json_option
def export(
    region: str,
    indicator: str | None,
    form: str | None,
    output: Path | None,
    as_of: str | None,
    as_json: bool,
) -> None:
    """按现役模型版本算出预警线、突破概率与预警等级，发布到工作区的 thresholds 文件夹。

    发布的文件整体替换，旁有校验和，以前的版本留在 thresholds/history。
    """
    from employment_forecast.cli.shell.output import write_json
    from employment_forecast.cli.shell.pages import renew_pages
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data import clock
    from employment_forecast.data.errors import ForecastError, StorageError, UsageError
    from employment_forecast.data.feed import files as feed_files
    from employment_forecast.data.files import write_atomically
    from employment_forecast.experiments.publication import (
        build_feed,
        failure,
        mark_failed,
        publish,
    )
    from employment_forecast.experiments.tracking import open_tracker
    from employment_forecast.forecasting.documents import as_file

    if form is None and output is not None:
        form = output.suffix.lstrip(".").lower()
        if form not in FORMATS:
            raise UsageError(
                f"不能从文件名“{output.name}”看出格式。", "请用 --format 指明 json、csv 或 xlsx。"
            )
    if form in ("csv", "xlsx") and output is None:
        raise UsageError(f"--format {form} 需要 --output。", "请用 --output 指明文件。")
    session = open_session()
    try:
        series = resolve_series(session, region, indicator)
    except StorageError as error:
        if as_of is None:
            _mark_meant(session, region, error.message)
        raise
    day = clock.parse_past_day(as_of, "--as-of") if as_of else clock.today()
    uri = session.settings.tracking_uri(session.workspace)
    current = session.workspace.thresholds / feed_files.file_name(
        series.indicator.code, series.region.code
    )
    try:
        with open_tracker(uri, session.workspace) as tracker:
            document = build_feed(session, tracker, series, day, past=as_of is not None)
    except ForecastError as error:
        if as_of is None:
            # What was published or saved before must not go on looking new.
            mark_failed(session.workspace, series, error.message)
            if output is not None and output.exists():
                # As it was published, to the second, where it was.
                failed = feed_files.read(current)
                failed = failed or failure(session.workspace, series, error.message)
                write_atomically(output, as_file(failed, str(form)))
        raise
    sealed = feed_files.decode(feed_files.encode(document), "thresholds")
    if as_of is None:
        publish(session.workspace, document)
        with open_tracker(uri, session.workspace) as tracker:
            renew_pages(session, tracker, series)
        sealed = feed_files.read(current) or sealed
    if output is not None:
        write_atomically(output, as_file(sealed, str(form)))
    if as_json or (form == "json" and output is None):
        write_json(sealed)
        return
    mark = "（演示数据）" if document["demo"] else ""
    level = document["level"]["name"] if document["level"] else document["level_reason"]
    click.echo(f"{series.title}{mark}：预警等级 {level}；预警线 {len(document['lines'])} 条。")
    if document["state_reason"]:
        click.echo(f"状态：{document['state_reason']}")
    if as_of is None:
        click.echo(f"已发布：{current}（有效期至 {document['valid_until']}）")
    if output is not None:
        click.echo(f"已写出：{output}")


def _mark_meant(session: Session, region: str, reason: str) -> None:
    """Mark what was published of a region as failed where the store cannot say which is meant."""
    from employment_forecast.data.catalogue import Series
    from employment_forecast.data.errors import ForecastError
    from employment_forecast.data.feed import find
    from employment_forecast.experiments.publication import mark_failed

    entry = session.catalogue.region(region)
    with suppress(ForecastError):  # it is the store that has to be told of
        document = find(session.workspace.thresholds, entry.code, None, None)
        series = Series(entry, session.catalogue.indicator(document["indicator"]))
        mark_failed(session.workspace, series, reason)
