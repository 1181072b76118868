"""Builders of what is handed out; not part of the installed program."""
