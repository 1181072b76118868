from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from employment_forecast.data.errors import EXIT_OK, EXIT_REFUSED

Forecast = Callable[..., Any]


def test_doctor_tells_people_and_machines_the_same(forecast: Forecast) -> None:
    told = forecast("doctor", "--json")
    assert told.code == (EXIT_REFUSED if told.json["state"] == "fail" else EXIT_OK)
    shown = forecast("doctor")
    assert shown.code == told.code
    for check in told.json["checks"]:
        assert check["label"] in shown.out
    states = {c["check"]: c["state"] for c in told.json["checks"]}
    assert states["clock"] == "warn"  # the tests fix the day


def test_doctor_fails_on_unusable_settings(forecast: Forecast, home: Path) -> None:
    home.mkdir(parents=True)
    (home / "forecast.toml").write_text("[run]\nhorizont = 3\n", "utf-8")
    done = forecast("doctor", "--json")
    assert done.code == EXIT_REFUSED
    assert {c["state"] for c in done.json["checks"] if c["check"] == "settings"} == {"fail"}
