"""Builders of release files (offline bundle); not part of the installed program."""
