"""A competition as files and MLflow figures, and read back from them."""

from employment_forecast.experiments.archive.content import (
    BACKTEST,
    CAP_EVENTS,
    TRIAL_TAG,
    champion,
    unpacked_table,
    version_description,
    version_tags,
)
from employment_forecast.experiments.archive.model_files import STATE, save_model
from employment_forecast.experiments.archive.state import decode_facts, seal_of

__all__ = [
    "BACKTEST",
    "CAP_EVENTS",
    "STATE",
    "TRIAL_TAG",
    "champion",
    "decode_facts",
    "save_model",
    "seal_of",
    "unpacked_table",
    "version_description",
    "version_tags",
]
