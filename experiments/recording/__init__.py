"""A competition recorded in MLflow, or spooled until MLflow answers."""

from employment_forecast.experiments.recording.record import recorded
from employment_forecast.experiments.recording.scenarios import record_scenario
from employment_forecast.experiments.recording.spool import sync

__all__ = [
    "record_scenario",
    "recorded",
    "sync",
]
