"""The register of the unemployed: its stock, its flows, its groups."""

from employment_forecast.features.register.flows import (
    STATUS_LABELS,
    RegisterFlows,
    openings_to_seekers,
    ratio,
    register_flows,
)

__all__ = [
    "RegisterFlows",
    "STATUS_LABELS",
    "openings_to_seekers",
    "ratio",
    "register_flows",
]
