"""Which series a cycle does."""

from __future__ import annotations

from collections.abc import Sequence

from employment_forecast.data.catalogue import Indicator, Region
from employment_forecast.data.errors import NotFoundError
from employment_forecast.data.workspace import Session


def series_to_do(session: Session, wanted: Sequence[str]) -> list[tuple[Region, Indicator]]:
    """Regions with their default indicators and the groups that have targets, in their order."""
    catalogue, stored = session.catalogue, session.store.series()
    named = [name for name in wanted if name != "all"]
    if named:
        codes = {catalogue.region(name).code for name in named}
    else:
        real = {region for region, _, demo in stored if not demo}
        top = {r.code for r in catalogue.regions if r.level == "national"}
        codes = real if real - top else {region for region, _, _ in stored}
    chosen = [
        (region, catalogue.default_indicator(region))
        for region in catalogue.regions
        if region.code in codes
    ]
    present = {(region, indicator) for region, indicator, _ in stored}
    if not named:
        chosen = [(r, i) for r, i in chosen if (r.code, i.code) in present]
    if not chosen:
        raise NotFoundError("没有可做月度作业的地区。", "请先导入数据，或用 --regions 指定地区。")
    return [*chosen, *_groups_with_targets(session, [region for region, _ in chosen])]


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
