"""Coverage of our lines, from their own marks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from coverage import Coverage

from support import marks


def _measurement(config: pytest.Config) -> Coverage | None:
    plugin = config.pluginmanager.getplugin("_cov")
    return plugin.cov_controller.cov if plugin else None


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Trace nothing."""
    measurement = _measurement(session.config)
    if measurement is not None:
        measurement.stop()


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtestloop(session: pytest.Session) -> Iterator[None]:
    """Give what ran to the measurement before it is saved."""
    result = yield
    measurement = _measurement(session.config)
    if measurement is not None:
        data = measurement._collector.data  # type: ignore[union-attr]
        for file, lines in marks.executed().items():
            data.setdefault(file, set()).update(lines)
    return result
