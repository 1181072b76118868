"""`forecast plan show|progress`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from employment_forecast.cli.shell.options import (
    json_option,
    one_indicator_option,
    region_option,
    year_option,
)
from employment_forecast.cli.shell.output import write_json

if TYPE_CHECKING:
    from employment_forecast.cli.shell.session import Session
    from employment_forecast.data.catalogue import Region
    from employment_forecast.data.targets.plans import Plan, PlanTarget


def plans_of(session: Session, region: Region, *, demanded: bool = True) -> list[Plan]:
    """Plans of a region; an error where there is none and one is demanded."""
    from employment_forecast.data.errors import NotFoundError
    from employment_forecast.data.targets.plans import load_plans

    plans = [p for p in load_plans(session.catalogue) if p.region == region.code]
    if not plans and demanded:
        raise NotFoundError(
            f"没有{region.name}的规划。",
            "随程序附带徐汇、嘉定、舟山、江夏、嵊州五份规划；控制数可用 forecast caps set 登记。",
        )
    return plans


def _last_year(period: str) -> int:
    """Last year of 2016-2020, 2009 or 2015-12."""
    return int(period[5:] if len(period) == len("2016-2020") else period[:4])


def _value(target: PlanTarget) -> str:
    from employment_forecast.data.targets import number_words

    if target.value is None:
        return "未载明"
    return number_words(target.value, target.unit, target.qualifier)


def _print(plan: Plan) -> None:
    from employment_forecast.cli.shell.output import print_grid
    from employment_forecast.data.targets.plans import DIRECTION_NAMES

    heads = ("目标", "时期", "方向", "数值", "属性", "原文", "完成情况", "说明")
    rows = [
        (
            target.name,
            target.period_name,
            DIRECTION_NAMES[target.direction],
            _value(target),
            target.attribute,
            target.quote,
            "、".join(a.quote for a in target.achieved),
            "；".join(
                dict.fromkeys(t for t in (target.no_value, target.not_assessed, target.note) if t)
            ),
        )
        for target in plan.targets
    ]
    print_grid(heads, rows, title=plan.source, title_justify="left", show_lines=True)


@click.command("show", options_metavar="[选项]", short_help="列出一个地区规划中的各项目标。")
@region_option
@one_indicator_option
@year_option
@json_option
def show_plan(region: str, indicator: str | None, year: int | None, as_json: bool) -> None:
    """列出一个地区规划中的各项目标：数值、时期、方向、属性、完成情况、原文与存疑。"""
    from employment_forecast.cli.shell.session import open_session

    session = open_session()
    entry = session.catalogue.region(region)
    indicator_code = session.catalogue.indicator(indicator).code if indicator else None
    plans = [
        replace(
            plan,
            targets=tuple(
                target
                for target in plan.targets
                if indicator_code in (None, target.indicator)
                and (year is None or int(target.period[:4]) <= year <= _last_year(target.period))
            ),
        )
        for plan in plans_of(session, entry)
    ]
    if as_json:
        content: list[dict[str, Any]] = [
            {"title": p.title, "source": p.source, "targets": [t.as_record() for t in p.targets]}
            for p in plans
        ]
        write_json({"region": {"code": entry.code, "name": entry.name}, "plans": content})
        return
    for plan in plans:
        if plan.targets:
            _print(plan)
    if not any(plan.targets for plan in plans):
        click.echo("（没有内容）")
