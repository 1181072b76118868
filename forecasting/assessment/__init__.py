"""Sample paths assessed against caps, period totals and milestones."""

from employment_forecast.forecasting.assessment.assess import Assessments, JointBreach, assess_all
from employment_forecast.forecasting.assessment.caps import (
    Assessment,
    CapAt,
    assessable_cap,
    period_averages,
    printed,
)
from employment_forecast.forecasting.assessment.events import (
    PeriodView,
    reaches,
    smallest_above,
    view_period,
)
from employment_forecast.forecasting.assessment.milestones import MilestoneAssessment
from employment_forecast.forecasting.assessment.past_caps import CapEvents, cap_events
from employment_forecast.forecasting.assessment.totals import TotalAssessment

__all__ = [
    "Assessment",
    "Assessments",
    "CapAt",
    "CapEvents",
    "PeriodView",
    "JointBreach",
    "MilestoneAssessment",
    "TotalAssessment",
    "assess_all",
    "assessable_cap",
    "cap_events",
    "view_period",
    "period_averages",
    "printed",
    "reaches",
    "smallest_above",
]
