"""`forecast plan progress`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from employment_forecast.cli.shell.output import json_option, region_option, write_json
from employment_forecast.cli.shell.workbooks import folder_option, save_workbook, workbook_option

if TYPE_CHECKING:
    from employment_forecast.data.catalogue import Indicator, Region
    from employment_forecast.data.targets import Target
    from employment_forecast.features.history import History
    from employment_forecast.models.paths import SamplePaths

VIEWS = {"期末": "period_end", "中期": "midterm", "年度": "yearly"}


@click.command(
    "progress", options_metavar="[选项]", short_help="规划各项目标的进度：期末、中期、年度。"
)
@region_option
@click.option(
    "--as-of", "as_of", metavar="日期", help="只用该日（含）以前公布的数据，如 2018-06-30。"
)
@click.option(
    "--view", type=click.Choice([*VIEWS, *VIEWS.values()]), help="只显示一种；默认全部显示。"
)
@click.option(
    "--models", "models", metavar="名称，…", help="参赛模型，逗号分隔；简单基准总是参赛。"
)
@click.option(
    "--jobs", metavar="整数", type=click.IntRange(1, 256), help="工作进程数；结果与其无关。"
)
@workbook_option
@folder_option
@json_option
def progress_of_plans(
    region: str,
    as_of: str | None,
    view: str | None,
    models: str | None,
    jobs: int | None,
    form: str | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """评估一个地区规划中每一项有数据的目标，其余说明缺什么。

    已结束的时期按公布数结算；仍在进行的，用模型预测完成或突破的概率。
    """
    from employment_forecast.cli.inputs.plan import plans_of
    from employment_forecast.cli.shell.progress import progress
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data import clock
    from employment_forecast.data.catalogue import Series
    from employment_forecast.features.history import stored_inputs
    from employment_forecast.forecasting.competition import Options
    from employment_forecast.forecasting.competition.compete import compete
    from employment_forecast.forecasting.plans import plan_rows, progress_document
    from employment_forecast.models import roster

    session = open_session()
    settings = session.settings
    place = session.catalogue.region(region)
    plans = plans_of(session, place)
    day = clock.parse_day(as_of, "--as-of") if as_of else clock.today()
    options = Options(
        models=roster.resolve(models or settings["run.models"]),
        horizon=settings["run.horizon"],
        origins=settings["run.origins"],
        n_paths=settings["run.paths"],
        seed=settings["run.seed"],
        jobs=jobs or settings.jobs,
        gaps=settings["history.gaps"],
    )

    def forecast(
        where: Region, what: Indicator, targets: Sequence[Target]
    ) -> tuple[History, SamplePaths, int]:
        vintages = session.store.vintages(where.code, what.code)
        inputs = stored_inputs(session.store, session.catalogue, where, what, vintages)
        with progress(f"{where.name} {what.name}") as tick:
            found = compete(
                Series(where, what), vintages, day, targets, options, session.cells, tick, inputs
            )
        return found.history, found.champion_paths, found.tested_horizon

    rows = plan_rows(
        plans,
        session.catalogue,
        day,
        session.targets(),
        session.store.vintages,
        forecast,
        settings["history.gaps"],
    )
    content = progress_document(place, day, rows, session.catalogue)
    if form is not None:
        from employment_forecast.forecasting.plans import plans_workbook

        name = f"{place.name}规划进度_{content['as_of']}"
        save_workbook(output, name, plans_workbook(content), as_json=as_json)
    if as_json:
        write_json(content)
        return
    _print(content, VIEWS.get(view or "", view))


def _print(content: dict[str, Any], view: str | None) -> None:
    from employment_forecast.cli.shell.output import console, print_table
    from employment_forecast.forecasting.plans import (
        midterm_table,
        period_ends_table,
        unassessed_table,
        yearly_table,
    )

    out = console()
    mark = " · 演示数据" if content["demo"] else ""
    out.print(
        f"{content['region']['name']}规划进度{mark}（截至 {content['as_of']}）："
        f"{len(content['targets'])} 项中评估 {content['assessed']} 项"
    )
    shown = [row for row in content["targets"] if not row["missing"]]
    if not shown:
        out.print("没有一项有对应时期的数据；各项缺什么见下表。")
    tables = {"period_end": period_ends_table, "midterm": midterm_table, "yearly": yearly_table}
    for name, make in tables.items():
        if shown and view in (None, name):
            print_table(make(shown))
    if view is None or not shown:
        print_table(unassessed_table(content["targets"]))
    for note in content["notes"]:
        out.print(f"注：{note}", soft_wrap=True)
