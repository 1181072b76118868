"""`forecast monitor`, `forecast explain`."""

from __future__ import annotations

from typing import Any

import click

from employment_forecast.cli.shell.options import indicator_option, json_option, region_option
from employment_forecast.cli.shell.output import print_rows, resolve_series, write_json

_BASES = {"any_month": "任一月", "period_end": "期末", "period_average": "全年平均"}


@click.command(options_metavar="[选项]", short_help="核对现役预测与已公布的结果，检查是否走样。")
@region_option
@indicator_option
@json_option
def monitor(region: str, indicator: str | None, as_json: bool) -> None:
    """核对历次现役预测与其后公布的结果，检查得分、区间覆盖与数据是否走样。

    各项检查合计的误报率不高于五年一次。设置 monitor.rollback = "on" 时，报警后自动退回到前任版本。
    """
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data import clock
    from employment_forecast.data.catalogue import phrase
    from employment_forecast.experiments.registry import chosen_version
    from employment_forecast.experiments.tracking import open_tracker
    from employment_forecast.experiments.watch import observe, roll_back_after_alarm
    from employment_forecast.features.history.build import build

    session = open_session()
    series = resolve_series(session, region, indicator)
    uri = session.settings.tracking_uri(session.workspace)
    gaps = session.settings["history.gaps"]
    history = build(session.store, series.region, series.indicator, clock.today(), gaps)
    restored = None
    with open_tracker(uri, session.workspace) as tracker:
        result = observe(tracker, series, history)
        if result is None:
            chosen_version(tracker, series, None)
            return
        if session.settings["monitor.rollback"] == "on":
            restored = roll_back_after_alarm(tracker, series, result)
    content = result.document()
    content["rolled_back_to"] = None if restored is None else restored.version
    if as_json:
        write_json(content)
        return
    mark = "（演示数据）" if content["demo"] else ""
    click.echo(
        f"{series.region.name} · {series.indicator.name}{mark}：现役为第 {content['version']} 版"
        f"（{result.champion.label}），已监测 {content['months']} 个月"
    )
    if content["forecasts"]:
        recent = [f for f in content["forecasts"] if f["months_ahead"] == 1][-12:]
        titles = {
            "month": "月份", "version": "版本", "q10": "10%", "q50": "预测", "q90": "90%",
            "outcome": "公布", "error": "误差", "inside": "80%区间内",
        }  # fmt: skip
        figures = ("q10", "q50", "q90", "outcome", "error")
        rows = [
            {
                **f,
                **{name: phrase(f[name], series.indicator) for name in figures},
                "inside": "是" if f["inside80"] else "否",
            }
            for f in recent
        ]
        print_rows("forecasts", titles, rows, as_json=False)
    if content["charts"]:
        titles = {"label": "监测项", "value": "累积和", "limit": "报警线", "alarm": "报警起始月"}
        print_rows("charts", titles, content["charts"], as_json=False)
        click.echo(f"各项合计的误报率不高于每 {content['false_alarm_months']} 个月一次。")
    for check in content["coverage"]:
        click.echo(f"{check['text']}。")
    for alarm in content["alarms"]:
        click.echo(f"报警：{alarm}。")
    for note in content["notes"]:
        click.echo(f"注：{note}。")
    click.echo(f"{content['advice']}。")
    if restored is not None:
        click.echo(f"已按设置退回到第 {restored.version} 版（{restored.model}）。")


@click.command(options_metavar="[选项]", short_help="说明预测比上一期为何变动。")
@region_option
@indicator_option
@click.option("--version", metavar="版本号", help="较新的版本；默认为现役版本。")
@click.option("--from", "older", metavar="版本号", help="较旧的版本；默认为上一期的现役版本。")
@json_option
def explain(
    region: str, indicator: str | None, version: str | None, older: str | None, as_json: bool
) -> None:
    """说明预测比上一期为何变动：数据修订、新公布的月份、换用模型，各占多少，合计等于总变动。"""
    from employment_forecast.cli.shell.progress import progress
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data import clock
    from employment_forecast.data.targets import TIER_NAMES
    from employment_forecast.experiments.job import open_job, run_options
    from employment_forecast.experiments.tracking import open_tracker
    from employment_forecast.experiments.watch import STEPS, pair
    from employment_forecast.experiments.watch.explain import explain as take_apart

    session = open_session()
    series = resolve_series(session, region, indicator)
    uri = session.settings.tracking_uri(session.workspace)
    with open_tracker(uri, session.workspace) as tracker:
        then, now = pair(tracker, series, version, older)
    job = open_job(session, series, clock.today(), run_options(session.settings))
    with progress(f"{series.region.name} 重算") as tick:
        result = take_apart(job, then, now, tick)
    content = result.document()
    if as_json:
        write_json(content)
        return
    mark = "（演示数据）" if content["demo"] else ""
    click.echo(
        f"{series.region.name} · {series.indicator.name}{mark}：第 {content['older']['version']} 版"
        f"（数据截至 {content['older']['data_month']}）→ 第 {content['newer']['version']} 版"
        f"（数据截至 {content['newer']['data_month']}）"
    )
    for row in content["new_months"]:
        click.echo(
            f"{row['month']} 公布 {row['outcome']:,.6g}{series.indicator.unit}，"
            f"原预测 {row['forecast']:,.6g}{series.indicator.unit}"
        )
    for row in content["revised"]:
        click.echo(
            f"{row['month']} 由 {row['then']:,.6g} 修订为 {row['now']:,.6g}{series.indicator.unit}"
        )
    titles = {"name": "月份", "before": "原预测", "after": "现预测", **STEPS}
    print_rows("medians", titles, [_steps(r, ",.6g") for r in content["medians"]], as_json=False)
    if content["caps"]:
        rows = []
        for r in content["caps"]:
            tier, period, basis = r["name"].split(" ")
            name = f"{TIER_NAMES[tier]}控制数 {period} {_BASES.get(basis, basis)}"
            rows.append({**_steps(r, ".1%"), "name": name})
        titles = {"name": "突破概率", "before": "原概率", "after": "现概率", **STEPS}
        print_rows("caps", titles, rows, as_json=False)


def _steps(row: dict[str, Any], form: str) -> dict[str, str]:
    effects = {name: f"{value:+{form}}" for name, value in row["effects"].items()}
    return {
        "name": row["name"],
        "before": f"{row['before']:{form}}",
        "after": f"{row['after']:{form}}",
        **effects,
    }
