"""What Dask runs in a worker before it joins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from employment_forecast.experiments.cluster.nodes import announce

if TYPE_CHECKING:
    from distributed import Worker


def dask_setup(worker: Worker) -> None:
    """Called by Dask."""
    announce(worker)
