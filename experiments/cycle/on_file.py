"""How the bulletins of a workspace stand, as the index page and the summary tell it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from employment_forecast.data.store import BulletinState, states
from employment_forecast.data.workspace import Session
from employment_forecast.experiments.bulletins.files import current_states, file_name, folder
from employment_forecast.forecasting.bulletin.render.forms import FORMS

_STATES = {"draft": "草稿，待审核", "reviewed": "已审核，待签发"}
Key = tuple[str, str, str]


@dataclass(frozen=True)
class OnFile:
    """A bulletin or a correction.

    Attributes
    ----------
    title : str
        What it is and how far it has come, in Chinese.
    state : str
        How far it has come, as `BulletinState.state`.
    files : tuple of str
        Its files that are there, relative to the workspace.
    """

    title: str
    files: tuple[str, ...] = ()
    state: str = ""


OnFiles = Mapping[Key, Sequence[OnFile]]


def state_title(state: BulletinState, *, beside_real: bool = False) -> str:
    """What a state of a bulletin is called."""
    name = f"更正第{state.correction}号" if state.correction else "月报"
    demo = "（演示数据）" if beside_real and state.demo else ""
    return f"{name}{demo}" + _STATES.get(state.state, f"已签发（{state.number}）")


def bulletins_on_file(session: Session, since: pd.Period | None = None) -> dict[Key, list[OnFile]]:
    """By region, indicator and month (YYYY-MM): what was issued, then what is to be signed.

    Parameters
    ----------
    session : Session
        Workspace.
    since : pandas.Period, optional
        First month looked at.
    """
    everything = states(session.store, since=since, records=False)
    by_key: dict[Key, list[BulletinState]] = {}
    for state in everything:
        by_key.setdefault((state.region, state.indicator, str(state.month)), []).append(state)
    return {
        key: [
            _on_file(session, state, states_of_month) for state in current_states(states_of_month)
        ]
        for key, states_of_month in by_key.items()
    }


def _on_file(
    session: Session, state: BulletinState, states_of_month: Sequence[BulletinState]
) -> OnFile:
    directory = folder(session, state)
    files = [directory / file_name(session, state, form, states_of_month) for form in FORMS]
    root = session.workspace.root
    return OnFile(
        state_title(state, beside_real=not all(s.demo for s in states_of_month)),
        tuple(f.relative_to(root).as_posix() for f in files if f.is_file()),
        state.state,
    )
