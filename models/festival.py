"""Spring Festival effect: estimated and removed before a model sees the series, where there is one.

Practice of X-13ARIMA-SEATS: a regression with airline-model errors decides about the calendar
effect, and every method then works on the adjusted series. Series that know no such festival keep
their values untouched.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.arma import arma_model, difference, estimate_arma
from models.contract import ModelFailure, Scaled
from models.statespace import standardised_errors

Floats = npt.NDArray[np.float64]

# Fewer festivals than five cannot tell a moving holiday from a fixed season.
MIN_MONTHS = 61
AIRLINE = (0, 1)


def festival_effect(data: Scaled) -> Floats:
    """Coefficients of the known regressors, all of them or none.

    Parameters
    ----------
    data : Scaled
        Series and regressors on the model scale.

    Returns
    -------
    numpy.ndarray
        Shape (k,): generalised least squares estimates under airline errors if they lower the
        Bayesian information criterion, else zeros.
    """
    none = np.zeros(data.known.shape[1])
    if len(data.z) < MIN_MONTHS:
        return none
    try:
        found, better = _regress(data, none)
        if not better:
            return none
        # An effect left in distorts the airline coefficients it was judged by: once more without.
        return _regress(data, found)[0]
    except ModelFailure:
        return none


def _regress(data: Scaled, removed: Floats) -> tuple[Floats, bool]:
    """Coefficients under errors estimated with `removed` taken out, and whether they pay."""
    past = data.past()
    coefficients, _ = estimate_arma(difference(data.z - past @ removed), AIRLINE, AIRLINE)
    columns = [difference(column) for column in (data.z, *past.T)]
    whitened = [
        standardised_errors(
            arma_model(w, AIRLINE, AIRLINE, concentrate=False), [*coefficients, 1.0]
        )
        for w in columns
    ]
    target, design = whitened[0], np.column_stack(whitened[1:])
    solution = np.asarray(np.linalg.lstsq(design, target, rcond=None)[0], dtype=float)
    left = float(((target - design @ solution) ** 2).sum())
    n, k = design.shape
    return solution, n * np.log(left / float((target**2).sum())) + k * np.log(n) < 0
