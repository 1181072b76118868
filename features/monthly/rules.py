"""What `cumulative` decides by: blocks of months, their usual shares, odd Decembers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]

# Fewest years a median over years is taken from.
MIN_YEARS = 3
# Fewest single months a December is compared with.
MIN_OTHER_MONTHS = 6
_NORMAL_MAD = 1.4826


@dataclass(frozen=True)
class Block:
    """Months of one calendar year whose flow is known together.

    Attributes
    ----------
    first, last : int
        Ordinals of the first and last month.
    flow : float
        Total of the last month less the total before the first.
    total : float
        Year-to-date total of the last month.
    """

    first: int
    last: int
    flow: float
    total: float

    @property
    def length(self) -> int:
        """Months in the block."""
        return self.last - self.first + 1

    @property
    def start(self) -> pd.Period:
        """First month."""
        return pd.Period(ordinal=self.first, freq="M")

    @property
    def end(self) -> pd.Period:
        """Last month."""
        return pd.Period(ordinal=self.last, freq="M")

    @property
    def january(self) -> int:
        """Ordinal of the year's January."""
        return self.last - self.last % 12

    @property
    def january_month(self) -> pd.Period:
        """January of the year."""
        return pd.Period(ordinal=self.january, freq="M")


def blocks_of(ordinals: npt.NDArray[np.int64], totals: Floats) -> list[Block]:
    """Blocks between one total and the next inside a year; the first begins in January."""
    blocks: list[Block] = []
    for last, value in zip(ordinals.tolist(), totals.tolist(), strict=True):
        january = last - last % 12
        before = blocks[-1] if blocks and blocks[-1].last >= january else None
        first = before.last + 1 if before else january
        carried = before.total if before else 0.0
        blocks.append(Block(first, last, value - carried, value))
    return blocks


def _single(blocks: Sequence[Block]) -> dict[int, float]:
    return {b.last: b.flow for b in blocks if b.length == 1}


def profile_shares(block: Block, blocks: Sequence[Block]) -> Floats | None:
    """Usual shares of a block's months in their common flow."""
    single = _single(blocks)
    shares = []
    for year in sorted({b.january for b in blocks}):
        offsets = range(block.first - block.january, block.last - block.january + 1)
        flows = np.array([single.get(year + k, np.nan) for k in offsets])
        if np.isfinite(flows).all() and (flows >= 0).all() and flows.sum() > 0:
            shares.append(flows / flows.sum())
    if len(shares) < MIN_YEARS:
        return None
    median = np.median(np.array(shares), axis=0)
    if median.sum() <= 0:
        return None
    return np.asarray(median / median.sum(), dtype=np.float64)


class December:
    """Recognises corrections: negative flows, and Decembers out of proportion.

    A December flow is compared with the mean flow of the year's other months that were reported
    singly (at least six). With three other years to compare, it is out of proportion if that
    ratio is farther from the others' median than four robust standard deviations (median absolute
    deviation times 1.4826) and than one half; with fewer, if it exceeds three times the largest
    other month of its year.

    Parameters
    ----------
    blocks : sequence of Block
        All blocks of the series.
    """

    deviations = 4.0
    least_distance = 0.5
    times_largest = 3.0

    def __init__(self, blocks: Sequence[Block]) -> None:
        self._single = _single(blocks)
        self._others: dict[int, Floats] = {}
        for january in {b.january for b in blocks}:
            flows = [self._single.get(january + k, np.nan) for k in range(11)]
            usable = [f for f in flows if np.isfinite(f) and f >= 0]
            self._others[january] = np.array(usable, dtype=np.float64)
        self._ratios = {
            january: self._single[january + 11] / float(others.mean())
            for january, others in self._others.items()
            if january + 11 in self._single and self._comparable(others)
        }

    @staticmethod
    def _comparable(others: Floats) -> bool:
        return len(others) >= MIN_OTHER_MONTHS and float(others.mean()) > 0

    def expected(self, block: Block) -> float | None:
        """What a correcting block's flow would have been; None if it corrects nothing."""
        others = self._others[block.january]
        usual = float(others.mean()) if len(others) else 0.0
        december = block.last - block.january == 11 and block.length == 1
        rest = [r for year, r in self._ratios.items() if year != block.january and r >= 0]
        enough = december and self._comparable(others) and len(rest) >= MIN_YEARS
        if enough:
            usual *= float(np.median(rest))
        if block.flow < 0:
            return usual * block.length
        if not december or block.january not in self._ratios:
            return None
        if enough:
            spread = _NORMAL_MAD * float(np.median(np.abs(np.array(rest) - np.median(rest))))
            distance = abs(self._ratios[block.january] - float(np.median(rest)))
            odd = distance > max(self.deviations * spread, self.least_distance)
        else:
            odd = block.flow > self.times_largest * float(others.max())
        return usual if odd else None
