"""Likelihoods and forecast distributions that families share."""

from employment_forecast.models.laws.arma import Differenced, Order, estimate_arma, split
from employment_forecast.models.laws.gaussian import (
    GaussianCompetitor,
    Law,
    factorise,
    moving_factor,
    stratified_normals,
    student_divisors,
)
from employment_forecast.models.laws.leading_indicators import Leading
from employment_forecast.models.laws.likelihood import Structure, arma_structure, exact_fitness
from employment_forecast.models.laws.statespace import arma_terminal, joint_moments, terminal

__all__ = [
    "Differenced",
    "GaussianCompetitor",
    "Law",
    "Leading",
    "Order",
    "Structure",
    "arma_structure",
    "arma_terminal",
    "estimate_arma",
    "exact_fitness",
    "factorise",
    "joint_moments",
    "moving_factor",
    "split",
    "stratified_normals",
    "student_divisors",
    "terminal",
]
