"""The competitors: one file per family, one contract."""
