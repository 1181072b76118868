"""Several regions at once on one workspace: all succeed, and none loses a run."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

REGIONS = ("嘉定", "徐汇", "嵊州", "全国", "上海", "绍兴", "舟山", "江夏")
FAST = ("--models", "random_walk", "--origins", "10", "--jobs", "1", "--promote", "--json")


def all_succeed(start: Callable[..., Any], regions: tuple[str, ...]) -> list[dict[str, Any]]:
    processes = [start("run", "--region", region, *FAST) for region in regions]
    found = []
    for process in processes:
        out, err = process.communicate(timeout=600)
        assert process.returncode == 0, err.decode("utf-8", "replace")
        found.append(json.loads(out))
    return found


def test_three_regions_at_once(start: Callable[..., Any], home: Path) -> None:
    found = all_succeed(start, REGIONS[:3])
    assert len({f["run_id"] for f in found}) == 3
    assert {f["champion"]["version"] for f in found} == {"1"}
    assert list((home / "mlruns" / "running").glob("*.alive")) == []


@pytest.mark.soak
def test_eight_regions_at_once(start: Callable[..., Any], home: Path) -> None:
    found = all_succeed(start, REGIONS)
    assert len({f["run_id"] for f in found}) == 8
    assert list((home / "mlruns" / "running").glob("*.alive")) == []
