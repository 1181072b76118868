"""The MLflow client behind one class: runs, names, database, pruning."""

from employment_forecast.experiments.tracking.abandoned import RunPlan, close_abandoned_runs
from employment_forecast.experiments.tracking.database import check, shown, sqlite_file
from employment_forecast.experiments.tracking.names import (
    NOTE_TAG,
    experiment_name,
    experiment_tags,
    source_tags,
    table_tag,
)
from employment_forecast.experiments.tracking.program import program_version, user
from employment_forecast.experiments.tracking.quiet import silence
from employment_forecast.experiments.tracking.runs import (
    Figures,
    Run,
    Status,
    begin,
    reopened,
    running,
)
from employment_forecast.experiments.tracking.tracker import Tracker, open_tracker, pages
from employment_forecast.experiments.tracking.ui import serve

__all__ = [
    "Figures",
    "NOTE_TAG",
    "RunPlan",
    "Run",
    "Status",
    "Tracker",
    "begin",
    "check",
    "experiment_name",
    "experiment_tags",
    "open_tracker",
    "pages",
    "program_version",
    "reopened",
    "running",
    "serve",
    "shown",
    "silence",
    "source_tags",
    "sqlite_file",
    "table_tag",
    "close_abandoned_runs",
    "user",
]
