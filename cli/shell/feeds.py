"""What is published follows what a command has changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from employment_forecast.data.workspace import Session

CAPS_CHANGED = "控制数有变动，警戒线尚未重新推算"


def outdate(
    session: Session, series: Iterable[tuple[str, str]] | None = None, why: str = ""
) -> None:
    """Mark published warning lines that are overtaken; nothing heavy where none are published."""
    if any(session.workspace.thresholds.glob("*.json")):
        from employment_forecast.experiments.publication import outdate as mark

        mark(session, series, why)
