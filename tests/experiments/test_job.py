"""A forecast job is plain data, and what is recorded of it is a function of nothing else."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from employment_forecast.data.catalogue import Indicator, Region, Series
from employment_forecast.experiments.archive import state
from employment_forecast.experiments.job import ForecastJob
from employment_forecast.features.history import ModelInputs
from employment_forecast.forecasting.competition import Options
from employment_forecast.forecasting.early_warning.scheme import default_scheme

ELSEWHERE = """
import hashlib, pickle, sys
from dataclasses import replace
sys.modules["mlflow"] = None  # whoever imports it fails
import sqlalchemy
def refused(*_, **__):
    raise AssertionError("a store was opened")
sqlalchemy.create_engine = refused
from employment_forecast.experiments.archive import content, state

class Evidence(dict):
    def load(self, keys):
        return {k: self[k] for k in keys if k in self}
    def save(self, results):
        self.update(results)

with open(sys.argv[1], "rb") as stream:
    job, scheme = pickle.load(stream)
earlier = Evidence()
for cache in (None, None, earlier, earlier):
    result = replace(job, cache=cache).compete()
    made = {**content.tables(result), **state.encode(job.series, result, scheme)}
    print(*(f"{name} {hashlib.sha256(data).hexdigest()}" for name, data in made.items()))
assert len(earlier) > 20 and result.cells_computed == 0
"""


@pytest.mark.soak  # a process that imports everything
def test_the_same_plain_data_give_the_same_bytes_without_store_or_mlflow(
    tmp_path: Path, jiading: Region, unemployed: Indicator, vintages_of, monthly, wandering, cap_of
) -> None:
    rows = monthly("2018-01", wandering(84))
    beside = [
        (Region(code, f"地区{code}"), vintages_of(monthly("2018-01", wandering(84, i)), code))
        for i, code in enumerate(("310101", "310102", "310103", "310104", "310105"))
    ]
    job = ForecastJob(
        Series(jiading, unemployed),
        rows[-1][2],
        Options(("theta", "ets", "uc", "combination", "combination_pooled"), origins=8, n_paths=60),
        vintages_of(rows),
        ModelInputs(neighbours=beside),
        [cap_of(announced_on=date(2024, 1, 8), period="2024")],
    )
    file = tmp_path / "job"
    file.write_bytes(pickle.dumps((job, default_scheme(4))))
    empty = tmp_path / "empty"
    empty.mkdir()
    said = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, str(file)],
        env={**os.environ, "FORECAST_HOME": str(empty), "OMP_NUM_THREADS": "1"},
        cwd=empty,
        capture_output=True,
        text=True,
        check=True,
    )
    once, again, first, warm = said.stdout.splitlines()
    assert once == again == first == warm
    assert {"backtest.parquet", state.PATHS, "cap_events.parquet"} <= set(once.split()[::2])
    assert not list(empty.iterdir())
