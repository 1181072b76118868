"""A workspace at work: settings, catalogue, store, cache and targets, opened when first used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from employment_forecast.data.workspace.folders import Workspace
from employment_forecast.data.workspace.settings import Settings

if TYPE_CHECKING:
    from employment_forecast.data.catalogue import Catalogue, Indicator, Region
    from employment_forecast.data.records import Vintages
    from employment_forecast.data.store import Store
    from employment_forecast.data.targets import Target
    from employment_forecast.data.workspace.cell_cache import FileCellCache


# More than the neighbours of a region.
_MOST_READ = 100


@dataclass(frozen=True)
class Session:
    """What a command works with. Parts are opened when first used.

    Attributes
    ----------
    workspace : Workspace
        Its folders exist.
    settings : Settings
        Validated.
    steady : bool
        Targets are read once: for a process that does many regions as of one day.
    """

    workspace: Workspace
    settings: Settings
    steady: bool = False

    @cached_property
    def catalogue(self) -> Catalogue:
        """Shipped regions and indicators and the workspace's own."""
        from employment_forecast.data.catalogue import load_catalogue

        return load_catalogue(
            self.settings.regions,
            self.settings.indicators,
            str(self.workspace.settings_file),
            self.settings.groups,
        )

    @cached_property
    def store(self) -> Store:
        """Observation store, with the bundled data brought up to date."""
        from employment_forecast.data.bundled import sync
        from employment_forecast.data.store import Store

        store = Store(
            self.settings.store_url(self.workspace),
            expected=self.workspace.has_results,
            catalogue=self.catalogue,
        )
        sync(store, self.catalogue)
        return store

    @cached_property
    def _read(self) -> dict[tuple[str, str], Vintages]:
        return {}

    def vintages(self, region: str, indicator: str) -> Vintages:
        """What was published of a series; in a steady session the last ones read are kept."""
        if not self.steady:
            return self.store.vintages(region, indicator)
        key = (region, indicator)
        vintages = self._read.pop(key, None) or self.store.vintages(region, indicator)
        self._read[key] = vintages
        if len(self._read) > _MOST_READ:
            self._read.pop(next(iter(self._read)))
        return vintages

    def default_indicator(self, region: Region) -> Indicator:
        """Indicator a region is forecast by unless the user names another.

        The one of its catalogue entry, unless only others have real figures: demonstration data
        give way, see `Catalogue.default_indicator`. What is on file now decides, for past days too.
        """
        real = {(of, code) for of, code, demo in self.store.series(region) if not demo}
        return self.catalogue.default_indicator(region, real)

    @cached_property
    def cells(self) -> FileCellCache | None:
        """Cache of back-test cells; None if the settings turn it off."""
        from employment_forecast.data.workspace.cell_cache import FileCellCache

        megabytes = int(self.settings["cache.megabytes"])
        return FileCellCache(self.workspace.cells, megabytes) if megabytes else None

    @cached_property
    def _shipped_targets(self) -> tuple[Target, ...]:
        from employment_forecast.data.targets import load_targets
        from employment_forecast.data.targets.plans import as_targets

        return (*load_targets(), *as_targets(catalogue=self.catalogue))

    @cached_property
    def _targets(self) -> list[Target]:
        from employment_forecast.data.store import stored_targets

        return self.tolerant([*self._shipped_targets, *stored_targets(self.store)])

    @cached_property
    def _targets_by_region(self) -> dict[str, list[Target]]:
        by_region: dict[str, list[Target]] = {}
        for target in self._targets:
            by_region.setdefault(target.region, []).append(target)
        return by_region

    def targets(self, region: str | None = None) -> list[Target]:
        """Targets on file: those that ship with the program, then those entered here.

        Parameters
        ----------
        region : str, optional
            Catalogue code; of all regions by default, which are many in a province.

        Returns
        -------
        list of Target
            In the order in which they count: of two announced on one day the later.
        """
        if not self.steady:
            self.__dict__.pop("_targets", None)
            self.__dict__.pop("_targets_by_region", None)
        return list(self._targets if region is None else self._targets_by_region.get(region, ()))

    def tolerant(self, targets: Iterable[Target]) -> list[Target]:
        """Targets with the tolerance that the settings give to approximate values."""
        from employment_forecast.data.targets import with_tolerance

        points, percent = (self.settings[f"targets.around_{k}"] for k in ("points", "percent"))
        return with_tolerance(targets, float(points), float(percent))
