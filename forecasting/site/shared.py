"""Files that every page of the site shares: style, script and the chart library, shipped once."""

from __future__ import annotations

from importlib import resources

_ASSETS = "employment_forecast.forecasting.site.assets"
# uPlot (MIT): 51 kB without dependencies, canvas, syntax of 2017, plain script for file:// pages.
_NAMES = (
    "site.css", "site.js", "overview.js", "uPlot.iife.min.js", "uPlot.min.css",
    "uPlot.LICENSE.txt",
)  # fmt: skip


def shared_files() -> dict[str, bytes]:
    """Content by path below the site's folder.

    Returns
    -------
    dict of str to bytes
        `assets/...`.
    """
    folder = resources.files(_ASSETS)
    return {f"assets/{name}": folder.joinpath(name).read_bytes() for name in _NAMES}
