"""Which tests measure lines: tracing adds half to what a test costs, and most would add no line.

What is left out can only make the figure smaller: it is a lower bound.
"""

from __future__ import annotations

import importlib
import os
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from coverage import Coverage
from hypothesis import is_hypothesis_test

from support.fork_server import LIBRARIES

# So many tests of a file without a new line, and the rest of it is not measured. A test of commands
# is never left out: it costs little here, and `Forks` measures what is new in a command.
BARREN = 4

_lines = 0
_barren: defaultdict[object, int] = defaultdict(int)


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Leave out further cases of a test, and generated examples."""
    measured = set()
    for item in items:
        function = getattr(item, "function", None)
        if function in measured or is_hypothesis_test(function):
            item.add_marker("no_cover")
        measured.add(function)


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """Measure in one worker alone what importing our modules executes, and no library's import."""
    control = _control(session.config)
    if control is None:
        yield
        return
    control.pause()
    if os.environ.get("PYTEST_XDIST_WORKER", "gw0") != "gw0":
        yield
        control.resume()
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # theirs
        for name in LIBRARIES:
            importlib.import_module(name)
    control.resume()
    yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Stop measuring for a test that is left out, or whose file brings nothing new any more."""
    control = _control(item.config)
    if control is None:
        return (yield)
    if item.get_closest_marker("no_cover"):
        return (yield)  # pytest-cov stops for it
    if _barren[item.path] >= BARREN and "forks" not in getattr(item, "fixturenames", ()):
        control.pause()
        result = yield
        control.resume()
        return result
    result = yield
    _barren[item.path] = 0 if _has_new_lines() else _barren[item.path] + 1
    return result


def add_lines(measurement: Coverage, executed: Mapping[str, Iterable[int]]) -> None:
    """Add what another process measured."""
    for file, numbers in executed.items():
        measurement._collector.data.setdefault(file, set()).update(numbers)


def _control(config: pytest.Config) -> Any:
    """What starts and stops the measurement; None where nothing is measured or it is elsewhere."""
    plugin = config.pluginmanager.getplugin("_cov")
    return plugin.cov_controller if plugin and Coverage.current() else None


def _has_new_lines() -> bool:
    """Whether lines were executed for the first time since it was asked last."""
    global _lines
    before, measurement = _lines, Coverage.current()
    assert measurement is not None
    _lines = sum(map(len, measurement._collector.data.values()))
    return _lines > before
