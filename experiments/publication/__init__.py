"""Published results of the champion: feed, warning levels, issued warnings."""

from employment_forecast.experiments.publication.baseline import (
    published_baseline,
    published_forecast,
)
from employment_forecast.experiments.publication.feed import (
    build_feed,
    feed_document,
    outdate,
    publish_feed,
    republish,
)
from employment_forecast.experiments.publication.issued_warnings import (
    issue_warnings,
    settle_outcomes,
)
from employment_forecast.experiments.publication.publishing import failure, mark_failed, publish

__all__ = [
    "build_feed",
    "failure",
    "feed_document",
    "republish",
    "issue_warnings",
    "mark_failed",
    "outdate",
    "publish",
    "publish_feed",
    "published_baseline",
    "published_forecast",
    "settle_outcomes",
]
