"""`forecast monthly`."""

from __future__ import annotations

import click

from employment_forecast.cli.shell.options import json_option


@click.command(
    options_metavar="[选项]", short_help="月度作业：导入、预测、阈值、预警、月报，逐个地区。"
)
@click.option(
    "--regions", metavar="地区,…", help="地区，逗号分隔；all 或不写为配置所定，默认全部已导入地区。"
)
@click.option(
    "--parent",
    "parents",
    multiple=True,
    metavar="地区",
    help="该地区的各直接下级中有数据的，如 上海市；可重复。",
)
@click.option(
    "--indicators",
    metavar="指标,…",
    help="指标，逗号分隔，每个地区各做一份；不写为配置所定，默认各地区的默认指标。",
)
@click.option("--as-of", "as_of", metavar="日期", help="作业日期，只用该日（含）以前公布的数据。")
@click.option("--quiet", is_flag=True, help="只显示需要处理的事；全部过程见日志文件。")
@json_option
def monthly(
    regions: str | None,
    parents: tuple[str, ...],
    indicators: str | None,
    as_of: str | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """月度作业：导入监视文件夹中的文件，各地区预测、裁定模型、发布阈值与预警、生成月报。

    可以每天运行：没有新数据时什么也不改变。同一工作区同时只运行一个月度作业。

    退出码：0 全部完成；12 部分地区、文件或通知未完成，其余已完成；10 另一个月度作业正在运行。
    """
    from employment_forecast.cli.shell.session import demand_memory, open_session

    demand_memory()
    from employment_forecast.cli.shell.output import write_json
    from employment_forecast.data import clock
    from employment_forecast.data.errors import EXIT_OK, EXIT_PARTIAL
    from employment_forecast.experiments.cycle import cycle_log, log_file, region_job, say_failed
    from employment_forecast.experiments.cycle.cycle import run_cycle
    from employment_forecast.experiments.cycle.summary import text
    from employment_forecast.models.roster import SEPARATORS

    session = open_session()
    if as_of:
        # Everything the cycle records is of that day, as if it had been run then.
        clock.pretend(clock.parse_past_day(as_of, "--as-of"))
    day = clock.today()
    wanted = [name for name in SEPARATORS.split(regions or "") if name]
    figures = [name for name in SEPARATORS.split(indicators or "") if name]
    with cycle_log(log_file(session.workspace), quiet=quiet or as_json) as log:
        report = run_cycle(
            session, day, wanted, region_job, say_failed, log, parents=parents, indicators=figures
        )
    if as_json:
        write_json(report.document())
    elif not quiet or not report.complete:
        click.echo(text(report), nl=False)
    return EXIT_OK if report.complete else EXIT_PARTIAL
