"""`forecast caps set|list|import|withdraw`."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from employment_forecast.cli.shell import output
from employment_forecast.cli.shell.feeds import CAPS_CHANGED, outdate
from employment_forecast.cli.shell.options import (
    indicator_option,
    json_option,
    one_indicator_option,
    one_region_option,
    real_option,
    region_option,
)
from employment_forecast.cli.shell.output import resolve_series, write_json

if TYPE_CHECKING:
    from employment_forecast.data.catalogue import Indicator, Series
    from employment_forecast.data.targets import Target
    from employment_forecast.data.workspace import Session

TIERS = {"国家": "national", "市": "municipal", "区": "district", "自定": "own"}
BASES = {
    "各月": "any_month",
    "期末": "period_end",
    "全年累计": "period_total",
    "全年平均": "period_average",
    "当月": "point",
}
DIRECTIONS = {"控制数": "cap", "下限": "floor", "目标值": "level"}
BASIS_EXPLAINED = (
    "各月：考核期内任何一个月高于控制数都算突破（预警线看“自该月起有任一月突破”）",
    "期末：只看考核期最后一个月（预警线看“期末月突破”），其间各月高于控制数不算",
    "全年平均：看各月平均数；全年累计：看当月数之和；当月：只看 --period 所写的那个月",
)


def _either(names: dict[str, str]) -> click.Choice[str]:
    return click.Choice([*names, *names.values()])


# Known in a phrase, and no qualifier of a number.
_FILLERS = ("人", "为", "在", "均", "的")


def _demand_no_number(words: str) -> None:
    """Refuse a text that is a number with a qualifier: as words nothing is held against it."""
    from employment_forecast.data.errors import UsageError
    from employment_forecast.data.targets import words_in

    said, rest = words_in("".join(words.split()))
    match = re.fullmatch(
        r"(?P<value>\d[\d,.]*万?|[〇零一二两三四五六七八九十百千万]+)[人个户家%％]?", rest
    )
    if match is None:
        return
    said = [word for word in said if word not in _FILLERS]
    word = {"控制在": "以内", "约": "左右"}.get(said[-1], said[-1]) if said else ""
    value = match["value"] if match["value"][0].isdecimal() else "阿拉伯数字"
    way = f"--value {value}{f' --qualifier {word}' if word else ''}"
    raise UsageError(f"“{words}”写明了数字，照录为原文就不会对照评估。", f"请改用 {way}。")


@click.command("set", options_metavar="[选项]", short_help="登记一个控制数。")
@region_option
@indicator_option
@click.option("--tier", required=True, type=_either(TIERS), help="由哪一级下达。")
@click.option("--value", metavar="数", help="数值，用该指标的单位，可写 12500 或 1.25万。")
@click.option(
    "--words",
    metavar="原文",
    help="文件没有给出数字时照录原文，如 控制在市下达指标内；不写 --value。",
)
@click.option("--period", required=True, metavar="时期", help="如 2026、2021-2025、2026-10。")
@click.option("--basis", type=_either(BASES), help="怎样考核；计划往往不写明，须自行选定。")
@click.option(
    "--direction",
    type=_either(DIRECTIONS),
    help="目标方向；失业人数、失业率默认为控制数，其他指标须写明。",
)
@click.option("--announced-on", metavar="日期", help="公布日期；不给则按今天，并标为估计。")
@click.option("--source", required=True, metavar="文号", help="文件名称或文号。")
@click.option("--qualifier", metavar="用语", help="原文用语，如 以内、左右、不低于。")
@click.option("--confirmed", is_flag=True, help="数值与该指标的历史相差悬殊、但已核实无误。")
@json_option
def set_cap(
    region: str,
    indicator: str | None,
    tier: str,
    value: str | None,
    words: str | None,
    period: str,
    basis: str | None,
    direction: str | None,
    announced_on: str | None,
    source: str,
    qualifier: str | None,
    confirmed: bool,
    as_json: bool,
) -> None:
    """登记一个控制数（或下限、目标值）；在同一时期再登记一次即为调整，以前的留存。

    考核方式：各月指考核期内任何一个月高于控制数都算突破；期末指只看考核期最后一个月。
    """
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data import clock
    from employment_forecast.data.errors import UsageError
    from employment_forecast.data.store import add_targets
    from employment_forecast.data.targets import (
        USUAL_WORD,
        Target,
        demand_direction,
        usual_direction,
    )
    from employment_forecast.data.typed import read_line, read_period, read_value

    if (value is None) == (words is None):
        raise UsageError(
            "--value 和 --words 须恰有其一。",
            "文件写明数字的用 --value；没有写明数字的用 --words 照录原文。",
        )
    if words is not None:
        words = read_line(words, "--words 的原文")
        _demand_no_number(words)
    source = read_line(source, "--source 的文号")
    period = read_period(period)
    session = open_session()
    series = resolve_series(session, region, indicator)
    day = clock.parse_past_day(announced_on, "--announced-on") if announced_on else clock.today()
    if direction is None:
        direction = usual_direction(series.indicator, qualifier or words or "")
    fields: dict[str, Any] = {
        "tier": TIERS.get(tier, tier),
        "basis": _basis(basis, period),
        "direction": DIRECTIONS.get(direction, direction),
    }
    demand_sense(fields, period, series.indicator)
    number = None if value is None else read_value(value, series.indicator.unit, "--value 的值")
    word = USUAL_WORD[fields["direction"]] if qualifier is None else qualifier
    target = Target(
        region=series.region.code,
        indicator=series.indicator.code,
        qualifier="" if number is None else word,
        period=period,
        value=number,
        unit=series.indicator.unit,
        announced_on=day,
        announced_estimated=announced_on is None,
        source=source,
        quote=words or "",
        **fields,
    )
    demand_direction(target)
    if not confirmed:
        demand_plausible(session, series, target)
    add_targets(session.store, [target], session.catalogue)
    outdate(session, [(target.region, target.indicator)], CAPS_CHANGED)
    if as_json:
        write_json({"target": target_row(target)})
        return
    from employment_forecast.data.targets import BASES as NAMES
    from employment_forecast.data.targets import TIER_NAMES, number_words

    way = {v: k for k, v in DIRECTIONS.items()}[target.direction]
    known = f"{day} 公布" if announced_on else f"没有写公布日，按今天 {day} 计"
    said = f"“{words}”" if number is None else number_words(number, series.indicator.unit, word)
    click.echo(
        f"已登记：{series.region.name}“{series.indicator.name}”{period} "
        f"{TIER_NAMES[target.tier]}{way} "
        f"{said}，按{NAMES[target.basis]}考核（{source}，{known}）。"
    )
    if number is None:
        click.echo("没有数字，只列示，不评估突破概率。")


def _basis(basis: str | None, period: str) -> str:
    """The chosen basis; a person is asked, a script is told what to write."""
    if basis is not None:
        return BASES.get(basis, basis)
    if len(period) == len("2026-10"):
        return "point"
    from employment_forecast.data.errors import UsageError

    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(
            "没有写明怎样考核（--basis）。",
            "请加 --basis 各月 或 --basis 期末。" + "；".join(BASIS_EXPLAINED) + "。",
        )
    for text in BASIS_EXPLAINED:
        click.echo(f"  {text}", err=True)
    chosen: str = click.prompt("怎样考核", type=click.Choice(list(BASES)), err=True)
    return BASES[chosen]


def demand_sense(fields: dict[str, Any], period: str, indicator: Indicator) -> None:
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


# A cap lies near its series; beyond this many times its highest or lowest figure it is a slip.
_TIMES = 3.0
# No plan looks so far ahead; a day so early is a slip of its year.
_YEARS_AHEAD = 10


def demand_plausible(session: Session, series: Series, target: Target) -> None:
    """Refuse a number that cannot be meant, and say what it probably means."""
    from employment_forecast.data import clock
    from employment_forecast.data.errors import DataError
    from employment_forecast.data.feed import likely_meaning

    if target.first_month.year - target.announced_on.year >= _YEARS_AHEAD:
        raise DataError(
            f"{target.period} 的目标不像是 {target.announced_on} 公布的。",
            "请核对年份。如确属此日，请加 --confirmed 重试。",
        )
    indicator = series.indicator
    vintages = session.store.vintages(series.region.code, indicator.code)
    known = vintages.as_of(target.announced_on).values.dropna().iloc[-36:]
    if known.empty:
        # Announced before the figures begin: those of their first years are the nearest.
        known = vintages.as_of(clock.today()).values.dropna().iloc[:36]
    if target.value is None:
        return
    if known.empty or not float(known.max()) > 0:
        if indicator.largest and not indicator.smallest <= target.value <= indicator.largest:
            raise DataError(
                f"{target.value:,.12g}{target.unit} 不像是{indicator.name}的目标数。",
                "请核对单位：百分数写 5.5，不写 0.055 或 55。如确属此数，请加 --confirmed 重试。",
            )
        return
    low, high = float(known.min()), float(known.max())
    if target.basis == "period_total":
        whole = high if series.indicator.reporting == "year_to_date" else float(known.mean()) * 12
        low = high = whole * target.length / 12
    low, high = max(low, 0.0) / _TIMES, high * _TIMES
    if low <= target.value <= high:
        return
    unit, digits = series.indicator.unit, series.indicator.decimals
    meaning = likely_meaning(target.value, low, high, unit, digits)
    raise DataError(
        f"{series.title}近 {len(known)} 个月为 {known.min():,.{digits}f}—"
        f"{known.max():,.{digits}f}{unit}，{target.value:,.12g}{unit} 不像是它的目标数。",
        (f"{meaning}？" if meaning else "请核对数值和单位。")
        + "如确属此数，请加 --confirmed 重试。",
    )


def target_row(target: Target) -> dict[str, Any]:
    """One target as a JSON-able row."""
    return {
        "number": target.number or None,
        "region": target.region,
        "indicator": target.indicator,
        "tier": target.tier,
        "direction": target.direction,
        "basis": target.basis,
        "qualifier": target.qualifier,
        "period": target.period,
        "value": target.value,
        "quote": target.quote,
        "tolerance": target.tolerance,
        "limit": target.limit,
        "unit": target.unit,
        "unit_confirmed": target.unit_confirmed,
        "announced_on": target.announced_on.isoformat(),
        "announced_estimated": target.announced_estimated,
        "source": target.source,
        "demo": target.demo,
        "note": target.note,
        "withdrawn_on": None if target.withdrawn_on is None else target.withdrawn_on.isoformat(),
        "withdrawn_reason": target.withdrawn_reason,
    }


def _last_year(period: str) -> int:
    """Year in which a period ends: of 2026, 2021-2025 or 2026-10."""
    return int(period[5:] if len(period) == len("2021-2025") else period[:4])


def _short(text: str, most: int = 16) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


@click.command("list", options_metavar="[选项]", short_help="列出已登记的控制数与目标。")
@one_region_option
@one_indicator_option
@click.option("--year", metavar="年份", type=click.IntRange(1949, 2200), help="只看含该年的时期。")
@real_option
@click.option(
    "--all", "everything", is_flag=True, help="连同已经结束的时期；默认只列今年及以后的。"
)
@json_option
def list_caps(
    region: str | None,
    indicator: str | None,
    year: int | None,
    real: bool,
    everything: bool,
    as_json: bool,
) -> None:
    """列出已登记的控制数与目标，含历次调整和已撤回的；JSON 总是列出全部时期。"""
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data import clock
    from employment_forecast.data.targets import BASES as NAMES
    from employment_forecast.data.targets import TIER_NAMES, number_words, tolerance_words

    session = open_session()
    region_code = session.catalogue.region(region).code if region else None
    indicator_code = session.catalogue.indicator(indicator).code if indicator else None
    rows = [
        target_row(t)
        for t in session.targets()
        if region_code in (None, t.region)
        and indicator_code in (None, t.indicator)
        and (year is None or t.first_month.year <= year <= t.last_month.year)
        and not (real and t.demo)
    ]
    past = 0
    if not as_json:
        if year is None and not everything:
            listed = len(rows)
            rows = [row for row in rows if _last_year(row["period"]) >= clock.today().year]
            past = listed - len(rows)
        tiers = TIER_NAMES
        ways = {v: k for k, v in DIRECTIONS.items()}
        for row in rows:
            row["region"] = session.catalogue.region(row["region"]).name
            row["indicator"] = session.catalogue.indicator(row["indicator"]).name
            row["tier"], row["basis"] = tiers[row["tier"]], NAMES[row["basis"]]
            number = (
                _short(row["quote"] or "未载明")
                if row["value"] is None
                else number_words(row["value"], row["unit"], row["qualifier"])
            )
            if row["tolerance"]:
                number += f"（{tolerance_words(row['limit'], row['unit'])}）"
            row["value"] = f"{row['tier']}{ways[row['direction']]} {number}（{row['basis']}）"
            row["source"] = _short(row["source"])
            row["announced_on"] += "（估计）" if row["announced_estimated"] else ""
            marks = ["演示"] if row["demo"] else []
            marks += [f"{row['withdrawn_on']} 撤回"] if row["withdrawn_on"] else []
            row["demo"] = "、".join(marks)
            row["number"] = row["number"] or ""
    titles = {
        "number": "编号", "region": "地区", "indicator": "指标", "period": "时期",
        "value": "目标", "announced_on": "公布日", "source": "来源", "demo": "标记",
    }  # fmt: skip
    output.print_rows("targets", titles, rows, as_json)
    if past:
        click.echo(f"另有 {past} 条属于已经结束的时期，加 --all 或 --year 年份 显示。")


@click.command(
    "withdraw", options_metavar="[选项]", short_help="撤回一个登记错的控制数，留存记录。"
)
@click.argument("number", type=click.IntRange(min=1), metavar="编号")
@click.option("--reason", required=True, metavar="原因", help="为什么撤回，如 录入有误。")
@json_option
def withdraw_cap(number: int, reason: str, as_json: bool) -> None:
    """撤回一个登记过的控制数：自今天起不再适用，记录和原因留存。编号见 forecast caps list。"""
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data import clock
    from employment_forecast.data.store import withdraw_target
    from employment_forecast.data.typed import read_line

    reason = read_line(reason, "--reason 的原因")
    session = open_session()
    target = withdraw_target(session.store, number, clock.today(), reason)
    outdate(session, [(target.region, target.indicator)], CAPS_CHANGED)
    if as_json:
        write_json({"target": target_row(target)})
        return
    region = session.catalogue.region(target.region).name
    indicator = session.catalogue.indicator(target.indicator).name
    said = target.quote if target.value is None else f"{target.value:,.12g}{target.unit}"
    click.echo(
        f"已撤回第 {number} 号：{region}“{indicator}”{target.period} {said}（{reason}）。"
        "已发布的预警线须重新运行 forecast thresholds export。"
    )


@click.command("import", options_metavar="[选项]", short_help="从 CSV 文件登记多个控制数。")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), metavar="文件")
@click.option("--confirmed", is_flag=True, help="数值与指标的历史相差悬殊、但已核实无误。")
@json_option
def import_caps(file: Path, confirmed: bool, as_json: bool) -> None:
    """从 CSV 文件登记多个控制数，全部登记或全部不登记。

    列：地区、指标、层级、方向、考核、用语、时期、数值、公布日、来源（层级等可用中文）。
    """
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data.catalogue import Series
    from employment_forecast.data.store import add_targets
    from employment_forecast.data.targets import read_targets

    session = open_session()
    aliases = {"tier": TIERS, "basis": BASES, "direction": DIRECTIONS}
    targets = read_targets(file, session.catalogue, aliases)
    for target in targets:
        region = session.catalogue.region(target.region)
        indicator = session.catalogue.indicator(target.indicator)
        demand_sense({"basis": target.basis}, target.period, indicator)
        if not confirmed:
            demand_plausible(session, Series(region, indicator), target)
    count = add_targets(session.store, targets, session.catalogue)
    outdate(session, {(t.region, t.indicator) for t in targets}, CAPS_CHANGED)
    if as_json:
        write_json({"recorded": count})
        return
    silent = sum(t.value is None for t in targets)
    click.echo(
        f"已登记 {count} 个目标"
        + (f"，其中 {silent} 个没有数字，只列示，不评估。" if silent else "。")
    )
