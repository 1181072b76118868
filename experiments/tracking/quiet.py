"""Keep MLflow silent and off the network.

MLflow reads its environment while it is imported, announces itself through loggers and warnings,
sends usage figures and looks for git. `silence` settles all of that; it must run before the first
import of `mlflow`, which is why nothing in this package imports `mlflow` at module level.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import MutableMapping

# Always set: an installation in an office talks to nobody and writes only our own lines.
_FIXED = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_DISABLE_AGENT_HINT": "true",
    "MLFLOW_UV_AUTO_DETECT": "false",
    "MLFLOW_SKIP_PIP_REQUIREMENTS_CHECK": "true",
    "MLFLOW_RECORD_ENV_VARS_IN_MODEL_LOGGING": "false",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}
# Set unless the user has said otherwise: a server that is down is to be noticed in seconds.
_DEFAULTS = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
}
# MLflow gives these loggers a handler on stderr unless told not to configure logging at all.
_LOGGERS = ("mlflow", "alembic", "sqlalchemy.engine", "huey")


def quiet_environment(environment: MutableMapping[str, str]) -> None:
    """Add the variables that keep MLflow silent and off the network."""
    environment.update(_FIXED)
    for name, value in _DEFAULTS.items():
        environment.setdefault(name, value)


def silence() -> None:
    """Silence MLflow in this process; cheap, repeatable, and without importing it."""
    quiet_environment(os.environ)
    os.environ["MLFLOW_CONFIGURE_LOGGING"] = "false"
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers = [logging.NullHandler()]
        logger.propagate = False
    # SQLAlchemy and pydantic warn about MLflow's own code, under MLflow's module names.
    warnings.filterwarnings("ignore", module=r"(mlflow|alembic)(\.|$)")
