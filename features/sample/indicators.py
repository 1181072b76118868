"""The sample firms as monthly indicators, side by side, for use beside a target series."""

from __future__ import annotations

import pandas as pd

from employment_forecast.features.sample.index import chained_index
from employment_forecast.features.sample.panel import FirmPanel, LargestFirms
from employment_forecast.features.sample.rates import monthly_rates

INDICATOR_LABELS = {
    "sample_index": "监测企业岗位指数（可比单位）",
    "sample_index_without_largest": "监测企业岗位指数（可比单位，不含大户）",
    "sample_loss_rate": "岗位流失率",
    "sample_change_rate": "岗位变化率",
    "sample_hidden_rate": "隐性失业率",
    "sample_cutting_share": "减员单位占比",
    "sample_diffusion": "扩散指数",
}
_RATES = ("loss_rate", "change_rate", "hidden_rate", "cutting_share", "diffusion")
DEFAULT_LARGEST = LargestFirms(count=4)


def sample_indicators(
    panel: FirmPanel,
    *,
    weights: pd.Series[float] | None = None,
    largest: LargestFirms = DEFAULT_LARGEST,
) -> pd.DataFrame:
    """Monthly indicators of a panel.

    Parameters
    ----------
    panel : FirmPanel
        Reports.
    weights : pandas.Series, optional
        Population employment by stratum, see `features.sample.index.chained_index`.
    largest : LargestFirms
        Firms left out of `sample_index_without_largest`.

    Returns
    -------
    pandas.DataFrame
        float64, one row for each month from the first to the last report, columns as in
        `INDICATOR_LABELS`: indices with 100 in the first month, rates in percent; NaN where
        nobody reported.

    Raises
    ------
    DataError
        As `features.sample.index.chained_index`.
    """
    whole = chained_index(panel, weights=weights).table
    rest = chained_index(panel, weights=weights, without=largest).table
    rates = monthly_rates(panel).reindex(whole.index)
    columns = {"sample_index": whole["index"], "sample_index_without_largest": rest["index"]}
    columns |= {f"sample_{name}": rates[name] for name in _RATES}
    return pd.DataFrame(columns, dtype=float)
