"""Back-test cells on other machines: Dask carries tasks as bytes and brings bytes back."""

from employment_forecast.experiments.cluster.certificates import make_certificates
from employment_forecast.experiments.cluster.connection import ClusterError
from employment_forecast.experiments.cluster.elsewhere import Cluster, cluster_of
from employment_forecast.experiments.cluster.fingerprint import Fingerprint, fingerprint_of
from employment_forecast.experiments.cluster.state import ClusterState, cluster_state

__all__ = [
    "Cluster",
    "ClusterError",
    "ClusterState",
    "Fingerprint",
    "cluster_of",
    "cluster_state",
    "fingerprint_of",
    "make_certificates",
]
