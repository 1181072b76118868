"""Which indicator a region is forecast by: demonstration data give way to real figures."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from employment_forecast.data.records import Observation
from employment_forecast.data.workspace import Session, Workspace
from employment_forecast.data.workspace.settings import parse_settings

COUNT, RATE = "registered_unemployed", "registered_unemployment_rate"
OWN = """
[[regions]]
code = "310114999"
name = "示例街道"
parent = "310114"
default_indicator = "new_jobs"

[[regions]]
code = "420115001"
name = "东街道"
parent = "420115"

[[regions]]
code = "420115002"
name = "西街道"
parent = "420115"

[[regions]]
code = "310104001"
name = "零工街道"
parent = "310104"
default_indicator = "gig_stock"

[[indicators]]
code = "gig_stock"
name = "零工期末人数"
kind = "stock"
unit = "人"
transform = "log"
aggregation = "sum"
reporting = "monthly"
lag_days = 5
precision = 1.0
"""


@pytest.fixture
def session(tmp_path: Path, databases: Path) -> Iterator[Session]:
    """The demonstration data, and some regions and an indicator of an office's own."""
    shutil.copytree(databases, tmp_path / "工作区")
    opened = Session(Workspace(tmp_path / "工作区"), parse_settings(OWN, Path("forecast.toml")))
    yield opened
    opened.store.close()


@pytest.fixture
def bring(session: Session) -> Callable[..., int]:
    """Bring one real figure of each (region, indicator) into the store."""

    def call(*series: tuple[str, str]) -> int:
        rows = [
            Observation(session.catalogue.region(region).code, indicator, pd.Period("2026-09", "M"),
                        3.0, None, "测试")
            for region, indicator in series
        ]  # fmt: skip
        return session.store.append(rows, session.catalogue, command="测试")

    return call


def default(session: Session, region: str) -> str:
    return session.default_indicator(session.catalogue.region(region)).code


def test_without_real_figures_the_catalogue_decides(session: Session) -> None:
    assert default(session, "江夏") == default(session, "舟山") == RATE
    assert default(session, "嘉定") == default(session, "浙江省") == COUNT
    assert default(session, "全国") == "surveyed_unemployment_rate"


@pytest.mark.parametrize(
    ("brought", "chosen"),
    [
        ([COUNT, RATE], RATE),
        (["surveyed_unemployment_rate", COUNT], COUNT),
        pytest.param([COUNT], COUNT, marks=pytest.mark.soak),
        pytest.param([RATE], RATE, marks=pytest.mark.soak),
        pytest.param(
            ["surveyed_unemployment_rate"], "surveyed_unemployment_rate", marks=pytest.mark.soak
        ),
        pytest.param(["gig_stock"], "gig_stock", marks=pytest.mark.soak),
        # A region of the office is forecast by the first of these; that makes it no stand-in.
        (["new_jobs"], RATE),
        (["job_openings", "employed_at_period_end"], RATE),
    ],
)
def test_demonstration_data_give_way_to_what_regions_are_forecast_by(
    session: Session, bring: Callable[..., int], brought: list[str], chosen: str
) -> None:
    bring(*(("江夏", indicator) for indicator in brought))
    assert default(session, "江夏") == chosen
    assert default(session, "舟山") == RATE


def test_it_comes_back_when_the_figures_are_withdrawn(
    session: Session, bring: Callable[..., int]
) -> None:
    batch = bring(("江夏", COUNT))
    assert default(session, "江夏") == COUNT
    session.store.withdraw(batch)
    assert default(session, "江夏") == RATE


def test_regions_and_indicators_of_the_office(session: Session, bring: Callable[..., int]) -> None:
    assert default(session, "示例街道") == "new_jobs"
    bring(("示例街道", COUNT), ("东街道", RATE))
    assert default(session, "示例街道") == COUNT
    assert default(session, "东街道") == RATE
    bring(("示例街道", "new_jobs"))
    assert default(session, "示例街道") == "new_jobs"


def test_a_whole_goes_by_the_sums_of_its_parts(session: Session, bring: Callable[..., int]) -> None:
    bring(("东街道", COUNT), ("西街道", COUNT))
    assert default(session, "江夏") == COUNT
