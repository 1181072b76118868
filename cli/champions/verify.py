"""`forecast models verify`, `forecast models report`."""

from __future__ import annotations

from pathlib import Path

import click

from employment_forecast.cli.shell.options import (
    indicator_option,
    jobs_option,
    json_option,
    region_option,
)
from employment_forecast.cli.shell.output import print_rows, resolve_series, write_json

_STATES = {
    "equal": "逐位相同",
    "close": "相对误差不超过百万分之一",
    "different": "数值不同",
    "data_changed": "数据库给出的数据已不同于该版本所用的数据",
}

version_option = click.option("--version", metavar="版本号", help="版本号；默认为现役版本。")


@click.command(options_metavar="[选项]", short_help="用记录的数据重算一个模型版本并逐项核对。")
@region_option
@indicator_option
@version_option
@jobs_option
@json_option
def verify(
    region: str, indicator: str | None, version: str | None, jobs: int | None, as_json: bool
) -> int:
    """用记录的数据、设置和种子重算一个模型版本，与其保存的模拟路径逐项核对。

    同一程序与库版本应逐位相同，其他版本相对误差应不超过百万分之一；否则退出码为 9。
    """
    from employment_forecast.cli.shell.progress import progress
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data import clock
    from employment_forecast.data.errors import EXIT_OK, EXIT_REFUSED
    from employment_forecast.experiments.job import open_job, run_options
    from employment_forecast.experiments.registry import chosen_version, load_version
    from employment_forecast.experiments.tracking import open_tracker, program_version
    from employment_forecast.experiments.watch import verify as redo

    session = open_session()
    series = resolve_series(session, region, indicator)
    uri = session.settings.tracking_uri(session.workspace)
    with open_tracker(uri, session.workspace) as tracker:
        stored = load_version(tracker, chosen_version(tracker, series, version))
    options = run_options(session.settings, jobs=jobs)
    job = open_job(session, series, clock.today(), options, targets=(), cached=False)
    with progress(f"{series.region.name} 重算") as tick:
        verification = redo(job, stored, program_version(), tick)
    code = EXIT_OK if verification.passed else EXIT_REFUSED
    rows = [
        {"month": month, "kept": round(kept, 6), "again": round(again, 6), "difference": gap}
        for month, kept, again, gap in verification.months
    ]
    if as_json:
        write_json(
            {
                "registered_name": stored.version.registered_name,
                "version": stored.version.version,
                "demo": stored.version.demo,
                "passed": verification.passed,
                "state": verification.state,
                "largest_relative_difference": verification.largest,
                "code_then": verification.code_then,
                "code_now": verification.code_now,
                "months": rows,
            }
        )
        return code
    mark = "（演示数据）" if stored.version.demo else ""
    click.echo(
        f"{stored.version.registered_name} 第 {stored.version.version} 版{mark}："
        f"{_STATES[verification.state]}，{'核对通过' if verification.passed else '核对未通过'}。"
    )
    if verification.code_then != verification.code_now:
        click.echo(f"程序与库：当时 {verification.code_then}，现在 {verification.code_now}。")
    if verification.state in ("close", "different"):
        titles = ("月份", "保存的中位数", "重算的中位数", "最大相对误差")
        shown = [{**r, "difference": f"{r['difference']:.2g}"} for r in rows]
        print_rows("months", titles, shown, as_json=False)
    return code


@click.command(options_metavar="[选项]", short_help="写出模型评审材料。")
@region_option
@indicator_option
@version_option
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="文件",
    help="zip 文件，或不带 .zip 的文件夹；默认为当前目录下的 zip 文件。",
)
@json_option
def report(
    region: str, indicator: str | None, version: str | None, output: Path | None, as_json: bool
) -> None:
    """写出模型评审材料：逐格的回测预测与误差、残差检查、模型卡、数据指纹、起点被查看的次数。"""
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data.files import write_atomically
    from employment_forecast.experiments.registry import chosen_version
    from employment_forecast.experiments.tracking import open_tracker
    from employment_forecast.experiments.watch import pack, zipped

    session = open_session()
    series = resolve_series(session, region, indicator)
    uri = session.settings.tracking_uri(session.workspace)
    with open_tracker(uri, session.workspace) as tracker:
        chosen = chosen_version(tracker, series, version)
        files = pack(tracker, series, chosen)
    target = output or Path(f"{chosen.registered_name}.v{chosen.version}.zip")
    if target.suffix == ".zip":
        write_atomically(target, zipped(files))
    else:
        for name, content in files.items():
            write_atomically(target / name, content)
    if as_json:
        write_json({"output": str(target), "files": sorted(files), "version": chosen.version,
                    "registered_name": chosen.registered_name, "demo": chosen.demo})  # fmt: skip
        return
    mark = "（演示数据）" if chosen.demo else ""
    click.echo(
        f"{chosen.registered_name} 第 {chosen.version} 版{mark}的评审材料已写入“{target}”"
        f"（{len(files)} 个文件）。"
    )
