"""What processes use, as the system accounts for it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

if sys.platform != "win32":
    import resource


@dataclass(frozen=True)
class Use:
    """CPU seconds, and most resident megabytes of all processes and of the largest."""

    cpu: float = 0.0
    together: float = 0.0
    largest: float = 0.0


def of_ended() -> Use:
    """What all children that have ended used; what they held together is not known."""
    if sys.platform != "win32":
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return Use(used.ru_utime + used.ru_stime, 0.0, used.ru_maxrss / 1024)
    else:  # noqa: RET505  # only so is it clear which branch belongs to which system
        raise OSError("no such account on this system")


def load() -> float:
    """Processes that wanted to run in the last minute."""
    if sys.platform != "win32":
        return os.getloadavg()[0]
    else:  # noqa: RET505
        return 0.0


def of_running(top: int) -> Use:
    """What a process and all below it use now; pages that they share count for each."""
    used = _facts(top).values()
    sizes = [size for _, size in used]
    return Use(sum(cpu for cpu, _ in used), sum(sizes), max(sizes, default=0.0))


def by_process(top: int) -> dict[int, float]:
    """CPU seconds of a process and of each below it, with what has ended below that."""
    return {process: cpu for process, (cpu, _) in _facts(top).items()}


def _facts(top: int) -> dict[int, tuple[float, float]]:
    """CPU seconds and resident megabytes of a process and of all below it."""
    if sys.platform != "win32":
        ticks, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE") / 1e6
        children: dict[int, list[int]] = {}
        facts: dict[int, tuple[float, float]] = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                words = (entry / "stat").read_text("ascii", "replace").rpartition(")")[2].split()
            except OSError:
                continue
            # After the name: state, parent, ...; times of its own and of ended children; pages.
            facts[int(entry.name)] = sum(map(int, words[11:15])) / ticks, int(words[21]) * page
            children.setdefault(int(words[1]), []).append(int(entry.name))
        below: dict[int, tuple[float, float]] = {}
        waiting = [top]
        while waiting:
            process = waiting.pop()
            waiting += children.get(process, [])
            below |= {process: facts[process]} if process in facts else {}
        return below
    else:  # noqa: RET505
        raise OSError("no such account on this system")
