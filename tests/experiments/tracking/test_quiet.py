from __future__ import annotations

import logging

import pytest

from employment_forecast.experiments.tracking.quiet import quiet_environment, silence

RECORD = """
import json, os
from pathlib import Path
from support.competitions import make_competition
from employment_forecast.data.workspace.folders import Workspace
from employment_forecast.experiments.recording.record import recorded
workspace = Workspace(Path(os.environ["WORKSPACE"]))
result = make_competition()
address = f"sqlite:///{workspace.mlruns / 'mlflow.db'}"
with recorded(address, workspace, result.series) as recording:
    version = recording.register(result, b"chart")
print(json.dumps([recording.run_id, version.version]))
"""

MODULES = """
import json, sys
import employment_forecast.experiments.recording.record
import employment_forecast.experiments.registry.registry
import employment_forecast.experiments.tracking.ui
from employment_forecast.experiments.tracking.quiet import silence
silence()
print(json.dumps(sorted(m for m in sys.modules if m.split(".")[0] in ("mlflow", "alembic"))))
"""


@pytest.mark.soak
def test_recording_on_a_fresh_workspace_prints_nothing_of_mlflow(python) -> None:
    run_id, version = python.json(RECORD)
    assert len(run_id) == 32
    assert version == "1"


@pytest.mark.soak  # a process that imports everything
def test_mlflow_is_imported_only_when_used(python) -> None:
    assert python.json(MODULES) == []


def test_telemetry_stays_off_whatever_the_environment_says() -> None:
    environment = {"MLFLOW_DISABLE_TELEMETRY": "false", "MLFLOW_HTTP_REQUEST_TIMEOUT": "5"}
    quiet_environment(environment)
    assert environment["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert environment["DO_NOT_TRACK"] == "true"
    assert environment["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "5"


def test_loggers_of_mlflow_write_nowhere(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    silence()
    silence()
    logging.getLogger("mlflow.store.db.utils").error("noise")
    logging.getLogger("alembic.runtime").warning("noise")
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []
