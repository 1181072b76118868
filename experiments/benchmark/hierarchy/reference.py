"""The same base forecasts reconciled by Nixtla's hierarchicalforecast, in another environment.

    python reference.py DIR

reads DIR/base.npz as the benchmark wrote it and writes DIR/reference.npz for its next run. Means
and spreads are those of the base paths; residuals are what earlier origins missed by, all months
ahead together, as known at each origin. The library draws each month by itself.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

N_PATHS, FEWEST_ORIGINS = 1000, 4
Floats = npt.NDArray[np.float64]


def trees(groups: list[tuple[str, str]]) -> Iterator[tuple[str, list[str], Floats]]:
    """Title, members and summing matrix of the trees of two and of three levels."""
    areas, middle = [a for a, _ in groups], sorted({g for _, g in groups})
    yield "two", ["whole", *areas], np.vstack([np.ones((1, len(areas))), np.eye(len(areas))])
    low = [a for m in middle for a, g in groups if g == m]
    of = dict(groups)
    belongs = np.array([[float(of[a] == m) for a in low] for m in middle])
    whole = np.ones((1, len(low)))
    yield "thr", ["whole", *middle, *low], np.vstack([whole, belongs, np.eye(len(low))])


def main(folder: Path) -> None:
    """Reconcile at every origin that knows enough."""
    from hierarchicalforecast.methods import BottomUp, MinTrace
    from hierarchicalforecast.probabilistic_methods import Normality

    data = np.load(folder / "base.npz")
    names, months, horizon = list(data["names"]), data["months"], data["outcomes"].shape[2]
    errors = data["outcomes"] - data["quantiles"][..., 4]
    made: dict[str, Any] = {}
    for title, members, summing in trees([(str(a), str(g)) for a, g in data["groups"]]):
        at = [names.index(m) for m in members]
        shape = (len(months), len(members), N_PATHS, horizon)
        for label in ("bottom-up", "mint-shrink"):
            samples = np.full(shape, np.nan, np.float32)
            for t in range(FEWEST_ORIGINS, len(months)):
                known = months[:t, None] + np.arange(1, horizon + 1) <= months[t]
                seen = np.where(known[:, None, :], errors[:t][:, at], np.nan)
                residuals = np.moveaxis(seen, 1, 0).reshape(len(at), -1)
                residuals = residuals[:, np.isfinite(residuals).all(axis=0)]
                mean, spread = data["mean"][t][at], data["spread"][t][at]
                method: Any = BottomUp() if label == "bottom-up" else MinTrace("mint_shrink")
                method.fit(
                    S=summing,
                    y_hat=mean,
                    y_insample=residuals,
                    y_hat_insample=np.zeros_like(residuals),
                )
                sampler = Normality(
                    S=summing, P=method.P, y_hat=mean, sigmah=spread,
                    covariance_type="shrink", residuals=residuals, seed=1,
                )  # fmt: skip
                samples[t] = np.moveaxis(sampler.get_samples(num_samples=N_PATHS), 2, 1)
            made[f"{label} {title}"] = samples
    np.savez(folder / "reference.npz", **made)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
