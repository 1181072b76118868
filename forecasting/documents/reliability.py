"""How often the outcome fell below each quantile: the reliability of a back-test's forecasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from employment_forecast.forecasting.backtest import Backtest
from employment_forecast.forecasting.competition import (
    Competition,
    LeaderboardRow,
    common_origins,
)
from employment_forecast.forecasting.documents.fields import fourth
from employment_forecast.forecasting.documents.pictures import canvas, png
from employment_forecast.forecasting.documents.run import evidence_document
from employment_forecast.models import roster
from employment_forecast.models.paths import LEVELS


@dataclass(frozen=True)
class Reliability:
    """Shares of outcomes at or below each of the nine quantiles.

    Attributes
    ----------
    model : str
        Roster name.
    nominal, observed : tuple of float
        Levels, and shares of the known cells of common origins.
    cells : int
        Cells counted.
    """

    model: str
    nominal: tuple[float, ...]
    observed: tuple[float, ...]
    cells: int


def quantile_reliability(backtest: Backtest, model: str) -> Reliability | None:
    """Reliability of a model over all months ahead; None where nothing can be counted.

    Parameters
    ----------
    backtest : Backtest
        Forecasts and outcomes.
    model : str
        One that was scored.

    References
    ----------
    Gneiting, Balabdaoui and Raftery (2007), Probabilistic forecasts, calibration and sharpness.
    """
    scored, common = common_origins(backtest)
    if model not in scored:
        return None
    outcomes = backtest.outcomes[common]
    known = np.isfinite(outcomes)
    if not known.any():
        return None
    below = outcomes[..., None] <= backtest.records[model].quantiles[common]
    shares = below[known].mean(axis=0)
    return Reliability(
        model, tuple(LEVELS.tolist()), tuple(float(s) for s in shares), int(known.sum())
    )


def backtest_document(
    result: Competition,
    items: Sequence[Reliability],
    by: str | None = None,
    rows: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Back-test as one JSON-able object.

    Parameters
    ----------
    result : Competition
        Leaderboard and choice.
    items : sequence of Reliability
        Models whose reliability is reported.
    by : {"length", "day", "maturity"}, optional
        What `rows` break the back-test down by; absent from the document without it.
    rows : sequence of mapping
        From `broken_down`.

    Returns
    -------
    dict
        Keys in a fixed order; scores with four digits.
    """
    history = result.history
    return {
        "region": {"code": result.region.code, "name": result.region.name},
        "indicator": result.indicator.code,
        "indicator_name": result.indicator.name,
        "data_month": str(history.origin),
        "as_of": history.as_of.isoformat(),
        "demo": result.demo,
        "pseudo_real_time": history.pseudo_real_time,
        "horizon": result.options.horizon,
        "backtest_origins": len(result.backtest.months),
        "champion": result.choice.model,
        "choice_reason": result.choice.reason,
        "leaderboard": [_scores(row) for row in result.entries],
        "evidence": evidence_document(result),
        "levels": LEVELS.tolist(),
        "reliability": [{"label": roster.label(r.model), **_scores(r)} for r in items],
        **(
            {}
            if by is None
            else {"by": by, "rows": [{k: _fourth(v) for k, v in row.items()} for row in rows]}
        ),
        "notes": [*history.notes, *history.left_out, *result.notes],
    }


def _fourth(value: Any) -> Any:
    return fourth(value) if isinstance(value, float) else value


def _scores(row: LeaderboardRow | Reliability) -> dict[str, Any]:
    return {name: fourth(value) for name, value in asdict(row).items()}


def reliability_chart(items: Sequence[Reliability], title: str) -> bytes:
    """Draw observed against nominal shares.

    Parameters
    ----------
    items : list of Reliability
        One line each.
    title : str
        Chinese title.

    Returns
    -------
    bytes
        PNG.
    """
    with canvas(5.6, 5.6) as figure:
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color="#888888", lw=1, ls=":", label="完全可靠")
        for item in items:
            label = f"{roster.label(item.model)}（{item.cells} 个）"
            axes.plot(item.nominal, item.observed, marker="o", ms=4, label=label)
        axes.set(
            xlim=(0, 1), ylim=(0, 1), aspect="equal", title=title,
            xlabel="预测的概率（分位数水平）", ylabel="实际低于该分位数的比例",
        )  # fmt: skip
        axes.legend(loc="upper left", frameon=False)
        return png(figure)
