"""The state of a model version as JSON and CSV: written once, read back to the last bit."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pyarrow.csv import ReadOptions, read_csv

from employment_forecast.data.catalogue import Break, Series
from employment_forecast.data.errors import StorageError
from employment_forecast.data.records import Shock
from employment_forecast.experiments.archive.content import champion, shared_data
from employment_forecast.experiments.tracking import program_version
from employment_forecast.features.history import Borrowed, Covariate, History, Revisions
from employment_forecast.forecasting.competition import Competition
from employment_forecast.forecasting.documents import (
    cap_document,
    coherence_document,
    nowcast_document,
)
from employment_forecast.forecasting.early_warning import Scheme, version_lines
from employment_forecast.forecasting.inspection import known_effects
from employment_forecast.models.paths import SamplePaths

# 2: indicators beside the target, changes of definition and checksums are kept as well.
FORMAT = 2
FACTS = "forecast.json"
QUANTILES = "quantiles.csv"
PATHS = "paths.csv.gz"
BASE = "base_paths.csv.gz"
HISTORY = "history.csv"
LAGGED = "lagged.csv"
LINES = "lines.json"
# Checksum of the facts, which hold those of all other files: the state is sealed as a whole.
SEAL = "forecast.json.sha256"
_FAULTS = (
    *(OSError, EOFError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError),
    *(RecursionError, csv.Error, zlib.error),
)


def _csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return stream.getvalue().encode()


def encode(series: Series, result: Competition, scheme: Scheme) -> dict[str, bytes]:
    """State files of a version, by name."""
    paths, history = result.champion_paths, result.history
    months = [str(m) for m in paths.months]
    table = paths.table()
    quantiles = zip(months, table.to_numpy().tolist(), strict=True)
    known = zip(history.months.astype(str), history.values.tolist(), strict=True)
    files = {
        QUANTILES: _csv(["month", *table.columns], [[m, *map(repr, row)] for m, row in quantiles]),
        PATHS: _draws(paths),
        HISTORY: _csv(["month", "value"], [[m, repr(v)] for m, v in known]),
        LAGGED: _csv(
            ["indicator", "value"],
            [[each.indicator, repr(v)] for each in history.lagged for v in each.values.tolist()],
        ),
        LINES: json.dumps(version_lines(result, scheme), ensure_ascii=False, indent=1).encode(),
    }
    coherence = result.coherence
    if coherence is not None:
        files[BASE] = _draws(coherence.base)
    facts = {
        "format": FORMAT,
        **series.tags,
        "unit": history.unit,
        "precision": history.precision,
        "origin": str(paths.origin),
        "horizon": paths.horizon,
        "tested_horizon": result.tested_horizon,
        "paths": paths.n_paths,
        "seed": result.options.seed,
        "options": {
            "horizon": result.options.horizon,
            "origins": result.options.origins,
            "gaps": result.options.gaps,
            "models": list(result.options.models),
        },
        "model": result.choice.model,
        "model_label": champion(result).label,
        "code_version": program_version(),
        "data_fingerprint": history.fingerprint,
        "neighbours": shared_data(result),
        "demo": result.demo,
        "as_of": history.as_of.isoformat(),
        "history": {
            "start": str(history.start),
            "kind": history.kind,
            "transform": history.transform,
            "demo": history.demo,
            "pseudo_real_time": history.pseudo_real_time,
            "sources": list(history.sources),
            "notes": list(history.notes),
            "breaks": [{**asdict(b), "month": str(b.month)} for b in history.breaks],
            "lagged": [_lagged_facts(each) for each in history.lagged],
            "shocks": [_shock_facts(each) for each in history.shocks],
            **({} if history.revisions is None else {"revisions": asdict(history.revisions)}),
            **({"signed": True} if history.signed else {}),
            **({} if history.borrowed is None else {"borrowed": asdict(history.borrowed)}),
            "effects": known_effects(history),
        },
        "caps": [cap_document(item, result.indicator) for item in result.assessments],
        **_in_progress(result),
        **({} if coherence is None else {"coherence": coherence_document(result)}),
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }
    sealed = json.dumps(facts, ensure_ascii=False, indent=1).encode()
    return {FACTS: sealed, SEAL: hashlib.sha256(sealed).hexdigest().encode("ascii"), **files}


def _draws(paths: SamplePaths) -> bytes:
    """Paths as compressed CSV, a row each."""
    # The shortest digits of a double give the same number back; nothing is rounded.
    draws = (",".join(map(repr, row)) for row in paths.values.tolist())
    lines = [",".join(map(str, paths.months)), *draws, ""]
    # Digits of chance hardly compress: the last twentieth of space would take half of the time.
    return gzip.compress("\n".join(lines).encode("ascii"), 1, mtime=0)


def seal_of(folder: Path) -> str:
    """Checksum of the facts of a state, and through them of all its files."""
    try:
        return hashlib.sha256((folder / FACTS).read_bytes()).hexdigest()
    except OSError as error:
        raise _damaged(folder) from error


def demand_seal(folder: Path, seal: str) -> None:
    """Refuse a state that is not the one that was registered."""
    if seal_of(folder) != seal:
        raise _damaged(folder)


def _in_progress(result: Competition) -> dict[str, Any]:
    """What is known of months in progress; nothing where nothing is."""
    nowcast = nowcast_document(result)
    if nowcast is None:
        return {}
    return {"nowcast": nowcast, "part_months": result.part_months_identity}


def _shock_facts(each: Shock) -> dict[str, Any]:
    withdrawn = each.withdrawn_on
    return {
        **asdict(each),
        "month": str(each.month),
        "declared_on": each.declared_on.isoformat(),
        "withdrawn_on": None if withdrawn is None else withdrawn.isoformat(),
    }


def _revisions(facts: Mapping[str, Any] | None) -> Revisions | None:
    if facts is None:
        return None
    return Revisions(**{**facts, "bias": tuple(facts["bias"]), "spread": tuple(facts["spread"])})


def _shock(facts: Mapping[str, Any]) -> Shock:
    withdrawn = facts["withdrawn_on"]
    return Shock(
        **{
            **facts,
            "month": pd.Period(facts["month"], freq="M"),
            "declared_on": date.fromisoformat(facts["declared_on"]),
            "withdrawn_on": None if withdrawn is None else date.fromisoformat(withdrawn),
        }
    )


def _lagged_facts(each: Covariate) -> dict[str, Any]:
    return {
        "region": each.region,
        "indicator": each.indicator,
        "name": each.name,
        "unit": each.unit,
        "start": str(each.start),
        "transform": each.transform,
        "demo": each.demo,
        "pseudo_real_time": each.pseudo_real_time,
        "breaks": [str(month) for month in each.breaks],
    }


def decode_facts(folder: Path) -> dict[str, Any]:
    """Facts of a version's state, after its files have been held against their checksums.

    Parameters
    ----------
    folder : pathlib.Path
        Holds the files of `encode`.

    Returns
    -------
    dict
        Content of `forecast.json`. A version of format 1 has no checksums to hold against.

    Raises
    ------
    StorageError
        If a file is missing or damaged, or was written by a newer release.
    """
    try:
        facts: dict[str, Any] = json.loads((folder / FACTS).read_text("utf-8"))
        newer = facts["format"] > FORMAT
        sums: Mapping[str, str] = facts["sha256"] if facts["format"] > 1 else {}
        seal = folder / SEAL
        sealed = not seal.exists() or seal.read_text("ascii") == seal_of(folder)
        intact = newer or all(
            hashlib.sha256((folder / name).read_bytes()).hexdigest() == expected
            for name, expected in sums.items()
        )
    except _FAULTS as error:
        raise _damaged(folder) from error
    if newer:
        raise StorageError(
            f"模型版本的文件（“{folder}”）由较新的程序写成。", "请改用较新的程序版本。"
        )
    if not (intact and sealed):
        raise _damaged(folder)
    return facts


def decode_history(folder: Path) -> History:
    """History a version was made from."""
    facts = decode_facts(folder)
    try:
        stored = facts["history"]
        months, values = _columns(folder / HISTORY)
        start = pd.Period(stored["start"], freq="M")
        covariates = _lagged(folder, stored["lagged"]) if facts["format"] > 1 else ()
        history = History(
            region=facts["region"],
            indicator=facts["indicator"],
            start=start,
            values=np.array([float(v) for v in values]),
            unit=facts["unit"],
            kind=stored["kind"],
            transform=stored["transform"],
            precision=facts["precision"],
            as_of=date.fromisoformat(facts["as_of"]),
            demo=stored["demo"],
            pseudo_real_time=stored["pseudo_real_time"],
            sources=tuple(stored["sources"]),
            notes=tuple(stored["notes"]),
            breaks=tuple(
                Break(**{**b, "month": pd.Period(b["month"], freq="M")})
                for b in stored.get("breaks", ())
            ),
            lagged=covariates,
            shocks=tuple(_shock(each) for each in stored.get("shocks", ())),
            revisions=_revisions(stored.get("revisions")),
            signed=bool(stored.get("signed", False)),
            borrowed=Borrowed.of(stored["borrowed"]) if "borrowed" in stored else None,
        )
        whole = list(history.months.astype(str)) == months
        same = facts["format"] == 1 or history.fingerprint == facts["data_fingerprint"]
    except _FAULTS as error:
        raise _damaged(folder) from error
    if not (whole and same):
        raise _damaged(folder)
    return history


def _columns(file: Path) -> tuple[list[str], list[str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        _, *rows = csv.reader(stream)
    return [row[0] for row in rows], [row[1] for row in rows]


def _lagged(folder: Path, rows: Sequence[Mapping[str, Any]]) -> tuple[Covariate, ...]:
    names, values = _columns(folder / LAGGED)
    return tuple(
        Covariate(
            **{
                **each,
                "start": pd.Period(each["start"], freq="M"),
                "breaks": tuple(pd.Period(b, freq="M") for b in each.get("breaks", ())),
            },
            values=np.array(
                [float(v) for n, v in zip(names, values, strict=True) if n == each["indicator"]]
            ),
        )
        for each in rows
    )


def decode_lines(folder: Path) -> list[dict[str, Any]]:
    """Warning lines of a version's state; empty where it was written before lines were kept."""
    decode_facts(folder)
    if not (folder / LINES).is_file():
        return []
    try:
        rows: list[dict[str, Any]] = json.loads((folder / LINES).read_text("utf-8"))
    except _FAULTS as error:
        raise _damaged(folder) from error
    return rows


def decode_paths(folder: Path, *, base: bool = False) -> SamplePaths:
    """Sample paths of a version's state; `base`: before they were made to add up with others."""
    facts = decode_facts(folder)
    name = BASE if base and "coherence" in facts else PATHS
    try:
        content = io.BytesIO(gzip.decompress((folder / name).read_bytes()))
        # To the last bit, as numpy reads doubles, in a third of the time.
        table = read_csv(content, ReadOptions(use_threads=False))
        values = np.column_stack([np.asarray(c, dtype=float) for c in table.columns])
        origin = pd.Period(facts["origin"], freq="M")
        # An empty cell is read as not a number, and versions of format 1 have no checksums.
        whole = values.shape == (facts["paths"], facts["horizon"])
        complete = whole and bool(np.isfinite(values).all())
        paths = SamplePaths(values, origin)
    except _FAULTS as error:
        raise _damaged(folder) from error
    if not complete:
        raise _damaged(folder)
    return paths


def _damaged(folder: Path) -> StorageError:
    return StorageError(
        f"模型版本的文件不完整或已损坏（“{folder}”）。", "请重新运行 forecast run，再晋级新的版本。"
    )
