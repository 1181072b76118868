"""The sections of the bulletin: sentences and tables that cite the record and compute nothing."""

from employment_forecast.forecasting.bulletin.text.sections.notes import explanation, model
from employment_forecast.forecasting.bulletin.text.sections.outlook import outlook_annex
from employment_forecast.forecasting.bulletin.text.sections.people import sample, sample_annex

__all__ = [
    "explanation",
    "model",
    "outlook_annex",
    "sample",
    "sample_annex",
]
