"""`forecast warnings issue`, `history` and `sample`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from employment_forecast.cli.shell.options import (
    indicator_option,
    json_option,
    one_indicator_option,
    one_region_option,
    real_option,
    region_option,
    year_option,
)
from employment_forecast.cli.shell.output import resolve_series

if TYPE_CHECKING:
    from employment_forecast.data.store import IssuedWarning, WarningOutcome
    from employment_forecast.data.workspace import Session


def _outcome_name(warning: IssuedWarning, outcome: WarningOutcome | None) -> str:
    from employment_forecast.data.store import VERDICT_NAMES

    if outcome is not None:
        return VERDICT_NAMES[outcome.verdict]
    return "待定" if warning.kind == "level" else VERDICT_NAMES["not_scored"]


def _warning(
    session: Session, warning: IssuedWarning, outcome: WarningOutcome | None
) -> dict[str, Any]:
    return {
        "id": warning.id,
        "issued_at": None if warning.issued_at is None else warning.issued_at.isoformat(),
        "region": warning.region,
        "region_name": session.catalogue.region(warning.region).name,
        "indicator": warning.indicator,
        "indicator_name": session.catalogue.indicator(warning.indicator).name,
        "data_month": str(warning.month),
        "as_of": warning.as_of.isoformat(),
        "level": warning.level,
        "level_name": warning.level_name,
        "kind": warning.kind,
        "reasons": list(warning.evidence.get("reasons", ()))
        or [firm["message"] for firm in warning.evidence.get("firms", ())],
        "breaches": list(warning.evidence.get("breaches", ())),
        "registered_name": warning.registered_name,
        "version": warning.version,
        "data_fingerprint": warning.fingerprint,
        "demo": warning.demo,
        "outcome": None if outcome is None else outcome.verdict,
        "outcome_name": _outcome_name(warning, outcome),
        "breach_month": None
        if outcome is None or outcome.breach_month is None
        else str(outcome.breach_month),
        "lead_months": None if outcome is None else outcome.lead_months,
    }


@click.command(options_metavar="[选项]", short_help="发布当前预警等级，留存依据。")
@region_option
@indicator_option
@click.option("--as-of", "as_of", metavar="日期", help="按该日（含）以前公布的数据。")
@json_option
def issue(region: str, indicator: str | None, as_of: str | None, as_json: bool) -> None:
    """按现役模型版本确定预警等级并留存：数据、模型版本、理由。同样的数据重复发布不另记。"""
    from employment_forecast.cli.shell.output import write_json
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data import clock
    from employment_forecast.experiments.publication import issue_warnings
    from employment_forecast.experiments.publication.champion import assess_champion
    from employment_forecast.experiments.tracking import open_tracker

    session = open_session()
    series = resolve_series(session, region, indicator)
    day = clock.parse_past_day(as_of, "--as-of") if as_of else clock.today()
    uri = session.settings.tracking_uri(session.workspace)
    with open_tracker(uri, session.workspace) as tracker:
        now = assess_champion(session, tracker, series, day, past=as_of is not None)
    issued_now = issue_warnings(session, now)
    rows = [{**_warning(session, w, None), "new": fresh} for w, fresh in issued_now]
    if as_json:
        write_json({"warnings": rows})
        return
    for row in rows:
        mark = "（演示数据）" if row["demo"] else ""
        said = "已发布" if row["new"] else "与上次相同，未另记"
        click.echo(
            f"{row['region_name']}{row['indicator_name']} {row['data_month']}："
            f"{row['level_name']}{mark}，{said}（第 {row['id']} 号）。"
        )
        for text in dict.fromkeys((*row["reasons"], *row["breaches"])):
            click.echo(f"  · {text}")


@click.command(options_metavar="[选项]", short_help="列出发布过的预警及其结果。")
@one_region_option
@one_indicator_option
@year_option
@real_option
@click.option("--as-of", "as_of", metavar="日期", help="按该日（含）以前的发布与数据。")
@json_option
def history(
    region: str | None,
    indicator: str | None,
    year: int | None,
    real: bool,
    as_of: str | None,
    as_json: bool,
) -> None:
    """列出发布过的预警：命中、虚警、漏报、正确无警或待定；以往的记录从不改写。

    已能判明结果的预警，此时记入结果；用 --as-of 回看时只显示，不记入。
    预警后在其所指考核期内突破的为命中，提前量按月计。
    """
    from employment_forecast.cli.shell.output import print_rows, write_json
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data import clock
    from employment_forecast.data.store import issued, outcomes
    from employment_forecast.experiments.publication import settle_outcomes
    from employment_forecast.forecasting.early_warning.evaluation import tally

    session = open_session()
    day = clock.parse_past_day(as_of, "--as-of") if as_of else clock.today()
    region_code = session.catalogue.region(region).code if region else None
    if as_of is None:
        settle_outcomes(session, day, region_code)
    by_warning = outcomes(session.store, region_code, as_of=day)
    indicator_code = session.catalogue.indicator(indicator).code if indicator else None
    warnings = [
        w
        for w in issued(session.store, region_code, kind=None, day=day)
        if indicator_code in (None, w.indicator)
        and year in (None, w.month.year)
        and not (real and w.demo)
    ]
    latest = {w.id: by_warning[w.id][-1] if w.id in by_warning else None for w in warnings}
    rows = [_warning(session, w, latest[w.id]) for w in warnings]
    counts = tally(o.verdict for o in latest.values() if o is not None)
    if as_json:
        write_json({"warnings": rows, "counts": counts})
        return
    titles = {
        "id": "编号", "region_name": "地区", "indicator_name": "指标", "data_month": "数据月",
        "as_of": "依据日", "level_name": "等级", "outcome_name": "结果",
        "breach_month": "突破月", "lead_months": "提前", "version": "版本", "demo": "演示",
    }  # fmt: skip
    print_rows("warnings", titles, rows, as_json=False)
    waiting = sum(w.kind == "level" and latest[w.id] is None for w in warnings)
    if rows:
        click.echo(
            f"命中 {counts['hit']}，虚警 {counts['false_alarm']}，漏报 {counts['miss']}，"
            f"正确无警 {counts['correct_quiet']}，待定 {waiting}。"
        )


@click.command(options_metavar="[选项]", short_help="监测企业异常退工与裁员预警（只列单位代码）。")
@region_option
@click.option("--month", metavar="月份", help="月份，如 2026-10；默认为最近有上报的月份。")
@click.option("--as-of", "as_of", metavar="日期", help="按该日（含）以前收到的上报。")
@json_option
def sample(region: str, month: str | None, as_of: str | None, as_json: bool) -> None:
    """监测企业中的异常退工，以及 20 人以上或 10% 以上的裁员（劳动合同法第四十一条）。"""
    import pandas as pd

    from employment_forecast.cli.shell.output import print_rows, write_json
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data import clock
    from employment_forecast.data.errors import DataError, UsageError
    from employment_forecast.data.store import firm_panel, separation_details
    from employment_forecast.features.sample import by_street, sample_warnings

    session = open_session()
    place = session.catalogue.region(region)
    day = clock.parse_past_day(as_of, "--as-of") if as_of else clock.today()
    try:
        at = pd.Period(month, freq="M") if month else None
    except ValueError as error:
        raise UsageError(f"--month 的值“{month}”不是月份。", "请写成 2026-10。") from error
    reports = firm_panel(session.store, place.code, day)
    details = {kind: separation_details(reports, kind) for kind in ("type", "cause")}
    warned = sample_warnings(reports, details, at)
    if warned is None:
        raise DataError(
            f"{place.name}{month or ''}没有监测企业上报。", "请先导入企业月报，或换一个月份。"
        )
    firms = [
        {
            "firm": str(row["firm"]), "headcount": int(row["headcount"]),
            "separations": int(row["separations"]), "expected": round(float(row["expected"]), 1),
            "layoffs": int(row["layoffs"]), "abnormal": bool(row["abnormal"]),
            "layoff": bool(row["layoff"]), "message": str(row["message"]),
        }
        for row in warned.firms.to_dict("records")
    ]  # fmt: skip
    streets = by_street(warned)
    if as_json:
        write_json(
            {
                "region": {"code": place.code, "name": place.name},
                "month": str(warned.month),
                "reporting": warned.reporting,
                "demo": warned.demo,
                "firms": firms,
                "streets": streets,
            }
        )
        return
    mark = "（演示数据）" if warned.demo else ""
    click.echo(
        f"{place.name} {warned.month} 上报 {warned.reporting} 家，异常 {len(firms)} 家{mark}"
    )
    titles = {
        "firm": "单位代码", "headcount": "期初", "separations": "减员", "expected": "预期",
        "layoffs": "解除", "abnormal": "异常退工", "layoff": "裁员规则", "message": "说明",
    }  # fmt: skip
    print_rows("firms", titles, firms, as_json=False)
    if streets:
        click.echo("按街镇（不足 3 家的合并）：")
        print_rows(
            "streets", {"street": "街镇", "firms": "家数", "separations": "减员"}, streets, False
        )
