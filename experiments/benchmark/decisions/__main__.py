"""`python -m employment_forecast.experiments.benchmark.decisions`: every rate, as Markdown."""

from __future__ import annotations

import argparse
import sys

from employment_forecast.experiments.benchmark.decisions import (
    calibration,
    chain,
    choice,
    gate,
    lines,
    rates,
    significance,
)

_PARTS = ("choice", "gate", "tests", "calibration", "lines", "chain", "blind")


def _part(name: str, runs: int) -> str:
    if name == "choice":
        rows = choice.regret(runs)
        names = ("law", "rule", "replaced", "promised", "true", "n")
        figures = rates.figures("Choice: what is promised and what is true", names, rows)
        return rates.table("Choice", choice.size_and_power(runs)) + figures
    if name == "gate":
        return rates.table("Gate", gate.all_rates(runs))
    if name == "tests":
        figures = rates.figures(
            "Tests: the error of a mean difference", significance.HEAD, significance.errors(runs)
        )
        return rates.table("Tests", significance.sizes(runs)) + figures
    if name == "chain":
        heads = ("law", "rule", "changed within a year", "true score after it", "n")
        figures = rates.figures("Chain: the model in force", heads, chain.regret(runs // 2))
        pooled = rates.table("Choice, evidence of several regions", chain.over_regions(runs // 4))
        return rates.table("Chain of choice and gate", chain.rates(runs // 2)) + figures + pooled
    if name == "blind":
        return rates.table("Blind confirmation", chain.blind(runs // 2))
    if name == "lines":
        return rates.figures("Lines", lines.HEAD, lines.rows(runs // 2))
    months = (f"month {h}" for h in calibration.SHOWN)
    head = ("law", "width", "regions", "shared", "rule", *months, "n")
    return rates.figures("Calibration: what 95 % intervals cover", head, calibration.rows(runs))


def main() -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(description="模拟选用、晋级检查、检验与校准的误差率。")
    parser.add_argument("--runs", type=int, default=400, help="每个比率的重复次数")
    parser.add_argument("--parts", nargs="*", choices=_PARTS, default=_PARTS, help="只算哪些")
    arguments = parser.parse_args()
    for name in arguments.parts:
        sys.stdout.write(_part(name, arguments.runs) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
