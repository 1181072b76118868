"""How long the campaigns of `make soak` are."""

from __future__ import annotations

import os

SOAK = float(os.environ.get("SOAK", "1"))


def tries(usual: int) -> int:
    """Number of tries of a campaign: `SOAK=0.25 make soak` takes a quarter of the usual ones."""
    return max(2, round(usual * SOAK))
