"""What cycles of several sizes cost, as tables in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from employment_forecast.experiments.benchmark.scale.campaign import FOLDERS, FOLLOWING, Cycle

_HEADS = (
    "roster", "regions", "cycle", "done", "CPU s", "wall s", "load", "MB of a process", "MB of all",
    "cells reused", *(f"{f}: MB / files per region" for f in FOLDERS), "index KB", "summary lines",
)  # fmt: skip


def _name(month: int) -> str:
    return "first" if month == 0 else f"month {month}"


def _row(cycle: Cycle) -> Sequence[object]:
    disk = cycle.disk
    pieces = f" ({cycle.pieces} pieces)" if cycle.pieces > 1 else ""
    return (
        "light" if cycle.light else "whole", cycle.regions, _name(cycle.month), cycle.done,
        f"{cycle.cpu:.1f}{pieces}", f"{cycle.wall:.0f}", f"{cycle.load:.0f}",
        f"{cycle.process:.0f}", f"{cycle.all_processes:.0f}", f"{cycle.hits:.1%}",
        *(f"{disk[f][0] / cycle.regions:.2f} / {disk[f][1] / cycle.regions:.0f}" for f in FOLDERS),
        f"{cycle.index / 1e3:.0f}", cycle.summary,
    )  # fmt: skip


def markdown(heads: Sequence[object], rows: Sequence[Sequence[object]]) -> str:
    """A table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


def _one_more(cycles: Sequence[Cycle]) -> list[Sequence[object]]:
    """By size, what one region more costs than in the smallest size: the fixed part is apart."""
    rows: list[Sequence[object]] = []
    for light in (False, True):
        by_size: dict[int, dict[int, Cycle]] = {}
        for cycle in cycles:
            if cycle.light == light:
                by_size.setdefault(cycle.regions, {})[cycle.month] = cycle
        least = min(by_size, default=0)
        base = by_size.pop(least, {})
        for regions, by_month in sorted(by_size.items()):
            months = [m for m in range(FOLLOWING + 1) if m in by_month and m in base]
            more = {m: (by_month[m].cpu - base[m].cpu) / (regions - least) for m in months}
            mlruns = [
                (by_month[m].disk["mlruns"][0] - by_month[m - 1].disk["mlruns"][0]) / regions
                for m in months
                if m and m - 1 in by_month
            ]
            rows.append(
                (
                    *("light" if light else "whole", regions),
                    *(f"{more[m]:.2f}" if m in more else "" for m in range(FOLLOWING + 1)),
                    f"{max(by_month[m].disk['cache'][0] for m in by_month) / regions:.2f}",
                    f"{max(mlruns):.2f}" if mlruns else "",
                )
            )
    return rows


def tables(cycles: Sequence[Cycle]) -> str:
    """Every cycle as a row, and what one region more costs."""
    heads = (
        "roster",
        "regions",
        *(f"{_name(m)}, CPU s" for m in range(FOLLOWING + 1)),
        "cache MB",
        "mlruns MB a month",
    )
    more = _one_more(cycles)
    second = f"\nOne region more than in the smallest size:\n\n{markdown(heads, more)}"
    return markdown(_HEADS, [_row(c) for c in cycles]) + (second if more else "")
