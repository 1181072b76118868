"""What an earlier release issued is read, composed and compared by this one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.paths import FIXTURES

from employment_forecast.data.store.bulletins import brought_up_to_date
from employment_forecast.forecasting.bulletin.text.changes import changed_facts
from employment_forecast.forecasting.bulletin.text.compose import compose

FOLDER = FIXTURES / "records"
FILES = sorted(FOLDER.glob("bulletin-*.json"))


def record(file: Path) -> dict[str, Any]:
    return brought_up_to_date(json.loads(file.read_text("utf-8")))


def test_there_is_one() -> None:
    assert FILES


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_an_earlier_record_is_composed(file: Path) -> None:
    bulletin = compose(record(file))
    told = {f.pointer: f.value for f in bulletin.facts}
    assert told["/series/registered_unemployed/value"] == 12452
    assert told["/month"] == "2026-09"


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_only_another_figure_is_a_correction(file: Path) -> None:
    old = record(file)
    issued = compose(old)
    assert changed_facts(issued, compose(record(file)), old, record(file)) == []
    revised = record(file)
    revised["series"]["registered_unemployed"]["value"] += 60
    changed = changed_facts(issued, compose(revised), old, revised)
    assert ("12452", "12512") in [(c["before"], c["after"]) for c in changed]
