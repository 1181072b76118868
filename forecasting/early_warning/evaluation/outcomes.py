"""What came of a warning: hit, false alarm, miss or correct silence.

A warning was issued on data up to month m and spoke of caps, each with a value v and a period P.
It is judged on what was published afterwards, cap by cap, against the value it stated:

- What remained is the part of P after m. A cap whose period had ended, or that was already broken
  when the warning was issued, says nothing about foresight and is left out.
- The cap was broken if, in what remained, a published month lies above v (caps on every month or on
  one month), the last month of P does (caps on the period's end), or the average of the whole of P
  does (caps on the average). Values are compared in their published form.
- A break counts as soon as it is published. That nothing broke is known when the last month of P is
  published with no month between missing.

With level `none` the verdict is `miss` if any cap was broken and `correct_quiet` if none was; with
any other level `hit` or `false_alarm`. A warning without a cap to judge is `not_scored`. As long as
a period runs without a break there is no verdict.

Lead time is counted to the first month above a cap: in months from m, and in days from the
warning's day of knowledge to the day that month was first published. Every warning is judged by
itself: a level that stands for three months and is followed by a break counts as three hits.

References
----------
Kaminsky, Lizondo and Reinhart (1998), Leading Indicators of Currency Crises, IMF Staff Papers 45:
the four cells of signals against events within a window, here the remaining period.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from employment_forecast.data.store import IssuedWarning, Verdict, WarningOutcome
from employment_forecast.data.targets import period_months
from employment_forecast.features.history import History
from employment_forecast.forecasting.assessment import BASES, printed
from employment_forecast.forecasting.assessment.caps import above

PublishedOn = Callable[[pd.Period], date | None]


@dataclass(frozen=True)
class CapOutcome:
    """What came of one cap of a warning.

    Attributes
    ----------
    state : {"broken", "kept", "open", "left_out"}
        Broken or kept in what remained of the period, not yet known, or not judged.
    month : pandas.Period or None
        First month above, of a broken cap; of an average the period's last month.
    """

    state: str
    month: pd.Period | None = None


def judge_cap(cap: Mapping[str, Any], month: pd.Period, history: History) -> CapOutcome:
    """What came of one cap since a warning was issued."""
    first, last = period_months(cap["period"])
    if cap["already_breached"] or last <= month:
        return CapOutcome("left_out")
    known = history.series
    cap_value, precision = float(cap.get("limit", cap["value"])), history.precision
    basis = BASES[cap["basis"]]
    if not basis.by_month:
        inside = known[(known.index >= first) & (known.index <= last)]
        if len(inside) < last.ordinal - first.ordinal + 1:
            return CapOutcome("open")
        mean = printed(np.asarray(inside, dtype=np.float64), precision).mean(keepdims=True)
        broken = bool(above(mean, cap_value, precision)[0])
        return CapOutcome("broken", last) if broken else CapOutcome("kept")
    begin = last if basis.functional == "last" else max(first, month + 1)
    inside = known[(known.index >= begin) & (known.index <= last)]
    over = above(np.asarray(inside, dtype=np.float64), cap_value, precision)
    if over.any():
        return CapOutcome("broken", inside.index[int(np.argmax(over))])
    complete = len(inside) == last.ordinal - begin.ordinal + 1
    return CapOutcome("kept" if complete else "open")


def judge(
    warning: IssuedWarning, history: History, published_on: PublishedOn, day: date
) -> WarningOutcome | None:
    """Judge a warning on what is known now.

    Parameters
    ----------
    warning : IssuedWarning
        Of kind `level`; `evidence["caps"]` lists the caps it spoke of.
    history : History
        The same series as it is known on `day`.
    published_on : callable
        First day of publication of a month, None if unknown.
    day : datetime.date
        Day of knowledge.

    Returns
    -------
    Outcome or None
        None as long as it cannot be told.
    """
    caps: Iterable[Mapping[str, Any]] = warning.evidence.get("caps", ())
    judged = [(cap, judge_cap(cap, warning.month, history)) for cap in caps]
    detail = {
        "caps": [
            {
                **{k: cap[k] for k in ("tier", "basis", "period", "value")},
                "state": outcome.state,
                "month": None if outcome.month is None else str(outcome.month),
            }
            for cap, outcome in judged
        ]
    }
    states = [outcome.state for _, outcome in judged]
    broken = [outcome.month for _, outcome in judged if outcome.month is not None]
    if broken:
        breach = min(broken)
        published = published_on(breach)
        return WarningOutcome(
            verdict="hit" if warning.raised else "miss",
            as_of=day,
            breach_month=breach,
            lead_months=int(breach.ordinal - warning.month.ordinal),
            lead_days=None if published is None else (published - warning.as_of).days,
            detail=detail,
        )
    if "open" in states:
        return None
    verdict: Verdict = "false_alarm" if warning.raised else "correct_quiet"
    return WarningOutcome(verdict if "kept" in states else "not_scored", day, detail=detail)


def tally(verdicts: Iterable[str]) -> dict[str, int | float | None]:
    """Counts of verdicts and the usual shares of them.

    Parameters
    ----------
    verdicts : iterable of str
        Latest verdict of each warning; those still open are left out by the caller.

    Returns
    -------
    dict
        `hit`, `false_alarm`, `miss`, `correct_quiet`, `not_scored`; `hit_rate`: hits over breaks,
        `false_alarm_ratio`: false alarms over warnings; None where nothing is to be divided by.
    """
    listed = list(verdicts)
    names = ("hit", "false_alarm", "miss", "correct_quiet", "not_scored")
    counts: dict[str, int] = {name: listed.count(name) for name in names}
    breaks, alarms = counts["hit"] + counts["miss"], counts["hit"] + counts["false_alarm"]
    return {
        **counts,
        "hit_rate": counts["hit"] / breaks if breaks else None,
        "false_alarm_ratio": counts["false_alarm"] / alarms if alarms else None,
    }
