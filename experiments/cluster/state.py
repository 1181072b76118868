"""How a cluster stands, as this machine sees it."""

from __future__ import annotations

from dataclasses import dataclass

from employment_forecast.experiments.cluster.elsewhere import Cluster


@dataclass(frozen=True)
class ClusterState:
    """A cluster that computes as this machine does.

    Attributes
    ----------
    address : str
        Of the scheduler.
    workers : dict
        Processes by machine.
    """

    address: str
    workers: dict[str, int]


def cluster_state(cluster: Cluster) -> ClusterState:
    """Connect, compare, and count the workers.

    Raises
    ------
    ClusterError
        If the scheduler does not answer, or computes otherwise.
    """
    client = cluster.connected()
    workers: dict[str, int] = {}
    for address in client.nthreads():
        host = address.rpartition("://")[2].rpartition(":")[0]
        workers[host] = workers.get(host, 0) + 1
    return ClusterState(cluster.address.url, dict(sorted(workers.items())))
