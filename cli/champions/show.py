"""`forecast models roster`, `list`, `compare` and `show`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from employment_forecast.cli.shell.lazy import LazyGroup
from employment_forecast.cli.shell.options import (
    indicator_option,
    json_option,
    region_option,
    year_option,
)
from employment_forecast.cli.shell.output import print_rows, resolve_series, write_json
from employment_forecast.cli.shell.workbooks import folder_option, save_workbook, workbook_option


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    short_help="查看参赛模型与已登记的模型版本。",
)
@json_option
@click.pass_context
def models(context: click.Context, as_json: bool) -> None:
    """查看参赛模型与已登记的模型版本；不写命令时列出参赛模型。"""
    if context.invoked_subcommand is None:
        context.forward(roster)


@click.command("roster", options_metavar="[选项]", short_help="列出参赛模型。")
@json_option
def roster(as_json: bool) -> None:
    """列出参赛模型（名称、中文名、所需月数、是否简单基准、由哪个软件包提供）。

    其他软件包可以用入口点组 employment_forecast.models 增加模型；不能参赛的列在后面并说明原因。
    """
    from employment_forecast.models import roster as competitors

    rows = [
        {
            "name": name,
            "label": competitors.label(name),
            "min_months": competitors.tags(name).min_months,
            "floor": competitors.tags(name).floor,
            "opt_in": competitors.tags(name).opt_in,
            "package": competitors.package(name),
        }
        for name in competitors.names()
    ]
    absent = [
        {"name": a.name, "package": a.package, "reason": a.reason} for a in competitors.absent()
    ]
    if as_json:
        write_json({"models": rows, "absent": absent})
        return
    print_rows(
        "models", ("名称", "中文名", "最少月数", "简单基准", "须点名", "软件包"), rows, as_json
    )
    for item in absent:
        click.echo(f"未参赛：{item['name']}（{item['package']}）：{item['reason']}")


def _head(content: dict[str, Any]) -> dict[str, Any]:
    from employment_forecast.experiments.promotion import ALIAS_NAMES

    marks = [ALIAS_NAMES[a] for a in content["aliases"]]
    marks += ["更新数据"] if content["refresh_of"] else []
    marks += ["演示数据"] if content["demo"] else []
    return {
        "version": content["version"],
        "marks": "、".join(marks),
        "data_month": content["data_month"],
        "label": content["label"],
    }


def _score(value: float | None, digits: int = 3) -> str:
    return "—" if value is None else f"{value:.{digits}f}"


def _share(value: float | None) -> str:
    return "—" if value is None else f"{value:.0%}"


_HEAD = {"version": "版本", "marks": "标记", "data_month": "数据截至", "label": "模型"}
_SCORES = {"wis": "WIS", "mase": "MASE", "coverage80": "80%覆盖", "coverage95": "95%覆盖"}


def _scores(values: dict[str, Any]) -> dict[str, str]:
    return {
        name: _share(values[name]) if name.startswith("coverage") else _score(values[name])
        for name in _SCORES
    }


@click.command("list", options_metavar="[选项]", short_help="列出已登记的模型版本。")
@region_option
@indicator_option
@year_option
@json_option
def list_versions(region: str, indicator: str | None, year: int | None, as_json: bool) -> None:
    """列出一个地区已登记的模型版本，新的在前；得分为各版本登记时的回测得分。"""
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.experiments.promotion import row
    from employment_forecast.experiments.registry.versions import versions
    from employment_forecast.experiments.tracking import open_tracker

    session = open_session()
    series = resolve_series(session, region, indicator)
    uri = session.settings.tracking_uri(session.workspace)
    with open_tracker(uri, session.workspace) as tracker:
        rows = [row(v) for v in versions(tracker, series)]
    rows = [r for r in rows if year is None or r["data_month"].startswith(f"{year}-")]
    if not as_json:
        titles = {**_HEAD, **_SCORES, "gate": "晋级检查", "promoted_at": "晋级时间"}
        rows = [
            {
                **_head(r),
                **_scores(r),
                "gate": r["gate"] or "未检查",
                "promoted_at": (r["promoted_at"] or "")[:16].replace("T", " "),
            }
            for r in rows
        ]
        print_rows("versions", titles, rows, as_json=False)
        return
    write_json({"versions": rows})


@click.command(options_metavar="[选项]", short_help="在共同的回测起点上比较几个模型版本。")
@region_option
@indicator_option
@click.option(
    "--versions", metavar="版本号，…", default="", help="逗号分隔；默认为现役、前任与候选版本。"
)
@workbook_option
@folder_option
@json_option
def compare(
    region: str,
    indicator: str | None,
    versions: str,
    form: str | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """在共同的回测起点上比较几个模型版本；差值为各版本减第一个版本。"""
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.experiments.promotion import chosen, comparison
    from employment_forecast.experiments.tracking import open_tracker

    session = open_session()
    series = resolve_series(session, region, indicator)
    uri = session.settings.tracking_uri(session.workspace)
    numbers = [n.strip() for n in versions.replace("，", ",").split(",") if n.strip()]
    with open_tracker(uri, session.workspace) as tracker:
        content = comparison(tracker, chosen(tracker, series, numbers))
    if form is not None:
        from employment_forecast.experiments.promotion import comparison_workbook

        book = comparison_workbook(content, series)
        save_workbook(output, f"{series.title}模型比较", book, as_json=as_json)
    if as_json:
        write_json(content)
        return
    mark = "（演示数据）" if any(r["demo"] for r in content["versions"]) else ""
    name = f"{series.region.name} · {series.indicator.name}{mark}"
    if content["origins"]:
        click.echo(
            f"{name}：共同的回测起点 {content['origins']} 个"
            f"（{content['first_origin']} 至 {content['last_origin']}），共 {content['cells']} 格"
        )
    else:
        click.echo(f"{name}：这些版本没有共同的回测起点。")
    rows = []
    for r in content["versions"]:
        common = r["common"]
        gap, error = common["difference"], common["standard_error"]
        rows.append(
            {
                **_head(r),
                **_scores(common),
                "gap": "—" if gap is None else f"{gap:+z.3f} ± {_score(error)}",
                "p": _score(common["p_value_one_month"]),
            }
        )
    titles = {**_HEAD, **_SCORES, "gap": "WIS 差 ± 标准误", "p": "首月 DM 检验 p"}
    print_rows("versions", titles, rows, as_json=False)


@click.command(
    "show",
    options_metavar="[选项]",
    short_help="显示一个模型版本：数据、得分、晋级检查与记录。",
)
@region_option
@indicator_option
@click.option("--version", metavar="版本号", help="版本号；默认为现役版本。")
@json_option
def show_version(region: str, indicator: str | None, version: str | None, as_json: bool) -> None:
    """显示一个模型版本：数据、得分、晋级检查的结论与依据、晋级与回退的记录。"""
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.experiments.promotion import document
    from employment_forecast.experiments.registry import chosen_version
    from employment_forecast.experiments.tracking import open_tracker
    from employment_forecast.forecasting.competition import STATE_NAMES

    session = open_session()
    series = resolve_series(session, region, indicator)
    uri = session.settings.tracking_uri(session.workspace)
    with open_tracker(uri, session.workspace) as tracker:
        content = document(tracker, series, chosen_version(tracker, series, version))
    if as_json:
        write_json(content)
        return
    head = _head(content)
    marks = f"（{head['marks']}）" if head["marks"] else ""
    click.echo(
        f"{content['registered_name']} 第 {content['version']} 版{marks}：{content['label']}"
    )
    click.echo(
        f"数据截至 {content['data_month']}，指纹 {(content['data_fingerprint'] or '')[:16]}，"
        f"程序 {content['code_version']}"
    )
    texts = _scores(content)
    click.echo("，".join(f"{_SCORES[name]} {texts[name]}" for name in _SCORES))
    gate = content["gate"]
    if gate is None:
        click.echo(f"晋级检查：{content['log'].get('gate', '未检查')}")
    else:
        over = gate["incumbent_version"]
        against = f"对照第 {over} 版" if over else "当时没有现役版本"
        click.echo(f"晋级检查（{against}，{gate['judged_at'][:16]}，{gate['judged_by']}）：")
        rows = [
            {"label": c["label"], "state": STATE_NAMES[c["state"]], "text": c["text"]}
            for c in gate["checks"]
        ]
        print_rows("checks", ("检查", "结果", "说明"), rows, as_json=False)
    for entry in content["promotions"]:
        click.echo(f"{entry['at'].replace('T', ' ')}  {entry['what']}")
