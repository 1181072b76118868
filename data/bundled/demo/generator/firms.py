"""Sixty demonstration firms (失业动态监测), month by month.

Firms enter and leave, one closes, reports are missing, late or corrected; one firm lays off many
people and one small firm loses far more than usual. Every figure is generated.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from random import Random

from employment_forecast.data.bundled.demo.generator import process
from employment_forecast.data.bundled.demo.generator.market import yearly_change_ahead
from employment_forecast.data.bundled.demo.generator.process import Month

HEADER = (
    "region,firm,month,base,hires,separations,end,dispatched,hidden,types,causes,"
    "industry,sector,ownership,size,street,published_on,source"
)
COUNT = 60
FIRST = (2021, 1)
# Size class: number of firms, fewest and most people at the start.
SIZES = (
    ("大型", 4, 600, 1_900),
    ("中型", 14, 120, 480),
    ("小型", 28, 25, 110),
    ("微型", 14, 6, 19),
)
INDUSTRIES = (
    ("制造业", "第二产业", 22),
    ("批发和零售业", "第三产业", 9),
    ("交通运输、仓储和邮政业", "第三产业", 7),
    ("信息传输、软件和信息技术服务业", "第三产业", 6),
    ("租赁和商务服务业", "第三产业", 6),
    ("建筑业", "第二产业", 5),
    ("住宿和餐饮业", "第三产业", 5),
)
OWNERSHIPS = ("民营企业", "民营企业", "民营企业", "外商投资企业", "国有企业", "港澳台商投资企业")
STREETS = ("安亭镇", "江桥镇", "南翔镇", "马陆镇", "外冈镇", "徐行镇", "新成路街道", "菊园新区")
TURNOVER = 0.021
HIRES_SHAPE = (0.70, 1.10, 1.60, 1.15, 1.00, 0.95, 1.10, 1.00, 1.05, 0.95, 0.80, 0.60)
SEPARATIONS_SHAPE = (1.15, 1.20, 1.35, 1.00, 0.90, 0.95, 1.00, 1.00, 0.95, 0.90, 0.90, 0.90)
# Chances of a separation's type, adding up to 1.
TYPES = (
    ("employee", 0.60),
    ("contract_end", 0.22),
    ("retirement", 0.08),
    ("employer", 0.06),
    ("other", 0.04),
)
HARDSHIP_CAUSES = ("hardship", "restructuring", "technology")
MISSING_SHARE, LATE_SHARE, CORRECTED_SHARE = 0.018, 0.01, 0.006
# Firm number, month, people: a layoff by the employer, and departures out of proportion.
LAYOFF = (6, (2026, 7), 58)
ABNORMAL = (30, (2026, 10), 13)
CLOSING = (23, (2024, 9))
ENTRIES = {9: (2022, 3), 27: (2021, 9), 38: (2023, 6), 45: (2024, 1), 52: (2022, 10), 58: (2025, 4)}
EXITS = {14: (2023, 12), 34: (2022, 6), 49: (2025, 2), 55: (2024, 5)}


@dataclass(frozen=True)
class Firm:
    """What does not change about a firm."""

    number: int
    size: str
    people: int
    industry: str
    sector: str
    ownership: str
    street: str
    dispatched: float

    @property
    def code(self) -> str:
        """Code in the panel."""
        return f"JD{self.number + 1:03d}"

    @property
    def traits(self) -> tuple[str, ...]:
        """Columns that describe the firm."""
        return self.industry, self.sector, self.ownership, self.size, self.street


def poisson(mean: float, rng: Random) -> int:
    """A count with a given mean, by inversion of one uniform number."""
    uniform, count = rng.random(), 0
    chance = passed = math.exp(-mean)
    while uniform > passed and count < 10 * mean + 50:
        count += 1
        chance *= mean / count
        passed += chance
    return count


def _pick(options: tuple[str, ...], rng: Random) -> str:
    return options[int(rng.random() * len(options))]


def firms(rng: Random) -> list[Firm]:
    """The sixty firms, largest first."""
    industries = [(name, sector) for name, sector, count in INDUSTRIES for _ in range(count)]
    made: list[Firm] = []
    for size, count, fewest, most in SIZES:
        for _ in range(count):
            people = round(fewest * (most / fewest) ** rng.random())
            industry, sector = industries.pop(int(rng.random() * len(industries)))
            share = 0.05 + 0.2 * rng.random() if people >= 100 and rng.random() < 0.6 else 0.0
            traits = _pick(OWNERSHIPS, rng), _pick(STREETS, rng)
            made.append(Firm(len(made), size, people, industry, sector, *traits, share))
    return made


def _by_type(count: int, laid_off: int, rng: Random) -> dict[str, int]:
    counts: dict[str, int] = {"employer": laid_off} if laid_off else {}
    for _ in range(count - laid_off):
        draw, passed = rng.random(), 0.0
        for name, chance in TYPES:
            passed += chance
            if draw < passed or name == TYPES[-1][0]:
                counts[name] = counts.get(name, 0) + 1
                break
    return counts


def _by_cause(types: Mapping[str, int], cause: str) -> dict[str, int]:
    laid_off = types.get("employer", 0)
    rest = sum(types.values()) - laid_off
    return {k: v for k, v in ((cause, laid_off), ("other", rest)) if v}


def _joined(parts: Mapping[str, int]) -> str:
    return ";".join(f"{name}:{count}" for name, count in sorted(parts.items()))


def _reported(firm: Firm, month: Month, chance: float) -> bool:
    special = {(LAYOFF[0], LAYOFF[1]), (ABNORMAL[0], ABNORMAL[1]), CLOSING}
    return (firm.number, month) in special or chance >= MISSING_SHARE


def _history(
    firm: Firm,
    months: list[Month],
    change: Mapping[Month, float],
    days: Mapping[Month, date],
    rng: Random,
) -> Iterator[tuple[str, ...]]:
    people = firm.people
    entered, left = ENTRIES.get(firm.number, FIRST), EXITS.get(firm.number, months[-1])
    for at, month in enumerate(months):
        pressure = 2.5 * change[month]
        burst = math.exp(0.3 * process.normal(rng) - 0.045)
        turnover = TURNOVER * (1.25 if firm.size in ("小型", "微型") else 1.0) * people
        hires = poisson(turnover * HIRES_SHAPE[month[1] - 1] * math.exp(-pressure), rng)
        leaving = turnover * SEPARATIONS_SHAPE[month[1] - 1] * math.exp(pressure) * burst
        # A micro firm does not melt away: the last five people stay.
        separations = min(poisson(leaving, rng), max(people - 5, 0))
        laid_off, cause = 0, _pick(HARDSHIP_CAUSES, rng)
        if (firm.number, month) == LAYOFF[:2]:
            laid_off, cause = LAYOFF[2], "restructuring"
        if (firm.number, month) == CLOSING:
            hires, separations, laid_off, cause = 0, 0, people, "closure"
        if (firm.number, month) == ABNORMAL[:2]:
            separations = ABNORMAL[2]
        separations += laid_off
        types = _by_type(separations, laid_off, rng)
        end = people + hires - separations
        idle = 0.004 + 0.05 * process.shock(month, (2022, 4), 1, 1.0)
        if firm.number == LAYOFF[0]:
            idle += 0.06 * process.shock(month, (2026, 5), 2, 1.0)
        hidden = min(poisson(idle * end, rng), end)
        chances = [rng.random() for _ in range(3)]
        if entered <= month <= left and _reported(firm, month, chances[0]):
            # A late report comes in with the month after's, a correction two months later.
            late = at + (chances[1] < LATE_SHARE)
            day = days[months[min(late, len(months) - 1)]]
            parts = _joined(types), _joined(_by_cause(types, cause))
            rest = (f"{round(end * firm.dispatched)}", f"{hidden}", *parts, *firm.traits)
            numbers = (people, hires, separations, end)
            corrected = at + 2 < len(months) and chances[2] < CORRECTED_SHARE
            if corrected and hires:
                draft = (people, hires - 1, separations, end - 1)
                yield _line(firm, month, draft, rest, day)
                day = days[months[at + 2]]
            yield _line(firm, month, numbers, rest, day)
        people = end
        if (firm.number, month) == CLOSING:
            return


def _line(
    firm: Firm, month: Month, numbers: tuple[int, ...], rest: tuple[str, ...], day: date
) -> tuple[str, ...]:
    year, number = month
    counts = (f"{n}" for n in numbers)
    return firm.code, f"{year}-{number:02d}", *counts, *rest, day.isoformat()


def panel(
    region: str,
    months: list[Month],
    unemployed: list[int],
    days: Mapping[Month, date],
    source: str,
    rng: Random,
) -> str:
    """The panel as CSV."""
    change = {month: yearly_change_ahead(unemployed, at) for at, month in enumerate(months)}
    since = [month for month in months if month >= FIRST]
    rows = [row for firm in firms(rng) for row in _history(firm, since, change, days, rng)]
    return "\n".join([HEADER, *(",".join((region, *row, source)) for row in rows), ""])
