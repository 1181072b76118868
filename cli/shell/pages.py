"""Bring the pages of a workspace up to date after a command has changed what they show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from employment_forecast.cli.shell.session import notice

if TYPE_CHECKING:
    from employment_forecast.data.catalogue import Series
    from employment_forecast.data.workspace import Session
    from employment_forecast.experiments.tracking import Tracker


def renew_pages(session: Session, tracker: Tracker, series: Series) -> None:
    """Renew a series' page where there is a site; what was recorded stands even if that fails."""
    from employment_forecast.data.errors import ForecastError
    from employment_forecast.experiments.site import renew_site

    try:
        trouble = renew_site(session, tracker, [series])
    except ForecastError as error:
        trouble = [str(error)]
    for line in trouble:
        notice(f"警告：看板没有更新：{line}")
