"""`forecast backtest`: leaderboard and reliability of one region, nothing recorded."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Literal

import click

from employment_forecast.cli.shell.options import (
    as_of_option,
    file_option,
    indicator_option,
    jobs_option,
    json_option,
    models_option,
    no_cache_option,
    origins_option,
    region_option,
)
from employment_forecast.cli.shell.output import resolve_series, write_json
from employment_forecast.cli.shell.workbooks import folder_option, save_workbook, workbook_option


@click.command(options_metavar="[选项]", short_help="回测各模型，给出排名与可靠性。")
@region_option
@indicator_option
@click.option("--horizon", metavar="整数", type=click.IntRange(1, 60), help="回测的月数；默认 12。")
@as_of_option()
@models_option
@origins_option(least=1)
@jobs_option
@no_cache_option
@click.option(
    "--by",
    type=click.Choice(["length", "day", "maturity"]),
    help="另按历史长度、当月的日子或数据成熟度列出得分。",
)
@file_option("--plot", "另把可靠性图写入该 PNG 文件。")
@workbook_option
@folder_option
@json_option
def backtest(
    region: str,
    indicator: str | None,
    horizon: int | None,
    as_of: date,
    models: str | None,
    origins: int | None,
    jobs: int | None,
    no_cache: bool,
    by: Literal["length", "day", "maturity"] | None,
    plot: Path | None,
    form: str | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """在过去各预测起点回测全部模型，给出样本外得分的排名与可靠性；不登记模型版本。"""
    from employment_forecast.cli.shell.progress import progress
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data.errors import UsageError
    from employment_forecast.experiments.job import open_job, run_options
    from employment_forecast.forecasting.competition import broken_down
    from employment_forecast.forecasting.documents.reliability import (
        backtest_document,
        quantile_reliability,
        reliability_chart,
    )
    from employment_forecast.models import roster

    session = open_session()
    series = resolve_series(session, region, indicator)
    options = run_options(
        session.settings, models=models, horizon=horizon, origins=origins, jobs=jobs
    )
    job = open_job(session, series, as_of, options, targets=(), cached=not no_cache)
    with progress(f"{series.region.name} 回测") as tick:
        result = job.compete(tick)
    shown = dict.fromkeys((result.choice.model, roster.COMBINATION))
    reliability = [
        r
        for m in shown
        if m in result.backtest.records
        and (r := quantile_reliability(result.backtest, m)) is not None
    ]
    rows = []
    if by is not None:
        if by == "maturity" and series.indicator.reporting == "year_to_date":
            raise UsageError(
                f"“{series.indicator.name}”按年初至今的累计数公布，不能按成熟度分列。",
                "换一个按月公布的指标，或用 --by length。",
            )
        with progress(f"{series.region.name} 分项") as tick:
            rows = broken_down(result, by, job.vintages, job.inputs, tick)
    content = backtest_document(result, reliability, by, rows)
    if plot is not None:
        from employment_forecast.data.files import write_atomically

        title = f"{series.region.name} · {series.indicator.name}：回测可靠性" + (
            " · 演示数据" if result.demo else ""
        )
        write_atomically(plot, reliability_chart(reliability, title))
    if form is not None:
        from employment_forecast.forecasting.documents.result_tables import backtest_workbook

        name = f"{series.title}回测_{content['data_month']}"
        save_workbook(output, name, backtest_workbook(content), as_json=as_json)
    if as_json:
        write_json(content)
        return
    _print(content)
    if plot is not None:
        click.echo(f"已写入：{plot}")


def _print(content: dict[str, Any]) -> None:
    from employment_forecast.cli.shell.output import console, print_table
    from employment_forecast.forecasting.documents.result_tables import (
        backtest_table,
        breakdown_table,
        reliability_table,
    )

    out = console()
    mark = " · 演示数据" if content["demo"] else ""
    out.print(
        f"{content['region']['name']} · {content['indicator_name']}{mark}:"
        f"{content['backtest_origins']} 个预测起点，截至 {content['data_month']}"
    )
    print_table(backtest_table(content))
    out.print(f"选用：{content['choice_reason']}\n", soft_wrap=True)
    print_table(reliability_table(content))
    if "by" in content:
        print_table(breakdown_table(content))
    for note in content["notes"]:
        out.print(note, soft_wrap=True)
