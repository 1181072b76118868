"""`forecast bulletin review`, `issue` and `list`."""

from __future__ import annotations

from pathlib import Path

import click

from employment_forecast.cli.bulletins.bulletin import (
    format_option,
    formats,
    month_option,
    output_option,
    renew,
    report,
)
from employment_forecast.cli.shell.options import (
    indicator_option,
    json_option,
    one_indicator_option,
    one_region_option,
    real_option,
    region_option,
    year_option,
)


@click.command(options_metavar="[选项]", short_help="审核月报草稿，记下审核人。")
@region_option
@indicator_option
@month_option
@click.option("--reviewer", required=True, metavar="审核人", help="审核人姓名。")
@format_option
@output_option
@json_option
def review(
    region: str,
    indicator: str | None,
    month: str | None,
    reviewer: str,
    forms: str,
    output: Path | None,
    as_json: bool,
) -> None:
    """记下最新的月报草稿已经审核；审核过的才能签发。

    审核后内容有变化的，生成新的草稿，须重新审核。
    """
    from employment_forecast.cli.shell.output import resolve_series
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data.clock import parse_month
    from employment_forecast.experiments.bulletins.drafts import headline, write_bulletin
    from employment_forecast.experiments.bulletins.files import bulletin_lock
    from employment_forecast.experiments.bulletins.signing import review_bulletin

    wanted = formats(forms)
    session = open_session()
    series = resolve_series(session, region, indicator)
    about = None if month is None else parse_month(month, "--month")
    with bulletin_lock(session, series):
        made = review_bulletin(session, series, reviewer, month=about, formats=wanted)
        files = write_bulletin(session, made, output)
    renew(session, series)
    report(made, files, headline(session, made), as_json=as_json)


@click.command(options_metavar="[选项]", short_help="签发月报：加文号、主送、签发人和日期并封存。")
@region_option
@indicator_option
@month_option
@click.option("--number", required=True, metavar="文号", help="发文字号，如 嘉人社〔2026〕12号。")
@click.option("--to", "addressee", required=True, metavar="主送", help="主送机关。")
@click.option("--signer", required=True, metavar="签发人", help="签发人姓名。")
@click.option(
    "--office", metavar="署名", help="发文机关署名；默认为 forecast.toml 中 bulletin.office 所定。"
)
@click.option("--date", "day", metavar="日期", help="成文日期；默认为今天。")
@format_option
@output_option
@json_option
def issue(
    region: str,
    indicator: str | None,
    month: str | None,
    number: str,
    addressee: str,
    signer: str,
    office: str | None,
    day: str | None,
    forms: str,
    output: Path | None,
    as_json: bool,
) -> None:
    """签发审核过的月报：加盖文号、主送、签发人和成文日期，连同校验和封存。

    封存后不再改动；内容变化后另出更正草稿，审核、签发即为更正第几号。
    """
    from employment_forecast.cli.shell.output import resolve_series
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data import clock
    from employment_forecast.data.clock import parse_month
    from employment_forecast.experiments.bulletins.drafts import headline, write_bulletin
    from employment_forecast.experiments.bulletins.files import bulletin_lock
    from employment_forecast.experiments.bulletins.signing import issue_bulletin
    from employment_forecast.forecasting.bulletin.text import Stamp

    wanted = formats(forms)
    session = open_session()
    series = resolve_series(session, region, indicator)
    about = None if month is None else parse_month(month, "--month")
    signed = clock.parse_day(day, "--date") if day else clock.today()
    stamp = Stamp(number, addressee, signer, signed.isoformat())
    with bulletin_lock(session, series):
        made = issue_bulletin(session, series, stamp, office=office, month=about, formats=wanted)
        files = write_bulletin(session, made, output)
    renew(session, series)
    report(made, files, headline(session, made), as_json=as_json)


@click.command("list", options_metavar="[选项]", short_help="列出月报的草稿、签发件和更正。")
@one_region_option
@one_indicator_option
@click.option("--month", metavar="年-月", help="只列该月的，如 2026-10；默认全部。")
@year_option
@real_option
@json_option
def list_bulletins(
    region: str | None,
    indicator: str | None,
    month: str | None,
    year: int | None,
    real: bool,
    as_json: bool,
) -> None:
    """列出已签发的月报、更正和尚未签发的稿件，先存的在前。"""
    from employment_forecast.cli.shell.output import print_rows
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data.clock import parse_month
    from employment_forecast.experiments.bulletins.drafts import listing

    session = open_session()
    code = None if region is None else session.catalogue.region(region).code
    about = None if month is None else parse_month(month, "--month")
    titles = {
        "region_name": "地区", "indicator_name": "指标", "month": "月份", "state_name": "状态",
        "correction_name": "更正", "number": "文号", "reviewer": "审核人", "signer": "签发人",
        "issued_on": "成文日期", "demo": "演示",
    }  # fmt: skip
    indicator_code = None if indicator is None else session.catalogue.indicator(indicator).code
    rows = [
        row
        for row in listing(session, code, about)
        if indicator_code in (None, row["indicator"])
        and (year is None or row["month"].startswith(f"{year}-"))
        and not (real and row["demo"])
    ]
    print_rows("bulletins", titles, rows, as_json)
