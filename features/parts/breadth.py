"""How many parts are in trouble at once: an early sign that one total hides."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

RISING_MONTHS = 3
LOW_MONTHS, ABOVE_LOW = 12, 0.10


def broad(values: Floats) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Whether series have risen for three months, and whether they stand 10 % above their low.

    Parameters
    ----------
    values : numpy.ndarray
        Consecutive months along the last axis, at least `LOW_MONTHS`; the last one is judged.

    Returns
    -------
    rising, above : numpy.ndarray of bool
        Shape of `values` without the last axis. The low is that of the last twelve months; where
        it is zero, no share above it exists and `above` is false.
    """
    steps = np.diff(values[..., -(RISING_MONTHS + 1) :], axis=-1)
    low = values[..., -LOW_MONTHS:].min(axis=-1)
    # A count printed as 110 over a low of 100 stands ten per cent above it, whatever binary says.
    above = (low > 0) & (values[..., -1] >= low * (1 + ABOVE_LOW) - 1e-9 * low)
    return np.asarray((steps > 0).all(axis=-1)), np.asarray(above)


def breadth_ahead(past: Mapping[str, Floats], paths: Mapping[str, Floats]) -> Floats:
    """Share of parts that rise or stand above their low, in every joint path and month ahead.

    Parameters
    ----------
    past : mapping of str to numpy.ndarray
        Last published months of each part, at least eleven, all ending in the same month.
    paths : mapping of str to numpy.ndarray
        Of each part, shape (n_paths, horizon): path i of all parts belongs together.

    Returns
    -------
    numpy.ndarray
        Shape (n_paths, horizon), from 0 to 1. Counts are rounded as they would be published, so
        that noise below one person is no rise.
    """
    counts: Floats | None = None
    for code, ahead in paths.items():
        before = np.broadcast_to(past[code][-(LOW_MONTHS - 1) :], (len(ahead), LOW_MONTHS - 1))
        course = np.round(np.concatenate([before, ahead], axis=1))
        windows = np.lib.stride_tricks.sliding_window_view(course, LOW_MONTHS, axis=1)
        rising, above = broad(windows)
        either = (rising | above).astype(np.float64)
        counts = either if counts is None else counts + either
    if counts is None:
        raise ValueError("no parts")
    return counts / len(paths)
