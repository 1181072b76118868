"""A competition recorded in MLflow, or spooled until MLflow answers."""

from employment_forecast.experiments.recording.parts import RecordedParts, conclude, record_parts
from employment_forecast.experiments.recording.record import Recording, recorded
from employment_forecast.experiments.recording.scenarios import record_scenario
from employment_forecast.experiments.recording.spool import sync
from employment_forecast.experiments.recording.workbook import run_workbook

__all__ = [
    "RecordedParts",
    "Recording",
    "conclude",
    "record_parts",
    "record_scenario",
    "recorded",
    "run_workbook",
    "sync",
]
