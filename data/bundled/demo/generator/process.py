"""Random and calendar movements of the demonstration series.

Only `random.Random.random` is drawn from, whose sequence Python guarantees, and normal numbers
come from it by inversion: the same files result on every machine and version.
"""

from __future__ import annotations

import math
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from random import Random
from statistics import NormalDist

import holidays

Month = tuple[int, int]

# Shape over the year of the unemployed, +1 to -1: March after the festival, August after the
# graduations, low before the summer.
UNEMPLOYED_SHAPE = (0.1, 0.2, 0.3, -0.2, -0.6, -0.7, 0.5, 0.8, 0.0, -0.3, -0.2, 0.1)
# Share of the year's new jobs in each month: early months carry most, as in the national figures.
JOBS_SHAPE = (5.0, 6.5, 11.7, 10.8, 10.6, 10.4, 9.8, 8.8, 8.8, 6.9, 5.8, 4.9)

STANDARD_NORMAL = NormalDist()

LEVEL_SD, LEVEL_MEMORY = 0.011, 0.96
CYCLE_SD, CYCLE_DAMPING, CYCLE_MONTHS = 0.0016, 0.97, 58
NOISE_SD = 0.0025
BEFORE_FESTIVAL, AFTER_FESTIVAL = -0.010, 0.018
JOBS_FESTIVAL, JOBS_SD = -0.30, 0.06


def months_between(first: Month, last: Month) -> list[Month]:
    """Consecutive (year, month) pairs, both ends included."""
    start, end = first[0] * 12 + first[1] - 1, last[0] * 12 + last[1] - 1
    return [(k // 12, k % 12 + 1) for k in range(start, end + 1)]


def normal(rng: Random) -> float:
    """One standard normal number."""
    return STANDARD_NORMAL.inv_cdf(max(rng.random(), 2.0**-53))


@cache
def festival(year: int) -> date:
    """Day of 春节 (正月初一)."""
    days = holidays.country_holidays("CN", years=year, language="zh_CN")
    first: date = min(day for day, name in days.items() if name == "春节")
    return first


@cache
def festival_share(month: Month, first: int, last: int) -> float:
    """Share of the days `first`..`last` around the festival (day 0) that lie in a month."""
    days = [festival(month[0]) + timedelta(days=k) for k in range(first, last + 1)]
    return sum((d.year, d.month) == month for d in days) / len(days)


def piecewise(knots: tuple[tuple[int, int, float], ...], month: Month) -> float:
    """Straight lines between (year, month, value) knots, level beyond the ends."""
    at = month[0] * 12 + month[1]
    points = [(y * 12 + m, v) for y, m, v in knots]
    for (left, low), (right, high) in pairwise(points):
        if left <= at <= right:
            return low + (high - low) * (at - left) / (right - left)
    return points[0][1] if at < points[0][0] else points[-1][1]


def shock(month: Month, onset: Month, rise: int, half_life: float) -> float:
    """Profile of an event: straight up to 1 in `rise` months, then halved every `half_life`."""
    age = (month[0] - onset[0]) * 12 + month[1] - onset[1] + 1
    if age <= 0:
        return 0.0
    return age / rise if age <= rise else 0.5 ** ((age - rise) / half_life)


def seasonal(months: list[Month], amplitude: float, rng: Random) -> list[float]:
    """Seasonal and festival part of the log number of unemployed, changing a little by year."""
    half_range = (max(UNEMPLOYED_SHAPE) - min(UNEMPLOYED_SHAPE)) / 2
    strength, size = {}, 1.0
    for year in sorted({y for y, _ in months}):
        size += 0.04 * normal(rng)
        strength[year] = size
    return [
        amplitude * strength[m[0]] * UNEMPLOYED_SHAPE[m[1] - 1] / half_range
        + BEFORE_FESTIVAL * festival_share(m, -7, -1)
        + AFTER_FESTIVAL * festival_share(m, 8, 21)
        for m in months
    ]


def disturbances(count: int, rng: Random) -> list[float]:
    """Stochastic part of the log number of unemployed.

    A slowly forgotten level (AR(1)), a damped stochastic cycle of about five years (AR(2) with
    complex roots) and white noise.
    """
    turn = 2 * CYCLE_DAMPING * math.cos(2 * math.pi / CYCLE_MONTHS)
    level = cycle = before = 0.0
    # A stretch that is thrown away lets the start forget its zero.
    burn = 120
    values = []
    for step in range(burn + count):
        level = LEVEL_MEMORY * level + LEVEL_SD * normal(rng)
        cycle, before = turn * cycle - CYCLE_DAMPING**2 * before + CYCLE_SD * normal(rng), cycle
        if step >= burn:
            values.append(level + cycle + NOISE_SD * normal(rng))
    return values


def apportion(total: int, weights: list[float]) -> list[int]:
    """Whole numbers in proportion to weights whose sum is exactly `total`."""
    whole, shares = sum(weights), []
    passed, given = 0.0, 0
    for weight in weights:
        passed += weight
        shares.append(round(total * passed / whole) - given)
        given += shares[-1]
    return shares


def jobs_weights(year: int, rng: Random) -> list[float]:
    """How a year's new jobs fall on its months."""
    weights = []
    for month in range(1, 13):
        pandemic = 0.55 * shock((year, month), (2020, 2), 1, 1.5) + 0.25 * shock(
            (year, month), (2022, 4), 1, 1.5
        )
        log_factor = JOBS_FESTIVAL * festival_share((year, month), -7, 7) + JOBS_SD * normal(rng)
        weights.append(JOBS_SHAPE[month - 1] * math.exp(log_factor) * (1 - pandemic))
    return weights
