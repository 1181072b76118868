"""Slow references: statsmodels' state spaces and their Kalman filter."""

from __future__ import annotations

from typing import Any

import numpy as np


def arma_model(w: np.ndarray, order: tuple[int, int], seasonal: tuple[int, int]) -> Any:
    """Zero-mean seasonal ARMA model, (p, q) x (P, Q) with season 12."""
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    return SARIMAX(
        w, order=(order[0], 0, order[1]), seasonal_order=(seasonal[0], 0, seasonal[1], 12)
    )


def components_model(z: np.ndarray) -> Any:
    """Local level and stochastic dummy seasonal."""
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    return UnobservedComponents(z, "llevel", seasonal=12, stochastic_seasonal=True)


def standardised_errors(model: Any, parameters: list[float]) -> np.ndarray:
    """One-step forecast errors over their standard deviations, shape (n,)."""
    model.update(np.asarray(parameters, dtype=float))
    filtered = model.ssm.filter()
    return np.array(filtered.standardized_forecasts_error[0], dtype=float)
