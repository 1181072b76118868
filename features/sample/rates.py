"""Rates, diffusion and coverage of the monitored sample firms."""

from __future__ import annotations

import numpy as np
import pandas as pd

from employment_forecast.features.register import ratio
from employment_forecast.features.sample.panel import FirmPanel, Floats, LargestFirms, largest_rows

RATE_LABELS = {
    "firms": "上报单位数",
    "base": "建档期就业人数",
    "opening": "期初就业人数",
    "hires": "新招人数",
    "separations": "减员人数",
    "net": "净变动",
    "end": "调查期末就业人数",
    "dispatched": "劳务派遣人数",
    "hidden": "隐性失业人数",
    "loss_rate": "岗位流失率（减员/期初）",
    "hiring_rate": "新招率（新招/期初）",
    "change_rate": "岗位变化率（期末较建档期）",
    "month_change_rate": "当月变化率（期末较期初）",
    "creation_rate": "岗位净增率（净增单位）",
    "destruction_rate": "岗位净减率（净减单位）",
    "hidden_rate": "隐性失业率（隐性失业/期末）",
    "dispatched_rate": "劳务派遣占比（派遣/期末）",
    "cutting_share": "减员单位占比（期末少于期初）",
    "diffusion": "扩散指数",
}
_SUMS = ("base", "opening", "hires", "separations", "end", "dispatched", "hidden")


def monthly_rates(
    panel: FirmPanel, *, by: str | None = None, without: LargestFirms | None = None
) -> pd.DataFrame:
    """Totals and rates of the firms that reported, month by month.

    Parameters
    ----------
    panel : FirmPanel
        Reports.
    by : {"industry", "size", "street"}, optional
        Also by this trait.
    without : LargestFirms, optional
        Leave out the largest firms of each month, ranked by opening headcount.

    Returns
    -------
    pandas.DataFrame
        Indexed by month (and `by`), columns as in `RATE_LABELS`: persons, and rates in percent,
        NaN where the denominator is zero. `change_rate` is against 建档期, so with a fixed base it
        runs from that base; all other rates are those of the month. `creation_rate` and
        `destruction_rate` sum the net gains of growing and the net losses of shrinking firms
        (Davis, Haltiwanger and Schuh 1996, Job Creation and Destruction); their difference is
        `month_change_rate`. `cutting_share` is the share of firms that shrank, `diffusion` the
        share that grew plus half of those that stayed, 50 meaning balance (US BLS, Current
        Employment Statistics). Firms without a hidden or dispatched figure are left out of that
        ratio on both sides.
    """
    frame = panel.frame
    if without is not None:
        frame = frame[~largest_rows(panel, panel.column("opening"), without)]
    move = frame["end"] - frame["opening"]
    rows = frame[["month", *_SUMS]].assign(
        firms=1.0,
        gained=move.clip(lower=0),
        lost=-move.clip(upper=0),
        cutting=(move < 0).astype(float),
        growing=(move > 0).astype(float) + 0.5 * (move == 0),
        end_hidden=frame["end"].where(frame["hidden"].notna()),
        end_dispatched=frame["end"].where(frame["dispatched"].notna()),
    )
    keys = [rows["month"]] if by is None else [rows["month"], frame[by]]
    total = rows.drop(columns="month").groupby(keys).sum(min_count=1)

    def part(name: str) -> Floats:
        return np.asarray(total[name], dtype=np.float64)

    opening, base, firms = part("opening"), part("base"), part("firms")
    columns = {
        "firms": firms.astype(np.int64),
        "base": base,
        "opening": opening,
        "hires": part("hires"),
        "separations": part("separations"),
        "net": part("end") - base,
        "end": part("end"),
        "dispatched": part("dispatched"),
        "hidden": part("hidden"),
        "loss_rate": ratio(part("separations"), opening, 100.0),
        "hiring_rate": ratio(part("hires"), opening, 100.0),
        "change_rate": ratio(part("end") - base, base, 100.0),
        "month_change_rate": ratio(part("end") - opening, opening, 100.0),
        "creation_rate": ratio(part("gained"), opening, 100.0),
        "destruction_rate": ratio(part("lost"), opening, 100.0),
        "hidden_rate": ratio(part("hidden"), part("end_hidden"), 100.0),
        "dispatched_rate": ratio(part("dispatched"), part("end_dispatched"), 100.0),
        "cutting_share": ratio(part("cutting"), firms, 100.0),
        "diffusion": ratio(part("growing"), firms, 100.0),
    }
    return pd.DataFrame(columns, index=total.index)


def coverage(panel: FirmPanel) -> pd.DataFrame:
    """Entry, exit and missing reports, month by month.

    Parameters
    ----------
    panel : FirmPanel
        Reports.

    Returns
    -------
    pandas.DataFrame
        int64, indexed by `panel.months`: `reporting`; `entered`, first report ever; `matched`,
        reported for the month before as well; `returned`, reported before but not for the month
        before; `left`, last report was the month before (in the newest month it may still be a
        late report); `missing`, between a firm's first and last report but without one.
    """
    times = panel.times
    count = len(panel.months)
    firms = panel.frame["firm"].to_numpy()
    first = np.ones(len(times), dtype=bool)
    first[1:] = firms[1:] != firms[:-1]
    last = np.ones(len(times), dtype=bool)
    last[:-1] = first[1:]

    def per_month(rows: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> np.ndarray:
        return np.bincount(times[rows], minlength=count)

    reporting = np.bincount(times, minlength=count)
    entered, ended = per_month(first), per_month(last)
    matched = per_month(panel.frame["previous_end"].notna().to_numpy())
    left = np.concatenate(([0], ended[:-1]))
    present = np.cumsum(entered - left)
    return pd.DataFrame(
        {
            "reporting": reporting,
            "entered": entered,
            "matched": matched,
            "returned": reporting - entered - matched,
            "left": left,
            "missing": present - reporting,
        },
        index=panel.months,
    )
