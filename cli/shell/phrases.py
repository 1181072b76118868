"""Sentences that several commands print."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def shock_line(row: Mapping[str, Any]) -> str:
    """A declared event and its estimated effect in one sentence."""
    if row["effect"] is None:
        return f"{row['phrase']}：与同月口径变化分不开，影响不单独给出"
    return (
        f"{row['phrase']}：当月影响 {row['effect']}"
        f"（80% 区间 {row['effect_low']} 至 {row['effect_high']}）"
    )
