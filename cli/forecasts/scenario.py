"""`forecast scenario`: what layoffs or fewer new jobs would do, beside the baseline."""

from __future__ import annotations

from pathlib import Path

import click

from employment_forecast.cli.shell.output import (
    indicator_option,
    json_option,
    region_option,
    resolve_series,
    write_json,
)
from employment_forecast.cli.shell.workbooks import save_workbook, workbook_option


@click.command(
    options_metavar="[选项]",
    short_help="情景推演：裁员、新增就业变动对失业人数和突破概率的影响。",
)
@region_option
@indicator_option
@click.option(
    "--layoff",
    "layoffs",
    multiple=True,
    metavar="月份:人数",
    help="某月裁员人数，如 2026-12:1500；可多次给出。",
)
@click.option("--new-jobs", metavar="百分比", help="新增就业的变动，如 -20%。")
@click.option("--from", "first", metavar="月份", help="新增就业自该月起变动；默认自预测首月起。")
@click.option("--until", "last", metavar="月份", help="新增就业变动到该月为止；默认到预测期末。")
@click.option(
    "--absorb",
    metavar="月数",
    help="被裁人员多少个月内全部离开失业登记，如 3 或 2-5；默认 6；只给一个数则上下放宽三分之一。",
)
@click.option(
    "--registration", metavar="百分比", help="被裁人员登记失业的比例，如 60% 或 40%-80%。"
)
@click.option(
    "--pass-through", metavar="百分比", help="新增就业变动传导至失业人员再就业的比例，如 50%-100%。"
)
@click.option(
    "--reemployment",
    metavar="百分比",
    help="每月再就业人数占上月末失业人数的比例，如 5%-15%；默认由已入库的流量测得。",
)
@click.option(
    "--labour-force",
    metavar="人数",
    type=click.FloatRange(min=1),
    help="劳动力总数，失业率的情景需要。",
)
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
@click.option(
    "--jobs", metavar="整数", type=click.IntRange(1, 256), help="工作进程数；结果与其无关。"
)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="文件夹",
    help="写出 scenario.json、scenario.csv、scenario.png。",
)
@workbook_option
@json_option
def scenario(
    region: str,
    indicator: str | None,
    layoffs: tuple[str, ...],
    new_jobs: str | None,
    first: str | None,
    last: str | None,
    absorb: str | None,
    registration: str | None,
    pass_through: str | None,
    reemployment: str | None,
    labour_force: float | None,
    horizon: int | None,
    as_of: str | None,
    models: str | None,
    origins: int | None,
    jobs: int | None,
    output: Path | None,
    form: str | None,
    as_json: bool,
) -> int:
    """情景推演：假定某月裁员或新增就业变动，把影响逐路径带入预测，与基线并排比较。

    情景不是预测：不登记模型版本，不进入失业警戒线，只另存一次 MLflow 运行。
    """
    from employment_forecast.cli.forecasts.scenario_options import (
        parse_change,
        parse_layoff,
        parse_months,
        parse_share,
    )
    from employment_forecast.cli.shell.progress import progress
    from employment_forecast.cli.shell.session import notice, open_session
    from employment_forecast.data import clock
    from employment_forecast.data.catalogue import Series
    from employment_forecast.data.clock import parse_month
    from employment_forecast.data.errors import StorageError, UsageError
    from employment_forecast.data.files import demand_writable, to_json, write_atomically
    from employment_forecast.features.history import from_known, stored_inputs
    from employment_forecast.forecasting.competition import Options
    from employment_forecast.forecasting.competition.compete import compete
    from employment_forecast.forecasting.early_warning import load_scheme
    from employment_forecast.forecasting.scenario import GivenAssumptions, Scenario, demand_sense
    from employment_forecast.models import roster

    if not layoffs and new_jobs is None:
        raise UsageError(
            "没有给出情景。", "请用 --layoff 2026-12:1500 或 --new-jobs -20% 说明假定发生什么。"
        )
    what_if = Scenario(
        layoffs=tuple(parse_layoff(text) for text in layoffs),
        jobs_change=0.0 if new_jobs is None else parse_change(new_jobs, "--new-jobs"),
        first=None if first is None else parse_month(first, "--from"),
        last=None if last is None else parse_month(last, "--until"),
    )
    months, is_range = (None, False) if absorb is None else parse_months(absorb, "--absorb")
    given = GivenAssumptions(
        registration=None if registration is None else parse_share(registration, "--registration"),
        absorb=months,
        absorb_exact=is_range,
        pass_through=None if pass_through is None else parse_share(pass_through, "--pass-through"),
        reemployment=None if reemployment is None else parse_share(reemployment, "--reemployment"),
        labour_force=labour_force,
    )
    session = open_session()
    settings = session.settings
    scheme = load_scheme(settings)
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
    if output is not None:
        demand_writable(output)
    vintages = session.store.vintages(place.code, what.code)
    inputs = stored_inputs(session.store, session.catalogue, place, what, vintages)
    known = vintages.as_of(day)
    demand_sense(what_if, from_known(known, place, what, day, options.gaps, inputs.others), given)
    targets = session.targets()
    with progress(f"{place.name} 回测") as tick:
        result = compete(
            Series(place, what), vintages, day, targets, options, session.cells, tick, inputs
        )

    from employment_forecast.experiments.recording import record_scenario
    from employment_forecast.forecasting.scenario import (
        compare_scenario,
        comparison_csv,
        comparison_document,
    )
    from employment_forecast.forecasting.scenario.chart import scenario_chart

    found = compare_scenario(result, what_if, given, targets, scheme)
    content = comparison_document(found, None)
    chart = scenario_chart(found)
    table = comparison_csv(content)
    run_id, unrecorded = None, None
    try:
        run_id = record_scenario(
            settings.tracking_uri(session.workspace),
            session.workspace,
            found,
            {
                "scenario.json": to_json(content).encode("utf-8"),
                "scenario.csv": table,
                "scenario.png": chart,
            },
        )
    except StorageError as error:
        unrecorded = error
        notice(f"注意：推演已完成，但未能记入 MLflow。{error}")
    content = {
        **content,
        "run_id": run_id,
        "unrecorded": None if unrecorded is None else unrecorded.message,
    }
    code = 0 if unrecorded is None else unrecorded.exit_code
    if output is not None:
        write_atomically(output / "scenario.json", to_json(content).encode("utf-8"))
        write_atomically(output / "scenario.csv", table)
        write_atomically(output / "scenario.png", chart)
    if form is not None:
        from employment_forecast.forecasting.scenario import scenario_workbook

        name = f"{place.name}{what.name}情景推演_{content['data_month']}"
        save_workbook(output, name, scenario_workbook(content, what), as_json=as_json)
    if as_json:
        write_json(content)
        return code
    from employment_forecast.cli.forecasts.scenario_report import print_scenario

    print_scenario(content, what)
    if output is not None:
        click.echo(f"已写入：{output / 'scenario.json'}、scenario.csv、scenario.png")
    return code
