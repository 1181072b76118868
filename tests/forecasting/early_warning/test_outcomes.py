"""Verdicts on warnings, each by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from employment_forecast.data.clock import month_end
from employment_forecast.data.store.warnings import IssuedWarning
from employment_forecast.features.history.history import History
from employment_forecast.forecasting.early_warning.evaluation.outcomes import judge, tally

DAY = date(2027, 2, 15)
# Known up to 2026-09 when the warning was issued; the cap is 100.
BEFORE = [90.0] * 9


def cap(**fields: Any) -> dict[str, Any]:
    return {
        "tier": "municipal", "basis": "any_month", "period": "2026", "value": 100.0,
        "already_breached": False, **fields,
    }  # fmt: skip


def warning(*caps: dict[str, Any], level: str = "yellow") -> IssuedWarning:
    return IssuedWarning(
        region="310114",
        indicator="registered_unemployed",
        month=pd.Period("2026-09", "M"),
        as_of=date(2026, 10, 20),
        level=level,
        level_name="",
        evidence={"caps": list(caps)},
        registered_name="",
        version="",
        model="",
        fingerprint="",
        demo=False,
    )


@pytest.fixture
def verdict(history_of: Callable[..., History]) -> Callable[..., Any]:
    def call(later: list[float], *caps: dict[str, Any], level: str = "yellow") -> Any:
        history = history_of([*BEFORE, *later], "2026-01")
        return judge(
            warning(*caps, level=level), history, lambda m: month_end(m) + timedelta(10), DAY
        )

    return call


def test_a_break_after_the_warning_is_a_hit_with_its_lead(verdict) -> None:
    outcome = verdict([99, 101], cap())
    assert (outcome.verdict, str(outcome.breach_month), outcome.lead_months) == (
        "hit",
        "2026-11",
        2,
    )
    # Published on 2026-12-10, the warning was of 2026-10-20.
    assert outcome.lead_days == 51
    assert outcome.detail["caps"] == [
        {"tier": "municipal", "basis": "any_month", "period": "2026", "value": 100.0,
         "state": "broken", "month": "2026-11"}
    ]  # fmt: skip
    assert verdict([99, 101], cap(), level="none").verdict == "miss"


def test_a_period_without_a_break_is_a_false_alarm_or_rightly_quiet(verdict) -> None:
    assert verdict([99, 100, 100], cap()).verdict == "false_alarm"
    assert verdict([99, 100, 100], cap(), level="none").verdict == "correct_quiet"
    # 100.4 is printed as 100, which is not above 100.
    assert verdict([99, 100.4, 100], cap()).verdict == "false_alarm"


def test_no_verdict_while_the_period_runs(verdict) -> None:
    assert verdict([], cap()) is None
    assert verdict([99, 100], cap()) is None


def test_months_of_the_next_period_do_not_count(verdict) -> None:
    assert verdict([99, 99, 99, 150], cap()).verdict == "false_alarm"


def test_a_cap_on_the_end_looks_at_the_last_month_alone(verdict) -> None:
    end = cap(basis="period_end")
    assert verdict([150, 150], end) is None
    assert verdict([150, 150, 99], end).verdict == "false_alarm"
    outcome = verdict([90, 90, 101], end)
    assert (outcome.verdict, str(outcome.breach_month)) == ("hit", "2026-12")


def test_a_cap_on_the_average_looks_at_the_whole_period(verdict) -> None:
    average = cap(basis="period_average", value=92.0)
    # Nine months of 90 and 90, 90, 120 average 92.5, printed 93; with 114 they average 92.
    assert verdict([90, 90], average) is None
    assert verdict([90, 90, 120], average).verdict == "hit"
    assert verdict([90, 90, 114], average).verdict == "false_alarm"


def test_what_was_broken_or_over_before_is_not_scored(verdict) -> None:
    broken, over = cap(already_breached=True), cap(period="2025")
    assert verdict([150], broken, over).verdict == "not_scored"
    assert verdict([], broken).verdict == "not_scored"
    assert verdict([99, 99, 99]).verdict == "not_scored"
    assert verdict([99, 99, 99], broken, cap()).verdict == "false_alarm"


def test_the_first_break_of_several_caps_counts(verdict) -> None:
    loose, tight = cap(value=140.0), cap(value=100.0, tier="district")
    outcome = verdict([110, 150], loose, tight)
    assert (outcome.verdict, str(outcome.breach_month)) == ("hit", "2026-10")
    # The tight one is kept open by nothing: it broke. The loose one alone is still open.
    assert verdict([110], loose) is None


def test_a_month_that_cannot_be_seen_keeps_the_verdict_open(history_of) -> None:
    history = history_of([99.0, 99.0], "2026-11")  # October is not there
    assert judge(warning(cap()), history, lambda _: None, DAY) is None
    broken = history_of([99.0, 101.0], "2026-11")
    outcome = judge(warning(cap()), broken, lambda _: None, DAY)
    assert outcome is not None
    assert (outcome.verdict, outcome.lead_days) == ("hit", None)


def test_a_changed_cap_does_not_change_what_was_promised(verdict) -> None:
    assert verdict([105], cap(value=100.0)).verdict == "hit"


def test_tally_counts_and_divides() -> None:
    verdicts = ["hit", "hit", "miss", "false_alarm", "correct_quiet", "not_scored"]
    counts = tally(verdicts)
    assert counts["hit_rate"] == pytest.approx(2 / 3)
    assert counts["false_alarm_ratio"] == pytest.approx(1 / 3)
    assert tally([])["hit_rate"] is None
    assert sum(v for k, v in counts.items() if k in set(verdicts) and v) == len(verdicts)
    assert np.isfinite(counts["hit"])
