"""Publish a threshold feed: one writer at a time, and a failure that shows.

Whatever goes wrong between the data and the feed, the current document must not go on looking new:
`mark_failed` replaces it by one that says what happened and gives no lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from employment_forecast.data import clock
from employment_forecast.data.catalogue import Series
from employment_forecast.data.errors import SettingsError, StorageError
from employment_forecast.data.feed import files as feed_files
from employment_forecast.data.feed.signing import load_key, sign_file
from employment_forecast.data.files import lock
from employment_forecast.data.workspace import Workspace, load_settings
from employment_forecast.forecasting.early_warning import empty_feed

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_LOCK = ".lock"


def publish(workspace: Workspace, document: Mapping[str, Any]) -> bool:
    """Make a document the current one of its series.

    Parameters
    ----------
    workspace : Workspace
        Its `thresholds/` is what readers look at.
    document : mapping
        From `experiments.publication.feed.build_feed`.

    Returns
    -------
    bool
        False if the current document says the same and was left as it is.

    Raises
    ------
    StorageError
        If the files cannot be written; the current document is left as it was.
    SettingsError
        If a key is set to sign with and cannot be used; nothing is published then.
    """
    return _publish(workspace, document, _key(workspace))


def _key(workspace: Workspace) -> Ed25519PrivateKey | None:
    given: str = load_settings(workspace)["thresholds.signing_key"]
    return load_key(workspace.root / Path(given).expanduser()) if given else None


def _publish(
    workspace: Workspace, document: Mapping[str, Any], key: Ed25519PrivateKey | None
) -> bool:
    with lock(workspace.thresholds / _LOCK):
        changed = feed_files.write(workspace.thresholds, document)
        name = feed_files.file_name(document["indicator"], document["region"]["code"])
        # Last: a reader who finds a document and an older signature waits for the new one.
        sign_file(workspace.thresholds / name, key)
    return changed


def failed_feed(
    series: Series, reason: str, last_good: Mapping[str, Any] | None = None, default: str = ""
) -> dict[str, Any]:
    """A document that says that there are no thresholds, and why; `default` as in `empty_feed`."""
    earlier = None
    if last_good is not None:
        earlier = {
            "created_at": last_good["created_at"],
            "data_month": last_good["data_month"],
            "valid_until": last_good["valid_until"],
            "file": f"{feed_files.HISTORY}/{feed_files.history_name(last_good)}",
        }
    now = clock.now()
    return {
        **empty_feed(series, default),
        "state_reason": reason,
        "demo": bool(last_good and last_good["demo"]),
        "as_of": now.date().isoformat(),
        "created_at": now.isoformat(timespec="seconds"),
        "level_reason": reason,
        "last_good": earlier,
    }


def failure(workspace: Workspace, series: Series, reason: str) -> dict[str, Any]:
    """What takes the place of the current document when it cannot be renewed.

    Parameters
    ----------
    workspace : Workspace
        Where the feed is.
    series : Series
        Region and indicator.
    reason : str
        Chinese sentence.

    Returns
    -------
    dict
        State `failed`; it names the last document that was none, through any number of failures.
    """
    file = workspace.thresholds / feed_files.file_name(series.indicator.code, series.region.code)
    before: Mapping[str, Any] | None = None
    with suppress(StorageError):
        before = feed_files.read(file)
    if before is None:
        return failed_feed(series, reason)
    # As it was: what failed may be the store, which alone could tell.
    default = before["region"]["default_indicator"]
    if before["state"] != "failed":
        return failed_feed(series, reason, before, default)
    return {
        **failed_feed(series, reason, default=default),
        "last_good": before["last_good"],
        "demo": before["demo"],
    }


def mark_stale(workspace: Workspace, document: Mapping[str, Any], reason: str) -> bool:
    """Say in the current document of a series that what it rests on has changed since.

    Parameters
    ----------
    workspace : Workspace
        Where the feed is.
    document : mapping
        The current one.
    reason : str
        Chinese sentence.

    Returns
    -------
    bool
        False if it gave no lines to rely on before.

    Raises
    ------
    StorageError
        If the files cannot be written.
    """
    if document["state"] not in ("current", "demo"):
        return False
    key = None
    # As for a failure: it must show.
    with suppress(SettingsError):
        key = _key(workspace)
    now = clock.now().isoformat(timespec="seconds")
    stale = {**document, "state": "stale", "state_reason": reason, "created_at": now}
    return _publish(workspace, stale, key)


def mark_failed(workspace: Workspace, series: Series, reason: str) -> bool:
    """Replace the current document by one that says that there are no thresholds, and why.

    Parameters
    ----------
    workspace : Workspace
        Where the feed is.
    series : Series
        Region and indicator.
    reason : str
        Chinese sentence.

    Returns
    -------
    bool
        False if there never was a document, or it says the same already.

    Raises
    ------
    StorageError
        If the files cannot be written.
    """
    file = workspace.thresholds / feed_files.file_name(series.indicator.code, series.region.code)
    if not file.exists():
        return False
    key = None
    # A failure must show, with a key that cannot be used too: then it bears no signature.
    with suppress(SettingsError):
        key = _key(workspace)
    return _publish(workspace, failure(workspace, series, reason), key)
