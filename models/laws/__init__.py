"""Likelihoods and forecast distributions that families share."""

from employment_forecast.models.laws.arma import Differenced, Order, estimate_arma, split
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
from employment_forecast.models.laws.likelihood import Structure, arma_structure, exact_fitness
from employment_forecast.models.laws.statespace import joint_moments, terminal

__all__ = [
    "Differenced",
    "GaussianCompetitor",
    "LEAST_DIVISOR",
    "Law",
    "Leading",
    "Order",
    "Structure",
    "arma_structure",
    "estimate_arma",
    "exact_fitness",
    "factorise",
    "joint_moments",
    "moving_factor",
    "split",
    "stratified_normals",
    "stratified_uniforms",
    "terminal",
]
