"""Find a region or an indicator by whatever name the user typed."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from employment_forecast.data.catalogue.divisions import how_to_register
from employment_forecast.data.catalogue.schema import (
    Group,
    Indicator,
    Region,
    read_group,
    read_indicator,
    read_region,
)
from employment_forecast.data.catalogue.series import Series
from employment_forecast.data.catalogue.tree import check_tree, joined_entries, territory_breaks
from employment_forecast.data.errors import DataError, SettingsError, UnknownNameError, suggestion
from employment_forecast.data.files.toml_tables import one_line

if TYPE_CHECKING:
    import pandas as pd

# Whoever enters a single street wants its series, not the district's.
_FEWEST_PARTS = 2
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−─━~～", "-"))


@lru_cache(maxsize=8192)
def _fold(text: str) -> str:
    """Spelling under which names are compared: half-width, one kind of dash, no spaces."""
    plain = unicodedata.normalize("NFKC", text).translate(_DASHES)
    return "".join(plain.split()).casefold()


@dataclass(frozen=True)
class Catalogue:
    """Known regions and indicators.

    Attributes
    ----------
    regions : tuple of Region
        In catalogue order.
    indicators : tuple of Indicator
        In catalogue order.
    groups : tuple of Group
        Groups of people, in catalogue order.
    """

    regions: tuple[Region, ...]
    indicators: tuple[Indicator, ...]
    groups: tuple[Group, ...] = ()

    @cached_property
    def _region_index(self) -> dict[str, Region]:
        return {_fold(n): r for r in reversed(self.regions) for n in r.names}

    @cached_property
    def _indicator_index(self) -> dict[str, Indicator]:
        return {_fold(n): i for i in reversed(self.indicators) for n in i.names}

    def region(self, text: str) -> Region:
        """Region by code, name or alias.

        Raises
        ------
        UnknownNameError
            With the nearest matches.
        """
        region = self._region_index.get(_fold(text))
        if region is None:
            names = [n for r in self.regions for n in (r.name, r.code, *r.aliases)]
            raise UnknownNameError(
                f"没有名为“{one_line(text)}”的地区。",
                suggestion(text, names) + "可用行政区划代码、名称或简称。" + how_to_register(text),
            )
        return region

    def knows_region(self, text: str) -> bool:
        """Whether a region has this code, name or alias."""
        return _fold(text) in self._region_index

    def knows_indicator(self, text: str) -> bool:
        """Whether an indicator has this code, name or synonym."""
        return _fold(text) in self._indicator_index

    def indicator(self, text: str) -> Indicator:
        """Indicator by code, name or synonym; of a group of people as 高校毕业生登记失业人数.

        Raises
        ------
        UnknownNameError
            With the nearest matches.
        """
        indicator = self._indicator_index.get(_fold(text)) or self._of_group(_fold(text))
        if indicator is None:
            names = [n for i in self.indicators for n in i.names]
            raise UnknownNameError(
                f"没有名为“{one_line(text)}”的指标。",
                suggestion(text, names)
                + f"可用的指标：{'、'.join(i.code for i in self.indicators)}。",
            )
        return indicator

    def group(self, text: str) -> Group:
        """Group of people by code, name or synonym.

        Raises
        ------
        UnknownNameError
            With the nearest matches.
        """
        group = self._group_index.get(_fold(text))
        if group is None:
            raise UnknownNameError(
                f"没有名为“{one_line(text)}”的群体。",
                suggestion(text, [n for g in self.groups for n in g.names])
                + f"可用的群体：{'、'.join(g.name for g in self.groups)}；"
                "新群体请在 forecast.toml 的 [[groups]] 中登记。",
            )
        return group

    def grouped(self, indicator: Indicator, group: Group) -> Indicator:
        """The indicator for one group of people: a series like any other.

        Raises
        ------
        DataError
            For a rate or an index: only people are counted by group.
        """
        if indicator.aggregation != "sum" or indicator.unit != "人":
            raise DataError(
                f"“{indicator.name}”不是人数，没有分群体的序列。",
                "请用 --indicator 指明人数指标，如 登记失业人数。",
            )
        return replace(
            indicator,
            code=f"{indicator.code}.{group.code}",
            group=group.code,
            name=f"{group.name}{indicator.name}",
            synonyms=(),
        )

    def group_of(self, indicator: str) -> tuple[Indicator, Group] | None:
        """Indicator and group of the code of a group's series; None for everybody's."""
        base, dot, people = indicator.rpartition(".")
        plain = self._indicator_index.get(_fold(base)) if dot else None
        group = self._group_index.get(_fold(people)) if dot else None
        if plain is None or group is None or _fold(indicator) in self._indicator_index:
            return None
        return plain, group

    def partition(self, name: str) -> tuple[Group, ...]:
        """Groups of one division, which together make up everybody."""
        return tuple(g for g in self.groups if name and g.partition == name)

    @property
    def partitions(self) -> tuple[str, ...]:
        """Divisions that the groups are of."""
        return tuple(dict.fromkeys(g.partition for g in self.groups if g.partition))

    def member(self, key: str, indicator: Indicator) -> Series:
        """A member of a tree of an indicator: a region, or a group of its people as 310114/men."""
        code, _, group = key.partition("/")
        counted = self.grouped(indicator, self.group(group)) if group else indicator
        return Series(self.region(code), counted)

    def _of_group(self, folded: str) -> Indicator | None:
        """The series of a group, from its code or from the names of group and indicator."""
        pair = self.group_of(folded)
        if pair is None:
            pairs = (
                (self._indicator_index.get(folded.removeprefix(name)), group)
                for name, group in self._group_index.items()
                if folded.startswith(name)
            )
            pair = next(((i, g) for i, g in pairs if i is not None), None)
        if pair is None or pair[0].aggregation != "sum" or pair[0].unit != "人":
            return None
        return self.grouped(*pair)

    @cached_property
    def _group_index(self) -> dict[str, Group]:
        return {_fold(n): g for g in reversed(self.groups) for n in g.names}

    def default_indicator(
        self, region: Region, real: Collection[tuple[str, str]] = ()
    ) -> Indicator:
        """Indicator a region is forecast by unless the user names another.

        Parameters
        ----------
        region : Region
            Its entry names one.
        real : collection of (str, str)
            Region and indicator codes of which there are real figures. Where that one has none, it
            gives way to the first here that has some and that other regions are forecast by.
        """
        named = self.indicator(region.default_indicator)
        if (region.code, named.code) in real:
            return named
        return next((i for i in self._forecast_by if (region.code, i.code) in real), named)

    @cached_property
    def _forecast_by(self) -> tuple[Indicator, ...]:
        """Indicators that may stand in for another: what a region is forecast by, but no flow.

        New jobs say nothing of the unemployed, even where an office forecasts them by default.
        """
        codes = {region.default_indicator for region in self.regions}
        return tuple(i for i in self.indicators if i.code in codes and i.kind in ("stock", "rate"))

    def parent(self, region: Region, month: pd.Period) -> Region | None:
        """Region that one is part of in a month; None at the top, and where it did not exist."""
        entry = region.entry_in(month)
        return None if entry is None or entry.parent is None else self.region(entry.parent)

    def lower(self, first: Region, second: Region) -> Region | None:
        """Of two regions the one that is or ever was part of the other; None if neither is."""
        if first.code in self._above(second):
            return second
        return first if second.code in self._above(first) else None

    def _above(self, region: Region) -> set[str]:
        """Codes of a region and of everything it is or ever was a part of."""
        codes, parents = {region.code}, {e.parent for e in region.entries if e.parent}
        while parents:
            codes |= parents
            above = (e.parent for code in parents for e in self.region(code).entries)
            parents = {code for code in above if code} - codes
        return codes

    def children(self, region: Region, month: pd.Period | None = None) -> tuple[Region, ...]:
        """Regions directly below one in a month; without a month those that ever were."""
        below = self._below.get(region.code, ())
        if month is None:
            return below
        return tuple(r for r in below if (e := r.entry_in(month)) and e.parent == region.code)

    def parts(self, region: Region, indicator: Indicator, month: pd.Period) -> tuple[Region, ...]:
        """Regions whose figures of a month add up to a region's.

        Empty where the indicator does not add up, or not every part is in the catalogue.
        """
        adds_up = indicator.aggregation == "sum" and self.lists_parts(region)
        return self.children(region, month) if adds_up else ()

    def lists_parts(self, region: Region) -> bool:
        """Whether every part of a region is in the catalogue, as far as it says."""
        below = self._below.get(region.code, ())
        if region.parts_complete is None:
            return len(below) >= _FEWEST_PARTS
        return region.parts_complete and bool(below)

    def tree(
        self, region: Region, indicator: Indicator, month: pd.Period
    ) -> dict[str, tuple[Region, ...]]:
        """Parts of a region and of its parts, by code of the whole, from the top down."""
        parts_of: dict[str, tuple[Region, ...]] = {}
        wholes = [region]
        while wholes:
            whole = wholes.pop(0)
            below = self.parts(whole, indicator, month)
            if below:
                parts_of[whole.code] = below
                wholes += below
        return parts_of

    def merged_into(self, region: Region) -> tuple[Region, ...]:
        """Ended entries of other regions whose people all went to one (撤并)."""
        return self._merged.get(region.code, ())

    @cached_property
    def _merged(self) -> dict[str, tuple[Region, ...]]:
        merged: dict[str, list[Region]] = {}
        for entry in (e for r in self.regions for e in r.entries):
            if len(entry.successors) == 1 and entry.successors[0] != entry.code:
                merged.setdefault(entry.successors[0], []).append(entry)
        return {code: tuple(entries) for code, entries in merged.items()}

    @cached_property
    def _below(self) -> dict[str, tuple[Region, ...]]:
        parts: dict[str, list[Region]] = {}
        for region in self.regions:
            for parent in dict.fromkeys(e.parent for e in region.entries if e.parent):
                parts.setdefault(parent, []).append(region)
        return {code: tuple(below) for code, below in parts.items()}


def _bundled(name: str) -> list[dict[str, Any]]:
    text = (
        resources.files("employment_forecast.data.catalogue")
        .joinpath(f"{name}.toml")
        .read_text("utf-8")
    )
    rows: list[dict[str, Any]] = tomllib.loads(text)[name]
    return rows


def _shipped_beside(own: Sequence[Indicator]) -> list[Indicator]:
    """Shipped indicators; those that came later give way to a workspace's own of the same name."""
    taken = {_fold(name) for indicator in own for name in indicator.names}
    shipped = []
    for row in _bundled("indicators"):
        yields = row.pop("yields", False)
        indicator = read_indicator(row, "indicators.toml")
        if not (yields and taken.intersection(map(_fold, indicator.names))):
            shipped.append(indicator)
    return shipped


def _refuse_duplicates(items: Iterable[Region | Indicator | Group], where: str) -> None:
    owner: dict[str, str] = {}
    for item in items:
        for name in set(map(_fold, item.names)):
            if name in owner and owner[name] != item.code:
                raise SettingsError(
                    f"{where}里“{name}”同时指 {owner[name]} 和 {item.code}。",
                    "请为其中一个换一个别名。",
                )
            owner[name] = item.code


def _demand_sense(
    indicator: Indicator, known: Collection[str], regions: Collection[str], where: str
) -> None:
    """Refuse an indicator of the workspace that says what cannot be."""
    said = f"{where} 中指标 {indicator.name} 的"
    if indicator.largest and indicator.smallest > indicator.largest:
        raise SettingsError(f"{said} smallest 大于 largest。", "请核对这两个键的单位。")
    if indicator.aggregation == "sum" and indicator.kind in ("rate", "index"):
        raise SettingsError(
            f"{said}率或指数不能相加（aggregation）。",
            "请去掉 aggregation；率由 numerator、denominator 汇总。",
        )
    if indicator.reporting == "year_to_date" and indicator.kind != "flow":
        raise SettingsError(
            f"{said} reporting 为累计，kind 却不是当月数。", '只有 kind = "flow" 的指标按累计公布。'
        )
    if bool(indicator.numerator) != bool(indicator.denominator):
        raise SettingsError(f"{said} numerator 和 denominator 须都写。", "请补上或都去掉。")
    for code in (*indicator.numerator, *indicator.denominator):
        if code not in known:
            raise SettingsError(
                f"{said}分子或分母 {one_line(code)} 不存在。",
                suggestion(code, known) or "请改为已有的指标代码。",
            )
    for each in indicator.breaks:
        if each.region not in ("*", *regions):
            raise SettingsError(
                f"{said} breaks 里的地区 {one_line(each.region)} 不存在。",
                suggestion(each.region, regions) or '请改为已有的地区代码，或 "*"。',
            )


def load_catalogue(
    extra_regions: Sequence[dict[str, Any]] = (),
    extra_indicators: Sequence[dict[str, Any]] = (),
    where: str = "forecast.toml",
    extra_groups: Sequence[dict[str, Any]] = (),
) -> Catalogue:
    """Read the shipped catalogue and add what a workspace adds.

    Parameters
    ----------
    extra_regions, extra_indicators, extra_groups : sequence of dict
        TOML tables of the workspace; one with a shipped code replaces the shipped entry. Of a
        region that changes only what it says.
    where : str
        File named in errors.

    Returns
    -------
    Catalogue

    Raises
    ------
    SettingsError
        On unknown keys, wrong values, unknown parents or ambiguous names.
    """
    known = {r["code"]: r for r in _bundled("regions")}
    shipped = {code: read_region(r, "regions.toml") for code, r in known.items()}
    table = f"{where} 的 [[regions]] "
    added = [read_region({**known.get(str(r.get("code")), {}), **r}, table) for r in extra_regions]
    regions = shipped | joined_entries(added, where)
    own = [read_indicator(i, f"{where} 的 [[indicators]] ") for i in extra_indicators]
    indicators = {i.code: i for i in _shipped_beside(own)} | {i.code: i for i in own}
    check_tree(regions, where)
    for indicator in own:
        _demand_sense(indicator, indicators, regions, where)
    for region in regions.values():
        if region.default_indicator not in indicators:
            raise SettingsError(
                f"{where} 中地区 {region.name} 的默认指标 {one_line(region.default_indicator)}"
                " 不存在。",
                suggestion(region.default_indicator, indicators) or "请改为已有的指标代码。",
            )
    groups = {g["code"]: read_group(g, "groups.toml") for g in _bundled("groups")}
    for entry in extra_groups:
        group = read_group(entry, f"{where} 的 [[groups]] ")
        groups[group.code] = group
    _refuse_duplicates(groups.values(), where)
    _refuse_duplicates(regions.values(), where)
    _refuse_duplicates(indicators.values(), where)
    moved = territory_breaks(regions)
    with_breaks = (
        replace(i, breaks=(*i.breaks, *moved)) if moved else i for i in indicators.values()
    )
    return Catalogue(tuple(regions.values()), tuple(with_breaks), tuple(groups.values()))
