"""Regions as parts of one another: dated entries, a tree without faults, changes of territory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise

import pandas as pd

from employment_forecast.data.catalogue.schema import Break, Region
from employment_forecast.data.errors import SettingsError

_BEGINNING = pd.Period("0001-01", freq="M")


def joined_entries(entries: Iterable[Region], where: str) -> dict[str, Region]:
    """Entries by code; several of one code are one region whose name or parent changed.

    Parameters
    ----------
    entries : iterable of Region
        As written in the settings, one for each table.
    where : str
        File named in errors.

    Returns
    -------
    dict
        Of each code the newest entry, with the earlier ones in it.

    Raises
    ------
    SettingsError
        If an entry ends before it begins, or two of a code hold in the same month.
    """
    by_code: dict[str, list[Region]] = {}
    for entry in entries:
        if entry.since and entry.until and entry.until < entry.since:
            raise SettingsError(
                f"{where} 中地区 {entry.name} 的 until {entry.until} 早于 from {entry.since}。",
                "请改正：from 是启用的首月，until 是最后一个月。",
            )
        if entry.successors and entry.until is None:
            raise SettingsError(
                f"{where} 中地区 {entry.name} 写了 successor，没有写 until。",
                '请补上撤并前的最后一个月，如 until = "2024-06"。',
            )
        by_code.setdefault(entry.code, []).append(entry)
    regions = {}
    for code, same in by_code.items():
        same.sort(key=lambda e: e.since or _BEGINNING)
        for earlier, later in pairwise(same):
            if earlier.until is None or later.since is None or earlier.until >= later.since:
                parents = " 和 ".join(str(e.parent) for e in (earlier, later))
                twice = earlier.parent != later.parent
                raise SettingsError(
                    f"{where} 中地区 {code} {later.name} "
                    + (f"同时有两个上级：{parents}。" if twice else "登记了两次。"),
                    "一个地区在同一个月只能登记一次；改名或改变隶属请写两段，"
                    "前一段写 until，后一段写 from。",
                )
        *before, newest = same
        regions[code] = replace(newest, earlier=tuple(reversed(before)))
    return regions


def check_tree(regions: Mapping[str, Region], where: str) -> None:
    """Refuse parents and successors that do not exist, and circles.

    Raises
    ------
    SettingsError
        Naming the region.
    """
    for region in regions.values():
        for entry in region.entries:
            if entry.parent is not None and entry.parent not in regions:
                raise SettingsError(
                    f"{where} 中地区 {entry.name} 的上级 {entry.parent} 不存在。",
                    "请先登记上级地区。",
                )
            _check_successors(entry, regions, where)
        if region.code in set(_reached(region, regions, lambda e: set(e.successors) - {e.code})):
            raise SettingsError(
                f"{where} 中地区 {region.name} 的 successor 绕成了圈。",
                "请改正：撤并后不能再并回自己。",
            )
        if region.code in set(_reached(region, regions, lambda e: (e.parent or "",))):
            raise SettingsError(
                f"{where} 中地区 {region.name} 的上级绕成了圈。",
                "请改正 parent：上级不能是自己或下级。",
            )


def _check_successors(entry: Region, regions: Mapping[str, Region], where: str) -> None:
    for code in entry.successors:
        assert entry.until is not None
        following = regions.get(code)
        if following is None or following.entry_in(entry.until + 1) is None:
            missing = "不存在" if following is None else f"在 {entry.until + 1} 并未启用"
            raise SettingsError(
                f"{where} 中地区 {entry.name} 的 successor {code} {missing}。",
                "请登记接收其人员的地区，其 from 不晚于撤并的次月。",
            )


def _reached(
    region: Region,
    regions: Mapping[str, Region],
    following: Callable[[Region], Iterable[str]],
) -> Iterator[str]:
    """Every other code that entries lead to at any time; each once, circles too."""
    seen: set[str] = set()
    waiting = [region]
    while waiting:
        at = waiting.pop()
        for code in (c for e in at.entries for c in following(e)):
            if code not in seen and code in regions:
                seen.add(code)
                waiting.append(regions[code])
                yield code


def _ancestors(entry: Region, month: pd.Period, regions: Mapping[str, Region]) -> set[str]:
    codes = set()
    at: Region | None = entry
    while at is not None and at.parent is not None:
        codes.add(at.parent)
        at = regions[at.parent].entry_in(month)
    return codes


def heirs(region: Region, entry: Region, regions: Mapping[str, Region]) -> tuple[Region, ...]:
    """Entries that hold the people of an ended entry in the month after it."""
    assert entry.until is not None
    codes = entry.successors or ((region.code,) if entry is not region else ())
    after = (regions[c].entry_in(entry.until + 1) for c in codes)
    return tuple(e for e in after if e is not None)


def territory_breaks(regions: Mapping[str, Region]) -> tuple[Break, ...]:
    """Changes of territory after which a region's figures are no longer those of the same people.

    A merger within a parent is none: the parent's sum stays the same, and the successor's earlier
    months are summed. People who come from elsewhere, or leave, break the series of every region
    that they join or leave; so do a part that appears from nowhere or ends without a successor,
    and a division, for what goes on under the old code.

    Returns
    -------
    tuple of Break
        Of treatment `dummy`, in order of regions.
    """
    breaks: dict[tuple[str, pd.Period], Break] = {}

    def mark(codes: Iterable[str], month: pd.Period, note: str) -> None:
        for code in codes:
            breaks.setdefault((code, month), Break(code, month, "dummy", note))

    came: set[tuple[str, pd.Period]] = set()
    for region in regions.values():
        for entry in region.entries:
            if entry.until is None:
                continue
            month = entry.until + 1
            before = _ancestors(entry, entry.until, regions)
            following = heirs(region, entry, regions)
            came |= {(e.code, month) for e in following}
            if not following:
                mark(sorted(before), month, f"{entry.name}撤销")
            for heir in following:
                after = _ancestors(heir, month, regions)
                mark(sorted(before ^ after), month, f"{entry.name}划入{heir.name}")
            if len(following) > 1:
                mark((e.code for e in following), month, f"{entry.name}拆分")
    for region in regions.values():
        for entry in region.entries:
            if entry.since is not None and (entry.code, entry.since) not in came:
                above = _ancestors(entry, entry.since, regions)
                mark(sorted(above), entry.since, f"{entry.name}新设")
    return tuple(breaks.values())
