"""Registered models: versions, aliases, stored forecasts, serving."""

from employment_forecast.experiments.registry.registry import (
    Promotion,
    annotate,
    rollback,
    same_version,
)
from employment_forecast.experiments.registry.serving import answer, chosen_version
from employment_forecast.experiments.registry.stored_forecast import (
    StoredForecast,
    champion_on,
    load_champion,
    load_version,
)
from employment_forecast.experiments.registry.versions import (
    CANDIDATE,
    CHAMPION,
    PREVIOUS,
    Version,
    champion_of,
    file_of_run,
    find,
    holder_of,
    state_folder,
)

__all__ = [
    "CANDIDATE",
    "CHAMPION",
    "PREVIOUS",
    "Promotion",
    "StoredForecast",
    "Version",
    "annotate",
    "answer",
    "champion_of",
    "champion_on",
    "chosen_version",
    "file_of_run",
    "find",
    "holder_of",
    "load_champion",
    "load_version",
    "rollback",
    "same_version",
    "state_folder",
]
