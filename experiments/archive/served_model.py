"""The model that MLflow loads and serves: a stored forecast, read from CSV and JSON.

MLflow copies this file into every registered version (models from code) and runs the copy, so a
version depends neither on the installed release of this package nor on any pickle. It therefore
imports nothing of ours.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import mlflow.models
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.pyfunc.model import PythonModel, PythonModelContext

QUANTILES, PATHS, CAPS, LINES = "quantiles", "paths", "caps", "lines"


class ServedForecast(PythonModel):
    """Serves quantiles, sample paths, cap probabilities or warning lines of one forecast."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read facts and quantiles after holding every file against its checksum."""
        self.folder = Path(context.artifacts["state"])
        self.facts = json.loads((self.folder / "forecast.json").read_text("utf-8"))
        sums = {**self.facts["sha256"], "forecast.json": _seal(self.folder)}
        for name, expected in sums.items():
            if hashlib.sha256((self.folder / name).read_bytes()).hexdigest() != expected:
                raise _refused(f"模型版本的文件 {name} 已被改动或损坏，不能提供预测。")
        with (self.folder / "quantiles.csv").open(encoding="utf-8", newline="") as stream:
            header, *rows = csv.reader(stream)
        self.quantiles = pd.DataFrame(
            [[row[0], *map(float, row[1:])] for row in rows], columns=header
        )

    def predict(
        self,
        context: PythonModelContext,
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:
        """The forecast for as many months ahead as asked."""
        what = (params or {}).get("what", QUANTILES)
        if what == CAPS:
            return _table(self.facts["caps"])
        horizon = self._horizon(model_input)
        if what == QUANTILES:
            return self.quantiles.head(horizon)
        if what == PATHS:
            return self._paths().iloc[:, :horizon]
        if what == LINES:
            months = set(self.quantiles["month"].head(horizon))
            rows = json.loads((self.folder / "lines.json").read_text("utf-8"))
            return _table([row for row in rows if row["month"] in months])
        raise _refused(f"what 只能是 {QUANTILES}、{PATHS}、{CAPS} 或 {LINES}，不能是“{what}”。")

    def _horizon(self, model_input: pd.DataFrame) -> int:
        if len(model_input) != 1:
            raise _refused("请只给一行输入，用 horizon 写明要预测的月数。")
        horizon = int(model_input["horizon"].iloc[0])
        longest = len(self.quantiles)
        if not 1 <= horizon <= longest:
            raise _refused(f"horizon 应在 1 至 {longest} 之间，不能是 {horizon}。")
        return horizon

    def _paths(self) -> pd.DataFrame:
        with gzip.open(self.folder / "paths.csv.gz", "rt", encoding="ascii", newline="") as stream:
            header, *rows = csv.reader(stream)
        return pd.DataFrame([[float(v) for v in row] for row in rows], columns=header)


def _seal(folder: Path) -> str:
    return (folder / "forecast.json.sha256").read_text("ascii")


def _table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Rows as they are: what is absent stays null, where a column of floats would say NaN."""
    return pd.DataFrame(rows, dtype=object)


def _refused(reason: str) -> MlflowException:
    return MlflowException(reason, error_code=INVALID_PARAMETER_VALUE)


mlflow.models.set_model(ServedForecast())
