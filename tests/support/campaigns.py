"""How long the campaigns of `make soak` are, and how many examples a test tries."""

from __future__ import annotations

import os

SOAK = float(os.environ.get("SOAK", "1"))


# Whoever runs `make soak` has all examples tried, whoever runs `make test` a third of them.
ALL_EXAMPLES = bool(os.environ.get("ALL_EXAMPLES"))


def examples(usual: int) -> int:
    """Number of examples that Hypothesis tries of a test."""
    return usual if ALL_EXAMPLES else max(3, usual // 3)


def tries(usual: int) -> int:
    """Number of tries of a campaign: `SOAK=0.25 make soak` takes a quarter of the usual ones."""
    return max(2, round(usual * SOAK))
