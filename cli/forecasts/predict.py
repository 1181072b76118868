"""`forecast predict`."""

from __future__ import annotations

import click

from employment_forecast.cli.shell.options import indicator_option, json_option, region_option
from employment_forecast.cli.shell.output import print_rows, resolve_series, write_json

WHATS = {"quantiles": "分位数", "caps": "突破概率", "lines": "警戒线", "paths": "模拟路径"}
_TITLES = {
    "quantiles": {
        "month": "月份", "mean": "均值", "q025": "2.5%", "q10": "10%", "q50": "中位数",
        "q90": "90%", "q975": "97.5%",
    },
    "caps": {
        "tier": "层级", "period": "期间", "value": "控制数", "p_any": "期内突破",
        "p_end": "期末突破", "p_average": "均值突破", "headroom": "余量",
    },
    "lines": {
        "tier": "层级", "cap": "控制数", "month": "月份", "level_name": "等级",
        "value": "警戒线", "standard_error": "标准误", "state": "状态",
    },
}  # fmt: skip
_STATES = {"line": "", "unreachable": "达不到", "already": "已达到"}


@click.command(options_metavar="[选项]", short_help="给出现役模型版本的预测、突破概率或警戒线。")
@region_option
@indicator_option
@click.option(
    "--horizon", metavar="整数", type=click.IntRange(1, 60), help="月数；默认为该版本的全部月份。"
)
@click.option(
    "--what",
    type=click.Choice(list(WHATS)),
    default="quantiles",
    show_default=True,
    metavar="内容",
    help="quantiles 分位数、caps 突破概率、lines 警戒线、paths 模拟路径。",
)
@click.option("--version", metavar="版本号", help="版本号；默认为现役版本。")
@json_option
def predict(
    region: str,
    indicator: str | None,
    horizon: int | None,
    what: str,
    version: str | None,
    as_json: bool,
) -> None:
    """给出现役模型版本的预测、突破概率或警戒线，与 mlflow models serve 的回答相同。"""
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.data.targets import TIER_NAMES
    from employment_forecast.experiments.registry import answer
    from employment_forecast.experiments.tracking import open_tracker

    session = open_session()
    series = resolve_series(session, region, indicator)
    uri = session.settings.tracking_uri(session.workspace)
    with open_tracker(uri, session.workspace) as tracker:
        content = answer(tracker, series, version, what, horizon)
    if as_json:
        write_json(content)
        return
    mark = "（演示数据）" if content["demo"] else ""
    click.echo(
        f"{series.region.name} · {series.indicator.name}{mark}：{content['registered_name']} "
        f"第 {content['version']} 版，数据截至 {content['data_month']}，{WHATS[what]}"
    )
    rows = content["rows"]
    titles = _TITLES.get(what) or {name: name for name in (rows[0] if rows else {})}
    if what == "lines":
        rows = [{**row, "state": _STATES[row["state"]]} for row in rows]
    if what in ("lines", "caps"):
        rows = [{**row, "tier": TIER_NAMES[row["tier"]]} for row in rows]
    print_rows(what, titles, [{name: _short(row[name]) for name in titles} for row in rows], False)


def _short(value: object) -> object:
    return f"{value:,.6g}" if isinstance(value, float) else value
