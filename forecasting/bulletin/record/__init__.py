"""The record of a bulletin: every figure of every section, as one JSON-able document."""

from employment_forecast.forecasting.bulletin.record.context import RecordContext
from employment_forecast.forecasting.bulletin.record.flows import flows_record
from employment_forecast.forecasting.bulletin.record.market import RATIO, ratio_record
from employment_forecast.forecasting.bulletin.record.notes import (
    data_notes,
    failed_models,
    is_stale,
)
from employment_forecast.forecasting.bulletin.record.outlook import outlook_record, review_record
from employment_forecast.forecasting.bulletin.record.parts import parts_record
from employment_forecast.forecasting.bulletin.record.people import group_outlook, people_record
from employment_forecast.forecasting.bulletin.record.progress import progress_record
from employment_forecast.forecasting.bulletin.record.sample import sample_record
from employment_forecast.forecasting.bulletin.record.series import series_record
from employment_forecast.forecasting.bulletin.record.warning import warning_record

__all__ = [
    "RATIO",
    "RecordContext",
    "data_notes",
    "failed_models",
    "flows_record",
    "group_outlook",
    "is_stale",
    "outlook_record",
    "parts_record",
    "people_record",
    "progress_record",
    "ratio_record",
    "review_record",
    "sample_record",
    "series_record",
    "warning_record",
]
