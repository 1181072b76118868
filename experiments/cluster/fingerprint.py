"""What a machine computes with: program, libraries, and the bytes of a small trial.

Two machines of one version may still differ in last bits, because mathematical libraries choose
their kernels by the processor. The trial shows it before a forecast does.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from employment_forecast.data.files import write_atomically
from employment_forecast.experiments.tracking import program_version
from employment_forecast.features.history import History
from employment_forecast.forecasting.backtest import (
    Cell,
    Origin,
    code_version,
    compute_single_threaded,
    group,
    pack,
)
from employment_forecast.models import roster

_MONTHS, _PATHS, _HORIZON = 84, 200, 6


@dataclass(frozen=True)
class Fingerprint:
    """What has to be equal for machines to give the same bytes.

    Attributes
    ----------
    program : str
        Release with the hash of its code, as people read it.
    code : str
        Hash of the code of the cells and the versions of the numerical libraries.
    models : str
        Hash of the models of other packages.
    python : str
        Version.
    trial : str
        Hash of what the models gave for a small series.
    """

    program: str
    code: str
    models: str
    python: str
    trial: str

    @property
    def digest(self) -> str:
        """What `difference` looks at as one hash; the program may differ where no cell sees it."""
        seen = {name: value for name, value in asdict(self).items() if name != "program"}
        return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest()

    def difference(self, other: Fingerprint) -> str:
        """How another machine differs from this one, in Chinese; empty where it does not."""
        if (self.code, self.models) != (other.code, other.models):
            return f"程序或数值库的版本不同（{other.program}，应为 {self.program}）"
        if self.python != other.python:
            return f"Python 版本不同（{other.python}，应为 {self.python}）"
        if self.trial != other.trial:
            return "版本相同而试算结果的末位不同：处理器不同，数学库选了不同的内核"
        return ""


def read_fingerprint(raw: dict[str, Any]) -> Fingerprint:
    """Inverse of `dataclasses.asdict`; what is missing is empty."""
    return Fingerprint(**{k: str(raw.get(k, "")) for k in Fingerprint.__dataclass_fields__})


def _history() -> History:
    t = np.arange(_MONTHS)
    # Whole numbers: the last bits of sine and exponential function leave no trace in them.
    values = np.round(1000 * np.exp(0.002 * t + 0.04 * np.sin(t / 1.9) + 0.03 * np.sin(t * t)))
    return History(
        region="0", indicator="trial", start=pd.Period("2014-01", freq="M"), values=values,
        unit="人", kind="stock", transform="log", precision=1.0, as_of=date(2021, 1, 20),
        demo=True, pseudo_real_time=False, sources=("trial",),
    )  # fmt: skip


def trial(models: tuple[str, ...] = ()) -> str:
    """Hash of what models give for a small series; all that need not be named by default."""
    history = _history()
    chosen = models or tuple(m for m in roster.resolve() if m not in roster.COMBINATIONS)
    origin = Origin(history, history)
    digest = hashlib.sha256()
    for task in group(Cell(m, origin, _HORIZON, _PATHS, 1) for m in sorted(chosen)):
        digest.update(pack(compute_single_threaded(task)))
    return digest.hexdigest()


_KERNEL_VARIABLES = ("OPENBLAS_CORETYPE", "MKL_CBWR", "NPY_DISABLE_CPU_FEATURES")


@cache
def _kernels() -> str:
    """What mathematical libraries choose their kernels by: the processor, and what is asked for."""
    asked = [f"{name}={os.environ.get(name, '')}" for name in _KERNEL_VARIABLES]
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return "\n".join([platform.processor(), *asked])
    shown = {line for line in lines if line.startswith(("model name", "flags", "Features"))}
    return "\n".join([*sorted(shown), *asked])


def fingerprint_of(kept: Path | None = None) -> Fingerprint:
    """Fingerprint of this machine.

    Parameters
    ----------
    kept : pathlib.Path, optional
        File where the trial, which takes seconds, is kept until program or processor change.
    """
    models = json.dumps({m: roster.identity(m) for m in roster.names()}, sort_keys=True)
    machine = {
        "program": program_version(),
        "code": code_version(),
        "models": hashlib.sha256(models.encode()).hexdigest()[:16],
        "python": platform.python_version(),
    }
    key = hashlib.sha256(json.dumps([machine, _kernels()]).encode()).hexdigest()
    try:
        before = json.loads(kept.read_bytes()) if kept is not None else {}
    except (OSError, ValueError):
        before = {}
    if isinstance(before, dict) and before.get("key") == key and isinstance(before["trial"], str):
        return Fingerprint(**machine, trial=before["trial"])
    digest = trial()
    if kept is not None:
        write_atomically(kept, json.dumps({"key": key, "trial": digest}).encode())
    return Fingerprint(**machine, trial=digest)
