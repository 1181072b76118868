"""`forecast backtest`: leaderboard and reliability of one region, nothing recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from employment_forecast.cli.shell.output import (
    indicator_option,
    json_option,
    region_option,
    resolve_series,
    write_json,
)
from employment_forecast.cli.shell.workbooks import folder_option, save_workbook, workbook_option


@click.command(options_metavar="[选项]", short_help="回测各模型，给出排名与可靠性。")
@region_option
@indicator_option
@click.option("--horizon", metavar="整数", type=click.IntRange(1, 60), help="回测的月数；默认 12。")
@click.option(
    "--as-of", "as_of", metavar="日期", help="只用该日（含）以前公布的数据，如 2026-06-30。"
)
@click.option(
    "--models", "models", metavar="名称，…", help="参赛模型，逗号分隔；简单基准总是参赛。"
)
@click.option(
    "--origins", metavar="整数", type=click.IntRange(1, 240), help="预测起点个数；默认 36。"
)
@click.option(
    "--jobs", metavar="整数", type=click.IntRange(1, 256), help="工作进程数；结果与其无关。"
)
@click.option("--no-cache", is_flag=True, help="不使用回测缓存，全部重算。")
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="文件",
    help="另把可靠性图写入该 PNG 文件。",
)
@workbook_option
@folder_option
@json_option
def backtest(
    region: str,
    indicator: str | None,
    horizon: int | None,
    as_of: str | None,
    models: str | None,
    origins: int | None,
    jobs: int | None,
    no_cache: bool,
    plot: Path | None,
    form: str | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """在过去各预测起点回测全部模型，给出样本外得分的排名与可靠性；不登记模型版本。"""
    from employment_forecast.cli.shell.progress import progress
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data import clock
    from employment_forecast.data.catalogue import Series
    from employment_forecast.features.history import stored_inputs
    from employment_forecast.forecasting.competition import Options
    from employment_forecast.forecasting.competition.compete import compete
    from employment_forecast.forecasting.documents.reliability import (
        backtest_document,
        quantile_reliability,
        reliability_chart,
    )
    from employment_forecast.models import roster

    session = open_session()
    settings = session.settings
    place, what = resolve_series(session, region, indicator)
    day = clock.parse_day(as_of, "--as-of") if as_of else clock.today()
    options = Options(
        models=roster.resolve(models or settings["run.models"]),
        horizon=horizon or settings["run.horizon"],
        origins=settings["run.origins"] if origins is None else origins,
        n_paths=settings["run.paths"],
        seed=settings["run.seed"],
        jobs=jobs or settings.jobs,
        gaps=settings["history.gaps"],
    )
    vintages = session.store.vintages(place.code, what.code)
    inputs = stored_inputs(session.store, session.catalogue, place, what, vintages)
    cache = None if no_cache else session.cells
    with progress(f"{place.name} 回测") as tick:
        result = compete(Series(place, what), vintages, day, (), options, cache, tick, inputs)
    shown = dict.fromkeys((result.choice.model, roster.COMBINATION))
    found = [
        r
        for m in shown
        if m in result.backtest.records
        and (r := quantile_reliability(result.backtest, m)) is not None
    ]
    content = backtest_document(result, found)
    if plot is not None:
        from employment_forecast.data.files import write_atomically

        title = f"{place.name} · {what.name}：回测可靠性" + (" · 演示数据" if result.demo else "")
        write_atomically(plot, reliability_chart(found, title))
    if form is not None:
        from employment_forecast.forecasting.documents.result_tables import backtest_workbook

        name = f"{place.name}{what.name}回测_{content['data_month']}"
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
    for note in content["notes"]:
        out.print(note, soft_wrap=True)
