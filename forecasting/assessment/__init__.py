"""Sample paths assessed against caps, period totals and milestones."""

from employment_forecast.forecasting.assessment.assess import (
    AppliedTo,
    Assessments,
    JointBreach,
    assess_all,
    broken_and_over,
)
from employment_forecast.forecasting.assessment.bases import BASES, Basis, basis_of
from employment_forecast.forecasting.assessment.caps import (
    Assessment,
    Breach,
    BreachMonth,
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
from employment_forecast.forecasting.assessment.past_caps import CapEvents, cap_events, share_above
from employment_forecast.forecasting.assessment.sharing import (
    Share,
    critical_values,
    equal_risk,
    in_proportion,
    published_peak,
    shares,
    whole_numbers,
)
from employment_forecast.forecasting.assessment.totals import TotalAssessment
from employment_forecast.forecasting.assessment.words import (
    breach_words,
    cap_id,
    cap_words,
    difference_words,
    event_words,
)

__all__ = [
    "AppliedTo",
    "Assessment",
    "Assessments",
    "BASES",
    "Basis",
    "Breach",
    "BreachMonth",
    "CapAt",
    "CapEvents",
    "PeriodView",
    "JointBreach",
    "MilestoneAssessment",
    "Share",
    "TotalAssessment",
    "assess_all",
    "assessable_cap",
    "basis_of",
    "breach_words",
    "broken_and_over",
    "cap_events",
    "cap_id",
    "cap_words",
    "critical_values",
    "difference_words",
    "equal_risk",
    "event_words",
    "in_proportion",
    "published_peak",
    "view_period",
    "period_averages",
    "printed",
    "reaches",
    "share_above",
    "shares",
    "smallest_above",
    "whole_numbers",
]
