"""Observations become one modelling history, as of a date."""
