"""`forecast scenario`: what layoffs or fewer new jobs would do, beside the baseline."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import click

from employment_forecast.cli.shell.options import (
    as_of_option,
    horizon_option,
    indicator_option,
    jobs_option,
    json_option,
    models_option,
    origins_option,
    output_folder_option,
    region_option,
)
from employment_forecast.cli.shell.output import resolve_series, write_json
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
    help="某月裁员人数，如 2026-12:1500；可多次给出。与 --industry 同用时为比例，如 2026-12:5%。",
)
@click.option(
    "--industry",
    metavar="行业",
    help="裁员只在一个行业：按监测企业中该行业的比重把比例折算成人数，如 汽车制造。",
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
    help="劳动力总数，失业率的情景需要，可写 960000 或 96万。",
)
@horizon_option
@as_of_option()
@models_option
@origins_option()
@jobs_option
@output_folder_option("写出 scenario.json、scenario.csv、scenario.png。")
@workbook_option
@json_option
def scenario(
    region: str,
    indicator: str | None,
    layoffs: tuple[str, ...],
    industry: str | None,
    new_jobs: str | None,
    first: str | None,
    last: str | None,
    absorb: str | None,
    registration: str | None,
    pass_through: str | None,
    reemployment: str | None,
    labour_force: str | None,
    horizon: int | None,
    as_of: date,
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
    from dataclasses import replace

    from employment_forecast.cli.forecasts.scenario_options import (
        parse_change,
        parse_layoff,
        parse_months,
        parse_part,
        parse_share,
    )
    from employment_forecast.cli.shell.progress import progress
    from employment_forecast.cli.shell.session import notice, open_session
    from employment_forecast.data.clock import parse_month
    from employment_forecast.data.errors import StorageError, UsageError
    from employment_forecast.data.files import demand_writable, to_json, write_atomically
    from employment_forecast.data.store import firm_panel
    from employment_forecast.data.typed import read_value
    from employment_forecast.experiments.job import open_job, run_options
    from employment_forecast.forecasting.early_warning import load_scheme
    from employment_forecast.forecasting.scenario import (
        GivenAssumptions,
        Scenario,
        demand_sense,
        industry_exposure,
    )

    if not layoffs and new_jobs is None:
        raise UsageError(
            "没有给出情景。", "请用 --layoff 2026-12:1500 或 --new-jobs -20% 说明假定发生什么。"
        )
    if industry is not None and not layoffs:
        raise UsageError("--industry 没有说明裁员多少。", "请加上比例，如 --layoff 5%。")
    _demand_effect("--layoff", layoffs, {"--absorb": absorb, "--registration": registration})
    _demand_effect(
        "--new-jobs",
        new_jobs,
        {
            "--from": first,
            "--until": last,
            "--pass-through": pass_through,
            "--reemployment": reemployment,
        },
    )
    force = None
    if labour_force is not None:
        force = read_value(labour_force, "人", "--labour-force 的值")
    parts = [] if industry is None else [parse_part(text) for text in layoffs]
    if sum(part for _, part in parts) > 1:
        raise UsageError("各月的比例合计超过 100%。", "请核对 --layoff。")
    what_if = Scenario(
        layoffs=() if parts else tuple(parse_layoff(text) for text in layoffs),
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
        labour_force=force,
    )
    session = open_session()
    settings = session.settings
    scheme = load_scheme(settings)
    series = resolve_series(session, region, indicator)
    options = run_options(settings, models=models, horizon=horizon, origins=origins, jobs=jobs)
    if output is not None:
        demand_writable(output)
    job = open_job(session, series, as_of, options)
    history = job.history()
    if industry is not None:
        reports = firm_panel(session.store, series.region.code, as_of)
        exposure = industry_exposure(reports, industry, history, force)
        shock = [exposure.layoff(month or history.origin + 1, part) for month, part in parts]
        what_if = replace(what_if, layoffs=tuple(shock))
        given = replace(given, behind=exposure.stated)
    demand_sense(what_if, history, given)
    with progress(f"{series.region.name} 回测") as tick:
        result = job.compete(tick)

    from employment_forecast.experiments.publication import published_baseline
    from employment_forecast.experiments.recording import record_scenario
    from employment_forecast.forecasting.scenario import (
        compare_scenario,
        comparison_csv,
        comparison_document,
    )
    from employment_forecast.forecasting.scenario.chart import scenario_chart

    result, source = published_baseline(session, result, job.targets)
    comparison = compare_scenario(result, what_if, given, job.targets, scheme)
    content = {**comparison_document(comparison, None), "baseline_source": source}
    chart = scenario_chart(comparison)
    table = comparison_csv(content)
    run_id, unrecorded = None, None
    try:
        run_id = record_scenario(
            settings.tracking_uri(session.workspace),
            session.workspace,
            comparison,
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

        name = f"{series.title}情景推演_{content['data_month']}"
        save_workbook(output, name, scenario_workbook(content, series.indicator), as_json=as_json)
    if as_json:
        write_json(content)
        return code
    from employment_forecast.cli.forecasts.scenario_report import print_scenario

    print_scenario(content, series.indicator)
    if output is not None:
        click.echo(f"已写入：{output / 'scenario.json'}、scenario.csv、scenario.png")
    return code


def _demand_effect(cause: str, given: object, options: Mapping[str, str | None]) -> None:
    """Refuse options that say how something acts that is not supposed to happen."""
    from employment_forecast.data.errors import UsageError

    idle = [name for name, value in options.items() if value is not None]
    if idle and not given:
        raise UsageError(
            f"{'、'.join(idle)} 只在给出 {cause} 时有作用。", f"请加上 {cause}，或去掉它。"
        )
