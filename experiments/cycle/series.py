"""Which series a cycle does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd

from employment_forecast.data import clock
from employment_forecast.data.catalogue import Indicator, Region
from employment_forecast.data.errors import NotFoundError
from employment_forecast.data.workspace import Session
from employment_forecast.experiments.cycle.worker import RegionTask


def series_to_do(
    session: Session,
    wanted: Sequence[str] = (),
    *,
    parents: Sequence[str] = (),
    indicators: Sequence[str] = (),
) -> list[tuple[Region, Indicator]]:
    """Series of a cycle, in catalogue order.

    Parameters
    ----------
    session : Session
        Its settings count where nothing is named.
    wanted : sequence of str
        Regions; those with data by default, which "all" also means.
    parents : sequence of str
        Regions whose parts are wanted.
    indicators : sequence of str
        By default the default indicator of each region, and the groups of people that have
        targets.

    Returns
    -------
    list of (Region, Indicator)
        What is named is there even without data, so that its absence is told; what follows from
        a parent, from the default, or from several indicators is there where it has data.

    Raises
    ------
    UnknownNameError
        For a name that is not in the catalogue.
    NotFoundError
        If nothing is to be done.
    """
    catalogue, stored = session.catalogue, session.store.series()
    present = {(region, indicator) for region, indicator, _ in stored}
    real_series = {(region, indicator) for region, indicator, demo in stored if not demo}
    if not (wanted or parents):
        wanted = session.settings["monthly.regions"]
    named = {catalogue.region(name).code for name in wanted if name != "all"}
    below = {r.code for name in parents for r in catalogue.children(catalogue.region(name))}
    codes = named | below
    if not (named or parents):
        real = {region for region, _ in real_series}
        top = {r.code for r in catalogue.regions if r.level == "national"}
        codes = real if real - top else {region for region, _, _ in stored}
    # Of a region that has merged into another nothing new will come once its last month is told.
    this_month = pd.Period(clock.today(), freq="M")
    gone = {r.code for r in catalogue.regions if r.until is not None and r.until < this_month - 1}
    codes = codes - (gone - named)
    asked = [catalogue.indicator(i) for i in indicators or session.settings["monthly.indicators"]]
    for group in (indicator.code for indicator in asked if indicator.group):
        present |= {(code, group) for code in session.store.holding(group, sorted(codes))}
    chosen = [
        (region, indicator)
        for region in catalogue.regions
        if region.code in codes
        for indicator in asked or [catalogue.default_indicator(region, real_series)]
        if (region.code, indicator.code) in present or (region.code in named and len(asked) < 2)
    ]
    if not chosen:
        raise NotFoundError(
            "没有可做月度作业的地区。",
            "请先导入数据，或用 --regions、--parent、--indicators 指定有数据的地区和指标。",
        )
    if asked:
        return chosen
    return [*chosen, *_groups_with_targets(session, [region for region, _ in chosen])]


def tasks_of(
    session: Session, chosen: Sequence[tuple[Region, Indicator]], day: date
) -> list[RegionTask]:
    """One task for each series, and one for a region with those of its parts that are done too."""
    catalogue, month = session.catalogue, pd.Period(day, freq="M")
    wanted = {(region.code, indicator.code) for region, indicator in chosen}
    members: dict[tuple[str, str], tuple[str, ...]] = {}
    for region, indicator in chosen:
        tree = catalogue.tree(region, indicator, month)
        parts = [part.code for below in tree.values() for part in below]
        present = [code for code in parts if (code, indicator.code) in wanted]
        for division in () if indicator.group else catalogue.partitions:
            groups = catalogue.partition(division)
            if all((region.code, f"{indicator.code}.{g.code}") in wanted for g in groups):
                present += [f"{region.code}/{g.code}" for g in groups]
        if present:
            members[region.code, indicator.code] = (region.code, *present)
    covered: dict[tuple[str, str], set[tuple[str, str]]] = {key: set() for key in wanted}
    for key, codes in members.items():
        series = (catalogue.member(code, catalogue.indicator(key[1])) for code in codes[1:])
        covered[key] = {(each.region.code, each.indicator.code) for each in series}
    # The groups of a part are in no tree of the whole: they are tasks of their own.
    tops, left = set[tuple[str, str]](), wanted
    while left:
        uncovered = left.difference(*(covered[key] for key in left))
        tops |= uncovered
        left = left.difference(uncovered, *(covered[key] for key in uncovered))
    return [
        RegionTask(*key, day, members=members.get(key, ()))
        for region, indicator in chosen
        if (key := (region.code, indicator.code)) in tops
    ]


def _groups_with_targets(
    session: Session, regions: Sequence[Region]
) -> list[tuple[Region, Indicator]]:
    """Series of groups of people that some target is about, where there are figures."""
    catalogue = session.catalogue
    wanted = {
        (t.region, t.indicator)
        for t in session.targets()
        if catalogue.group_of(t.indicator) is not None
    }
    return [
        (region, catalogue.indicator(code))
        for region in regions
        for of, code in sorted(wanted)
        if of == region.code and session.store.holding(code, [region.code])
    ]
