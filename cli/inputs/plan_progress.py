"""`forecast plan progress`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from employment_forecast.cli.shell.options import (
    as_of_option,
    jobs_option,
    json_option,
    models_option,
    region_option,
)
from employment_forecast.cli.shell.output import write_json
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
@as_of_option()
@click.option(
    "--view", type=click.Choice([*VIEWS, *VIEWS.values()]), help="只显示一种；默认全部显示。"
)
@models_option
@jobs_option
@workbook_option
@folder_option
@json_option
def progress_of_plans(
    region: str,
    as_of: date,
    view: str | None,
    models: str | None,
    jobs: int | None,
    form: str | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """评估一个地区规划中每一项有数据的目标和另行登记的现行目标，其余说明缺什么。

    已结束的时期按公布数结算；仍在进行的给出完成或突破的概率，取自现役模型；没有现役模型或用了
    --models 时取自此次竞赛。
    """
    from employment_forecast.cli.inputs.plan import plans_of
    from employment_forecast.cli.shell.progress import progress
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data.catalogue import Series
    from employment_forecast.experiments.job import open_job, run_options
    from employment_forecast.experiments.publication import published_forecast
    from employment_forecast.forecasting.plans import plan_rows, progress_document

    session = open_session()
    settings = session.settings
    entry = session.catalogue.region(region)
    plans = plans_of(session, entry, demanded=False)
    origins: list[str] = []
    options = run_options(settings, models=models, jobs=jobs)

    def forecast(
        region: Region, indicator: Indicator, targets: Sequence[Target]
    ) -> tuple[History, SamplePaths, int]:
        series = Series(region, indicator)
        job = open_job(session, series, as_of, options, targets=targets)
        if models is None:
            # The same forecast as the bulletin's.
            last = max(t.last_month for t in targets)
            stored = published_forecast(session, series, job.history(), last)
            if stored is not None:
                label = f"现役第 {stored.version.version} 版（{stored.version.label}）"
                origins.append(f"{indicator.name}的概率取自{label}")
                return stored.history, stored.paths, stored.tested_horizon
        with progress(f"{region.name} {indicator.name}") as tick:
            result = job.compete(tick)
        origins.append(f"{indicator.name}的概率取自此次竞赛采用的{result.label}，不是已发布的预测")
        return result.history, result.champion_paths, result.tested_horizon

    rows = plan_rows(
        entry,
        plans,
        session.catalogue,
        as_of,
        session.targets(),
        session.store.vintages,
        forecast,
        settings["history.gaps"],
        session.tolerant,
    )
    if not rows:
        plans_of(session, entry)
    content = progress_document(entry, as_of, rows, session.catalogue, origins)
    if form is not None:
        from employment_forecast.forecasting.plans import plans_workbook

        name = f"{entry.name}规划进度_{content['as_of']}"
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
            table = make(shown)
            if table.rows:
                print_table(table)
            elif view == name:
                out.print(f"没有可列的{table.caption}进度。")
    missing = unassessed_table(content["targets"])
    if missing.rows and (view is None or not shown):
        print_table(missing)
    for note in content["notes"]:
        out.print(f"注：{note}", soft_wrap=True)
