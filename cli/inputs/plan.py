"""`forecast plan show|progress`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from employment_forecast.cli.shell.options import json_option, region_option
from employment_forecast.cli.shell.output import write_json

if TYPE_CHECKING:
    from employment_forecast.cli.shell.session import Session
    from employment_forecast.data.catalogue import Region
    from employment_forecast.data.targets.plans import Plan, PlanTarget


def plans_of(session: Session, region: Region) -> list[Plan]:
    """Plans of a region."""
    from employment_forecast.data.errors import NotFoundError
    from employment_forecast.data.targets.plans import load_plans

    plans = [p for p in load_plans(session.catalogue) if p.region == region.code]
    if not plans:
        raise NotFoundError(
            f"没有{region.name}的规划。",
            "随程序附带徐汇、嘉定、舟山、江夏、嵊州五份规划；控制数可用 forecast caps set 登记。",
        )
    return plans


def _value(target: PlanTarget) -> str:
    if target.value is None:
        return "未载明"
    return f"{target.value:,.12g}{target.unit}{target.qualifier}"


def _print(one: Plan) -> None:
    from rich.table import Table

    from employment_forecast.cli.shell.output import console
    from employment_forecast.data.targets.plans import DIRECTION_NAMES

    table = Table(title=one.source, title_justify="left", header_style="bold", show_lines=True)
    for name in ("目标", "时期", "方向", "数值", "属性", "原文", "完成情况", "说明"):
        table.add_column(name, overflow="fold")
    for target in one.targets:
        done = "、".join(f"{a.quote}" for a in target.achieved)
        remarks = [t for t in (target.no_value, target.not_assessed, target.note) if t]
        table.add_row(
            target.name,
            target.period_name,
            DIRECTION_NAMES[target.direction],
            _value(target),
            target.attribute,
            target.quote,
            done,
            "；".join(dict.fromkeys(remarks)),
        )
    console().print(table)


@click.command("show", options_metavar="[选项]", short_help="列出一个地区规划中的各项目标。")
@region_option
@json_option
def show_plan(region: str, as_json: bool) -> None:
    """列出一个地区规划中的各项目标：数值、时期、方向、属性、完成情况、原文与存疑。"""
    from employment_forecast.cli.shell.session import open_session

    session = open_session()
    entry = session.catalogue.region(region)
    plans = plans_of(session, entry)
    if as_json:
        content: list[dict[str, Any]] = [
            {"title": p.title, "source": p.source, "targets": [t.as_record() for t in p.targets]}
            for p in plans
        ]
        write_json({"region": {"code": entry.code, "name": entry.name}, "plans": content})
        return
    for one in plans:
        _print(one)
