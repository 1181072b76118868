"""`forecast warnings evaluate`."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from employment_forecast.cli.shell.options import (
    as_of_option,
    indicator_option,
    jobs_option,
    json_option,
    models_option,
    origins_option,
    region_option,
)
from employment_forecast.cli.shell.output import resolve_series, write_json

DEFAULT_ORIGINS = 84


@click.command(
    "evaluate", options_metavar="[选项]", short_help="回测预警：命中、漏报、误报、提前量与界限。"
)
@region_option
@indicator_option
@as_of_option()
@origins_option(least=1, default=DEFAULT_ORIGINS)
@models_option
@jobs_option
@json_option
def evaluate(
    region: str,
    indicator: str | None,
    as_of: date,
    origins: int,
    models: str | None,
    jobs: int | None,
    as_json: bool,
) -> None:
    """在过去各月回放预警：当时的突破概率、够得上的等级，与后来是否突破相对照。

    各等级的界限按“漏报一次相当于误报几次”在回测上选定，另列文献中的三种界限；
    突破太少时说明原因，采用默认界限。
    """
    from employment_forecast.cli.shell.progress import progress
    from employment_forecast.cli.shell.session import open_session
    from employment_forecast.experiments.job import open_job, run_options
    from employment_forecast.forecasting.early_warning import load_scheme
    from employment_forecast.forecasting.early_warning.evaluation import evaluation, past_calls

    session = open_session()
    settings = session.settings
    series = resolve_series(session, region, indicator)
    scheme = load_scheme(settings)
    options = run_options(settings, models=models, origins=origins, jobs=jobs)
    job = open_job(session, series, as_of, options, targets=())
    with progress(f"{series.region.name} 回测") as tick:
        result = job.compete(tick)
    content = evaluation(
        result, past_calls(result, session.targets()), scheme, settings["warnings.fewest_events"]
    )
    if as_json:
        write_json(content)
        return
    _print(content)


def _number(value: float | None, form: str = ".2f") -> str:
    return "—" if value is None else format(value, form)


def _levels(content: dict[str, Any]) -> Any:
    from rich.table import Table

    table = Table(title="各等级在回测中的表现", title_justify="left", header_style="bold")
    for name in (
        "等级", "界限", "命中", "漏报", "误报", "正确未报", "命中率", "误报率", "噪声信号比",
        "提前月(期)", "代价", "选定界限",
    ):  # fmt: skip
        table.add_column(name, justify="left" if name == "等级" else "right", overflow="fold")
    for row in content["levels"]:
        lead = row["lead"]
        early = "—"
        if lead["mean"] is not None:
            early = f"{lead['mean']:.1f}（{lead['signalled']}/{lead['episodes']}）"
        mark = "" if row["chosen_by_backtest"] else "*"
        table.add_row(
            row["colour"],
            f"{row['cut']:.2f}",
            *(str(row[k]) for k in ("hits", "misses", "false_alarms", "correct_quiet")),
            _number(row["hit_rate"], ".0%"),
            _number(row["false_alarm_rate"], ".0%"),
            _number(row["noise_to_signal"]),
            early,
            f"{row['miss_cost']:g}",
            f"{row['chosen_cut']:.2f}{mark}",
        )
    return table


def _print(content: dict[str, Any]) -> None:
    from employment_forecast.cli.shell.output import console

    out = console()
    scores, skill = content["scores"], content["scores"]["brier_skill"]
    mark = " · 演示数据" if content["demo"] else ""
    out.print(
        f"{content['region']['name']} · {content['indicator_name']}{mark}："
        f"{content['first_origin'] or '—'} 至 {content['last_origin'] or '—'} 的"
        f" {scores['cases']} 例（一个起点一项控制数为一例），模型 {content['model_label']}"
    )
    if not scores["cases"]:
        out.print("没有结局已知的起点，无法评价；可用 --origins 增加起点，或先登记控制数。")
        return
    out.print(_levels(content))
    span = "" if skill["low"] is None else f"，90% 区间 {skill['low']:.2f}—{skill['high']:.2f}"
    out.print(
        f"突破 {scores['events']} 例（{scores['broken_episodes']}/{scores['episodes']} 个考核期）；"
        f"AUC {_number(scores['auc'])}；Brier {scores['brier']:.3f}"
        f"（历史频率 {scores['brier_climatology']:.3f}，技巧 {_number(skill['value'])}{span}）",
        soft_wrap=True,
    )
    criteria = content["criteria"]
    out.print(
        f"文献界限：噪声信号比最小 {_number(criteria['noise_to_signal'])}（KLR 1998）；"
        f"灵敏度与特异度相等 {_number(criteria['credit_scoring'])}、"
        f"两者之和最大 {_number(criteria['accuracy'])}（CDH 2012）",
        soft_wrap=True,
    )
    bins = "、".join(
        f"预测 {b['forecast']:.0%} 实际 {b['observed']:.0%}（{b['count']} 例）"
        for b in scores["reliability"]
    )
    out.print(f"可靠性：{bins}", soft_wrap=True)
    for row in content["levels"]:
        out.print(f"{row['name']}：{row['reason']}", soft_wrap=True)
    if any(row["chosen_by_backtest"] for row in content["levels"]):
        out.print(
            "选定界限不会自动生效：如采用，请写入 forecast.toml 该等级的 probability 并注明依据。",
            soft_wrap=True,
        )
    out.print(f"等级依据：{content['scheme_source']}（选定界限带 * 为默认）", soft_wrap=True)
    for note in content["notes"]:
        out.print(f"注：{note}", soft_wrap=True)
