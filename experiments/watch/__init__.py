"""Champions watched: monitoring, explanation, verification, review files."""

from employment_forecast.experiments.watch.explain import STEPS, pair
from employment_forecast.experiments.watch.monitoring import observe, roll_back_after_alarm
from employment_forecast.experiments.watch.redraw import verify
from employment_forecast.experiments.watch.review_pack import pack, zipped

__all__ = [
    "STEPS",
    "observe",
    "pack",
    "pair",
    "roll_back_after_alarm",
    "verify",
    "zipped",
]
