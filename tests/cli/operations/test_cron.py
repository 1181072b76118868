from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from employment_forecast.data.errors import EXIT_USAGE

Forecast = Callable[..., Any]


def test_cron_prints_lines_for_this_workspace(forecast: Forecast, home: Path) -> None:
    done = forecast("cron", "--at", "7:05")
    assert done.code == 0
    assert f"5 7 * * * FORECAST_HOME='{home}'" in done.out or f"FORECAST_HOME={home}" in done.out
    assert "OnCalendar=*-*-* 07:05:00" in done.out
    told = forecast("cron", "--json").json
    assert told["crontab"].startswith("30 6 * * * ")
    assert str(home) in told["service"]


def test_cron_refuses_what_is_no_time(forecast: Forecast) -> None:
    assert forecast("cron", "--at", "24:00").code == EXIT_USAGE
