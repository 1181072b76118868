"""The page (看板) of a workspace: gathered from store, champion and feed, written whole."""

from employment_forecast.experiments.site.publishing import (
    SITE_FOLDER,
    mark_page,
    renew_site,
    write_overview,
    write_site,
)

__all__ = ["SITE_FOLDER", "mark_page", "renew_site", "write_overview", "write_site"]
