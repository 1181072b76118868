"""New regions in a workspace's `forecast.toml`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from employment_forecast.data.catalogue import (
    Catalogue,
    division_above,
    divisions,
    load_catalogue,
    region_table,
)
from employment_forecast.data.files import write_atomically
from employment_forecast.data.workspace.session import Session
from employment_forecast.data.workspace.settings import template

Table = Mapping[str, object]


def region_tables(session: Session, wanted: Mapping[str, str]) -> list[Table]:
    """Entries for new regions and, of divisions, for what they lie in; checked with all others.

    Parameters
    ----------
    session : Session
        Its catalogue decides what is new.
    wanted : mapping of str to str
        Names by code.

    Raises
    ------
    SettingsError
        If the catalogue would not be one with them.
    """
    new: dict[str, str] = {}
    for code, name in wanted.items():
        line = {code: name}
        while code in divisions() and (code := division_above(code)) in divisions():
            line[code] = divisions()[code]
        new |= dict(reversed(line.items()))
    catalogue, tables = session.catalogue, list(session.settings.regions)
    added: list[Table] = []
    for code, name in new.items():
        if not any(region.code == code for region in catalogue.regions):
            added.append(region_table(catalogue, code, name))
            catalogue = _with(session, [*tables, *map(dict, added)])
    return added


def _with(session: Session, tables: Sequence[dict[str, object]]) -> Catalogue:
    file = str(session.workspace.settings_file)
    return load_catalogue(tables, session.settings.indicators, file, session.settings.groups)


def write_settings(session: Session, tables: Sequence[Table]) -> bool:
    """Write `forecast.toml` where there is none, and new regions at its end; False if neither."""
    file = session.workspace.settings_file
    fresh = not file.exists()
    if not fresh and not tables:
        return False
    before = template() if fresh else file.read_text("utf-8-sig")
    text = before if before.endswith("\n") else before + "\n"
    for table in tables:
        lines = (f"{key} = {json.dumps(v, ensure_ascii=False)}\n" for key, v in table.items())
        text += "\n[[regions]]\n" + "".join(lines)
    write_atomically(file, text.encode("utf-8"), secret=True)
    return True
