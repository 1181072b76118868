"""Notebooks run in this process; a command leaves its store to the end of its own."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def left_to_the_end() -> Iterator[None]:
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    # What is left now stays: the next collection need not go through it again.
    gc.freeze()
