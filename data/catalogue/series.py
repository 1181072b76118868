"""A series: one indicator of one region."""

from __future__ import annotations

from dataclasses import dataclass

from employment_forecast.data.catalogue.schema import Indicator, Region
from employment_forecast.data.errors import series_options


@dataclass(frozen=True)
class Series:
    """A region's indicator: scores and caps compare within a series only.

    Attributes
    ----------
    region, indicator : Region, Indicator
        Catalogue entries.
    """

    region: Region
    indicator: Indicator

    @property
    def code(self) -> str:
        """Codes of both, such as `registered_unemployed.310114`: also the registered model."""
        return f"{self.indicator.code}.{self.region.code}"

    @property
    def member_name(self) -> str:
        """Chinese name among series that add up."""
        return self.title if self.indicator.group else self.region.name

    @property
    def title(self) -> str:
        """Chinese name."""
        return f"{self.region.name}{self.indicator.name}"

    @property
    def options(self) -> str:
        """Options that name it in an advised command."""
        region = self.region
        return series_options(region.name, self.indicator.code, region.default_indicator)

    @property
    def registered_name(self) -> str:
        """Name of the registered model."""
        return self.code

    @property
    def tags(self) -> dict[str, str]:
        """Codes and names of both."""
        return {
            "region": self.region.code,
            "region_name": self.region.name,
            "indicator": self.indicator.code,
            "indicator_name": self.indicator.name,
        }
