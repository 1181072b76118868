"""Stand-ins for a region's work: a cycle's worker process imports them by name."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from employment_forecast.data.errors import DataError
from employment_forecast.experiments.cycle.journal import RegionResult
from employment_forecast.experiments.cycle.worker import CarryThrough, RegionTask


def temperamental(root: Path) -> CarryThrough:
    """Hangs, dies or fails as the region's name says; otherwise tells its process."""
    return partial(_temperamental, root)


def _temperamental(root: Path, order: RegionTask) -> Iterator[RegionResult]:
    """Of a tree the members one after the other, each as its name says."""
    for region in order.members or (order.region,):
        yield _temper(root, replace(order, region=region))


def _temper(root: Path, order: RegionTask) -> RegionResult:
    if order.region == "hang":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
        (root / "child").write_text(str(child.pid))
        time.sleep(3600)
    if order.region == "die":
        os._exit(3)
    if order.region == "known":
        raise DataError("缺月。", "请补录。")
    if order.region == "odd":
        raise KeyError("x")
    pid = str(os.getpid())
    return RegionResult(
        order.region, "甲", order.indicator, "乙", str(order.as_of), "done", message=pid
    )


def usual(root: Path) -> CarryThrough:
    """徐汇 lacks a month, 舟山 has nothing new, every other region is done."""
    return _usual


def _usual(order: RegionTask) -> Iterator[RegionResult]:
    if order.region == "310104":
        raise DataError("缺月。", "请补录。")
    if order.region == "330900":
        yield RegionResult(
            order.region, "静", order.indicator, "指标", str(order.as_of), "unchanged"
        )
        return
    file = f"bulletins/{order.region}/2026-10/月报 a#b.html"
    name = f"<{order.region}>"
    yield RegionResult(order.region, name, order.indicator, "指标", str(order.as_of), "done",
                 identity="a", data_month="2026-10", latest="5.1%", level="yellow",
                 level_name="黄色预警", bulletin=(file,))  # fmt: skip
