"""The register of the unemployed: its stock, its flows, its groups."""

from employment_forecast.features.register.flows import (
    STATUS_LABELS,
    RegisterFlows,
    openings_to_seekers,
    ratio,
    register_flows,
)
from employment_forecast.features.register.groups import GROUP_LABELS

__all__ = [
    "GROUP_LABELS",
    "RegisterFlows",
    "STATUS_LABELS",
    "openings_to_seekers",
    "ratio",
    "register_flows",
]
