"""`forecast nowcast`: the month in progress."""

from __future__ import annotations

import click

from employment_forecast.cli.shell.output import (
    indicator_option,
    json_option,
    region_option,
    resolve_series,
    write_json,
)


@click.command(options_metavar="[选项]", short_help="月中估计：已知月中数时当月的分布，及其依据。")
@region_option
@indicator_option
@click.option(
    "--as-of", "as_of", metavar="日期", help="只用该日（含）以前得知的数，如 2026-11-20；默认今天。"
)
@click.option("--models", "models", metavar="名称，…", help="参赛模型，逗号分隔；同 forecast run。")
@json_option
def nowcast(
    region: str, indicator: str | None, as_of: str | None, models: str | None, as_json: bool
) -> None:
    """由已导入的月中数估计当月（及尚未公布的上月），说明依据和区间收窄多少；不登记、不改动。"""
    from employment_forecast.cli.shell.progress import progress
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data import clock
    from employment_forecast.data.catalogue import Series
    from employment_forecast.features.history import stored_inputs
    from employment_forecast.forecasting.competition import Options
    from employment_forecast.forecasting.competition.compete import compete
    from employment_forecast.forecasting.documents import forecast_rows, nowcast_document
    from employment_forecast.models import roster

    session = open_session()
    settings = session.settings
    place, what = resolve_series(session, region, indicator)
    day = clock.parse_day(as_of, "--as-of") if as_of else clock.today()
    options = Options(
        models=roster.resolve(models or settings["run.models"]),
        horizon=settings["run.horizon"],
        origins=settings["run.origins"],
        n_paths=settings["run.paths"],
        seed=settings["run.seed"],
        jobs=settings.jobs,
        gaps=settings["history.gaps"],
    )
    vintages = session.store.vintages(place.code, what.code)
    inputs = stored_inputs(session.store, session.catalogue, place, what, vintages)
    with progress(f"{place.name} 月中估计") as tick:
        result = compete(
            Series(place, what), vintages, day, (), options, session.cells, tick, inputs
        )
    found = nowcast_document(result)
    history, rows = result.history, forecast_rows(result)[:3]
    content = {
        "region": {"code": place.code, "name": place.name},
        "indicator": what.code,
        "indicator_name": what.name,
        "unit": what.unit,
        "as_of": day.isoformat(),
        "data_month": str(history.origin),
        "demo": result.demo,
        "model": result.choice.model,
        "nowcast": found,
        "forecast": rows,
    }
    if as_json:
        write_json(content)
        return
    mark = "（演示数据）" if result.demo else ""
    click.echo(
        f"{place.name} · {what.name}{mark}：截至 {day}，月度数据到 {history.origin}，"
        f"模型为{roster.label(result.choice.model)}"
    )
    if found is None:
        click.echo("没有尚未公布月份的月中数，当月估计就是模型自己的预测。")
    for note in found["notes"] if found else ():
        click.echo(f"{note}。")
    for row in rows:
        click.echo(
            f"{row['month']}：中位数 {row['q50']:,}{what.unit}，"
            f"80% 区间 {row['q10']:,}—{row['q90']:,}"
        )
