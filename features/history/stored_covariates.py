"""What can stand beside a target: other stored indicators, groups, the monitored sample firms."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import pandas as pd

from employment_forecast.data.catalogue import Catalogue, Indicator, Region
from employment_forecast.data.records import Known
from employment_forecast.data.store import (
    FirmVintages,
    Store,
    firm_vintages,
    group_vintages,
    groups_of,
)
from employment_forecast.features.history.covariates import CovariateSource
from employment_forecast.features.sample import (
    INDICATOR_LABELS,
    Basis,
    read_panel,
    sample_indicators,
)

# Of the sample's indicators those that carry different news.
SAMPLE_CODES = ("sample_index", "sample_loss_rate", "sample_diffusion")
SAMPLE_LAG_DAYS = 10


def sample_indicator(code: str) -> Indicator:
    """Catalogue-like entry of an indicator that is computed from the firm panel."""
    index = code.startswith("sample_index")
    return Indicator(
        code=code,
        name=INDICATOR_LABELS[code],
        kind="index" if index else "rate",
        unit="指数" if index else "%",
        transform="log" if index else "none",
        lag_days=SAMPLE_LAG_DAYS,
        precision=0.1,
    )


@dataclass(frozen=True)
class SampleSource:
    """An indicator of the monitored firms as it could be computed on any day.

    Attributes
    ----------
    vintages : FirmVintages
        All reports.
    code : str
        A key of `features.sample.indicators.INDICATOR_LABELS`.
    computed : dict
        Panels by day, to be shared by the indicators of one panel.
    """

    vintages: FirmVintages
    code: str
    computed: dict[date, tuple[pd.DataFrame, Known]] = field(
        default_factory=dict, repr=False, compare=False
    )

    @property
    def region(self) -> str:
        """Code of the region."""
        return self.vintages.region

    def as_of(self, day: date) -> Known:
        """Series of the reports known at the end of a day.

        Where reports refer to different kinds of 建档期, those of the more frequent kind are used.
        """
        table, frame = self._computed(day)
        values = table[self.code].dropna() if self.code in table else frame.values
        last = frame.published_on[: len(table)]
        days = pd.Series(last, index=table.index).reindex(values.index)
        return replace(frame, values=values, published_on=days.to_numpy().astype("datetime64[D]"))

    def identity(self, day: date) -> bytes:
        """What the series of a day depends on: the reports known then."""
        return self.vintages.identity(day)

    def _computed(self, day: date) -> tuple[pd.DataFrame, Known]:
        """All indicators of the panel as of a day, and what they have in common."""
        if day not in self.computed:
            self.computed[day] = _panel_indicators(self.vintages.as_of(day))
        return self.computed[day]


def _panel_indicators(reports: pd.DataFrame) -> tuple[pd.DataFrame, Known]:
    none = pd.Series(np.empty(0), index=pd.PeriodIndex([], freq="M"), dtype=float)
    if reports.empty:
        empty = Known(none, np.array([], dtype="datetime64[D]"), False, False, ())
        return pd.DataFrame(index=none.index), empty
    kinds = reports["base_is"].value_counts()
    reports = reports[reports["base_is"] == kinds.index[0]]
    basis: Basis = "fixed" if kinds.index[0] == "january" else "chained"
    table = sample_indicators(read_panel(reports, basis))
    last = reports.groupby("month")["published_on"].max().reindex(table.index).ffill()
    frame = Known(
        values=none,
        published_on=last.to_numpy().astype("datetime64[D]"),
        estimated=bool(reports["published_estimated"].any()),
        demo=bool(reports["demo"].any()),
        sources=tuple(dict.fromkeys(reports["source"])),
    )
    return table, frame


def stored_covariate_sources(
    store: Store, catalogue: Catalogue, region: Region, target: Indicator
) -> list[CovariateSource]:
    """Everything the store holds of a region beside the target.

    Parameters
    ----------
    store : Store
        Observations, groups and firms.
    catalogue : Catalogue
        Its indicators are looked for.
    region, target : Region, Indicator
        Catalogue entries.

    Returns
    -------
    list of (Indicator, KnownSource)
        In catalogue order, then the target's groups of people, then the sample firms.
    """
    sources: list[CovariateSource] = []
    # One question instead of one for each indicator, where nothing can be a sum.
    alone = not (catalogue.lists_parts(region) or catalogue.merged_into(region))
    stored = store.indicators_of(region.code) if alone else None
    for indicator in catalogue.indicators:
        if indicator.code == target.code or (stored is not None and indicator.code not in stored):
            continue
        vintages = store.vintages(region.code, indicator.code)
        if not vintages.rows.empty:
            sources.append((indicator, vintages))
    for people in groups_of(store, region.code, target.code):
        pair = catalogue.group_of(f"{target.code}.{people}")
        if pair is None:
            continue
        entry = replace(catalogue.grouped(*pair), breaks=())
        sources.append((entry, group_vintages(store, region.code, target.code, people)))
    firms = firm_vintages(store, region.code)
    if not firms.rows.empty:
        shared: dict[date, tuple[pd.DataFrame, Known]] = {}
        sources += [
            (sample_indicator(code), SampleSource(firms, code, shared)) for code in SAMPLE_CODES
        ]
    return sources
