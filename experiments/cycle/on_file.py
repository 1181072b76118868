"""How the bulletins of a workspace stand, as the index page and the summary tell it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from employment_forecast.data.store import BulletinState, states
from employment_forecast.data.workspace import Session
from employment_forecast.experiments.bulletins.files import current_states, file_name, folder
from employment_forecast.forecasting.bulletin.render.rendering import RENDERERS

_STATES = {"draft": "草稿，待审核", "reviewed": "已审核，待签发"}
Key = tuple[str, str, str]


@dataclass(frozen=True)
class OnFile:
    """A bulletin or a correction.

    Attributes
    ----------
    told : str
        What it is and how far it has come, in Chinese.
    files : tuple of str
        Its files that are there, relative to the workspace.
    """

    told: str
    files: tuple[str, ...] = ()


OnFiles = Mapping[Key, Sequence[OnFile]]


def told(kept: BulletinState, *, beside_real: bool = False) -> str:
    """What a state of a bulletin is called."""
    name = f"更正第{kept.correction}号" if kept.correction else "月报"
    demo = "（演示数据）" if beside_real and kept.demo else ""
    return f"{name}{demo}" + _STATES.get(kept.state, f"已签发（{kept.number}）")


def bulletins_on_file(session: Session) -> dict[Key, list[OnFile]]:
    """By region, indicator and month (YYYY-MM): what was issued, then what is to be signed."""
    everything = states(session.store)
    by_key: dict[Key, list[BulletinState]] = {}
    for kept in everything:
        by_key.setdefault((kept.region, kept.indicator, str(kept.month)), []).append(kept)
    return {
        key: [_on_file(session, kept, found) for kept in current_states(found)]
        for key, found in by_key.items()
    }


def _on_file(session: Session, kept: BulletinState, found: Sequence[BulletinState]) -> OnFile:
    place = folder(session, kept)
    files = [place / file_name(session, kept, form, found) for form in RENDERERS]
    root = session.workspace.root
    return OnFile(
        told(kept, beside_real=not all(k.demo for k in found)),
        tuple(f.relative_to(root).as_posix() for f in files if f.is_file()),
    )
