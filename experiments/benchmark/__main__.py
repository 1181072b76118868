"""Run the roster, and the peers, over a panel: `python -m` on this package."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from employment_forecast.data.errors import ForecastError
from employment_forecast.experiments.benchmark import peers
from employment_forecast.experiments.benchmark.cells import Plan, compute_all
from employment_forecast.experiments.benchmark.output import (
    cap_rows,
    choice_row,
    quantile_rows,
    times_table,
    write_table,
)
from employment_forecast.experiments.benchmark.panel import read_origins, read_panel
from employment_forecast.experiments.benchmark.standings import Times, standings
from employment_forecast.models import roster


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m employment_forecast.experiments.benchmark",
        description="在一个真实月度面板上运行全部参赛模型，按评分程序的格式写出预测。",
    )
    parser.add_argument("--panel", type=Path, required=True, help="series_id,month,value 的 CSV")
    parser.add_argument("--origins", required=True, help="逗号分隔的月份，或每行一个月份的文件")
    parser.add_argument("--window", type=int, default=132, help="每个起点最多使用的月数")
    parser.add_argument("--horizon", type=int, default=12, help="预测月数")
    parser.add_argument("--out", type=Path, required=True, help="输出文件夹；中断后可续算")
    parser.add_argument("--models", help="参赛模型，逗号分隔；默认全部")
    parser.add_argument("--paths", type=int, default=1000, help="每次预测的模拟路径数")
    parser.add_argument("--seed", type=int, default=1, help="随机种子")
    parser.add_argument("--jobs", type=int, default=1, help="工作进程数；结果与其无关")
    parser.add_argument("--peers", action="store_true", help="同时运行 statsforecast 的模型")
    return parser


def run(arguments: argparse.Namespace) -> None:
    """Compute what is missing and write quantiles.csv, caps.csv, times.csv and choices.csv."""
    origins = read_origins(arguments.origins)
    chosen = roster.resolve(arguments.models)
    plan = Plan(
        panel=read_panel(arguments.panel),
        # A panel holds no indicators beside the target.
        models=tuple(
            m for m in chosen if m not in roster.COMBINATIONS and not roster.tags(m).needs
        ),
        window=arguments.window,
        horizon=arguments.horizon,
        n_paths=arguments.paths,
        seed=arguments.seed,
    )
    out: Path = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    cells = out / "cells.db"
    compute_all(plan, origins, cells, arguments.jobs, lambda d, n: _say(f"起点 {d}/{n}"))
    times = Times()
    quantiles: list[pd.DataFrame] = []
    caps: list[pd.DataFrame] = []
    choices: list[dict[str, object]] = []
    for standing in standings(plan, origins, cells, times):
        quantiles.append(quantile_rows(standing))
        caps.append(cap_rows(standing))
        choices.append(choice_row(standing))
    if arguments.peers and peers.installed():
        folder = out / "peers"
        quantiles += peers.run_peers(plan.panel, origins, plan.window, plan.horizon, folder, times)
    elif arguments.peers:
        _say("没有安装 statsforecast，未运行对照模型；可用 pip install statsforecast 安装。")
    write_table(out, "quantiles.csv", quantiles)
    write_table(out, "caps.csv", caps)
    write_table(out, "times.csv", [times_table(times)])
    write_table(out, "choices.csv", [pd.DataFrame(choices)])
    _say(f"已写入：{out}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    try:
        run(_parser().parse_args(arguments))
    except ForecastError as error:
        _say(f"错误：{error.message}")
        _say(f"提示：{error.hint}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
