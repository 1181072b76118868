"""What a region's result rests on, as one hash: the same hash means that nothing is new."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date

from employment_forecast.data.store import firm_panel, part_vintages
from employment_forecast.data.targets import Target
from employment_forecast.data.workspace import Session
from employment_forecast.experiments.tracking import program_version
from employment_forecast.features.history import History

# Settings that say how to run, whom to tell or who signs, not what comes out.
_WITHOUT_EFFECT = (
    *("run.jobs", "cache.", "monthly.", "notify.", "smtp.", "store.", "mlflow.", "import."),
    *("bulletin.", "thresholds.", "compute."),
)


def targets_known(targets: Iterable[Target], region: str, day: date) -> list[Target]:
    """Targets of a region that had been announced by a day, of any indicator."""
    return [t for t in targets if t.region == region and t.announced_on <= day]


def identity(session: Session, history: History, targets: Iterable[Target]) -> str:
    """Hash of data, targets, settings and program."""
    digest = hashlib.sha256()
    digest.update(history.fingerprint.encode())
    digest.update(repr((history.sources, history.pseudo_real_time)).encode())
    for target in targets_known(targets, history.region, history.as_of):
        # Real figures are never held against demonstration targets.
        if history.demo or not target.demo:
            digest.update(repr(target).encode())
    panel = firm_panel(session.store, history.region, history.as_of)
    # Demonstration reports grow month by month and say nothing beside real data.
    panel = panel[panel["demo"] == history.demo]
    if not panel.empty:
        digest.update(panel.to_csv(index=False).encode())
    parts = part_vintages(session.store, history.region, history.indicator)
    known = parts.known_hash(history.as_of)
    if known and bool(parts.rows["demo"].all()) == history.demo:
        digest.update(known.encode())
    settings = {
        key: value
        for key, value in session.settings.values.items()
        if not key.startswith(_WITHOUT_EFFECT)
    }
    digest.update(repr((sorted(settings.items()), session.settings.warning_levels)).encode())
    digest.update(program_version().encode())
    return digest.hexdigest()


def joint_identity(alone: str, neighbours: str) -> str:
    """The same for a result that rests on other regions' figures, given as a hash."""
    return hashlib.sha256(f"{alone}|{neighbours}".encode()).hexdigest()
