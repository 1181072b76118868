"""Demonstration flows through the register, the labour market and groups of the unemployed.

Whole numbers that obey the identities of real ones: stock change = newly registered - re-employed
- exited, ratio = openings / seekers, a group is never larger than everybody.
"""

from __future__ import annotations

import math
from random import Random

from employment_forecast.data.bundled.demo.generator import process
from employment_forecast.data.bundled.demo.generator.process import Month

INFLOW, REEMPLOYED, EXITED = (
    "registered_inflow",
    "registered_reemployed",
    "registered_exited",
)
OPENINGS, SEEKERS, RATIO = "job_openings", "job_seekers", "openings_to_seekers"

OUTFLOW_RATE, EXITED_SHARE = 0.145, 0.24
# Of January to December: people find work after the festival and after the summer.
OUTFLOW_SHAPE = (0.80, 0.72, 1.25, 1.22, 1.10, 1.04, 0.94, 0.95, 1.14, 1.00, 0.96, 0.88)
SEEKERS_SHAPE = (0.70, 0.95, 1.45, 1.15, 0.98, 0.98, 1.08, 1.02, 1.02, 0.95, 0.88, 0.84)
SEEKERS_SHARE = 0.62
# The market turns before the register does, by so many months.
LEAD = 2
RATIO_LEVEL, RATIO_SLOPE = 1.28, 1.6

# Share of the unemployed, extra share in July to October, how much of a rise falls on the group.
GROUPS: dict[str, tuple[float, float, float]] = {
    "hard_to_place": (0.215, 0.0, -0.4),
    "graduates": (0.060, 0.045, 0.5),
    "youth": (0.235, 0.035, 0.4),
    "long_term": (0.175, 0.0, -0.8),
}
GRADUATE_MONTHS = (7, 8, 9, 10)


def yearly_change_ahead(unemployed: list[int], at: int, lead: int = LEAD) -> float:
    """Log change over a year of the number of unemployed some months later, 0 in the first year."""
    later = min(at + lead, len(unemployed) - 1)
    if later < 12:
        return 0.0
    return math.log(unemployed[later] / unemployed[later - 12])


def register_flows(months: list[Month], unemployed: list[int], rng: Random) -> dict[str, list[int]]:
    """Monthly flows whose balance is the change of the stock."""
    flows: dict[str, list[int]] = {INFLOW: [], REEMPLOYED: [], EXITED: []}
    before = unemployed[0]
    for month, stock in zip(months, unemployed, strict=True):
        rate = OUTFLOW_RATE * OUTFLOW_SHAPE[month[1] - 1] * math.exp(0.05 * process.normal(rng))
        rate *= 1 - 0.35 * process.shock(month, (2020, 2), 1, 2.0)
        rate *= 1 - 0.30 * process.shock(month, (2022, 4), 1, 1.5)
        outflow = round(before * rate)
        exited = round(outflow * EXITED_SHARE * math.exp(0.08 * process.normal(rng)))
        inflow = stock - before + outflow
        if min(inflow, outflow - exited) <= 0:
            raise RuntimeError(f"no flows can carry the stock to {stock} in {month}")
        flows[INFLOW].append(inflow)
        flows[REEMPLOYED].append(outflow - exited)
        flows[EXITED].append(exited)
        before = stock
    return flows


def market(months: list[Month], unemployed: list[int], rng: Random) -> dict[str, list[str]]:
    """Openings, seekers and their ratio, as printed; the ratio turns before the register does."""
    table: dict[str, list[str]] = {OPENINGS: [], SEEKERS: [], RATIO: []}
    for at, month in enumerate(months):
        change = yearly_change_ahead(unemployed, at)
        seekers = unemployed[at] * SEEKERS_SHARE * SEEKERS_SHAPE[month[1] - 1]
        seekers = round(seekers * math.exp(0.04 * process.normal(rng)))
        ratio = RATIO_LEVEL * math.exp(-RATIO_SLOPE * change + 0.025 * process.normal(rng))
        openings = round(seekers * ratio)
        table[OPENINGS].append(f"{openings}")
        table[SEEKERS].append(f"{seekers}")
        table[RATIO].append(f"{openings / seekers:.2f}")
    return table


def groups(months: list[Month], unemployed: list[int], rng: Random) -> dict[str, list[int]]:
    """Unemployed of each group of `GROUPS`; groups overlap."""
    table: dict[str, list[int]] = {}
    for name, (share, summer, slope) in GROUPS.items():
        drift, counts = 0.0, []
        for at, (month, total) in enumerate(zip(months, unemployed, strict=True)):
            drift = 0.94 * drift + 0.012 * process.normal(rng)
            # The long-term unemployed are those of a year ago: they lag a rise.
            change = yearly_change_ahead(unemployed, at, -12 if name == "long_term" else 0)
            season = summer if month[1] in GRADUATE_MONTHS else 0.0
            counts.append(round(total * (share + season) * math.exp(drift + slope * change)))
        table[name] = counts
    return table
