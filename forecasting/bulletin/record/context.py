"""What every part of a record is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from employment_forecast.data.catalogue import Indicator, Region
from employment_forecast.data.records import Vintages


@dataclass(frozen=True)
class RecordContext:
    """The region, month and day of a bulletin, and the series it may speak of.

    Attributes
    ----------
    vintages : mapping
        By indicator code.
    indicators : mapping
        Catalogue entries by code.
    region : Region
        Whose bulletin it is.
    month : pandas.Period
        Month the bulletin is about.
    as_of : datetime.date
        Day of knowledge.
    """

    vintages: Mapping[str, Vintages]
    indicators: Mapping[str, Indicator]
    region: Region
    month: pd.Period
    as_of: date
