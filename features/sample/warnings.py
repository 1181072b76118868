"""What the monitored firms of a month give cause to warn of: abnormal separations and layoffs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from employment_forecast.features.sample.abnormal import abnormal_separations
from employment_forecast.features.sample.details import separations_by
from employment_forecast.features.sample.panel import Basis, read_panel
from employment_forecast.features.sample.suppression import merge_small_cells

# Separations that the employer decides on; 合同终止 and 劳动者解除 are no layoffs.
LAYOFF_TYPES = ("用人单位解除",)
CLOSURE_CAUSES = ("关闭破产",)


@dataclass(frozen=True)
class SampleWarnings:
    """Firms of one month that stand out.

    Attributes
    ----------
    month : pandas.Period
        Month of the reports.
    demo : bool
        Demonstration data among them.
    reporting : int
        Firms that reported.
    firms : pandas.DataFrame
        Only those that stand out, most suspicious first: `firm` (code), `street`, `industry`,
        `headcount`, `separations`, `expected`, `layoffs`, `closures` (persons), `abnormal`,
        `layoff` (bool), `message` (Chinese).
    """

    month: pd.Period
    demo: bool
    reporting: int
    firms: pd.DataFrame


def sample_warnings(
    reports: pd.DataFrame,
    details: Mapping[str, pd.DataFrame],
    month: pd.Period | None = None,
) -> SampleWarnings | None:
    """Look for abnormal separations and layoffs among the firms of a month.

    Parameters
    ----------
    reports : pandas.DataFrame
        Firm months as known on a day, from `data.store.samples.firm_panel`.
    details : mapping
        Separations by `type` and by `cause`, from `data.store.samples.separation_details`.
    month : pandas.Period, optional
        The newest month by default.

    Returns
    -------
    SampleWarnings or None
        None if nobody reported for the month.
    """
    if reports.empty:
        return None
    kinds = reports["base_is"].value_counts()
    reports = reports[reports["base_is"] == kinds.index[0]]
    basis: Basis = "fixed" if kinds.index[0] == "january" else "chained"
    panel = read_panel(reports, basis)
    month = panel.months[-1] if month is None else month
    if month not in panel.months:
        return None
    dismissed = separations_by(panel, details["type"], (), LAYOFF_TYPES)
    table = abnormal_separations(panel, month, layoffs=dismissed)
    causes = details["cause"]
    closed = causes[causes["cause"].isin(CLOSURE_CAUSES) & (causes["month"] == month)]
    table["closures"] = table["firm"].map(closed.groupby("firm")["count"].sum()).fillna(0.0)
    marked = table[table["abnormal"] | table["layoff"] | (table["closures"] > 0)]
    here = reports[reports["month"] == month]
    columns = [
        "firm", "street", "industry", "headcount", "separations", "expected", "layoffs",
        "closures", "abnormal", "layoff", "message",
    ]  # fmt: skip
    return SampleWarnings(
        month, bool(here["demo"].any()), len(table), marked[columns].reset_index(drop=True)
    )


def by_street(sample: SampleWarnings) -> list[dict[str, object]]:
    """Firms that stand out by street, fit to be published.

    Parameters
    ----------
    sample : SampleWarnings
        Of one month.

    Returns
    -------
    list of dict
        `street`, `firms`, `separations`; streets of one or two firms are merged, and nothing is
        listed where fewer than three firms stand out at all.
    """
    if sample.firms.empty:
        return []
    table = sample.firms.groupby("street")[["separations"]].sum().astype(float)
    table["firms"] = sample.firms.groupby("street")["firm"].nunique().astype(float)
    shown = merge_small_cells(
        table.sort_values("firms", ascending=False, kind="stable"), "firms", "其他（合并）"
    )
    return [
        {"street": str(name), "firms": int(row["firms"]), "separations": int(row["separations"])}
        for name, row in shown.iterrows()
    ]
