"""Bundled real figures: national series and yearly targets, each with its publishing office."""
