"""What many tests need: a catalogue, an empty store, series with known publication days."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, settings
from support.campaigns import examples
from support.fork_server import keep_newest_schema

# Plug-ins are loaded after this file, which imports modules that have to be marked.
from support.lines import pytest_sessionfinish, pytest_terminal_summary  # noqa: F401
from support.paths import ROOT
from support.shared import files_of, made_once, make_databases

from employment_forecast.data.catalogue import Catalogue, Indicator, Region, Series, load_catalogue
from employment_forecast.data.clock import month_end, month_key
from employment_forecast.data.records.vintages import COLUMNS, Vintages
from employment_forecast.data.store.store import Store
from employment_forecast.features.history.history import History

if TYPE_CHECKING:
    from employment_forecast.data.targets.target import Target
    from employment_forecast.forecasting.backtest.cells import CellCache
    from employment_forecast.forecasting.competition.result import Competition

pytest_plugins = ("support.processor_time", "support.forks")

# No test may fail by the clock: a slow machine is no wrong program. In CI the same examples come
# every time; at a desk new ones are tried.
settings.register_profile(
    "steady", max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("ci", settings.get_profile("steady"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "steady")


def pytest_collection_finish() -> None:
    """What has been imported by now stays: no collection needs to look at it again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def root() -> Path:
    """Folder of the packages."""
    return ROOT


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A workspace with the bundled data and without a run, to be copied and never opened.

    Who opens it adds journals and takes them away again while another worker copies them.
    """
    folder = made_once(tmp_path_factory, "databases", make_databases)
    keep_newest_schema()
    yield folder
    assert {file.name for file in files_of(folder)} == {"observations.db", "mlflow.db"}


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.fixture(scope="session")
def jiading(catalogue: Catalogue) -> Region:
    return catalogue.region("嘉定")


@pytest.fixture(scope="session")
def unemployed(catalogue: Catalogue) -> Indicator:
    return catalogue.indicator("registered_unemployed")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(f"sqlite:///{tmp_path / 'observations.db'}")
    yield opened
    opened.close()


@pytest.fixture
def filled(databases: Path, tmp_path: Path) -> Iterator[Store]:
    """A store with the bundled data."""
    file = tmp_path / "filled.db"
    shutil.copy(databases / "observations.db", file)
    opened = Store(f"sqlite:///{file}")
    yield opened
    opened.close()


Row = tuple[str, float, date] | tuple[str, float, date, bool]
MakeVintages = Callable[..., Vintages]


@pytest.fixture(scope="session")
def vintages_of() -> MakeVintages:
    """Vintages of rows (month, value, published_on[, estimated]); later rows have later ids."""

    def make(
        rows: Sequence[Row],
        region: str = "310114",
        indicator: str = "registered_unemployed",
        demo: bool = False,
    ) -> Vintages:
        table = pd.DataFrame(
            [
                (
                    month_key(pd.Period(m, "M")),
                    float(v),
                    day,
                    bool(rest and rest[0]),
                    "测试",
                    demo,
                    i,
                )
                for i, (m, v, day, *rest) in enumerate(rows, start=1)
            ],
            columns=list(COLUMNS),
        )
        table["published_on"] = pd.to_datetime(table["published_on"]).astype("datetime64[s]")
        table = table.sort_values(["month", "published_on", "id"], ignore_index=True)
        return Vintages(region, indicator, table)

    return make


@pytest.fixture(scope="session")
def monthly() -> Callable[..., list[Row]]:
    """Rows of consecutive months, each published `lag` days after its end."""

    def make(start: str, values: Sequence[float], lag: int = 10) -> list[Row]:
        months = pd.period_range(start, periods=len(values), freq="M")
        return [
            (str(m), float(v), month_end(m) + timedelta(days=lag))
            for m, v in zip(months, values, strict=True)
        ]

    return make


@pytest.fixture(scope="session")
def wandering() -> Callable[..., np.ndarray]:
    """A positive seasonal series with noise, whole numbers, from a fixed seed."""

    def make(n: int, seed: int = 0, level: float = 10_000.0) -> np.ndarray:
        rng = np.random.default_rng(seed)
        season = 0.05 * np.sin(2 * np.pi * np.arange(n) / 12)
        return np.round(level * np.exp(season + np.cumsum(rng.normal(0, 0.01, n))))

    return make


@pytest.fixture(scope="session")
def history_of() -> Callable[..., History]:
    """A history of given values; keyword arguments replace any field."""

    def make(values: Sequence[float], start: str = "2020-01", **fields: Any) -> History:
        given: dict[str, Any] = {
            "region": "310114",
            "indicator": "registered_unemployed",
            "start": pd.Period(start, "M"),
            "values": np.asarray(values, dtype=float),
            "unit": "人",
            "kind": "stock",
            "transform": "log",
            "precision": 1.0,
            "as_of": date(2026, 11, 20),
            "demo": False,
            "pseudo_real_time": False,
            "sources": ("测试",),
        }
        return History(**{**given, **fields})

    return make


@pytest.fixture(scope="session")
def competition(
    catalogue: Catalogue,
    vintages_of: MakeVintages,
    monthly: Callable[..., list[Row]],
    wandering: Callable[..., np.ndarray],
) -> Callable[..., Competition]:
    """The main job on a small series with the floors alone; keyword arguments change the scene."""
    from employment_forecast.forecasting.competition.compete import compete
    from employment_forecast.forecasting.competition.result import Options

    def run(
        values: Sequence[float] | None = None,
        region: str = "310114",
        indicator: str = "registered_unemployed",
        targets: Sequence[Target] = (),
        demo: bool = False,
        cache: CellCache | None = None,
        **options: Any,
    ) -> Competition:
        place, what = catalogue.region(region), catalogue.indicator(indicator)
        rows = monthly("2021-01", wandering(48) if values is None else values)
        chosen = {
            "models": ("random_walk", "drift", "seasonal_naive"),
            "origins": 8,
            "n_paths": 40,
            "horizon": 12,
        }
        return compete(
            Series(place, what),
            vintages_of(rows, place.code, what.code, demo),
            rows[-1][2],
            targets,
            Options(**{**chosen, **options}),
            cache,
        )

    return run


@pytest.fixture(scope="session")
def cap_of() -> Callable[..., Target]:
    """A cap of the year 2025 on the small series; keyword arguments replace any field."""
    from employment_forecast.data.targets.target import Target

    def make(value: float | None = 10_400.0, **fields: Any) -> Target:
        given: dict[str, Any] = {
            "region": "310114",
            "indicator": "registered_unemployed",
            "tier": "municipal",
            "direction": "cap",
            "basis": "any_month",
            "qualifier": "以内",
            "period": "2025",
            "unit": "人",
            "announced_on": date(2025, 1, 8),
            "announced_estimated": False,
            "source": "测试文件",
        }
        return Target(**{**given, **fields}, value=value)

    return make
