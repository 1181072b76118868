"""The account of processor time: `make test` has a budget, and this says which files spend it."""

from __future__ import annotations

import resource
from collections import defaultdict
from collections.abc import Generator
from typing import Any

import pytest

_LAST = pytest.StashKey[float]()
_by_file: defaultdict[str, float] = defaultdict(float)
_of_forks = 0.0


def add_fork(seconds: float) -> None:
    """Count a process that is no child of ours, but of the server of forks."""
    global _of_forks
    _of_forks += seconds


def cpu_seconds() -> float:
    """User and system time of this process and of every finished process that it waited for."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(u.ru_utime + u.ru_stime for u in used) + _of_forks


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Write on each report the processor time since the report before it."""
    report = yield
    now = cpu_seconds()
    report.user_properties.append(("cpu", now - item.config.stash.get(_LAST, 0.0)))
    item.config.stash[_LAST] = now
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Sum the processor time of each file; with several workers this runs in their parent."""
    _by_file[report.nodeid.partition("::")[0]] += dict(report.user_properties).get("cpu", 0.0)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print what `--durations` does for wall time: the files that cost most."""
    wanted = config.getoption("durations")
    if wanted is None:
        return
    terminalreporter.write_sep("=", f"processor time {sum(_by_file.values()):.0f} s")
    dearest = sorted(_by_file.items(), key=lambda row: -row[1])
    for file, seconds in dearest[: int(wanted) or None]:
        terminalreporter.write_line(f"{seconds:7.1f} s  {file}")
