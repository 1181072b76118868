"""The competitors under one contract, one file per family."""
