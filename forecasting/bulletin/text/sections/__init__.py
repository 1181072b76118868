"""The sections of the bulletin: sentences and tables that cite the record and compute nothing."""

from employment_forecast.forecasting.bulletin.text.sections.notes import data_notes, model
from employment_forecast.forecasting.bulletin.text.sections.outlook import outlook_annex
from employment_forecast.forecasting.bulletin.text.sections.overview import market
from employment_forecast.forecasting.bulletin.text.sections.people import sample
from employment_forecast.forecasting.bulletin.text.sections.warning import review

__all__ = [
    "data_notes",
    "market",
    "model",
    "outlook_annex",
    "review",
    "sample",
]
