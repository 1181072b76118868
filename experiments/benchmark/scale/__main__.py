"""Run cycles over synthetic regions and print what they cost: `python -m` on this package."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from employment_forecast.experiments.benchmark.scale.campaign import Size, measured
from employment_forecast.experiments.benchmark.scale.report import tables


def main() -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m employment_forecast.experiments.benchmark.scale",
        description="在已知规律的合成地区上运行月度作业（首次和其后两个月），量出处理器时间、内存、"
        "磁盘与文件数。中断后以同样的命令继续，已量完的不重做。",
    )
    parser.add_argument("--out", type=Path, required=True, help="结果和工作区所在的文件夹")
    parser.add_argument(
        "--regions", type=int, nargs="*", default=[1, 5, 20, 60, 150], help="全部模型的地区数"
    )
    parser.add_argument(
        "--light", type=int, nargs="*", default=[1, 3000], help="只用几个便宜模型的地区数"
    )
    parser.add_argument("--jobs", type=int, default=1, help="工作进程数")
    arguments = parser.parse_args()
    # The cycle at work ends with the measurement.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sizes = [
        *(Size(n, light=False) for n in arguments.regions),
        *(Size(n, light=True) for n in arguments.light),
    ]
    cycles = []
    for size in sizes:
        for cycle in measured(arguments.out / size.name, size, arguments.jobs):
            cycles.append(cycle)
            sys.stderr.write(f"{size.name}: month {cycle.month}, {cycle.cpu:.1f} CPU s\n")
            (arguments.out / "tables.md").write_text(tables(cycles), "utf-8")
    sys.stdout.write(tables(cycles))
    return 0


if __name__ == "__main__":
    sys.exit(main())
