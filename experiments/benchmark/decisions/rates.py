"""Rates with their Monte Carlo intervals, and the table they are printed in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scipy.stats import binomtest


@dataclass(frozen=True)
class Rate:
    """How often something happened.

    Attributes
    ----------
    question : str
        What was counted.
    law : str
        On which districts.
    before, after : int or None
        Times it happened under the former and today's rule; None where a rule has no say.
    runs : int
        Times it could have.
    """

    question: str
    law: str
    before: int | None
    after: int | None
    runs: int

    def share(self, after: bool = True) -> float:
        """Share of the runs."""
        count = self.after if after else self.before
        return float("nan") if count is None else count / self.runs


def interval(count: int | None, runs: int) -> str:
    """A share with its 95 % interval (Wilson), in percent."""
    if count is None:
        return "–"
    bounds = binomtest(count, runs).proportion_ci(method="wilson")
    return f"{count / runs:.1%} [{bounds.low:.1%}, {bounds.high:.1%}]".replace("%", " %")


def table(title: str, rates: Iterable[Rate]) -> str:
    """Markdown."""
    rows = [
        f"| {r.question} | {r.law} | {interval(r.before, r.runs)} | {interval(r.after, r.runs)} "
        f"| {r.runs} |"
        for r in rates
    ]
    head = ["| | law | before | after | n |", "|---|---|---|---|---|"]
    return "\n".join([f"## {title}", *head, *rows, ""])


def figures(title: str, names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Markdown of other figures."""
    head = "| " + " | ".join(names) + " |"
    body = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([f"## {title}", head, "|" + "---|" * len(names), *body, ""])
