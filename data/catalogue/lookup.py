"""Find a region or an indicator by whatever name the user typed."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources
from typing import Any

from employment_forecast.data.catalogue.schema import Indicator, Region, read_indicator, read_region
from employment_forecast.data.errors import SettingsError, UnknownNameError, suggestion

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
    """

    regions: tuple[Region, ...]
    indicators: tuple[Indicator, ...]

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
        found = self._region_index.get(_fold(text))
        if found is None:
            names = [n for r in self.regions for n in (r.name, r.code, *r.aliases)]
            raise UnknownNameError(
                f"没有名为“{text}”的地区。",
                suggestion(text, names)
                + "可用行政区划代码、名称或简称；新地区请在 forecast.toml 的 [[regions]] 中登记。",
            )
        return found

    def knows_indicator(self, text: str) -> bool:
        """Whether an indicator has this code, name or synonym."""
        return _fold(text) in self._indicator_index

    def indicator(self, text: str) -> Indicator:
        """Indicator by code, name or synonym.

        Raises
        ------
        UnknownNameError
            With the nearest matches.
        """
        found = self._indicator_index.get(_fold(text))
        if found is None:
            names = [n for i in self.indicators for n in i.names]
            raise UnknownNameError(
                f"没有名为“{text}”的指标。",
                suggestion(text, names)
                + f"可用的指标：{'、'.join(i.code for i in self.indicators)}。",
            )
        return found

    def default_indicator(self, region: Region) -> Indicator:
        """Indicator a region is forecast by unless the user names another."""
        return self.indicator(region.default_indicator)

    def children(self, region: Region) -> tuple[Region, ...]:
        """Regions directly below one."""
        return tuple(r for r in self.regions if r.parent == region.code)


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


def _refuse_duplicates(items: Iterable[Region | Indicator], where: str) -> None:
    owner: dict[str, str] = {}
    for item in items:
        for name in set(map(_fold, item.names)):
            if name in owner and owner[name] != item.code:
                raise SettingsError(
                    f"{where}里“{name}”同时指 {owner[name]} 和 {item.code}。",
                    "请为其中一个换一个别名。",
                )
            owner[name] = item.code


def _refuse_circle(region: Region, regions: Mapping[str, Region], where: str) -> None:
    above, parent = {region.code}, region.parent
    while parent is not None and parent in regions:
        if parent in above:
            raise SettingsError(
                f"{where} 中地区 {region.name} 的上级绕成了圈。",
                "请改正 parent：上级不能是自己或下级。",
            )
        above.add(parent)
        parent = regions[parent].parent


def load_catalogue(
    extra_regions: Sequence[dict[str, Any]] = (),
    extra_indicators: Sequence[dict[str, Any]] = (),
    where: str = "forecast.toml",
) -> Catalogue:
    """Read the shipped catalogue and add what a workspace adds.

    Parameters
    ----------
    extra_regions, extra_indicators : sequence of dict
        TOML tables of the workspace; one with a shipped code replaces the shipped entry.
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
    regions = {r["code"]: read_region(r, "regions.toml") for r in _bundled("regions")}
    regions |= {
        str(r.get("code")): read_region(r, f"{where} 的 [[regions]] ") for r in extra_regions
    }
    own = [read_indicator(i, f"{where} 的 [[indicators]] ") for i in extra_indicators]
    indicators = {i.code: i for i in _shipped_beside(own)} | {i.code: i for i in own}
    for region in regions.values():
        if region.parent is not None and region.parent not in regions:
            raise SettingsError(
                f"{where} 中地区 {region.name} 的上级 {region.parent} 不存在。",
                "请先登记上级地区。",
            )
        if region.default_indicator not in indicators:
            raise SettingsError(
                f"{where} 中地区 {region.name} 的默认指标 {region.default_indicator} 不存在。",
                suggestion(region.default_indicator, indicators),
            )
        _refuse_circle(region, regions, where)
    _refuse_duplicates(regions.values(), where)
    _refuse_duplicates(indicators.values(), where)
    return Catalogue(tuple(regions.values()), tuple(indicators.values()))
