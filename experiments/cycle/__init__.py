"""The monthly cycle: from files that arrived to issued bulletins, region by region, unattended."""

from employment_forecast.experiments.cycle.job import region_job, say_failed
from employment_forecast.experiments.cycle.log import cycle_log
from employment_forecast.experiments.cycle.records import log_file
from employment_forecast.experiments.cycle.schedule import (
    crontab_line,
    systemd_service,
    systemd_timer,
)

__all__ = [
    "crontab_line",
    "cycle_log",
    "log_file",
    "region_job",
    "say_failed",
    "systemd_service",
    "systemd_timer",
]
