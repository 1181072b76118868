"""The monitored sample firms: panel, index, rates, warnings, suppression."""

from employment_forecast.features.sample.abnormal import abnormal_separations
from employment_forecast.features.sample.index import chained_index
from employment_forecast.features.sample.indicators import (
    DEFAULT_LARGEST,
    INDICATOR_LABELS,
    sample_indicators,
)
from employment_forecast.features.sample.panel import (
    UNKNOWN_TRAIT,
    Basis,
    FirmPanel,
    LargestFirms,
    read_panel,
)
from employment_forecast.features.sample.rates import coverage, monthly_rates
from employment_forecast.features.sample.suppression import (
    LEAST_FIRMS,
    merge_small_cells,
    shared_cells,
)
from employment_forecast.features.sample.warnings import SampleWarnings, by_street, sample_warnings

__all__ = [
    "Basis",
    "DEFAULT_LARGEST",
    "FirmPanel",
    "INDICATOR_LABELS",
    "LEAST_FIRMS",
    "LargestFirms",
    "SampleWarnings",
    "UNKNOWN_TRAIT",
    "abnormal_separations",
    "by_street",
    "chained_index",
    "coverage",
    "merge_small_cells",
    "monthly_rates",
    "read_panel",
    "sample_indicators",
    "sample_warnings",
    "shared_cells",
]
