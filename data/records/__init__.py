"""Rows that readers produce and the store keeps; imports neither."""

from employment_forecast.data.records.findings import (
    READING_CHECKS,
    CheckInfo,
    Finding,
    Findings,
    Severity,
)
from employment_forecast.data.records.firm_fields import FIRM_FIELDS, SEPARATION_TITLES
from employment_forecast.data.records.observation import (
    Observation,
    check_observations,
    out_of_range,
)
from employment_forecast.data.records.part_months import (
    PART_COLUMNS,
    KnownParts,
    PartMonth,
    PartVintages,
    check_part_months,
)
from employment_forecast.data.records.place import (
    Place,
    column_letters,
    file_title,
    printable,
    shown,
)
from employment_forecast.data.records.readings import Base, FirmMonth, Reading, ReadResult, refusal
from employment_forecast.data.records.shocks import (
    KIND_NAMES,
    USUAL_MONTHS,
    Shock,
    ShockKind,
    read_shock,
)
from employment_forecast.data.records.vintages import COLUMNS, Known, Vintages

__all__ = [
    "Base",
    "COLUMNS",
    "CheckInfo",
    "FIRM_FIELDS",
    "Finding",
    "Findings",
    "FirmMonth",
    "KIND_NAMES",
    "KnownParts",
    "PART_COLUMNS",
    "PartMonth",
    "PartVintages",
    "check_part_months",
    "Known",
    "Observation",
    "Place",
    "READING_CHECKS",
    "ReadResult",
    "Reading",
    "SEPARATION_TITLES",
    "Severity",
    "Shock",
    "ShockKind",
    "USUAL_MONTHS",
    "Vintages",
    "check_observations",
    "column_letters",
    "file_title",
    "out_of_range",
    "printable",
    "read_shock",
    "refusal",
    "shown",
]
