"""`forecast nowcast`: the month in progress."""

from __future__ import annotations

from datetime import date

import click

from employment_forecast.cli.shell.options import (
    as_of_option,
    indicator_option,
    jobs_option,
    json_option,
    models_option,
    region_option,
)
from employment_forecast.cli.shell.output import resolve_series, write_json


@click.command(options_metavar="[选项]", short_help="月中估计：已知月中数时当月的分布，及其依据。")
@region_option
@indicator_option
@as_of_option("只用该日（含）以前得知的数，如 2026-11-20；默认今天。")
@models_option
@jobs_option
@json_option
def nowcast(
    region: str,
    indicator: str | None,
    as_of: date,
    models: str | None,
    jobs: int | None,
    as_json: bool,
) -> None:
    """由已导入的月中数估计当月（及尚未公布的上月），说明依据和区间收窄多少；不登记、不改动。"""
    from employment_forecast.cli.shell.progress import progress
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.experiments.job import open_job, run_options
    from employment_forecast.forecasting.documents import forecast_rows, nowcast_document

    session = open_session()
    series = resolve_series(session, region, indicator)
    options = run_options(session.settings, models=models, jobs=jobs)
    job = open_job(session, series, as_of, options, targets=())
    with progress(f"{series.region.name} 月中估计") as tick:
        result = job.compete(tick)
    document = nowcast_document(result)
    history, rows = result.history, forecast_rows(result)[:3]
    content = {
        "region": {"code": series.region.code, "name": series.region.name},
        "indicator": series.indicator.code,
        "indicator_name": series.indicator.name,
        "unit": series.indicator.unit,
        "as_of": history.as_of.isoformat(),
        "data_month": str(history.origin),
        "demo": result.demo,
        "model": result.choice.model,
        "nowcast": document,
        "forecast": rows,
    }
    if as_json:
        write_json(content)
        return
    mark = "（演示数据）" if result.demo else ""
    click.echo(
        f"{series.region.name} · {series.indicator.name}{mark}：截至 {history.as_of}，"
        f"月度数据到 {history.origin}，模型为{result.label}"
    )
    if document is None:
        click.echo("没有尚未公布月份的月中数，当月估计就是模型自己的预测。")
    for note in document["notes"] if document else ():
        click.echo(f"{note}。")
    for row in rows:
        click.echo(
            f"{row['month']}：中位数 {row['q50']:,}{series.indicator.unit}，"
            f"80% 区间 {row['q10']:,}—{row['q90']:,}"
        )
