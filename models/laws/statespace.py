"""Gaussian forecasts from the state-space form, joint over the horizon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Terminal:
    """A linear Gaussian system and the law of its state in the first month ahead.

    y = design @ state + noise,  next state = transition @ state + disturbance.

    Attributes
    ----------
    design : numpy.ndarray
        Shape (m,).
    transition : numpy.ndarray
        Shape (m, m).
    disturbance : numpy.ndarray
        Covariance of the state disturbance (R Q R'), shape (m, m).
    noise : float
        Variance of the observation noise.
    state : numpy.ndarray
        Mean of the state of the first month ahead given the history, shape (m,).
    state_covariance : numpy.ndarray
        Its covariance, shape (m, m).
    """

    design: Floats
    transition: Floats
    disturbance: Floats
    noise: float
    state: Floats
    state_covariance: Floats


def terminal(model: Any, parameters: list[float]) -> Terminal:
    """Filter a statsmodels state-space model with given parameters.

    Parameters
    ----------
    model : statsmodels.tsa.statespace.mlemodel.MLEModel
        One observed series, time-invariant system, no regressors.
    parameters : list of float
        In the model's own order.

    Returns
    -------
    Terminal
        What is needed to forecast; no parameter is estimated.
    """
    model.update(np.asarray(parameters, dtype=float))
    return _reached(model.ssm)


def arma_terminal(w: Floats, autoregressive: Floats, moving: Floats, variance: float) -> Terminal:
    """`terminal` of a stationary ARMA process, without the model around statsmodels' filter.

    Parameters
    ----------
    w : numpy.ndarray
        Shape (n,).
    autoregressive, moving : numpy.ndarray
        Coefficients; the moving average with its leading one.
    variance : float
        Of the innovations.

    References
    ----------
    Harvey (1989), Forecasting, structural time series models and the Kalman filter, section 3.3.
    """
    from statsmodels.tsa.statespace.kalman_filter import KalmanFilter

    states = max(len(autoregressive), len(moving))
    transition, design, selection = np.eye(states, k=1), np.eye(1, states), np.zeros((states, 1))
    transition[: len(autoregressive), 0] = autoregressive
    selection[: len(moving), 0] = moving
    system = KalmanFilter(
        1, states, 1,
        design=design, transition=transition, selection=selection, state_cov=np.eye(1) * variance,
    )  # fmt: skip
    system.bind(w)
    system.initialize_stationary()
    return _reached(system)


def _reached(system: Any) -> Terminal:
    filtered = system.filter()
    selection = system["selection"]
    return Terminal(
        design=np.array(system["design"][0], dtype=float),
        transition=np.array(system["transition"], dtype=float),
        disturbance=selection @ system["state_cov"] @ selection.T,
        noise=float(system["obs_cov"][0, 0]),
        state=np.array(filtered.predicted_state[:, -1], dtype=float),
        state_covariance=np.array(filtered.predicted_state_cov[:, :, -1], dtype=float),
    )


def joint_moments(system: Terminal, horizon: int) -> tuple[Floats, Floats]:
    """Mean and covariance of the next observations.

    Parameters
    ----------
    system : Terminal
        Filtered system.
    horizon : int
        Months ahead.

    Returns
    -------
    mean : numpy.ndarray
        Shape (horizon,).
    covariance : numpy.ndarray
        Shape (horizon, horizon). With g_h = design @ transition^(h-1), months i and j share
        g_i P g_j' of the state and the sum over k < min(i, j) of g_{i-k} S g_{j-k}' of the
        disturbances between (Durbin and Koopman, Time Series Analysis by State Space Methods,
        section 4.11).
    """
    rows = np.empty((horizon, len(system.state)))
    rows[0] = system.design
    for step in range(1, horizon):
        rows[step] = rows[step - 1] @ system.transition
    shared = rows @ system.disturbance @ rows.T
    gathered = np.zeros((horizon, horizon))
    for step in range(1, horizon):
        gathered[step, 1:] = gathered[step - 1, :-1] + shared[step - 1, :-1]
    covariance = rows @ system.state_covariance @ rows.T + gathered
    covariance += system.noise * np.eye(horizon)
    return rows @ system.state, (covariance + covariance.T) / 2
