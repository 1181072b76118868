"""Simulated checks of what is decided on forecasts: choice, gate, tests, calibration."""
