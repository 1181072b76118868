"""Registered versions: list, compare, verify, promote, roll back, watch."""
