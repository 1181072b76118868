"""`forecast run`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from employment_forecast.cli.shell.workbooks import save_workbook, workbook_option


@click.command(
    options_metavar="[选项]", short_help="对一个地区回测、选模型、预测，并对照控制数评估。"
)
@click.option(
    "--region", required=True, metavar="地区", help="地区：行政区划代码、名称或简称，如 嘉定。"
)
@click.option("--indicator", metavar="指标", help="指标：代码或名称；默认为该地区的默认指标。")
@click.option(
    "--horizon", metavar="整数", type=click.IntRange(1, 60), help="至少预测的月数；默认 12。"
)
@click.option(
    "--as-of", "as_of", metavar="日期", help="只用该日（含）以前公布的数据，如 2026-06-30。"
)
@click.option(
    "--models", "models", metavar="名称，…", help="参赛模型，逗号分隔；简单基准总是参赛。"
)
@click.option(
    "--origins", metavar="整数", type=click.IntRange(0, 240), help="回测的预测起点个数；默认 36。"
)
@click.option("--seed", metavar="整数", type=click.IntRange(min=0), help="随机种子。")
@click.option(
    "--jobs", metavar="整数", type=click.IntRange(1, 256), help="工作进程数；结果与其无关。"
)
@click.option(
    "--promote", "promoting", is_flag=True,
    help="随即按晋级检查处理：通过则晋级，未通过则沿用现役模型并更新数据。",
)  # fmt: skip
@click.option("--no-cache", is_flag=True, help="不使用回测缓存，全部重算。")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="文件夹",
    help="写出 forecast.csv、forecast.json、chart.png。",
)
@workbook_option
@click.option("--json", "as_json", is_flag=True, help="只在标准输出给出一个 JSON 对象。")
def run(
    region: str,
    indicator: str | None,
    horizon: int | None,
    as_of: str | None,
    models: str | None,
    origins: int | None,
    seed: int | None,
    jobs: int | None,
    promoting: bool,
    no_cache: bool,
    output: Path | None,
    form: str | None,
    as_json: bool,
) -> int:
    """对一个地区回测各模型、选出最好的、预测今后各月，并给出突破控制数的概率。"""
    from employment_forecast.cli.shell.environment import utf8
    from employment_forecast.cli.shell.progress import progress
    from employment_forecast.cli.shell.session import notice, open_session
    from employment_forecast.data import clock
    from employment_forecast.data.errors import UnrecordedError
    from employment_forecast.data.files import demand_writable, to_json, write_atomically
    from employment_forecast.features.history import stored_inputs
    from employment_forecast.forecasting.competition import Options
    from employment_forecast.forecasting.competition.compete import compete
    from employment_forecast.models import roster

    session = open_session()
    settings = session.settings
    place = session.catalogue.region(region)
    what = (
        session.catalogue.indicator(indicator)
        if indicator
        else session.catalogue.default_indicator(place)
    )
    day = clock.parse_day(as_of, "--as-of") if as_of else clock.today()
    options = Options(
        models=roster.resolve(models or settings["run.models"]),
        horizon=horizon or settings["run.horizon"],
        origins=settings["run.origins"] if origins is None else origins,
        n_paths=settings["run.paths"],
        seed=settings["run.seed"] if seed is None else seed,
        jobs=jobs or settings.jobs,
        gaps=settings["history.gaps"],
    )
    vintages = session.store.vintages(place.code, what.code)
    inputs = stored_inputs(session.store, session.catalogue, place, what, vintages)
    cache = None if no_cache else session.cells

    from employment_forecast.data.catalogue import Series
    from employment_forecast.experiments.promotion import examine_only, promote_if_passed
    from employment_forecast.experiments.recording import recorded
    from employment_forecast.forecasting.documents import document, forecast_csv
    from employment_forecast.forecasting.documents.chart import fan_chart

    if output is not None:
        demand_writable(output)
    series = Series(place, what)
    run_id, number, gate, unrecorded = None, None, None, None
    try:
        with recorded(
            session.settings.tracking_uri(session.workspace), session.workspace, place, what
        ) as run_:
            with progress(f"{place.name} 回测") as tick:
                result = compete(
                    series, vintages, day, session.targets(), options, cache, tick, inputs
                )
            chart = fan_chart(result)
            number = run_.register(result, chart).version
            run_id = run_.run_id
            conclude = promote_if_passed if promoting else examine_only
            gate = conclude(run_.run.tracker, series, result, run_.run).document()
    except UnrecordedError as error:
        unrecorded = error
    content = document(
        result, run_id=run_id, registered_name=series.registered_name, version=number
    )
    content["gate"] = gate
    content["unrecorded"] = unrecorded.message if unrecorded else None
    if output is not None:
        write_atomically(output / "forecast.csv", forecast_csv(result))
        write_atomically(output / "forecast.json", to_json(content).encode("utf-8"))
        write_atomically(output / "chart.png", chart)
    if form is not None:
        from employment_forecast.experiments.recording import run_workbook

        book = run_workbook(session, result, content)
        save_workbook(output, f"{series.title}_{content['data_month']}", book, as_json=as_json)
    code = unrecorded.exit_code if unrecorded else 0
    if unrecorded:
        notice(f"注意：{unrecorded}")
    if as_json:
        sys.stdout.write(to_json(content, ascii_only=not utf8(sys.stdout)))
        return code
    from employment_forecast.cli.forecasts.report import print_report

    print_report(content, what)
    if output is not None:
        click.echo(f"已写入：{output / 'forecast.csv'}、forecast.json、chart.png")
    return code
