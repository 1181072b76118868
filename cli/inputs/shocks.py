"""`forecast shocks declare|list|withdraw|propose`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from employment_forecast.cli.shell import output
from employment_forecast.cli.shell.options import (
    indicator_option,
    json_option,
    one_indicator_option,
    one_region_option,
    region_option,
    year_option,
)
from employment_forecast.cli.shell.output import resolve_series, write_json
from employment_forecast.cli.shell.phrases import shock_line

if TYPE_CHECKING:
    from employment_forecast.data.records import Shock

KINDS = {"脉冲": "pulse", "暂时": "temporary", "台阶": "step"}


@click.command("declare", options_metavar="[选项]", short_help="申报一个事件。")
@region_option
@click.option("--indicator", metavar="指标", help="只影响该指标；不给则影响该地区的全部指标。")
@click.option("--month", required=True, metavar="月份", help="事件开始的月份，如 2022-03。")
@click.option(
    "--kind",
    required=True,
    type=click.Choice([*KINDS, *KINDS.values()]),
    help="脉冲：只影响所列月份；暂时：当月最大、以后消退；台阶：停在新的水平。",
)
@click.option(
    "--months",
    metavar="整数",
    type=click.IntRange(1, 36),
    help="脉冲的月数（默认 1），或暂时事件多少个月后只剩一成（默认 6）。",
)
@click.option("--name", required=True, metavar="名称", help="事件名称，如 疫情。")
@click.option("--source", required=True, metavar="依据", help="文件名称、文号或申报人。")
@click.option(
    "--declared-on",
    metavar="日期",
    help="事件为外界所知的日期，此后各预测起点的回测都能用到；默认今天，不能晚于今天。",
)
@json_option
def declare(
    region: str,
    indicator: str | None,
    month: str,
    kind: str,
    months: int | None,
    name: str,
    source: str,
    declared_on: str | None,
    as_json: bool,
) -> None:
    """申报一个事件。它的影响今后单独估计，不计入季节规律和趋势。"""
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data import clock
    from employment_forecast.data.records import read_shock
    from employment_forecast.data.store import declare as record

    session = open_session()
    entry = session.catalogue.region(region)
    code = session.catalogue.indicator(indicator).code if indicator else ""
    day = clock.parse_day(declared_on, "--declared-on") if declared_on else clock.today()
    shock = read_shock(
        region=entry.code, indicator=code, month=month, kind=KINDS.get(kind, kind), months=months,
        name=name, source=source, declared_on=day,
    )  # fmt: skip
    declared = record(session.store, shock, session.catalogue)
    if as_json:
        write_json({"shock": shock_row(declared)})
        return
    scope = session.catalogue.indicator(code).name if code else "全部指标"
    click.echo(
        f"已申报（编号 {declared.number}）：{entry.name}{scope}，{declared.phrase}，"
        f"自 {declared.declared_on} 起为预测所知。"
    )


def shock_row(shock: Shock) -> dict[str, Any]:
    """One event as a JSON-able row."""
    return {
        "number": shock.number,
        "region": shock.region,
        "indicator": shock.indicator or None,
        "month": str(shock.month),
        "kind": shock.kind,
        "months": shock.months or None,
        "name": shock.name,
        "source": shock.source,
        "declared_on": shock.declared_on.isoformat(),
        "withdrawn_on": None if shock.withdrawn_on is None else shock.withdrawn_on.isoformat(),
    }


@click.command("list", options_metavar="[选项]", short_help="列出已申报的事件，含已撤回的。")
@one_region_option
@one_indicator_option
@year_option
@json_option
def list_shocks(region: str | None, indicator: str | None, year: int | None, as_json: bool) -> None:
    """列出已申报的事件，含已撤回的。"""
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data.records import KIND_NAMES
    from employment_forecast.data.store import declared

    session = open_session()
    region_code = session.catalogue.region(region).code if region else None
    indicator_code = session.catalogue.indicator(indicator).code if indicator else None
    rows = [
        shock_row(each)
        for each in declared(session.store, region_code)
        if (indicator_code is None or each.indicator in ("", indicator_code))
        and year in (None, each.month.year)
    ]
    if not as_json:
        for row in rows:
            code = row["indicator"]
            row["region"] = session.catalogue.region(row["region"]).name
            row["indicator"] = session.catalogue.indicator(code).name if code else "全部指标"
            row["kind"] = KIND_NAMES[row["kind"]]
    titles = {
        "number": "编号", "region": "地区", "indicator": "指标", "month": "月份", "kind": "类型",
        "months": "月数", "name": "名称", "source": "依据", "declared_on": "申报日",
        "withdrawn_on": "撤回日",
    }  # fmt: skip
    output.print_rows("shocks", titles, rows, as_json)


@click.command("withdraw", options_metavar="[选项]", short_help="撤回一个事件。")
@click.argument("number", type=click.IntRange(min=1), metavar="编号")
@json_option
def withdraw(number: int, as_json: bool) -> None:
    """撤回一个事件，自今天起不再使用；以前各日的预测仍按当时所知。"""
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data.store import withdraw as take_back

    event = take_back(open_session().store, number)
    if as_json:
        write_json({"shock": shock_row(event)})
        return
    click.echo(
        f"已撤回（编号 {event.number}）：{event.phrase}，自 {event.withdrawn_on} 起不再使用。"
    )


@click.command("propose", options_metavar="[选项]", short_help="检验各月，提出可能的事件。")
@region_option
@indicator_option
@click.option(
    "--as-of", "as_of", metavar="日期", help="只看该日（含）以前公布的，如 2026-06-30；默认今天。"
)
@json_option
def propose(region: str, indicator: str | None, as_of: str | None, as_json: bool) -> None:
    """用稳健检验找出可能受事件影响的月份。只作建议，不改变任何结果。"""
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data import clock
    from employment_forecast.features.history import from_known
    from employment_forecast.forecasting.shocks import (
        CRITICAL,
        FALSE_ALARMS,
        proposal_rows,
        shock_rows,
    )
    from employment_forecast.forecasting.shocks import propose as suggest

    session = open_session()
    series = resolve_series(session, region, indicator)
    day = clock.parse_past_day(as_of, "--as-of") if as_of else clock.today()
    known = session.store.vintages(series.region.code, series.indicator.code).as_of(day)
    history = from_known(
        known, series.region, series.indicator, day, session.settings["history.gaps"]
    )
    rows = proposal_rows(suggest(history), history)
    known_events = shock_rows(history)
    if as_json:
        write_json(
            {
                "region": {"code": series.region.code, "name": series.region.name},
                "indicator": series.indicator.code,
                "data_month": str(history.origin),
                "demo": history.demo,
                "declared": known_events,
                "critical": CRITICAL,
                "false_alarms": FALSE_ALARMS,
                "proposals": rows,
            }
        )
        return
    mark = "（演示数据）" if history.demo else ""
    click.echo(f"{series.region.name}“{series.indicator.name}”{mark}，截至 {history.origin}：")
    for row in known_events:
        click.echo(shock_line(row))
    titles = {
        "month": "月份",
        "kind_name": "类型",
        "effect": "影响",
        "score": "得分",
        "command": "如属实可执行",
    }
    if rows:
        output.print_rows("proposals", titles, rows, as_json=False)
    else:
        click.echo("没有发现疑似受事件影响的月份。")
    click.echo(f"得分以稳健标准差计，超过 {CRITICAL:g} 才提出；{FALSE_ALARMS}。")
