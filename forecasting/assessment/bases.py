"""Ways of assessing a target (考核方式): one table that every assessment, line and event reads.

A basis says which functional of the period is held against the figure: every month by itself, the
last month alone, the mean, or the sum. Everything else follows from that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from employment_forecast.data.targets import BASES as WORDS
from employment_forecast.data.targets import Target

Functional = Literal["each", "last", "mean", "sum"]
Probability = Literal["p_any", "p_end", "p_average", "p_above"]


@dataclass(frozen=True)
class Basis:
    """One way of assessing a target.

    Attributes
    ----------
    code : str
        As targets name it.
    words : str
        Chinese: 各月.
    functional : {"each", "last", "mean", "sum"}
        What of the period is held against the figure.
    probability : {"p_any", "p_end", "p_average", "p_above"}
        The probability that says whether a cap is broken in the way it is assessed.
    event : str
        What a warning line of such a cap warns of, in Chinese; empty where there are no lines.
    """

    code: str
    words: str
    functional: Functional
    probability: Probability
    event: str = ""

    @property
    def by_month(self) -> bool:
        """Whether single months are held against the figure: all of the period, or its last."""
        return self.functional in ("each", "last")

    @property
    def limits(self) -> bool:
        """Whether a cap on it is assessed by its breach; one on a total is assessed as a total."""
        return self.functional != "sum"

    def first_counted(self, target: Target) -> pd.Period:
        """First month of the target's period that counts towards the functional."""
        return target.last_month if self.functional == "last" else target.first_month


_TABLE = (
    Basis("any_month", WORDS["any_month"], "each", "p_any", "自该月起，考核期内有任一月高于控制数"),
    Basis("period_end", WORDS["period_end"], "last", "p_end", "考核期末月高于控制数"),
    Basis("period_total", WORDS["period_total"], "sum", "p_above"),
    Basis("period_average", WORDS["period_average"], "mean", "p_average", "全年平均高于控制数"),
    Basis("point", WORDS["point"], "each", "p_any", "当月高于控制数"),
)
BASES: Mapping[str, Basis] = {basis.code: basis for basis in _TABLE}


def basis_of(target: Target) -> Basis:
    """How a target is assessed."""
    return BASES[target.basis]
