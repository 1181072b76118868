"""A simulated city whose dependence is known, to see whether probabilities hold at every level.

Logarithms of the streets are random walks made of a city's, a district's and their own
steps. Every member is forecast by itself as a random walk on logarithms with the variance of
its own past; dependence is learned from earlier origins. Fresh futures say what really happens.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from employment_forecast.forecasting.assessment import equal_risk, whole_numbers
from employment_forecast.forecasting.reconciliation import (
    Sum,
    Tree,
    TreeEvidence,
    coherent,
)
from employment_forecast.models.paths import LEVELS

Floats = npt.NDArray[np.float64]
HORIZON, ORIGINS, PAST, PATHS, FUTURES = 12, 36, 60, 400, 50
# Standard deviations of a month's steps on the logarithm: city, district, street.
STEPS = (0.012, 0.008, 0.02)


@dataclass(frozen=True)
class City:
    """Streets, each in a district; sizes are people.

    Attributes
    ----------
    district : numpy.ndarray
        Of each street, shape (streets,).
    sizes : numpy.ndarray
        Mean of each street.
    """

    district: npt.NDArray[np.int64]
    sizes: Floats

    @property
    def tree(self) -> Tree:
        """City, districts, streets."""
        streets: dict[int, list[str]] = {}
        for at, each in enumerate(self.district):
            streets.setdefault(int(each), []).append(f"s{at}")
        districts = tuple(f"d{each}" for each in streets)
        lower = (Sum(f"d{each}", tuple(parts)) for each, parts in streets.items())
        return Tree.of([Sum("city", districts), *lower])

    def members(self, streets: Floats) -> Floats:
        """Values of all members in the order of the tree from those of the streets, first axis."""
        values = {f"s{at}": streets[at] for at in range(len(streets))}
        for each in reversed(self.tree.sums):
            values[each.whole] = np.sum([values[part] for part in each.parts], axis=0)
        return np.stack([values[key] for key in self.tree.members])

    def steps(self, rng: np.random.Generator, *shape: int) -> Floats:
        """Monthly steps of the logarithms, shape (streets, ...)."""
        city, district, own = STEPS
        shared = city * rng.standard_normal((1, *shape))
        middle = district * rng.standard_normal((int(self.district.max()) + 1, *shape))
        return np.asarray(
            shared + middle[self.district] + own * rng.standard_normal((len(self.sizes), *shape))
        )


def make_city(rng: np.random.Generator, districts: int, streets: int) -> City:
    """Streets of very different sizes in districts of different numbers of streets."""
    extra = rng.integers(0, districts, streets - 2 * districts)
    district = np.sort(np.concatenate([np.repeat(np.arange(districts), 2), extra]))
    return City(district, 500 * np.exp(0.6 * rng.standard_normal(streets)))


def forecast(past: Floats, rng: np.random.Generator) -> tuple[Floats, TreeEvidence]:
    """Each member's own paths and its quantiles at earlier origins, from values (members, past)."""
    logs = np.log(past)
    steps = np.diff(logs, axis=1)
    spread = steps.std(axis=1)
    walk = rng.standard_normal((len(past), PATHS, HORIZON)).cumsum(axis=2)
    paths = past[:, -1:, None] * np.exp(spread[:, None, None] * walk)
    normal = np.quantile(rng.standard_normal(200_000), LEVELS)
    reach = np.sqrt(np.arange(1, HORIZON + 1))
    at = np.arange(past.shape[1] - ORIGINS - 1, past.shape[1] - 1)
    ahead = at[:, None] + np.arange(1, HORIZON + 1)
    inside = ahead < past.shape[1]
    outcomes = np.where(
        inside[:, None], np.moveaxis(past[:, np.where(inside, ahead, 0)], 0, 1), np.nan
    )
    width = spread[:, None, None] * reach[None, :, None] * normal
    quantiles = np.moveaxis(past[:, at], 0, 1)[:, :, None, None] * np.exp(width)
    scales = np.abs(np.diff(past, axis=1)).mean(axis=1)
    evidence = TreeEvidence(at, quantiles, outcomes, np.tile(scales, (len(at), 1)))
    return paths, evidence


@dataclass(frozen=True)
class Measured:
    """Stated probabilities beside shares of fresh futures.

    Attributes
    ----------
    level : str
        City, district, street; or the shared-out cap.
    event : str
        any or end.
    stated, happened : numpy.ndarray
        Same shape.
    """

    level: str
    event: str
    stated: Floats
    happened: Floats

    @property
    def slope(self) -> float:
        """Of what happened on what was stated: 1 where probabilities are right."""
        centred = self.stated - self.stated.mean()
        return float(centred @ self.happened / (centred @ centred))


def measure(districts: int, streets: int, cities: int, seed: int) -> tuple[list[Measured], float]:
    """Probabilities of many simulated cities, and CPU seconds of one reconciliation."""
    collected: dict[tuple[str, str], list[tuple[float, float]]] = {}
    spent = 0.0
    for run in range(cities):
        rng = np.random.default_rng([seed, run])
        city = make_city(rng, districts, streets)
        tree = city.tree
        logs = city.steps(rng, PAST).cumsum(axis=1)
        past = city.members(city.sizes[:, None] * np.exp(logs))
        future = city.steps(rng, FUTURES, HORIZON).cumsum(axis=2)
        last = city.sizes * np.exp(logs[:, -1])
        truth = city.members(last[:, None, None] * np.exp(future))
        own, evidence = forecast(past, rng)
        started = time.process_time()
        law = evidence.law(tree, own)
        paths = coherent(tree, own, law, seed=run)
        spent += time.process_time() - started
        key = {name: i for i, name in enumerate(tree.members)}
        for name, members in zip(("city", "district", "street"), tree.levels(), strict=True):
            at = [key[member] for member in members]
            size = np.log(past[at, 1:] / past[at, :-1]).std(axis=1) * HORIZON**0.5
            caps = past[at, -1] * np.exp(size * rng.uniform(-0.3, 1.5, len(at)))
            for event, of in (("any", _peak), ("end", _end)):
                stated = (of(paths[at]) > caps[:, None]).mean(axis=1)
                happened = (of(truth[at]) > caps[:, None]).mean(axis=1)
                collected.setdefault((name, event), []).extend(zip(stated, happened, strict=True))
        at = [key[member] for member in tree.levels()[1]]
        critical = {str(i): _peak(paths[i]) for i in at}
        value = int(past[0, -1] * np.exp(rng.uniform(0.0, 0.08)))
        shared = whole_numbers(value, equal_risk(value, critical))
        for i in at:
            pair = (
                (critical[str(i)] > shared[str(i)]).mean(),
                (_peak(truth[i]) > shared[str(i)]).mean(),
            )
            collected.setdefault(("shared-out cap", "any"), []).append(pair)
    rows = [Measured(*of, *np.array(pairs).T) for of, pairs in collected.items()]
    return rows, spent / cities


def _peak(paths: Floats) -> Floats:
    return np.asarray(paths.max(axis=-1))


def _end(paths: Floats) -> Floats:
    return np.asarray(paths[..., -1])


def report(rows: Sequence[Measured]) -> str:
    """Rows: mean stated and happened, slope, and the largest gap of five bins."""
    lines = []
    for each in rows:
        bins = np.minimum((each.stated * 5).astype(int), 4)
        gaps = [
            f"{each.stated[bins == b].mean():.2f}/{each.happened[bins == b].mean():.2f}"
            for b in range(5)
            if (bins == b).any()
        ]
        lines.append(
            f"| {each.level} | {each.event} | {len(each.stated)} | {each.stated.mean():.3f} | "
            f"{each.happened.mean():.3f} | {each.slope:.2f} | {' '.join(gaps)} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    measured, seconds = measure(16, 230, int(sys.argv[1]), 1)
    sys.stdout.write(f"{report(measured)}\nreconciling took {seconds:.2f} CPU seconds\n")
