"""`forecast thresholds show`, `check`, `schema`: from what is published, without a model."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import click

from employment_forecast.cli.shell.options import json_option, region_option

_STATES = {"current": "有效", "demo": "演示", "stale": "已过时", "failed": "更新失败"}
indicator_option = click.option(
    "--indicator", metavar="指标", help="指标：代码或名称；默认为发布时该地区的默认指标。"
)
as_of_option = click.option(
    "--as-of", "as_of", metavar="日期", help="按该日（含）当时已发布的文件。"
)


def _published(region: str, indicator: str | None, as_of: str | None) -> tuple[Any, date]:
    from employment_forecast.data import clock
    from employment_forecast.data.errors import NoThresholdsError
    from employment_forecast.data.feed import find
    from employment_forecast.data.workspace import find_workspace

    past = clock.parse_past_day(as_of, "--as-of") if as_of else None
    folder = find_workspace().thresholds
    try:
        document = find(folder, region, indicator, past)
    except NoThresholdsError:
        # Perhaps nothing was published; perhaps the name is unknown, or written in another way.
        document = find(folder, *_catalogued(region, indicator), past)
    return document, past or clock.today()


def _catalogued(region: str, indicator: str | None) -> tuple[str, str | None]:
    """Official names of what was asked for; an unknown one is an error of its own."""
    from employment_forecast.cli.shell.session import open_session

    catalogue = open_session().catalogue
    about = None if indicator is None else catalogue.indicator(indicator).name
    return catalogue.region(region).name, about


def _caps(document: Mapping[str, Any]) -> dict[str, str]:
    return {cap["id"]: cap["title"] for cap in document["caps"]}


def _line(row: Mapping[str, Any]) -> str:
    if row["state"] == "already":
        return "已达到"
    if row["value"] is None:
        return "不会达到"
    error = row["standard_error"]
    about = f" ±{error:g}" if error else ""
    return f"{row['value']:,.12g}{about}"


@click.command("show", options_metavar="[选项]", short_help="显示已发布的预警线与预警等级。")
@region_option
@indicator_option
@as_of_option
@json_option
def show_thresholds(region: str, indicator: str | None, as_of: str | None, as_json: bool) -> None:
    """显示已发布的预警线与预警等级；过时或更新失败的会写明。"""
    from employment_forecast.cli.shell.output import write_json
    from employment_forecast.data.feed import state_on

    document, day = _published(region, indicator, as_of)
    state, reason = state_on(document, day)
    if as_json:
        write_json({**document, "state": state, "state_reason": reason})
        return
    from employment_forecast.cli.shell.output import print_rows

    mark = "（演示数据）" if document["demo"] else ""
    click.echo(f"{document['region']['name']}{document['indicator_name']}{mark}")
    click.echo(f"状态：{_STATES[state]}" + (f"，{reason}" if reason else ""))
    if state == "failed":
        return
    champion = document["champion"]
    click.echo(
        f"数据到 {document['data_month']}，有效期至 {document['valid_until']}；"
        f"模型：{champion['model_label']}"
        f"（{champion['registered_name']} 第 {champion['version']} 版）"
    )
    level = document["level"]
    if level is None:
        click.echo(f"预警等级：没有（{document['level_reason']}）")
    else:
        click.echo(f"预警等级：{level['name']}（自 {level['since']}）")
        for text in level["reasons"]:
            click.echo(f"  · {text}")
    caps = _caps(document)
    names = {x["code"]: x["name"] for x in (document["scheme"] or {"levels": []})["levels"]}
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for cap in document.get("ended", ()):
        click.echo(f"{cap['breach_words']}。")
    for cap in document["caps"]:
        if cap.get("breach_words"):
            click.echo(f"{cap['breach_words']}。")
        if cap.get("unassessed"):
            click.echo(f"{cap['title']}暂不评估：{cap['unassessed']}。")
    for line in document["lines"]:
        row = rows.setdefault(
            (line["cap"], line["month"]), {"cap": caps[line["cap"]], "month": line["month"]}
        )
        row[line["level"]] = _line(line)
    titles = {"cap": "控制数", "month": "月份", **names}
    print_rows("lines", titles, list(rows.values()), as_json=False)
    if names:
        click.echo(f"等级依据：{document['scheme']['source']}。± 为模拟误差（一个标准误）。")
        click.echo(
            "公布数达到或高于警戒线即够得上该等级；按单月考核的，考核期末月的警戒线是高于控制数的"
            "最小公布数。"
        )
        _print_events(document, document["lines"])


@click.command(options_metavar="[选项]", short_help="对照预警线判断一个新数，退出码表示等级。")
@click.argument("value", metavar="数值")
@region_option
@indicator_option
@click.option(
    "--month", metavar="月份", help="数值所属月份，如 2026-11；默认为下一个待公布的月份。"
)
@click.option(
    "--confirmed", is_flag=True, help="数值不像该月的（远在范围之外、与往月相同）、但已核实无误。"
)
@as_of_option
@json_option
def check(
    value: str,
    region: str,
    indicator: str | None,
    month: str | None,
    confirmed: bool,
    as_of: str | None,
    as_json: bool,
) -> int:
    """对照已发布的预警线判断一个新数，不运行模型；数值可写成 12500、12,500 或 1.25万。

    退出码：0 无预警；20 蓝、21 黄、22 橙、23 红；4 数值不可能（写错了位数、单位或月份）；
    13 没有可用的预警线（未发布、已过时、更新失败）。
    """
    from employment_forecast.cli.shell.output import write_json
    from employment_forecast.data import clock
    from employment_forecast.data.errors import LEVEL_EXIT_CODES
    from employment_forecast.data.feed import check as compare
    from employment_forecast.data.feed import demand_plausible, demand_usable
    from employment_forecast.data.typed import read_value

    read_value(value, "", "数值")
    document, day = _published(region, indicator, as_of)
    demand_usable(document, day)
    number = read_value(value, document["unit"], "数值")
    answer = compare(document, number, month and clock.month_name(month, "--month"))
    if not confirmed:
        demand_plausible(document, number, answer.month)
    code = LEVEL_EXIT_CODES[answer.level]
    if as_json:
        write_json(
            {
                "region": {k: document["region"][k] for k in ("code", "name")},
                "indicator": document["indicator"],
                "month": answer.month,
                "value": answer.value,
                "level": {"code": answer.level, "name": answer.name},
                "level_in_force": document["level"],
                "broken_caps": answer.broken,
                "exit_code": code,
                "lines": answer.rows,
                "data_month": document["data_month"],
                "valid_until": document["valid_until"],
                "champion": document["champion"],
                "demo": document["demo"],
            }
        )
        return code
    mark = "（演示数据）" if document["demo"] else ""
    name = f"{document['region']['name']}{document['indicator_name']}"
    click.echo(f"{name} {answer.month} {answer.value:,.12g}{document['unit']}：{answer.name}{mark}")
    caps = _caps(document)
    names = {x["code"]: x["name"] for x in document["scheme"]["levels"]}
    unit = document["unit"]
    for cap in answer.broken:
        digits = 0 if document["precision"] >= 1 else len(str(document["precision"])) - 2
        over = f"{cap['excess']:,.{digits}f}{'个百分点' if unit == '%' else unit}"
        click.echo(f"  已突破{cap['title']}，高出 {over}")
    for row in answer.rows:
        reached = "达到" if row["reached"] else "未达到"
        click.echo(f"  {reached} {names[row['level']]}：{_line(row)}（{caps[row['cap']]}）")
    _print_events(document, answer.rows)
    now = document["level"]
    if now is not None and now["code"] != answer.level:
        click.echo(f"现行等级（按 {document['data_month']} 数据）：{now['name']}。")
    return code


def _print_events(document: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> None:
    """What the lines of each cap that is shown warn of."""
    drawn = {line["cap"] for line in lines}
    events = {cap["title"]: cap.get("event") for cap in document["caps"] if cap["id"] in drawn}
    for title, event in events.items():
        if event:
            click.echo(f"{title}的警戒线所指：{event}。")


@click.command(options_metavar="[选项]", short_help="显示预警线文件的 JSON Schema。")
def schema() -> None:
    """显示预警线文件的 JSON Schema（2020-12）。"""
    from employment_forecast.data.feed import schema_text

    sys.stdout.write(schema_text())
