"""Thresholds and warnings: publish, check, issue, evaluate."""
