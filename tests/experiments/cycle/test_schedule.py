from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from employment_forecast.experiments.cycle.schedule import (
    crontab_line,
    systemd_service,
    systemd_timer,
)

PLAIN = Path("/opt/forecast/bin/forecast")
ODD = Path("/srv/就业 数据/a%b'c")


def test_crontab_line() -> None:
    assert crontab_line(PLAIN, Path("/srv/w"), 6, 5) == (
        "5 6 * * * FORECAST_HOME=/srv/w /opt/forecast/bin/forecast monthly --quiet"
    )


def test_odd_paths_survive_cron_and_the_shell() -> None:
    line = crontab_line(PLAIN, ODD, 6, 5)
    shell = line.split(" ", 5)[5].replace(r"\%", "%")
    assert "%" not in line.replace(r"\%", "")
    assert shlex.split(shell)[0] == f"FORECAST_HOME={ODD}"


@pytest.mark.skipif(os.name == "nt", reason="sh")
def test_the_line_runs_as_cron_runs_it(tmp_path: Path) -> None:
    """Cron takes five fields, makes of `\\%` a `%`, and gives the rest to /bin/sh."""
    program = tmp_path / "b%i n" / "forecast"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nprintf "%s|%s" "$FORECAST_HOME" "$*"\n')
    program.chmod(0o755)
    home = tmp_path / "就业 数据" / "a%b'c$d"
    line = crontab_line(program, home, 6, 5)
    minute, hour, *days, command = line.split(" ", 5)
    assert (minute, hour, days) == ("5", "6", ["*", "*", "*"])
    assert not re.search(r"(?<!\\)%", command)
    done = subprocess.run(
        ["/bin/sh", "-c", command.replace("\\%", "%")],
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"{home}|monthly --quiet"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="没有 systemd-analyze")
@pytest.mark.parametrize("home", [Path("/srv/w"), ODD])
def test_systemd_takes_the_units(tmp_path: Path, home: Path) -> None:
    (tmp_path / "forecast-monthly.service").write_text(systemd_service(Path("/bin/true"), home))
    (tmp_path / "forecast-monthly.timer").write_text(systemd_timer(6, 5))
    done = subprocess.run(
        ["systemd-analyze", "verify", str(tmp_path / "forecast-monthly.timer")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_systemd_units() -> None:
    service = systemd_service(PLAIN, ODD)
    assert 'Environment="FORECAST_HOME=/srv/就业 数据/a%%b\'c"' in service
    assert 'ExecStart="/opt/forecast/bin/forecast" monthly --quiet' in service
    assert "OnCalendar=*-*-* 06:05:00" in systemd_timer(6, 5)
