"""Record the members of a tree, each as its own run and version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from employment_forecast.data.workspace import Session
from employment_forecast.experiments.promotion import examine_only, promote_if_passed
from employment_forecast.experiments.recording.record import recorded
from employment_forecast.forecasting.competition import Competition
from employment_forecast.forecasting.documents.chart import fan_chart


@dataclass(frozen=True)
class RecordedParts:
    """What became of the members.

    Attributes
    ----------
    versions : dict
        Registered version by key.
    apart : tuple of str
        Names of regions whose version in force is not the one that adds up with the others.
    """

    versions: dict[str, str] = field(default_factory=dict)
    apart: tuple[str, ...] = ()


def record_parts(
    session: Session, results: Mapping[str, Competition], *, promoting: bool
) -> RecordedParts:
    """Record each member and register its forecast as the new candidate.

    Parameters
    ----------
    session : Session
        The workspace.
    results : mapping
        Members by key.
    promoting : bool
        Put in force what passes the gate; else examine only.

    Returns
    -------
    RecordedParts

    Raises
    ------
    UnrecordedError
        If MLflow does not answer; the member is kept on this machine.
    """
    uri = session.settings.tracking_uri(session.workspace)
    conclude = promote_if_passed if promoting else examine_only
    versions: dict[str, str] = {}
    apart = []
    for key, result in results.items():
        with recorded(uri, session.workspace, result.series) as recording:
            versions[key] = recording.register(result, fan_chart(result)).version
            settled = conclude(recording.run.tracker, result.series, result, recording.run)
        if promoting and result.coherence is not None and settled.action != "promoted":
            apart.append(result.region.name)
    return RecordedParts(versions, tuple(apart))
