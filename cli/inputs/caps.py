"""`forecast caps set|list|import`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from employment_forecast.cli.shell import output
from employment_forecast.cli.shell.output import (
    indicator_option,
    json_option,
    region_option,
    resolve_series,
    write_json,
)

if TYPE_CHECKING:
    from employment_forecast.data.catalogue import Indicator
    from employment_forecast.data.targets import Target

TIERS = {"国家": "national", "市": "municipal", "区": "district", "自定": "own"}
BASES = {
    "各月": "any_month", "期末": "period_end", "全年累计": "period_total",
    "全年平均": "period_average", "当月": "point",
}  # fmt: skip
QUALIFIERS = {"cap": "以内", "floor": "不低于", "level": ""}
DIRECTIONS = {"控制数": "cap", "下限": "floor", "目标值": "level"}


def _either(names: dict[str, str]) -> click.Choice[str]:
    return click.Choice([*names, *names.values()])


@click.command("set", options_metavar="[选项]", short_help="登记一个控制数。")
@region_option
@indicator_option
@click.option("--tier", required=True, type=_either(TIERS), help="由哪一级下达。")
@click.option("--value", required=True, type=float, metavar="数", help="数值，用该指标的单位。")
@click.option("--period", required=True, metavar="时期", help="如 2026、2021-2025、2026-10。")
@click.option("--basis", default="各月", show_default=True, type=_either(BASES), help="怎样考核。")
@click.option(
    "--direction", default="控制数", show_default=True, type=_either(DIRECTIONS), help="目标方向。"
)
@click.option("--announced-on", metavar="日期", help="公布日期；不给则按今天，并标为估计。")
@click.option("--source", required=True, metavar="文号", help="文件名称或文号。")
@click.option("--qualifier", metavar="用语", help="原文用语，如 以内、左右、不低于。")
@json_option
def set_cap(
    region: str,
    indicator: str | None,
    tier: str,
    value: float,
    period: str,
    basis: str,
    direction: str,
    announced_on: str | None,
    source: str,
    qualifier: str | None,
    as_json: bool,
) -> None:
    """登记一个控制数（或下限、目标值）。"""
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data import clock
    from employment_forecast.data.store import add_targets
    from employment_forecast.data.targets import Target

    session = open_session()
    place, what = resolve_series(session, region, indicator)
    day = clock.parse_day(announced_on, "--announced-on") if announced_on else clock.today()
    fields: dict[str, Any] = {
        "tier": TIERS.get(tier, tier),
        "basis": BASES.get(basis, basis),
        "direction": DIRECTIONS.get(direction, direction),
    }
    _demand_sense(fields, period, what)
    word = QUALIFIERS[fields["direction"]] if qualifier is None else qualifier
    target = Target(
        region=place.code,
        indicator=what.code,
        qualifier=word,
        period=period,
        value=value,
        unit=what.unit,
        announced_on=day,
        announced_estimated=announced_on is None,
        source=source,
        **fields,
    )
    add_targets(session.store, [target], session.catalogue)
    if as_json:
        write_json({"target": target_row(target)})
        return
    from employment_forecast.data.targets import TIER_NAMES

    way = {v: k for k, v in DIRECTIONS.items()}[target.direction]
    click.echo(
        f"已登记：{place.name}“{what.name}”{period} {TIER_NAMES[target.tier]}{way} "
        f"{value:,.12g}{what.unit}{word}（{source}，{day} 公布）。"
    )


def _demand_sense(fields: dict[str, Any], period: str, indicator: Indicator) -> None:
    """Refuse a way of assessing that the indicator or the period does not allow."""
    from employment_forecast.data.errors import UsageError
    from employment_forecast.data.targets import period_months

    if fields["basis"] == "period_total" and indicator.kind != "flow":
        raise UsageError(
            f"“{indicator.name}”不是当月数，不能按全年累计考核。", "请改用各月、期末或全年平均。"
        )
    first, last = period_months(period)
    if fields["basis"] == "point" and first != last:
        raise UsageError(
            f"时期 {period} 不是一个月，不能按当月考核。", "请写成 2026-10，或改用各月。"
        )


def target_row(target: Target) -> dict[str, Any]:
    """One target as a JSON-able row."""
    return {
        "region": target.region,
        "indicator": target.indicator,
        "tier": target.tier,
        "direction": target.direction,
        "basis": target.basis,
        "qualifier": target.qualifier,
        "period": target.period,
        "value": target.value,
        "unit": target.unit,
        "unit_confirmed": target.unit_confirmed,
        "announced_on": target.announced_on.isoformat(),
        "announced_estimated": target.announced_estimated,
        "source": target.source,
        "demo": target.demo,
        "note": target.note,
    }


@click.command("list", options_metavar="[选项]", short_help="列出已登记的控制数与目标。")
@click.option("--region", metavar="地区", help="只看一个地区。")
@json_option
def list_caps(region: str | None, as_json: bool) -> None:
    """列出已登记的控制数与目标，含历次调整。"""
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data.targets import TIER_NAMES

    session = open_session()
    only = session.catalogue.region(region).code if region else None
    rows = [target_row(t) for t in session.targets() if only in (None, t.region)]
    if not as_json:
        tiers = TIER_NAMES
        bases = {v: k for k, v in BASES.items()}
        ways = {v: k for k, v in DIRECTIONS.items()}
        for row in rows:
            row["region"] = session.catalogue.region(row["region"]).name
            row["indicator"] = session.catalogue.indicator(row["indicator"]).name
            row["tier"], row["basis"] = tiers[row["tier"]], bases[row["basis"]]
            row["direction"] = ways[row["direction"]]
            row["value"] = (
                "未载明" if row["value"] is None else f"{row['value']:,.12g}{row['unit']}"
            )
            row["announced_on"] += "（估计）" if row["announced_estimated"] else ""
            row["demo"] = "演示" if row["demo"] else ""
    titles = {
        "region": "地区", "indicator": "指标", "period": "时期", "tier": "层级",
        "direction": "方向", "basis": "考核", "value": "数值", "qualifier": "用语",
        "announced_on": "公布日", "source": "来源", "demo": "标记",
    }  # fmt: skip
    output.print_rows("targets", titles, rows, as_json)


@click.command("import", options_metavar="[选项]", short_help="从 CSV 文件登记多个控制数。")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), metavar="文件")
@json_option
def import_caps(file: Path, as_json: bool) -> None:
    """从 CSV 文件登记多个控制数，全部登记或全部不登记。

    列：地区、指标、层级、方向、考核、用语、时期、数值、公布日、来源（层级等可用中文）。
    """
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data.store import add_targets
    from employment_forecast.data.targets import read_targets

    session = open_session()
    aliases = {"tier": TIERS, "basis": BASES, "direction": DIRECTIONS}
    count = add_targets(
        session.store, read_targets(file, session.catalogue, aliases), session.catalogue
    )
    if as_json:
        write_json({"recorded": count})
        return
    click.echo(f"已登记 {count} 个目标。")
