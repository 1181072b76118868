"""`forecast run`."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from employment_forecast.cli.shell.options import (
    as_of_option,
    horizon_option,
    indicator_option,
    jobs_option,
    json_option,
    models_option,
    no_cache_option,
    origins_option,
    output_folder_option,
)
from employment_forecast.cli.shell.output import print_table, resolve_series, write_json
from employment_forecast.cli.shell.workbooks import save_workbook, workbook_option

if TYPE_CHECKING:
    from employment_forecast.experiments.job import Instead
    from employment_forecast.experiments.recording import Recording

_NO_PROMOTION = "--dry-run 不登记模型版本，不能同时用 --promote。"


@click.command(
    options_metavar="[选项]", short_help="对一个地区回测、选模型、预测，并对照控制数评估。"
)
@click.option(
    "--region",
    "regions",
    multiple=True,
    metavar="地区",
    help="地区：行政区划代码、名称或简称，如 嘉定；可重复，几个地区以一张表列出。",
)
@click.option(
    "--parent",
    "parents",
    multiple=True,
    metavar="地区",
    help="该地区的各直接下级中有数据的，如 上海市；可重复。",
)
@indicator_option
@horizon_option
@as_of_option()
@models_option
@origins_option()
@click.option("--seed", metavar="整数", type=click.IntRange(min=0), help="随机种子。")
@jobs_option
@click.option(
    "--promote",
    "promoting",
    is_flag=True,
    help="随即按晋级检查处理：通过则晋级，未通过则沿用现役模型并更新数据。",
)
@click.option(
    "--with-parts",
    is_flag=True,
    help="连同全部下级和互不重叠的群体一起预测，并使它们在每条路径、每个月相加一致。",
)
@click.option("--dry-run", is_flag=True, help="只算一遍看结果：不记录，不登记模型版本。")
@no_cache_option
@output_folder_option("写出 forecast.csv、forecast.json、chart.png。")
@workbook_option
@json_option
def run(
    regions: tuple[str, ...],
    parents: tuple[str, ...],
    indicator: str | None,
    horizon: int | None,
    as_of: date,
    models: str | None,
    origins: int | None,
    seed: int | None,
    jobs: int | None,
    promoting: bool,
    with_parts: bool,
    dry_run: bool,
    no_cache: bool,
    output: Path | None,
    form: str | None,
    as_json: bool,
) -> int:
    """对一个地区回测各模型、选出最好的、预测今后各月，并给出突破控制数的概率。

    几个地区（--region 重复，或 --parent）逐个运行，列成一张表；有地区没有得出预测时退出码为 12。
    """
    from employment_forecast.cli.shell.session import demand_memory, notice, open_session

    demand_memory()
    from employment_forecast.cli.forecasts.run_many import RunRequest, parts_with_data, run_many
    from employment_forecast.cli.shell.progress import progress
    from employment_forecast.data.errors import UnrecordedError, UsageError
    from employment_forecast.data.files import demand_writable, to_json, write_atomically
    from employment_forecast.experiments.cluster import cluster_of
    from employment_forecast.experiments.job import open_job, open_tree, run_options

    session = open_session()
    settings = session.settings
    if not (regions or parents):
        raise UsageError(
            "没有指明地区。", "请用 --region 嘉定，或用 --parent 上海市 运行各直接下级。"
        )
    chosen = [
        *(resolve_series(session, region, indicator) for region in regions),
        *parts_with_data(session, parents, indicator),
    ]
    series = chosen[0]
    options = run_options(
        settings, models=models, horizon=horizon, origins=origins, seed=seed, jobs=jobs
    )
    if len(chosen) > 1 or parents:
        if with_parts or form is not None:
            raise UsageError("--with-parts 和 --format 只用于一个地区。", "请逐个地区运行。")
        if dry_run and promoting:
            raise UsageError(_NO_PROMOTION, "请只用其中一个。")
        request = RunRequest(as_of, options, promoting, dry_run, not no_cache, output)
        return run_many(session, list(dict.fromkeys(chosen)), request, as_json)
    cached, cluster = not no_cache, cluster_of(settings, session.workspace)
    job = open_job(session, series, as_of, options, cached=cached, elsewhere=cluster)
    parts = None
    if with_parts:
        parts = open_tree(session, series, as_of, options, cached=cached, elsewhere=cluster)

    from employment_forecast.experiments.recording import (
        RecordedParts,
        conclude,
        record_parts,
        recorded,
    )
    from employment_forecast.features.parts import parts_document, parts_of
    from employment_forecast.forecasting.documents import document, forecast_csv
    from employment_forecast.forecasting.documents.chart import fan_chart
    from employment_forecast.forecasting.documents.parts import parts_table, tree_document

    if output is not None:
        demand_writable(output)
    chart, run_id, number, gate, unrecorded = None, None, None, None, None
    if dry_run and promoting:
        raise UsageError(_NO_PROMOTION, "请只用其中一个。")
    tree, others = None, RecordedParts()
    try:
        uri = settings.tracking_uri(session.workspace)
        with nullcontext() if dry_run else recorded(uri, session.workspace, series) as recording:
            if parts is None:
                with progress(f"{series.region.name} 回测") as tick:
                    result = job.compete(tick)
            else:
                judge = _standing_in(recording) if promoting else (lambda _: None)
                tree = parts.compete(lambda each: progress(f"{each.member_name} 回测"), judge)
                result = tree.member(series.region.code)
            for note in [] if cluster is None else cluster.take_notes():
                notice(note)
            if recording is not None:
                chart = fan_chart(result)
                candidate = result if tree is None else tree.candidate(series.region.code)
                number = recording.register(candidate, chart).version
                run_id = recording.run_id
                gate = conclude(recording, candidate, result, promoting=promoting).document()
        if tree is not None and not dry_run:
            others = record_parts(session, tree, series.region.code, promoting=promoting)
    except UnrecordedError as error:
        unrecorded = error
    content = document(
        result, run_id=run_id, registered_name=series.registered_name, version=number
    )
    content["parts"] = parts_document(
        parts_of(session.catalogue, session.store.vintages, series.region, series.indicator, as_of)
    )
    content["gate"] = gate
    if tree is not None:
        content["tree"] = tree_document(tree, series.region.code, others.versions, others.apart)
    content["dry_run"] = dry_run
    content["trial"] = options.trial or None
    content["unrecorded"] = unrecorded.message if unrecorded else None
    if output is not None:
        write_atomically(output / "forecast.csv", forecast_csv(result))
        write_atomically(output / "forecast.json", to_json(content).encode("utf-8"))
        write_atomically(output / "chart.png", chart or fan_chart(result))
    if form is not None:
        from employment_forecast.experiments.recording import run_workbook

        book = run_workbook(session, result, content)
        save_workbook(output, f"{series.title}_{content['data_month']}", book, as_json=as_json)
    code = unrecorded.exit_code if unrecorded else 0
    if unrecorded:
        notice(f"注意：{unrecorded}")
    if as_json:
        write_json(content)
        return code
    from employment_forecast.cli.forecasts.report import print_report

    print_report(content, series.indicator)
    if tree is not None:
        print_table(parts_table(content, series.indicator))
    if dry_run:
        click.echo("只算未记：没有登记模型版本（--dry-run）。")
    if output is not None:
        click.echo(f"已写入：{output / 'forecast.csv'}、forecast.json、chart.png")
    return code


def _standing_in(recording: Recording | None) -> Instead:
    """Gives what comes into force where the gate will refuse a member of a tree."""
    from employment_forecast.experiments.promotion import instead

    if recording is None:
        return lambda _: None
    tracker = recording.run.tracker
    return lambda result: instead(tracker, result.series, result)
