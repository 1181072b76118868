"""The demonstration districts: published figures to meet, arbitrary levels otherwise."""

from __future__ import annotations

from dataclasses import dataclass

FIRST_YEAR, LAST_YEAR = 2011, 2026
# The last month that the shipped files hold.
LAST_MONTH = (2026, 10)


@dataclass(frozen=True)
class Calibration:
    """Published figures on unemployment that a series meets.

    Attributes
    ----------
    indicator : str
        The series whose level the figures fix.
    pin_month, pin_value : tuple of int, float
        A month and its exact value; for series without a published one an arbitrary level.
    ceilings : tuple
        (first year, last year, highest value) that no month may exceed, in any vintage.
    years : tuple of int
        First and last year for which the level rests on published figures; empty if none.
    """

    indicator: str
    pin_month: tuple[int, int]
    pin_value: float
    ceilings: tuple[tuple[int, int, float], ...] = ()
    years: tuple[int, ...] = ()


@dataclass(frozen=True)
class Jobs:
    """New jobs over a span of years.

    Attributes
    ----------
    first, last : int
        Years.
    total : int
        Sum over the span.
    growth : float
        Yearly growth within it.
    published : bool
        True if a published figure fixes the sum or a lower bound.
    """

    first: int
    last: int
    total: int
    growth: float
    published: bool


@dataclass(frozen=True)
class Profile:
    """One district.

    Attributes
    ----------
    code : str
        GB/T 2260.
    employed : float
        People in work in 2011-01 (arbitrary).
    employed_growth : float
        Per year.
    cycle : tuple
        (year, month, log level) knots of the slow movement, joined by straight lines.
    amplitude : float
        Half the seasonal range of the unemployed, as a share.
    shock_2020, shock_2022 : float
        Rise of the unemployed at the peak, as a share.
    calibration : Calibration
        What fixes the level of the unemployed.
    jobs : tuple of Jobs
        Consecutive spans.
    cap_step : int
        Caps are multiples of this many people.
    margins : tuple of float
        Room of the 市 and of the 区 cap for 2026 over the highest month of 2026 so far; negative:
        that month is a breach.
    steered_by_rate : bool
        True if there are caps on the rate beside those on the count.
    january_from : int or None
        First year whose January new jobs were published on their own; else January is missing.
    break_month, break_factor : tuple of int or None, float
        First month of a new definition of the unemployed, and what it does to their number.
    """

    code: str
    employed: float
    employed_growth: float
    cycle: tuple[tuple[int, int, float], ...]
    amplitude: float
    shock_2020: float
    shock_2022: float
    calibration: Calibration
    jobs: tuple[Jobs, ...]
    cap_step: int
    margins: tuple[float, float]
    steered_by_rate: bool = False
    january_from: int | None = None
    break_month: tuple[int, int] | None = None
    break_factor: float = 1.0


COUNT, RATE = "registered_unemployed", "registered_unemployment_rate"

JIADING = Profile(
    code="310114",
    employed=402_000,
    employed_growth=0.017,
    cycle=(
        (2011, 1, -0.10),
        (2014, 1, 0.00),
        (2018, 6, -0.08),
        (2021, 1, -0.02),
        (2024, 1, -0.06),
        (2025, 9, -0.04),
        (2026, 10, 0.06),
    ),
    amplitude=0.042,
    shock_2020=0.13,
    shock_2022=0.11,
    calibration=Calibration(COUNT, (2015, 12), 11_800),
    jobs=(
        Jobs(2011, 2015, 149_300, -0.01, published=False),
        Jobs(2016, 2020, 141_600, -0.01, published=True),
        Jobs(2021, 2026, 166_900, 0.00, published=False),
    ),
    cap_step=50,
    margins=(0.030, 0.008),
    january_from=2021,
)

XUHUI = Profile(
    code="310104",
    employed=446_000,
    employed_growth=0.016,
    cycle=(
        (2011, 1, -0.02),
        (2012, 9, 0.02),
        (2014, 6, -0.02),
        (2015, 12, 0.0),
        (2018, 12, -0.11),
        (2021, 6, -0.08),
        (2024, 6, -0.16),
        (2025, 12, -0.14),
        (2026, 10, -0.06),
    ),
    amplitude=0.034,
    shock_2020=0.11,
    shock_2022=0.14,
    calibration=Calibration(COUNT, (2015, 12), 19_142, ((2011, 2015, 20_400),), (2011, 2015)),
    jobs=(
        Jobs(2011, 2015, 240_184, 0.02, published=True),
        Jobs(2016, 2020, 247_500, -0.01, published=False),
        Jobs(2021, 2026, 291_000, 0.00, published=False),
    ),
    cap_step=100,
    margins=(0.020, 0.006),
)

ZHOUSHAN = Profile(
    code="330900",
    employed=288_000,
    employed_growth=0.013,
    cycle=(
        (2011, 1, 0.06),
        (2013, 6, 0.04),
        (2016, 12, 0.0),
        (2019, 6, -0.13),
        (2021, 12, -0.12),
        (2024, 12, -0.15),
        (2026, 10, -0.05),
    ),
    amplitude=0.050,
    shock_2020=0.12,
    shock_2022=0.05,
    calibration=Calibration(RATE, (2016, 12), 2.98, ((2011, 2015, 4.0),), (2011, 2016)),
    jobs=(
        Jobs(2011, 2015, 57_160, 0.05, published=True),
        Jobs(2016, 2016, 16_783, 0.0, published=True),
        Jobs(2017, 2021, 152_600, 0.18, published=False),
        Jobs(2022, 2022, 45_000, 0.0, published=True),
        Jobs(2023, 2026, 181_000, 0.01, published=False),
    ),
    cap_step=50,
    margins=(0.030, 0.010),
    steered_by_rate=True,
)

JIANGXIA = Profile(
    code="420115",
    employed=214_000,
    employed_growth=0.021,
    cycle=(
        (2011, 1, 0.05),
        (2014, 1, 0.02),
        (2017, 6, -0.02),
        (2019, 6, 0.00),
        (2022, 1, -0.03),
        (2025, 6, 0.02),
        (2026, 10, 0.08),
    ),
    amplitude=0.046,
    shock_2020=0.16,
    shock_2022=0.04,
    calibration=Calibration(RATE, (2016, 12), 2.31, ((2016, 2020, 3.6),), (2016, 2020)),
    jobs=(
        Jobs(2011, 2015, 61_400, 0.04, published=False),
        Jobs(2016, 2020, 74_200, 0.02, published=True),
        Jobs(2021, 2026, 97_800, 0.01, published=False),
    ),
    cap_step=50,
    margins=(0.025, 0.010),
    steered_by_rate=True,
    break_month=(2019, 1),
    break_factor=1.19,
)

SHENGZHOU = Profile(
    code="330683",
    employed=187_000,
    employed_growth=0.010,
    cycle=(
        (2011, 1, 0.02),
        (2015, 1, -0.04),
        (2018, 6, 0.03),
        (2021, 1, 0.00),
        (2024, 6, -0.05),
        (2026, 8, 0.05),
        (2026, 10, 0.05),
    ),
    amplitude=0.055,
    shock_2020=0.10,
    shock_2022=0.05,
    calibration=Calibration(COUNT, (2015, 12), 5_150),
    jobs=(
        Jobs(2011, 2015, 37_900, 0.02, published=False),
        Jobs(2016, 2020, 41_200, 0.01, published=False),
        Jobs(2021, 2026, 50_700, 0.0, published=False),
    ),
    cap_step=10,
    margins=(0.030, -0.012),
)

PROFILES = (JIADING, XUHUI, ZHOUSHAN, JIANGXIA, SHENGZHOU)
