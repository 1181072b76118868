"""Lines for cron and systemd that start the monthly cycle every day.

Every day, because a cycle without new data changes nothing: late files are then taken in on the day
they arrive, whatever the calendar of publications.
"""

from __future__ import annotations

import shlex
from pathlib import Path


def crontab_line(command: Path, home: Path, hour: int, minute: int) -> str:
    """One line for `crontab -e`.

    Parameters
    ----------
    command : pathlib.Path
        The installed `forecast`.
    home : pathlib.Path
        The workspace.
    hour, minute : int
        Time of day on the machine's clock.
    """
    # In a crontab an unescaped % ends the command.
    program, folder = (shlex.quote(str(p)).replace("%", r"\%") for p in (command, home))
    return f"{minute} {hour} * * * FORECAST_HOME={folder} {program} monthly --quiet"


def systemd_service(command: Path, home: Path) -> str:
    """Unit file `forecast-monthly.service`."""
    return "\n".join(
        [
            "[Unit]",
            "Description=就业失业预测月度作业",
            "",
            "[Service]",
            "Type=oneshot",
            f"Environment={_quoted(f'FORECAST_HOME={home}')}",
            f"ExecStart={_quoted(str(command))} monthly --quiet",
            # Another cycle at work is no failure; what needs attention (12) is, so that it is seen.
            "SuccessExitStatus=10",
            "Nice=10",
            "",
        ]
    )


def systemd_timer(hour: int, minute: int) -> str:
    """Unit file `forecast-monthly.timer`; a missed start is made up for after a power cut."""
    return "\n".join(
        [
            "[Unit]",
            "Description=每天启动就业失业预测月度作业",
            "",
            "[Timer]",
            f"OnCalendar=*-*-* {hour:02d}:{minute:02d}:00",
            "Persistent=true",
            "",
            "[Install]",
            "WantedBy=timers.target",
            "",
        ]
    )


def _quoted(text: str) -> str:
    """Text as one word of a unit file: % begins a specifier there, and $ a variable."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'
