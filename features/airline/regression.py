"""Regression with airline-model errors by exact maximum likelihood.

The model that X-13ARIMA-SEATS uses for calendar effects: a series is the sum of regressors and a
seasonal ARIMA (0,1,1)(0,1,1). The differenced errors are a moving average of thirteen months, so
their covariance matrix has a narrow band, and one evaluation of the likelihood costs a banded
Cholesky factor. The regression coefficients are concentrated out; two numbers are searched for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.linalg.lapack import dpbtrf, dtbtrs

from employment_forecast.features.events import MIN_SEASONAL

Floats = npt.NDArray[np.float64]

SEASON = 12
# The shortest series whose moving averages are estimated.
MIN_ESTIMATED = 37
# What monthly economic series have on average; stands in where a series is too short to tell.
USUAL = (-0.4, -0.6)
# At one, the differences would be cancelled and the likelihood is flat.
LIMIT = 0.98


@dataclass(frozen=True)
class AirlineRegression:
    """Estimate of regression coefficients under airline errors.

    Attributes
    ----------
    coefficients, errors : numpy.ndarray
        float64, shape (k,): generalised least squares estimates and their standard errors.
    covariance : numpy.ndarray
        float64, shape (k, k), of the estimates.
    moving_averages : tuple of float
        Regular and seasonal coefficient, theta and Theta of (1 + theta B) (1 + Theta B^12).
    criterion : float
        Bayesian information criterion, comparable between regressions of the same series.
    """

    coefficients: Floats
    errors: Floats
    covariance: Floats
    moving_averages: tuple[float, float]
    criterion: float


def airline_regression(z: Floats, design: Floats) -> AirlineRegression:
    """Regress a monthly series on known columns.

    Parameters
    ----------
    z : numpy.ndarray
        float64, shape (n,), n of at least 4, on the model scale.
    design : numpy.ndarray
        float64, shape (n, k); columns that do not vary after differencing get a zero.

    Returns
    -------
    AirlineRegression
        From 37 months on by exact maximum likelihood. With 27 to 36 months the moving averages
        are set to usual values. Below that the season cannot be told from the columns: differences
        of neighbouring months with a mean are regressed, with a usual regular moving average.

    References
    ----------
    Box and Jenkins (1970), Time Series Analysis, chapter 9. U.S. Census Bureau, X-13ARIMA-SEATS
    reference manual, regARIMA models.
    """
    columns = np.column_stack([z, design])
    steps = np.diff(columns, axis=0)
    if len(z) < MIN_SEASONAL:
        steps = np.column_stack([steps, np.ones(len(steps))])
        return _result(_solve(steps, USUAL[0], 0.0), (USUAL[0], 0.0), design.shape[1])
    columns = steps[SEASON:] - steps[:-SEASON]
    averages = USUAL
    if len(z) >= MIN_ESTIMATED:
        averages = _estimated(columns.tobytes(), columns.shape[1])
    return _result(_solve(columns, *averages), averages, design.shape[1])


@dataclass(frozen=True)
class _Solved:
    coefficients: Floats
    covariance: Floats
    squares: float
    determinant: float
    months: int

    @property
    def badness(self) -> float:
        """Minus twice the logarithm of the concentrated likelihood, up to a constant."""
        return float(self.months * np.log(self.squares / self.months) + self.determinant)


def _solve(columns: Floats, regular: float, seasonal: float) -> _Solved:
    """Least squares of whitened columns, the first on the others."""
    white, determinant = whiten(columns, regular, seasonal)
    target, design = white[:, 0], white[:, 1:]
    n, k = design.shape
    coefficients, _, rank, _ = np.linalg.lstsq(design, target, rcond=1e-10)
    left = target - design @ coefficients
    # A floor keeps a series that nothing moves comparable.
    squares = max(float(left @ left), 1e-24)
    inverse = np.linalg.pinv(design.T @ design) if k else np.zeros((0, 0))
    covariance = np.asarray(inverse * squares / max(n - int(rank), 1), dtype=np.float64)
    return _Solved(np.asarray(coefficients, dtype=np.float64), covariance, squares, determinant, n)


def whiten(columns: Floats, regular: float, seasonal: float) -> tuple[Floats, float]:
    """Columns freed of their airline autocorrelation, and the log determinant of its covariance.

    Parameters
    ----------
    columns : numpy.ndarray
        float64, shape (n, k), differenced.
    regular, seasonal : float
        Moving-average coefficients, below one in size.

    Returns
    -------
    white : numpy.ndarray
        Shape (n, k): the inverse Cholesky factor of the covariance times the columns.
    determinant : float
        Logarithm of the covariance's determinant, innovations of variance one.
    """
    weights = np.zeros(SEASON + 2)
    weights[[0, 1, SEASON, SEASON + 1]] = 1.0, regular, seasonal, regular * seasonal
    covariances = np.correlate(weights, weights, "full")[len(weights) - 1 :][: len(columns)]
    band = np.repeat(covariances[:, np.newaxis], len(columns), axis=1)
    factor, _ = dpbtrf(band, lower=1)
    white, _ = dtbtrs(factor, columns, uplo="L")
    return np.asarray(white, dtype=np.float64), 2.0 * float(np.log(factor[0]).sum())


# Effects and proposals of events begin with the same regressions of a history.
@lru_cache(maxsize=16)
def _estimated(content: bytes, width: int) -> tuple[float, float]:
    """Moving averages of columns, by their bytes."""
    from scipy.optimize import minimize

    columns = np.frombuffer(content).reshape(-1, width)

    def badness(averages: Floats) -> float:
        white, determinant = whiten(columns, float(averages[0]), float(averages[1]))
        target, design = white[:, 0], white[:, 1:]
        left = target - design @ np.linalg.lstsq(design, target, rcond=1e-10)[0]
        n = len(target)
        return float(n * np.log(max(float(left @ left), 1e-24) / n) + determinant)

    optimum = minimize(
        badness,
        np.array(USUAL),
        method="L-BFGS-B",
        bounds=[(-LIMIT, LIMIT)] * 2,
        options={"eps": 1e-5, "maxiter": 30, "ftol": 1e-8},
    )
    return float(optimum.x[0]), float(optimum.x[1])


def _result(solved: _Solved, averages: tuple[float, float], wanted: int) -> AirlineRegression:
    return AirlineRegression(
        coefficients=solved.coefficients[:wanted],
        errors=np.sqrt(np.maximum(np.diag(solved.covariance)[:wanted], 0.0)),
        covariance=solved.covariance[:wanted, :wanted],
        moving_averages=averages,
        criterion=solved.badness + wanted * float(np.log(solved.months)),
    )
