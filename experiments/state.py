"""The state of a model version as JSON and CSV: written once, read back to the last bit."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from data.errors import StorageError
from experiments.content import champion, program_version
from experiments.series import Series
from forecasting.competition import Competition
from forecasting.document import cap_document
from models.paths import SamplePaths

FORMAT = 1
FACTS = "forecast.json"
QUANTILES = "quantiles.csv"
PATHS = "paths.csv.gz"
HISTORY = "history.csv"


def _csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return stream.getvalue().encode()


def encode(series: Series, result: Competition) -> dict[str, bytes]:
    """State files of a version, by name.

    Parameters
    ----------
    series : Series
        Names.
    result : Competition
        Its chosen model's forecast is kept, with the data it was made from.

    Returns
    -------
    dict
        The same competition gives the same bytes.
    """
    paths, history = result.champion_paths, result.history
    months = [str(m) for m in paths.months]
    table = paths.table()
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
        "model": result.choice.model,
        "model_label": champion(result).label,
        "code_version": program_version(),
        "data_fingerprint": history.fingerprint,
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
        },
        "caps": [cap_document(item, result.indicator) for item in result.assessments],
    }
    quantiles = zip(months, table.to_numpy().tolist(), strict=True)
    # The shortest digits of a double give the same number back; nothing is rounded.
    draws = [[repr(v) for v in row] for row in paths.values.tolist()]
    known = zip(history.months.astype(str), history.values.tolist(), strict=True)
    return {
        FACTS: json.dumps(facts, ensure_ascii=False, indent=1).encode(),
        QUANTILES: _csv(["month", *table.columns], [[m, *map(repr, row)] for m, row in quantiles]),
        PATHS: gzip.compress(_csv(months, draws), mtime=0),
        HISTORY: _csv(["month", "value"], [[m, repr(v)] for m, v in known]),
    }


def decode_paths(folder: Path) -> SamplePaths:
    """Sample paths of a version's state.

    Parameters
    ----------
    folder : pathlib.Path
        Holds the files of `encode`.

    Returns
    -------
    SamplePaths
        Bit for bit as they were.

    Raises
    ------
    StorageError
        If a file is missing or damaged.
    """
    try:
        facts = json.loads((folder / FACTS).read_text("utf-8"))
        with gzip.open(folder / PATHS, "rt", encoding="ascii", newline="") as stream:
            _, *rows = csv.reader(stream)
        values = np.array([[float(v) for v in row] for row in rows])
        origin = pd.Period(facts["origin"], freq="M")
        complete = values.shape == (facts["paths"], facts["horizon"])
    except (OSError, EOFError, ValueError, KeyError) as error:
        raise _damaged(folder) from error
    if not complete:
        raise _damaged(folder)
    return SamplePaths(values, origin)


def _damaged(folder: Path) -> StorageError:
    return StorageError(
        f"模型版本的文件不完整或已损坏（“{folder}”）。", "请重新运行 forecast run，再晋级新的版本。"
    )
