"""Generator of the demonstration data (演示数据), run by `python -m` on this package.

It writes `observations.csv`, `groups.csv`, `firms.csv` and `caps.toml` beside itself, the same
bytes every time. The series hold what real ones hold: a change of definition, revisions, late
months, January new jobs that appear only with February, two shocks, and in 2026 one breach of a
cap. One district has flows, the labour market, groups and monitored firms as well. They prove
nothing about accuracy.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

from employment_forecast.data.bundled.demo.generator import firms, market, process
from employment_forecast.data.bundled.demo.generator.process import Month
from employment_forecast.data.bundled.demo.generator.profiles import (
    COUNT,
    FIRST_YEAR,
    JIADING,
    LAST_MONTH,
    LAST_YEAR,
    PROFILES,
    RATE,
    Profile,
)

SEED = 20261115
JOBS = "new_jobs"
CALIBRATED = "演示数据（生成；按公布值校准）"
ARBITRARY = "演示数据（生成；水平为任意设定）"
HEADER = "region,indicator,month,value,published_on,source"
GROUP_HEADER = "region,indicator,people,month,value,published_on,source"
# The district with everything.
DETAILED = JIADING

MONTHS = process.months_between((FIRST_YEAR, 1), LAST_MONTH)
# Nothing is published after this day, so that it can serve as a first day of use.
LAST_DAY = date(2026, 11, 12)
LATE_SHARE, REVISED_SHARE, REVISED_JOBS_SHARE = 0.025, 0.06, 0.05
FIRST_CAP_YEAR = 2019
# The 市 cap of this district and year was raised in mid-year, after the shock of that spring.
RAISED = ("310114", 2022, date(2022, 7, 15), 1.06)
MOST_ATTEMPTS = 20_000


@dataclass(frozen=True)
class Series:
    """Final monthly values of one district, aligned with `MONTHS`."""

    unemployed: list[int]
    rate: list[float]


def _rng(profile: Profile, purpose: str, attempt: int = 0) -> Random:
    return Random(f"{SEED}/{profile.code}/{purpose}/{attempt}")


def rate_of(unemployed: float, employed: float) -> float:
    """登记失业率 in %, to the printed digit."""
    return round(100 * unemployed / (employed + unemployed), 2)


def employed_path(profile: Profile) -> list[float]:
    """People in work: steady growth and a small random walk."""
    rng, level, path = _rng(profile, "employed"), math.log(profile.employed), []
    for _ in MONTHS:
        path.append(math.exp(level))
        level += math.log1p(profile.employed_growth) / 12 + 0.0008 * process.normal(rng)
    return path


def _pinned_count(profile: Profile, employed: list[float]) -> float:
    """Number of unemployed that the pin demands."""
    pin = profile.calibration.pin_value
    if profile.calibration.indicator == COUNT:
        return pin
    return employed[MONTHS.index(profile.calibration.pin_month)] * pin / (100 - pin)


def _draw(profile: Profile, employed: list[float], attempt: int) -> Series:
    rng = _rng(profile, "unemployed", attempt)
    random_part = process.disturbances(len(MONTHS), rng)
    season = process.seasonal(MONTHS, profile.amplitude, rng)
    logs = []
    for month, noise, wave in zip(MONTHS, random_part, season, strict=True):
        log = process.piecewise(profile.cycle, month) + noise + wave
        log += profile.shock_2020 * process.shock(month, (2020, 2), 4, 9)
        log += profile.shock_2022 * process.shock(month, (2022, 4), 2, 6)
        if profile.break_month and month >= profile.break_month:
            log += math.log(profile.break_factor)
        logs.append(log)
    at_pin = logs[MONTHS.index(profile.calibration.pin_month)]
    shift = math.log(_pinned_count(profile, employed)) - at_pin
    unemployed = [round(math.exp(log + shift)) for log in logs]
    return Series(unemployed, [rate_of(u, e) for u, e in zip(unemployed, employed, strict=True)])


def _below_ceilings(profile: Profile, month: Month, unemployed: int, rate: float) -> bool:
    value = unemployed if profile.calibration.indicator == COUNT else rate
    return all(
        value <= highest
        for first, last, highest in profile.calibration.ceilings
        if first <= month[0] <= last
    )


def _year(values: list[int] | list[float], year: int) -> list[float]:
    return [v for v, m in zip(values, MONTHS, strict=True) if m[0] == year]


def caps_2026(profile: Profile, series: Series) -> tuple[int, int]:
    """市 and 区 cap on the count for the current year."""
    highest, step = max(_year(series.unemployed, LAST_YEAR)), profile.cap_step
    city, district = (math.floor(highest * (1 + m) / step) * step for m in profile.margins)
    return city, district


def rate_caps_2026(series: Series) -> tuple[float, float]:
    """市 and 区 cap on the rate for the current year, in steps of 0.1 %."""
    tenths = math.ceil(round(10 * max(_year(series.rate, LAST_YEAR)), 1))
    return (tenths + 1) / 10, tenths / 10


def _instructive(profile: Profile, series: Series) -> bool:
    """Whether the current year leaves the caps undecided, but for the one breach that is wanted."""
    this_year, latest = _year(series.unemployed, LAST_YEAR), series.unemployed[-1]
    peaks = [max(_year(series.unemployed, LAST_YEAR - k)) for k in range(3)]
    if not all(0.92 < later / earlier < 1.1 for later, earlier in pairwise(peaks)):
        return False
    city, district = caps_2026(profile, series)
    breaches = [v > district for v in this_year]
    if min(profile.margins) < 0:
        return sum(breaches) == 1 and 0.972 * district < latest < 0.99 * district
    if any(breaches) or not 0.972 * district < latest < 0.998 * max(this_year):
        return False
    rate_near = series.rate[-1] > 0.965 * rate_caps_2026(series)[1]
    return city > district and (rate_near or not profile.steered_by_rate)


def draw_series(profile: Profile) -> Series:
    """First draw that meets the published figures of a district."""
    employed = employed_path(profile)
    for attempt in range(MOST_ATTEMPTS):
        series = _draw(profile, employed, attempt)
        rows = zip(MONTHS, series.unemployed, series.rate, strict=True)
        if all(_below_ceilings(profile, *row) for row in rows) and _instructive(profile, series):
            return series
    raise RuntimeError(f"no draw meets the profile of {profile.code}")


def draw_jobs(profile: Profile) -> dict[Month, int]:
    """New jobs since January by month; whole years, so the last one reaches beyond `MONTHS`."""
    rng, cumulative = _rng(profile, "jobs"), {}
    for span in profile.jobs:
        years = list(range(span.first, span.last + 1))
        weights = [
            (1 + span.growth) ** k
            * math.exp(0.015 * process.normal(rng))
            * (0.95 if year == 2020 else 1.0)
            for k, year in enumerate(years)
        ]
        for year, total in zip(years, process.apportion(span.total, weights), strict=True):
            so_far = 0
            for month, number in enumerate(
                process.apportion(total, process.jobs_weights(year, rng)), start=1
            ):
                so_far += number
                cumulative[year, month] = so_far
    return cumulative


def _weekday(day: date) -> date:
    """The day itself, or the Monday after a weekend."""
    return day if day.weekday() < 5 else day + timedelta(days=7 - day.weekday())


def publication_days(profile: Profile) -> dict[Month, date]:
    """Day each month was first published: the 8th to 12th of the next month, some much later."""
    rng, days, previous = _rng(profile, "published"), {}, date.min
    for at, (year, month) in enumerate(MONTHS):
        first = date(year + month // 12, month % 12 + 1, 8)
        usual = [d for d in (first + timedelta(days=k) for k in range(5)) if d.weekday() < 5]
        day = usual[int(rng.random() * len(usual))]
        delay, late = 20 + int(rng.random() * 19), rng.random() < LATE_SHARE
        if late and 12 <= at < len(MONTHS) - 3:
            day = _weekday(day + timedelta(days=delay))
        # A month is never out before the one it follows: then both appear together.
        days[year, month] = previous = max(day, previous)
    return days


def _row(
    profile: Profile, indicator: str, month: Month, value: str, day: date, source: str
) -> tuple[str, ...]:
    year, number = month
    return profile.code, indicator, f"{year}-{number:02d}", value, day.isoformat(), source


def _revised_on(published: date, rng: Random) -> date | None:
    day = _weekday(published + timedelta(days=25 + int(rng.random() * 36)))
    return day if day <= LAST_DAY else None


def unemployed_rows(profile: Profile, series: Series) -> Iterator[tuple[str, ...]]:
    """Rows of the count and of the rate, first publications and revisions."""
    rng, days = _rng(profile, "revisions"), publication_days(profile)
    calibration, employed = profile.calibration, employed_path(profile)
    for month, final, rate, working in zip(
        MONTHS, series.unemployed, series.rate, employed, strict=True
    ):
        first = final
        revised_on = _revised_on(days[month], rng)
        draft = round(final * math.exp(0.006 * process.normal(rng)))
        wanted = rng.random() < REVISED_SHARE and month != calibration.pin_month
        if (
            wanted
            and revised_on
            and _below_ceilings(profile, month, draft, rate_of(draft, working))
        ):
            first = draft
        for indicator, early, late in (
            (COUNT, f"{first}", f"{final}"),
            (RATE, f"{rate_of(first, working):.2f}", f"{rate:.2f}"),
        ):
            span = calibration.years if indicator == calibration.indicator else ()
            source = CALIBRATED if span and span[0] <= month[0] <= span[1] else ARBITRARY
            yield _row(profile, indicator, month, early, days[month], source)
            if revised_on and early != late:
                yield _row(profile, indicator, month, late, revised_on, source)


def jobs_rows(profile: Profile) -> Iterator[tuple[str, ...]]:
    """Rows of new jobs since January; January itself only where it is published on its own."""
    rng, days, final = _rng(profile, "job revisions"), publication_days(profile), draw_jobs(profile)
    published = {y for j in profile.jobs if j.published for y in range(j.first, j.last + 1)}
    for month in MONTHS:
        year, number = month
        revised_on = _revised_on(days[month], rng)
        cut, wanted = 0.003 + 0.009 * rng.random(), rng.random() < REVISED_JOBS_SHARE
        if number == 1 and (profile.january_from is None or year < profile.january_from):
            continue
        source = CALIBRATED if year in published else ARBITRARY
        early = round(final[month] * (1 - cut)) if wanted and revised_on else final[month]
        yield _row(profile, JOBS, month, f"{early}", days[month], source)
        if revised_on and early != final[month]:
            yield _row(profile, JOBS, month, f"{final[month]}", revised_on, source)


def market_rows(profile: Profile, series: Series) -> Iterator[tuple[str, ...]]:
    """Rows of the flows through the register and of the labour market, published once."""
    days = publication_days(profile)
    flows = market.register_flows(MONTHS, series.unemployed, _rng(profile, "flows"))
    table = {name: [f"{n}" for n in column] for name, column in flows.items()}
    table |= market.market(MONTHS, series.unemployed, _rng(profile, "market"))
    for indicator, column in table.items():
        for month, value in zip(MONTHS, column, strict=True):
            yield _row(profile, indicator, month, value, days[month], ARBITRARY)


def observations(drawn: dict[str, Series]) -> str:
    """The demonstration series as CSV; `drawn` by district code."""
    rows = []
    for profile in PROFILES:
        rows += [*unemployed_rows(profile, drawn[profile.code]), *jobs_rows(profile)]
    rows += market_rows(DETAILED, drawn[DETAILED.code])
    rows.sort(key=lambda r: r[:3] + r[4:5])
    return "\n".join([HEADER, *(",".join(row) for row in rows), ""])


def groups(drawn: dict[str, Series]) -> str:
    """Groups of the unemployed of one district as CSV."""
    days = publication_days(DETAILED)
    unemployed = drawn[DETAILED.code].unemployed
    table = market.groups(MONTHS, unemployed, _rng(DETAILED, "groups"))
    rows = []
    for people, counts in table.items():
        for month, count in zip(MONTHS, counts, strict=True):
            code, indicator, *rest = _row(
                DETAILED, COUNT, month, f"{count}", days[month], ARBITRARY
            )
            rows.append((code, indicator, people, *rest))
    return "\n".join([GROUP_HEADER, *(",".join(row) for row in rows), ""])


def firm_months(drawn: dict[str, Series]) -> str:
    """Monitored firms of one district as CSV."""
    return firms.panel(
        DETAILED.code,
        MONTHS,
        drawn[DETAILED.code].unemployed,
        publication_days(DETAILED),
        ARBITRARY,
        _rng(DETAILED, "firms"),
    )


def _cap(
    profile: Profile,
    indicator: str,
    year: int,
    tier: str,
    value: str,
    announced_on: date,
    note: str = "",
) -> str:
    period_end = indicator == RATE and tier == "district"
    lines = [
        "[[caps]]",
        f'region = "{profile.code}"',
        f'indicator = "{indicator}"',
        f'tier = "{tier}"',
        'direction = "cap"',
        f'basis = "{"period_end" if period_end else "any_month"}"',
        'qualifier = "以内"',
        f'period = "{year}"',
        f"value = {value}",
        f'unit = "{"%" if indicator == RATE else "人"}"',
        f"announced_on = {announced_on.isoformat()}",
        "announced_estimated = false",
        'source = "演示控制数（生成；水平为任意设定）"',
    ]
    return "\n".join([*lines, f'note = "{note}"'] if note else lines)


def _yearly_caps(profile: Profile, series: Series, year: int) -> Iterator[str]:
    city_day, district_day = date(year, 3, 20), date(year, 4, 10)
    counts: tuple[int, ...]
    if year == LAST_YEAR:
        counts, rates = caps_2026(profile, series), rate_caps_2026(series)
    else:
        # A definition that changes this year had been announced: caps are set in the new one.
        moved = profile.break_factor if (year, 1) == profile.break_month else 1.0
        highest, step = moved * max(_year(series.unemployed, year - 1)), profile.cap_step
        counts = tuple(math.ceil(highest * room / step) * step for room in (1.03, 1.015))
        tenths = math.ceil(10.2 * moved * max(_year(series.rate, year - 1)))
        rates = (tenths / 10, (tenths - 1) / 10)
    for indicator, values in (
        (COUNT, [f"{v}.0" for v in counts]),
        (RATE, [f"{v:.1f}" for v in rates] if profile.steered_by_rate else []),
    ):
        for tier, day, value in zip(
            ("municipal", "district"), (city_day, district_day), values, strict=False
        ):
            yield _cap(profile, indicator, year, tier, value, day)
    code, raised_year, day, factor = RAISED
    if (profile.code, year) == (code, raised_year):
        raised = math.ceil(counts[0] * factor / profile.cap_step) * profile.cap_step
        yield _cap(profile, COUNT, year, "municipal", f"{raised}.0", day, "年中调整")


def _floor(profile: Profile, period: str, value: int, announced_on: date) -> str:
    return "\n".join(
        [
            "[[caps]]",
            f'region = "{profile.code}"',
            f'indicator = "{JOBS}"',
            'tier = "district"',
            'direction = "floor"',
            'basis = "period_total"',
            'qualifier = "不低于"',
            f'period = "{period}"',
            f"value = {value}.0",
            'unit = "人"',
            f"announced_on = {announced_on.isoformat()}",
            "announced_estimated = false",
            'source = "演示下限（生成；水平为任意设定）"',
        ]
    )


def _floors(profile: Profile) -> Iterator[str]:
    """Floors on new jobs: of each year, and of the five years of a plan."""
    totals = draw_jobs(profile)
    for year in range(FIRST_CAP_YEAR, LAST_YEAR + 1):
        before = totals[year - 1, 12]
        if year % 5 == 1:
            value = math.floor(4.9 * before / 1000) * 1000
            yield _floor(profile, f"{year}-{year + 4}", value, date(year, 4, 10))
        yield _floor(profile, f"{year}", math.floor(0.995 * before / 100) * 100, date(year, 4, 10))


def caps(drawn: dict[str, Series]) -> str:
    """The demonstration caps and floors as TOML; `drawn` by district code."""
    tables = [
        "# Demonstration caps and floors (演示控制数、下限), not official. "
        "Written by data/bundled/demo/generator."
    ]
    for profile in PROFILES:
        for year in range(FIRST_CAP_YEAR, LAST_YEAR + 1):
            tables += _yearly_caps(profile, drawn[profile.code], year)
        tables += _floors(profile)
    return "\n\n".join(tables) + "\n"


def main(folder: Path | None = None) -> None:
    """Write all files into a folder, by default the one that ships."""
    target = folder or Path(__file__).parents[1]
    drawn = {profile.code: draw_series(profile) for profile in PROFILES}
    for name, text in (
        ("observations.csv", observations(drawn)),
        ("groups.csv", groups(drawn)),
        ("firms.csv", firm_months(drawn)),
        ("caps.toml", caps(drawn)),
    ):
        (target / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
