"""`forecast bulletin`: write the monthly bulletin; review, issue and list are below it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from employment_forecast.cli.shell.lazy import LazyGroup
from employment_forecast.cli.shell.options import indicator_option, json_option

if TYPE_CHECKING:
    from employment_forecast.data.catalogue import Series
    from employment_forecast.data.workspace import Session

FORMATS = ("docx", "html", "pdf", "ofd", "md", "json")


month_option = click.option("--month", metavar="年-月", help="月份，如 2026-10；默认为最新的月份。")
format_option = click.option(
    "--format", "forms", metavar="格式,…", default="docx,html,md,json", show_default=True,
    help="docx、html、pdf、ofd、md、json（文中每个数字的依据），逗号分隔；pdf 需要 LibreOffice，"
    "ofd 需要 bulletin.ofd_command。",
)  # fmt: skip
output_option = click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="文件夹",
    help="写到该文件夹；默认为工作区的 bulletins/地区代码/年-月。",
)


def formats(text: str) -> tuple[str, ...]:
    """Formats a user named."""
    from employment_forecast.data.errors import UsageError
    from employment_forecast.models.roster import SEPARATORS

    names = tuple(dict.fromkeys(name.lower() for name in SEPARATORS.split(text) if name))
    odd = [name for name in names if name not in FORMATS]
    if odd or not names:
        raise UsageError(
            f"--format 的值“{text}”无效。", f"请用逗号分隔写出格式：{'、'.join(FORMATS)}。"
        )
    return names


def renew(session: Session, series: Series) -> None:
    """Bring index and page up to date; what was recorded stands even if that fails."""
    from employment_forecast.cli.shell.pages import renew_pages
    from employment_forecast.data.errors import ForecastError
    from employment_forecast.experiments.cycle.index_file import renew_index
    from employment_forecast.experiments.tracking import open_tracker

    try:
        renew_index(session)
    except ForecastError as error:
        click.echo(f"警告：{error}", err=True)
    uri = session.settings.tracking_uri(session.workspace)
    with open_tracker(uri, session.workspace) as tracker:
        renew_pages(session, tracker, series)


def report(made: object, files: list[Path], done: str, *, as_json: bool) -> None:
    """Say what was written."""
    from employment_forecast.cli.shell.output import write_json
    from employment_forecast.experiments.bulletins.drafts import BulletinFiles, summary

    assert isinstance(made, BulletinFiles)
    for line in made.notices:
        click.echo(f"注意：{line}", err=True)
    if as_json:
        write_json(summary(made, files))
        return
    click.echo(f"{done}（演示数据）" if made.record["demo"] else done)
    for file in files:
        click.echo(f"已写出：{file}")


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    subcommand_metavar="[命令] [参数]…",
    short_help="生成就业失业形势分析与失业预警月报，审核、签发、更正。",
)
@click.option("--region", metavar="地区", help="地区：行政区划代码、名称或简称，如 嘉定。")
@indicator_option
@month_option
@format_option
@output_option
@click.option(
    "--as-of",
    "as_of",
    metavar="日期",
    help="按该日（含）所知编制；默认为今天，以往月份默认为下月公布前一日。",
)
@json_option
@click.pass_context
def bulletin(
    context: click.Context,
    region: str | None,
    indicator: str | None,
    month: str | None,
    forms: str,
    output: Path | None,
    as_of: str | None,
    as_json: bool,
) -> None:
    """生成一个地区的《就业失业形势分析与失业预警月报》，存为草稿。

    内容没有变化时不产生新稿；已签发的月报内容变化后，生成带编号的更正草稿。
    """
    if context.invoked_subcommand is not None:
        return
    from employment_forecast.cli.shell.output import resolve_series
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data import clock
    from employment_forecast.data.clock import parse_month
    from employment_forecast.data.errors import UsageError
    from employment_forecast.experiments.bulletins.drafts import (
        default_day,
        headline,
        make_bulletin,
        write_bulletin,
    )
    from employment_forecast.experiments.bulletins.files import bulletin_lock
    from employment_forecast.experiments.tracking import open_tracker

    if region is None:
        raise UsageError("没有指明地区。", "请用 --region 指明，如 --region 嘉定。")
    wanted = formats(forms)
    session = open_session()
    series = resolve_series(session, region, indicator)
    about = None if month is None else parse_month(month, "--month")
    day = clock.parse_past_day(as_of, "--as-of") if as_of else default_day(session, series, about)
    uri = session.settings.tracking_uri(session.workspace)
    with open_tracker(uri, session.workspace) as tracker, bulletin_lock(session, series):
        made = make_bulletin(session, tracker, series, day, month=about, formats=wanted)
        files = write_bulletin(session, made, output)
    renew(session, series)
    report(made, files, headline(session, made), as_json=as_json)
