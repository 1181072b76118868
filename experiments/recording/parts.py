"""Record the members of a tree, each as its own run and version."""

from __future__ import annotations

from dataclasses import dataclass, field

from employment_forecast.data.workspace import Session
from employment_forecast.experiments.promotion import (
    PromotionResult,
    examine_only,
    promote_if_passed,
)
from employment_forecast.experiments.recording.record import Recording, recorded
from employment_forecast.forecasting.competition import Competition, TreeResult
from employment_forecast.forecasting.documents.chart import fan_chart


@dataclass(frozen=True)
class RecordedParts:
    """What became of the members.

    Attributes
    ----------
    versions : dict
        Registered version by key.
    apart : tuple of str
        Names of regions of which nothing came into force that adds up with the others.
    """

    versions: dict[str, str] = field(default_factory=dict)
    apart: tuple[str, ...] = ()


def record_parts(
    session: Session, tree: TreeResult, root: str, *, promoting: bool
) -> RecordedParts:
    """Record each member and register its forecast as the new candidate.

    Parameters
    ----------
    session : Session
        The workspace.
    tree : TreeResult
        The members.
    root : str
        Key of the whole, which is recorded by itself.
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
    versions: dict[str, str] = {}
    apart = []
    for key, in_force in tree.results.items():
        if key == root:
            continue
        result = tree.candidate(key)
        with recorded(uri, session.workspace, result.series) as recording:
            versions[key] = recording.register(result, fan_chart(result)).version
            settled = conclude(recording, result, in_force, promoting=promoting)
        if promoting and in_force.coherence is not None and settled.action == "kept":
            apart.append(result.series.member_name)
    return RecordedParts(versions, tuple(apart))


def conclude(
    recording: Recording, result: Competition, in_force: Competition, *, promoting: bool
) -> PromotionResult:
    """Judge a member's candidate and, where that is wanted, put in force what should be."""
    run, series = recording.run, result.series
    if not promoting:
        return examine_only(run.tracker, series, result, run)
    stand_in = None if in_force is result else in_force
    return promote_if_passed(run.tracker, series, result, run, stand_in)
