"""Likelihoods and forecast distributions that families share."""

from employment_forecast.models.laws.arma import (
    Order,
    arma_model,
    difference,
    estimate_arma,
    integrate,
    smooth_missing,
    split,
    without_missing,
)
from employment_forecast.models.laws.gaussian import (
    LEAST_DIVISOR,
    GaussianCompetitor,
    Law,
    factorise,
    moving_factor,
    stratified_normals,
    stratified_uniforms,
)
from employment_forecast.models.laws.leading_indicators import Leading
from employment_forecast.models.laws.statespace import joint_moments, terminal

__all__ = [
    "GaussianCompetitor",
    "LEAST_DIVISOR",
    "Law",
    "Leading",
    "Order",
    "arma_model",
    "difference",
    "estimate_arma",
    "factorise",
    "integrate",
    "joint_moments",
    "moving_factor",
    "smooth_missing",
    "split",
    "stratified_normals",
    "stratified_uniforms",
    "terminal",
    "without_missing",
]
