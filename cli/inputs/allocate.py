"""`forecast caps allocate`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from employment_forecast.cli.inputs.caps import BASES, demand_plausible, demand_sense
from employment_forecast.cli.shell.options import (
    as_of_option,
    file_option,
    indicator_option,
    jobs_option,
    json_option,
    region_option,
)
from employment_forecast.cli.shell.output import print_table, resolve_series, write_json
from employment_forecast.cli.shell.workbooks import save_workbook, workbook_option

if TYPE_CHECKING:
    from employment_forecast.data.catalogue import Series
    from employment_forecast.data.workspace import Session

# Who hands a cap down, by the level of the region whose it is.
_TIERS = {"national": "国家", "province": "市", "city": "市", "district": "区"}
RULES = ("equal-risk", "proportional", "last-year")


@click.command(options_metavar="[选项]", short_help="把本地区的控制数分解到各下级（提议）。")
@region_option
@indicator_option
@click.option("--value", required=True, metavar="数", help="本地区的控制数，可写 150000 或 15万。")
@click.option("--period", required=True, metavar="时期", help="如 2027、2026-2030、2026-10。")
@click.option(
    "--rule",
    type=click.Choice(RULES),
    default=RULES[0],
    show_default=True,
    help="写入文件的分法：各下级突破概率相等、按现有人数、按上年控制数；三种都显示。",
)
@click.option(
    "--keep", "keeping", multiple=True, metavar="地区=数", help="某下级的数已定，可多次给出。"
)
@click.option(
    "--basis",
    type=click.Choice([*BASES, *BASES.values()]),
    default="各月",
    show_default=True,
    help="怎样考核，同 forecast caps set。",
)
@click.option("--confirmed", is_flag=True, help="数值与指标的历史相差悬殊、但已核实无误。")
@as_of_option()
@jobs_option
@file_option("--output", "提议写入的 CSV 文件；默认在当前文件夹，以地区和时期命名。")
@workbook_option
@json_option
def allocate(
    region: str,
    indicator: str | None,
    value: str,
    period: str,
    rule: str,
    keeping: Sequence[str],
    basis: str,
    confirmed: bool,
    as_of: date,
    jobs: int | None,
    output: Path | None,
    form: str | None,
    as_json: bool,
) -> None:
    """把本地区的控制数分解到各下级：整数，相加恰等于总数；只是提议，导入后才生效。

    突破概率出自各级协调后的同一组模拟路径；每多 1 人一列是多给 1 人时该下级突破概率的变化。
    """
    from dataclasses import replace

    from employment_forecast.cli.shell.progress import progress
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data.catalogue import Series
    from employment_forecast.data.errors import UsageError
    from employment_forecast.data.files import write_atomically
    from employment_forecast.data.targets import Target
    from employment_forecast.data.typed import read_period, read_value
    from employment_forecast.experiments.job import open_tree, run_options

    period = read_period(period)
    session = open_session()
    series = resolve_series(session, region, indicator)
    number = read_value(value, series.indicator.unit, "--value 的值")
    fields: dict[str, Any] = {"tier": "municipal", "basis": BASES.get(basis, basis)}
    target = Target(
        region=series.region.code, indicator=series.indicator.code, direction="cap",
        qualifier="以内", period=period, **fields,
        value=number, unit=series.indicator.unit, announced_on=as_of, announced_estimated=True,
        source=f"控制数分解提议（{as_of}）",
    )  # fmt: skip
    if series.indicator.precision != 1 or number != int(number):
        raise UsageError("控制数分解只用于整数的指标。", "请核对 --value 与 --indicator。")
    demand_sense(fields, period, series.indicator)
    if not confirmed:
        demand_plausible(session, series, target)
    if target.basis == "period_total":
        raise UsageError("全年累计没有突破概率，不能分解。", "请改用各月、期末或全年平均。")
    options = run_options(session.settings, jobs=jobs)
    reach = target.last_month
    parts = open_tree(session, series, as_of, options, until=reach, deep=False, groups=False)
    kept = _kept(session, keeping, [c for c in parts.jobs if c != series.region.code])
    for code, count in kept.items():
        part = Series(session.catalogue.region(code), series.indicator)
        if not confirmed:
            demand_plausible(session, part, replace(target, region=code, value=float(count)))

    from employment_forecast.forecasting.documents.allocation import (
        allocation_table,
        allocation_workbook,
        caps_file,
        summary,
    )
    from employment_forecast.forecasting.plans.allocation import RULES as RULE_NAMES
    from employment_forecast.forecasting.plans.allocation import allocate as share_out
    from employment_forecast.forecasting.plans.allocation import allocation_document

    tree = parts.compete(lambda each: progress(f"{each.region.name} 回测"))
    missing = [c for c in parts.jobs if c not in tree.results]
    if missing:
        names = "、".join(session.catalogue.region(c).name for c in missing)
        raise UsageError(
            f"{names}没有预测，不能分解。",
            "".join(tree.notes)
            + "没有预测的下级不能参加分解：请补录其数据，或暂不在 forecast.toml 中登记它。",
        )
    allocation = share_out(
        target, tree, kept, _last_year(session, series, target, list(tree.results))
    )
    if rule not in allocation.proposals:
        raise UsageError(
            "有的下级没有上年同期的控制数，不能按上年控制数分解。",
            "请先登记上年的控制数，或改用 --rule equal-risk。",
        )
    document = allocation_document(allocation, {c: r.region.name for c, r in tree.results.items()})
    content: dict[str, Any] = {
        **document,
        "demo": any(each.demo for each in tree.results.values()),
        "reconciled": tree.reconciled,
        "notes": [*document["notes"], *tree.notes],
        "chosen": rule,
    }
    tier = _TIERS.get(series.region.level, "自定")
    file = output or Path(f"控制数分解提议_{series.region.name}_{period}.csv")
    write_atomically(file, caps_file(content, rule, series, tier))
    content["output"] = str(file)
    if form is not None:
        book = allocation_workbook(content, series, as_of)
        save_workbook(file.parent, file.stem, book, as_json=as_json)
    if as_json:
        write_json(content)
        return
    click.echo(summary(content, series))
    print_table(allocation_table(content))
    click.echo(f"提议（{RULE_NAMES[rule]}）已写入：{file}")
    click.echo(f"只是提议，尚未登记。核定并填上文号后执行 forecast caps import {file}")


def _kept(session: Session, given: Sequence[str], parts: Sequence[str]) -> dict[str, int]:
    """Numbers that are given for parts, by code."""
    from employment_forecast.data.errors import UsageError
    from employment_forecast.data.typed import read_value

    kept: dict[str, int] = {}
    for text in given:
        name, _, number = text.replace("＝", "=").partition("=")
        code = session.catalogue.region(name.strip()).code
        count = read_value(number, "人", f"--keep“{text}”的数")
        if code not in parts or code in kept or count < 0:
            raise UsageError(
                f"--keep 的“{text}”不可用。",
                "请写成 下级地区=整数，每个下级一次，如 --keep 徐汇=9000。",
            )
        kept[code] = int(count)
    return kept


def _last_year(
    session: Session, series: Series, target: Any, regions: Sequence[str]
) -> dict[str, float]:
    """Caps of the regions for the period a year before, by code."""
    before = target.first_month - 12, target.last_month - 12
    caps = {
        t.region: t.value
        for t in session.targets()
        if t.direction == "cap"
        and t.value is not None
        and t.indicator == series.indicator.code
        and (t.first_month, t.last_month) == before
        and t.region in regions
        and t.withdrawn_on is None
    }
    return {code: float(value) for code, value in caps.items()}
