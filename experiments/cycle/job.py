"""What the cycle hands to its worker process; the parent need not load what a region's work needs.

Models, documents and MLflow take seconds to load, and the parent only takes files in and waits.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from employment_forecast.data.workspace import Session
    from employment_forecast.experiments.cycle.journal import RegionResult
    from employment_forecast.experiments.cycle.worker import CarryThrough


def region_job(root: Path) -> CarryThrough:
    """The function that does one region of a workspace; see `experiments.cycle.worker.Worker`."""
    from employment_forecast.experiments.cycle import region

    return region.region_job(root)


def say_failed(session: Session, entry: RegionResult) -> None:
    """Mark what a region published before, so that it does not look new after a failure."""
    from employment_forecast.experiments.cycle import region

    region.say_failed(session, entry)
