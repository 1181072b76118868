"""Settings that tie a workspace to the world: a copy must not follow them unasked.

A backup restored on another machine would otherwise write into the bureau's database, register its
runs at the bureau's MLflow server, empty its inbox, send its mail and run its programs.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from employment_forecast.data.errors import SettingsError
from employment_forecast.data.workspace.settings import Settings, parse_settings

_CONNECTIONS = ("store.url", "mlflow.tracking_uri", "monthly.inbox", "notify.command", "smtp.",
                "bulletin.ofd_command", "compute.", "thresholds.signing_key")  # fmt: skip
MAIL_PASSWORD = "FORECAST_SMTP_PASSWORD"
# Variables that hold passwords, or addresses in which one may stand.
_SECRET_VARIABLES = (
    MAIL_PASSWORD,
    "PGPASSWORD",
    "MLFLOW_TRACKING_",
    "AWS_SECRET",
    "AWS_SESSION_TOKEN",
)
_SECTION = re.compile(r"\s*\[([A-Za-z0-9_.\"']+)\]\s*(#.*)?")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")


def connections(settings: Settings) -> list[str]:
    """Dotted names of what ties a workspace to databases, servers, folders and people."""
    plain = Settings()
    return [
        path
        for path, value in settings.values.items()
        if path.startswith(_CONNECTIONS) and value != plain[path]
    ]


def harmless_environment() -> dict[str, str]:
    """The environment without passwords of ours: hooks, converters and their children need none."""
    return {k: v for k, v in os.environ.items() if not k.startswith(_SECRET_VARIABLES)}


def without_connections(content: str, file: Path) -> str:
    """The text of a settings file with what ties it to the world commented out.

    Parameters
    ----------
    content : str
        Text of a valid settings file.
    file : pathlib.Path
        Its name in errors.

    Returns
    -------
    str

    Raises
    ------
    SettingsError
        If they cannot be told from the rest.
    """
    if not connections(parse_settings(content, file)):
        return content
    lines, section, inside = [], "", False
    for line in content.splitlines(keepends=True):
        header, key = _SECTION.fullmatch(line.rstrip("\r\n")), _KEY.match(line)
        if header is not None:
            section, inside = header[1], False
        elif key is not None:
            inside = f"{section}.{key[1]}".startswith(_CONNECTIONS)
        lines.append(f"# {line}" if inside and line.strip() else line)
    stripped = "".join(lines)
    if connections(parse_settings(stripped, file)):
        raise SettingsError(
            f"备份中的配置文件“{file.name}”写法特殊，分不出哪些是外部地址。",
            "请用 --connections 连同外部地址一起恢复，恢复后先核对 forecast.toml 再运行其他命令。",
        )
    return stripped
