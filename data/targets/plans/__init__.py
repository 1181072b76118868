"""Published plans (规划) and their targets, read from TOML as printed, doubts included."""

from employment_forecast.data.targets.plans.convert import as_targets
from employment_forecast.data.targets.plans.loader import load_plans, parse_plan, plan_targets
from employment_forecast.data.targets.plans.schema import (
    DIRECTION_NAMES,
    DOMAIN_NAMES,
    UNCONFIRMED_NAMES,
    Achieved,
    Plan,
    PlanTarget,
)

__all__ = [
    "DIRECTION_NAMES",
    "DOMAIN_NAMES",
    "UNCONFIRMED_NAMES",
    "Achieved",
    "Plan",
    "PlanTarget",
    "as_targets",
    "load_plans",
    "parse_plan",
    "plan_targets",
]
