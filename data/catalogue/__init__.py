"""Regions and indicators: read from TOML, found by code, name or alias."""

from data.catalogue.lookup import Catalogue, load_catalogue
from data.catalogue.schema import Break, Indicator, Region

__all__ = ["Break", "Catalogue", "Indicator", "Region", "load_catalogue"]
